"""What a person is asked in procedure 2, step by step."""

from enum import StrEnum
from typing import Any, ClassVar, Literal

from pydantic import ConfigDict, Field, model_validator

from procedures.form_exchange import SendFacts, SendForm
from procedures.question_sets import QuestionsAnswered
from procedures.steps import StepRef
from procedures.tasks import Answer, Facts
from procedures.terms import Occupancy, Role

_AWS = Role.ADVISOR_WELLBEING_SUPPORT
_COVER = frozenset({Role.MANAGER_HOUSING_WELLBEING_SUPPORT})
"""The manager may stand in for the whole procedure (P2.R1, AMB-P1-18)."""


class DisplayedFacts(Facts):
    """The assessment outcome and status that the record displays for the person."""

    code: str | None = None
    status: str | None = None


class SendT439Facts(SendFacts, DisplayedFacts):
    """What the directory, the send guard, the assessment and the register say when both forms are sent."""

    occupancy: Occupancy | None = None


class HouseholdFacts(Facts):
    """Whether the register shows anybody else in the person's home."""

    lives_alone: bool = False


class FilingFacts(Facts):
    """Received documents of the case that have no stored copy in the person's file."""

    unfiled: tuple[str, ...] = ()


class SendT439(SendForm):
    """1: our part of the T-439, the T-442, and the questions with detailed comments; both forms leave together."""

    kind: ClassVar = "send_t439"
    step: ClassVar[StepRef] = "2.1"
    title: ClassVar = "Complete T-439 and T-442 and send both to Corrections by SEEMail"
    guidance: ClassVar = (
        "Complete our part of the T-439, and the T-442 for information; both leave in one message. Answer the questions "
        "with detailed comments. Corrections completes its section within five working days. SEEMail does not check the "
        "recipient: confirm name, office and address against the directory. User guide: CT-USG-103."
    )
    policy: ClassVar = "P2.S1.1 P2.S1.2 P2.S1.3 P2.S1.5 P2.W1 P2.N1 AMB-P2-1 A-A4 PRV-6"
    question_set: ClassVar = "location"
    model_config = ConfigDict(
        json_schema_extra={"dependentRequired": {"contact_id": ["occupancy", "answers"]}}
    )

    occupancy: Occupancy | None = Field(default=None, description="How the person lives in the home")
    answers: dict[str, Any] = Field(
        default_factory=dict, description="One value for each question of the set"
    )
    comment: str = Field(default="", description="Detailed comments")
    t442_facts: str | None = Field(
        default=None, min_length=1, max_length=4000, description="Empty: a standard text"
    )

    def mail_fields(self) -> dict[str, Any]:
        """What the T-442 says; everything else comes from the record when the message is composed."""
        return {"facts": self.t442_facts} if self.t442_facts else {}


class Alternative(StrEnum):
    """Another housing solution (P2.S3.b2)."""

    MSD = "contact_with_msd"
    BOARDING_WITH_A_FAMILY = "boarding_with_a_family"
    PRIVATE_RENTAL_OR_BOARDING = "private_rental_or_boarding"


class SupportMove(Answer):
    """3.b: Corrections advises that the home is not suitable; we support, Corrections leads."""

    kind: ClassVar = "support_move"
    step: ClassVar[StepRef] = "2.3"
    role: ClassVar = _AWS
    cover: ClassVar = _COVER
    title: ClassVar = "Support Corrections in advising the person to find an alternative"
    guidance: ClassVar = (
        "Corrections leads; we support. Options: contact with MSD, boarding with a family, private rental or boarding. "
        "An application for the Business Initiated Transfer register (CT-728) can be taken only when the person and the "
        "household are happy to move and Corrections supports it. We give no notice and move nobody because of the T-439."
    )
    policy: ClassVar = "P2.S3.b P2.S3.b1 P2.S3.b2 P2.S3.b3 AMB-P2-5"

    support: str = Field(min_length=1, description="How we support Corrections: who, what, when")
    options: tuple[Alternative, ...] = Field(min_length=1, description="Options that were named")
    person_happy: bool = Field(description="Is the person happy to move?")
    household_happy: Literal["yes", "no", "not_applicable"] = Field(
        description="Not applicable: the person lives alone"
    )
    corrections_supports: bool = Field(description="Does Corrections support the proposal?")
    transfer_application: bool = Field(
        default=False, description="Is an application for the Business Initiated Transfer register taken?"
    )


class AnswerLocationOutcome(QuestionsAnswered):
    """4: answer the questions with detailed comments, calculate; D1 with status CUR is displayed."""

    kind: ClassVar = "location_outcome"
    step: ClassVar[StepRef] = "2.4"
    role: ClassVar = _AWS
    cover: ClassVar = _COVER
    title: ClassVar = "Answer the questions with detailed comments, calculate, and check D1 and CUR"
    guidance: ClassVar = (
        "Make sure that the outcome displayed is D1 and the status is CUR. While the person is verified anew the step "
        "waits: answer when the code is D1 again. User guide: CT-USG-103."
    )
    policy: ClassVar = "P2.S4.2 P2.S4.3 P2.S4.4 P2.S3.b5 TR-16 AMB-P2-9 P2.N1"
    question_set: ClassVar = "location_outcome"


class SaveDocuments(Answer):
    """5: something received has no stored copy in the person's file."""

    kind: ClassVar = "save_documents"
    step: ClassVar[StepRef] = "2.5"
    role: ClassVar = _AWS
    cover: ClassVar = _COVER
    title: ClassVar = "Save everything received from Corrections into the person's file"
    guidance: ClassVar = "Documents are filed by themselves; these are not. File each of them, then say so."
    policy: ClassVar = "P2.S5.1 P2.S3.b6 A-B1"

    note: str = Field(min_length=1, description="What was missing and where it is now")


class ReviewMove(Answer):
    """Every 20 working days while a home is not suitable: does the person still live there?"""

    kind: ClassVar = "review_move"
    step: ClassVar[StepRef] = "2.3"
    role: ClassVar = _AWS
    cover: ClassVar = _COVER
    title: ClassVar = "Review: does the person still live in the home that is not suitable?"
    guidance: ClassVar = (
        "Still there: say what was done and what comes next. Moved: Corrections is told with a T-442. If something has "
        "changed, ask Corrections again with a fresh T-439. If the order has ended, record what Corrections says."
    )
    policy: ClassVar = "AMB-P2-5 P2.S3.b P2.F4"

    outcome: Literal["still_living_there", "moved", "ask_corrections_again"]
    moved_to: Literal["another_home_of_ours", "elsewhere"] | None = Field(
        default=None, description="If the person has moved"
    )
    note: str = Field(min_length=1)

    @model_validator(mode="after")
    def _where_to(self) -> "ReviewMove":
        if (self.outcome == "moved") != (self.moved_to is not None):
            raise ValueError("say moved_to for a person who has moved, and only then")
        return self


ANSWERS: tuple[type[Answer], ...] = (
    SendT439,
    SupportMove,
    AnswerLocationOutcome,
    SaveDocuments,
    ReviewMove,
)
