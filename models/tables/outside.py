"""What people enter in systems that are worked by hand, and urgent calls with the Service Desk."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, Integer
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class OutsideEntry(Base):
    """One entry that a person has to make outside: expected with the turn that brings it about, then entered."""

    __tablename__ = "outside_entry"

    entry_id: Mapped[str] = mapped_column(primary_key=True)
    case_id: Mapped[str]
    position: Mapped[int] = mapped_column(Integer)
    """Entries of one case and system are made in this order."""
    system: Mapped[str]
    subject: Mapped[str]
    """Number of the assessment, id of the person file, or id of the viewing."""
    version: Mapped[int | None] = mapped_column(Integer)
    """Of the assessment, as calculated in that turn."""
    expected_at: Mapped[datetime]
    outside_number: Mapped[str | None]
    """The number that the other system gave."""
    seen: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """Codes and instants seen there; never a name."""
    entered_at: Mapped[datetime | None]
    entered_by: Mapped[str | None]

    __table_args__ = (
        Index("ix_outside_entry_case_id", "case_id", "system", "position"),
        Index("ix_outside_entry_subject", "system", "subject"),
    )


class ServiceDeskCall(Base):
    """An urgent call with the Service Desk, once per logical id (P1.S1.N6)."""

    __tablename__ = "service_desk_call"

    call_id: Mapped[str] = mapped_column(primary_key=True)
    case_id: Mapped[str]
    about: Mapped[str]
    priority: Mapped[str]
    reference: Mapped[str]
    by_hand: Mapped[bool]
    """A person logged it and gave the reference."""
    logged_at: Mapped[datetime]
    logged_by: Mapped[str]
