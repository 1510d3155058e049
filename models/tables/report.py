"""Friday runs, the messages read in them, and every row of the report accounted for."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, Integer
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class ReportRun(Base):
    """The national run of one Friday (P1.N2). Its case id carries the tasks of the run itself."""

    __tablename__ = "report_run"

    run_id: Mapped[str] = mapped_column(primary_key=True)
    """The Friday as YYYY-MM-DD."""
    friday: Mapped[date] = mapped_column(unique=True)
    case_id: Mapped[str] = mapped_column(ForeignKey("case_record.case_id"))
    state: Mapped[str]
    """awaiting, missing, received, worked or no_report."""
    opened_at: Mapped[datetime]
    started_by: Mapped[str | None]
    started_by_name: Mapped[str | None]
    started_at: Mapped[datetime | None]
    report_available_at: Mapped[datetime | None]
    service_desk_reference: Mapped[str | None]
    expected_on: Mapped[date | None]
    """The day for which Corrections announced a late report."""
    said_of_missing: Mapped[str | None]
    """Who at Corrections said what about a report that had not come."""
    closed_at: Mapped[datetime | None]
    closing_line: Mapped[str | None]


class ReportMessage(Base):
    """A report message taken into account; its body stays in the mailbox only (P1.S1.N4)."""

    __tablename__ = "report_message"

    message_key: Mapped[str] = mapped_column(primary_key=True)
    """Digest of the Message-ID: the same message twice changes nothing."""
    run_id: Mapped[str] = mapped_column(ForeignKey("report_run.run_id"))
    received_at: Mapped[datetime]
    content_digest: Mapped[str]
    read: Mapped[int] = mapped_column(Integer)
    accepted: Mapped[int] = mapped_column(Integer)
    rejected: Mapped[int] = mapped_column(Integer)
    repeated: Mapped[int] = mapped_column(Integer)
    unknown_columns: Mapped[list[str]]
    problem: Mapped[str | None]
    staged_at: Mapped[datetime]


class ReportEntry(Base):
    """One row of the report, with what was needed of it for the case and nothing more (PRV-2)."""

    __tablename__ = "report_entry"

    entry_id: Mapped[str] = mapped_column(primary_key=True)
    run_id: Mapped[str] = mapped_column(ForeignKey("report_run.run_id"))
    message_key: Mapped[str] = mapped_column(ForeignKey("report_message.message_key"))
    row_number: Mapped[int] = mapped_column(Integer)
    state: Mapped[str]
    """accepted, rejected, repeated or set_aside."""
    group: Mapped[str | None]
    surname: Mapped[str | None]
    given_names: Mapped[str | None]
    date_of_birth: Mapped[date | None]
    birth_year: Mapped[int | None] = mapped_column(Integer)
    gender: Mapped[str | None]
    address: Mapped[str | None]
    suburb: Mapped[str | None]
    town: Mapped[str | None]
    postcode: Mapped[str | None]
    order_status: Mapped[str | None]
    corrections_reference: Mapped[str | None]
    corrections_office: Mapped[str | None]
    raw: Mapped[dict[str, Any] | None]
    errors: Mapped[list[Any]]
    """Coded errors of a rejected row; each says what to do."""
    notes: Mapped[list[str]]
    """What whoever works the row must know (RowNote)."""
    contradictory: Mapped[bool] = mapped_column(default=False)
    absent_from_correction: Mapped[bool] = mapped_column(default=False)
    """A corrected second report came without this row: flagged, never removed (AMB-P1-30)."""
    outcome: Mapped[str | None]
    """potential_match, no_match, address_only, joined; None while a person still has to decide."""
    resolved_at: Mapped[datetime | None]
    case_id: Mapped[str | None]
    region: Mapped[str]

    __table_args__ = (
        Index("ix_report_entry_run_id", "run_id", "row_number"),
        Index("ix_report_entry_case_id", "case_id"),
        Index("ix_report_entry_corrections_reference", "corrections_reference"),
    )


class SearchRecord(Base):
    """Evidence of one search (P1.S2.1): what was searched, with what term, and what was found."""

    __tablename__ = "search_record"

    search_id: Mapped[str] = mapped_column(primary_key=True)
    entry_id: Mapped[str | None] = mapped_column(ForeignKey("report_entry.entry_id"))
    case_id: Mapped[str | None]
    kind: Mapped[str]
    """name, address or date_of_birth."""
    term: Mapped[str | None]
    not_searchable: Mapped[str | None]
    """The reason, when the report gives nothing to search on (P1.S2.2)."""
    hits: Mapped[list[Any]]
    by: Mapped[str]
    at: Mapped[datetime]

    __table_args__ = (Index("ix_search_record_entry_id", "entry_id"),)
