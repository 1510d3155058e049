"""What a person is asked in procedure 4, step by step."""

from typing import ClassVar, Literal

from pydantic import AwareDatetime, Field, model_validator

from procedures.match_void_answers import AP, PlacingQuestions
from procedures.match_void_outcome_answers import CP, MANAGER
from procedures.steps import StepRef
from procedures.tasks import Answer

ReasonKind = Literal[
    "own_refusal", "policy_accepted_reason", "agency", "corrections", "property", "no_answer"
]


class CheckRiskRating(Answer):
    """4.1: before any meeting, is there a customer risk rating, and does it need anything?"""

    kind: ClassVar = "check_risk_rating"
    step: ClassVar[StepRef] = "4.1"
    role: ClassVar = AP
    title: ClassVar = "Check the customer risk rating before you meet the person"
    guidance: ClassVar = (
        "Under Key Details; it is a rating of its own and has nothing to do with the other codes shown there. Update it, or "
        "make one, when information from Corrections calls for it: SS-GDL-110 'Personal safety out of the office', and "
        "CT-PRO-300 where it applies. Say whether a Safe Work Plan and Corporate Care Request (SS-FRM-010) is required."
    )
    policy: ClassVar = "P4.S1.1 P4.S1.a P4.S1.N1 P4.S1.N2 P4.N2 AMB-P4-8 PRV-20"

    rating: str | None = Field(default=None, min_length=1, description="If there is a rating: the one shown")
    action: Literal["none", "update", "new"] = Field(description="What does the rating need?")
    basis: str | None = Field(
        default=None,
        min_length=1,
        max_length=80,
        description="If it needs an update, or a new one: reference to what Corrections supplied, not its text",
    )
    safe_work_plan: bool = Field(description="Is SS-FRM-010 required?")
    safe_work_plan_document: str | None = Field(
        default=None, min_length=1, description="If SS-FRM-010 is required"
    )
    note: str = Field(min_length=1)

    @model_validator(mode="after")
    def _complete(self) -> "CheckRiskRating":
        if self.safe_work_plan != bool(self.safe_work_plan_document):
            raise ValueError("attach safe_work_plan_document when SS-FRM-010 is required, and only then")
        if (self.action != "none") != bool(self.basis):
            raise ValueError("give the basis of an update or a new rating, and only then")
        if (self.action == "update" and not self.rating) or (self.action == "new" and self.rating):
            raise ValueError("update a rating that exists, make a new one where there is none")
        return self


class ActOnRiskRating(Answer):
    """4.1: the rating is updated or made."""

    kind: ClassVar = "act_on_risk_rating"
    step: ClassVar[StepRef] = "4.1"
    role: ClassVar = AP
    title: ClassVar = "Update the customer risk rating, or make a new one"
    guidance: ClassVar = (
        "Under SS-GDL-110, 'Personal safety out of the office', and CT-PRO-300 if it applies. Store the rating and a "
        "reference, never Corrections' text."
    )
    policy: ClassVar = "P4.S1.a AMB-P4-8"

    rating: str = Field(min_length=1, description="The rating as it is now")
    done: str = Field(min_length=1, description="What was done under SS-GDL-110")
    risk_register_applies: bool = Field(description="Was CT-PRO-300 followed as well?")


class MakeOffer(Answer):
    """4.2: CT-PRO-001, 5.5 Offer property."""

    kind: ClassVar = "make_offer"
    step: ClassVar[StepRef] = "4.2"
    role: ClassVar = AP
    title: ClassVar = "Offer the property (CT-PRO-001, 5.5)"
    guidance: ClassVar = (
        "Only with the signed T-438 for this person and this property in the secure folder. The offer letter says "
        "nothing of the person's status, also when somebody else in the household is the applicant. CT-USG-103."
    )
    policy: ClassVar = "P4.W1 P4.N1 P4.S2.1 AMB-P4-6 AMB-P4-10 PRV-21"

    offered_at: AwareDatetime
    note: str = Field(min_length=1)


class ShowProperty(Answer):
    """4.2: CT-PRO-001, 5.6 Show property."""

    kind: ClassVar = "show_property"
    step: ClassVar[StepRef] = "4.2"
    role: ClassVar = AP
    title: ClassVar = "Show the property (CT-PRO-001, 5.6)"
    guidance: ClassVar = "After the offer."
    policy: ClassVar = "P4.S2.2 P4.S1.1"

    shown_at: AwareDatetime
    note: str = Field(min_length=1)


