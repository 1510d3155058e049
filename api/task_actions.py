"""Acting on a task: claim, release, assign, answer."""

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, Header
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, Field

from activities.delivery import Recorded, Waiting
from activities.tasks import claim_task
from api.answering import answer_task, problem_of, view_after
from api.entitled_staff import chosen_among
from api.problems import malformed, not_allowed, refused
from api.signed_in import Caller, allowed
from api.tasks import TaskItem, Worker, entitled, shown_task
from api.visibility import shown_view, visible_task
from models.queries.cover import StaffNow, away_until, staff_now
from models.queries.tasks import TaskRecord
from procedures.local_time import local_date, say_date
from procedures.tasks import By, CaseView
from procedures.visibility import ASSIGNS

router = APIRouter(prefix="/api/tasks", tags=["tasks"])
IdempotencyKey = Annotated[
    str,
    Header(
        alias="Idempotency-Key",
        pattern=r"^[A-Za-z0-9_-]{8,64}$",
        description="An id of this command, chosen by you; the same one again changes nothing",
        examples=["7f0c1d9e-answer-1"],
    ),
]


class Seen(BaseModel):
    """Which version of the task you look at; None claims whatever it is."""

    seen_version: int | None = Field(default=None, examples=[1])


class Assignment(Seen):
    """To whom the task goes, and why."""

    subject: str = Field(min_length=1, max_length=128, examples=["u-17"])
    reason: str = Field(min_length=1, max_length=500, examples=["on leave from Monday"])
    although_away: bool = Field(default=False, description="Give it to somebody who is away, knowing that")


@router.post("/{task_id}/claim")
async def claim(caller: Worker, task_id: str, seen: Annotated[Seen | None, Body()] = None) -> TaskItem:
    """Take a task from the queue; the first valid claim wins."""
    me = await _me(caller, task_id)
    return await _move(caller, task_id, seen, "claimed", me, by=me)


@router.post("/{task_id}/release")
async def release(caller: Worker, task_id: str, seen: Annotated[Seen | None, Body()] = None) -> TaskItem:
    """Give a task back to the queue of its role and region."""
    return await _move(caller, task_id, seen, "released", None, by=await _me(caller, task_id))


@router.post("/{task_id}/assign")
async def assign(
    caller: Annotated[Caller, Depends(allowed(ASSIGNS, "assign tasks"))], task_id: str, to: Assignment
) -> TaskItem:
    """Give a task to somebody else who may answer it; to somebody who is away only when you say so (AMB-X-2)."""
    return await assign_among(caller, task_id, to, await staff_now(caller.resources.database, caller.now))


async def assign_among(caller: Caller, task_id: str, to: Assignment, staff: Sequence[StaffNow]) -> TaskItem:
    """Give a task to one of these members of staff. Raises problems: not allowed, nobody who may answer it, away."""
    held = await visible_task(caller, task_id)
    if not caller.sight.may(ASSIGNS, held.region):
        await caller.record_refusal("assign tasks", subject=task_id, case_id=held.case_id)
        raise not_allowed("assign tasks")
    chosen = chosen_among(staff, to.subject, held)
    if chosen is None:
        raise malformed("Choose a colleague who may answer this task.")
    if not to.although_away:
        await _check_present(caller, to.subject)
    holder = By(subject=to.subject, name=chosen.member.name, role=held.role.value)
    by = caller.by(ASSIGNS)
    return await _move(caller, task_id, to, "assigned", holder, by=by, reason=to.reason)


@router.post("/{task_id}/answer", response_model=CaseView)
async def answer(
    caller: Worker,
    task_id: str,
    body: Annotated[dict[str, Any], Body()],
    command_id: IdempotencyKey,
    if_match: Annotated[str | None, Header(description="The version of the task that you saw")] = None,
) -> Response:
    """Answer a task: 200 with the case as it then stands, or 202 with a command id when it takes longer."""
    held = await visible_task(caller, task_id)
    outcome = await answer_task(
        caller, held, command_id=command_id, body=body, seen_version=version_of(if_match)
    )
    match outcome:
        case Recorded():
            view = await view_after(caller, held.case_id, outcome)
            shown = shown_view(caller, view, held.procedure, held.region)
            return JSONResponse(shown.model_dump(mode="json"))
        case Waiting():
            return accepted(command_id)
        case _:
            raise problem_of(outcome)


def accepted(command_id: str) -> Response:
    """202: received and kept; still being saved."""
    return JSONResponse(
        {"command_id": command_id, "state": "received"},
        status_code=202,
        headers={"Location": f"/api/commands/{command_id}", "Retry-After": "2"},
    )


async def _check_present(caller: Caller, subject: str) -> None:
    until = await away_until(caller.resources.database, subject, caller.now)
    if until is not None:
        raise refused(
            "AMB-X-2",
            f"That person is away until {say_date(local_date(until))}: choose somebody else, or confirm that the task "
            "is to go to them all the same.",
            what="away",
        )


async def _me(caller: Caller, task_id: str) -> By:
    held = await visible_task(caller, task_id)
    if not caller.sight.may(entitled(held), held.region):
        await caller.record_refusal("claim this task", subject=task_id, case_id=held.case_id)
        raise not_allowed("claim this task")
    return caller.by(entitled(held), first=held.role, region=held.region)


async def _move(
    caller: Caller,
    task_id: str,
    seen: Seen | None,
    action: str,
    holder: By | None,
    *,
    by: By,
    reason: str | None = None,
) -> TaskItem:
    won = await claim_task(
        caller.resources.database,
        task_id=task_id,
        seen_version=seen.seen_version if seen else None,
        holder=holder,
        by=by,
        at=caller.now,
        action=action,
        reason=reason,
    )
    held = await visible_task(caller, task_id)
    if not won:
        raise _lost(held)
    return shown_task(caller, held)


def _lost(task: TaskRecord) -> Exception:
    """Who was faster, and when (AMB-X-3)."""
    if task.state != "open":
        detail = "The task is closed: look at the case."
        return refused("AMB-X-3", detail, by=task.done_by_name, at=task.done_at, what=task.state)
    if task.claimed_by is not None:
        detail = "Somebody else has the task."
        return refused("AMB-X-3", detail, by=task.claimed_by_name, at=task.claimed_at, what="claimed")
    return refused("AMB-X-3", "The task has changed since you looked: look again.", what="released")


def version_of(if_match: str | None) -> int | None:
    """The version an If-Match names; None for none or *. Raises a 422 problem."""
    if if_match is None or if_match.strip() == "*":
        return None
    plain = if_match.strip().removeprefix("W/").strip('"')
    if not plain.isdigit():
        raise malformed("If-Match takes a version, such as 1.")
    return int(plain)
