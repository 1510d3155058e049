"""Placement over HTTP: void properties, and matches that the Coordinator Placement enters without seeing a code."""

from typing import Annotated, Literal

from fastapi import APIRouter, Body, Depends, Query
from pydantic import BaseModel, Field

from activities.void_matches import NewMatch, enter_match
from api.listing import DEFAULT_LIMIT, Cursor, Limit, Listing, listed
from api.signed_in import Caller, allowed
from api.task_actions import IdempotencyKey
from models.queries.placements import VoidHome, list_void_properties
from procedures.visibility import ENTERS_MATCHES, READS_VOID_PROPERTIES

router = APIRouter(tags=["placement"])


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
