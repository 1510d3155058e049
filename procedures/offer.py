"""4. Offer property and action outcome: what is decided, and what is refused."""

from datetime import datetime
from typing import Any

from procedures.changes import ApprovalTakenBack, Change, StepBack
from procedures.check_suitability import DisplayedFacts, check_may_answer, following_number
from procedures.editions import edition_in_force
from procedures.match_void import CALL_TOLERANCE, check_common_answer, check_paused
from procedures.match_void_changes import check_common_change
from procedures.match_void_endings import CLOSINGS, Ending
from procedures.match_void_outcome_answers import SettlePaper, TellCorrections
from procedures.match_void_state import MatchState
from procedures.offer_answers import (
    ANSWERS,
    ActOnRiskRating,
    AnswerOfferQuestions,
    CheckRiskRating,
    EnterOfferOutcome,
    MakeOffer,
    PrepareSignUp,
    RecordPersonsAnswer,
    ShowProperty,
    SignUpHeld,
)
from procedures.offer_state import OfferState
from procedures.refusals import Refused
from procedures.steps import step
from procedures.tasks import Answer
from procedures.terms import Procedure
from procedures.viewing import check_gate

__all__ = ["ANSWERS", "OfferState", "check_answer", "check_change", "closing_tasks", "opening"]

WAITS_WHILE_PAUSED: tuple[type[Answer], ...] = (
    CheckRiskRating,
    ActOnRiskRating,
    MakeOffer,
    ShowProperty,
    RecordPersonsAnswer,
)
"""An offer does not go on while an Exit entry is unconfirmed (AMB-X-5)."""


def opening(match: MatchState, at: datetime) -> OfferState:
    """The case that follows a match on which both parties agree (P3.S6.a5, P3.X1). Raises Refused when they do not."""
    assert match.property_ref is not None
    if match.ko_view != "suitable" or match.ending is not None:
        raise Refused("P3.X1", "an offer needs our agreement as well as Corrections'")
    check_gate(match.approval, match.person.primary, match.property_ref)
    return OfferState(
        case_id=following_number(match.case_id, "O"),
        procedure=Procedure.OFFER,
        edition=edition_in_force(at).name,
        region=match.region,
        step="4.1",
        person=match.person,
        applicant_ref=match.applicant_ref,
        property_ref=match.property_ref,
        entered_by=match.entered_by,
        said=match.said,
        agreed=match.agreed,
        approval=match.approval,
        paused=match.paused,
        match_case_id=match.case_id,
    )


@step("4.3")
def check_outcome(answer: RecordPersonsAnswer) -> None:
    """Declined is the person's own refusal; whatever else ends the offer withdraws it (AMB-P4-1). Raises Refused."""
    if answer.accepted:
        return
    declined = answer.reason_kind == "own_refusal"
    if declined != (answer.outcome == "declined"):
        raise Refused(
            "AMB-P4-1",
            "declined is the person's own refusal without an accepted reason; all else is withdrawn",
        )


def closing_tasks(state: OfferState) -> tuple[type[Answer], ...]:
    """What an ended offer still asks: the entry, the call, the sign-up held, the paper (P4.S3.b, AMB-P4-5)."""
    assert state.ending is not None
    closing = CLOSINGS[state.ending]
    wanted: list[type[Answer]] = []
    if closing.entered:
        wanted.append(EnterOfferOutcome)
    if closing.tell:
        wanted.append(TellCorrections)
    if state.accepted and state.ending is Ending.APPROVAL_WITHDRAWN:
        wanted.append(SignUpHeld)
    if state.papers:
        wanted.append(SettlePaper)
    return tuple(wanted)


def check_answer(state: OfferState, answer: Answer, facts: dict[str, Any], now: datetime) -> None:
    """Refuse what procedure 4 forbids, before anything is written. Raises Refused naming the rule."""
    check_paused(state, answer, WAITS_WHILE_PAUSED)
    match answer:
        case MakeOffer():
            check_offer(state, answer, now)
        case ShowProperty():
            check_showing(state, answer, now)
        case RecordPersonsAnswer():
            check_outcome(answer)
        case EnterOfferOutcome() if answer.outcome != state.kotahi_outcome:
            raise Refused("P4.S3.b1", f"the Advisor Placement has chosen {state.kotahi_outcome}: enter that")
        case PrepareSignUp() if state.ending is not None:
            raise Refused("AMB-P4-5", "the sign-up is held")
        case AnswerOfferQuestions():
            check_may_answer(DisplayedFacts.model_validate(facts), state.procedure)
            check_common_answer(state, answer, facts, now)
            if answer.answers["offer_outcome"] != state.kotahi_outcome:
                raise Refused("P4.S4.1", f"the outcome of the offer is {state.kotahi_outcome}")
        case _:
            check_common_answer(state, answer, facts, now)


@step("4.2")
def check_offer(state: OfferState, answer: MakeOffer, now: datetime) -> None:
    """After the rating check, and only through the gate of the signed T-438 (P4.N1, P4.S1.1). Raises Refused."""
    _check_rated(state)
    assert state.property_ref is not None
    check_gate(state.approval, state.person.primary, state.property_ref)
    if answer.offered_at > now + CALL_TOLERANCE:
        raise Refused("P4.S2.1", "the offer lies in the future: record it after it was made")


@step("4.2")
def check_showing(state: OfferState, answer: ShowProperty, now: datetime) -> None:
    """No meeting before the rating check, no showing before the offer (P4.S1.1, P4.S2.2). Raises Refused."""
    _check_rated(state)
    if state.offered_at is None or answer.shown_at < state.offered_at:
        raise Refused("P4.S2.2", "the property is shown after it was offered")
    if answer.shown_at > now + CALL_TOLERANCE:
        raise Refused("P4.S2.2", "the showing lies in the future: record it after it took place")


def _check_rated(state: OfferState) -> None:
    if state.rating is None or not state.rating.done:
        raise Refused("P4.S1.1", "check the customer risk rating, and act on it, before you meet the person")


def check_change(state: OfferState, change: Change, now: datetime) -> None:
    """Refuse an interruption that does not fit where the offer stands. Raises Refused naming the rule."""
    match change:
        case ApprovalTakenBack() if state.approval is None or state.approval.withdrawn:
            raise Refused("AMB-P4-5", "there is no approval to withdraw")
        case StepBack() if change.to_step == "4.3" and state.shown_at is None:
            raise Refused("AMB-X-6", "the property was not shown yet: answer its task instead")
        case _:
            check_common_change(state, change, now)
