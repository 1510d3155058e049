"""Whom a change names: found by a search of the register within its form, and picked; no reference is typed."""

from collections.abc import Iterable
from dataclasses import replace

from api.known import PersonOnRegister, audit_read, on_register
from api.pages.answer_fields import Choice, FieldKind, FormField
from api.pages.answer_reading import FieldError, error_at, read_answer
from api.pages.forms import Values
from api.pages.register_search import search_of
from api.pages.rendering import shown
from api.pages.sessions import Visitor
from api.pages.task_view import FOUND, SEARCH_FIELDS
from api.people import search_people_privately
from api.problems import Problem
from api.visibility import check_person
from models.queries.cases import CaseDetail
from procedures.visibility import SEARCHES_THE_REGISTER

FIELDS = [FormField(("search", "reference"), FieldKind.LINE, "Reference", "Of a person"), *SEARCH_FIELDS]
_KINDS = {FieldKind.PERSON: FieldKind.ONE_OF, FieldKind.PERSONS: FieldKind.MANY_OF}


def refs_of(values: Values) -> list[str]:
    """The people whom searches of this form have found, in their order."""
    return list(dict.fromkeys(values.get(FOUND, ())))


def names_people(fields: Iterable[FormField]) -> bool:
    """True for a form that asks for people of the register."""
    return any(one.kind in _KINDS for one in fields)


async def with_people(
    visitor: Visitor, case: CaseDetail, fields: list[FormField], refs: list[str]
) -> list[FormField]:
    """The same fields with the people found as choices; each of them read is audited."""
    if not names_people(fields):
        return fields
    picks = [Choice(one.person_ref, _words(one)) for one in await _people(visitor, case, refs)]
    return [made for one in fields if (made := _picked(one, picks)) is not None]


async def search(visitor: Visitor, case: CaseDetail, values: Values) -> tuple[Values, list[FieldError], str]:
    """Search; the values with whom it found, what is wrong, and what to say. Raises a 403 problem."""
    await visitor.caller.require(SEARCHES_THE_REGISTER, "search the register")
    reading = read_answer(FIELDS, values)
    given = reading.body.get("search", {})
    if not given and not reading.errors:
        reading.errors.append(error_at(FIELDS[0], "Enter something to search for"))
    reference = given.pop("reference", None)
    found = await _of_reference(visitor, reference) if reference else []
    wanted = search_of(given, FIELDS, reading, entry=case.entry_id)
    if wanted is None:
        return values, reading.errors, ""
    if given:
        found += [one.person_ref for one in (await search_people_privately(visitor.caller, wanted)).items]
    typed = {name: held for name, held in values.items() if not name.startswith("search.")}
    said = f"Your search found {len(found)}." if found else "Nobody was found."
    return {**typed, FOUND: list(dict.fromkeys((*found, *refs_of(values))))}, [], said


def _picked(one: FormField, picks: list[Choice]) -> FormField | None:
    """Duplicates are asked for only among people found."""
    match one.kind:
        case FieldKind.PERSON:
            nobody = Choice("", "Nobody on the register")
            hint = one.hint if picks else "Nobody is found yet: search above"
            return replace(
                one, kind=_KINDS[one.kind], label="The right person", hint=hint, choices=(*picks, nobody)
            )
        case FieldKind.PERSONS:
            label = "Other records of the same person (duplicates)"
            return replace(one, kind=_KINDS[one.kind], label=label, choices=tuple(picks)) if picks else None
    return one


async def _people(visitor: Visitor, case: CaseDetail, refs: list[str]) -> list[PersonOnRegister]:
    caller = visitor.caller
    held = await caller.resources.register.persons(refs) if refs else {}
    for ref in held:
        await audit_read(caller, "person", ref, case_id=case.case_id, why="change of a case")
    return [on_register(held[ref]) for ref in refs if ref in held]


async def _of_reference(visitor: Visitor, reference: str) -> list[str]:
    if await visitor.caller.resources.register.person(reference) is None:
        return []
    try:
        await check_person(visitor.caller, reference)
    except Problem:
        return []
    return [reference]


def _words(person: PersonOnRegister) -> str:
    address = ", ".join(filter(None, (person.address, person.suburb, person.town))) or "no address"
    return (
        f"{person.given_names} {person.surname}, born {shown(person.date_of_birth)}, {address}, "
        f"{person.record_state}, record {person.person_ref}"
    )
