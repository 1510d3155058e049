"""What the web pages keep for themselves: sessions and drafts. Nothing here is part of the record."""

from datetime import datetime

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class WebSession(Base):
    """One sign-in of one browser. The cookie's own value is kept nowhere, only its digest."""

    __tablename__ = "web_session"

    session_id: Mapped[str] = mapped_column(primary_key=True)
    """SHA-256 of the cookie, as hexadecimal digits."""
    subject: Mapped[str]
    name: Mapped[str]
    roles: Mapped[list[str]]
    regions: Mapped[list[str]]
    began_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    """When the person last did something; refreshing a list by itself is nothing."""
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    last_here_at: Mapped[datetime | None]
    """When the person's session before this one was last seen: what came after is new to them."""

    __table_args__ = (Index("ix_web_session_subject", "subject", "seen_at"),)


class Draft(Base):
    """What one person has typed for one task and not yet sent; emptied once the answer is recorded."""

    __tablename__ = "draft"

    subject: Mapped[str] = mapped_column(primary_key=True)
    task_id: Mapped[str] = mapped_column(primary_key=True)
    body: Mapped[bytes | None]
    """Sealed for this row (adapters/keys.py): only the page of its author opens it."""
    saved_at: Mapped[datetime]
