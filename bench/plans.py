"""Every statement that pages send to PostgreSQL, how it is worked out there, and what of that does not go well with size."""

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import event, text

from models.database import Database

BIG = 10_000
"""Rows from which a table is read through an index, and a set is not sorted as a whole."""


@dataclass(frozen=True)
class Statement:
    """One statement as sent, with the settings of its transaction."""

    sql: str
    parameters: tuple[Any, ...]
    settings: tuple[tuple[str, tuple[Any, ...]], ...]


@dataclass
class Listener:
    """Hears what a database is asked; `page` names whoever asks at the moment."""

    page: str = ""
    heard: dict[tuple[str, str], Statement] = field(default_factory=dict)
    """The first of each statement of each page."""
    asked: Counter[str] = field(default_factory=Counter)
    """How many statements each page has sent."""

    @contextmanager
    def listening(self, database: Database) -> Iterator[None]:
        """Listen while the block lasts."""
        engine = database.engine.sync_engine
        event.listen(engine, "before_cursor_execute", self._hear)
        event.listen(engine, "begin", _forget)
        try:
            yield
        finally:
            event.remove(engine, "before_cursor_execute", self._hear)
            event.remove(engine, "begin", _forget)

    def _hear(
        self, connection: Any, _cursor: Any, sql: str, parameters: Any, _context: Any, many: bool
    ) -> None:
        self.asked[self.page] += 1
        settings = connection.info.setdefault("settings", [])
        if "set_config" in sql:
            settings.append((sql, tuple(parameters)))
            return
        given = tuple(parameters[0] if many else parameters)
        self.heard.setdefault((self.page, sql), Statement(sql, given, tuple(settings)))


def _forget(connection: Any) -> None:
    connection.info["settings"] = []


@dataclass(frozen=True)
class Plan:
    """How one statement is worked out."""

    root: dict[str, Any]

    @property
    def nodes(self) -> list[dict[str, Any]]:
        """Every node, the outermost first."""
        return list(_nodes(self.root))

    def read_whole(self, big: frozenset[str]) -> list[str]:
        """Big tables that are read from one end to the other."""
        return [
            one["Relation Name"]
            for one in self.nodes
            if one["Node Type"] == "Seq Scan" and one["Relation Name"] in big
        ]

    def sorted_rows(self) -> int:
        """The most rows that a sort of this plan takes in; 0 without ANALYZE."""
        sorts = (one for one in self.nodes if one["Node Type"] == "Sort")
        return max((_rows(one["Plans"][0]) for one in sorts), default=0)


def _nodes(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for child in node.get("Plans", ()):
        yield from _nodes(child)


def _rows(node: dict[str, Any]) -> int:
    return int(node.get("Actual Rows", 0) * node.get("Actual Loops", 0))


async def plan_of(database: Database, asked: Statement, *, run: bool, settings: dict[str, str]) -> Plan:
    """The plan of a statement; with `run` it is carried out, and taken back. `settings` are PostgreSQL's own."""
    options = "ANALYZE, TIMING OFF, FORMAT JSON" if run else "FORMAT JSON"
    async with database.engine.connect() as connection:
        for name, value in settings.items():
            await connection.execute(text(f"SET LOCAL {name} = {value}"))
        for sql, parameters in asked.settings:
            await connection.exec_driver_sql(sql, parameters)
        found = await connection.exec_driver_sql(f"EXPLAIN ({options}) {asked.sql}", asked.parameters)
        plan = found.scalar_one()
        await connection.rollback()
    return Plan((json.loads(plan) if isinstance(plan, str) else plan)[0]["Plan"])


async def big_tables(owner: Database) -> frozenset[str]:
    """Tables with more rows than `BIG`, by the statistics."""
    async with owner.transaction() as session:
        rows = await session.scalars(
            text("SELECT relname FROM pg_class WHERE relkind = 'r' AND reltuples > :big"), {"big": BIG}
        )
        return frozenset(rows)


async def complaints(database: Database, asked: Statement, big: frozenset[str]) -> list[str]:
    """What of a statement does not go well with size: a big table read whole, a big set sorted."""
    plan = await plan_of(database, asked, run=True, settings={})
    found = [f"reads the whole of {table}" for table in plan.read_whole(big)]
    sorts = plan.sorted_rows()
    return [*found, f"sorts {sorts} rows"] if sorts > BIG else found
