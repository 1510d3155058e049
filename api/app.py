"""The application: the JSON API over what was built for it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import APIRouter, FastAPI
from pydantic import BaseModel

from activities.commands import CommandReused
from api import cases, health, openapi, people, problems, reports, tasks
from api.resources import Resources
from api.signed_in import SignedIn
from procedures import EDITION
from procedures.terms import Role

me_router = APIRouter(tags=["me"])


class Me(BaseModel):
    """Who you are here."""

    id: str
    subject: str
    name: str
    roles: list[Role]
    regions: list[str]
    edition: str


@me_router.get("/api/me")
async def me(caller: SignedIn) -> Me:
    """Who you are, and the edition of the procedure in force."""
    actor = caller.actor
    return Me(
        id=actor.subject,
        subject=actor.subject,
        name=actor.name,
        roles=sorted(actor.roles),
        regions=sorted(actor.regions),
        edition=EDITION,
    )


def create_app(resources: Resources) -> FastAPI:
    """The application. It owns none of its resources but the deliveries that outlived their requests."""

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        yield
        under_way = list(resources.under_way)
        for delivery in under_way:
            delivery.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)

    app = FastAPI(title="Safe Placement", version="1", lifespan=lifespan, docs_url=None, redoc_url=None)
    app.state.resources = resources
    health.install(app)
    problems.install(app)
    openapi.install(app)

    async def reused(_request: object, _error: Exception) -> object:
        return problems.answer_problem(
            problems.malformed("This Idempotency-Key stands for another command: choose a new one.")
        )

    app.add_exception_handler(CommandReused, reused)  # type: ignore[arg-type]
    for part in (tasks, cases, people, reports, health):
        app.include_router(part.router)
    app.include_router(me_router)
    return app
