"""1. Identify and record potential matches from the Corrections report: what is decided, and what is refused."""

from datetime import date, datetime, timedelta
from typing import Any, Literal, assert_never

from procedures import form_exchange
from procedures.assessment import AssessmentStatus
from procedures.editions import parameters_for, question_set
from procedures.evidence import known
from procedures.identify_answers import (
    ANSWERS,
    AnswerBeforeT441,
    AnswerFinalQuestions,
    AnswerFirstQuestion,
    AnswerInvalidQuestions,
    AnswerNsoQuestions,
    CheckLiveRecord,
    CorrectionsUnreachable,
    ExplainPending,
    IdentifyOccupant,
    LiveFacts,
    MatchEntry,
    MatchFacts,
    PhoneCorrections,
)
from procedures.identify_state import CallingState, IdentifyState, LinkedPerson, RecordHeld, Statement
from procedures.local_time import local_date
from procedures.question_sets import QuestionsAnswered
from procedures.refusals import Refused
from procedures.steps import step
from procedures.tasks import Answer
from procedures.terms import Channel, RecordState, ReportGroup, StatusSaid

__all__ = [
    "ANSWERS",
    "AnswerBeforeT441",
    "AnswerFinalQuestions",
    "AnswerFirstQuestion",
    "AnswerInvalidQuestions",
    "AnswerNsoQuestions",
    "CallingState",
    "CheckLiveRecord",
    "CorrectionsUnreachable",
    "ExplainPending",
    "IdentifyOccupant",
    "IdentifyState",
    "LinkedPerson",
    "LiveFacts",
    "MatchEntry",
    "MatchFacts",
    "PhoneCorrections",
    "RecordHeld",
    "Statement",
    "after_confirmation",
    "after_recording",
    "check_answer",
    "check_call",
    "check_newest",
    "confirmation_is_fresh",
]


@step("1.3")
def after_recording(held: AssessmentStatus | None) -> Literal["1.4", "1.5", "1.6"]:
    """Step 3: no assessment or a closed one -> 6; pending -> 5; current -> next step (P1.S3.a, b, c)."""
    match held:
        case None | AssessmentStatus.CLO:
            return "1.6"
        case AssessmentStatus.PEN:
            return "1.5"
        case AssessmentStatus.CUR:
            return "1.4"
        case _:
            assert_never(held)


@step("1.5")
def after_confirmation(said: StatusSaid) -> Literal["1.6", "nso", "invalid"]:
    """Step 5: CSO -> 6; NSO and neither end the procedure after their questions (P1.S5.a, b, c)."""
    match said:
        case StatusSaid.CSO:
            return "1.6"
        case StatusSaid.NSO:
            return "nso"
        case StatusSaid.NEITHER:
            return "invalid"
        case _:
            assert_never(said)


@step("1.3")
def confirmation_is_fresh(statements: tuple[Statement, ...], friday: date) -> bool:
    """3.b needs a verbal confirmation not older than the current report week, otherwise the call is made (AMB-P1-6)."""
    spoken = known(one for one in statements if one.channel is Channel.VERBAL)
    return spoken is not None and local_date(spoken.said_at) >= friday


CALL_TOLERANCE = timedelta(minutes=5)
"""A call may end this far in the future of the server's clock; clocks of desks differ."""


def check_answer(state: IdentifyState, answer: Answer, facts: dict[str, Any], now: datetime) -> None:
    """Refuse what the procedure forbids, before anything is written. Raises Refused naming the rule."""
    match answer:
        case MatchEntry():
            _check_match(answer, MatchFacts.model_validate(facts))
        case IdentifyOccupant():
            if MatchFacts.model_validate(facts).unknown_refs:
                raise Refused(
                    "P1.S2.1", "the register has no person with this reference: create the record first"
                )
        case PhoneCorrections():
            check_call(answer.started_at, answer.ended_at, now)
            if answer.said:
                check_newest(state, answer.ended_at)
        case AnswerFirstQuestion():
            question_set("identification", state.edition).check(answer.answers)
            _check_reported_status(state, answer)
        case CheckLiveRecord():
            _check_live(answer, LiveFacts.model_validate(facts))
        case QuestionsAnswered():
            assert answer.question_set is not None
            question_set(answer.question_set, state.edition).check(answer.answers)
            _check_questions(answer)
        case form_exchange.SendT441():
            _check_confirmed_first(state, answer)
            form_exchange.check_answer(state.exchange, answer, facts)
        case _:
            form_exchange.check_answer(state.exchange, answer, facts)


