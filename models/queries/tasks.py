"""Tasks as lists and one by one."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, select

from models.database import Database
from models.queries.paging import Page, after_due, page_of
from models.queries.visible import visible_tasks
from models.tables.case import CaseRecord, Task
from procedures.report_week import local_instant
from procedures.tasks import Frozen
from procedures.terms import Procedure, Role
from procedures.visibility import Sight


class TaskRecord(Frozen):
    """A task as it stands in the record."""

    task_id: str
    case_id: str
    procedure: Procedure
    edition: str
    kind: str
    step: str
    role: Role
    region: str
    state: str
    urgent: bool
    due_at: datetime | None
    context: dict[str, Any]
    opened_at: datetime
    claimed_by: str | None
    claimed_by_name: str | None
    claimed_at: datetime | None
    version: int
    done_at: datetime | None
    done_by: str | None
    done_by_name: str | None
    command_id: str | None
    answer: dict[str, Any] | None
    closing_reason: str | None


@dataclass(frozen=True)
class TaskFilter:
    """Which tasks are asked for; None leaves a field open."""

    claimed_by: str | None = None
    role: Role | None = None
    region: str | None = None
    due_by: date | None = None
    """Due on or before the end of this local day."""
    overdue_at: datetime | None = None
    """Due before this instant."""
    kind: str | None = None
    case_id: str | None = None
    state: str | None = "open"


async def list_tasks(
    database: Database, sight: Sight, wanted: TaskFilter, *, limit: int, cursor: str | None = None
) -> Page[TaskRecord]:
    """Visible tasks by due instant, those without one last. Raises BadCursor."""
    query = joined_tasks().where(visible_tasks(sight), *_conditions(wanted))
    if cursor is not None:
        query = query.where(after_due(Task.due_at, Task.task_id, cursor))
    query = query.order_by(Task.due_at.asc().nulls_last(), Task.task_id).limit(limit + 1)
    async with database.transaction() as session:
        rows = [task_record(row) for row in (await session.execute(query)).all()]
    return page_of(rows, limit, lambda task: [task.due_at, task.task_id])


async def task(database: Database, task_id: str) -> TaskRecord | None:
    """One task, or None."""
    async with database.transaction() as session:
        row = (await session.execute(joined_tasks().where(Task.task_id == task_id))).one_or_none()
    return task_record(row) if row else None


async def tasks_of_case(database: Database, case_id: str, *, state: str | None = None) -> list[TaskRecord]:
    """The tasks of a case in the order they were opened."""
    query = joined_tasks().where(Task.case_id == case_id)
    if state is not None:
        query = query.where(Task.state == state)
    async with database.transaction() as session:
        rows = (await session.execute(query.order_by(Task.opened_at, Task.task_id))).all()
    return [task_record(row) for row in rows]


def joined_tasks() -> Select[Task, str]:
    """Tasks with the edition under which their case began; `task_record` reads its rows."""
    return select(Task, CaseRecord.edition).join(CaseRecord, CaseRecord.case_id == Task.case_id)


def _conditions(wanted: TaskFilter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    plain = (
        (Task.claimed_by, wanted.claimed_by),
        (Task.role, wanted.role.value if wanted.role else None),
        (Task.region, wanted.region),
        (Task.kind, wanted.kind),
        (Task.case_id, wanted.case_id),
        (Task.state, wanted.state),
    )
    found.extend(column == value for column, value in plain if value is not None)
    if wanted.due_by is not None:
        midnight = local_instant(wanted.due_by + timedelta(days=1), datetime.min.time())
        found.append(Task.due_at < midnight)
    if wanted.overdue_at is not None:
        found.append(Task.due_at < wanted.overdue_at)
    return found


def task_record(row: Row[Task, str]) -> TaskRecord:
    """A task from a row of `joined_tasks`."""
    held, edition = row
    own = {name: getattr(held, name) for name in TaskRecord.model_fields if name != "edition"}
    return TaskRecord(edition=edition, **own)
