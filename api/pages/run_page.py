"""The Friday run: where every row stands, what is missing, who covers, and the printed copies; never the report itself."""

from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import Depends, Query, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import BaseModel, Field, ValidationError

from activities.prints import Destruction
from api import absences, prints
from api.listing import Listing
from api.pages.due import due_words
from api.pages.forms import PostedForm, first, values_of
from api.pages.new_keys import checked_key, new_key
from api.pages.page_numbers import page_numbers
from api.pages.rendering import render
from api.pages.routes import page_router
from api.pages.run_line import line_of
from api.pages.sessions import Visitor, visitor_with
from api.pages.words import phrase_of, waits_words
from api.problems import malformed, unknown
from api.tasks import shown_task
from models.queries.cases import case
from models.queries.reports import RunRecord, list_runs
from models.queries.reports import run as run_on_record
from models.queries.run_rows import Rows, RunRow, rows_of_run
from models.queries.tasks import TaskRecord, tasks_of_case
from models.queries.web import colleagues
from procedures.editions import edition_in_force
from procedures.local_time import local_date
from procedures.report_week import report_week
from procedures.terms import Role
from procedures.visibility import READS_REPORTS

router = page_router()
Reader = Annotated[Visitor, Depends(visitor_with(READS_REPORTS, "read the report"))]
PAGE = 50
"""Rows on one page."""

_WHICH = {
    Rows.ALL: "All rows",
    Rows.UNRESOLVED: "Not resolved yet",
    Rows.REJECTED: "Could not be read",
    Rows.WAITING: "Case still open",
}
_STATES = {
    "rejected": "Could not be read",
    "set_aside": "Set aside with a reason",
    "repeated": "The same as a row above",
}


class RunQuery(BaseModel):
    """What the address of a run's page says."""

    model_config = {"extra": "ignore"}

    show: Rows = Rows.ALL
    page: int = Field(default=1, ge=1, le=10_000)


@dataclass(frozen=True)
class ShownRow:
    """A row with its standing in words."""

    row: RunRow
    standing: str
    tasks: list[tuple[str, str]]
    """Id and title of each open task."""


@router.get("/runs")
async def runs(
    request: Request, visitor: Reader, cursor: Annotated[str | None, Query(max_length=512)] = None
) -> Response:
    """The Friday runs, the newest first."""
    page = await list_runs(visitor.caller.resources.database, limit=20, cursor=cursor)
    return render(
        request,
        "runs.html",
        visitor=visitor,
        step="1.1",
        runs=[(one, line_of(one)) for one in page.items],
        more=f"/runs?{urlencode({'cursor': page.next})}" if page.next else None,
    )


@router.get("/runs/{run_id}")
async def run(
    request: Request, visitor: Reader, run_id: str, query: Annotated[RunQuery, Query()]
) -> Response:
    """One run: reconciliation, its own tasks, cover, rows and printed copies."""
    caller = visitor.caller
    held = await run_on_record(caller.resources.database, run_id)
    if held is None:
        raise unknown("Friday run")
    rows = await rows_of_run(
        caller.resources.database,
        caller.sight,
        run_id,
        held.case_id,
        which=query.show,
        page=query.page,
        size=PAGE,
    )
    copies = (await prints.prints(caller, run_id)).items
    of_case = await case(caller.resources.database, held.case_id)
    return render(
        request,
        "run.html",
        visitor=visitor,
        step="1.1",
        edition=of_case.edition if of_case else None,
        run=held,
        line=line_of(held),
        sum_is_right=_adds_up(held),
        week=await _week(visitor, held),
        tasks=await _tasks(visitor, held),
        due=await due_words(caller.resources),
        away=await _away(visitor, held),
        rows=[_shown(visitor, one) for one in rows.items],
        total=rows.total,
        elsewhere=max(0, held.counts.read - rows.total) if query.show is Rows.ALL else 0,
        which=_WHICH,
        show=query.show,
        pages=page_numbers(
            f"/runs/{run_id}?{urlencode({'show': query.show.value})}", query.page, rows.total, PAGE
        ),
        prints=copies,
        about=sum(one.open for one in copies),
        methods=[(method.value, phrase_of(method.value)) for method in Destruction],
        key=new_key(),
    )


