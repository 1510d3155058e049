"""One task: its page, and the page after it was answered."""

from typing import Annotated

from fastapi import Depends, Request
from fastapi.responses import Response

from api.documents import content
from api.pages.due import due_words
from api.pages.next_task import next_tasks
from api.pages.rendering import render
from api.pages.routes import page_router
from api.pages.sessions import Visitor, visitor_with
from api.pages.task_view import Showing, show_task
from api.tasks import shown_task
from api.visibility import visible_task
from models.queries.tasks import TaskRecord, tasks_of_case
from procedures.visibility import READS_CASES, WORKS_ON_TASKS

router = page_router()
Worker = Annotated[Visitor, Depends(visitor_with(WORKS_ON_TASKS, "work on tasks"))]
Reader = Annotated[Visitor, Depends(visitor_with(READS_CASES, "read documents"))]

_SAID = {
    "claimed": "You have claimed this task.",
    "released": "The task is back in the queue.",
    "assigned": "The task is assigned.",
}


@router.get("/tasks/{task_id}")
async def task(request: Request, visitor: Worker, task_id: str, said: str = "") -> Response:
    """What is asked, why, what is known, and the form."""
    held = await visible_task(visitor.caller, task_id)
    return await show_task(request, visitor, held, Showing(message=_SAID.get(said, "")))


@router.get("/tasks/{task_id}/done")
async def done(request: Request, visitor: Worker, task_id: str) -> Response:
    """The answer is recorded: what comes next, in this case and otherwise."""
    caller = visitor.caller
    held = await visible_task(caller, task_id)
    return render(
        request,
        "task_done.html",
        visitor=visitor,
        step=held.step,
        edition=held.edition,
        task=shown_task(caller, held),
        here=[shown_task(caller, one) for one in await _here(visitor, held)],
        other=[shown_task(caller, one) for one in await next_tasks(visitor, most=3, beside=held.case_id)],
        due=await due_words(caller.resources),
    )


@router.get("/documents/{document_id}")
async def document(visitor: Reader, document_id: str) -> Response:
    """A document, for reading beside the question. The read is audited."""
    return await content(visitor.caller, document_id, "task")


async def _here(visitor: Visitor, answered: TaskRecord) -> list[TaskRecord]:
    """Open tasks of the same case that the visitor may answer."""
    caller = visitor.caller
    return [
        one
        for one in await tasks_of_case(caller.resources.database, answered.case_id, state="open")
        if caller.sight.sees_task(one.role, one.procedure, one.region) and shown_task(caller, one).may_answer
    ]
