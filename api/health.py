"""Is it alive, is it ready, and the figures for Prometheus: no personal data, no sign-in."""

import asyncio
import time
from collections.abc import Awaitable, Callable

import structlog
from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, generate_latest

from api.problems import Problem
from api.resources import Check, resources_of

router = APIRouter(tags=["operation"])
PATIENCE = 3.0
"""Seconds each part has to answer."""

_log = structlog.get_logger(__name__)


class Figures:
    """What is counted of the requests of one application."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "placement_http_requests",
            "Requests by route, method and status",
            ["route", "method", "status"],
            registry=self.registry,
        )
        self.seconds = Histogram(
            "placement_http_seconds",
            "Seconds until the answer, by route",
            ["route"],
            registry=self.registry,
        )

    def count(self, request: Request, status: int, seconds: float) -> None:
        """Count one request under its route's template, never under its address."""
        route = getattr(request.scope.get("route"), "path", "unknown")
        self.requests.labels(route, request.method, str(status)).inc()
        self.seconds.labels(route).observe(seconds)


def install(app: FastAPI) -> None:
    """Count every request, and keep answers out of caches."""
    figures = app.state.figures = Figures()

    @app.middleware("http")
    async def _counted(request: Request, go_on: Callable[[Request], Awaitable[Response]]) -> Response:
        began, status = time.perf_counter(), 500
        try:
            response = await go_on(request)
            status = response.status_code
        finally:
            figures.count(request, status, time.perf_counter() - began)
        response.headers.setdefault("Cache-Control", "no-store")
        response.headers.setdefault("X-Content-Type-Options", "nosniff")
        return response


@router.get("/health/live")
async def live() -> dict[str, str]:
    """The process answers."""
    return {"status": "live"}


@router.get("/health/ready")
async def ready(request: Request) -> dict[str, str]:
    """Every part answers; 503 names what is missing."""
    checks = resources_of(request).checks
    found = await asyncio.gather(*(_missing(name, check) for name, check in checks.items()))
    missing = {name: what for name, what in found if what is not None}
    if missing:
        detail = "Not ready: " + ", ".join(sorted(missing)) + " does not answer."
        raise Problem(503, "not-ready", detail, missing=missing)
    return {"status": "ready"}


@router.get("/metrics")
async def metrics(request: Request) -> Response:
    """Figures in the Prometheus text format."""
    figures: Figures = request.app.state.figures
    return Response(generate_latest(figures.registry), media_type=CONTENT_TYPE_LATEST)


async def _missing(name: str, check: Check) -> tuple[str, str | None]:
    try:
        async with asyncio.timeout(PATIENCE):
            await check()
    except TimeoutError:
        return name, f"no answer within {PATIENCE:g} seconds"
    except Exception as error:  # noqa: BLE001 - whatever is wrong with a part, it is not ready
        _log.warning("not ready", part=name, exception=type(error).__name__)
        return name, type(error).__name__
    return name, None
