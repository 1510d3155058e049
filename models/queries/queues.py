"""Queues of tasks as the pages show them: filtered, sorted, counted, page by page; and cases that wait for Corrections."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, select, true

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
    more: bool = False
    """True when there are more than `total`: tasks done, of which there are more every day, are not counted."""


class WaitingCase(Frozen):
    """A case that waits for Corrections; `due_at` is when its form is due back."""

    case_id: str
    procedure: Procedure
    region: str
    step: str
    due_at: datetime | None


async def queue(
    database: Database,
    sight: Sight,
    wanted: QueueFilter,
    *,
    sort: Sort,
    page: int,
    size: int,
    counted: int | None = None,
) -> QueuePage:
    """One page of visible tasks; pages are numbered from 1. `counted`: how many there are, when that is known already."""
    conditions = task_conditions(sight, wanted)
    order, skipped = (*_order(sort, wanted), Task.task_id), (page - 1) * size
    # What is skipped is passed over in the index of the order; only the rows of the page meet their cases.
    chosen = (
        select(Task.task_id).where(*conditions).order_by(*order).offset(skipped).limit(size + 1).subquery()
    )
    query = joined_tasks().join(chosen, chosen.c.task_id == Task.task_id).order_by(*order)
    async with database.transaction() as session:
        rows = [task_record(row) for row in (await session.execute(query)).all()]
        items, more = rows[:size], len(rows) > size
        if wanted.state == "done":
            return QueuePage(items=items, total=skipped + len(items), more=more)
        if counted is None:
            count = select(func.count()).select_from(Task).where(*conditions)
            counted = await session.scalar(count) or 0
    return QueuePage(items=items, total=counted)


async def counts(database: Database, sight: Sight, wanted: Mapping[str, QueueFilter]) -> dict[str, int]:
    """How many visible tasks each queue has; queues of the same kinds and holder are counted in one pass."""
    passes: dict[tuple[object, ...], list[str]] = {}
    for name, one in wanted.items():
        passes.setdefault((one.state, one.kinds, one.claimed_by), []).append(name)
    found: dict[str, int] = {}
    async with database.transaction() as session:
        for names in passes.values():
            query = _counted_together(sight, [wanted[name] for name in names])
            found.update(zip(names, (await session.execute(query)).one(), strict=True))
    return found


def _counted_together(sight: Sight, queues: list[QueueFilter]) -> Select[*tuple[Any, ...]]:
    """What they all ask for stands in the condition, what is each one's own with its count."""
    unasked, first = QueueFilter(), queues[0]
    names = [field.name for field in fields(QueueFilter)]
    same = [name for name in names if all(getattr(one, name) == getattr(first, name) for one in queues)]
    shared = replace(unasked, **{name: getattr(first, name) for name in same})
    own = [replace(one, **{name: getattr(unasked, name) for name in same}) for one in queues]
    columns = [
        func.count().filter(and_(true(), *_narrowed(one))).label(f"n{place}") for place, one in enumerate(own)
    ]
    return select(*columns).select_from(Task).where(*task_conditions(sight, shared))


async def count_waiting(database: Database, sight: Sight, *, region: str | None = None) -> int:
    """How many visible cases wait for Corrections."""
    query = select(func.count()).select_from(CaseRecord).where(*_waiting(sight, region))
    async with database.transaction() as session:
        return await session.scalar(query) or 0


async def waiting_cases(
    database: Database, sight: Sight, *, region: str | None, page: int, size: int
) -> tuple[list[WaitingCase], int]:
    """Visible cases that wait for Corrections, the form that is due back first on top, and how many there are."""
    running = (
        select(Clock.case_id, func.min(Clock.due_at).label("due_at"))
        .where(Clock.stopped_at.is_(None))
        .group_by(Clock.case_id)
        .subquery()
    )
    due = running.c.due_at
    query = (
        select(CaseRecord.case_id, CaseRecord.procedure, CaseRecord.region, CaseRecord.step, due)
        .outerjoin(running, running.c.case_id == CaseRecord.case_id)
        .where(*_waiting(sight, region))
        .order_by(due.asc().nulls_last(), CaseRecord.case_id)
        .offset((page - 1) * size)
        .limit(size)
    )
    async with database.transaction() as session:
        rows = (await session.execute(query)).all()
    found = [
        WaitingCase(case_id=case_id, procedure=Procedure(procedure), region=at, step=step, due_at=due_at)
        for case_id, procedure, at, step, due_at in rows
    ]
    return found, await count_waiting(database, sight, region=region)


def _waiting(sight: Sight, region: str | None) -> list[ColumnElement[bool]]:
    found = [
        visible_cases(sight),
        CaseRecord.closed_at.is_(None),
        CaseRecord.waiting_for == WAITS_FOR_CORRECTIONS,
    ]
    return found if region is None else [*found, CaseRecord.region == region]


def _order(sort: Sort, wanted: QueueFilter) -> tuple[ColumnElement[Any], ...]:
    match sort:
        case Sort.NEWEST:
            return (Task.opened_at.desc(),)
        case Sort.STEP:
            return (Task.step.asc(), Task.due_at.asc().nulls_last())
        case Sort.DUE:
            return (Task.done_at.desc(),) if wanted.state == "done" else (Task.due_at.asc().nulls_last(),)


def task_conditions(sight: Sight, wanted: QueueFilter) -> list[ColumnElement[bool]]:
    """What a queue shows: visible, and as asked for."""
    return [visible_tasks(sight), *_conditions(wanted)]


def _conditions(wanted: QueueFilter) -> list[ColumnElement[bool]]:
    return [Task.state == wanted.state, *_narrowed(wanted)]


def _narrowed(wanted: QueueFilter) -> list[ColumnElement[bool]]:
    """What is asked for beside the state."""
    equal = (
        (Task.claimed_by, wanted.claimed_by),
        (Task.done_by, wanted.done_by),
        (Task.region, wanted.region),
        (Task.step, wanted.step),
        (Task.case_id, wanted.case_id),
    )
    found: list[ColumnElement[bool]] = [column == value for column, value in equal if value is not None]
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
