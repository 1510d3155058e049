"""A command that takes longer: accepted, still saving; the page looks again by itself."""

from typing import Annotated

from fastapi import Depends, Request
from fastapi.responses import RedirectResponse, Response

from activities.commands import CommandState
from api.commands import command
from api.pages.drafts import drop_draft
from api.pages.rendering import render
from api.pages.routes import page_router
from api.pages.sessions import Visitor, visitor_with
from models.queries.cases import case
from models.queries.tasks import task
from procedures.visibility import WORKS_ON_TASKS

router = page_router()
Worker = Annotated[Visitor, Depends(visitor_with(WORKS_ON_TASKS, "read commands"))]


@router.get("/commands/{command_id}")
async def state(request: Request, visitor: Worker, command_id: str) -> Response:
    """What became of a command: on to what follows once it is recorded, else how it stands."""
    held = await command(visitor.caller, command_id)
    if held.state is CommandState.RECORDED and held.task_id:
        await drop_draft(visitor, held.task_id)
        return _to(request, f"/tasks/{held.task_id}/done")
    if held.state is CommandState.RECORDED:
        return _to(request, f"/cases/{held.case_id}?said=reported")
    database = visitor.caller.resources.database
    of_task = await task(database, held.task_id) if held.task_id else None
    of_case = await case(database, held.case_id)
    still = held.state is CommandState.RECEIVED
    return render(
        request,
        "command.html",
        visitor=visitor,
        status=202 if still else 200,
        step=of_task.step if of_task else None,
        edition=of_case.edition if of_case else None,
        held=held,
        still=still,
    )


def _to(request: Request, target: str) -> Response:
    """On to a page, also from a request that the page made by itself."""
    if "hx-request" in request.headers:
        return Response(status_code=204, headers={"HX-Redirect": target})
    return RedirectResponse(target, 303)
