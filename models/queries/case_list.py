"""Lists of cases: filtered, sorted, page by page behind a cursor, at any size of the record."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, SQLColumnExpression, and_, or_
from sqlalchemy.orm import InstrumentedAttribute

from models.database import Database
from models.queries.cases import CaseSummary, case_summary, summaries
from models.queries.paging import BadCursor, Page, instant, page_of, read_cursor
from models.queries.visible import visible_cases
from models.tables.case import CaseRecord
from procedures.terms import Procedure
from procedures.visibility import Sight


class CaseSort(StrEnum):
    """Orders of a list of cases."""

    NEWEST = "newest"
    DUE = "due"
    """Of the open tasks, the first on top; cases without a due instant last."""
    CLOSED = "closed"
    """The last closed on top; cases that are open are left out."""


@dataclass(frozen=True)
class CaseFilter:
    """Which cases are asked for; None leaves a field open."""

    procedure: Procedure | None = None
    region: str | None = None
    person_ref: str | None = None
    step: str | None = None
    waiting_for: str | None = None
    """A role, or Corrections; a case may wait for several."""
    open: bool | None = None
    overdue_at: datetime | None = None
    """Due before this instant."""
    due_from: datetime | None = None
    due_before: datetime | None = None


async def list_cases(
    database: Database,
    sight: Sight,
    wanted: CaseFilter,
    *,
    sort: CaseSort = CaseSort.NEWEST,
    limit: int,
    cursor: str | None = None,
) -> Page[CaseSummary]:
    """Visible cases in an order. Raises BadCursor."""
    conditions = case_conditions(sight, wanted)
    rows: list[CaseSummary] = []
    async with database.transaction() as session:
        for part, order in _parts(sort, cursor):
            query = summaries().where(*conditions, part).order_by(*order).limit(limit + 1 - len(rows))
            rows += [case_summary(row) for row in (await session.execute(query)).all()]
            if len(rows) > limit:
                break
    return page_of(rows, limit, lambda case: [getattr(case, _COLUMNS[sort].key), case.case_id])


def case_conditions(sight: Sight, wanted: CaseFilter) -> list[ColumnElement[bool]]:
    """What a list shows: visible, and as asked for."""
    equal = (
        (CaseRecord.procedure, wanted.procedure.value if wanted.procedure else None),
        (CaseRecord.region, wanted.region),
        (CaseRecord.person_ref, wanted.person_ref),
        (CaseRecord.step, wanted.step),
    )
    found = [visible_cases(sight), *(column == value for column, value in equal if value is not None)]
    before = (wanted.overdue_at, wanted.due_before)
    found.extend(CaseRecord.due_at < at for at in before if at is not None)
    if wanted.due_from is not None:
        found.append(CaseRecord.due_at >= wanted.due_from)
    if wanted.waiting_for is not None:
        found.append(CaseRecord.waiting_for.contains(wanted.waiting_for, autoescape=True))
    if wanted.open is not None or _only_open(wanted):
        closed = wanted.open is False
        found.append(CaseRecord.closed_at.is_not(None) if closed else CaseRecord.closed_at.is_(None))
    return found


def _only_open(wanted: CaseFilter) -> bool:
    """Where a case stands, whom it waits for and when it is due is asked of open cases."""
    return any((wanted.step, wanted.waiting_for, wanted.overdue_at, wanted.due_from, wanted.due_before))


_COLUMNS: dict[CaseSort, InstrumentedAttribute[Any]] = {
    CaseSort.NEWEST: CaseRecord.opened_at,
    CaseSort.DUE: CaseRecord.due_at,
    CaseSort.CLOSED: CaseRecord.closed_at,
}
_Part = tuple[ColumnElement[bool], tuple[SQLColumnExpression[Any], ...]]


def _parts(sort: CaseSort, cursor: str | None) -> Iterator[_Part]:
    """The list in pieces that an index has in order, behind the cursor; `<=` beside `<` lets it begin there."""
    column, row_id = _COLUMNS[sort], CaseRecord.case_id
    at, last = _read(sort, cursor)
    has_any = column.is_not(None)
    if sort is not CaseSort.DUE:
        behind = and_(column <= at, or_(column < at, row_id > last)) if at else has_any
        yield behind, (column.desc(), row_id)
        return
    if at or last is None:
        behind = and_(column >= at, or_(column > at, row_id > last)) if at else has_any
        yield behind, (column.asc(), row_id)
    yield and_(column.is_(None), row_id > last) if last and not at else column.is_(None), (row_id,)


def _read(sort: CaseSort, cursor: str | None) -> tuple[datetime | None, str | None]:
    """Instant and id that a page ended with; both None at the beginning. Raises BadCursor."""
    if cursor is None:
        return None, None
    given, last = read_cursor(cursor, 2)
    at = instant(given)
    if last is None or (at is None and sort is not CaseSort.DUE):
        raise BadCursor("take the cursor from the field next of the last page")
    return at, last