def _check_confirmed_first(state: IdentifyState, answer: form_exchange.SendT441) -> None:
    """A T-441 about the wrong person is itself a disclosure; a call that reached nobody lets it go (AMB-P1-6)."""
    confirmed = state.verbal is StatusSaid.CSO or not parameters_for(state.edition).confirm_before_t441
    if confirmed or answer.no_contact_known:
        return
    if not (answer.before_confirmation and state.calling.attempts):
        raise Refused(
            "AMB-P1-6",
            "phone Corrections first; after an attempt that reached nobody, say before_confirmation",
        )


def check_call(started_at: datetime, ended_at: datetime, now: datetime) -> None:
    """A call that has not ended yet cannot have confirmed anything (P1.S4.2)."""
    if ended_at > now + CALL_TOLERANCE or started_at > now + CALL_TOLERANCE:
        raise Refused("P1.S4.2", "the call lies in the future: record it after it has ended")


def check_newest(state: IdentifyState, said_at: datetime) -> None:
    """An older statement never overrides a newer one (AMB-P1-22)."""
    if any(said_at < one.said_at for one in state.statements):
        raise Refused(
            "AMB-P1-22", "Corrections has said something newer already: an older statement never overrides it"
        )


def _check_match(answer: MatchEntry, facts: MatchFacts) -> None:
    missing = {"name", "address", "date_of_birth"} - facts.searched
    if missing:
        raise Refused("P1.S2.2", f"search first on: {', '.join(sorted(missing))}")
    if facts.unknown_refs:
        raise Refused("P1.S2.1", "the register has no person with this reference: search again")
    if answer.outcome == "no_match" and facts.address_is_ours:
        raise Refused(
            "AMB-P1-17",
            "the address is one of our homes: answer address_only, or link the person who lives there",
        )
    if answer.outcome == "address_only" and not facts.address_is_ours:
        raise Refused("AMB-P1-17", "the address is not one of our homes: answer no_match or potential_match")
    if answer.outcome == "no_match" and facts.register_stale:
        raise Refused(
            "AMB-P1-17", "the register is older than one working day: import it again, then close as no match"
        )


def _check_reported_status(state: IdentifyState, answer: AnswerFirstQuestion) -> None:
    reported = "CSO" if state.group is ReportGroup.NEW_CSO else "NSO"
    if answer.answers["reported_status"] != reported:
        raise Refused(
            "AMB-P1-5", f"the report names the person in group {state.group.value}: the answer is {reported}"
        )


def _check_live(answer: CheckLiveRecord, facts: LiveFacts) -> None:
    if answer.live != (facts.record_state is RecordState.LIVE):
        raise Refused(
            "P1.S6.1",
            f"the register shows a {facts.record_state.value} record: correct the register first if that is wrong",
        )


def _check_questions(answer: Answer) -> None:
    match answer:
        case AnswerFinalQuestions() if answer.answers["order_current"] is not True:
            raise Refused(
                "P1.S4.N1",
                "Corrections has not confirmed a current order: record what Corrections says first",
            )
        case AnswerNsoQuestions() if answer.answers["order_ended"] is not True:
            raise Refused("P1.S4.N1", "D2 needs Corrections' word that there is no current order")
        case AnswerInvalidQuestions() if answer.answers["verified_incorrect"] is not True:
            raise Refused("DEF-6", "D3 needs Corrections' verification that the match is incorrect")
        case AnswerBeforeT441() if answer.answers["identity_checked"] is not True:
            raise Refused("P1.S6.b1", "check name and date of birth against the register first")
        case _:
            pass
