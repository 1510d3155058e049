"""Cases that make no progress, in plain words: number, step, since when, what to do; nothing of their content."""

from typing import Annotated

from fastapi import Depends, Request
from fastapi.responses import Response

from api import operations
from api.pages.office_menu import office_menu
from api.pages.rendering import render
from api.pages.routes import page_router
from api.pages.sessions import Visitor, visitor_with
from procedures.visibility import LOOKS_AFTER_RUNS

router = page_router()
Watcher = Annotated[Visitor, Depends(visitor_with(LOOKS_AFTER_RUNS, "look after running cases"))]

WORDS = {
    "no_run": "The case is not running",
    "run_failed": "The run of the case has failed",
    "run_ended": "The run ended while the case is open",
    "program_fails": "The program fails at this step and tries again",
    "activity_fails": "Something the case needs does not answer",
}


@router.get("/office/stuck")
async def stuck(request: Request, visitor: Watcher) -> Response:
    """The stuck list."""
    return render(
        request,
        "office/stuck.html",
        visitor=visitor,
        menu=office_menu(visitor.caller.sight, request.url.path),
        cases=(await operations.stuck(visitor.caller)).items,
        words=WORDS,
    )
