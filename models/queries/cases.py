"""Cases as lists and one by one, and what was said, noted and filed in them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select

from models.database import Database
from models.queries.paging import BadCursor, Page, instant, page_of, read_cursor
from models.queries.tasks import tasks_of_case
from models.queries.visible import visible_cases
from models.tables.case import CaseRecord
from procedures.steps import StepRef
from procedures.tasks import CaseView, Frozen, OpenTask
from procedures.terms import Procedure, Role
from procedures.visibility import Sight


class CaseSummary(Frozen):
    """A case as it stands in the record; the person is an opaque reference."""

    case_id: str
    procedure: Procedure
    edition: str
    region: str
    person_ref: str | None
    entry_id: str | None
    parent_case_id: str | None
    step: str
    waiting_for: str
    due_at: datetime | None
    outcome: str | None
    opened_at: datetime
    closed_at: datetime | None


class CaseDetail(CaseSummary):
    """A case with what its procedure remembers."""

    turn: int
    state: dict[str, Any]


@dataclass(frozen=True)
class CaseFilter:
    """Which cases are asked for; None leaves a field open."""

    procedure: Procedure | None = None
    region: str | None = None
    person_ref: str | None = None
    step: str | None = None
    open: bool | None = None


_SUMMARY = tuple(CaseSummary.model_fields)
_DETAIL = tuple(CaseDetail.model_fields)


async def list_cases(
    database: Database, sight: Sight, wanted: CaseFilter, *, limit: int, cursor: str | None = None
) -> Page[CaseSummary]:
    """Visible cases, the newest first. Raises BadCursor."""
    query = _filtered(select(CaseRecord).where(visible_cases(sight)), wanted)
    if cursor is not None:
        opened, last = read_cursor(cursor, 2)
        opened_at = instant(opened)
        if opened_at is None or last is None:
            raise BadCursor("take the cursor from the field next of the last page")
        query = query.where(
            (CaseRecord.opened_at < opened_at)
            | ((CaseRecord.opened_at == opened_at) & (CaseRecord.case_id > last))
        )
    query = query.order_by(CaseRecord.opened_at.desc(), CaseRecord.case_id).limit(limit + 1)
    async with database.transaction() as session:
        rows = [_summary(row) for row in await session.scalars(query)]
    return page_of(rows, limit, lambda case: [case.opened_at, case.case_id])


async def cases_of_person(database: Database, sight: Sight, person_ref: str) -> list[CaseSummary]:
    """Visible cases of one person, the newest first."""
    query = select(CaseRecord).where(visible_cases(sight), CaseRecord.person_ref == person_ref)
    async with database.transaction() as session:
        rows = await session.scalars(query.order_by(CaseRecord.opened_at.desc(), CaseRecord.case_id))
        return [_summary(row) for row in rows]


async def case(database: Database, case_id: str) -> CaseDetail | None:
    """One case, or None."""
    async with database.transaction() as session:
        row = await session.get(CaseRecord, case_id)
        return CaseDetail(**{name: getattr(row, name) for name in _DETAIL}) if row else None


async def case_view(database: Database, case_id: str) -> CaseView | None:
    """The case as an answer returns it, read from the record."""
    held = await case(database, case_id)
    if held is None:
        return None
    return CaseView(
        case_id=case_id,
        step=held.step,
        waiting_for=held.waiting_for,
        due_at=held.due_at,
        open_tasks=await open_tasks(database, case_id),
        outcome=held.outcome,
    )


async def open_tasks(database: Database, case_id: str) -> list[OpenTask]:
    """The open tasks of a case as its procedure sees them."""
    return [
        OpenTask(
            task_id=one.task_id,
            kind=one.kind,
            step=_step(one.step),
            role=Role(one.role),
            region=one.region,
            due_at=one.due_at,
            urgent=one.urgent,
            context=one.context,
        )
        for one in await tasks_of_case(database, case_id, state="open")
    ]


def _step(step: str) -> StepRef:
    return step  # type: ignore[return-value]


def _summary(row: CaseRecord) -> CaseSummary:
    return CaseSummary(**{name: getattr(row, name) for name in _SUMMARY})


def _filtered(query: Select[CaseRecord], wanted: CaseFilter) -> Select[CaseRecord]:
    plain = (
        (CaseRecord.procedure, wanted.procedure.value if wanted.procedure else None),
        (CaseRecord.region, wanted.region),
        (CaseRecord.person_ref, wanted.person_ref),
        (CaseRecord.step, wanted.step),
    )
    query = query.where(*(column == value for column, value in plain if value is not None))
    if wanted.open is None:
        return query
    return query.where(CaseRecord.closed_at.is_(None) if wanted.open else CaseRecord.closed_at.is_not(None))
