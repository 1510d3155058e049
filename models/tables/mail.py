"""Person files, documents, the outbox and what came back, clocks, and whom at Corrections to write to."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, Integer, LargeBinary, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class PersonFile(Base):
    """The green file of one person (Appendix B). Its prescribed title is stored encrypted; ids are opaque."""

    __tablename__ = "person_file"

    file_id: Mapped[str] = mapped_column(primary_key=True)
    title: Mapped[bytes] = mapped_column(LargeBinary)
    characteristics: Mapped[dict[str, Any]]
    entry_id: Mapped[str | None]
    created_at: Mapped[datetime]
    created_by: Mapped[str]
    invalid_match: Mapped[bool] = mapped_column(default=False)


class PersonFileName(Base):
    """A person reference that resolves to a file: the primary's and each duplicate's (AMB-A-2)."""

    __tablename__ = "person_file_reference"

    person_ref: Mapped[str] = mapped_column(primary_key=True)
    file_id: Mapped[str] = mapped_column(ForeignKey("person_file.file_id"))

    __table_args__ = (Index("ix_person_file_reference_file_id", "file_id"),)


class Document(Base):
    """A document filed in a person file; content lives encrypted in the document store."""

    __tablename__ = "document"

    document_id: Mapped[str] = mapped_column(primary_key=True)
    case_id: Mapped[str]
    file_id: Mapped[str | None] = mapped_column(ForeignKey("person_file.file_id"))
    form: Mapped[str]
    direction: Mapped[str]
    """in, out or internal."""
    media_type: Mapped[str]
    storage_reference: Mapped[str]
    digest: Mapped[str]
    pages: Mapped[int | None] = mapped_column(Integer)
    complete: Mapped[bool | None]
    missing: Mapped[list[str]]
    message_id: Mapped[str | None]
    """The outbox row or the received mail that it travelled with."""
    stored_at: Mapped[datetime]
    stored_by: Mapped[str]

    __table_args__ = (Index("ix_document_case_id", "case_id"), Index("ix_document_file_id", "file_id"))


class CorrectionsContact(Base):
    """A contact or service manager of a Corrections office, with the days it is valid and who verified it."""

    __tablename__ = "corrections_contact"

    contact_id: Mapped[str] = mapped_column(primary_key=True)
    office: Mapped[str]
    kind: Mapped[str]
    name: Mapped[str]
    phone: Mapped[str | None]
    secure_address: Mapped[str | None]
    regions: Mapped[list[str]]
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]
    verified_by: Mapped[str | None]
    verified_on: Mapped[date | None]
    version: Mapped[int] = mapped_column(Integer, default=1)
    calendar: Mapped[str] = mapped_column(default="nz-national", server_default="nz-national")
    """The calendar that this office's five working days are counted by (CAL-NZ-7)."""


class CorrectionsContactVersion(Base):
    """A contact as it was before a change: what a letter of that time was sent by. Append-only."""

    __tablename__ = "corrections_contact_version"

    contact_id: Mapped[str] = mapped_column(ForeignKey("corrections_contact.contact_id"), primary_key=True)
    version: Mapped[int] = mapped_column(Integer, primary_key=True)
    details: Mapped[dict[str, Any]]
    replaced_by: Mapped[str]
    replaced_at: Mapped[datetime]


class SecureMessage(Base):
    """The outbox: one row per business identity (case, obligation, cycle, template), written with the decision."""

    __tablename__ = "secure_message"

    mail_id: Mapped[str] = mapped_column(primary_key=True)
    business_key: Mapped[str] = mapped_column(unique=True)
    case_id: Mapped[str]
    kind: Mapped[str]
    """A form or letter number, or a kind of notice."""
    reference: Mapped[str] = mapped_column(unique=True)
    """Opaque; in the subject, and what a reply is matched by."""
    message_id: Mapped[str] = mapped_column(unique=True)
    contact_id: Mapped[str | None]
    contact_version: Mapped[int | None] = mapped_column(Integer)
    recipient_confirmed_by: Mapped[str | None]
    recipient_confirmed_at: Mapped[datetime | None]
    recipients: Mapped[list[str]]
    copies: Mapped[list[str]]
    fields: Mapped[dict[str, Any]]
    state: Mapped[str]
    """waiting, sending, accepted, refused, failed, cancelled, bounced, wrong_recipient."""
    attempt: Mapped[int] = mapped_column(Integer, default=0)
    queue_id: Mapped[str | None]
    accepted_at: Mapped[datetime | None]
    problem: Mapped[str | None]
    created_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]

    __table_args__ = (
        Index("ix_secure_message_case_id", "case_id"),
        Index("ix_secure_message_state", "state"),
        Index("ix_secure_message_created_at", "created_at"),
    )


class ReceivedMail(Base):
    """A message from the return mailbox, or an upload, taken once; matched by our reference or left to a person."""

    __tablename__ = "received_mail"

    received_id: Mapped[str] = mapped_column(primary_key=True)
    message_key: Mapped[str] = mapped_column(unique=True)
    uid: Mapped[int] = mapped_column(Integer)
    """Of the return mailbox; 0 for an upload."""
    received_at: Mapped[datetime]
    kind: Mapped[str]
    """form, reply, unfit, auto_reply, bounce, stranger, unmatched or ambiguous."""
    mail_id: Mapped[str | None]
    case_id: Mapped[str | None]
    """The case it belongs to; None while a person has to find it."""
    suggested_case_id: Mapped[str | None]
    held_case_ids: Mapped[list[str]] = mapped_column(default=list)
    """Cases that were told of something unread and send no letter until it is sorted (AMB-P1-29)."""
    document_ids: Mapped[list[str]]
    problem: Mapped[str | None]
    taken_at: Mapped[datetime]
    told_at: Mapped[datetime | None]
    """When its case, or the queue of those who sort mail, had it; None is repaired by the next reading."""
    reviewed_at: Mapped[datetime | None]
    reviewed_by: Mapped[str | None]

    __table_args__ = (Index("ix_received_mail_case_id", "case_id"),)


class Clock(Base):
    """A deadline as data: day 0, the counted days, calendar and version. Never recomputed silently (NFR-4)."""

    __tablename__ = "clock"

    clock_id: Mapped[str] = mapped_column(primary_key=True)
    case_id: Mapped[str]
    mail_id: Mapped[str | None]
    kind: Mapped[str]
    calendar: Mapped[str]
    calendar_version: Mapped[str]
    started_at: Mapped[datetime]
    due_at: Mapped[datetime]
    acts_at: Mapped[datetime]
    """When the overdue action becomes possible: 09:00 local on working day 6."""
    detail: Mapped[dict[str, Any]]
    stopped_at: Mapped[datetime | None]
    stop_reason: Mapped[str | None]
    supersedes: Mapped[str | None]
    reason: Mapped[str | None]
    set_by: Mapped[str | None]

    __table_args__ = (
        Index("ix_clock_case_id", "case_id"),
        Index("ix_clock_running", "case_id", "due_at", postgresql_where=text("stopped_at IS NULL")),
        Index("ix_clock_running_due_at", "due_at", "clock_id", postgresql_where=text("stopped_at IS NULL")),
    )


class CalendarDay(Base):
    """A day added to the calendars: a one-off holiday or an office closure (CAL-NZ-11)."""

    __tablename__ = "calendar_day"

    day: Mapped[date] = mapped_column(primary_key=True)
    calendar: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    added_by: Mapped[str]
    added_at: Mapped[datetime]
