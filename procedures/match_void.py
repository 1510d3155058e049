"""3. Match CSO to a Kāinga Ora void property: what is decided, and what is refused."""

from datetime import datetime, timedelta
from typing import Any, Literal, assert_never

from procedures import form_exchange
from procedures.check_suitability_state import CheckSuitabilityState
from procedures.editions import edition_in_force, parameters_for, question_set
from procedures.evidence import Evidence
from procedures.identify_state import IdentifyState
from procedures.match_void_answers import ANSWERS as FIRST_ANSWERS
from procedures.match_void_answers import (
    BookViewing,
    ConsiderMatch,
    PhoneAboutProperty,
    PrintT438,
    SendVoidRequest,
)
from procedures.match_void_outcome_answers import ANSWERS as OUTCOME_ANSWERS
from procedures.match_void_outcome_answers import (
    EnterWithdrawn,
    RecordPartB,
    RecordViewing,
    RemindSignature,
    ScanFacts,
    TellCorrections,
)
from procedures.match_void_state import MatchState, PlacingState
from procedures.refusals import Refused
from procedures.steps import step
from procedures.tasks import Answer
from procedures.terms import Form, Procedure, StatusSaid
from procedures.viewing import check_booking, check_part_b, check_viewing

ANSWERS: tuple[type[Answer], ...] = (*FIRST_ANSWERS, *OUTCOME_ANSWERS)

CALL_TOLERANCE = timedelta(minutes=5)
"""A call may end this far in the future of the server's clock; clocks of desks differ."""

WAITS_WHILE_PAUSED: tuple[type[Answer], ...] = (SendVoidRequest, BookViewing, PrintT438, RemindSignature)
"""What would disclose something new while an Exit entry is unconfirmed (AMB-X-5)."""


def considered(before: IdentifyState | CheckSuitabilityState, at: datetime, number: int = 1) -> MatchState:
    """The case of a person considered for a void property: after procedure 1 (P1.X2), or beside procedure 2 (P2.X4).

    The match comes later; `number` counts such cases of one case.
    """
    assert before.person is not None
    return MatchState(
        case_id=f"{before.case_id}-V{number}",
        procedure=Procedure.MATCH_VOID,
        edition=edition_in_force(at).name,
        region=before.region,
        step="3.1",
        person=before.person,
    )


@step("3.2")
def branch_of(state: MatchState, at: datetime) -> Literal["a", "b", "c"]:
    """Step 2: a completed T-441 is held and the match appears suitable, unsuitable, or none is held."""
    months = parameters_for(state.edition).t441_held_for_months
    if state.t441_of_this_order(at, months) is None:
        return "c"
    return "b" if state.ko_view == "unsuitable" else "a"


@step("3.2")
def request_of(*, lives_in_a_home: bool, literal: bool) -> tuple[Form, str]:
    """What the request to Corrections carries: the form waited for, and the kind of mail (AMB-P3-1)."""
    if literal:
        return Form.T_439, "T-439+T-442"
    return Form.T_441, "T-439+T-441+T-442" if lives_in_a_home else "T-441+T-442"


@step("3.3")
def after_call(said: StatusSaid, property_may_suit: bool | None) -> Literal["3.4", "3.7", "order_ended"]:
    """Step 4: agrees -> the viewing; does not agree -> 7; no current order -> procedure 3 stops (AMB-P3-10)."""
    match said:
        case StatusSaid.CSO:
            return "3.4" if property_may_suit else "3.7"
        case StatusSaid.NSO | StatusSaid.NEITHER:
            return "order_ended"
        case _:
            assert_never(said)


def case_evidence(procedure: Procedure) -> Evidence:
    """What the questions of a match or an offer rest on (TR-16)."""
    return Evidence(case_open=procedure)


def check_answer(state: MatchState, answer: Answer, facts: dict[str, Any], now: datetime) -> None:
    """Refuse what procedure 3 forbids, before anything is written. Raises Refused naming the rule."""
    check_paused(state, answer, WAITS_WHILE_PAUSED)
    match answer:
        case ConsiderMatch() if state.property_ref is None:
            raise Refused("P3.S1.1", "the Coordinator Placement has not named a property yet")
        case BookViewing():
            check_booking(state.agreed, answer, state.edition)
        case RecordViewing():
            check_viewing(state.viewing, answer, now)
        case RecordPartB():
            check_part_b(answer, ScanFacts.model_validate(facts))
        case RemindSignature():
            form_exchange.check_answer(state.exchange, _as_recipient(answer), facts)
        case EnterWithdrawn(outcome="declined"):
            raise Refused("P3.S7.1", "in this procedure the offer is withdrawn, never declined")
        case _:
            check_common_answer(state, answer, facts, now)


def check_common_answer(state: PlacingState, answer: Answer, facts: dict[str, Any], now: datetime) -> None:
    """Calls, question sets and form exchange: the same in a match and in an offer. Raises Refused."""
    match answer:
        case PhoneAboutProperty() | TellCorrections():
            _check_call(answer, now)
            if isinstance(answer, PhoneAboutProperty) and answer.said:
                check_newest(state, answer.ended_at)
        case _ if answer.question_set is not None:
            question_set(answer.question_set, state.edition).check(getattr(answer, "answers", {}))
        case _:
            form_exchange.check_answer(state.exchange, answer, facts)


def check_paused(state: PlacingState, answer: Answer, waits: tuple[type[Answer], ...]) -> None:
    """Nothing new is disclosed until Corrections has confirmed; the due dates stay (AMB-X-5). Raises Refused."""
    if state.paused and isinstance(answer, waits):
        raise Refused(
            "AMB-X-5", "an Exit entry names the person: phone Corrections and record the status first"
        )


def check_newest(state: PlacingState, said_at: datetime) -> None:
    """An older statement never overrides a newer one (AMB-P1-22). Raises Refused."""
    if any(said_at < one.said_at for one in state.said):
        raise Refused(
            "AMB-P1-22", "Corrections has said something newer already: an older statement never overrides it"
        )


def _check_call(answer: PhoneAboutProperty | TellCorrections, now: datetime) -> None:
    if max(answer.started_at, answer.ended_at) > now + CALL_TOLERANCE:
        raise Refused("P3.S3.1", "the call lies in the future: record it after it has ended")


def _as_recipient(answer: RemindSignature) -> form_exchange.ConfirmLetterRecipient:
    return form_exchange.ConfirmLetterRecipient(
        contact_id=answer.contact_id, contact_version=answer.contact_version, recipient_confirmed=True
    )
