"""Cases that make no progress, in plain words: number, step, since when, what to do; nothing of their content."""

from typing import Annotated

from fastapi import Depends, Query, Request
from fastapi.responses import Response

from api import operations
from api.pages.office_menu import office_menu
from api.pages.rendering import render
from api.pages.routes import page_router
from api.pages.sessions import Visitor, visitor_with
from procedures.terms import Role
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
async def stuck(
    request: Request, visitor: Watcher, run_of: Annotated[str, Query(max_length=64)] = ""
) -> Response:
    """The stuck list; for an operator also the way to the run of any case, by its number.

    A link and not the form itself leads there: the policy of our pages keeps forms within the application.
    """
    return render(
        request,
        "office/stuck.html",
        visitor=visitor,
        menu=office_menu(visitor.caller.sight, request.url.path),
        cases=(await operations.stuck(visitor.caller)).items,
        words=WORDS,
        run_of=run_of.strip(),
        operates=Role.ADMINISTRATOR in visitor.caller.sight.roles,
    )
