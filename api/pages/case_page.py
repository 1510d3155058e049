"""A case: where it stands on the map of its procedure, what it waits for, and the tabs that need no page of their own."""

from typing import Annotated

from fastapi import Depends, Query, Request
from fastapi.responses import RedirectResponse, Response

from api.cases import case as case_whole
from api.cases import shown_case, timeline
from api.clocks import shown_clock
from api.pages.assessment_view import assessment_views
from api.pages.case_frame import PROCEDURES, CaseReader, frame_of, render_case
from api.pages.case_map import map_of
from api.pages.due import due_words
from api.pages.rendering import render
from api.pages.requirements import named
from api.pages.routes import page_router
from api.pages.sessions import Visitor, visitor_with
from api.problems import unknown
from models.queries import cases
from models.queries.cases import CaseSummary
from models.queries.clocks import clocks_of_case
from models.queries.progress import linked_cases, steps_walked
from procedures.terms import Procedure, Role
from procedures.visibility import READS_AUDIT

router = page_router()
Historian = Annotated[Visitor, Depends(visitor_with(READS_AUDIT, "read what happened in cases"))]
Administrator = Annotated[Visitor, Depends(visitor_with({Role.ADMINISTRATOR}, "look at runs"))]

_SAID = {
    "reported": "Recorded. The case has taken it into account.",
    "filed": "The document is filed.",
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
        map=map_of(frame.case.procedure, frame.case.step, walked),
        tasks=[one for one in whole.tasks if one.state == "open"],
        closed_tasks=[one for one in reversed(whole.tasks) if one.state != "open"],
        changes=[(one, named(one.policy)) for one in whole.changes],
        clocks=running,
        due=await due_words(caller.resources),
        message=_SAID.get(said, ""),
    )


@router.get("/cases/{case_id}/timeline")
async def happened(
    request: Request, visitor: Historian, case_id: str, *, reads: Annotated[bool, Query()] = False
) -> Response:
    """What happened, the newest first; who looked at it only when asked for. An auditor gets it without the case."""
    caller = visitor.caller
    listed = (await timeline(caller, case_id)).items
    looks = [one for one in listed if one.source == "audit" and one.what.startswith("read ")]
    events = [one for one in reversed(listed) if reads or one not in looks]
    held = await cases.case(caller.resources.database, case_id)
    if held is not None and caller.sight.sees_case(held.procedure, held.region):
        frame = await frame_of(visitor, case_id, "timeline")
        return render_case(
            request, visitor, frame, "timeline", events=events, looks=len(looks), reads=reads, number=case_id
        )
    return render(
        request,
        "cases/timeline_alone.html",
        visitor=visitor,
        step=held.step if held else None,
        events=events,
        looks=len(looks),
        reads=reads,
        number=case_id,
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
    found = await linked_cases(caller.resources.database, caller.sight, frame.case)
    return render_case(
        request,
        visitor,
        frame,
        "linked",
        linked=[(_link_words(frame.case, one), shown_case(one)) for one in found],
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


def _link_words(case: CaseSummary, other: CaseSummary) -> str:
    if other.case_id == case.parent_case_id:
        return "This case came from it"
    if other.parent_case_id == case.case_id:
        return "It came from this case"
    if (
        case.entry_id is not None
        and other.entry_id == case.entry_id
        and other.procedure is not Procedure.INTAKE
    ):
        return "The same row of the report"
    return "The same person"
