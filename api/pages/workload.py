"""The manager's view: who has how much, what is overdue, what falls due, what has been escalated."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Annotated, Any

from fastapi import Depends, Request
from fastapi.responses import RedirectResponse, Response

from api.pages.due import due_words
from api.pages.office_menu import office_menu
from api.pages.rendering import render
from api.pages.routes import page_router
from api.pages.sessions import SignedInVisitor, Visitor, visitor_with
from api.problems import unknown
from api.tasks import shown_task
from models.queries import web
from models.queries.queues import QueueFilter, Sort, queue
from models.queries.workload import Load, due_ahead, load_by_holder, load_by_region
from procedures.answers import ALL
from procedures.editions import edition_in_force
from procedures.local_time import instant_at, local_date
from procedures.terms import Role
from procedures.visibility import ASSIGNS, WORKS_ON_TASKS

router = page_router()
Assigner = Annotated[Visitor, Depends(visitor_with(ASSIGNS, "see workloads"))]
DAYS = 14
"""Days ahead, today included."""
_SHOWN = 10


@dataclass(frozen=True)
class Bar:
    """One day of the chart. Widths are per cent of the longest bar; the numbers stand beside them."""

    day: date
    closed: str | None
    """Why the day is no working day."""
    tasks: int
    forms: int
    tasks_width: int
    forms_width: int


@router.get("/office")
async def office(request: Request, visitor: SignedInVisitor) -> Response:
    """The first page about the office that the visitor sees."""
    menu = office_menu(visitor.caller.sight, request.url.path)
    if not menu:
        raise unknown("page")
    return RedirectResponse(str(menu[0]["href"]), 303)


@router.get("/office/workload")
async def workload(request: Request, visitor: Assigner) -> Response:
    """Everything at a glance; each number leads to its list."""
    caller = visitor.caller
    database, sight, now = caller.resources.database, caller.sight, caller.now
    holders = await load_by_holder(database, sight, now=now)
    held = sum(one.open for one in holders)
    return render(
        request,
        "office/workload.html",
        visitor=visitor,
        menu=office_menu(sight, request.url.path),
        people=await _people(visitor, holders),
        nobody=next((one for one in holders if one.subject is None), None),
        offices=await _offices(visitor),
        open_tasks=held,
        overdue_tasks=sum(one.overdue for one in holders),
        overdue=await _tasks(visitor, QueueFilter(overdue_at=now)),
        escalated=await _tasks(visitor, QueueFilter(kinds=_escalations())),
        due=await due_words(caller.resources),
        bars=await _bars(visitor),
    )


def _escalations() -> frozenset[str]:
    """Kinds of task that come to the manager because something did not go as it should."""
    return frozenset(
        kind for kind, asked in ALL.items() if asked.role is Role.MANAGER_HOUSING_WELLBEING_SUPPORT
    )


async def _people(visitor: Visitor, holders: list[Load]) -> list[tuple[str, list[str], Load]]:
    """Name, regions and load of everybody who works on tasks, also of who has nothing, the most on top."""
    staff = await web.colleagues(visitor.caller.resources.database, WORKS_ON_TASKS)
    regions: dict[str, set[str]] = {}
    for one in staff:
        regions.setdefault(one.subject, set()).add(one.region)
    names = {one.subject: one.name for one in staff}
    loads = {one.subject: one for one in holders if one.subject}
    sight = visitor.caller.sight
    shown = {
        s for s, own in regions.items() if any(sight.may(ASSIGNS, region) for region in own)
    } | loads.keys()
    rows = []
    for subject in shown:
        load = loads.get(subject) or Load(
            subject=subject, name=None, region=None, open=0, overdue=0, urgent=0
        )
        rows.append((names.get(subject) or load.name or subject, sorted(regions.get(subject, ())), load))
    return sorted(rows, key=lambda row: (-row[2].open, row[0]))


async def _offices(visitor: Visitor) -> list[tuple[str, str, Load]]:
    """Region, its area offices and its load."""
    caller = visitor.caller
    names = await web.area_offices(caller.resources.database)
    loads = await load_by_region(caller.resources.database, caller.sight, now=caller.now)
    return [(one.region or "", ", ".join(names.get(one.region or "", ())), one) for one in loads]


async def _tasks(visitor: Visitor, wanted: QueueFilter) -> dict[str, Any]:
    """The first tasks of a list and how many there are."""
    caller = visitor.caller
    page = await queue(caller.resources.database, caller.sight, wanted, sort=Sort.DUE, page=1, size=_SHOWN)
    return {"items": [shown_task(caller, one) for one in page.items], "total": page.total}


async def _bars(visitor: Visitor) -> list[Bar]:
    """What falls due on each day ahead."""
    caller = visitor.caller
    resources, today = caller.resources, local_date(caller.now)
    days = [today + timedelta(days=n) for n in range(DAYS + 1)]
    starts = [caller.now, *map(_begins, days[1:])]
    ahead = await due_ahead(resources.database, caller.sight, starts=starts)
    calendar = await resources.deadlines.calendar(edition_in_force(caller.now).parameters.calendar)
    most = max([*ahead.tasks, *ahead.forms, 1])
    return [
        Bar(day, calendar.why_closed(day), tasks, forms, 100 * tasks // most, 100 * forms // most)
        for day, tasks, forms in zip(days, ahead.tasks, ahead.forms, strict=False)
        if tasks or forms or calendar.is_working_day(day)
    ]


def _begins(day: date) -> datetime:
    return instant_at(day, time(0))
