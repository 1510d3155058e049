"""2. Check the current property is suitable: what is decided, and what is refused."""

from datetime import datetime
from typing import Any, Literal, assert_never

from procedures import changes, form_exchange
from procedures.assessment import (
    AssessmentCode,
    AssessmentStatus,
    Held,
    Readiness,
    ready_for_d1_current,
    transition,
)
from procedures.check_suitability_answers import (
    ANSWERS,
    Alternative,
    AnswerLocationOutcome,
    DisplayedFacts,
    FilingFacts,
    HouseholdFacts,
    ReviewMove,
    SaveDocuments,
    SendT439,
    SendT439Facts,
    SupportMove,
)
from procedures.check_suitability_state import CheckSuitabilityState, Pause
from procedures.editions import question_set
from procedures.evidence import Evidence
from procedures.identify_state import IdentifyState
from procedures.refusals import Refused
from procedures.returned_parts import Suitability
from procedures.steps import step
from procedures.tasks import Answer
from procedures.terms import Procedure, StatusSaid
from procedures.transitions import Trigger

__all__ = [
    "ANSWERS",
    "Alternative",
    "AnswerLocationOutcome",
    "CheckSuitabilityState",
    "DisplayedFacts",
    "FilingFacts",
    "HouseholdFacts",
    "Pause",
    "ReviewMove",
    "SaveDocuments",
    "SendT439",
    "SendT439Facts",
    "SupportMove",
    "after_answer",
    "ceased_as",
    "check_answer",
    "check_change",
    "check_may_answer",
    "following_number",
    "may_take_transfer_application",
    "opening",
]


def opening(identified: IdentifyState, *, found_by: str | None = None) -> CheckSuitabilityState:
    """The case that follows procedure 1; `found_by` is an earlier report entry of a person whose case has none.

    Raises Refused("P2.W2") without any report entry, Refused("P2.W1") for a person who lives in none of our homes.
    """
    person = identified.person
    entry_id = identified.entry_id or found_by
    if entry_id is None:
        raise Refused("P2.W2", "the person was not found through the report: tell the manager instead")
    if person is None or not person.occupancy.lives_in_a_home:
        raise Refused("P2.W1", "the person does not live in one of our homes")
    return CheckSuitabilityState(
        case_id=following_number(identified.case_id, "S"),
        procedure=Procedure.CHECK_SUITABILITY,
        edition=identified.edition,
        region=identified.region,
        step="2.1",
        entry_id=entry_id,
        friday=identified.friday,
        person=person,
    )


def following_number(case_id: str, letter: str) -> str:
    """The number of a case that follows: of the same chain the next one, else the first, such as C123-S1, C123-S2."""
    base, dash, last = case_id.rpartition("-")
    if dash and last[:1] == letter and last[1:].isdigit():
        return f"{base}-{letter}{int(last[1:]) + 1}"
    return f"{case_id}-{letter}1"


@step("2.3")
def after_answer(said: Suitability) -> Literal["2.4", "support"]:
    """Suitable -> step 4; not suitable -> support first, then the register actions of step 4 and step 5 (P2.S3.a, b)."""
    match said:
        case Suitability.SUITABLE:
            return "2.4"
        case Suitability.NOT_SUITABLE:
            return "support"
        case _:
            assert_never(said)


@step("2.3")
def may_take_transfer_application(answer: SupportMove) -> bool:
    """All three: person happy, household happy (or nobody else there), Corrections supports it (P2.S3.b3)."""
    return answer.person_happy and answer.household_happy != "no" and answer.corrections_supports


def check_answer(state: CheckSuitabilityState, answer: Answer, facts: dict[str, Any]) -> None:
    """Refuse what the procedure forbids, before anything is written. Raises Refused naming the rule."""
    match answer:
        case SendT439():
            _check_both_forms(state, answer, SendT439Facts.model_validate(facts))
        case SupportMove():
            _check_support(answer, HouseholdFacts.model_validate(facts))
        case AnswerLocationOutcome():
            _check_outcome(state, answer, DisplayedFacts.model_validate(facts))
        case SaveDocuments():
            if unfiled := FilingFacts.model_validate(facts).unfiled:
                raise Refused("P2.S5.1", f"{len(unfiled)} received documents have no stored copy yet")
        case form_exchange.ReviewReturn(verdict="complete"):
            _check_source(state)
            form_exchange.check_answer(state.exchange, answer, facts)
        case _:
            form_exchange.check_answer(state.exchange, answer, facts)


