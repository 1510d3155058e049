"""Events over HTTP: anybody who works here says what they became aware of, and learns nothing about anybody."""

from typing import Annotated

from fastapi import APIRouter, Body, Depends
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, Field

from activities.commands import CommandReused
from activities.duty_events import report_event
from api.new_ids import new_id
from api.signed_in import Caller, allowed
from api.task_actions import IdempotencyKey
from models.queries.events import event as event_on_record
from procedures.visibility import STAFF
from procedures.watch import ReportedEvent

router = APIRouter(prefix="/api/events", tags=["events"])


class EventTaken(BaseModel):
    """Taken; the same words whether it concerns anybody or not, so that no code can be read from them."""

    id: str = Field(examples=["V3FA91C07B2D4"])
    message: str = "Thank you. If Corrections must be told, the advisor of the area is asked to."


@router.post("", response_model=EventTaken, status_code=201)
async def report(
    caller: Annotated[Caller, Depends(allowed(STAFF, "report events"))],
    event: Annotated[
        ReportedEvent,
        Body(
            examples=[
                {
                    "kind": "household_change",
                    "property_ref": "PR-7003",
                    "facts": "A second adult has moved in.",
                    "aware_on": "2026-11-27",
                }
            ]
        ),
    ],
    command_id: IdempotencyKey,
) -> Response:
    """Report a change in a household, a request, a risk or a move. Corrections is the only one ever told (P2.X3)."""
    database, event_id = caller.resources.database, new_id(caller, "V", command_id)
    held = await event_on_record(database, event_id)
    if held is None:
        await report_event(
            database,
            caller.resources.cases,
            event,
            event_id=event_id,
            by=caller.by(STAFF),
            at=caller.now,
        )
    elif held.model_dump(exclude={"event_id"}) != event.model_dump(include=set(type(held).model_fields)):
        raise CommandReused
    taken = EventTaken(id=event_id)
    return JSONResponse(taken.model_dump(mode="json"), status_code=201 if held is None else 200)