class RecordPersonsAnswer(Answer):
    """4.3: did the person accept the property after the viewing?"""

    kind: ClassVar = "persons_answer"
    step: ClassVar[StepRef] = "4.3"
    role: ClassVar = AP
    title: ClassVar = "Record the person's answer to the offer"
    guidance: ClassVar = (
        "Not accepted: choose withdrawn or declined by Operational Policy or the matching guideline (CT-GDL-006). Declined "
        "is the person's own refusal without an accepted reason; everything else is withdrawn. The person stays on "
        "the register either way."
    )
    policy: ClassVar = "P4.S3.a P4.S3.a3 P4.S3.b P4.S3.b1 P4.S3.b2 AMB-P4-1 AMB-P4-2 AMB-P4-12"

    accepted: bool
    outcome: Literal["withdrawn", "declined"] | None = Field(default=None, description="If not accepted")
    reason_kind: ReasonKind | None = Field(default=None, description="If not accepted")
    reason: str | None = Field(default=None, min_length=1, description="If not accepted")
    policy_reference: str | None = Field(
        default=None,
        min_length=1,
        description="If not accepted: such as CT-GDL-006 and its section, or the Operational Policy",
    )
    note: str = Field(min_length=1, description="Detailed notes")

    @model_validator(mode="after")
    def _one_of_two(self) -> "RecordPersonsAnswer":
        given = (self.outcome, self.reason_kind, self.reason, self.policy_reference)
        if self.accepted and any(given):
            raise ValueError("an accepted offer has no reason for the contrary")
        if not self.accepted and not all(given):
            raise ValueError("give outcome, reason_kind, reason and policy_reference of what is not accepted")
        return self


class DecideNoAnswer(Answer):
    """The person has not answered for five working days: wait on, or withdraw. Nothing is automatic (AMB-P4-4)."""

    kind: ClassVar = "decide_no_answer"
    step: ClassVar[StepRef] = "4.3"
    role: ClassVar = AP
    title: ClassVar = "No answer to the offer for five working days: decide"
    guidance: ClassVar = "Waiting on is a decision too. A withdrawal needs its reference (CT-GDL-006)."
    policy: ClassVar = "AMB-P4-4"

    decision: Literal["wait", "withdraw"]
    reason: str = Field(min_length=1)
    policy_reference: str | None = Field(
        default=None, min_length=1, description="If you withdraw: such as CT-GDL-006 and its section"
    )

    @model_validator(mode="after")
    def _reference(self) -> "DecideNoAnswer":
        if (self.decision == "withdraw") != bool(self.policy_reference):
            raise ValueError("a withdrawal names its policy_reference, and only then")
        return self


class PrepareSignUp(Answer):
    """4.3: the Coordinator Placement prepares the sign-up paperwork for the Housing Support Manager."""

    kind: ClassVar = "prepare_sign_up"
    step: ClassVar[StepRef] = "4.3"
    role: ClassVar = CP
    title: ClassVar = "Prepare the sign-up paperwork for the Housing Support Manager"
    guidance: ClassVar = (
        "The offer is accepted. Nothing about the person's circumstances belongs into the papers."
    )
    policy: ClassVar = "P4.S3.a4 PRV-21"

    prepared: Literal[True]


class EnterOfferOutcome(Answer):
    """4.3: the Coordinator Placement enters what the advisor has chosen, and goes on looking for this property."""

    kind: ClassVar = "enter_offer_outcome"
    step: ClassVar[StepRef] = "4.3"
    role: ClassVar = CP
    title: ClassVar = "Enter the outcome of the offer, and look for another match for the property"
    guidance: ClassVar = "The Advisor Placement has chosen withdrawn or declined (CT-GDL-006, CT-PRO-001)."
    policy: ClassVar = "P4.S3.b1 P4.S3.b4"

    outcome: Literal["withdrawn", "declined"]


class SignUpHeld(Answer):
    """Corrections has taken its approval back after the acceptance: the sign-up is held (AMB-P4-5)."""

    kind: ClassVar = "sign_up_held"
    step: ClassVar[StepRef] = "4.3"
    role: ClassVar = MANAGER
    title: ClassVar = "Hold the sign-up: the approval of an accepted offer was withdrawn"
    guidance: ClassVar = (
        "Tell the Housing Support Manager that there is no sign-up, and say what was arranged."
    )
    policy: ClassVar = "AMB-P4-5"

    arranged: str = Field(min_length=1)


class AnswerOfferQuestions(PlacingQuestions):
    """4.4: the questions about the offer, then calculate; on both outcomes."""

    kind: ClassVar = "offer_questions"
    step: ClassVar[StepRef] = "4.4"
    title: ClassVar = "Answer the questions about the offer and calculate"
    guidance: ClassVar = "The code stays as it is."
    policy: ClassVar = "P4.S4.1 TR-16"
    question_set: ClassVar = "offer"


ANSWERS: tuple[type[Answer], ...] = (
    CheckRiskRating,
    ActOnRiskRating,
    MakeOffer,
    ShowProperty,
    RecordPersonsAnswer,
    DecideNoAnswer,
    PrepareSignUp,
    EnterOfferOutcome,
    SignUpHeld,
    AnswerOfferQuestions,
)
