"""The record's database as tests see it; one serves test after test, emptied between, replaced when a test changed more."""

import json
from dataclasses import dataclass
from itertools import count

import asyncpg

from models.database import Database
from workers.embedded.postgres import ROLES, SUPERUSER, EmbeddedPostgres

_numbers = count(1)
_TOO_MUCH = 8 * 1024 * 1024
"""Bytes that rows, living and dead, may take before a fresh copy is cheaper than emptying this one."""

# The schema and who may do what in it: whatever a test changes of it would be there in the next one.
_SHAPE = """
SELECT concat_ws(' ',
  (SELECT concat(count(*), '/', max(xmin::text::bigint)) FROM pg_class WHERE relnamespace = 'public'::regnamespace),
  (SELECT concat(count(*), '/', max(a.xmin::text::bigint)) FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
   WHERE c.relnamespace = 'public'::regnamespace),
  (SELECT concat(count(*), '/', max(xmin::text::bigint)) FROM pg_proc),
  (SELECT concat(count(*), '/', max(xmin::text::bigint)) FROM pg_trigger),
  (SELECT concat(count(*), '/', max(xmin::text::bigint)) FROM pg_policy),
  (SELECT concat(count(*), '/', max(xmin::text::bigint)) FROM pg_constraint),
  (SELECT string_agg(version_num, ' ') FROM alembic_version))
"""
_BUSY = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend' AND state <> 'idle'
"""
_SIZE = "SELECT sum(pg_table_size(oid)) FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
# Only a table that ever held a row has a size. As a replica: emptying everything needs no order and no foreign keys.
_EMPTY = """
DO $$
DECLARE one regclass;
BEGIN
  SET LOCAL session_replication_role = replica;
  FOR one IN SELECT oid FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
    AND relname <> 'alembic_version' AND pg_relation_size(oid) > 0
  LOOP
    EXECUTE format('DELETE FROM %s', one);
  END LOOP;
  PERFORM setval(seqrelid, seqstart, false) FROM pg_sequence;
END $$
"""


@dataclass(frozen=True)
class Databases:
    """One fresh database, seen under each role."""

    name: str
    owner: Database
    api: Database
    worker: Database
    loader: Database
    auditor: Database

    def each(self) -> tuple[Database, ...]:
        """Under every role."""
        return self.owner, self.api, self.worker, self.loader, self.auditor

    async def close(self) -> None:
        """Give back every connection."""
        for database in self.each():
            await database.close()


def databases_named(cluster: EmbeddedPostgres, name: str, *, pool_size: int = 2) -> Databases:
    """A database of the cluster under the five roles; nothing is connected yet."""
    return Databases(name, *(Database(cluster.url(role, name), pool_size=pool_size) for role in ROLES))


@dataclass
class _Copy:
    """A copy of the template, and the connection that empties it."""

    databases: Databases
    superuser: asyncpg.Connection
    shape: str

    async def may_serve_again(self) -> bool:
        """Whether the last test left nothing but rows, and few of them."""
        look = self.superuser.fetchval
        return bool(
            await look(_BUSY) == 0 and await look(_SHAPE) == self.shape and await look(_SIZE) < _TOO_MUCH
        )


class DatabaseInTurns:
    """One database for the tests of a process, one after the other; each finds it as the migrations left it."""

    def __init__(self, cluster: EmbeddedPostgres, template: str) -> None:
        self._cluster = cluster
        self._template = template
        self._copy: _Copy | None = None

    async def take(self) -> Databases:
        """The database, empty."""
        if self._copy is None:
            self._copy = await self._fresh()
        return self._copy.databases

    async def give_back(self) -> None:
        """Empty it for the next test, or throw it away."""
        if self._copy is None:
            return
        if await self._copy.may_serve_again():
            await self._copy.superuser.execute(_EMPTY)
        else:
            await self.throw_away()

    async def throw_away(self) -> None:
        """Drop it, whoever is still connected."""
        if self._copy is not None:
            copy, self._copy = self._copy, None
            await copy.databases.close()
            await copy.superuser.close()
            self._cluster.drop_database(copy.databases.name)

    async def _fresh(self) -> _Copy:
        name = f"test_{next(_numbers)}"
        self._cluster.create_database(name, self._template)
        passwords = json.loads((self._cluster.keys / "postgres.json").read_text(encoding="utf-8"))
        superuser = await asyncpg.connect(
            host="127.0.0.1",
            port=self._cluster.port,
            user=SUPERUSER,
            password=passwords[SUPERUSER],
            database=name,
        )
        shape = await superuser.fetchval(_SHAPE)
        return _Copy(databases_named(self._cluster, name), superuser, shape)
