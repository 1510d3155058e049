"""What a person is asked in procedure 1, step by step."""

from typing import ClassVar, Literal

from pydantic import Field, model_validator

from procedures.phone_call import IF_ANSWERED, PhoneCall
from procedures.question_sets import QuestionsAnswered
from procedures.steps import StepRef
from procedures.tasks import Answer, Facts
from procedures.terms import Occupancy, RecordState, Role, StatusSaid

_AWS = Role.ADVISOR_WELLBEING_SUPPORT
_COVER = frozenset({Role.MANAGER_HOUSING_WELLBEING_SUPPORT})
"""The manager may stand in for the whole procedure (P1.N3, AMB-P1-18)."""


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
        default=None, description="If it is a potential match: the person, or the primary of duplicates"
    )
    duplicates: tuple[str, ...] = Field(
        default=(), description="If two records are one person: the other records"
    )
    note: str = Field(min_length=1, description="Why this is, or is not, the person")

    @model_validator(mode="after")
    def _refs(self) -> "MatchEntry":
        if (self.outcome == "potential_match") != (self.person_ref is not None):
            raise ValueError("name person_ref for a potential match, and only then")
        if self.duplicates and (self.person_ref is None or self.person_ref in self.duplicates):
            raise ValueError("duplicates are other records than person_ref")
        if len(set(self.duplicates)) != len(self.duplicates):
            raise ValueError("duplicates: name each one once")
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

    person_ref: str | None = Field(
        default=None, description="If you have created or found the record: its reference"
    )
    duplicates: tuple[str, ...] = Field(
        default=(), description="If two records are one person: the other records"
    )
    no_record_reason: str | None = Field(
        default=None, min_length=1, description="If Corrections says that nobody there is meant"
    )

    @model_validator(mode="after")
    def _one_of_two(self) -> "IdentifyOccupant":
        if (self.person_ref is None) == (self.no_record_reason is None):
            raise ValueError("give person_ref, or no_record_reason, not both")
        return self


class AnswerFirstQuestion(QuestionsAnswered):
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


class PhoneCorrections(PhoneCall):
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

    needs: ClassVar = ("spoke_with", "office", "said")
    said: StatusSaid | None = Field(default=None, description=IF_ANSWERED)
    note: str = Field(min_length=1, description="Detailed notes of the call")
    call_id: str | None = Field(
        default=None,
        pattern=r"^[A-Za-z0-9-]{8,64}$",
        description="If one call answers several people: the same for each",
    )

    @model_validator(mode="after")
    def _only_what_was_said(self) -> "PhoneCorrections":
        if not self.answered and self.said:
            raise ValueError("a call nobody answered cannot carry a status: leave said empty")
        return self


class AnswerNsoQuestions(QuestionsAnswered):
    """5.b: update the current assessment of a person without an order."""

    kind: ClassVar = "nso_questions"
    step: ClassVar[StepRef] = "1.5"
    role: ClassVar = _AWS
    cover: ClassVar = _COVER
    title: ClassVar = "Answer the questions for a person without an order and calculate"
    guidance: ClassVar = "After the calculation Key Details shows D2 and the procedure ends."
    policy: ClassVar = "P1.S5.b1 P1.S5.b2 P1.S5.b3 P1.S5.b4"
    question_set: ClassVar = "nso"


class AnswerInvalidQuestions(QuestionsAnswered):
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


class AnswerBeforeT441(QuestionsAnswered):
    """6.b: answer the questions up to the point of sending the T-441, then calculate."""

    kind: ClassVar = "before_t441_questions"
    step: ClassVar[StepRef] = "1.6"
    role: ClassVar = _AWS
    cover: ClassVar = _COVER
    title: ClassVar = "Answer the questions up to sending the T-441 and calculate"
    guidance: ClassVar = "Answers after that point stay empty until the completed T-441 is here."
    policy: ClassVar = "P1.S6.b1 P1.S6.b2"
    question_set: ClassVar = "before_t441"


class AnswerFinalQuestions(QuestionsAnswered):
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
