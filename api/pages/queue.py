"""Queues of tasks: mine, my team's, unassigned, waiting for Corrections, done; filters stay in the address."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import Depends, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel, Field, field_validator

from api.pages.assigning import assignees
from api.pages.due import due_words
from api.pages.rendering import render
from api.pages.routes import page_router
from api.pages.sessions import Visitor, visitor_with, watcher
from api.pages.words import region_words
from api.signed_in import Caller
from api.tasks import shown_task
from models.queries import web
from models.queries.queues import QueueFilter, Sort, count_waiting, counts, queue, waiting_cases
from procedures.answers import ALL
from procedures.local_time import instant_at, local_date
from procedures.steps import STEPS
from procedures.visibility import ASSIGNS, NATIONAL, READS_CASES, WORKS_ON_TASKS, Sight

router = page_router()
Worker = Annotated[Visitor, Depends(visitor_with(WORKS_ON_TASKS, "work on tasks"))]
PAGE = 25
"""Tasks on one page."""


class View(StrEnum):
    """The queues."""

    MINE = "mine"
    TEAM = "team"
    UNASSIGNED = "unassigned"
    WAITING = "waiting"
    DONE = "done"


TITLES = {
    View.MINE: "My tasks",
    View.TEAM: "My team's tasks",
    View.UNASSIGNED: "Unassigned tasks",
    View.WAITING: "Waiting for Corrections",
    View.DONE: "Tasks done",
}


class Due(StrEnum):
    """Which due instants."""

    OVERDUE = "overdue"
    TODAY = "today"


NOTHING_TO_DO = "nothing"
_SAID = {
    NOTHING_TO_DO: "There is nothing for you to do now: you have no task, and none waits that you may take.",
}

_SORTS = {Sort.DUE: "Due first", Sort.NEWEST: "Newest first", Sort.STEP: "By step"}


class QueueQuery(BaseModel):
    """What the address says; everything of it can be kept as a bookmark."""

    model_config = {"extra": "ignore"}

    view: View = View.MINE
    region: str = Field(default="", max_length=32)
    step: str = Field(default="", max_length=8)
    due: Due | None = None
    new: bool = False
    sort: Sort = Sort.DUE
    page: int = Field(default=1, ge=1, le=10_000)

    @field_validator("due", mode="before")
    @classmethod
    def _any_time(cls, given: object) -> object:
        """A filter form sends what is not filtered by as an empty text."""
        return given or None

    @property
    def is_plain(self) -> bool:
        """Whether nothing narrows the queue."""
        return self == QueueQuery(view=self.view, sort=self.sort, page=self.page)

    def address(self, **changed: object) -> str:
        """The address of this list with something changed; the first page unless a page is named."""
        held = {**self.model_dump(mode="json"), "page": 1, **changed}
        plain = QueueQuery().model_dump(mode="json")
        return f"/tasks?{urlencode({k: v for k, v in held.items() if v not in (None, '', plain.get(k)) or k == 'view'})}"


def own_kinds(sight: Sight) -> frozenset[str]:
    """The kinds of task that the holder's roles may answer."""
    return frozenset(kind for kind, asked in ALL.items() if sight.has_any(asked.roles()))


def filter_of(visitor: Visitor, query: QueueQuery) -> QueueFilter:
    """What a queue's address asks for."""
    return queue_filter(visitor.caller, query, last_here_at=visitor.session.last_here_at)


def queue_filter(caller: Caller, query: QueueQuery, *, last_here_at: datetime | None = None) -> QueueFilter:
    """The same for a caller; what is new is what came after they were last here."""
    subject, now = caller.actor.subject, caller.now
    today = local_date(now)
    view = query.view
    return QueueFilter(
        state="done" if view is View.DONE else "open",
        kinds=None if view is View.MINE else own_kinds(caller.sight),
        claimed_by=subject if view is View.MINE else None,
        unclaimed=view is View.UNASSIGNED,
        region=query.region or None,
        step=query.step or None,
        overdue_at=now if query.due is Due.OVERDUE else None,
        due_from=now if query.due is Due.TODAY else None,
        due_before=_midnight_after(today) if query.due is Due.TODAY else None,
        opened_after=last_here_at if query.new else None,
    )


@router.get("/tasks")
async def tasks(request: Request, visitor: Worker, query: Annotated[QueueQuery, Query()]) -> Response:
    """One queue."""
    return await _list(request, visitor, query, "tasks.html")


