"""1. Identify and record potential matches from the Corrections report: what is asked, and what is refused."""

from datetime import date, datetime, timedelta
from typing import Any, ClassVar, Literal, assert_never

from pydantic import AwareDatetime, Field, model_validator

from procedures.assessment import AssessmentStatus
from procedures.case_state import CaseState
from procedures.evidence import Confirmation, Evidence, ruling
from procedures.form_exchange import ExchangeState
from procedures.local_time import local_date
from procedures.question_sets import question_set
from procedures.refusals import Refused
from procedures.steps import StepRef, step
from procedures.tasks import Answer, Facts, Frozen
from procedures.terms import CallOutcome, Channel, Occupancy, RecordState, ReportGroup, Role, StatusSaid

_AWS = Role.ADVISOR_WELLBEING_SUPPORT
_COVER = frozenset({Role.MANAGER_HOUSING_WELLBEING_SUPPORT})
"""The manager may stand in for the whole procedure (P1.N3, AMB-P1-18)."""


# -- what a case of procedure 1 remembers --------------------------------------------------------------


class RecordHeld(Frozen):
    """The CSO assessment of one register record: the number it has, or the one reserved for it."""

    person_ref: str
    number: str
    code: str | None = None
    status: str | None = None
    version: int = 0
    superseded: str | None = None
    """Number of the closed assessment that a new one replaces, if any."""


class LinkedPerson(Frozen):
    """The register person(s) a report row was linked to: one primary, any number of duplicates (AMB-P1-12)."""

    primary: str
    records: tuple[RecordHeld, ...]
    record_state: RecordState
    occupancy: Occupancy
    property_ref: str | None
    region: str

    @property
    def held(self) -> RecordHeld:
        """The primary record's assessment."""
        return next(r for r in self.records if r.person_ref == self.primary)


class Statement(Confirmation):
    """Something Corrections said of the person, with the id of its confirmation record."""

    confirmation_id: str


class CallingState(Frozen):
    """Attempts to reach Corrections by phone since the last answered call (AMB-P1-28)."""

    attempts: tuple[datetime, ...] = ()
    service_manager_at: datetime | None = None
    manager_at: datetime | None = None
    call: Literal["contact", "service_manager"] = "contact"
    manager_told: bool = False


class IdentifyState(CaseState):
    """Procedure 1 between two waits."""

    entry_id: str | None
    group: ReportGroup
    friday: date
    contradictory: bool = False
    address_only: bool = False
    person: LinkedPerson | None = None
    statements: tuple[Statement, ...] = ()
    calling: CallingState = CallingState()
    live: bool | None = None
    """Answer of step 6; None before it."""
    vacated: bool = False
    """Has left the home and is not considered for another one."""
    asked_before_t441: bool = False
    exchange: ExchangeState = ExchangeState()
    considered_for_void: bool = False
    calls: int = 0
    notes: int = 0

    def evidence(self) -> Evidence:
        """What is known when the assessment is to change."""
        return Evidence(
            confirmations=self.statements,
            person_file=True,
            live=self.live,
            t441_complete=self.exchange.complete,
            vacated=self.vacated,
        )

    @property
    def verbal(self) -> StatusSaid | None:
        """Corrections' newest spoken word, if there is one (AMB-P1-6)."""
        spoken = ruling(one for one in self.statements if one.channel is Channel.VERBAL)
        return spoken.said if spoken else None


# -- what a person is asked ------------------------------------------------------------------------------


class MatchFacts(Facts):
    """What the record says about the searches of an entry when it is matched."""

    searched: frozenset[str] = frozenset()
    """Kinds of search recorded (or recorded as not searchable): name, address, date_of_birth."""
    address_is_ours: bool = False
    register_stale: bool = False
    unknown_refs: tuple[str, ...] = ()


class MatchEntry(Answer):
    """Is the reported person somebody on the register?"""

    kind: ClassVar = "match_entry"
    step: ClassVar[StepRef] = "1.2"
    role: ClassVar = _AWS
    cover: ClassVar = _COVER
    title: ClassVar = "Search the register and match the entry"
    guidance: ClassVar = (
        "Search on full name, address and date of birth separately; use % as wildcard. Anyone who lives in or wants "
        "a home can match, not only the tenant. If two records are one person, name the primary and the duplicates."
    )
    policy: ClassVar = "P1.S2.1 P1.S2.2 P1.S2.N1 P1.N1 P1.W1"

    outcome: Literal["potential_match", "no_match", "address_only"]
    person_ref: str | None = Field(
        default=None, description="The matching person, or the primary of duplicates"
    )
    duplicates: tuple[str, ...] = Field(default=(), description="Other records of the same person")
    note: str = Field(min_length=1, description="Why this is, or is not, the person")

    @model_validator(mode="after")
    def _refs(self) -> "MatchEntry":
        if (self.outcome == "potential_match") != (self.person_ref is not None):
            raise ValueError("name person_ref for a potential match, and only then")
        if self.duplicates and (self.person_ref is None or self.person_ref in self.duplicates):
            raise ValueError("duplicates are other records than person_ref")
        if len(set(self.duplicates)) != len(self.duplicates):
            raise ValueError("name each duplicate once")
        return self


