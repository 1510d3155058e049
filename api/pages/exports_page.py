"""Taking a list out as a file: which list, how many rows, without persons or, for a reason, with them."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import Depends, Request
from fastapi.responses import Response

from api.export_files import Media
from api.export_kinds import KINDS, Kind, SpanQuery
from api.exports import MOST_WITH_PERSONS, ExportAsked, allowed_kind, count_of, export, read_filters
from api.pages.answer_reading import FieldError
from api.pages.forms import PostedForm, Values, first, values_of
from api.pages.office_menu import office_menu
from api.pages.rendering import render
from api.pages.routes import page_router
from api.pages.sessions import SignedInVisitor, Visitor, visitor_with
from api.pages.words import region_words, sentence
from api.problems import Problem
from models.queries import web
from procedures.visibility import NATIONAL, READS_PERSONS, WORKS_ON_TASKS

router = page_router()
Taker = Annotated[Visitor, Depends(visitor_with(WORKS_ON_TASKS, "export lists"))]

_WRONG = {
    "reason": FieldError("Say why you need the persons in the list", "reason", "#reason"),
    "confirmed": FieldError("Confirm that the list is confidential", "confirmed", "#confirmed"),
}


@router.get("/exports")
async def lists(request: Request, visitor: Taker) -> Response:
    """The lists that one's roles may take out."""
    sight = visitor.caller.sight
    return render(
        request,
        "exports/lists.html",
        visitor=visitor,
        menu=office_menu(sight, request.url.path),
        kinds=[kind for kind in KINDS.values() if sight.has_any(kind.roles)],
    )


@router.get("/exports/{name}")
async def ask(request: Request, visitor: SignedInVisitor, name: str) -> Response:
    """The list as its address filters it, and the question how to take it out."""
    kind = await allowed_kind(visitor.caller, name)
    return await _show(request, visitor, kind, {})


@router.post("/exports/{name}")
async def take(request: Request, visitor: SignedInVisitor, form: PostedForm, name: str) -> Response:
    """The file; or the question once more, with what is missing."""
    kind = await allowed_kind(visitor.caller, name)
    values = values_of(form)
    media = first(values, "media")
    asked = ExportAsked(
        media=Media(media) if media in set(Media) else Media.CSV,
        filters=dict(request.query_params),
        with_persons=first(values, "persons") == "with",
        confirmed=first(values, "confirmed") == "yes",
        reason=first(values, "reason")[:500],
    )
    try:
        return await export(visitor.caller, name, asked)
    except Problem as problem:
        if problem.status not in (409, 422):
            raise
        return await _show(request, visitor, kind, values, problem=problem)


async def _show(
    request: Request, visitor: Visitor, kind: Kind, values: Values, *, problem: Problem | None = None
) -> Response:
    caller, given = visitor.caller, dict(request.query_params)
    errors = _errors(problem) if problem else []
    return render(
        request,
        "exports/ask.html",
        visitor=visitor,
        status=problem.status if problem else 200,
        menu=office_menu(caller.sight, request.url.path),
        kind=kind,
        rows=await count_of(caller, kind, given),
        filters=_filter_words(kind, given),
        spans=await _span_choices(visitor, given) if kind.filters is SpanQuery else None,
        action=f"{request.url.path}?{request.url.query}" if request.url.query else request.url.path,
        may_name=bool(kind.with_persons) and caller.sight.has_any(READS_PERSONS),
        most_with_persons=MOST_WITH_PERSONS,
        values={name: first(values, name) for name in ("media", "persons", "confirmed", "reason")},
        errors=errors,
        errors_by_name={one.name: one.text for one in errors if one.name},
    )


def _errors(problem: Problem) -> list[FieldError]:
    named = [str(one["loc"][-1]) for one in problem.body.errors or []]
    return [_WRONG[name] for name in named if name in _WRONG] or [FieldError(problem.body.detail)]


def _filter_words(kind: Kind, given: Mapping[str, str]) -> list[tuple[str, str]]:
    """What narrows the list, as its address says it."""
    held = read_filters(kind, given).model_dump(
        mode="json", exclude_defaults=True, exclude={"cursor", "page"}
    )
    said = {
        name: region_words(value) if name == "region" else sentence(str(value))
        for name, value in held.items()
    }
    return [(sentence(name), words) for name, words in said.items()]


async def _span_choices(visitor: Visitor, given: Mapping[str, str]) -> dict[str, Any]:
    offices = await web.area_offices(visitor.caller.resources.database)
    sight = visitor.caller.sight
    codes = sorted({*offices, NATIONAL} if sight.every_region else sight.regions_with(WORKS_ON_TASKS))
    items = [
        {"value": "", "text": "All I can see"},
        *({"value": one, "text": region_words(one)} for one in codes),
    ]
    return {"regions": items, **{name: given.get(name, "") for name in ("region", "since", "until")}}
