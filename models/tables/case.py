"""Cases, their turns, tasks and commands: where each procedure stands and what people answered."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, Integer, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class CaseRecord(Base):
    """One run of one procedure; `state` is what the workflow needs to go on from here after a restart."""

    __tablename__ = "case_record"

    case_id: Mapped[str] = mapped_column(primary_key=True)
    procedure: Mapped[str]
    edition: Mapped[str]
    region: Mapped[str]
    person_ref: Mapped[str | None]
    entry_id: Mapped[str | None]
    parent_case_id: Mapped[str | None] = mapped_column(ForeignKey("case_record.case_id"))
    step: Mapped[str]
    waiting_for: Mapped[str]
    due_at: Mapped[datetime | None]
    turn: Mapped[int] = mapped_column(Integer, default=0)
    state: Mapped[dict[str, Any]]
    outcome: Mapped[str | None]
    opened_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]

    __table_args__ = (
        Index("ix_case_record_open", "procedure", "region", postgresql_where=text("closed_at IS NULL")),
        Index("ix_case_record_open_opened_at", "opened_at", postgresql_where=text("closed_at IS NULL")),
        Index("ix_case_record_open_due_at", "due_at", "case_id", postgresql_where=text("closed_at IS NULL")),
        Index(
            "ix_case_record_waiting_for", "waiting_for", "region", postgresql_where=text("closed_at IS NULL")
        ),
        Index("ix_case_record_closed_at", "closed_at", postgresql_where=text("closed_at IS NOT NULL")),
        Index("ix_case_record_opened_at", "opened_at"),
        Index("ix_case_record_region", "region", "procedure"),
        Index("ix_case_record_person_ref", "person_ref"),
        Index("ix_case_record_entry_id", "entry_id"),
        Index("ix_case_record_parent_case_id", "parent_case_id"),
        Index(
            "uq_case_record_open_identify_person",
            "person_ref",
            unique=True,
            postgresql_where=text("procedure = 'identify' AND closed_at IS NULL AND person_ref IS NOT NULL"),
        ),
    )


class TurnRecord(Base):
    """One transaction of a case: everything between two waits. The key makes a repeated activity a no-op."""

    __tablename__ = "turn"

    case_id: Mapped[str] = mapped_column(ForeignKey("case_record.case_id"), primary_key=True)
    number: Mapped[int] = mapped_column(Integer, primary_key=True)
    step: Mapped[str]
    command_id: Mapped[str | None]
    recorded_at: Mapped[datetime]


class Task(Base):
    """A thing a person must do, with an answer. It belongs to a role and a region; a person only claims it (AMB-X-2)."""

    __tablename__ = "task"

    task_id: Mapped[str] = mapped_column(primary_key=True)
    case_id: Mapped[str] = mapped_column(ForeignKey("case_record.case_id"))
    procedure: Mapped[str]
    """Of its case, which never changes: who sees the task is decided without looking the case up."""
    kind: Mapped[str]
    step: Mapped[str]
    role: Mapped[str]
    region: Mapped[str]
    state: Mapped[str]
    """open, done or cancelled."""
    urgent: Mapped[bool] = mapped_column(default=False)
    due_at: Mapped[datetime | None]
    context: Mapped[dict[str, Any]]
    opened_at: Mapped[datetime]
    claimed_by: Mapped[str | None]
    claimed_by_name: Mapped[str | None]
    claimed_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(Integer, default=1)
    """Counts claims, releases and assignments: the version an answer or a claim has seen (AMB-X-3)."""
    done_at: Mapped[datetime | None]
    done_by: Mapped[str | None]
    done_by_name: Mapped[str | None]
    command_id: Mapped[str | None]
    answer: Mapped[dict[str, Any] | None]
    closing_reason: Mapped[str | None]

    __table_args__ = (
        Index("ix_task_queue", "role", "region", "due_at", postgresql_where=text("state = 'open'")),
        Index("ix_task_open_due", "due_at", "task_id", postgresql_where=text("state = 'open'")),
        Index(
            "ix_task_open_unclaimed",
            *("due_at", "task_id"),
            postgresql_where=text("state = 'open' AND claimed_by IS NULL"),
        ),
        Index("ix_task_open_opened_at", "opened_at", postgresql_where=text("state = 'open'")),
        Index("ix_task_open_step", "step", "due_at", "task_id", postgresql_where=text("state = 'open'")),
        Index(
            "ix_task_open_counted",
            *("region", "kind", "procedure", "role", "claimed_by", "claimed_by_name"),
            *("due_at", "opened_at", "urgent"),
            postgresql_where=text("state = 'open'"),
        ),
        Index("ix_task_done_at", "done_at", postgresql_where=text("state = 'done'")),
        Index("ix_task_done_role", "region", "role", postgresql_where=text("state = 'done'")),
        Index("ix_task_case_id", "case_id"),
        Index("ix_task_claimed_by", "claimed_by", postgresql_where=text("state = 'open'")),
    )


class Command(Base):
    """One thing a person asked of a case, from the moment the API took it (NFR-1): accepted, recorded, refused or late."""

    __tablename__ = "command"

    command_id: Mapped[str] = mapped_column(primary_key=True)
    case_id: Mapped[str]
    task_id: Mapped[str | None]
    kind: Mapped[str]
    body: Mapped[dict[str, Any]]
    actor: Mapped[str]
    actor_name: Mapped[str]
    actor_role: Mapped[str]
    state: Mapped[str]
    received_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]
    rule: Mapped[str | None]
    reason: Mapped[str | None]

    __table_args__ = (
        Index("ix_command_case_id", "case_id"),
        Index(
            "ix_command_unsettled",
            "state",
            "received_at",
            postgresql_where=text("state IN ('received', 'late')"),
        ),
    )


class CaseNote(Base):
    """Detailed notes of a case (Kotahi notes)."""

    __tablename__ = "case_note"

    note_id: Mapped[str] = mapped_column(primary_key=True)
    case_id: Mapped[str] = mapped_column(ForeignKey("case_record.case_id"))
    step: Mapped[str]
    text: Mapped[str]
    by: Mapped[str]
    at: Mapped[datetime]

    __table_args__ = (Index("ix_case_note_case_id", "case_id"),)


class Notice(Base):
    """A notice inside the system to a role: the secure method of P1.X1 and P1.X2 (AMB-A-5)."""

    __tablename__ = "notice"

    notice_id: Mapped[str] = mapped_column(primary_key=True)
    case_id: Mapped[str] = mapped_column(ForeignKey("case_record.case_id"))
    role: Mapped[str]
    region: Mapped[str]
    kind: Mapped[str]
    step: Mapped[str]
    at: Mapped[datetime]
    read_by: Mapped[str | None]
    read_at: Mapped[datetime | None]

    __table_args__ = (
        Index("ix_notice_role", "role", "region", postgresql_where=text("read_at IS NULL")),
        Index("ix_notice_unread_at", "at", postgresql_where=text("read_at IS NULL")),
        Index("ix_notice_at", "at"),
    )


class Absence(Base):
    """Somebody is away; cover is found in the order regional colleague, then manager (AMB-P1-18)."""

    __tablename__ = "absence"

    absence_id: Mapped[str] = mapped_column(primary_key=True)
    subject: Mapped[str]
    first_day: Mapped[datetime]
    last_day: Mapped[datetime]
    cover: Mapped[str | None]
    recorded_by: Mapped[str]
    recorded_at: Mapped[datetime]
    __table_args__ = (UniqueConstraint("subject", "first_day"),)


class StaffMember(Base):
    """Who works here: whom a notice or an internal mail can reach. Synthetic in the embedded stack."""

    __tablename__ = "staff_member"

    subject: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    role: Mapped[str] = mapped_column(primary_key=True)
    region: Mapped[str]
    mail_address: Mapped[str]
    active: Mapped[bool] = mapped_column(default=True)


class CaseLink(Base):
    """A match to a void property and the check of the present home that runs, or ran, for the same person (P2.X4)."""

    __tablename__ = "case_link"

    case_id: Mapped[str] = mapped_column(ForeignKey("case_record.case_id"), primary_key=True)
    """The case of procedure 3."""
    linked_case_id: Mapped[str] = mapped_column(ForeignKey("case_record.case_id"), primary_key=True)
    """The case of procedure 2."""
    rule: Mapped[str]
    linked_at: Mapped[datetime]

    __table_args__ = (Index("ix_case_link_linked_case_id", "linked_case_id"),)