@router.get("/tasks/list")
async def list_again(
    request: Request, visitor: Annotated[Visitor, Depends(watcher)], query: Annotated[QueueQuery, Query()]
) -> Response:
    """The list alone, fetched again by the page itself: it keeps no session alive."""
    await visitor.caller.require(WORKS_ON_TASKS, "work on tasks")
    return await _list(request, visitor, query, "parts/task_list.html")


async def _list(request: Request, visitor: Visitor, query: QueueQuery, template: str) -> Response:
    caller = visitor.caller
    context: dict[str, Any] = {"query": query, "now": caller.now, "due": await due_words(caller.resources)}
    context |= await _around(visitor, query) if template == "tasks.html" else {}
    context["message"] = _SAID.get(request.query_params.get("said", ""), "")
    if query.view is View.WAITING and caller.sight.has_any(READS_CASES):
        found, total = await waiting_cases(
            caller.resources.database, caller.sight, region=query.region or None, page=query.page, size=PAGE
        )
        context |= {"waiting": found, "total": total}
    else:
        page = await queue(
            caller.resources.database,
            caller.sight,
            filter_of(visitor, query),
            sort=query.sort,
            page=query.page,
            size=PAGE,
            counted=context.get("numbers", {}).get(query.view.value) if query.is_plain else None,
        )
        shown = [shown_task(caller, one) for one in page.items]
        context |= {
            "tasks": list(zip(shown, page.items, strict=True)),
            "total": page.total,
            "more": page.more,
        }
    context["pages"] = pagination(query, context["total"] + context.get("more", False))
    may_assign = caller.sight.has_any(ASSIGNS) and query.view not in (View.WAITING, View.DONE)
    if may_assign:
        context["assignees"] = await assignees(caller, [record for _, record in context["tasks"]])
    return render(request, template, visitor=visitor, titles=TITLES, may_assign=may_assign, **context)


async def _around(visitor: Visitor, query: QueueQuery) -> dict[str, Any]:
    """What stands around the list: tabs with counts, and filters."""
    caller = visitor.caller
    database, sight = caller.resources.database, caller.sight
    numbers = await counts(
        database,
        sight,
        {
            view.value: filter_of(visitor, QueueQuery(view=view))
            for view in (View.MINE, View.TEAM, View.UNASSIGNED)
        },
    )
    views = [view for view in View if view is not View.WAITING or sight.has_any(READS_CASES)]
    if View.WAITING in views:
        numbers["waiting"] = await count_waiting(database, sight)
    offices = await web.area_offices(database)
    regions = (
        sorted(offices) if sight.every_region else sorted(sight.regions_with(WORKS_ON_TASKS) - {NATIONAL})
    )
    steps = _steps(own_kinds(sight))
    return {
        "views": views,
        "numbers": numbers,
        "regions_items": [_item(code, _region(code, offices)) for code in (*regions, NATIONAL)],
        "steps_items": [
            _item(one.ref, f"{one.ref} {one.title}") for one in STEPS.values() if one.ref in steps
        ],
        "sort_items": [_item(sort.value, text) for sort, text in _SORTS.items()],
    }


def _region(code: str, offices: dict[str, list[str]]) -> str:
    names = ", ".join(offices.get(code, ()))
    return f"{region_words(code)} ({names})" if names else region_words(code)


def _item(value: str, text: str) -> dict[str, str]:
    return {"value": value, "text": text}


def _steps(kinds: Iterable[str]) -> set[str]:
    return {ALL[kind].step for kind in kinds}


def pagination(query: QueueQuery, total: int) -> dict[str, Any]:
    """The pages of a list for the pagination component; empty when all fits on one."""
    last = max(1, -(-total // PAGE))
    if last == 1:
        return {}
    around = sorted({1, last, *range(max(1, query.page - 1), min(last, query.page + 1) + 1)})
    items: list[dict[str, Any]] = []
    for number, before in zip(around, [0, *around], strict=False):
        if number - before > 1:
            items.append({"ellipsis": True})
        items.append({"number": number, "href": query.address(page=number), "current": number == query.page})
    pages: dict[str, Any] = {"items": items}
    if query.page > 1:
        pages["previous"] = {"href": query.address(page=query.page - 1)}
    if query.page < last:
        pages["next"] = {"href": query.address(page=query.page + 1)}
    return pages


def _midnight_after(day: Any) -> datetime:
    return instant_at(day + timedelta(days=1), datetime.min.time())
