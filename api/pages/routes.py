"""Routes that answer people: whatever goes wrong becomes a page that says what to do, and nothing typed is lost."""

from collections.abc import Callable, Coroutine
from typing import Any
from urllib.parse import quote

import structlog
from fastapi import APIRouter, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse, Response
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException

from adapters.ports import Transient
from api.pages.drafts import keep_what_was_typed
from api.pages.forms import read_form, values_of
from api.pages.rendering import render
from api.pages.sessions import SignInNeeded, found_visitor
from api.problems import Problem, malformed, refused
from models.queries.away import AWAY
from models.queries.paging import BadCursor
from procedures.refusals import Refused

_log = structlog.get_logger(__name__)
_AWAY: tuple[type[Exception], ...] = (Transient, *AWAY)

_HEADINGS = {
    403: "You may not do this",
    404: "There is nothing here for you",
    409: "This was refused",
    413: "That is too much",
    422: "This cannot be understood",
}


class PageRoute(APIRoute):
    """A route whose errors are pages."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The route's handler, with pages in the place of errors."""
        handle = super().get_route_handler()

        async def handled(request: Request) -> Response:
            try:
                return await handle(request)
            except SignInNeeded as error:
                return await _to_sign_in(request, error)
            except Problem as error:
                return await problem_page(request, error)
            except Refused as error:
                return await problem_page(request, refused(error.rule, error.reason))
            except (RequestValidationError, BadCursor):
                return await problem_page(
                    request, malformed("Look at the address: a part of it is not known.")
                )
            except HTTPException as error:
                return await problem_page(request, Problem(error.status_code, "http", ""))
            except _AWAY as error:
                return await _away(request, error)

        return handled


def page_router() -> APIRouter:
    """A router for pages: not part of the API's description."""
    return APIRouter(route_class=PageRoute, include_in_schema=False)


async def problem_page(request: Request, problem: Problem) -> Response:
    """The page of an error, in the frame of whoever is signed in."""
    visitor = await found_visitor(request)
    return render(
        request,
        "problem.html",
        visitor=None if visitor is None or visitor.is_over() else visitor,
        status=problem.status,
        heading=_HEADINGS.get(problem.status, "Something is not right"),
        problem=problem.body,
    )


async def _to_sign_in(request: Request, error: SignInNeeded) -> Response:
    kept = await keep_what_was_typed(request, error.lapsed) if error.lapsed else False
    here = request.url.path if request.method == "GET" else _page_of(request)
    query = f"?{request.url.query}" if request.method == "GET" and request.url.query else ""
    target = f"/sign-in?next={quote(here + query)}{'&kept=1' if kept else ''}"
    if "hx-request" not in request.headers:
        return RedirectResponse(target, 303)
    if request.method == "GET":
        return Response(status_code=401, headers={"HX-Redirect": "/sign-in"})
    return render(request, "parts/lapsed.html", target=target, kept=kept)


def _page_of(request: Request) -> str:
    """Where a person goes back to whose post came after their session."""
    path = request.path_params
    if {"case_id", "kind"} <= path.keys():
        return f"/cases/{path['case_id']}/changes/{path['kind']}"
    task_id = path.get("task_id")
    kind = "calls" if request.url.path.startswith("/calls/") else "tasks"
    return f"/{kind}/{task_id}" if task_id else "/"


async def _away(request: Request, error: Exception) -> Response:
    """A part does not answer: what was typed stays in the page and can be sent again with the same key."""
    _log.warning("a part does not answer", exception=type(error).__name__)
    again = values_of(form := await read_form(request)) if request.method == "POST" else {}
    token = form.get("csrf") if again else None
    return render(
        request,
        "away.html",
        status=503,
        headers={"Retry-After": "2"},
        again=again,
        token=token,
        action=request.url.path,
    )
