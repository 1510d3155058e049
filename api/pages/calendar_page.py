"""Calendars: which days do not count and why, and adding one after seeing which running clocks it lies in (CAL-NZ-11)."""

import json
from typing import Annotated

from fastapi import Depends, Query, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import ValidationError

from api import calendars
from api.calendars import DayAdded, NewDay
from api.pages.answer_fields import FieldKind, FormField
from api.pages.answer_reading import FieldError, errors_of_problem, first_by_name, read_answer
from api.pages.forms import PostedForm, Values, first, values_of
from api.pages.new_keys import checked_key, new_key
from api.pages.office_menu import office_menu
from api.pages.rendering import render
from api.pages.routes import page_router
from api.pages.sessions import SignedInVisitor, Visitor, visitor_with
from api.problems import Problem, plain_errors
from procedures.editions import edition_in_force
from procedures.local_time import local_date
from procedures.refusals import Refused
from procedures.visibility import ADDS_CALENDAR_DAYS
from procedures.working_days import FIRST_YEAR, LAST_YEAR, CalendarName

router = page_router()
Adder = Annotated[Visitor, Depends(visitor_with(ADDS_CALENDAR_DAYS, "add days to calendars", own=True))]
FIELDS = [
    FormField(("day",), FieldKind.DATE, "Day", "A Monday to Friday that is not to count", required=True),
    FormField(
        ("name",),
        FieldKind.LINE,
        "Why it does not count",
        "Such as Office closed",
        required=True,
        longest=100,
    ),
]


@router.get("/office/calendars")
async def usual(visitor: SignedInVisitor) -> Response:
    """The calendar of the procedure in force."""
    name = edition_in_force(visitor.caller.now).parameters.calendar
    return RedirectResponse(f"/office/calendars/{name.value}", 303)


@router.get("/office/calendars/{name}")
async def calendar(
    request: Request,
    visitor: SignedInVisitor,
    name: str,
    year: Annotated[int | None, Query(ge=FIRST_YEAR, le=LAST_YEAR)] = None,
) -> Response:
    """The days of a year that do not count."""
    return await _show(request, visitor, name, {}, year=year)


@router.post("/office/calendars/{name}")
async def add(request: Request, visitor: Adder, form: PostedForm, name: str) -> Response:
    """First the running clocks in which the day lies are shown; the second press adds the day."""
    values = values_of(form)
    reading = read_answer(FIELDS, values)
    if reading.errors:
        return await _show(request, visitor, name, values, errors=reading.errors)
    confirmed = first(values, "confirmed") == "yes"
    try:
        new = NewDay.model_validate(reading.body)
        key = checked_key(first(values, "key"))
        answer = await calendars.add(visitor.caller, name, new, key, preview=not confirmed)
    except ValidationError as error:
        return await _show(
            request, visitor, name, values, errors=errors_of_problem(FIELDS, plain_errors(error), "")
        )
    except (Refused, Problem) as error:
        text = error.reason if isinstance(error, Refused) else error.body.detail
        return await _show(request, visitor, name, values, errors=[FieldError(text, "day", "#field-day-day")])
    if confirmed:
        return RedirectResponse(f"/office/calendars/{name}?year={new.day.year}#d{new.day.isoformat()}", 303)
    said = DayAdded.model_validate(json.loads(bytes(answer.body)))
    return render(
        request,
        "office/calendar_preview.html",
        visitor=visitor,
        menu=office_menu(visitor.caller.sight, request.url.path),
        said=said,
        values=values,
        key=new_key(),
    )


async def _show(
    request: Request,
    visitor: Visitor,
    name: str,
    values: Values,
    *,
    year: int | None = None,
    errors: list[FieldError] | None = None,
) -> Response:
    caller = visitor.caller
    year = year or local_date(caller.now).year
    return render(
        request,
        "office/calendar.html",
        visitor=visitor,
        status=422 if errors else 200,
        menu=office_menu(caller.sight, request.url.path),
        name=name,
        names=[one.value for one in CalendarName],
        year=year,
        before=year - 1 if year > FIRST_YEAR else None,
        after=year + 1 if year < LAST_YEAR else None,
        days=(await calendars.days(caller, name, year)).items,
        fields=FIELDS,
        values=values,
        errors=errors or [],
        errors_by_name=first_by_name(errors),
        may_add=caller.sight.own.has_any(ADDS_CALENDAR_DAYS),
        key=new_key(),
    )
