"""Indexes for queues, cases and persons at the size of a country, and the procedure of a task's case beside the task.

Revision: 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_OPEN = "closed_at IS NULL"
_COUNTED = [
    *("region", "kind", "procedure", "role", "claimed_by", "claimed_by_name"),
    *("due_at", "opened_at", "urgent"),
]
"""All that the counts of queues ask of an open task, so that they are counted without the tasks themselves."""
_INDEXES: tuple[tuple[str, str, list[str], str | None], ...] = (
    ("ix_assessment_duplicate_of", "assessment", ["duplicate_of"], None),
    ("ix_assessment_version_case_id", "assessment_version", ["case_id"], None),
    ("ix_case_record_closed_at", "case_record", ["closed_at"], "closed_at IS NOT NULL"),
    ("ix_case_record_open_due_at", "case_record", ["due_at", "case_id"], _OPEN),
    ("ix_case_record_open_opened_at", "case_record", ["opened_at"], _OPEN),
    ("ix_case_record_opened_at", "case_record", ["opened_at"], None),
    ("ix_case_record_parent_case_id", "case_record", ["parent_case_id"], None),
    ("ix_case_record_region", "case_record", ["region", "procedure"], None),
    ("ix_case_record_waiting_for", "case_record", ["waiting_for", "region"], _OPEN),
    ("ix_clock_running", "clock", ["case_id", "due_at"], "stopped_at IS NULL"),
    ("ix_clock_running_due_at", "clock", ["due_at", "clock_id"], "stopped_at IS NULL"),
    ("ix_command_unsettled", "command", ["state", "received_at"], "state IN ('received', 'late')"),
    ("ix_confirmation_case_id", "confirmation", ["case_id"], None),
    ("ix_move_watch_person_ref", "move_watch", ["person_ref"], None),
    ("ix_notice_at", "notice", ["at"], None),
    ("ix_notice_unread_at", "notice", ["at"], "read_at IS NULL"),
    ("ix_person_file_reference_file_id", "person_file_reference", ["file_id"], None),
    ("ix_secure_message_created_at", "secure_message", ["created_at"], None),
    ("ix_task_done_at", "task", ["done_at"], "state = 'done'"),
    ("ix_task_done_role", "task", ["region", "role"], "state = 'done'"),
    ("ix_task_open_counted", "task", _COUNTED, "state = 'open'"),
    ("ix_task_open_opened_at", "task", ["opened_at"], "state = 'open'"),
    ("ix_task_open_step", "task", ["step", "due_at", "task_id"], "state = 'open'"),
    ("ix_task_open_unclaimed", "task", ["due_at", "task_id"], "state = 'open' AND claimed_by IS NULL"),
    ("ix_void_match_match_date", "void_match", ["match_date", "match_id"], None),
)
"""Name, table, columns, and of which rows."""


def upgrade() -> None:
    """The column is filled from the cases before anything may be left without it."""
    op.add_column("task", sa.Column("procedure", sa.Text(), nullable=True))
    op.execute("UPDATE task SET procedure = c.procedure FROM case_record c WHERE c.case_id = task.case_id")
    op.alter_column("task", "procedure", nullable=False)
    for name, table, columns, rows in _INDEXES:
        op.create_index(name, table, columns, postgresql_where=sa.text(rows) if rows else None)