class IdentifyOccupant(Answer):
    """An address of ours without such a person on record: who is it (AMB-P1-17)?"""

    kind: ClassVar = "identify_occupant"
    step: ClassVar[StepRef] = "1.3"
    role: ClassVar = _AWS
    cover: ClassVar = _COVER
    title: ClassVar = "Create or identify the record of the person at this address"
    guidance: ClassVar = (
        "Create the person's record in the register, or find the one they have, and give its reference. "
        "If Corrections says that nobody there is meant, say so with the reason."
    )
    policy: ClassVar = "AMB-P1-17 P1.N1"

    person_ref: str | None = None
    duplicates: tuple[str, ...] = ()
    no_record_reason: str | None = Field(default=None, min_length=1)

    @model_validator(mode="after")
    def _one_of_two(self) -> "IdentifyOccupant":
        if (self.person_ref is None) == (self.no_record_reason is None):
            raise ValueError("give person_ref, or no_record_reason, not both")
        return self


class _Questions(Answer):
    """Answers to a question set of the assessment item response, then the outcome is calculated."""

    answers: dict[str, Any] = Field(description="One value for each question of the set")
    comment: str = Field(default="", description="Detailed comments")


class AnswerFirstQuestion(_Questions):
    """3.a: create the assessment, answer the first question, calculate."""

    kind: ClassVar = "first_question"
    step: ClassVar[StepRef] = "1.3"
    role: ClassVar = _AWS
    cover: ClassVar = _COVER
    title: ClassVar = "Create the CSO assessment and answer the first question"
    guidance: ClassVar = (
        "The first question records what the report says; the outcome is then calculated as pending."
    )
    policy: ClassVar = "P1.S3.a1 P1.S3.a2 AMB-P1-5"
    question_set: ClassVar = "identification"


class ExplainPending(Answer):
    """3.b: why is the assessment pending?"""

    kind: ClassVar = "why_pending"
    step: ClassVar[StepRef] = "1.3"
    role: ClassVar = _AWS
    cover: ClassVar = _COVER
    title: ClassVar = "Check why the CSO assessment is pending"
    guidance: ClassVar = "Look at the versions and notes of the pending assessment and record the reason."
    policy: ClassVar = "P1.S3.b1"

    reason: str = Field(min_length=1)


class PhoneCorrections(Answer):
    """The call that verifies the status of the order; an attempt that reached nobody is recorded as well."""

    kind: ClassVar = "phone_corrections"
    step: ClassVar[StepRef] = "1.4"
    role: ClassVar = _AWS
    cover: ClassVar = _COVER
    title: ClassVar = "Phone the local Corrections contact to verify the order"
    guidance: ClassVar = (
        "Only Corrections determines the status. Record who said what, and detailed notes. A voicemail carries no "
        "name and no reason. One call may answer several people: give the same call_id for each."
    )
    policy: ClassVar = "P1.S4.1 P1.S4.2 P1.S4.N1 A-C5 AMB-P1-6 AMB-P1-28"

    outcome: CallOutcome
    started_at: AwareDatetime
    ended_at: AwareDatetime
    spoke_with: str | None = Field(default=None, min_length=1)
    office: str | None = Field(default=None, min_length=1)
    said: StatusSaid | None = Field(default=None, description="What Corrections said the person is")
    note: str = Field(min_length=1, description="Detailed notes of the call")
    call_id: str | None = Field(default=None, pattern=r"^[A-Za-z0-9-]{8,64}$")

    @model_validator(mode="after")
    def _complete(self) -> "PhoneCorrections":
        if self.ended_at < self.started_at:
            raise ValueError("the call ends before it starts")
        answered = self.outcome is CallOutcome.ANSWERED
        if answered and not (self.said and self.spoke_with and self.office):
            raise ValueError("an answered call needs spoke_with, office and said")
        if not answered and self.said:
            raise ValueError("a call nobody answered cannot carry a status")
        return self


