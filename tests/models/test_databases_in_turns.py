"""The database that tests have one after the other: each finds it empty, and a changed schema is not handed on."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
from sqlalchemy import func, insert, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from models.tables.audit import AuditEvent
from tests.databases import DatabaseInTurns, Databases
from workers.embedded.postgres import EmbeddedPostgres


@pytest.fixture
async def in_turns(cluster: EmbeddedPostgres, migrated_template: str) -> AsyncIterator[DatabaseInTurns]:
    """A database in turns of this test's own."""
    held = DatabaseInTurns(cluster, migrated_template)
    yield held
    await held.throw_away()


async def _write(databases: Databases) -> int:
    event = {
        "at": datetime(2026, 11, 27, tzinfo=UTC),
        "actor": "u-1",
        "actor_name": "Aroha Example",
        "actor_role": "advisor-wellbeing-support",
        "action": "read",
        "refused": False,
        "detail": {},
    }
    async with databases.worker.transaction() as session:
        number: int | None = await session.scalar(
            insert(AuditEvent).values(**event).returning(AuditEvent.event_id)
        )
    assert number is not None
    return number


async def _count(databases: Databases) -> int | None:
    async with databases.auditor.transaction() as session:
        return await session.scalar(select(func.count()).select_from(AuditEvent))


async def test_the_next_test_finds_no_row_and_the_first_number(in_turns: DatabaseInTurns) -> None:
    first = await in_turns.take()
    assert [await _write(first), await _write(first)] == [1, 2]
    await in_turns.give_back()
    second = await in_turns.take()
    assert second is first
    assert await _count(second) == 0
    assert await _write(second) == 1


@pytest.mark.parametrize(
    "change",
    [
        "ALTER TABLE audit_event ADD COLUMN more text",
        "GRANT DELETE ON audit_event TO placement_api",
        "CREATE TABLE left_over AS SELECT 1 AS one",
        "DROP INDEX ix_audit_event_actor",
        "UPDATE alembic_version SET version_num = 'other'",
    ],
)
async def test_a_changed_schema_is_not_handed_on(in_turns: DatabaseInTurns, change: str) -> None:
    first = await in_turns.take()
    async with first.owner.transaction() as session:
        await session.execute(text(change))
    await in_turns.give_back()
    second = await in_turns.take()
    assert second.name != first.name
    assert await _count(second) == 0


async def test_a_database_somebody_still_works_in_is_not_handed_on(in_turns: DatabaseInTurns) -> None:
    first = await in_turns.take()
    still_open = AsyncSession(first.worker.engine)
    await still_open.execute(text("SELECT 1"))
    await in_turns.give_back()
    assert (await in_turns.take()).name != first.name
    await still_open.invalidate()
