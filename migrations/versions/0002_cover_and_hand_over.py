"""Who stands in for a role, and what was handed over or escalated.

Revision: 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Deputies of posts, tasks handed over at an absence, tasks that waited too long; what was said of no report."""
    op.add_column("report_run", sa.Column("expected_on", sa.Date(), nullable=True))
    op.add_column("report_run", sa.Column("said_of_missing", sa.Text(), nullable=True))
    _deputy()
    op.create_table(
        "hand_over",
        sa.Column("task_id", sa.Text(), nullable=False),
        sa.Column("absence_id", sa.Text(), nullable=False),
        sa.Column("from_subject", sa.Text(), nullable=False),
        sa.Column("to_subject", sa.Text(), nullable=False),
        sa.Column("covers_as", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["task_id"], ["task.task_id"], name=op.f("fk_hand_over_task_id_task")),
        sa.ForeignKeyConstraint(
            ["absence_id"], ["absence.absence_id"], name=op.f("fk_hand_over_absence_id_absence")
        ),
        sa.PrimaryKeyConstraint("task_id", "absence_id", name=op.f("pk_hand_over")),
    )
    op.create_index("ix_hand_over_to_subject", "hand_over", ["to_subject"], unique=False)
    op.create_table(
        "escalation",
        sa.Column("task_id", sa.Text(), nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["task_id"], ["task.task_id"], name=op.f("fk_escalation_task_id_task")),
        sa.PrimaryKeyConstraint("task_id", "stage", name=op.f("pk_escalation")),
    )


def _deputy() -> None:
    op.create_table(
        "deputy",
        sa.Column("deputy_id", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("region", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=True),
        sa.Column("replaces", sa.Text(), nullable=True),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["replaces"], ["deputy.deputy_id"], name=op.f("fk_deputy_replaces_deputy")),
        sa.PrimaryKeyConstraint("deputy_id", name=op.f("pk_deputy")),
        sa.UniqueConstraint("replaces", name=op.f("uq_deputy_replaces")),
    )
    op.create_index("ix_deputy_subject", "deputy", ["subject"], unique=False)
    op.create_index(
        "uq_deputy_first",
        "deputy",
        ["role", "region"],
        unique=True,
        postgresql_where=sa.text("replaces IS NULL"),
    )
