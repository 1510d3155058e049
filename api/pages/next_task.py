"""The next task of a visitor: the first of their own, otherwise the first that nobody has and that they may answer."""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Depends
from fastapi.responses import RedirectResponse, Response

from api.pages.queue import NOTHING_TO_DO, QueueQuery, View, own_kinds
from api.pages.routes import page_router
from api.pages.sessions import Visitor, visitor_with
from api.tasks import shown_task
from models.queries.queues import QueueFilter, Sort, queue
from models.queries.tasks import TaskRecord
from procedures.visibility import WORKS_ON_TASKS

router = page_router()
Worker = Annotated[Visitor, Depends(visitor_with(WORKS_ON_TASKS, "work on tasks"))]
_AT_ONCE = 10
"""Tasks read in one look; the first is nearly always one that the visitor may answer."""


@router.get("/tasks/next")
async def next_task(visitor: Worker) -> Response:
    """On to the next task; to the team's list when there is nothing to do."""
    found = await next_tasks(visitor, most=1)
    nothing = f"{QueueQuery(view=View.TEAM).address()}&said={NOTHING_TO_DO}"
    return RedirectResponse(f"/tasks/{found[0].task_id}" if found else nothing, 303)


async def next_tasks(visitor: Visitor, *, most: int, beside: str = "") -> list[TaskRecord]:
    """One's own tasks, then those that nobody has, the first due on top; none of the case `beside`."""
    caller, found = visitor.caller, list[TaskRecord]()
    own = QueueFilter(claimed_by=caller.actor.subject)
    free = QueueFilter(unclaimed=True, kinds=own_kinds(caller.sight))
    for wanted in (own, free):
        async for one in _by_due(visitor, wanted):
            if one.case_id != beside and shown_task(caller, one).may_answer:
                found.append(one)
            if len(found) == most:
                return found
    return found


async def _by_due(visitor: Visitor, wanted: QueueFilter) -> AsyncIterator[TaskRecord]:
    """All of a queue, read as far as it is looked at; whoever has roles in several regions sees some to read alone."""
    database, sight, page = visitor.caller.resources.database, visitor.caller.sight, 1
    while True:
        held = await queue(database, sight, wanted, sort=Sort.DUE, page=page, size=_AT_ONCE, counted=0)
        for one in held.items:
            yield one
        if len(held.items) < _AT_ONCE:
            return
        page += 1
