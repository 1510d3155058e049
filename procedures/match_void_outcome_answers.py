"""What a person is asked in procedure 3 from the viewing on (steps 3.4 to 3.7), and at the end of any match or offer."""

from datetime import date
from typing import ClassVar, Literal

from pydantic import AwareDatetime, Field, model_validator

from procedures.match_void_answers import AP, PlacingQuestions
from procedures.phone_call import PhoneCall
from procedures.returned_parts import Suitability
from procedures.steps import StepRef
from procedures.tasks import Answer, Facts
from procedures.terms import Role

CP = Role.COORDINATOR_PLACEMENT
MANAGER = Role.MANAGER_HOUSING_WELLBEING_SUPPORT


class DecideAfterFailures(Answer):
    """Two viewings failed: a third try, or the match is withdrawn. Nothing happens by itself (AMB-P3-5)."""

    kind: ClassVar = "decide_after_failures"
    step: ClassVar[StepRef] = "3.4"
    role: ClassVar = AP
    title: ClassVar = "Two viewings have failed: decide whether to try again"
    guidance: ClassVar = (
        "The manager is told. A third try begins with a new call; otherwise the match is withdrawn."
    )
    policy: ClassVar = "AMB-P3-5"

    decision: Literal["try_again", "withdraw"]
    reason: str = Field(min_length=1)


class RecordViewing(Answer):
    """3.5: met in person at the property, or why not."""

    kind: ClassVar = "record_viewing"
    step: ClassVar[StepRef] = "3.5"
    role: ClassVar = AP
    title: ClassVar = "View the property with Corrections"
    guidance: ClassVar = "Corrections completes and signs Part B of the T-438 after the viewing."
    policy: ClassVar = "P3.S5.1 P3.S5.2 AMB-P3-5"

    held_at: AwareDatetime | None = Field(default=None, description="If it took place")
    corrections_present: str | None = Field(default=None, min_length=1, description="If it took place")
    in_person_at_the_property: bool = False
    missed_because: str | None = Field(default=None, min_length=1, description="If it was missed")
    note: str = Field(min_length=1, description="Detailed notes")

    @model_validator(mode="after")
    def _one_of_two(self) -> "RecordViewing":
        if bool(self.held_at) == bool(self.missed_because):
            raise ValueError("give held_at, or say missed_because, not both")
        return self


class ScanFacts(Facts):
    """What the record says of the document that an answer names."""

    form: str | None = None
    of_this_case: bool = False
    in_person_file: bool = False


class RecordPartB(Answer):
    """3.6: what Corrections wrote on Part B, recorded against the signed scan."""

    kind: ClassVar = "record_part_b"
    step: ClassVar[StepRef] = "3.6"
    role: ClassVar = AP
    title: ClassVar = "Record Part B of the T-438"
    guidance: ClassVar = (
        "Suitable needs the signature and the scan in the person's secure folder; a spoken yes never counts. Not "
        "suitable needs the reasons; said by phone it is enough, and the form follows."
    )
    policy: ClassVar = "P3.S5.2 P3.S6.a P3.S6.a1 P3.S6.a2 P3.S6.b AMB-P3-7 AMB-P3-8"

    suitability: Suitability
    reasons: str | None = Field(default=None, min_length=1, description="If the property is not suitable")
    signed: bool = False
    signed_by: str | None = Field(default=None, min_length=1, description="If it is signed: name and office")
    signed_on: date | None = Field(default=None, description="If it is signed")
    returned_on: date | None = Field(default=None, description="If it is signed: when it came back to us")
    document_id: str | None = Field(default=None, description="If it came back on paper: the scan")
    by_phone: bool = Field(default=False, description="Said by phone; the form follows")
    note: str = Field(min_length=1, description="Detailed notes")


class RemindSignature(Answer):
    """The T-438 is not signed after five working days: a reminder by SEEMail."""

    kind: ClassVar = "remind_signature"
    step: ClassVar[StepRef] = "3.6"
    role: ClassVar = AP
    title: ClassVar = "Remind Corrections of the unsigned T-438 by SEEMail"
    guidance: ClassVar = "SEEMail does not check the recipient: confirm the contact against the directory."
    policy: ClassVar = "AMB-P3-7 A-A4 PRV-6"

    contact_id: str = Field(min_length=1)
    contact_version: int = Field(ge=1)
    recipient_confirmed: Literal[True] = Field(description="Name, office and address are right")


