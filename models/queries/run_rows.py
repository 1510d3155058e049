"""The rows of one Friday run as its page lists them: where each stands, what is wrong with it, and its open tasks."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select, true

from models.database import Database
from models.queries.reports import EntryLine
from models.queries.tasks import TaskRecord, joined_tasks, task_record
from models.queries.visible import visible_cases, visible_tasks
from models.tables.case import CaseRecord, Task
from models.tables.report import ReportEntry
from procedures.tasks import Frozen
from procedures.visibility import EVERY_REGION, READS_REPORTS, Sight


class Rows(StrEnum):
    """Which rows of a run."""

    ALL = "all"
    UNRESOLVED = "unresolved"
    REJECTED = "rejected"
    WAITING = "waiting"


class RowProblem(Frozen):
    """Why a row could not be taken; `message` says what to do and quotes nothing of the row."""

    column: str | None
    message: str


class RowCase(Frozen):
    """The case of a row, as far as the reader sees it."""

    case_id: str
    step: str
    waiting_for: str
    closed_at: datetime | None


class RunRow(Frozen):
    """One row without name, birth date or address."""

    line: EntryLine
    problems: list[RowProblem]
    case: RowCase | None
    tasks: list[TaskRecord]


class RowPage(Frozen):
    """One page of rows and how many there are in all."""

    items: list[RunRow]
    total: int


async def rows_of_run(
    database: Database, sight: Sight, run_id: str, run_case_id: str, *, which: Rows, page: int, size: int
) -> RowPage:
    """Rows of the holder's regions in the order of the report; pages are numbered from 1."""
    conditions = [ReportEntry.run_id == run_id, *_conditions(which)]
    regions = sight.regions_with(READS_REPORTS)
    if EVERY_REGION not in regions:
        conditions.append(ReportEntry.region.in_(sorted(regions)))
    joined = select(ReportEntry, CaseRecord).outerjoin(
        CaseRecord, and_(CaseRecord.case_id == ReportEntry.case_id, visible_cases(sight))
    )
    query = joined.where(*conditions).order_by(ReportEntry.row_number, ReportEntry.entry_id)
    query = query.offset((page - 1) * size).limit(size)
    counted = select(func.count(ReportEntry.entry_id)).where(*conditions)
    if which is Rows.WAITING:
        counted = counted.select_from(ReportEntry).join(
            CaseRecord, and_(CaseRecord.case_id == ReportEntry.case_id, visible_cases(sight))
        )
    async with database.transaction() as session:
        found = (await session.execute(query)).all()
        total = await session.scalar(counted) or 0
        of_rows = [entry.case_id for entry, _ in found if entry.case_id]
        tasks = joined_tasks().where(
            visible_tasks(sight),
            Task.state == "open",
            or_(Task.case_id.in_(of_rows), and_(Task.case_id == run_case_id, Task.kind == "resolve_row")),
        )
        opened = [task_record(row) for row in (await session.execute(tasks.order_by(Task.opened_at))).all()]
    return RowPage(items=[_row(entry, case, opened) for entry, case in found], total=total)


def _conditions(which: Rows) -> list[ColumnElement[bool]]:
    undecided = and_(ReportEntry.state.not_in(["repeated", "set_aside"]), ReportEntry.outcome.is_(None))
    match which:
        case Rows.ALL:
            return [true()]
        case Rows.UNRESOLVED:
            return [undecided]
        case Rows.REJECTED:
            return [ReportEntry.state == "rejected"]
        case Rows.WAITING:
            return [
                ReportEntry.outcome.is_not(None),
                CaseRecord.case_id.is_not(None),
                CaseRecord.closed_at.is_(None),
            ]


def _row(entry: ReportEntry, case: CaseRecord | None, opened: list[TaskRecord]) -> RunRow:
    line = EntryLine(**{name: getattr(entry, name) for name in EntryLine.model_fields})
    own = [
        one
        for one in opened
        if (
            one.context["entry_id"] == line.entry_id
            if one.kind == "resolve_row"
            else one.case_id == line.case_id
        )
    ]
    return RunRow(
        line=line, problems=[_problem(error) for error in entry.errors], case=_case(case), tasks=own
    )


def _problem(error: dict[str, Any]) -> RowProblem:
    return RowProblem(column=error.get("column"), message=error["message"])


def _case(case: CaseRecord | None) -> RowCase | None:
    return RowCase(**{name: getattr(case, name) for name in RowCase.model_fields}) if case else None
