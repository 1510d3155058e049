"""A case: where it stands on the map of its procedure, what it waits for, and the tabs that need no page of their own."""

from typing import Annotated, Any

from fastapi import Depends, Query, Request
from fastapi.responses import RedirectResponse, Response

from api.cases import case as case_whole
from api.clocks import shown_clock
from api.happened import happenings_of
from api.linked import linked_to
from api.pages.assessment_view import assessment_views
from api.pages.case_frame import PROCEDURES, CaseReader, frame_of, render_case
from api.pages.case_map import map_of
from api.pages.due import due_words
from api.pages.rendering import render
from api.pages.requirements import named
from api.pages.routes import page_router
from api.pages.sessions import Visitor, visitor_with
from api.problems import unknown
from api.visibility import audited_case
from models.queries import cases
from models.queries.clocks import clocks_of_case
from models.queries.happenings import looks_at_case
from models.queries.mail import anything_left
from models.queries.placements import viewings_of_case
from models.queries.progress import steps_walked
from procedures.terms import Role
from procedures.visibility import READS_AUDIT

router = page_router()
Historian = Annotated[Visitor, Depends(visitor_with(READS_AUDIT, "read what happened in cases"))]
Administrator = Annotated[Visitor, Depends(visitor_with({Role.ADMINISTRATOR}, "look at runs"))]

MOST_EVENTS = 100
"""What one page of a timeline shows, unless all of it is asked for."""
_SAID = {
    "reported": "Recorded. The case has taken it into account.",
    "filed": "The document is filed.",
    "mistake": "Recorded. An advisor is asked whether Corrections must be told, and of what.",
    "returned": "The form is filed. A task of this case asks to read it.",
}


@router.get("/cases/{case_id}")
async def overview(request: Request, visitor: CaseReader, case_id: str, said: str = "") -> Response:
    """Where the case stands, what it waits for and until when, and what may be reported."""
    caller = visitor.caller
    frame = await frame_of(visitor, case_id, "case page")
    whole = await case_whole(caller, case_id)
    clocks = await clocks_of_case(caller.resources.database, case_id)
    running = [shown_clock(one, frame.case, caller.now) for one in clocks if one.stopped_at is None]
    walked = await steps_walked(caller.resources.database, case_id)
    return render_case(
        request,
        visitor,
        frame,
        "",
        map=map_of(frame.case.procedure, frame.case.step, walked, frame.case.state.get("walked", ())),
        tasks=[one for one in whole.tasks if one.state == "open"],
        closed_tasks=[one for one in reversed(whole.tasks) if one.state != "open"],
        changes=[(one, named(one.policy)) for one in whole.changes],
        clocks=running,
        viewings=await viewings_of_case(caller.resources.database, case_id),
        due=await due_words(caller.resources),
        message=_SAID.get(said, ""),
        sent=await anything_left(caller.resources.database, case_id),
    )


@router.get("/cases/{case_id}/timeline")
async def happened(
    request: Request,
    visitor: Historian,
    case_id: str,
    *,
    reads: Annotated[bool, Query()] = False,
    every: Annotated[bool, Query()] = False,
) -> Response:
    """What happened, the newest first; who looked at it only when asked for. An auditor gets it without the case."""
    caller = visitor.caller
    held = await audited_case(caller, case_id)
    listed = await happenings_of(caller, held, looks=reads)
    events = list(reversed(listed))[: None if every else MOST_EVENTS]
    around: dict[str, Any] = {"events": events, "total": len(listed), "reads": reads, "number": case_id}
    around["looks"] = await looks_at_case(caller.resources.database, case_id)
    if caller.sight.sees_case(held.procedure, held.region):
        frame = await frame_of(visitor, case_id, "timeline")
        return render_case(request, visitor, frame, "timeline", **around)
    return render(
        request,
        "cases/timeline_alone.html",
        visitor=visitor,
        step=held.step,
        edition=held.edition,
        **around,
    )


@router.get("/cases/{case_id}/assessments")
async def assessments(request: Request, visitor: CaseReader, case_id: str) -> Response:
    """The assessments of the person, every version with its answers."""
    frame = await frame_of(visitor, case_id, "assessments")
    caller, person_ref = visitor.caller, frame.case.person_ref
    seen = (
        await cases.cases_of_person(caller.resources.database, caller.sight, person_ref) if person_ref else []
    )
    held = frame.identity.assessments if frame.identity else []
    views = assessment_views(held, {one.case_id for one in seen})
    return render_case(request, visitor, frame, "assessments", views=views)


@router.get("/cases/{case_id}/linked")
async def linked(request: Request, visitor: CaseReader, case_id: str) -> Response:
    """Cases that belong with this one, as far as the visitor sees them."""
    frame = await frame_of(visitor, case_id, "linked cases")
    caller = visitor.caller
    found = await linked_to(caller, frame.case)
    return render_case(
        request,
        visitor,
        frame,
        "linked",
        linked=[(one.why, one) for one in found],
        names=PROCEDURES,
        due=await due_words(caller.resources),
    )


@router.get("/cases/{case_id}/run")
async def run(visitor: Administrator, case_id: str) -> Response:
    """On to the case's run in the Temporal Web UI: operators see numbers there, and nobody's name."""
    resources = visitor.caller.resources
    if await cases.case(resources.database, case_id) is None:
        raise unknown("case")
    settings = resources.settings
    place = f"/namespaces/{settings.temporal_namespace}/workflows/{case_id}"
    return RedirectResponse(f"{settings.temporal_ui_address}{place}", 303)