@router.post("/runs/{run_id}/prints")
async def register_print(visitor: Reader, form: PostedForm, run_id: str) -> Response:
    """Register a copy before it is printed (P1.S1.N1)."""
    await prints.register(visitor.caller, run_id, checked_key(first(values_of(form), "key")))
    return _to_prints(run_id)


@router.post("/runs/{run_id}/prints/{print_id}/destroyed")
async def destroyed(visitor: Reader, form: PostedForm, run_id: str, print_id: str) -> Response:
    """Record how a copy was destroyed (P1.S1.N3)."""
    values = values_of(form)
    try:
        how = prints.Destroyed(method=Destruction(first(values, "method")))
    except (ValidationError, ValueError):
        raise malformed("Say how the copy was destroyed: shredded, or in a destruction bin.") from None
    await prints.destroyed(visitor.caller, run_id, print_id, how, checked_key(first(values, "key")))
    return _to_prints(run_id)


def _to_prints(run_id: str) -> Response:
    return RedirectResponse(f"/runs/{run_id}#prints", 303)


def _adds_up(run: RunRecord) -> bool:
    """Every row read is accounted for."""
    counts = run.counts
    return counts.read == counts.accepted + counts.rejected + counts.repeated


async def _week(visitor: Visitor, run: RunRecord) -> Any:
    """When the report is there, may be said to be missing, and is to be reviewed."""
    resources = visitor.caller.resources
    parameters = edition_in_force(run.opened_at).parameters
    calendar = await resources.deadlines.calendar(parameters.calendar)
    return report_week(run.friday, calendar.is_working_day)


async def _tasks(visitor: Visitor, run: RunRecord) -> list[tuple[Any, TaskRecord]]:
    """The tasks of the run itself, rows left out: those stand with their row."""
    caller = visitor.caller
    held = await tasks_of_case(caller.resources.database, run.case_id)
    return [
        (shown_task(caller, one), one)
        for one in held
        if one.kind != "resolve_row" and caller.sight.sees_task(one.role, one.procedure, one.region)
    ]


async def _away(visitor: Visitor, run: RunRecord) -> list[tuple[str, str, str | None]]:
    """Which advisors are away on the Friday, as far as the visitor may know: name, days, who covers."""
    caller = visitor.caller
    held: Listing[absences.AbsenceItem] = await absences.all_absences(caller)
    staff = await colleagues(
        caller.resources.database,
        {Role.ADVISOR_WELLBEING_SUPPORT, Role.MANAGER_HOUSING_WELLBEING_SUPPORT},
    )
    names = {one.subject: one.name for one in staff}
    return [
        (names[one.subject], one.local, names.get(one.cover, one.cover) if one.cover else None)
        for one in held.items
        if one.first_day <= run.friday <= one.last_day and one.subject in names
    ]


def _shown(visitor: Visitor, row: RunRow) -> ShownRow:
    tasks = [(one.task_id, shown_task(visitor.caller, one).title) for one in row.tasks]
    return ShownRow(row, _standing(row), tasks)


def _standing(row: RunRow) -> str:
    """Where a row stands, in words."""
    line, case = row.line, row.case
    if line.outcome is None:
        return _STATES.get(line.state, "Waits to be matched")
    said = phrase_of(line.outcome)
    if line.outcome == "joined":
        said = "Joined to the person's open case"
    if case is None:
        return said
    if case.closed_at is not None:
        return f"{said}; done on {local_date(case.closed_at):%-d %B %Y}"
    return f"{said}; at step {case.step}, waits for {waits_words(case.waiting_for)}"
