"""The application: the JSON API and the web pages over what was built for it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from api import (
    absences,
    calendars,
    cases,
    clocks,
    commands,
    contacts,
    deputies,
    documents,
    duplicates,
    events,
    exports,
    health,
    mail,
    me,
    mistakes,
    notices,
    openapi,
    operations,
    people,
    placements,
    prints,
    problems,
    reports,
    task_actions,
    tasks,
)
from api.pages import mounting
from api.resources import Resources


def create_app(resources: Resources) -> FastAPI:
    """The application. It owns none of its resources but the deliveries that outlived their requests."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        yield
        held: Resources = app.state.resources
        under_way = list(held.under_way.values())
        for delivery in under_way:
            delivery.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)

    app = FastAPI(title="Safe Placement", version="1", lifespan=lifespan, docs_url=None, redoc_url=None)
    app.state.resources = resources
    health.install(app)
    problems.install(app)
    openapi.install(app)

    parts = (
        *(
            tasks,
            task_actions,
            cases,
            commands,
            documents,
            mail,
            mistakes,
            clocks,
            notices,
            people,
            duplicates,
            reports,
            prints,
        ),
        *(contacts, calendars, absences, deputies, events, exports, placements, operations, me, health),
    )
    for part in parts:
        app.include_router(part.router)
    mounting.install(app)
    return app
