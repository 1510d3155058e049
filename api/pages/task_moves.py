"""Claiming, releasing and assigning from pages, by the endpoint functions of the JSON API."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import ValidationError

from api import task_actions
from api.pages.forms import PostedForm, Values, first, values_of
from api.pages.rendering import render
from api.pages.routes import page_router
from api.pages.sessions import Visitor, visitor_with
from api.problems import Problem, malformed
from api.task_actions import Assignment, Seen
from models.queries.cover import StaffNow, staff_now
from procedures.visibility import ASSIGNS, WORKS_ON_TASKS

router = page_router()
Worker = Annotated[Visitor, Depends(visitor_with(WORKS_ON_TASKS, "work on tasks"))]
Assigner = Annotated[Visitor, Depends(visitor_with(ASSIGNS, "assign tasks"))]
MOST_AT_ONCE = 100


@dataclass(frozen=True)
class Moved:
    """What became of one task of many."""

    task_id: str
    title: str
    done: bool
    words: str


@router.post("/tasks/{task_id}/claim")
async def claim(visitor: Worker, form: PostedForm, task_id: str) -> Response:
    """Take the task; the first valid claim wins."""
    await task_actions.claim(visitor.caller, task_id, _seen(values_of(form)))
    return RedirectResponse(f"/tasks/{task_id}?said=claimed", 303)


@router.post("/tasks/{task_id}/release")
async def release(visitor: Worker, form: PostedForm, task_id: str) -> Response:
    """Give the task back to its queue."""
    await task_actions.release(visitor.caller, task_id, _seen(values_of(form)))
    return RedirectResponse(f"/tasks/{task_id}?said=released", 303)


@router.post("/tasks/{task_id}/assign")
async def assign(visitor: Assigner, form: PostedForm, task_id: str) -> Response:
    """Give the task to somebody else, and say why (AMB-X-2)."""
    staff = await staff_now(visitor.caller.resources.database, visitor.caller.now)
    await _assign(visitor, task_id, values_of(form), staff)
    return RedirectResponse(f"/tasks/{task_id}?said=assigned", 303)


@router.post("/tasks/assign-many")
async def assign_many(request: Request, visitor: Assigner, form: PostedForm) -> Response:
    """Give many tasks to somebody; each row says what became of it."""
    values = values_of(form)
    wanted = list(dict.fromkeys(values.get("task", [])))[:MOST_AT_ONCE]
    if not wanted:
        raise malformed("Tick the tasks that you want to assign.")
    staff = await staff_now(visitor.caller.resources.database, visitor.caller.now)
    moved = [await _moved(visitor, task_id, values, staff) for task_id in wanted]
    return render(request, "tasks_assigned.html", visitor=visitor, moved=moved)


async def _moved(visitor: Visitor, task_id: str, values: Values, staff: Sequence[StaffNow]) -> Moved:
    try:
        title = await _assign(visitor, task_id, values, staff)
    except Problem as problem:
        return Moved(task_id, "Task", False, problem.body.detail)
    return Moved(task_id, title, True, "Assigned")


async def _assign(visitor: Visitor, task_id: str, values: Values, staff: Sequence[StaffNow]) -> str:
    """Assign to a colleague who may answer this task; the title of the task. Raises problems."""
    subject, reason = first(values, "assign_to"), first(values, "assign_reason")
    if not subject:
        raise malformed("Choose a colleague who may answer this task.")
    try:
        to = Assignment(
            subject=subject,
            reason=reason,
            seen_version=_version(values),
            although_away=first(values, "although_away") == "yes",
        )
    except ValidationError:
        raise malformed("Give the reason for the assignment, in at most 500 characters.") from None
    return (await task_actions.assign_among(visitor.caller, task_id, to, staff)).title


def _seen(values: Values) -> Seen:
    return Seen(seen_version=_version(values))


def _version(values: Values) -> int | None:
    given = first(values, "seen_version")
    return int(given) if given.isdigit() else None
