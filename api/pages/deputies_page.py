"""Who stands in for each role of each region; recorded by the manager, whose own deputy stands here too (AMB-X-2)."""

from fastapi import Request
from fastapi.responses import RedirectResponse, Response
from pydantic import ValidationError

from api import deputies
from api.deputies import NewDeputy, PostItem
from api.pages.answer_fields import Choice, FieldKind, FormField
from api.pages.answer_reading import FieldError, errors_of_problem, first_by_name, read_answer
from api.pages.forms import PostedForm, Values, first, values_of
from api.pages.new_keys import checked_key, new_key
from api.pages.office_menu import office_menu
from api.pages.rendering import render
from api.pages.routes import page_router
from api.pages.sessions import SignedInVisitor, Visitor
from api.pages.words import region_words, role_words
from api.problems import Problem, plain_errors
from models.queries import web
from procedures.refusals import Refused
from procedures.visibility import ASSIGNS, STAFF

router = page_router()


@router.get("/office/deputies")
async def posts(request: Request, visitor: SignedInVisitor, recorded: bool = False) -> Response:
    """Every post with its deputy, those without one on top, and the form."""
    return await _show(request, visitor, {}, said="The deputy is recorded." if recorded else "")


@router.post("/office/deputies")
async def record(request: Request, visitor: SignedInVisitor, form: PostedForm) -> Response:
    """Record who stands in for a post; the entry before stays on record."""
    caller, values = visitor.caller, values_of(form)
    await caller.require(ASSIGNS, "record deputies")
    held = (await deputies.deputies(caller)).items
    fields = await _fields(visitor, held)
    reading = read_answer(fields, values)
    errors = reading.errors
    if not errors:
        chosen = reading.body.pop("post")
        post = next(one for one in held if one.id == chosen)
        seen = first(values, f"last-{post.id}") or None
        try:
            new = NewDeputy(role=post.role, region=post.region, replaces=seen, **reading.body)
            await deputies.record(caller, new, checked_key(first(values, "key")))
            return RedirectResponse("/office/deputies?recorded=true", 303)
        except ValidationError as error:
            errors = errors_of_problem(fields, plain_errors(error), "This cannot be recorded.")
        except Refused as refusal:
            errors = [FieldError(refusal.reason)]
        except Problem as problem:
            errors = [FieldError(problem.body.detail)]
    return await _show(request, visitor, values, errors=errors, status=422)


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
    held = (await deputies.deputies(caller)).items
    return render(
        request,
        "office/deputies.html",
        visitor=visitor,
        status=status,
        menu=office_menu(caller.sight, request.url.path),
        posts=held,
        missing=sum(one.deputy is None for one in held),
        fields=await _fields(visitor, held) if caller.sight.has_any(ASSIGNS) else [],
        values=values,
        errors=errors or [],
        errors_by_name=first_by_name(errors),
        said=said,
        key=new_key(),
    )


async def _fields(visitor: Visitor, held: list[PostItem]) -> list[FormField]:
    """The posts of the visitor's regions, who stands in, and from when to when."""
    caller = visitor.caller
    staff: dict[str, str] = {}
    for one in await web.colleagues(caller.resources.database, STAFF):
        staff.setdefault(one.subject, f"{one.name}, {role_words(one.role)}, {region_words(one.region)}")
    mine = tuple(
        Choice(one.id, f"{role_words(one.role)}, {region_words(one.region)}")
        for one in held
        if caller.sight.may(ASSIGNS, one.region)
    )
    people = tuple(Choice(subject, text) for subject, text in staff.items())
    return [
        FormField(("post",), FieldKind.OPEN_LIST, "For which post?", required=True, choices=mine),
        FormField(("subject",), FieldKind.OPEN_LIST, "Who stands in?", required=True, choices=people),
        FormField(("first_day",), FieldKind.DATE, "First day", required=True),
        FormField(("last_day",), FieldKind.DATE, "Last day", "Leave it empty while no end is known"),
    ]
