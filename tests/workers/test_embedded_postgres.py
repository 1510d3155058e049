"""The embedded cluster: it keeps its data, lets nobody in without a password, and gives each role its own rights."""

import stat
from collections.abc import Collection
from pathlib import Path
from typing import Protocol

import asyncpg
import pytest
from sqlalchemy import make_url, text
from sqlalchemy.exc import IntegrityError, ProgrammingError

import models.tables
from models.base import Base
from models.database import Database
from models.grants import API_INSERTS, API_UPDATES, APPEND_ONLY, REGISTER_PREFIX
from workers.embedded.postgres import ROLES, EmbeddedPostgres
from workers.processes import StackError

RECORD = sorted(table for table in Base.metadata.tables if not table.startswith(REGISTER_PREFIX))
REFUSED = "permission denied"
NOTE = "INSERT INTO audit_event (at, actor, actor_name, actor_role, action, refused, detail) "
NOTE += "VALUES (timestamptz '2026-03-06 09:00Z', 'u-1', 'Invented', 'auditor', :action, false, '{}')"


class Databases(Protocol):
    """The part of tests/conftest.py's fixture used here."""

    owner: Database
    api: Database
    worker: Database
    loader: Database
    auditor: Database


async def _refused(database: Database, statement: str) -> bool:
    """Whether the database refuses the role this statement."""
    try:
        async with database.transaction() as session:
            await session.execute(text(statement))
    except ProgrammingError as error:
        return REFUSED in str(error.orig)
    return False


async def _tables(owner: Database, role: str, privilege: str) -> set[str]:
    """The tables on which the database grants the role a privilege."""
    granted = text(
        "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version'"
        " AND has_table_privilege(:role, format('%I.%I', schemaname, tablename), :privilege)"
    )
    async with owner.transaction() as session:
        found = await session.scalars(granted, {"role": f"placement_{role}", "privilege": privilege})
        return set(found)


async def _columns(
    owner: Database, role: str, privilege: str, tables: Collection[str] = tuple(Base.metadata.tables)
) -> set[str]:
    """The columns, as table.column, on which the database grants the role a privilege."""
    granted = text(
        "SELECT table_name || '.' || column_name FROM information_schema.columns"
        " WHERE table_schema = 'public' AND table_name = ANY(:tables)"
        " AND has_column_privilege(:role, format('%I.%I', table_schema, table_name), column_name::text, :privilege)"
    )
    values = {"role": f"placement_{role}", "privilege": privilege, "tables": list(tables)}
    async with owner.transaction() as session:
        return set(await session.scalars(granted, values))


def test_every_table_of_the_record_is_known() -> None:
    assert models.tables.__all__
    assert {"audit_event", "case_record", "task"} <= set(RECORD)


async def test_a_second_start_keeps_the_data(own_cluster: EmbeddedPostgres) -> None:
    own_cluster.create_database("kept")
    before = Database(own_cluster.url("owner", "kept"))
    async with before.transaction() as session:
        await session.execute(text("CREATE TABLE written AS SELECT 'Ngāio' AS word"))
    await before.close()

    own_cluster.stop()
    assert not own_cluster.is_running()
    own_cluster.start()
    own_cluster.start()

    after = Database(own_cluster.url("owner", "kept"))
    async with after.transaction() as session:
        assert await session.scalar(text("SELECT word FROM written")) == "Ngāio"
    await after.close()


async def test_a_lost_password_file_is_not_replaced_by_a_new_one(own_cluster: EmbeddedPostgres) -> None:
    (own_cluster.keys / "postgres.json").unlink()
    stranger = EmbeddedPostgres(own_cluster.data, own_cluster.port, own_cluster.keys)
    with pytest.raises(StackError, match="restore both together"):
        stranger.start()


@pytest.mark.parametrize("role", [*(f"placement_{role}" for role in ROLES), "placement_admin"])
async def test_a_wrong_password_is_refused(cluster: EmbeddedPostgres, role: str) -> None:
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(
            host="127.0.0.1", port=cluster.port, user=role, password="guess", database="postgres"
        )


async def test_every_way_in_asks_for_a_scram_password(cluster: EmbeddedPostgres) -> None:
    rules = (cluster.data / "pg_hba.conf").read_text(encoding="utf-8").splitlines()
    methods = {rule.split()[-1] for rule in rules if rule and not rule.startswith("#")}
    assert methods == {"scram-sha-256"}


