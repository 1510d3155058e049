"""Queues of tasks as the pages show them: filtered, sorted, counted, page by page; and cases that wait for Corrections."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, func, select

from models.database import Database
from models.queries.tasks import TaskRecord, joined_tasks, task_record
from models.queries.visible import visible_cases, visible_tasks
from models.tables.case import CaseRecord, Task
from models.tables.mail import Clock
from procedures.tasks import Frozen
from procedures.terms import Procedure
from procedures.visibility import Sight

WAITS_FOR_CORRECTIONS = "Corrections"
"""What `waiting_for` of a case says while no task is open in it (procedures/case_state.py)."""


class Sort(StrEnum):
    """Orders of a queue."""

    DUE = "due"
    NEWEST = "newest"
    STEP = "step"


@dataclass(frozen=True)
class QueueFilter:
    """Which tasks are asked for; None leaves a field open."""

    state: str = "open"
    kinds: frozenset[str] | None = None
    claimed_by: str | None = None
    unclaimed: bool = False
    done_by: str | None = None
    region: str | None = None
    step: str | None = None
    case_id: str | None = None
    overdue_at: datetime | None = None
    """Due before this instant."""
    due_from: datetime | None = None
    due_before: datetime | None = None
    opened_after: datetime | None = None


class QueuePage(Frozen):
    """One page of a queue and how many tasks it has in all."""

    items: list[TaskRecord]
    total: int


class WaitingCase(Frozen):
    """A case that waits for Corrections; `due_at` is when its form is due back."""

    case_id: str
    procedure: Procedure
    region: str
    step: str
    due_at: datetime | None


async def queue(
    database: Database, sight: Sight, wanted: QueueFilter, *, sort: Sort, page: int, size: int
) -> QueuePage:
    """One page of visible tasks; pages are numbered from 1."""
    conditions = (visible_tasks(sight), *_conditions(wanted))
    query = (
        joined_tasks()
        .where(*conditions)
        .order_by(*_order(sort, wanted), Task.task_id)
        .offset((page - 1) * size)
        .limit(size)
    )
    async with database.transaction() as session:
        items = [task_record(row) for row in (await session.execute(query)).all()]
        total = await session.scalar(_count(*conditions)) or 0
    return QueuePage(items=items, total=total)


async def counts(database: Database, sight: Sight, wanted: Mapping[str, QueueFilter]) -> dict[str, int]:
    """How many visible tasks each queue has."""
    async with database.transaction() as session:
        return {
            name: await session.scalar(_count(visible_tasks(sight), *_conditions(one))) or 0
            for name, one in wanted.items()
        }


async def waiting_cases(
    database: Database, sight: Sight, *, region: str | None, page: int, size: int
) -> tuple[list[WaitingCase], int]:
    """Visible cases that wait for Corrections, the form that is due back first on top, and how many there are."""
    conditions = [
        visible_cases(sight),
        CaseRecord.closed_at.is_(None),
        CaseRecord.waiting_for == WAITS_FOR_CORRECTIONS,
    ]
    if region is not None:
        conditions.append(CaseRecord.region == region)
    due = (
        select(func.min(Clock.due_at))
        .where(Clock.case_id == CaseRecord.case_id, Clock.stopped_at.is_(None))
        .correlate(CaseRecord)
        .scalar_subquery()
    )
    query = select(CaseRecord, due.label("due")).where(*conditions)
    query = query.order_by(due.asc().nulls_last(), CaseRecord.case_id).offset((page - 1) * size).limit(size)
    async with database.transaction() as session:
        rows = (await session.execute(query)).all()
        total = await session.scalar(select(func.count()).select_from(CaseRecord).where(*conditions)) or 0
    found = [
        WaitingCase(
            case_id=case.case_id,
            procedure=Procedure(case.procedure),
            region=case.region,
            step=case.step,
            due_at=due_at,
        )
        for case, due_at in rows
    ]
    return found, total


def _count(*conditions: ColumnElement[bool]) -> Any:
    joined = select(func.count()).select_from(Task).join(CaseRecord, CaseRecord.case_id == Task.case_id)
    return joined.where(*conditions)


def _order(sort: Sort, wanted: QueueFilter) -> tuple[ColumnElement[Any], ...]:
    match sort:
        case Sort.NEWEST:
            return (Task.opened_at.desc(),)
        case Sort.STEP:
            return (Task.step.asc(), Task.due_at.asc().nulls_last())
        case Sort.DUE:
            return (Task.done_at.desc(),) if wanted.state == "done" else (Task.due_at.asc().nulls_last(),)


def _conditions(wanted: QueueFilter) -> list[ColumnElement[bool]]:
    found = [Task.state == wanted.state]
    equal = (
        (Task.claimed_by, wanted.claimed_by),
        (Task.done_by, wanted.done_by),
        (Task.region, wanted.region),
        (Task.step, wanted.step),
        (Task.case_id, wanted.case_id),
    )
    found.extend(column == value for column, value in equal if value is not None)
    if wanted.kinds is not None:
        found.append(Task.kind.in_(sorted(wanted.kinds)))
    if wanted.unclaimed:
        found.append(Task.claimed_by.is_(None))
    before = ((Task.due_at, wanted.overdue_at), (Task.due_at, wanted.due_before))
    found.extend(column < instant for column, instant in before if instant is not None)
    if wanted.due_from is not None:
        found.append(Task.due_at >= wanted.due_from)
    if wanted.opened_after is not None:
        found.append(Task.opened_at > wanted.opened_after)
    return found
