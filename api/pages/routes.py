"""Routes that answer people: whatever goes wrong becomes a page that says what to do, and nothing typed is lost."""

from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any
from urllib.parse import quote

import structlog
from fastapi import APIRouter, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse, Response
from fastapi.routing import APIRoute
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.routing import Match

from adapters.ports import Transient
from api.pages.drafts import AGAIN, keep_what_was_typed
from api.pages.forms import is_plain_form, read_form, values_of
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
                _log.warning("a part does not answer", exception=type(error).__name__)
                return await _send_again(request, 503)
            except Exception as error:  # noqa: BLE001 - whatever it is, a person gets a page
                _log.error("request failed", exc_info=error)
                return await _send_again(request, 500)

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
        edition="",
        heading=_HEADINGS.get(problem.status, "Something is not right"),
        problem=problem.body,
    )


async def _to_sign_in(request: Request, error: SignInNeeded) -> Response:
    kept = await keep_what_was_typed(request, error.lapsed) if error.lapsed else None
    here = _here(request) if request.method == "GET" else _page_of(request, kept)
    target = f"/sign-in?next={quote(here)}"
    if "hx-request" not in request.headers:
        # A form may not lead to another site, not by a detour either: `kept` asks for a page that says so in between.
        return RedirectResponse(
            target if request.method == "GET" else f"{target}&kept={int(bool(kept))}", 303
        )
    if request.method == "GET":
        return Response(status_code=401, headers={"HX-Redirect": "/sign-in"})
    return render(request, "parts/lapsed.html", target=target, kept=kept)


def _here(request: Request) -> str:
    """The address of a page with its query."""
    return f"{request.url.path}?{request.url.query}" if request.url.query else request.url.path


def _page_of(request: Request, kept: str | None) -> str:
    """Where a person goes back to whose post came after their session."""
    path = request.path_params
    if kept == AGAIN:
        return f"/{AGAIN}"
    if {"case_id", "kind"} <= path.keys():
        return f"/cases/{path['case_id']}/changes/{path['kind']}"
    task_id = path.get("task_id")
    kind = "calls" if request.url.path.startswith("/calls/") else "tasks"
    if task_id:
        return f"/{kind}/{task_id}"
    scope = {**request.scope, "method": "GET"}
    has_page = any(route.matches(scope)[0] is Match.FULL for route in request.app.routes)
    return request.url.path if has_page else "/"


async def _send_again(request: Request, status: int) -> Response:
    """A part does not answer, or the program fails: what was typed stays in the page, to be sent with the same key."""
    form = await _typed(request)
    return render(
        request,
        "away.html",
        status=status,
        edition="",
        headers={"Retry-After": "2"} if status == 503 else None,
        failed=status == 500,
        again=values_of(form),
        token=form.get("csrf"),
        action=request.url.path if request.method == "POST" else _here(request),
        posted=request.method == "POST",
    )


async def _typed(request: Request) -> FormData:
    """The posted form; empty for one with a file, which is not kept, and for one too large to show again."""
    if is_plain_form(request):
        with suppress(Problem, HTTPException):
            return await read_form(request)
    return FormData()