async def test_the_password_file_is_ours_alone_and_apart_from_the_data(cluster: EmbeddedPostgres) -> None:
    path = cluster.keys / "postgres.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(cluster.keys.stat().st_mode) == 0o700
    assert stat.S_IMODE(cluster.data.stat().st_mode) == 0o700
    assert not path.is_relative_to(cluster.data)
    passwords = {make_url(cluster.url(role, "any")).password for role in ROLES}
    assert len(passwords) == len(ROLES)


async def test_it_listens_on_loopback_only(databases: Databases) -> None:
    async with databases.owner.transaction() as session:
        assert await session.scalar(text("SHOW listen_addresses")) == "127.0.0.1"


async def test_macrons_are_letters_to_case_and_trigrams(databases: Databases) -> None:
    async with databases.api.transaction() as session:
        assert await session.scalar(text("SELECT lower('MĀRAMA')")) == "mārama"
        assert await session.scalar(text("SELECT similarity('Mārama', 'Mārama')")) == 1
        assert await session.scalar(text("SELECT show_trgm('ā') <> show_trgm('')"))


async def test_the_servers_log_repeats_no_values(own_cluster: EmbeddedPostgres) -> None:
    own_cluster.create_database("logged")
    database = Database(own_cluster.url("owner", "logged"))
    async with database.transaction() as session:
        await session.execute(text("CREATE TABLE single (word text PRIMARY KEY)"))
        await session.execute(text("INSERT INTO single VALUES ('Invented-Surname')"))
    with pytest.raises(IntegrityError):
        async with database.transaction() as session:
            await session.execute(text("INSERT INTO single VALUES ('Invented-Surname')"))
    await database.close()
    log = (own_cluster.data.parent / "postgres.log").read_text(encoding="utf-8")
    assert "duplicate key" in log
    assert "Invented-Surname" not in log


@pytest.mark.req("AMB-X-10")
@pytest.mark.parametrize("role", ["api", "worker", "loader", "auditor"])
async def test_nobody_deletes_from_the_record(databases: Databases, role: str) -> None:
    database: Database = getattr(databases, role)
    allowed = [
        f"{verb} {table}"
        for table in RECORD
        for verb in ("DELETE FROM", "TRUNCATE")
        if not await _refused(database, f"{verb} {table}")
    ]
    assert allowed == []


async def test_the_api_changes_only_the_columns_it_is_given(databases: Databases) -> None:
    changeable = await _columns(databases.owner, "api", "UPDATE")
    told = {f"{table}.{column}" for table, columns in API_UPDATES.items() for column in columns}
    assert changeable <= told
    assert "task.claimed_by" in changeable
    assert not await _refused(databases.api, "UPDATE task SET claimed_by = 'u-1' WHERE false")
    assert await _refused(databases.api, "UPDATE task SET answer = NULL WHERE false")


async def test_the_api_appends_only_where_it_is_told(databases: Databases) -> None:
    appendable = await _tables(databases.owner, "api", "INSERT")
    assert appendable == API_INSERTS & set(Base.metadata.tables)
    assert await _refused(databases.api, "INSERT INTO turn (case_id, number) VALUES ('c', 1)")


async def test_the_worker_never_changes_what_is_written_once(databases: Databases) -> None:
    async with databases.worker.transaction() as session:
        await session.execute(text(NOTE), {"action": "noted"})
    assert await _refused(databases.worker, "UPDATE audit_event SET action = 'other'")
    assert await _columns(databases.owner, "worker", "UPDATE", APPEND_ONLY) == set()


async def test_the_auditor_reads_the_audit_and_writes_nothing(databases: Databases) -> None:
    assert not await _refused(databases.auditor, "SELECT * FROM audit_event")
    assert await _refused(databases.auditor, "INSERT INTO audit_event DEFAULT VALUES")
    for privilege in ("INSERT", "UPDATE"):
        assert await _columns(databases.owner, "auditor", privilege) == set()


async def test_the_loader_sees_nothing_of_the_record(databases: Databases) -> None:
    seen = [table for table in RECORD if not await _refused(databases.loader, f"SELECT 1 FROM {table}")]
    assert seen == []


def test_a_name_that_is_no_name_is_refused(cluster: EmbeddedPostgres) -> None:
    with pytest.raises(StackError, match="not a database name"):
        cluster.create_database("x; DROP DATABASE postgres")
    with pytest.raises(StackError, match="Unknown database role"):
        cluster.url("root", "postgres")
    assert Path(cluster.data, "PG_VERSION").exists()
