"""Alembic's entry: runs the migrations on the connection it is handed, then settles who may do what."""

from alembic import context
from sqlalchemy import Connection, inspect, text

import models.tables  # noqa: F401 - registers every table on the metadata
from models.base import Base
from models.grants import ROLES, statements


def _ensure_roles(connection: Connection) -> None:
    """Make the roles that are missing, without sign-in: where they should sign in, somebody gave them a password."""
    for role in ROLES:
        if not connection.scalar(text("SELECT 1 FROM pg_roles WHERE rolname = :role"), {"role": role}):
            connection.execute(text(f"CREATE ROLE {role} NOLOGIN"))


def _grant(connection: Connection) -> None:
    inspector = inspect(connection)
    tables = {
        table: {column["name"] for column in inspector.get_columns(table)}
        for table in inspector.get_table_names()
    }
    database = connection.scalar(text("SELECT current_database()"))
    for statement in statements(str(database), tables):
        connection.execute(text(statement))


def _run(connection: Connection) -> None:
    context.configure(connection=connection, target_metadata=Base.metadata, compare_type=True)
    with context.begin_transaction():
        _ensure_roles(connection)
        context.run_migrations()
        _grant(connection)


_run(context.config.attributes["connection"])
