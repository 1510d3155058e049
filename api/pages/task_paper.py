"""The scan that a task asks for, filed from the task itself; what was typed so far stays in the form."""

from typing import Annotated

from fastapi import Depends, Request
from fastapi.responses import Response

from adapters.received_pdf import SIZE_LIMIT
from api.documents import file_upload
from api.pages.answer_reading import FieldError
from api.pages.drafts import keep_draft
from api.pages.forms import MOST_FIELDS, Values, check_token, values_of
from api.pages.routes import page_router
from api.pages.sessions import Visitor, visitor_with
from api.pages.task_papers import PAPER_OF, WantedPaper
from api.pages.task_view import Showing, show_task
from api.problems import Problem, malformed
from api.uploads import MOST_FILES, form_of, paper_of
from api.visibility import visible_case, visible_task
from models.queries.tasks import TaskRecord
from procedures.refusals import Refused
from procedures.visibility import WORKS_ON_TASKS

router = page_router()
Worker = Annotated[Visitor, Depends(visitor_with(WORKS_ON_TASKS, "work on tasks"))]


@router.post("/tasks/{task_id}/paper")
async def paper(request: Request, visitor: Worker, task_id: str) -> Response:
    """File the scan, and show the task again with the scan picked in its answer (P3.S6.a2)."""
    held = await visible_task(visitor.caller, task_id)
    wanted = PAPER_OF.get(held.kind)
    if wanted is None:
        raise Problem(409, "refused", "This task asks for no paper: file it with the documents of the case.")
    form = await form_of(request, most=SIZE_LIMIT, fields=MOST_FIELDS, files=MOST_FILES)
    try:
        check_token(visitor, form)
        values = values_of(form)
        await keep_draft(visitor, task_id, values)
        filed = await _file(visitor, held, wanted, await paper_of(form))
    except Refused as refusal:
        return await _again(request, visitor, held, values, refusal.reason)
    except Problem as problem:
        if problem.status not in (409, 422):
            raise
        return await _again(request, visitor, held, values, problem.body.detail)
    finally:
        await form.close()
    values = {**values, wanted.field: [filed]}
    await keep_draft(visitor, task_id, values)
    message = f"{wanted.words} is filed in the person's secure folder. Now answer the task."
    return await show_task(request, visitor, held, Showing(values, message=message))


async def _file(visitor: Visitor, held: TaskRecord, wanted: WantedPaper, content: bytes) -> str:
    """The number of the filed document. Raises Refused, or a 422 problem without a file."""
    if not content:
        raise malformed("Choose the PDF, or photograph each page of the paper.")
    case, at = await visible_case(visitor.caller, held.case_id), visitor.caller.now
    return (await file_upload(visitor.caller, case, content, received_at=at, paper=wanted.paper)).id


async def _again(
    request: Request, visitor: Visitor, held: TaskRecord, values: Values, reason: str
) -> Response:
    error = FieldError(reason[:1].upper() + reason[1:], "file", "#field-file")
    return await show_task(request, visitor, held, Showing(values, [error], status=422))
