"""The clocks of a case explained: a calendar with every day and why, the calendar's version, and what happens next."""

from dataclasses import dataclass

from fastapi import Request
from fastapi.responses import Response

from api.clocks import ClockItem, shown_clock
from api.pages.case_frame import CaseReader, frame_of, render_case
from api.pages.clock_calendar import WEEKDAYS, Month, months_of
from api.pages.routes import page_router
from models.queries.clocks import clocks_of_case
from procedures.clocks import WorkingDayClock
from procedures.local_time import local_date
from procedures.what_next import VIEWING_WINDOW

router = page_router()


@dataclass(frozen=True)
class ClockView:
    """A clock with its calendar; a window of elapsed hours has none."""

    item: ClockItem
    months: list[Month]


@router.get("/cases/{case_id}/clocks")
async def clocks(request: Request, visitor: CaseReader, case_id: str) -> Response:
    """Every clock of the case, those that run first."""
    frame = await frame_of(visitor, case_id, "clocks")
    caller = visitor.caller
    held = await clocks_of_case(caller.resources.database, case_id)
    views = [
        ClockView(
            item=shown_clock(one, frame.case, caller.now),
            months=[]
            if one.kind == VIEWING_WINDOW
            else months_of(WorkingDayClock.model_validate(one.detail), local_date(caller.now)),
        )
        for one in reversed(held)
    ]
    views.sort(key=lambda view: not view.item.running)
    return render_case(request, visitor, frame, "clocks", views=views, weekdays=WEEKDAYS)