def _check_both_forms(state: CheckSuitabilityState, answer: SendT439, facts: SendT439Facts) -> None:
    if state.paused:
        raise Refused("AMB-X-5", "the report names the person in the Exit group: phone Corrections first")
    if answer.no_contact_known:
        return
    check_may_answer(facts, Procedure.CHECK_SUITABILITY)
    questions = question_set("location", state.edition)
    questions.check_comment(answer.comment)
    questions.check(answer.answers)
    if answer.answers["lives_there"] is not True or not (facts.occupancy and facts.occupancy.lives_in_a_home):
        raise Refused("P2.W1", "the person does not live in the home: record that the person has left it")
    if answer.occupancy is not facts.occupancy:
        raise Refused(
            "P2.S1.1",
            f"the register shows the occupancy {facts.occupancy.value}: correct the register if that is wrong",
        )
    send = {name: getattr(facts, name) for name in form_exchange.SendFacts.model_fields}
    form_exchange.check_answer(state.exchange, answer, send)


def check_may_answer(facts: DisplayedFacts, procedure: Procedure) -> None:
    """The questions of a case are added to a D1; while the person is verified anew they wait. Raises Refused("TR-16")."""
    transition(_displayed(facts), Trigger.CASE_QUESTIONS, Evidence(case_open=procedure))


def _displayed(facts: DisplayedFacts) -> Held | None:
    if facts.code is None or facts.status is None:
        return None
    return Held(number="", code=AssessmentCode(facts.code), status=AssessmentStatus(facts.status), version=0)


def _check_support(answer: SupportMove, facts: HouseholdFacts) -> None:
    if answer.household_happy == "not_applicable" and not facts.lives_alone:
        raise Refused("P2.S3.b3", "the register shows others in the home: ask the household")
    if answer.transfer_application and not may_take_transfer_application(answer):
        raise Refused(
            "P2.S3.b3",
            "an application needs all three: the person and the household are happy to move, and Corrections supports it",
        )


def _check_outcome(
    state: CheckSuitabilityState, answer: AnswerLocationOutcome, facts: DisplayedFacts
) -> None:
    if ready_for_d1_current(_displayed(facts), reverification_open=True) is Readiness.WAIT:
        raise Refused(
            "P2.S4.4",
            f"the record shows {facts.code}: the person is verified anew, answer when it is D1 again",
        )
    questions = question_set("location_outcome", state.edition)
    questions.check_comment(answer.comment)
    questions.check(answer.answers)
    if answer.answers["corrections_answer"] != state.suitability:
        raise Refused(
            "P2.X1",
            "enter as corrections_answer what Corrections has said on the T-439: the decision is Corrections' alone",
        )


def _check_source(state: CheckSuitabilityState) -> None:
    """Suitability is read from a document of Corrections, never from a reply without one (P2.X1)."""
    bare = any(
        task.kind == form_exchange.ReviewReturn.kind and not task.context.get("documents")
        for task in state.tasks.values()
    )
    if bare:
        raise Refused(
            "P2.X1", "a reply came without a form: read that one first, or upload the completed T-439"
        )


def check_change(state: CheckSuitabilityState, change: changes.Change, now: datetime) -> None:
    """Refuse an interruption that does not fit where the case stands. Raises Refused naming the rule."""
    match change:
        case changes.CorrectionsSays():
            changes.check_said_before(change.said_at, now)
        case changes.WrongRecipient() if change.mail_id not in (
            state.exchange.mail_id,
            *state.exchange.letters,
        ):
            raise Refused("AMB-X-7", "this case has sent no such mail in the present cycle")
        case changes.ExtendDeadline() | changes.RecalculateDeadline():
            changes.check_deadline(state, change)
        case changes.GoBack():
            _check_back(state, change)
        case _:
            changes.check_known(change, Procedure.CHECK_SUITABILITY)


def _check_back(state: CheckSuitabilityState, change: changes.GoBack) -> None:
    done = state.exchange.complete or state.suitability is not None
    if not done or change.to_step > state.step:
        raise Refused("AMB-X-6", f"step {change.to_step} has not been decided yet: answer its task instead")


def ceased_as(said: StatusSaid) -> str:
    """How a case ends when Corrections says something else than CSO (AMB-X-4)."""
    return "ceased_nso" if said is StatusSaid.NSO else "ceased_not_this_person"
