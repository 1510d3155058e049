"""Void properties, matches to them, viewings, approvals, offers and customer risk ratings (procedures 3 and 4)."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, Integer, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class VoidProperty(Base):
    """A property that is, or was, void; imported, flagged and never deleted. `notes` are about the locality."""

    __tablename__ = "register_void_property"

    property_ref: Mapped[str] = mapped_column(primary_key=True)
    address: Mapped[str]
    area_office: Mapped[str]
    region: Mapped[str]
    state: Mapped[str]
    """void, let or withdrawn."""
    notes: Mapped[str]
    as_of: Mapped[datetime]


class PropertyHold(Base):
    """The one live pre-approval of a property: the case that has it; others wait their turn (AMB-P3-12)."""

    __tablename__ = "property_hold"

    hold_id: Mapped[str] = mapped_column(primary_key=True)
    property_ref: Mapped[str]
    case_id: Mapped[str]
    """The case of procedure 3; the offer that follows keeps the hold."""
    held_at: Mapped[datetime]
    released_at: Mapped[datetime | None]
    reason: Mapped[str | None]

    __table_args__ = (
        Index(
            "uq_property_hold_live", "property_ref", unique=True, postgresql_where=text("released_at IS NULL")
        ),
        Index("ix_property_hold_case_id", "case_id"),
    )


class VoidMatch(Base):
    """One match by the Coordinator Placement; the same person, property and date entered again is the same match."""

    __tablename__ = "void_match"

    match_id: Mapped[str] = mapped_column(primary_key=True)
    case_id: Mapped[str]
    person_ref: Mapped[str]
    """The household member under an order, not always the applicant (P3.W1)."""
    applicant_ref: Mapped[str]
    property_ref: Mapped[str]
    match_date: Mapped[date]
    t365: Mapped[dict[str, Any]]
    """The T-365 context report: its reference, details, and the document if there is one."""
    entered_by: Mapped[str]
    entered_at: Mapped[datetime]
    branch: Mapped[str | None]
    """Of step 2: a, b or c."""
    ko_view: Mapped[str | None]
    reasons: Mapped[str | None]
    outcome: Mapped[str]
    """open, offered, withdrawn, declined, accepted or ceased."""
    closed_at: Mapped[datetime | None]

    __table_args__ = (
        UniqueConstraint("person_ref", "property_ref", "match_date"),
        Index("ix_void_match_case_id", "case_id"),
        Index("ix_void_match_property_ref", "property_ref"),
        Index("ix_void_match_match_date", "match_date", "match_id"),
    )


class Viewing(Base):
    """An appointment with Corrections at the property, and whether it took place."""

    __tablename__ = "viewing"

    viewing_id: Mapped[str] = mapped_column(primary_key=True)
    """Also what the calendar entry is known by."""
    case_id: Mapped[str]
    property_ref: Mapped[str]
    call_id: Mapped[str]
    """The call in which Corrections agreed; the 48 hours count from its end."""
    call_ended_at: Mapped[datetime]
    starts_at: Mapped[datetime]
    minutes: Mapped[int] = mapped_column(Integer)
    with_corrections: Mapped[str]
    state: Mapped[str]
    """booked, held, missed or cancelled."""
    held_at: Mapped[datetime | None]
    attended: Mapped[list[str]]
    reason: Mapped[str | None]
    by: Mapped[str]
    booked_at: Mapped[datetime]

    __table_args__ = (Index("ix_viewing_case_id", "case_id"),)


class InitialViewing(Base):
    """The initial viewing on the person's application record (Kotahi; P3.S4.a4). A new appointment is a new row."""

    __tablename__ = "application_viewing"

    viewing_id: Mapped[str] = mapped_column(primary_key=True)
    applicant_ref: Mapped[str]
    property_ref: Mapped[str]
    viewing_at: Mapped[datetime]
    recorded_by: Mapped[str]
    recorded_at: Mapped[datetime]

    __table_args__ = (Index("ix_application_viewing_applicant_ref", "applicant_ref"),)


class PaperForm(Base):
    """A printed T-438: registered when printed, followed until it is stored or destroyed (AMB-P3-14)."""

    __tablename__ = "paper_form"

    paper_id: Mapped[str] = mapped_column(primary_key=True)
    case_id: Mapped[str]
    form: Mapped[str]
    copies: Mapped[int] = mapped_column(Integer)
    printed_by: Mapped[str]
    printed_at: Mapped[datetime]
    settled_by: Mapped[str | None]
    settled_at: Mapped[datetime | None]
    method: Mapped[str | None]
    """stored, shredded or destruction_bin."""

    __table_args__ = (Index("ix_paper_form_case_id", "case_id"),)


class PreApproval(Base):
    """Part B of a T-438 as Corrections completed it, recorded against the signed scan. Corrections may withdraw it."""

    __tablename__ = "pre_approval"

    approval_id: Mapped[str] = mapped_column(primary_key=True)
    case_id: Mapped[str]
    person_ref: Mapped[str]
    property_ref: Mapped[str]
    suitability: Mapped[str]
    reasons: Mapped[str | None]
    signed: Mapped[bool]
    signed_by: Mapped[str | None]
    signed_on: Mapped[date | None]
    returned_on: Mapped[date | None]
    document_id: Mapped[str | None]
    recorded_by: Mapped[str]
    recorded_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]
    withdrawn_reason: Mapped[str | None]

    __table_args__ = (Index("ix_pre_approval_case_id", "case_id"),)


class Offer(Base):
    """An offer of the property: made, shown, answered, and what the Coordinator Placement entered."""

    __tablename__ = "offer"

    offer_id: Mapped[str] = mapped_column(primary_key=True)
    case_id: Mapped[str] = mapped_column(unique=True)
    person_ref: Mapped[str]
    property_ref: Mapped[str]
    approval_id: Mapped[str] = mapped_column(ForeignKey("pre_approval.approval_id"))
    offered_at: Mapped[datetime]
    shown_at: Mapped[datetime | None]
    answer: Mapped[str | None]
    outcome: Mapped[str | None]
    """accepted, withdrawn or declined."""
    reason: Mapped[str | None]
    policy_reference: Mapped[str | None]
    entered_by: Mapped[str | None]
    entered_at: Mapped[datetime | None]


class RiskRating(Base):
    """A check of the customer risk rating (CRR), apart from the CSO code. Stores rating and reference, not the text."""

    __tablename__ = "risk_rating"

    rating_id: Mapped[str] = mapped_column(primary_key=True)
    person_ref: Mapped[str]
    case_id: Mapped[str]
    rating: Mapped[str | None]
    action: Mapped[str]
    """none, update or new."""
    basis: Mapped[str | None]
    """A reference to what Corrections supplied, never its text (AMB-P4-8)."""
    done: Mapped[str | None]
    safe_work_plan: Mapped[bool]
    safe_work_plan_document: Mapped[str | None]
    checked_by: Mapped[str]
    checked_at: Mapped[datetime]

    __table_args__ = (Index("ix_risk_rating_person_ref", "person_ref", "checked_at"),)
