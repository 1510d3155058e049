"""How much is open with whom and where, and what falls due on the days ahead; counts only, nobody is named but staff."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ARRAY, ColumnElement, DateTime, func, literal, select, text
from sqlalchemy.orm import InstrumentedAttribute

from models.database import Database
from models.queries.visible import visible_cases, visible_tasks
from models.tables.case import CaseRecord, Task
from models.tables.mail import Clock
from procedures.tasks import Frozen
from procedures.visibility import Sight


class Load(Frozen):
    """Open tasks of one holder or one region. `subject` is None for tasks that nobody has."""

    subject: str | None
    name: str | None
    region: str | None
    open: int
    overdue: int
    urgent: int


class Ahead(Frozen):
    """How many tasks, and forms that Corrections owes, fall due in each stretch of time."""

    tasks: list[int]
    forms: list[int]


async def load_by_holder(database: Database, sight: Sight, *, now: datetime) -> list[Load]:
    """Open visible tasks by whoever has them, the most on top."""
    query = (
        select(Task.claimed_by, func.max(Task.claimed_by_name), *_numbers(now))
        .where(visible_tasks(sight), Task.state == "open")
        .group_by(Task.claimed_by)
        .order_by(func.count().desc(), Task.claimed_by)
    )
    async with database.transaction() as session:
        return [
            Load(subject=subject, name=name, region=None, open=held, overdue=late, urgent=urgent)
            for subject, name, held, late, urgent in (await session.execute(query)).all()
        ]


async def load_by_region(database: Database, sight: Sight, *, now: datetime) -> list[Load]:
    """Open visible tasks by region."""
    query = (
        select(Task.region, *_numbers(now))
        .where(visible_tasks(sight), Task.state == "open")
        .group_by(Task.region)
        .order_by(Task.region)
    )
    async with database.transaction() as session:
        return [
            Load(subject=None, name=None, region=region, open=held, overdue=late, urgent=urgent)
            for region, held, late, urgent in (await session.execute(query)).all()
        ]


async def due_ahead(database: Database, sight: Sight, *, starts: Sequence[datetime]) -> Ahead:
    """What falls due from each of these instants up to the next, in order; from the last on nothing is counted."""
    tasks = select(*_numbered(Task.due_at, starts)).where(visible_tasks(sight), Task.state == "open")
    forms = (
        select(*_numbered(Clock.due_at, starts))
        .join(CaseRecord, CaseRecord.case_id == Clock.case_id)
        .where(visible_cases(sight), Clock.stopped_at.is_(None))
    )
    within = [(Task.due_at, tasks), (Clock.due_at, forms)]
    found = []
    async with database.transaction() as session:
        for due, query in within:
            rows = await session.execute(
                query.where(due >= starts[0], due < starts[-1]).group_by(text("place"))
            )
            numbers = {place: number for place, number in rows.all()}
            found.append([numbers.get(place, 0) for place in range(1, len(starts))])
    return Ahead(tasks=found[0], forms=found[1])


def _numbered(
    due: InstrumentedAttribute[Any], starts: Sequence[datetime]
) -> tuple[ColumnElement[int], ColumnElement[int]]:
    """Between which two instants, from 1, and how many."""
    bounds = literal(list(starts), ARRAY(DateTime(timezone=True)))
    return func.width_bucket(due, bounds).label("place"), func.count()


def _numbers(now: datetime) -> tuple[ColumnElement[int], ColumnElement[int], ColumnElement[int]]:
    return (
        func.count(),
        func.count().filter(Task.due_at < now),
        func.count().filter(Task.urgent),
    )
