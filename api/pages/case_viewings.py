"""The viewing of a case as a file for the calendar, and its T-438 to print; both audited, neither kept by a browser."""

from fastapi.responses import Response

from api import placements
from api.pages.case_frame import CaseReader
from api.pages.routes import page_router

router = page_router()


@router.get("/cases/{case_id}/viewings/{viewing_id}.ics")
async def appointment(visitor: CaseReader, case_id: str, viewing_id: str) -> Response:
    """The appointment for the advisor's own calendar (P3.S4.a2): time and references alone."""
    return await placements.appointment(visitor.caller, case_id, viewing_id)


@router.get("/cases/{case_id}/t438.pdf")
async def t438(visitor: CaseReader, case_id: str) -> Response:
    """Part A of the T-438 of the booked viewing, to print and have signed."""
    return await placements.t438(visitor.caller, case_id)
