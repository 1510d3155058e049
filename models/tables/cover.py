"""Who stands in for a post, what was handed over because somebody is away, and what was escalated (AMB-X-2)."""

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class Deputy(Base):
    """Who stands in for a role in a region; a later entry names the one it replaces, nothing is changed."""

    __tablename__ = "deputy"

    deputy_id: Mapped[str] = mapped_column(primary_key=True)
    role: Mapped[str]
    region: Mapped[str]
    subject: Mapped[str]
    first_day: Mapped[date]
    last_day: Mapped[date | None]
    """The last day included; None while no end is known."""
    replaces: Mapped[str | None] = mapped_column(ForeignKey("deputy.deputy_id"))
    recorded_by: Mapped[str]
    recorded_at: Mapped[datetime]

    __table_args__ = (
        UniqueConstraint("replaces"),
        Index("uq_deputy_first", "role", "region", unique=True, postgresql_where=text("replaces IS NULL")),
        Index("ix_deputy_subject", "subject"),
    )


class HandOver(Base):
    """A claimed task that went to somebody else because its holder is away."""

    __tablename__ = "hand_over"

    task_id: Mapped[str] = mapped_column(ForeignKey("task.task_id"), primary_key=True)
    absence_id: Mapped[str] = mapped_column(ForeignKey("absence.absence_id"), primary_key=True)
    from_subject: Mapped[str]
    to_subject: Mapped[str]
    covers_as: Mapped[str]
    """Why this person: named, deputy, colleague, manager or manager_deputy."""
    at: Mapped[datetime]

    __table_args__ = (Index("ix_hand_over_to_subject", "to_subject"),)


class Escalation(Base):
    """A task that waits and that others are shown because of it, once per stage."""

    __tablename__ = "escalation"

    task_id: Mapped[str] = mapped_column(ForeignKey("task.task_id"), primary_key=True)
    stage: Mapped[str] = mapped_column(primary_key=True)
    """no_cover, unstarted or unanswered."""
    at: Mapped[datetime]
