"""Tasks over HTTP: the list, and one task with its question and all that is known."""

from datetime import date, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field

from api.known import Known, known_of
from api.listing import DEFAULT_LIMIT, Cursor, Limit, Listing, listed
from api.signed_in import Caller, allowed
from api.visibility import sees_what_is_known, visible_task
from models.queries.tasks import TaskFilter, TaskRecord, list_tasks
from procedures.answers import ALL
from procedures.editions import question_set
from procedures.local_time import say_instant
from procedures.references import references_for
from procedures.tasks import Answer
from procedures.terms import Procedure, Role
from procedures.visibility import WORKS_ON_TASKS

router = APIRouter(prefix="/api/tasks", tags=["tasks"])
Worker = Annotated[Caller, Depends(allowed(WORKS_ON_TASKS, "work on tasks"))]


class TaskItem(BaseModel):
    """A task without anything about the person."""

    id: str
    case_id: str
    procedure: Procedure
    edition: str = Field(description="The edition of CT-PRO-301 under which the case began")
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
    references: list[str] = Field(description="Guides, processes and guidelines that help with it")
    answer_schema: dict[str, Any] = Field(description="JSON Schema of the answer")
    context: dict[str, Any]
    known: Known | None = Field(description="None when your role sees the task, but not the person behind it")
    done_at: datetime | None
    done_by_name: str | None
    answer: dict[str, Any] | None
    closing_reason: str | None


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
        references=[one.name for one in references_for(Procedure(held.procedure))],
        answer_schema=answer_schema(asked, held.edition) if asked else {},
        context=held.context,
        known=known,
        done_at=held.done_at,
        done_by_name=held.done_by_name,
        answer=held.answer if known is not None else None,
        closing_reason=held.closing_reason,
    )


def asked_by(task: TaskRecord) -> type[Answer] | None:
    """The answer type of a task; None for a kind that this release no longer asks."""
    return ALL.get(task.kind)


def answer_schema(asked: type[Answer], edition: str) -> dict[str, Any]:
    """The answer as JSON Schema, with the questions of the case's edition in the place of `answers`."""
    schema = asked.model_json_schema()
    if asked.question_set:
        questions = question_set(asked.question_set, edition)
        properties = schema["properties"]
        properties["answers"] = {**questions.json_schema(), "description": "One value for each question"}
        if questions.comments:
            properties["comment"] = {"type": "string", "minLength": 1, "description": "Detailed comments"}
            schema |= _with_comments(schema)
    return schema


def _with_comments(schema: dict[str, Any]) -> dict[str, Any]:
    """Wherever the questions are required, so are the comments with them."""
    dependent = schema.get("dependentRequired", {})
    needed = {"required": schema.get("required", []), **dependent}
    both = {name: [*names, *(["comment"] if "answers" in names else [])] for name, names in needed.items()}
    required = {"required": both.pop("required")}
    return {**required, "dependentRequired": both} if dependent else required


def shown_task(caller: Caller, task: TaskRecord) -> TaskItem:
    """A task as listed."""
    asked = asked_by(task)
    plain = TaskItem.model_fields.keys() & TaskRecord.model_fields.keys()
    return TaskItem(
        id=task.task_id,
        title=asked.title if asked else task.kind,
        due_local=say_instant(task.due_at) if task.due_at else None,
        overdue=task.state == "open" and task.due_at is not None and task.due_at < caller.now,
        may_answer=task.state == "open" and caller.sight.may(entitled(task), task.region),
        **{name: getattr(task, name) for name in plain},
    )


def entitled(task: TaskRecord) -> frozenset[Role]:
    """Roles that may claim and answer a task."""
    asked = asked_by(task)
    return asked.roles() if asked else frozenset({task.role})
