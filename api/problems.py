"""Every error as problem details (RFC 9457): what happened, which rule, what to do; never what was sent."""

from collections.abc import Sequence
from datetime import datetime
from http import HTTPStatus
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, Field, ValidationError
from starlette.exceptions import HTTPException

from activities.commands import CommandReused
from adapters.identity import NotSignedIn
from adapters.ports import Transient
from models.queries.away import AWAY
from models.queries.paging import BadCursor
from procedures.refusals import Refused

MEDIA_TYPE = "application/problem+json"

_log = structlog.get_logger(__name__)


class ProblemDetails(BaseModel):
    """RFC 9457, with the rule that refused and, when somebody was faster, who, when and what."""

    type: str = Field(examples=["urn:safe-placement:refused"])
    title: str = Field(examples=["Conflict"])
    status: int = Field(examples=[409])
    detail: str = Field(examples=["search first on: address"])
    rule: str | None = Field(default=None, examples=["P1.S2.2"])
    by: str | None = None
    at: datetime | None = None
    what: str | None = None
    decision: dict[str, Any] | None = None
    missing: dict[str, str] | None = None
    errors: list[dict[str, Any]] | None = None


class Problem(Exception):
    """An error to be answered; `kind` is the last part of its type."""

    def __init__(
        self, status: int, kind: str, detail: str, *, headers: dict[str, str] | None = None, **more: Any
    ) -> None:
        super().__init__(kind)
        self.status = status
        self.headers = headers
        self.body = ProblemDetails(
            type=f"urn:safe-placement:{kind}",
            title=HTTPStatus(status).phrase,
            status=status,
            detail=detail,
            **more,
        )


def unknown(what: str) -> Problem:
    """404: it does not exist, or is not for you; nobody can tell which."""
    return Problem(404, "unknown", f"There is no such {what}, or it is not visible to you.")


def not_allowed(what: str) -> Problem:
    """403: no role of yours may do this."""
    return Problem(403, "role", f"Your role may not {what}.", rule="PRV-19")


def malformed(detail: str, errors: Sequence[dict[str, Any]] = ()) -> Problem:
    """422: it cannot be understood as asked for."""
    return Problem(422, "malformed", detail, errors=list(errors) or None)


def refused(rule: str, reason: str, **more: Any) -> Problem:
    """409: a rule, or an earlier decision, says no."""
    return Problem(409, "refused", reason, rule=rule, **more)


def plain_errors(invalid: ValidationError | RequestValidationError) -> list[dict[str, Any]]:
    """Where a value is wrong and why, without the value itself."""
    return [
        {"loc": list(error["loc"]), "msg": error["msg"], "type": error["type"]} for error in invalid.errors()
    ]


def answer_problem(problem: Problem) -> Response:
    """The response of a problem."""
    return JSONResponse(
        problem.body.model_dump(mode="json", exclude_none=True),
        status_code=problem.status,
        media_type=MEDIA_TYPE,
        headers=problem.headers,
    )


def install(app: FastAPI) -> None:
    """Answer every error of the application as problem details."""

    @app.exception_handler(Problem)
    async def _problem(_request: Request, error: Problem) -> Response:
        return answer_problem(error)

    @app.exception_handler(RequestValidationError)
    async def _invalid(_request: Request, error: RequestValidationError) -> Response:
        return answer_problem(malformed("The request cannot be understood: see errors.", plain_errors(error)))

    @app.exception_handler(BadCursor)
    async def _cursor(_request: Request, error: BadCursor) -> Response:
        return answer_problem(malformed(str(error)))

    @app.exception_handler(CommandReused)
    async def _reused(_request: Request, _error: CommandReused) -> Response:
        return answer_problem(malformed("This Idempotency-Key stands for another command: choose a new one."))

    @app.exception_handler(Refused)
    async def _refused(_request: Request, error: Refused) -> Response:
        return answer_problem(refused(error.rule, error.reason))

    @app.exception_handler(NotSignedIn)
    async def _not_signed_in(_request: Request, error: NotSignedIn) -> Response:
        return answer_problem(
            Problem(401, "not-signed-in", str(error), headers={"WWW-Authenticate": "Bearer"})
        )

    @app.exception_handler(HTTPException)
    async def _http(_request: Request, error: HTTPException) -> Response:
        detail = HTTPStatus(error.status_code).description or HTTPStatus(error.status_code).phrase
        headers = dict(error.headers) if error.headers else None
        return answer_problem(Problem(error.status_code, "http", detail, headers=headers))

    parts: tuple[type[Exception], ...] = (Transient, *AWAY)
    for away in parts:
        app.add_exception_handler(away, _away)
    app.add_exception_handler(Exception, _failed)


async def _away(_request: Request, error: Exception) -> Response:
    _log.warning("a part does not answer", exception=type(error).__name__)
    return answer_problem(
        Problem(
            503,
            "away",
            "A part of the system does not answer. Nothing was lost: try again with the same key.",
            headers={"Retry-After": "2"},
        )
    )


async def _failed(_request: Request, error: Exception) -> Response:
    _log.error("request failed", exc_info=error)
    return answer_problem(
        Problem(500, "failed", "Something went wrong here. Nothing was decided; tell the administrator when.")
    )
