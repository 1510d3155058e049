"""The migrations make exactly the tables that the code believes in."""

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection

import models.tables  # noqa: F401 - registers every table on the metadata
from models.base import Base
from tests.conftest import Databases


async def test_a_migrated_database_has_every_table_and_nothing_else(databases: Databases) -> None:
    def differences(connection: Connection) -> list[object]:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return list(compare_metadata(context, Base.metadata))

    async with databases.owner.engine.connect() as connection:
        assert await connection.run_sync(differences) == []
