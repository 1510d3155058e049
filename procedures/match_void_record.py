"""What procedures 3 and 4 write beside the common effects: matches, viewings, papers, approvals, offers, ratings."""

from datetime import date, datetime
from typing import Any, Literal

from pydantic import Field

from procedures.tasks import Frozen


class CaseQuestionsAnswered(Frozen):
    """Answers added to the current assessment and calculated: a new version with the code it has (TR-16)."""

    effect: Literal["case_questions_answered"] = "case_questions_answered"
    number: str
    rule: str
    question_set: str
    answers: dict[str, Any] = Field(default_factory=dict)
    comment: str


class MatchWeighed(Frozen):
    """The branch of step 2 and what we think of the match."""

    effect: Literal["match_weighed"] = "match_weighed"
    branch: Literal["a", "b", "c"]
    ko_view: Literal["suitable", "unsuitable"] | None = None
    reasons: str | None = None


class MatchClosed(Frozen):
    """What became of the match of a case."""

    effect: Literal["match_closed"] = "match_closed"
    match_case_id: str
    outcome: str


class ViewingBooked(Frozen):
    """An appointment at the property, and the initial viewing on the application record."""

    effect: Literal["viewing_booked"] = "viewing_booked"
    viewing_id: str
    property_ref: str
    applicant_ref: str
    call_id: str
    call_ended_at: datetime
    starts_at: datetime
    minutes: int
    with_corrections: str


class ViewingSettled(Frozen):
    """The viewing took place, was missed or was cancelled."""

    effect: Literal["viewing_settled"] = "viewing_settled"
    viewing_id: str
    state: Literal["held", "missed", "cancelled"]
    held_at: datetime | None = None
    attended: list[str] = Field(default_factory=list)
    reason: str | None = None


class PaperPrinted(Frozen):
    """A confidential form went onto paper."""

    effect: Literal["paper_printed"] = "paper_printed"
    paper_id: str
    form: str
    copies: int
    printed_at: datetime


class PaperSettled(Frozen):
    """The paper is stored or destroyed."""

    effect: Literal["paper_settled"] = "paper_settled"
    paper_id: str
    method: Literal["stored", "shredded", "destruction_bin"]


class PartBRecorded(Frozen):
    """Corrections completed Part B of the T-438."""

    effect: Literal["part_b_recorded"] = "part_b_recorded"
    approval_id: str
    person_ref: str
    property_ref: str
    suitability: Literal["suitable", "not_suitable"]
    reasons: str | None
    signed: bool
    signed_by: str | None
    signed_on: date | None
    returned_on: date | None
    document_id: str | None


class ApprovalWithdrawn(Frozen):
    """Corrections has taken its signed T-438 back (AMB-P4-5)."""

    effect: Literal["approval_withdrawn"] = "approval_withdrawn"
    approval_id: str
    reason: str


class RiskRatingChecked(Frozen):
    """The customer risk rating was looked at, and acted on where needed."""

    effect: Literal["risk_rating_checked"] = "risk_rating_checked"
    rating_id: str
    person_ref: str
    rating: str | None
    action: Literal["none", "update", "new"]
    basis: str | None
    done: str | None = None
    safe_work_plan: bool
    safe_work_plan_document: str | None = None


class OfferMade(Frozen):
    """The property was offered (CT-PRO-001, 5.5)."""

    effect: Literal["offer_made"] = "offer_made"
    offer_id: str
    person_ref: str
    property_ref: str
    approval_id: str
    offered_at: datetime


class OfferChanged(Frozen):
    """The offer was shown, answered, or its outcome entered; what is None stays as it was."""

    effect: Literal["offer_changed"] = "offer_changed"
    offer_id: str
    shown_at: datetime | None = None
    answer: str | None = None
    outcome: str | None = None
    reason: str | None = None
    policy_reference: str | None = None
    entered: bool = False


PlacementEffect = (
    CaseQuestionsAnswered
    | MatchWeighed
    | MatchClosed
    | ViewingBooked
    | ViewingSettled
    | PaperPrinted
    | PaperSettled
    | PartBRecorded
    | ApprovalWithdrawn
    | RiskRatingChecked
    | OfferMade
    | OfferChanged
)
