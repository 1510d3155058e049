"""Matches to void properties, entered by the Coordinator Placement, who learns of no case and no code (P3.S1.1)."""

from dataclasses import replace
from typing import Annotated

from fastapi import Depends, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import ValidationError

from activities.void_matches import NewMatch
from api import placements
from api.listing import Listing
from api.pages.answer_fields import Choice, FieldKind, FormField, fields_of
from api.pages.answer_reading import FieldError, errors_of_problem, first_by_name, read_answer
from api.pages.forms import PostedForm, Values, first, values_of
from api.pages.new_keys import checked_key, new_key
from api.pages.rendering import render
from api.pages.routes import page_router
from api.pages.sessions import Visitor, visitor_with
from api.problems import plain_errors
from models.queries.paging import MOST
from procedures.local_time import local_date
from procedures.refusals import Refused
from procedures.visibility import ENTERS_MATCHES

router = page_router()
Matcher = Annotated[Visitor, Depends(visitor_with(ENTERS_MATCHES, "enter matches"))]


@router.get("/matches")
async def matches(request: Request, visitor: Matcher, entered: bool = False) -> Response:
    """The form; the same words after every match, whoever it was."""
    today = local_date(visitor.caller.now)
    values: Values = {f"match_date-{part}": [str(getattr(today, part))] for part in ("day", "month", "year")}
    said = "The match is entered." if entered else ""
    return await _show(request, visitor, values, said=said)


@router.post("/matches")
async def enter(request: Request, visitor: Matcher, form: PostedForm) -> Response:
    """Enter a match with its T-365."""
    values = values_of(form)
    fields = await _fields(visitor)
    reading = read_answer(fields, values)
    errors = reading.errors
    if not errors:
        try:
            match = NewMatch.model_validate(reading.body)
            await placements.enter(visitor.caller, match, checked_key(first(values, "key")))
            return RedirectResponse("/matches?entered=true", 303)
        except ValidationError as error:
            errors = errors_of_problem(fields, plain_errors(error), "This cannot be entered.")
        except Refused as refusal:
            errors = [FieldError(refusal.reason[:1].upper() + refusal.reason[1:])]
    return await _show(request, visitor, values, errors=errors)


async def _show(
    request: Request,
    visitor: Visitor,
    values: Values,
    *,
    errors: list[FieldError] | None = None,
    said: str = "",
) -> Response:
    return render(
        request,
        "matches.html",
        visitor=visitor,
        status=422 if errors else 200,
        step="3.1",
        homes=(await _homes(visitor)).items,
        fields=await _fields(visitor),
        values=values,
        errors=errors or [],
        errors_by_name=first_by_name(errors),
        said=said,
        key=new_key(),
    )


async def _homes(visitor: Visitor) -> Listing[placements.VoidItem]:
    return await placements.void_properties(visitor.caller, state="void", limit=MOST)


async def _fields(visitor: Visitor) -> list[FormField]:
    """What is entered of a match; the property is picked from the void ones. The T-365 itself is filed by its number."""
    homes = (await _homes(visitor)).items
    picks = tuple(Choice(one.property_ref, f"{one.address}, {one.area_office}") for one in homes)
    fields = []
    for one in fields_of(NewMatch.model_json_schema()):
        match one.path[-1]:
            case "t365_document":
                continue
            case "property_ref":
                one = replace(one, kind=FieldKind.OPEN_LIST, choices=picks, label="Void property")
            case "person_ref":
                hint = "The reference of the applicant or customer of the match"
                one = replace(one, kind=FieldKind.LINE, label="Person", hint=hint)
            case "t365_reference":
                one = replace(one, label="Number of the T-365 context report", hint="")
            case "t365_details":
                one = replace(one, label="Match details and household, as on the T-365", hint="")
        fields.append(one)
    return fields
