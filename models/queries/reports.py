"""Friday runs, their rows, and the searches made for a row."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from models.database import Database
from models.queries.paging import BadCursor, Page, page_of, read_cursor
from models.tables.case import CaseRecord
from models.tables.report import ReportEntry, ReportMessage, ReportRun, SearchRecord
from procedures.tasks import Frozen
from procedures.visibility import Sight


class RunCounts(Frozen):
    """How far the rows of a run are; read = accepted + rejected + repeated, as the messages came."""

    read: int
    accepted: int
    rejected: int
    repeated: int
    resolved: int
    """Decided by a person, set aside with a reason, or a repeat of a row already here."""
    waiting_for_corrections: int
    """Matched rows whose case is still open."""


class RunRecord(Frozen):
    """The national run of one Friday."""

    run_id: str
    friday: date
    case_id: str
    state: str
    opened_at: datetime
    started_by: str | None
    started_by_name: str | None
    started_at: datetime | None
    report_available_at: datetime | None
    service_desk_reference: str | None
    closed_at: datetime | None
    closing_line: str | None
    problems: list[str]
    """Coded problems of files that could not be read; each says what to do."""
    counts: RunCounts


class EntryLine(Frozen):
    """A row of the report for lists: no name, birth date or address."""

    entry_id: str
    run_id: str
    row_number: int
    state: str
    group: str | None
    region: str
    outcome: str | None
    resolved_at: datetime | None
    case_id: str | None
    contradictory: bool
    absent_from_correction: bool
    notes: list[str]


class EntryRecord(EntryLine):
    """A row of the report as given. Reading it is audited (PRV-18)."""

    surname: str | None
    given_names: str | None
    date_of_birth: date | None
    birth_year: int | None
    gender: str | None
    address: str | None
    suburb: str | None
    town: str | None
    postcode: str | None
    order_status: str | None
    corrections_reference: str | None
    corrections_office: str | None
    raw: dict[str, Any] | None
    errors: list[Any]

    @property
    def full_name(self) -> str:
        """Given names and surname as one search term."""
        return f"{self.given_names or ''} {self.surname or ''}".strip()

    @property
    def full_address(self) -> str | None:
        """The whole address as one search term, or None when the report has none."""
        parts = (self.address, self.suburb, self.town, self.postcode)
        return ", ".join(part for part in parts if part) if self.address else None


class SearchMade(Frozen):
    """One search as recorded: the evidence of P1.S2.1."""

    search_id: str
    entry_id: str | None
    kind: str
    term: str | None
    not_searchable: str | None
    hits: list[dict[str, Any]]
    by: str
    at: datetime


async def list_runs(database: Database, *, limit: int, cursor: str | None = None) -> Page[RunRecord]:
    """Runs, the newest Friday first. Raises BadCursor."""
    query = select(ReportRun)
    if cursor is not None:
        (last,) = read_cursor(cursor, 1)
        query = query.where(ReportRun.run_id < last)
    async with database.transaction() as session:
        rows = await session.scalars(query.order_by(ReportRun.run_id.desc()).limit(limit + 1))
        runs = [await _run(session, row) for row in rows.all()]
    return page_of(runs, limit, lambda run: [run.run_id])


async def run(database: Database, run_id: str) -> RunRecord | None:
    """One run, or None."""
    async with database.transaction() as session:
        row = await session.get(ReportRun, run_id)
        return await _run(session, row) if row else None


async def run_of_case(database: Database, case_id: str) -> RunRecord | None:
    """The run whose tasks a case carries, or None."""
    async with database.transaction() as session:
        row = await session.scalar(select(ReportRun).where(ReportRun.case_id == case_id))
        return await _run(session, row) if row else None


async def run_counts(session: AsyncSession, run_id: str) -> RunCounts:
    """Counts of one run, in one transaction with whatever else is read."""
    message = ReportMessage
    columns = (message.read, message.accepted, message.rejected, message.repeated)
    sums = (
        await session.execute(
            select(*(func.coalesce(func.sum(column), 0) for column in columns)).where(
                message.run_id == run_id
            )
        )
    ).one()
    resolved = ReportEntry.state.in_(["repeated", "set_aside"]) | ReportEntry.outcome.is_not(None)
    waiting = (
        _counted(run_id, ReportEntry.outcome.is_not(None), CaseRecord.closed_at.is_(None))
        .select_from(ReportEntry)
        .join(CaseRecord, CaseRecord.case_id == ReportEntry.case_id)
    )
    return RunCounts(
        read=sums[0],
        accepted=sums[1],
        rejected=sums[2],
        repeated=sums[3],
        resolved=await session.scalar(_counted(run_id, resolved)) or 0,
        waiting_for_corrections=await session.scalar(waiting) or 0,
    )


def _counted(run_id: str, *conditions: ColumnElement[bool]) -> Select[int]:
    return select(func.count(ReportEntry.entry_id)).where(ReportEntry.run_id == run_id, *conditions)


async def _run(session: AsyncSession, row: ReportRun) -> RunRecord:
    problems = await session.scalars(
        select(ReportMessage.problem)
        .where(ReportMessage.run_id == row.run_id, ReportMessage.problem.is_not(None))
        .order_by(ReportMessage.received_at)
    )
    plain = [name for name in RunRecord.model_fields if name not in ("problems", "counts")]
    return RunRecord(
        problems=[problem for problem in problems if problem],
        counts=await run_counts(session, row.run_id),
        **{name: getattr(row, name) for name in plain},
    )


async def list_entries(
    database: Database, sight: Sight, run_id: str, *, limit: int, cursor: str | None = None
) -> Page[EntryLine]:
    """Rows of a run in the holder's regions, in the order of the report. Raises BadCursor."""
    query = select(ReportEntry).where(ReportEntry.run_id == run_id)
    if not sight.every_region:
        query = query.where(ReportEntry.region.in_(sorted(sight.open_regions)))
    if cursor is not None:
        number, last = read_cursor(cursor, 2)
        if not isinstance(number, str) or not number.isdigit() or last is None:
            raise BadCursor("take the cursor from the field next of the last page")
        query = query.where(
            (ReportEntry.row_number > int(number))
            | ((ReportEntry.row_number == int(number)) & (ReportEntry.entry_id > last))
        )
    query = query.order_by(ReportEntry.row_number, ReportEntry.entry_id).limit(limit + 1)
    async with database.transaction() as session:
        lines = [
            EntryLine(**{name: getattr(row, name) for name in EntryLine.model_fields})
            for row in await session.scalars(query)
        ]
    return page_of(lines, limit, lambda line: [str(line.row_number), line.entry_id])


async def entry(database: Database, entry_id: str) -> EntryRecord | None:
    """One row of the report, or None."""
    async with database.transaction() as session:
        row = await session.get(ReportEntry, entry_id)
        if row is None:
            return None
        return EntryRecord(**{name: getattr(row, name) for name in EntryRecord.model_fields})


async def searches_of_entry(database: Database, entry_id: str) -> list[SearchMade]:
    """Every search recorded for a row, the oldest first."""
    query = select(SearchRecord).where(SearchRecord.entry_id == entry_id)
    async with database.transaction() as session:
        return [
            SearchMade(**{name: getattr(row, name) for name in SearchMade.model_fields})
            for row in await session.scalars(query.order_by(SearchRecord.at, SearchRecord.search_id))
        ]


async def searched_kinds(database: Database, entry_id: str) -> frozenset[str]:
    """The kinds of search recorded for a row, also as not searchable."""
    query = select(SearchRecord.kind).where(SearchRecord.entry_id == entry_id).distinct()
    async with database.transaction() as session:
        return frozenset((await session.scalars(query)).all())
