"""What can happen to a match or an offer at any waiting point, and how it ends then."""

from datetime import datetime

from procedures import changes
from procedures.changes import Change
from procedures.match_void import check_newest
from procedures.match_void_endings import CLOSINGS, Ending
from procedures.match_void_outcome_answers import (
    AnswerWithdrawalQuestions,
    EnterWithdrawn,
    SettlePaper,
    TellCorrections,
)
from procedures.match_void_state import MatchState, PlacingState
from procedures.refusals import Refused
from procedures.tasks import Answer
from procedures.terms import Procedure

_OVERRIDES = (Ending.ORDER_ENDED, Ending.DIED)
"""These end a match that is being withdrawn already: nothing more is asked about it."""

_STEPS_BACK = {
    Procedure.MATCH_VOID: ("3.2", "3.3", "3.6"),
    Procedure.OFFER: ("4.1", "4.2", "4.3"),
}


def ending_of(change: Change) -> Ending | None:
    """How this change ends the case; None when the case goes on."""
    match change:
        case changes.Withdraw() | changes.LinkedInError():
            return Ending.IN_ERROR
        case changes.Died():
            return Ending.DIED
        case changes.PropertyGone():
            return Ending.PROPERTY_GONE
        case changes.MatchWithdrawn():
            return Ending.MATCH_WITHDRAWN
        case changes.ApplicationWithdrawn():
            return Ending.NO_LONGER_APPLICANT
        case changes.Vacated(still_considered=False):
            return Ending.NO_LONGER_APPLICANT
        case changes.ApprovalTakenBack():
            return Ending.APPROVAL_WITHDRAWN
        case _:
            return None


def reason_of(change: Change) -> str:
    """The words that go into the notes."""
    return str(getattr(change, "reason", None) or getattr(change, "note", "") or change.title)


def overrides(state: PlacingState, ending: Ending) -> bool:
    """False when the match is ending already, for a reason that stands."""
    return state.ending is None or (ending in _OVERRIDES and state.ending not in _OVERRIDES)


def closing_tasks(state: PlacingState, *, may_calculate: bool) -> tuple[type[Answer], ...]:
    """What an ended match still asks: the entry as withdrawn, the questions, the call, the paper (P3.S7)."""
    assert state.ending is not None
    closing = CLOSINGS[state.ending]
    wanted: list[type[Answer]] = []
    if closing.entered:
        wanted.append(EnterWithdrawn)
    if closing.questions and may_calculate:
        wanted.append(AnswerWithdrawalQuestions)
    if closing.tell and state.agreed:
        wanted.append(TellCorrections)
    if state.papers:
        wanted.append(SettlePaper)
    return tuple(wanted)


def check_change(state: MatchState, change: Change, now: datetime) -> None:
    """Refuse an interruption that does not fit where the match stands. Raises Refused naming the rule."""
    match change:
        case changes.ApprovalTakenBack() if state.approval is None:
            raise Refused("AMB-P4-5", "Corrections has not approved anything yet: record Part B instead")
        case changes.StepBack() if change.to_step == "3.3" and state.ko_view != "suitable":
            raise Refused("AMB-X-6", "the match has not been weighed yet: answer its task instead")
        case changes.StepBack() if change.to_step == "3.6" and not (state.viewing and state.viewing.held_at):
            raise Refused("AMB-X-6", "there was no viewing yet: answer its task instead")
        case _:
            check_common_change(state, change, now)


def check_common_change(state: PlacingState, change: Change, now: datetime) -> None:
    """What a match and an offer refuse alike. Raises Refused naming the rule."""
    match change:
        case changes.CorrectionsSays():
            changes.check_said_before(change.said_at, now)
            check_newest(state, change.said_at)
        case changes.WrongRecipient() if change.mail_id not in (
            state.exchange.mail_id,
            *state.exchange.letters,
        ):
            raise Refused("AMB-X-7", "this case has sent no such mail in the present cycle")
        case changes.ExtendDeadline() | changes.RecalculateDeadline():
            changes.check_deadline(state, change)
        case changes.StepBack():
            _check_back(state, change)
        case _:
            changes.check_known(change, state.procedure)


def _check_back(state: PlacingState, change: changes.StepBack) -> None:
    if change.to_step not in _STEPS_BACK[state.procedure]:
        raise Refused(
            "AMB-X-6", f"a case of {state.procedure.value} has no step {change.to_step} to go back to"
        )
    if change.to_step > state.step:
        raise Refused("AMB-X-6", f"step {change.to_step} has not been reached yet: answer its task instead")
    if state.ending in _OVERRIDES:
        raise Refused("AMB-X-6", "the case is ending for good: the order has ended, or the person has died")
