"""Search from every page by reference, name, address or birth date; posted, so that no address line holds a name."""

import re
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request
from fastapi.responses import Response

from activities.audit import record_accesses
from api.known import PersonOnRegister, on_register
from api.pages.answer_fields import FieldKind, FormField
from api.pages.answer_reading import FieldError, error_at, first_by_name, read_answer
from api.pages.forms import PostedForm, Values, first, values_of
from api.pages.register_search import MOST, search_of
from api.pages.rendering import render
from api.pages.routes import page_router
from api.pages.sessions import Visitor, visitor_with
from api.pages.words import sentence, waits_words
from api.people import PersonSearch, search_people_privately
from api.problems import Problem
from api.visibility import check_person, visible_case
from models.queries.cases import CaseSummary, cases_of_persons
from models.queries.people import assessments_of_persons, key_details_of
from procedures.visibility import READS_CASES, SEARCHES_THE_REGISTER

router = page_router()
Finder = Annotated[Visitor, Depends(visitor_with(READS_CASES, "search"))]
_REFERENCE = re.compile(r"[A-Za-z0-9-]*[0-9][A-Za-z0-9-]*")
_BY_REFERENCE = FormField(("reference",), FieldKind.LINE, "Reference", "Of a person, or a case number")
_BY_PERSON = [
    FormField(("name",), FieldKind.LINE, "Full name", "Use % for any letters"),
    FormField(("address",), FieldKind.LINE, "Address", "Use % for any letters"),
    FormField(("date_of_birth",), FieldKind.DATE, "Date of birth", "Such as 2 3 1984"),
]


@dataclass(frozen=True)
class FoundCase:
    """A case in the results."""

    case_id: str
    procedure: str
    step: str
    standing: str


@dataclass(frozen=True)
class FoundPerson:
    """A person in the results, with their code as Key Details shows it and the cases one may see."""

    person: PersonOnRegister
    reasons: dict[str, str]
    code: str
    cases: list[FoundCase]


@router.get("/search")
async def search_form(request: Request, visitor: Finder) -> Response:
    """The form."""
    return _show(request, visitor, {})


@router.post("/search")
async def search(request: Request, visitor: Finder, form: PostedForm) -> Response:
    """Search. That a search was made, and each person read, is audited; what was searched for is not kept (PRV-16)."""
    values = _with_quick(visitor, values_of(form))
    fields = _fields(visitor)
    reading = read_answer(fields, values)
    if not reading.body and not reading.errors:
        reading.errors.append(error_at(fields[0], "Enter something to search for"))
    if reading.errors:
        return _show(request, visitor, values, errors=reading.errors)
    reference = reading.body.pop("reference", None)
    people = await _by_reference(visitor, reference) if reference else []
    case = await _case(visitor, reference) if reference else None
    if reading.body:
        wanted = search_of(reading.body, fields, reading)
        if wanted is None:
            return _show(request, visitor, values, errors=reading.errors)
        known = {one.person.person_ref for one in people}
        people += [one for one in await _by_person(visitor, wanted) if one.person.person_ref not in known]
    return _show(request, visitor, values, people=people, case=case, searched=True)


def _show(
    request: Request,
    visitor: Visitor,
    values: Values,
    *,
    errors: list[FieldError] | None = None,
    people: list[FoundPerson] | None = None,
    case: FoundCase | None = None,
    searched: bool = False,
) -> Response:
    return render(
        request,
        "search.html",
        visitor=visitor,
        status=422 if errors else 200,
        fields=_fields(visitor),
        values=values,
        errors=errors or [],
        errors_by_name=first_by_name(errors),
        people=people or [],
        case=case,
        searched=searched,
        most=MOST,
    )


def _fields(visitor: Visitor) -> list[FormField]:
    """Name, address and birth date are for those who search the register; the others look up a reference."""
    searches = visitor.caller.sight.has_any(SEARCHES_THE_REGISTER)
    return [_BY_REFERENCE, *(_BY_PERSON if searches else [])]


def _with_quick(visitor: Visitor, values: Values) -> Values:
    """The one field of the header: a reference when it looks like one, else a name."""
    quick = first(values, "q")
    if not quick:
        return values
    searches = visitor.caller.sight.has_any(SEARCHES_THE_REGISTER)
    return {**values, "reference" if not searches or _REFERENCE.fullmatch(quick) else "name": [quick]}


async def _by_person(visitor: Visitor, wanted: PersonSearch) -> list[FoundPerson]:
    """The register's own search, audited."""
    found = (await search_people_privately(visitor.caller, wanted)).items
    return await _persons(visitor, [(one.person, one.reasons) for one in found if one.person])


async def _by_reference(visitor: Visitor, reference: str) -> list[FoundPerson]:
    """The person of this reference, if there is one that the visitor may see."""
    caller = visitor.caller
    person = await caller.resources.register.person(reference)
    if person is None:
        return []
    try:
        await check_person(caller, reference)
    except Problem:
        return []
    return await _persons(visitor, [(on_register(person), {})])


async def _persons(
    visitor: Visitor, found: list[tuple[PersonOnRegister, dict[str, str]]]
) -> list[FoundPerson]:
    """Everybody who was found, read together; each is on record as read."""
    caller, refs = visitor.caller, [person.person_ref for person, _ in found]
    database = caller.resources.database
    await record_accesses(database, by=caller.by(), at=caller.now, what="person", subjects=refs, why="search")
    held = await cases_of_persons(database, caller.sight, refs)
    codes = await assessments_of_persons(database, refs)
    return [
        FoundPerson(
            person,
            reasons,
            key_details_of(codes[person.person_ref]),
            [_found(one) for one in held[person.person_ref]],
        )
        for person, reasons in found
    ]


async def _case(visitor: Visitor, reference: str) -> FoundCase | None:
    """The case of this number, if there is one that the visitor may see."""
    try:
        return _found(await visible_case(visitor.caller, reference))
    except Problem:
        return None


def _found(case: CaseSummary) -> FoundCase:
    standing = "closed" if case.closed_at else f"waits for {waits_words(case.waiting_for)}"
    return FoundCase(case.case_id, sentence(case.procedure.value), case.step, standing)
