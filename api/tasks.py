"""Tasks over HTTP: the list, one task with all that is known, claiming, and the answer."""

from datetime import date, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Body, Depends, Header, Query
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, Field

from activities.delivery import Recorded, Waiting
from activities.tasks import claim_task
from api.answering import answer_task, problem_of, view_after
from api.known import Known, known_of
from api.listing import DEFAULT_LIMIT, Cursor, Limit, Listing, listed
from api.problems import malformed, not_allowed, refused
from api.signed_in import Caller, allowed
from api.visibility import sees_what_is_known, shown_view, visible_task
from models.queries.tasks import TaskFilter, TaskRecord, list_tasks
from procedures.answers import ALL
from procedures.local_time import say_instant
from procedures.question_sets import question_set
from procedures.tasks import Answer, By, CaseView
from procedures.terms import Procedure, Role
from procedures.visibility import ASSIGNS, WORKS_ON_TASKS

router = APIRouter(prefix="/api/tasks", tags=["tasks"])
Worker = Annotated[Caller, Depends(allowed(WORKS_ON_TASKS, "work on tasks"))]
IdempotencyKey = Annotated[
    str,
    Header(
        alias="Idempotency-Key",
        pattern=r"^[A-Za-z0-9_-]{8,64}$",
        description="An id of this command, chosen by you; the same one again changes nothing",
        examples=["7f0c1d9e-answer-1"],
    ),
]


class TaskItem(BaseModel):
    """A task without anything about the person."""

    id: str
    case_id: str
    procedure: Procedure
    kind: str
    step: str
    title: str
    role: Role
    region: str
    state: str
    urgent: bool
    due_at: datetime | None
    due_local: str | None = Field(description="Pacific/Auckland, in words")
    overdue: bool
    opened_at: datetime
    claimed_by: str | None
    claimed_by_name: str | None
    claimed_at: datetime | None
    version: int = Field(description="Send it back as If-Match or seen_version")
    may_answer: bool


class TaskDetail(TaskItem):
    """A task with its question and all that is known."""

    guidance: str
    policy: str
    answer_schema: dict[str, Any] = Field(description="JSON Schema of the answer")
    context: dict[str, Any]
    known: Known | None = Field(description="None when your role sees the task, but not the person behind it")
    done_at: datetime | None
    done_by_name: str | None
    answer: dict[str, Any] | None
    closing_reason: str | None


class Seen(BaseModel):
    """Which version of the task you look at; None claims whatever it is."""

    seen_version: int | None = Field(default=None, examples=[1])


class Assignment(Seen):
    """To whom the task goes, and why."""

    subject: str = Field(min_length=1, max_length=128, examples=["u-17"])
    name: str = Field(min_length=1, max_length=128, examples=["Tamsin Example"])
    reason: str = Field(min_length=1, max_length=500, examples=["on leave from Monday"])


class TaskQuery(BaseModel):
    """Filters of the list; all of them together."""

    model_config = {"extra": "forbid"}

    mine: bool = False
    role: Role | None = None
    region: str | None = None
    due: date | None = Field(default=None, description="Due on or before this local day")
    overdue: bool | None = None
    kind: str | None = None
    case: str | None = None
    state: Literal["open", "done", "cancelled", "any"] = "open"
    limit: Limit = DEFAULT_LIMIT
    cursor: Cursor = None


@router.get("")
async def tasks(caller: Worker, query: Annotated[TaskQuery, Query()]) -> Listing[TaskItem]:
    """The tasks you may see, by due instant."""
    wanted = TaskFilter(
        claimed_by=caller.actor.subject if query.mine else None,
        role=query.role,
        region=query.region,
        due_by=query.due,
        overdue_at=caller.now if query.overdue else None,
        kind=query.kind,
        case_id=query.case,
        state=None if query.state == "any" else query.state,
    )
    page = await list_tasks(
        caller.resources.database, caller.sight, wanted, limit=query.limit, cursor=query.cursor
    )
    return listed(page, lambda task: shown_task(caller, task))


