"""Calendars over HTTP: which days do not count and why, and days that the agency adds."""

from datetime import date, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Body, Depends, Query
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, Field

from activities.calendar_days import TouchedClock, add_day, check_day, touched_clocks
from api.listing import Listing, whole
from api.problems import malformed, unknown
from api.signed_in import Caller, allowed
from api.task_actions import IdempotencyKey
from models.queries.calendars import AddedDay, added_days
from procedures.local_time import local_date, say_date, say_instant
from procedures.visibility import ADDS_CALENDAR_DAYS, STAFF
from procedures.working_days import (
    FIRST_YEAR,
    LAST_YEAR,
    Calendar,
    CalendarName,
    CalendarOutOfRange,
    ExtraDay,
)

router = APIRouter(prefix="/api/calendars", tags=["calendars"])
Reader = Annotated[Caller, Depends(allowed(STAFF, "read calendars"))]


class ClosedDay(BaseModel):
    """A Monday to Friday that does not count."""

    id: str = Field(examples=["nz-national/2026-12-25"])
    day: date
    local: str
    name: str = Field(description="Why it does not count", examples=["Christmas Day"])
    added_by: str | None = Field(description="None for a day that the calendar has by itself")
    added_at: datetime | None


class NewDay(BaseModel):
    """A holiday or an office closure."""

    model_config = {"extra": "forbid", "str_strip_whitespace": True}

    day: date = Field(examples=["2026-12-24"])
    name: str = Field(min_length=3, max_length=100, examples=["Office closed: stocktaking"])


class Touched(BaseModel):
    """A running clock in which the day lies. It stays as it is until a manager has it counted again."""

    id: str
    case_id: str
    kind: str
    due_at: datetime
    due_local: str
    would_be_due_at: datetime
    would_be_due_local: str


class DayAdded(BaseModel):
    """What was, or would be, added; `touched` clocks do not move by themselves."""

    id: str
    added: bool
    day: date
    calendar: CalendarName
    name: str
    touched: list[Touched] = Field(
        description="To move one, report the change recalculate_deadline in its case, with the reason"
    )


@router.get("/{name}/days")
async def days(
    caller: Reader,
    name: str,
    year: Annotated[
        int | None, Query(ge=FIRST_YEAR, le=LAST_YEAR, description="This year when left out")
    ] = None,
) -> Listing[ClosedDay]:
    """Every Monday to Friday of a year that does not count by this calendar, and why."""
    calendar = _calendar(name)
    added = {one.day: one for one in await added_days(caller.resources.database, calendar.value)}
    of_year = year or local_date(caller.now).year
    plain = Calendar(name=calendar)
    found = []
    day = date(of_year, 1, 1)
    while day.year == of_year:
        reason = plain.why_closed(day) or (added[day].name if day in added else None)
        if reason is not None and day.weekday() < 5:
            found.append(_closed(calendar, day, reason, added.get(day)))
        day += timedelta(days=1)
    return whole(found)


@router.post("/{name}/days", response_model=DayAdded, status_code=201)
async def add(
    caller: Annotated[Caller, Depends(allowed(ADDS_CALENDAR_DAYS, "add days to calendars", own=True))],
    name: str,
    new: Annotated[NewDay, Body()],
    command_id: IdempotencyKey,
    preview: Annotated[bool, Query(description="Only say which running clocks the day lies in")] = False,
) -> Response:
    """Add a day for clocks that start from now on; a running clock keeps its due date (CAL-NZ-11).

    The day is its own key: the same day of the same name again answers 200.
    """
    calendar, extra = _calendar(name), ExtraDay(new.day, new.name)
    resources = caller.resources
    try:
        await check_day(resources.deadlines, extra, calendar)
    except CalendarOutOfRange as error:
        raise malformed(str(error)) from None
    touched = await touched_clocks(resources.database, resources.deadlines, extra, calendar)
    added = False
    if not preview:
        added = await add_day(
            resources.database, extra, calendar, by=caller.by(ADDS_CALENDAR_DAYS), at=caller.now
        )
    said = DayAdded(
        id=f"{calendar.value}/{new.day.isoformat()}",
        added=added,
        day=new.day,
        calendar=calendar,
        name=new.name,
        touched=[_touched(one) for one in touched],
    )
    return JSONResponse(said.model_dump(mode="json"), status_code=201 if added else 200)


def _calendar(name: str) -> CalendarName:
    if name not in set(CalendarName):
        raise unknown("calendar")
    return CalendarName(name)


def _closed(calendar: CalendarName, day: date, reason: str, added: AddedDay | None) -> ClosedDay:
    return ClosedDay(
        id=f"{calendar.value}/{day.isoformat()}",
        day=day,
        local=say_date(day),
        name=reason,
        added_by=added.added_by if added else None,
        added_at=added.added_at if added else None,
    )


def _touched(clock: TouchedClock) -> Touched:
    return Touched(
        id=clock.clock_id,
        case_id=clock.case_id,
        kind=clock.kind,
        due_at=clock.due_at,
        due_local=say_instant(clock.due_at),
        would_be_due_at=clock.would_be_due_at,
        would_be_due_local=say_instant(clock.would_be_due_at),
    )
