"""The record: extensions for searching names, and every table.

Revision: 0001
"""

from alembic import op

import models.tables  # noqa: F401 - registers every table on the metadata
from models.base import Base

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

EXTENSIONS = ("pg_trgm", "unaccent", "fuzzystrmatch")


def upgrade() -> None:
    """Create everything; the grants follow every upgrade (migrations/env.py)."""
    for extension in EXTENSIONS:
        op.execute(f"CREATE EXTENSION IF NOT EXISTS {extension}")
    Base.metadata.create_all(op.get_bind())
