"""Which cases belong together: a match to a void property and the check of the person's present home (P2.X4).

What Corrections is told of a mistake in something already sent needs no table of its own: it is a case, and mail.

Revision: 0004
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Links between cases, readable from both ends."""
    op.create_table(
        "case_link",
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("linked_case_id", sa.Text(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("linked_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["case_id"], ["case_record.case_id"], name=op.f("fk_case_link_case_id_case_record")
        ),
        sa.ForeignKeyConstraint(
            ["linked_case_id"], ["case_record.case_id"], name=op.f("fk_case_link_linked_case_id_case_record")
        ),
        sa.PrimaryKeyConstraint("case_id", "linked_case_id", name=op.f("pk_case_link")),
    )
    op.create_index("ix_case_link_linked_case_id", "case_link", ["linked_case_id"], unique=False)
