"""What goes on after procedure 2: decisions on homes, watches over a move, duties to tell Corrections, and tidings."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Identity, Index, Integer, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class SuitabilityDecision(Base):
    """Corrections' word on the home a person lives in, with the documents that carry it (P2.X1)."""

    __tablename__ = "suitability_decision"

    decision_id: Mapped[str] = mapped_column(primary_key=True)
    case_id: Mapped[str] = mapped_column(ForeignKey("case_record.case_id"))
    person_ref: Mapped[str]
    property_ref: Mapped[str | None]
    suitability: Mapped[str]
    comment: Mapped[str]
    said_by: Mapped[str]
    documents: Mapped[list[str]]
    recorded_at: Mapped[datetime]

    __table_args__ = (
        Index("ix_suitability_decision_person_ref", "person_ref"),
        Index("ix_suitability_decision_case_id", "case_id"),
    )


class MoveWatch(Base):
    """A home that is not suitable, reviewed every 20 working days until the person has moved (AMB-P2-5)."""

    __tablename__ = "move_watch"

    watch_id: Mapped[str] = mapped_column(primary_key=True)
    """The case of procedure 2 that began it."""
    person_ref: Mapped[str]
    property_ref: Mapped[str | None]
    region: Mapped[str]
    state: Mapped[dict[str, Any]]
    """From which a review begins."""
    next_review_at: Mapped[datetime]
    reviews: Mapped[int] = mapped_column(Integer, default=0)
    review_case_id: Mapped[str | None]
    """The review that is open now, if one is."""
    began_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    ended_because: Mapped[str | None]

    __table_args__ = (
        Index(
            "uq_move_watch_open_person",
            "person_ref",
            unique=True,
            postgresql_where=text("ended_at IS NULL"),
        ),
        Index("ix_move_watch_person_ref", "person_ref"),
    )


class DisclosureDuty(Base):
    """Corrections must be told of changes about this person, as long as it lasts (P2.F, P4.F, AMB-P2-14)."""

    __tablename__ = "disclosure_duty"

    duty_id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    person_ref: Mapped[str]
    property_ref: Mapped[str | None]
    began_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    ended_because: Mapped[str | None]

    __table_args__ = (
        Index(
            "uq_disclosure_duty_open_person",
            "person_ref",
            unique=True,
            postgresql_where=text("ended_at IS NULL"),
        ),
    )


class DutyEvent(Base):
    """What somebody became aware of, or an import of the register showed; whether it concerned anybody. Append-only."""

    __tablename__ = "duty_event"

    event_id: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    source: Mapped[str]
    """staff or register."""
    property_ref: Mapped[str | None]
    person_ref: Mapped[str | None]
    facts: Mapped[str]
    aware_on: Mapped[date]
    reported_by: Mapped[str]
    reported_at: Mapped[datetime]
    case_ids: Mapped[list[str]]
    """The runs it started; empty when it concerned nobody."""

    __table_args__ = (Index("ix_duty_event_property_ref", "property_ref"),)


class HomeSnapshot(Base):
    """What the register showed of the home of a person with a code, when it was last compared."""

    __tablename__ = "home_snapshot"

    person_ref: Mapped[str] = mapped_column(primary_key=True)
    seen: Mapped[dict[str, Any]]
    taken_at: Mapped[datetime]


class Tiding(Base):
    """Something that another open case of the same person must hear; told until it is taken or that case has ended."""

    __tablename__ = "tiding"

    tiding_id: Mapped[str] = mapped_column(primary_key=True)
    from_case_id: Mapped[str]
    case_id: Mapped[str] = mapped_column(ForeignKey("case_record.case_id"))
    what: Mapped[dict[str, Any]]
    written_at: Mapped[datetime]
    told_at: Mapped[datetime | None]
    outcome: Mapped[str | None]
    """taken, or ended: the case had ended before."""

    __table_args__ = (Index("ix_tiding_waiting", "case_id", postgresql_where=text("told_at IS NULL")),)
