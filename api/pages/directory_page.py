"""The Corrections directory: who to call and write to, when that was last verified, and every change as a new version."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import Depends, Query, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import ValidationError

from activities.commands import CommandReused
from activities.contacts import ContactDetails
from api import contacts
from api.contacts import ContactQuery
from api.pages.answer_fields import Choice, FieldKind, FormField, fields_of
from api.pages.answer_reading import FieldError, errors_of_problem, first_by_name, read_answer
from api.pages.forms import PostedForm, Values, first, values_of
from api.pages.new_keys import checked_key, new_key
from api.pages.office_menu import office_menu
from api.pages.rendering import render
from api.pages.routes import page_router
from api.pages.sessions import Visitor, visitor_with
from api.pages.words import region_words
from api.problems import Problem, plain_errors
from models.queries import web
from procedures.local_time import local_date
from procedures.refusals import Refused
from procedures.terms import ContactKind
from procedures.visibility import READS_DIRECTORY, WRITES_DIRECTORY

router = page_router()
Reader = Annotated[Visitor, Depends(visitor_with(READS_DIRECTORY, "read the Corrections directory"))]
Writer = Annotated[
    Visitor, Depends(visitor_with(WRITES_DIRECTORY, "change the Corrections directory", own=True))
]


@router.get("/office/contacts")
async def directory(
    request: Request,
    visitor: Reader,
    region: Annotated[str, Query(max_length=32)] = "",
    cursor: Annotated[str | None, Query(max_length=512)] = None,
) -> Response:
    """The directory by office."""
    page = await contacts.contacts(visitor.caller, ContactQuery(region=region or None, cursor=cursor))
    more = f"/office/contacts?{urlencode({'region': region, 'cursor': page.next})}" if page.next else None
    return render(
        request,
        "office/contacts.html",
        visitor=visitor,
        step="A",
        menu=office_menu(visitor.caller.sight, request.url.path),
        contacts=page.items,
        region=region,
        regions=await _regions(visitor),
        more=more,
        may_write=visitor.caller.sight.own.has_any(WRITES_DIRECTORY),
    )


@router.get("/office/contacts/new")
async def new(request: Request, visitor: Writer) -> Response:
    """The form for a contact that is not in the directory."""
    today = local_date(visitor.caller.now)
    values: Values = {f"valid_from-{part}": [str(getattr(today, part))] for part in ("day", "month", "year")}
    return await _form(request, visitor, values)


@router.post("/office/contacts/new")
async def enter(request: Request, visitor: Writer, form: PostedForm) -> Response:
    """Enter a contact."""
    values = values_of(form)
    details, errors = _read(await _fields(visitor), values)
    if details is not None:
        try:
            await contacts.enter_contact(visitor.caller, details, checked_key(first(values, "key")))
            return RedirectResponse("/office/contacts", 303)
        except CommandReused:
            errors = [FieldError("Something else was sent from this page before: look again, then send it.")]
        except Refused as refusal:
            errors = [FieldError(refusal.reason, "secure_address", "#field-secure_address")]
    return await _form(request, visitor, values, errors=errors)


@router.get("/office/contacts/{contact_id}")
async def one_contact(request: Request, visitor: Reader, contact_id: str) -> Response:
    """One entry: as it is, what it said before, and the form that replaces it."""
    held = await contacts.one_contact(visitor.caller, contact_id)
    return await _form(request, visitor, _values(held), held=held)


@router.post("/office/contacts/{contact_id}")
async def change(request: Request, visitor: Writer, form: PostedForm, contact_id: str) -> Response:
    """Replace an entry: a new version; whoever confirmed the old one confirms anew."""
    values, caller = values_of(form), visitor.caller
    held = await contacts.one_contact(caller, contact_id)
    details, errors = _read(await _fields(visitor, held.regions), values)
    status = 422
    if details is not None:
        try:
            await contacts.change_contact(
                caller, contact_id, details, checked_key(first(values, "key")), first(values, "seen_version")
            )
            return RedirectResponse(f"/office/contacts/{contact_id}", 303)
        except Refused as refusal:
            errors, status = [FieldError(refusal.reason)], 409
        except Problem as problem:
            errors, status = [FieldError(problem.body.detail)], problem.status
    return await _form(request, visitor, values, errors=errors, held=held, status=status)


async def _form(
    request: Request,
    visitor: Visitor,
    values: Values,
    *,
    errors: list[FieldError] | None = None,
    held: contacts.ContactWhole | None = None,
    status: int = 422,
) -> Response:
    sight = visitor.caller.sight
    return render(
        request,
        "office/contact.html",
        visitor=visitor,
        status=status if errors else 200,
        step="A",
        menu=office_menu(sight, "/office/contacts"),
        held=held,
        fields=await _fields(visitor, held.regions if held else ()),
        values=values,
        errors=errors or [],
        errors_by_name=first_by_name(errors),
        may_write=sight.own.has_any(WRITES_DIRECTORY)
        and (held is None or held.kind is not ContactKind.FALLBACK),
        key=new_key(),
    )


async def _regions(visitor: Visitor) -> dict[str, str]:
    """Region codes with the names of their area offices."""
    offices = await web.area_offices(visitor.caller.resources.database)
    return {code: f"{region_words(code)}: {', '.join(names)}" for code, names in sorted(offices.items())}


async def _fields(visitor: Visitor, held: Iterable[str] = ()) -> list[FormField]:
    """What is entered of a contact, in the order of its type; regions it is held for stay to be chosen."""
    known = {code: region_words(code) for code in held} | await _regions(visitor)
    regions = tuple(Choice(code, text) for code, text in known.items())
    fields = []
    for one in fields_of(ContactDetails.model_json_schema()):
        match one.path[-1]:
            case "regions" if regions:
                one = replace(one, kind=FieldKind.MANY_OF, choices=regions)
            case "kind":
                kinds = tuple(each for each in one.choices if each.value != ContactKind.FALLBACK.value)
                one = replace(one, choices=kinds)
            case "name" | "office" | "phone" | "secure_address":
                one = replace(one, kind=FieldKind.LINE)
        fields.append(one)
    return fields


def _read(fields: list[FormField], values: Values) -> tuple[ContactDetails | None, list[FieldError]]:
    reading = read_answer(fields, values)
    if reading.errors:
        return None, reading.errors
    try:
        return ContactDetails.model_validate(reading.body), []
    except ValidationError as error:
        found = plain_errors(error)
        said = [
            {**one, "msg": "this is no mail address"} if one["type"] == "string_pattern_mismatch" else one
            for one in found
        ]
        return None, errors_of_problem(fields, said, "This cannot be entered.")


def _values(held: contacts.ContactWhole) -> Values:
    """An entry as the form shows it."""
    values: Values = {}
    for name, value in held.model_dump(include=set(ContactDetails.model_fields)).items():
        values |= _typed(name, value)
    return values


def _typed(name: str, value: Any) -> Values:
    if value is None:
        return {}
    if hasattr(value, "isoformat"):
        return {f"{name}-{part}": [str(getattr(value, part))] for part in ("day", "month", "year")}
    return {name: [str(one) for one in value] if isinstance(value, list) else [str(value)]}