@router.get("/{task_id}")
async def task(caller: Worker, task_id: str) -> TaskDetail:
    """One task: its question as JSON Schema, guidance, and what is known. The read is audited."""
    held = await visible_task(caller, task_id)
    asked = asked_by(held)
    known = await known_of(caller, held) if sees_what_is_known(caller, held) else None
    return TaskDetail(
        **shown_task(caller, held).model_dump(),
        guidance=asked.guidance if asked else "",
        policy=asked.policy if asked else "",
        answer_schema=answer_schema(asked) if asked else {},
        context=held.context,
        known=known,
        done_at=held.done_at,
        done_by_name=held.done_by_name,
        answer=held.answer if known is not None else None,
        closing_reason=held.closing_reason,
    )


@router.post("/{task_id}/claim")
async def claim(caller: Worker, task_id: str, seen: Annotated[Seen | None, Body()] = None) -> TaskItem:
    """Take a task from the queue; the first valid claim wins."""
    return await _move(caller, task_id, seen, "claimed", await _me(caller, task_id))


@router.post("/{task_id}/release")
async def release(caller: Worker, task_id: str, seen: Annotated[Seen | None, Body()] = None) -> TaskItem:
    """Give a task back to the queue of its role and region."""
    await _me(caller, task_id)
    return await _move(caller, task_id, seen, "released", None)


@router.post("/{task_id}/assign")
async def assign(
    caller: Annotated[Caller, Depends(allowed(ASSIGNS, "assign tasks"))], task_id: str, to: Assignment
) -> TaskItem:
    """Give a task to somebody else (AMB-X-2)."""
    held = await visible_task(caller, task_id)
    holder = By(subject=to.subject, name=to.name, role=held.role.value)
    return await _move(caller, task_id, to, "assigned", holder, reason=to.reason)


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
        caller, held, command_id=command_id, body=body, seen_version=_version(if_match)
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


def asked_by(task: TaskRecord) -> type[Answer] | None:
    """The answer type of a task; None for a kind that this release no longer asks."""
    return ALL.get(task.kind)


def answer_schema(asked: type[Answer]) -> dict[str, Any]:
    """The answer as JSON Schema, with the questions of its question set in the place of `answers`."""
    schema = asked.model_json_schema()
    if asked.question_set:
        questions = question_set(asked.question_set).json_schema()
        schema["properties"]["answers"] = {**questions, "description": "One value for each question"}
    return schema


def shown_task(caller: Caller, task: TaskRecord) -> TaskItem:
    """A task as listed."""
    asked = asked_by(task)
    plain = TaskItem.model_fields.keys() & TaskRecord.model_fields.keys()
    return TaskItem(
        id=task.task_id,
        title=asked.title if asked else task.kind,
        due_local=say_instant(task.due_at) if task.due_at else None,
        overdue=task.state == "open" and task.due_at is not None and task.due_at < caller.now,
        may_answer=task.state == "open" and caller.sight.has_any(_entitled(task)),
        **{name: getattr(task, name) for name in plain},
    )


def _entitled(task: TaskRecord) -> frozenset[Role]:
    asked = asked_by(task)
    return asked.roles() if asked else frozenset({task.role})


async def _me(caller: Caller, task_id: str) -> By:
    held = await visible_task(caller, task_id)
    if not caller.sight.has_any(_entitled(held)):
        await caller.record_refusal("claim this task", subject=task_id, case_id=held.case_id)
        raise not_allowed("claim this task")
    return caller.by(_entitled(held), first=held.role)


async def _move(
    caller: Caller,
    task_id: str,
    seen: Seen | None,
    action: str,
    holder: By | None,
    *,
    reason: str | None = None,
) -> TaskItem:
    won = await claim_task(
        caller.resources.database,
        task_id=task_id,
        seen_version=seen.seen_version if seen else None,
        holder=holder,
        by=caller.by(WORKS_ON_TASKS),
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


def _version(if_match: str | None) -> int | None:
    if if_match is None or if_match.strip() == "*":
        return None
    plain = if_match.strip().removeprefix("W/").strip('"')
    if not plain.isdigit():
        raise malformed("If-Match takes the version of the task, such as 1.")
    return int(plain)
