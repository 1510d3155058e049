"""Placement over HTTP: void properties, and matches that the Coordinator Placement enters without seeing a code."""

from typing import Annotated, Literal

from fastapi import APIRouter, Body, Depends, Query
from fastapi.responses import Response
from pydantic import BaseModel, Field

from activities.viewings import appointment_file, t438_to_print
from activities.void_matches import NewMatch, enter_match
from api.documents import private_file
from api.listing import DEFAULT_LIMIT, Cursor, Limit, Listing, listed
from api.problems import unknown
from api.signed_in import Caller, allowed
from api.task_actions import IdempotencyKey
from api.visibility import visible_case
from models.queries.placements import VoidHome, list_void_properties, viewing_of_case
from procedures.visibility import ENTERS_MATCHES, READS_CASES, READS_VOID_PROPERTIES

router = APIRouter(tags=["placement"])
Reader = Annotated[Caller, Depends(allowed(READS_CASES, "read cases"))]


class VoidItem(VoidHome):
    """A property that a match can name."""

    id: str


class MatchTaken(BaseModel):
    """Entered; the same words whether anybody in the household is under an order or not."""

    id: str = Field(examples=["40140/PR-7031/2026-11-27"])
    message: str = "The match is entered."


@router.get("/api/void-properties")
async def void_properties(
    caller: Annotated[Caller, Depends(allowed(READS_VOID_PROPERTIES, "read void properties"))],
    state: Annotated[Literal["void", "let", "withdrawn", "any"], Query()] = "void",
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Listing[VoidItem]:
    """Void properties of your regions, as last imported."""
    page = await list_void_properties(
        caller.resources.database,
        caller.sight,
        state=None if state == "any" else state,
        limit=limit,
        cursor=cursor,
    )
    return listed(page, lambda home: VoidItem(id=home.property_ref, **home.model_dump()))


@router.post("/api/void-matches", status_code=201)
async def enter(
    caller: Annotated[Caller, Depends(allowed(ENTERS_MATCHES, "enter matches"))],
    match: Annotated[
        NewMatch,
        Body(
            examples=[
                {
                    "person_ref": "40140",
                    "property_ref": "PR-7031",
                    "match_date": "2026-11-27",
                    "t365_reference": "T365-2026-1187",
                    "t365_details": "Household of one; ground floor needed.",
                }
            ]
        ),
    ],
    command_id: IdempotencyKey,
) -> MatchTaken:
    """Enter a match with its T-365. The same person, property and date again is the same match."""
    resources = caller.resources
    await enter_match(resources.database, resources.cases, match, by=caller.by(ENTERS_MATCHES), at=caller.now)
    return MatchTaken(id=f"{match.person_ref}/{match.property_ref}/{match.match_date.isoformat()}")


@router.get("/api/cases/{case_id}/t438.pdf", response_class=Response)
async def t438(caller: Reader, case_id: str) -> Response:
    """Part A of the T-438 of the booked viewing, to print for Corrections to sign; the print is a task of its own."""
    await visible_case(caller, case_id)
    content = await t438_to_print(
        caller.resources.database, case_id, by=caller.by(READS_CASES), at=caller.now
    )
    if content is None:
        raise unknown("booked viewing")
    return private_file(content, "application/pdf", f"{case_id}-T-438.pdf")


@router.get("/api/cases/{case_id}/appointments/{viewing_id}", response_class=Response)
async def appointment(caller: Reader, case_id: str, viewing_id: str) -> Response:
    """The viewing as a calendar file; it holds references only (PRV-16)."""
    await visible_case(caller, case_id)
    content = None
    if await viewing_of_case(caller.resources.database, case_id, viewing_id):
        content = await appointment_file(
            caller.resources.database, viewing_id, by=caller.by(READS_CASES), at=caller.now
        )
    if content is None:
        raise unknown("appointment")
    return private_file(content, "text/calendar", f"{viewing_id}.ics")
