"""What a person is asked in procedure 3, up to the appointment (steps 3.1 to 3.4)."""

from typing import ClassVar, Literal

from pydantic import AwareDatetime, Field, model_validator

from procedures.form_exchange import SendForm
from procedures.phone_call import IF_ANSWERED, PhoneCall
from procedures.question_sets import QuestionsAnswered
from procedures.steps import StepRef
from procedures.tasks import Answer
from procedures.terms import Role, StatusSaid

AP = Role.ADVISOR_PLACEMENT
_GUIDE = "User guide: CT-USG-103."


class AwaitMatch(Answer):
    """A person under an order is considered for a void property, and no property is named yet."""

    kind: ClassVar = "await_match"
    step: ClassVar[StepRef] = "3.1"
    role: ClassVar = AP
    title: ClassVar = "Ask the Coordinator Placement for the match (T-365)"
    guidance: ClassVar = "The task closes by itself when the match is entered. If it will not be, say why."
    policy: ClassVar = "P3.W1 P3.S1.1 P1.X2"

    no_longer_considered_because: str = Field(min_length=1)


class ConsiderMatch(Answer):
    """3.1: the Coordinator Placement's match, with the details on the T-365."""

    kind: ClassVar = "consider_match"
    step: ClassVar[StepRef] = "3.1"
    role: ClassVar = AP
    title: ClassVar = "Consider the match to the void property"
    guidance: ClassVar = f"Read the T-365 context report of this match. {_GUIDE}"
    policy: ClassVar = "P3.S1.1 P3.S1.2 P3.N1"

    t365_read: Literal[True] = Field(description="The T-365 context report is read")
    note: str = Field(min_length=1, description="What matters for this property")


class SendVoidRequest(SendForm):
    """3.2.c: no completed T-441 is held, so Corrections is asked for more information."""

    kind: ClassVar = "send_void_request"
    step: ClassVar[StepRef] = "3.2"
    role: ClassVar = AP
    cover: ClassVar[frozenset[Role]] = frozenset()
    title: ClassVar = "Ask Corrections for more information about the match by SEEMail"
    guidance: ClassVar = (
        "The T-441 asks, the T-442 tells; the T-439 goes along only when the person lives in one of our homes. "
        "SEEMail does not check the recipient: confirm name, office and address against the directory."
    )
    policy: ClassVar = "P3.S2.c P3.S2.c1 P3.S2.c2 AMB-P3-1 A-A4 PRV-6"


class WeighMatch(Answer):
    """3.2: do locality and the T-441 make the match suitable?"""

    kind: ClassVar = "weigh_match"
    step: ClassVar[StepRef] = "3.2"
    role: ClassVar = AP
    title: ClassVar = "Weigh the match against the T-441"
    guidance: ClassVar = (
        "Look at what we know of the locality and at the person's circumstances in the T-441. Unsuitable: the "
        "Coordinator Placement is asked to treat the match as withdrawn, and nobody is phoned."
    )
    policy: ClassVar = "P3.S2.a P3.S2.b P3.S2.c3 P3.S2.c4 AMB-P3-2"

    view: Literal["suitable", "unsuitable"]
    reasons: str = Field(min_length=1)


class PhoneAboutProperty(PhoneCall):
    """3.3: one call about the status of the order and about this property for this person."""

    kind: ClassVar = "phone_about_property"
    step: ClassVar[StepRef] = "3.3"
    role: ClassVar = AP
    title: ClassVar = "Phone the local Corrections contact about the order and the property"
    guidance: ClassVar = (
        "Ask whether the order is current, and whether this property may suit this person. The 48 hours for the "
        "viewing begin when the call ends. No message replaces the call; a voicemail carries no name and no reason."
    )
    policy: ClassVar = "P3.S3.1 P3.S3.2 P3.S4.b AMB-P3-9 AMB-P3-10 AMB-P3-17"

    needs: ClassVar = ("spoke_with", "office", "said")
    said: StatusSaid | None = Field(default=None, description=IF_ANSWERED)
    property_may_suit: bool | None = Field(
        default=None,
        description="If the order is current: does Corrections agree that the property is potentially suitable?",
    )
    note: str = Field(min_length=1, description="Detailed notes of the call")

    @model_validator(mode="after")
    def _only_what_was_said(self) -> "PhoneAboutProperty":
        if not self.answered and (self.said or self.property_may_suit is not None):
            raise ValueError("leave said and property_may_suit empty for a call nobody answered")
        if (self.said is StatusSaid.CSO) != (self.property_may_suit is not None):
            raise ValueError("say property_may_suit when the order is current, and only then")
        return self


class BookViewing(Answer):
    """3.4: an appointment within 48 elapsed hours of the end of the call, or why there is none."""

    kind: ClassVar = "book_viewing"
    step: ClassVar[StepRef] = "3.4"
    role: ClassVar = AP
    title: ClassVar = "Arrange the viewing with Corrections within 48 hours"
    guidance: ClassVar = (
        "Nights, weekends and holidays count. Put the calendar file into Outlook: it names no person. The initial "
        f"viewing goes onto the application record with this answer. {_GUIDE}"
    )
    policy: ClassVar = "P3.S4.a1 P3.S4.a2 P3.S4.a3 P3.S4.a4 P3.S4.a7 AMB-P3-4 AMB-P3-5 AMB-P3-6 PRV-16"

    starts_at: AwareDatetime | None = Field(default=None, description="If there is a slot")
    minutes: int = Field(default=60, ge=15, le=240)
    with_corrections: str | None = Field(default=None, min_length=1, description="If there is a slot")
    diaried: bool = Field(default=False, description="The appointment is in the Outlook calendar")
    no_slot_because: str | None = Field(default=None, min_length=1, description="If there is no slot")
    note: str = Field(min_length=1, description="Detailed notes")

    @model_validator(mode="after")
    def _one_of_two(self) -> "BookViewing":
        booked = bool(self.starts_at and self.with_corrections and self.diaried)
        named = bool(self.starts_at or self.with_corrections or self.diaried)
        if booked == bool(self.no_slot_because) or named != booked:
            raise ValueError("give starts_at and with_corrections and diary it, or say no_slot_because")
        return self


class PlacingQuestions(QuestionsAnswered):
    """Questions of the assessment item response; the comment is the detailed note."""

    role: ClassVar = AP
    comment: str = Field(min_length=1, description="Detailed notes")


class AnswerViewingQuestions(PlacingQuestions):
    """3.4: the questions about the viewing, then calculate."""

    kind: ClassVar = "viewing_questions"
    step: ClassVar[StepRef] = "3.4"
    title: ClassVar = "Answer the questions about the viewing and calculate"
    guidance: ClassVar = "The code stays as it is."
    policy: ClassVar = "P3.S4.a5 P3.S4.a7 TR-16"
    question_set: ClassVar = "viewing"


class PrintT438(Answer):
    """3.4: the paper that Corrections signs if it agrees."""

    kind: ClassVar = "print_t438"
    step: ClassVar[StepRef] = "3.4"
    role: ClassVar = AP
    title: ClassVar = "Print the T-438 for Corrections to sign"
    guidance: ClassVar = "The print is registered and followed until the paper is stored or destroyed."
    policy: ClassVar = "P3.S4.a6 AMB-P3-14 PRV-4"

    copies: int = Field(default=1, ge=1, le=5)


ANSWERS: tuple[type[Answer], ...] = (
    AwaitMatch,
    ConsiderMatch,
    SendVoidRequest,
    WeighMatch,
    PhoneAboutProperty,
    BookViewing,
    AnswerViewingQuestions,
    PrintT438,
)
