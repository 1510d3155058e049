"""Fills a migrated database, in which people are registered, with cases, tasks and all around them; everything invented.

Open and closed cases, queues of every role, a run for every Friday, mail, calls, assessments, matches and the audit trail,
in the proportions of an office that has worked for years.
"""

import json
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from models.database import Database
from procedures import EDITION
from procedures.answers import ALL
from procedures.clocks import ClockKind, working_day_clock
from procedures.terms import Procedure
from procedures.working_days import Calendar


@dataclass(frozen=True)
class Size:
    """How much of each; `waiting` cases have no open task and wait for Corrections."""

    cases: int = 1_000_000
    open_tasks: int = 50_000
    waiting: int = 10_000
    fridays: int = 520
    voids: int = 3_000
    staff: int = 240

    @property
    def open_cases(self) -> int:
        """Cases that are not closed."""
        return self.open_tasks + self.waiting


_OF_STEP = {
    "1.1": Procedure.INTAKE,
    "A": Procedure.DISCLOSE_CHANGE,
    "B": Procedure.SORT_MAIL,
    "1": Procedure.IDENTIFY,
    "2": Procedure.CHECK_SUITABILITY,
    "3": Procedure.MATCH_VOID,
    "4": Procedure.OFFER,
}
_SHARES = {
    Procedure.IDENTIFY: 70,
    Procedure.CHECK_SUITABILITY: 10,
    Procedure.MATCH_VOID: 8,
    Procedure.OFFER: 5,
    Procedure.DISCLOSE_CHANGE: 4,
    Procedure.SORT_MAIL: 3,
}
"""Of a hundred cases."""

_PLACE = re.compile(r"(?<!:):([a-z]+)")
_TYPES = {
    "now": "timestamptz",
    "friday": "date",
    **dict.fromkeys(("edition", "case", "person"), "text"),
    **dict.fromkeys(("shares", "asked"), "json"),
    "clock": "jsonb",
}
"""Of what a statement names; everything else is a whole number."""


async def fill(owner: Database, size: Size, *, now: datetime) -> None:
    """Fill it as of an instant (UTC), under the owner's role, and gather statistics. People must be registered already."""
    async with owner.transaction() as session:
        await session.execute(text("SELECT setseed(0.42)"))
        people = await session.scalar(text("SELECT count(*) FROM register_person")) or 0
        values = _values(size, now) | {"people": people}
        for statement in _statements("scale_fill.sql"):
            await _run(session, statement, values)
        for table in ("who", "made", "asked"):
            await session.execute(text(f"DROP TABLE {table}"))
    async with owner.engine.connect() as connection:
        plain = await connection.execution_options(isolation_level="AUTOCOMMIT")
        await plain.execute(text("VACUUM ANALYZE"))


def _statements(name: str) -> list[str]:
    """The statements of a file beside this one, without its comments."""
    content = (Path(__file__).parent / name).read_text(encoding="utf-8")
    plain = "\n".join(line for line in content.splitlines() if not line.startswith("--"))
    return [one.strip() for one in plain.split(";\n") if one.strip()]


async def _run(session: AsyncSession, statement: str, values: dict[str, object]) -> None:
    wanted = set(_PLACE.findall(statement))
    typed = _PLACE.sub(lambda found: f"CAST(:{found[1]} AS {_TYPES.get(found[1], 'bigint')})", statement)
    await session.execute(text(typed), {name: values[name] for name in wanted})


def _values(size: Size, now: datetime) -> dict[str, object]:
    """What the statements name; shares are bounds in a hundred."""
    bounds, low = [], 0
    for procedure, share in _SHARES.items():
        bounds.append({"procedure": procedure.value, "low": low, "high": low + share})
        low += share
    asked = [
        {"procedure": _procedure_of(one.step).value, "kind": kind, "step": one.step, "role": role.value}
        for kind, one in ALL.items()
        for role in sorted(one.roles())
    ]
    return {
        "now": now,
        "friday": now.date() - timedelta(days=(now.weekday() - 4) % 7),
        "edition": EDITION,
        "shares": json.dumps(bounds),
        "asked": json.dumps(asked),
        "clock": working_day_clock(
            ClockKind.T441_RETURN, now - timedelta(days=3), Calendar()
        ).model_dump_json(),
        "open": size.open_cases,
        "tasks": size.open_tasks,
        "cases": size.cases,
        "fridays": size.fridays,
        "voids": size.voids,
        "staff": size.staff,
    }


def _procedure_of(step: str) -> Procedure:
    """The procedure whose cases are asked something at this step."""
    return _OF_STEP.get(step) or _OF_STEP[step[0]]


async def fill_one_case(owner: Database, *, now: datetime) -> tuple[str, str]:
    """A case in which very much has happened, of a person with very many cases; both by id. Safe to run again."""
    chosen = text(
        "SELECT c.case_id, c.person_ref FROM case_record c JOIN person_file_reference f USING (person_ref)"
        " WHERE c.region = 'R01' AND c.procedure = 'identify' AND c.closed_at IS NULL ORDER BY c.case_id LIMIT 1"
    )
    async with owner.transaction() as session:
        case_id, person_ref = (await session.execute(chosen)).one()
        values = {"now": now, "edition": EDITION, "case": case_id, "person": person_ref}
        for statement in _statements("scale_one_case.sql"):
            await _run(session, statement, values)
    return case_id, person_ref
