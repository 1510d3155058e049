"""Absences and who covers: one's own for everybody, anybody's for those who arrange cover (AMB-X-2, AMB-P1-18)."""

from typing import Any

from fastapi import Request
from fastapi.responses import RedirectResponse, Response
from pydantic import ValidationError

from activities.commands import CommandReused
from api import absences
from api.pages.answer_fields import Choice, FieldKind, FormField
from api.pages.answer_reading import FieldError, errors_of_problem, first_by_name, read_answer
from api.pages.forms import PostedForm, Values, first, values_of
from api.pages.new_keys import checked_key, new_key
from api.pages.office_menu import office_menu
from api.pages.rendering import render
from api.pages.routes import page_router
from api.pages.sessions import SignedInVisitor, Visitor
from api.pages.words import role_words
from api.problems import Problem, plain_errors
from models.queries import web
from procedures.cover import CoverAs, Fate
from procedures.visibility import RECORDS_ABSENCES, STAFF

router = page_router()
COVERS_AS = {
    CoverAs.NAMED: "covers, as named",
    CoverAs.DEPUTY: "deputy",
    CoverAs.COLLEAGUE: "colleague in the region",
    CoverAs.MANAGER: "manager",
    CoverAs.MANAGER_DEPUTY: "deputy of the manager",
}


@router.get("/office/absences")
async def away(request: Request, visitor: SignedInVisitor, recorded: bool = False) -> Response:
    """Who is away, and the form."""
    return await _show(request, visitor, {}, said="The absence is recorded." if recorded else "")


@router.post("/office/absences")
async def record(request: Request, visitor: SignedInVisitor, form: PostedForm) -> Response:
    """First who gets which task is shown; the second press records the absence."""
    values = values_of(form)
    fields = await _fields(visitor)
    reading = read_answer(fields, values)
    errors = reading.errors
    if not errors:
        try:
            new = absences.Away.model_validate(reading.body)
            if first(values, "confirmed") != "yes" or first(values, "shown_for") != (new.cover or ""):
                return await _preview(request, visitor, new, values)
            await absences.record(visitor.caller, new, checked_key(first(values, "key")))
            return RedirectResponse("/office/absences?recorded=true", 303)
        except ValidationError as error:
            errors = errors_of_problem(fields, plain_errors(error), "This cannot be recorded.")
        except CommandReused:
            errors = [FieldError("Something else was sent from this page before: look again, then send it.")]
        except Problem as problem:
            errors = [FieldError(problem.body.detail)]
    return await _show(request, visitor, values, errors=errors, status=422)


async def _preview(request: Request, visitor: Visitor, new: absences.Away, values: Values) -> Response:
    """What is due soon and who gets it; with nobody to take it, whom to name is asked again."""
    caller = visitor.caller
    staff = {one.subject: one.name for one in await web.colleagues(caller.resources.database, STAFF)}
    said = await absences.preview(caller, new)
    return render(
        request,
        "office/absence_preview.html",
        visitor=visitor,
        menu=office_menu(caller.sight, request.url.path),
        who=staff.get(said.subject, said.subject) if said.subject != caller.actor.subject else None,
        said=said,
        handed=[one for one in said.moves if one.fate is not Fate.RELEASED],
        released=[one for one in said.moves if one.fate is Fate.RELEASED],
        why=COVERS_AS,
        new=new,
        fields=[one for one in await _fields(visitor) if one.path == ("cover",)],
        values=values,
        key=new_key(),
    )


async def _show(
    request: Request,
    visitor: Visitor,
    values: Values,
    *,
    errors: list[FieldError] | None = None,
    said: str = "",
    status: int = 200,
) -> Response:
    caller = visitor.caller
    staff = {one.subject: one.name for one in await web.colleagues(caller.resources.database, STAFF)}
    return render(
        request,
        "office/absences.html",
        visitor=visitor,
        status=status,
        menu=office_menu(caller.sight, request.url.path),
        absences=(await absences.all_absences(caller)).items,
        names=staff,
        fields=await _fields(visitor),
        values=values,
        errors=errors or [],
        errors_by_name=first_by_name(errors),
        said=said,
        everybody=caller.sight.has_any(RECORDS_ABSENCES),
        key=new_key(),
    )


async def _fields(visitor: Visitor) -> list[FormField]:
    """Who, from when to when, and who covers; whom one may record decides whether one is asked who."""
    caller = visitor.caller
    staff: dict[str, Any] = {}
    for one in await web.colleagues(caller.resources.database, STAFF):
        staff.setdefault(one.subject, f"{one.name}, {role_words(one.role)}")
    others = tuple(Choice(subject, text) for subject, text in staff.items())
    who = FormField(
        ("subject",), FieldKind.OPEN_LIST, "Who is away?", "Leave it empty for yourself", choices=others
    )
    cover = FormField(
        ("cover",),
        FieldKind.OPEN_LIST,
        "Who covers?",
        "A regional colleague first, then the manager",
        choices=others,
    )
    days = [
        FormField(("first_day",), FieldKind.DATE, "First day away", required=True),
        FormField(("last_day",), FieldKind.DATE, "Last day away", required=True),
    ]
    return [*([who] if caller.sight.has_any(RECORDS_ABSENCES) else []), *days, cover]
