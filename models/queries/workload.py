"""How much is open with whom and where, and what falls due on the days ahead; counts only, nobody is named but staff."""

from datetime import datetime

from sqlalchemy import ColumnElement, func, select

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
    """Due instants up to a day ahead: of tasks, and of forms that Corrections owes."""

    tasks: list[datetime]
    forms: list[datetime]


async def load_by_holder(database: Database, sight: Sight, *, now: datetime) -> list[Load]:
    """Open visible tasks by whoever has them, the most on top."""
    query = (
        select(Task.claimed_by, func.max(Task.claimed_by_name), *_numbers(now))
        .join(CaseRecord, CaseRecord.case_id == Task.case_id)
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
        .join(CaseRecord, CaseRecord.case_id == Task.case_id)
        .where(visible_tasks(sight), Task.state == "open")
        .group_by(Task.region)
        .order_by(Task.region)
    )
    async with database.transaction() as session:
        return [
            Load(subject=None, name=None, region=region, open=held, overdue=late, urgent=urgent)
            for region, held, late, urgent in (await session.execute(query)).all()
        ]


async def due_between(database: Database, sight: Sight, *, since: datetime, until: datetime) -> Ahead:
    """What falls due from one instant up to another, in order."""
    tasks = (
        select(Task.due_at)
        .join(CaseRecord, CaseRecord.case_id == Task.case_id)
        .where(visible_tasks(sight), Task.state == "open", Task.due_at >= since, Task.due_at < until)
    )
    forms = (
        select(Clock.due_at)
        .join(CaseRecord, CaseRecord.case_id == Clock.case_id)
        .where(visible_cases(sight), Clock.stopped_at.is_(None), Clock.due_at >= since, Clock.due_at < until)
    )
    async with database.transaction() as session:
        due = await session.scalars(tasks.order_by(Task.due_at))
        owed = await session.scalars(forms.order_by(Clock.due_at))
        return Ahead(tasks=[at for at in due if at is not None], forms=list(owed))


def _numbers(now: datetime) -> tuple[ColumnElement[int], ColumnElement[int], ColumnElement[int]]:
    return (
        func.count(),
        func.count().filter(Task.due_at < now),
        func.count().filter(Task.urgent),
    )
