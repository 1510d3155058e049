"""The audit trail: who did or read what, when, and what was refused. Append-only."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Identity, Index
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class AuditEvent(Base):
    """One event; `business_key` makes a repeated write a no-op."""

    __tablename__ = "audit_event"

    event_id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    business_key: Mapped[str | None] = mapped_column(unique=True)
    at: Mapped[datetime]
    actor: Mapped[str]
    actor_name: Mapped[str]
    actor_role: Mapped[str]
    action: Mapped[str]
    case_id: Mapped[str | None]
    step: Mapped[str | None]
    subject: Mapped[str | None]
    """The opaque id of what was acted on or read."""
    refused: Mapped[bool] = mapped_column(default=False)
    rule: Mapped[str | None]
    detail: Mapped[dict[str, Any]]

    __table_args__ = (
        Index("ix_audit_event_case_id", "case_id", "at"),
        Index("ix_audit_event_actor", "actor", "at"),
    )
