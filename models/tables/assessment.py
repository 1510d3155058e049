"""CSO assessments, their versions, and what Corrections said that each rests on. Nothing is overwritten."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, Integer, Sequence, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base

ASSESSMENT_NUMBER = Sequence("assessment_number", start=100001, metadata=Base.metadata)
"""Numbers of assessments; a gap means nothing."""


class Assessment(Base):
    """A CSO assessment of one register record: its current code and status (Key Details)."""

    __tablename__ = "assessment"

    number: Mapped[str] = mapped_column(primary_key=True)
    person_ref: Mapped[str]
    code: Mapped[str]
    status: Mapped[str]
    version: Mapped[int] = mapped_column(Integer)
    duplicate_of: Mapped[str | None] = mapped_column(ForeignKey("assessment.number"))
    superseded_by: Mapped[str | None]
    confirmed_code: Mapped[str | None]
    """The last code Corrections confirmed, shown while a re-verification is pending (TR-10)."""
    confirmed_at: Mapped[datetime | None]
    opened_at: Mapped[datetime]

    __table_args__ = (
        Index(
            "uq_assessment_open_person",
            "person_ref",
            unique=True,
            postgresql_where=text("status IN ('PEN', 'CUR')"),
        ),
        Index("ix_assessment_person_ref", "person_ref"),
        Index("ix_assessment_duplicate_of", "duplicate_of"),
    )


class AssessmentVersion(Base):
    """One calculation of the outcome: the answers, the rule that allowed it, and who did it. Append-only."""

    __tablename__ = "assessment_version"

    number: Mapped[str] = mapped_column(ForeignKey("assessment.number"), primary_key=True)
    version: Mapped[int] = mapped_column(Integer, primary_key=True)
    code: Mapped[str]
    status: Mapped[str]
    rule: Mapped[str]
    step: Mapped[str]
    case_id: Mapped[str]
    question_set: Mapped[str | None]
    answers: Mapped[dict[str, Any]]
    comment: Mapped[str]
    confirmation_id: Mapped[str | None]
    by: Mapped[str]
    calculated_at: Mapped[datetime]

    __table_args__ = (Index("ix_assessment_version_case_id", "case_id"),)


class Confirmation(Base):
    """Corrections' word on a person's status, ordered by when it was said, not when it was entered (AMB-P1-22)."""

    __tablename__ = "confirmation"

    confirmation_id: Mapped[str] = mapped_column(primary_key=True)
    case_id: Mapped[str]
    person_ref: Mapped[str | None]
    said_by: Mapped[str]
    office: Mapped[str]
    channel: Mapped[str]
    status_said: Mapped[str]
    said_at: Mapped[datetime]
    note: Mapped[str]
    call_id: Mapped[str | None]
    recorded_by: Mapped[str]
    recorded_at: Mapped[datetime]

    __table_args__ = (
        Index("ix_confirmation_person_ref", "person_ref", "said_at"),
        Index("ix_confirmation_case_id", "case_id"),
    )


class PhoneCall(Base):
    """A call to Corrections: one call may answer several cases."""

    __tablename__ = "phone_call"

    call_id: Mapped[str] = mapped_column(primary_key=True)
    case_id: Mapped[str] = mapped_column(primary_key=True)
    step: Mapped[str]
    outcome: Mapped[str]
    spoke_with: Mapped[str | None]
    office: Mapped[str | None]
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime]
    answers: Mapped[dict[str, Any]]
    note: Mapped[str]
    by: Mapped[str]
    recorded_at: Mapped[datetime]

    __table_args__ = (Index("ix_phone_call_case_id", "case_id"),)