class AnswerNsoQuestions(_Questions):
    """5.b: update the current assessment of a person without an order."""

    kind: ClassVar = "nso_questions"
    step: ClassVar[StepRef] = "1.5"
    role: ClassVar = _AWS
    cover: ClassVar = _COVER
    title: ClassVar = "Answer the questions for a person without an order and calculate"
    guidance: ClassVar = "After the calculation Key Details shows D2 and the procedure ends."
    policy: ClassVar = "P1.S5.b1 P1.S5.b2 P1.S5.b3 P1.S5.b4"
    question_set: ClassVar = "nso"


class AnswerInvalidQuestions(_Questions):
    """5.c: update the current assessment of an invalid match."""

    kind: ClassVar = "invalid_questions"
    step: ClassVar[StepRef] = "1.5"
    role: ClassVar = _AWS
    cover: ClassVar = _COVER
    title: ClassVar = "Answer the questions for an invalid match and calculate"
    guidance: ClassVar = "After the calculation Key Details shows D3 and the procedure ends."
    policy: ClassVar = "P1.S5.c1 P1.S5.c2 P1.S5.c3"
    question_set: ClassVar = "invalid"


class LiveFacts(Facts):
    """What the register says when the live record is checked."""

    record_state: RecordState
    occupancy: Occupancy


class CheckLiveRecord(Answer):
    """Does the person have a live record?"""

    kind: ClassVar = "live_record"
    step: ClassVar[StepRef] = "1.6"
    role: ClassVar = _AWS
    cover: ClassVar = _COVER
    title: ClassVar = "Check whether the person has a live record"
    guidance: ClassVar = (
        "Live: a current signatory, applicant or household member, also an applicant who lives elsewhere."
    )
    policy: ClassVar = "P1.S6.1 DEF-5 DEF-9"

    live: bool
    evidence: str = Field(min_length=1, description="What the register shows")


class AnswerBeforeT441(_Questions):
    """6.b: answer the questions up to the point of sending the T-441, then calculate."""

    kind: ClassVar = "before_t441_questions"
    step: ClassVar[StepRef] = "1.6"
    role: ClassVar = _AWS
    cover: ClassVar = _COVER
    title: ClassVar = "Answer the questions up to sending the T-441 and calculate"
    guidance: ClassVar = "Answers after that point stay empty until the completed T-441 is here."
    policy: ClassVar = "P1.S6.b1 P1.S6.b2"
    question_set: ClassVar = "before_t441"


class AnswerFinalQuestions(_Questions):
    """7: answer the questions, calculate; Key Details displays D1."""

    kind: ClassVar = "final_questions"
    step: ClassVar[StepRef] = "1.7"
    role: ClassVar = _AWS
    cover: ClassVar = _COVER
    title: ClassVar = "Answer the final questions and calculate"
    guidance: ClassVar = (
        "After the calculation Key Details shows D1. Say whether a void property is being considered."
    )
    policy: ClassVar = "P1.S7.1 P1.S7.2 P1.X1 P1.X2"
    question_set: ClassVar = "after_t441"

    considered_for_void: bool = Field(
        default=False, description="Is the person being considered for a void property now?"
    )


class CorrectionsUnreachable(Answer):
    """Nobody at Corrections has answered the phone for five working days (AMB-P1-28)."""

    kind: ClassVar = "corrections_unreachable"
    step: ClassVar[StepRef] = "1.4"
    role: ClassVar = Role.MANAGER_HOUSING_WELLBEING_SUPPORT
    title: ClassVar = "Corrections cannot be reached by phone: arrange the confirmation"
    guidance: ClassVar = "The pending code stays, and so do the due dates of forms already out."
    policy: ClassVar = "AMB-P1-28"

    arranged: str = Field(min_length=1, description="Whom you reached, and what was agreed")


ANSWERS: tuple[type[Answer], ...] = (
    CorrectionsUnreachable,
    MatchEntry,
    IdentifyOccupant,
    AnswerFirstQuestion,
    ExplainPending,
    PhoneCorrections,
    AnswerNsoQuestions,
    AnswerInvalidQuestions,
    CheckLiveRecord,
    AnswerBeforeT441,
    AnswerFinalQuestions,
)


# -- what the document decides ---------------------------------------------------------------------------


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
    spoken = ruling(one for one in statements if one.channel is Channel.VERBAL)
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
            question_set("identification").check(answer.answers)
            _check_reported_status(state, answer)
        case CheckLiveRecord():
            _check_live(answer, LiveFacts.model_validate(facts))
        case _Questions():
            assert answer.question_set is not None
            question_set(answer.question_set).check(answer.answers)
            _check_questions(answer)
        case _:
            pass


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