class SignatureOverdue(Answer):
    """Ten working days without a signature: the manager takes it up."""

    kind: ClassVar = "signature_overdue"
    step: ClassVar[StepRef] = "3.6"
    role: ClassVar = MANAGER
    title: ClassVar = "Corrections has not signed the T-438 for ten working days"
    guidance: ClassVar = "There is no offer without the signature."
    policy: ClassVar = "AMB-P3-7"

    arranged: str = Field(min_length=1)


class AnswerPreApprovalQuestions(PlacingQuestions):
    """3.6: the questions about the pre-approval; here we say yes as well, or not."""

    kind: ClassVar = "pre_approval_questions"
    step: ClassVar[StepRef] = "3.6"
    title: ClassVar = "Answer the questions about the pre-approval and calculate"
    guidance: ClassVar = "Corrections' yes does not bind us: the offer needs both parties."
    policy: ClassVar = "P3.S6.a3 P3.X1 AMB-P3-9 TR-16"
    question_set: ClassVar = "pre_approval"


class FileDocuments(Answer):
    """Something received about the person is not in the secure folder yet."""

    kind: ClassVar = "file_documents"
    step: ClassVar[StepRef] = "3.6"
    role: ClassVar = AP
    title: ClassVar = "File what Corrections sent into the person's secure folder"
    guidance: ClassVar = "The case goes on when nothing received is outside the folder."
    policy: ClassVar = "P3.S6.a4 P4.S4.2 A-B5 PRV-9"

    note: str = Field(min_length=1)


class SettlePaper(Answer):
    """The printed T-438 is stored or destroyed."""

    kind: ClassVar = "settle_paper"
    step: ClassVar[StepRef] = "3.6"
    role: ClassVar = AP
    title: ClassVar = "Say where the printed T-438 is now"
    guidance: ClassVar = (
        "Stored with the person's file, shredded, or in the destruction bin; never left at the property."
    )
    policy: ClassVar = "AMB-P3-14 P3.S4.a6 PRV-4"

    method: Literal["stored", "shredded", "destruction_bin"]


class EnterWithdrawn(Answer):
    """3.7: the Coordinator Placement enters the offer as withdrawn and goes on looking for this property."""

    kind: ClassVar = "enter_withdrawn"
    step: ClassVar[StepRef] = "3.7"
    role: ClassVar = CP
    title: ClassVar = "Enter the offer as withdrawn, and look for another match for the property"
    guidance: ClassVar = "Withdrawn, not declined. The person stays on the register (CT-PRO-001)."
    policy: ClassVar = "P3.S2.b P3.S7.1 P3.X2"

    outcome: Literal["withdrawn", "declined"]


class AnswerWithdrawalQuestions(PlacingQuestions):
    """3.7: the questions about the withdrawal, then calculate."""

    kind: ClassVar = "withdrawal_questions"
    step: ClassVar[StepRef] = "3.7"
    title: ClassVar = "Answer the questions about the withdrawal and calculate"
    guidance: ClassVar = "The code stays as it is."
    policy: ClassVar = "P3.S7.2 P3.S7.3 AMB-P3-3 TR-16"
    question_set: ClassVar = "withdrawal"


class TellCorrections(PhoneCall):
    """Corrections has agreed before, and is phoned about what became of it."""

    kind: ClassVar = "tell_corrections"
    step: ClassVar[StepRef] = "3.7"
    role: ClassVar = AP
    title: ClassVar = "Phone Corrections about the outcome"
    guidance: ClassVar = (
        "Tell the outcome and cancel what was arranged. An attempt that reached nobody is recorded as well."
    )
    policy: ClassVar = "P4.S3.a2 P4.S3.b3 AMB-P3-15 AMB-P3-16 AMB-P4-5"

    note: str = Field(min_length=1, description="Detailed notes of the call")


ANSWERS: tuple[type[Answer], ...] = (
    DecideAfterFailures,
    RecordViewing,
    RecordPartB,
    RemindSignature,
    SignatureOverdue,
    AnswerPreApprovalQuestions,
    FileDocuments,
    SettlePaper,
    EnterWithdrawn,
    AnswerWithdrawalQuestions,
    TellCorrections,
)
