"""Friday runs, their rows, and the searches made for a row."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from models.database import Database
from models.queries.paging import BadCursor, Page, page_of, read_cursor
from models.tables.case import CaseRecord
from models.tables.report import ReportEntry, ReportMessage, ReportRun, SearchRecord
from procedures.tasks import Frozen
from procedures.visibility import EVERY_REGION, READS_REPORTS, Sight


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
    expected_on: date | None
    said_of_missing: str | None
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
    runs = await _runs(database, query.order_by(ReportRun.run_id.desc()).limit(limit + 1))
    return page_of(runs, limit, lambda run: [run.run_id])


async def run(database: Database, run_id: str) -> RunRecord | None:
    """One run, or None."""
    found = await _runs(database, select(ReportRun).where(ReportRun.run_id == run_id))
    return found[0] if found else None


async def run_of_case(database: Database, case_id: str) -> RunRecord | None:
    """The run whose tasks a case carries, or None."""
    found = await _runs(database, select(ReportRun).where(ReportRun.case_id == case_id))
    return found[0] if found else None


async def _runs(database: Database, query: Select[ReportRun]) -> list[RunRecord]:
    """These runs with their counts and problems, all as of one transaction."""
    plain = [name for name in RunRecord.model_fields if name not in ("problems", "counts")]
    async with database.transaction() as session:
        rows = (await session.scalars(query)).all()
        run_ids = [row.run_id for row in rows]
        counts = await _counts(session, run_ids)
        problems = await _problems(session, run_ids)
    return [
        RunRecord(
            problems=problems.get(row.run_id, []),
            counts=counts[row.run_id],
            **{name: getattr(row, name) for name in plain},
        )
        for row in rows
    ]


async def _counts(session: AsyncSession, run_ids: list[str]) -> dict[str, RunCounts]:
    message, entry = ReportMessage, ReportEntry
    sums = (
        func.sum(column) for column in (message.read, message.accepted, message.rejected, message.repeated)
    )
    read = await session.execute(
        select(message.run_id, *sums).where(message.run_id.in_(run_ids)).group_by(message.run_id)
    )
    messages = {run_id: numbers for run_id, *numbers in read.all()}
    settled = entry.state.in_(["repeated", "set_aside"]) | entry.outcome.is_not(None)
    resolved = await _by_run(session, _entries(run_ids).where(settled))
    still_open = _entries(run_ids).join(CaseRecord, CaseRecord.case_id == entry.case_id)
    waiting = await _by_run(
        session, still_open.where(entry.outcome.is_not(None), CaseRecord.closed_at.is_(None))
    )
    names = ("read", "accepted", "rejected", "repeated")
    return {
        run_id: RunCounts(
            **dict(zip(names, messages.get(run_id, (0, 0, 0, 0)), strict=True)),
            resolved=resolved.get(run_id, 0),
            waiting_for_corrections=waiting.get(run_id, 0),
        )
        for run_id in run_ids
    }


def _entries(run_ids: list[str]) -> Select[str, int]:
    entry = ReportEntry
    return (
        select(entry.run_id, func.count(entry.entry_id))
        .select_from(entry)
        .where(entry.run_id.in_(run_ids))
        .group_by(entry.run_id)
    )


async def _by_run(session: AsyncSession, query: Select[str, int]) -> dict[str, int]:
    return {run_id: number for run_id, number in (await session.execute(query)).all()}


async def _problems(session: AsyncSession, run_ids: list[str]) -> dict[str, list[str]]:
    message = ReportMessage
    rows = await session.execute(
        select(message.run_id, message.problem)
        .where(message.run_id.in_(run_ids), message.problem.is_not(None))
        .order_by(message.received_at)
    )
    found: dict[str, list[str]] = {}
    for run_id, problem in rows:
        found.setdefault(run_id, []).extend([problem] if problem else [])
    return found


async def list_entries(
    database: Database, sight: Sight, run_id: str, *, limit: int, cursor: str | None = None
) -> Page[EntryLine]:
    """Rows of a run in the holder's regions, in the order of the report. Raises BadCursor."""
    query = select(ReportEntry).where(ReportEntry.run_id == run_id)
    regions = sight.regions_with(READS_REPORTS)
    if EVERY_REGION not in regions:
        query = query.where(ReportEntry.region.in_(sorted(regions)))
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
