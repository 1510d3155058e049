"""The form of one task: its fields, what may be picked, what a sent answer sets going, and the answers read back."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol

from api.known import Known
from api.pages.answer_fields import Choice, FieldKind, FormField, Schema, fields_of
from api.pages.forms import Values
from api.pages.rendering import shown
from api.pages.task_papers import with_papers
from api.pages.words import phrase_of, sentence
from api.tasks import answer_schema
from models.queries.cases import CaseDetail
from procedures import EDITION
from procedures.local_time import local, say_instant
from procedures.returned_parts import RETURNED, PartKind, ReturnedPart
from procedures.tasks import Answer
from procedures.terms import Form

_ENDS = frozenset(
    {
        "match_entry", "identify_occupant", "close_run", "live_record", "corrections_silent", "await_match",
        "decide_after_failures", "persons_answer", "decide_no_answer", "enter_withdrawn", "enter_offer_outcome",
    }
)  # fmt: skip
"""Kinds of answer after which a case, or a duty in it, may be over."""


class WithFields(Protocol):
    """Whatever is asked by fields: a task's answer, an interruption of a case."""

    @property
    def fields(self) -> list[FormField]:
        """In the order in which they are asked."""
        ...


@dataclass(frozen=True)
class AnswerForm:
    """A task's form. With `consequences` the answers are checked on a page of their own before they are sent."""

    asked: type[Answer]
    edition: str
    fields: list[FormField]
    consequences: tuple[str, ...]

    @property
    def grouped(self) -> list[tuple[str, list[FormField]]]:
        """The fields under the heading of their question set, in order."""
        found: list[tuple[str, list[FormField]]] = []
        for one in self.fields:
            if one.kind is FieldKind.CARRIED:
                continue
            if not found or found[-1][0] != one.group:
                found.append((one.group, []))
            found[-1][1].append(one)
        return found


def form_of(asked: type[Answer], case: CaseDetail | None, known: Known | None) -> AnswerForm:
    """The form of a kind of task in one case."""
    edition = case.edition if case else EDITION
    schema = answer_schema(asked, edition)
    if "returned" in schema["properties"] and case is not None:
        schema["properties"]["returned"] = _form_schema(case)
    fields = [with_papers(asked.kind, _with_picks(one, known), known) for one in fields_of(schema)]
    return AnswerForm(asked, edition, fields, tuple(_consequences(asked, fields)))


def first_values(form: WithFields, now: datetime) -> Values:
    """What a form shows before anybody has typed: defaults, and today for an instant that must be given."""
    today = local(now)
    values: Values = {}
    for one in form.fields:
        if one.kind is FieldKind.INSTANT and one.required:
            for part in ("day", "month", "year"):
                values[f"{one.name}-{part}"] = [str(getattr(today, part))]
        elif one.kind is FieldKind.INTEGER and isinstance(one.default, int):
            values[one.name] = [str(one.default)]
    return values


def said(
    form: WithFields, body: dict[str, Any], names: Mapping[str, str] | None = None
) -> list[dict[str, str]]:
    """An answer for people: label, words and field of every part that was given; `names` of people by reference."""
    rows = []
    for one in form.fields:
        if one.kind is FieldKind.CARRIED:
            continue
        value: Any = body
        for part in one.path:
            value = value.get(part) if isinstance(value, dict) else None
        rows.append(
            {"label": one.label, "value": _words(one, value, names or {}), "href": f"#{one.focus_id}"}
        )
    return rows


def _words(one: FormField, value: Any, names: Mapping[str, str]) -> str:
    """The words of one value, as they were offered."""
    texts = {choice.value: choice.text for choice in one.choices}
    if one.kind in (FieldKind.PERSON, FieldKind.PERSONS):
        texts = {reference: f"{name}, record {reference}" for reference, name in names.items()}
    match value:
        case None | "" | [] | ():
            return "Not given" if one.kind is not FieldKind.TICK else "Not ticked"
        case bool():
            return ("Ticked" if value else "Not ticked") if one.kind is FieldKind.TICK else shown(value)
        case list() | tuple():
            return "; ".join(texts.get(str(each), str(each)) for each in value)
        case str() if one.kind is FieldKind.INSTANT:
            return say_instant(datetime.fromisoformat(value))
        case str() if one.kind is FieldKind.CONTACT:
            return next((text for key, text in texts.items() if key.rpartition("@")[0] == value), value)
        case _:
            return texts.get(str(value), str(value))


def _consequences(asked: type[Answer], fields: Iterable[FormField]) -> Iterable[str]:
    names = {one.path[-1] for one in fields}
    if asked.question_set:
        yield "The outcome is calculated, and Key Details shows it."
    if "recipient_confirmed" in names:
        yield "Mail may leave to Corrections by SEEMail. It cannot be called back."
    if asked.kind in _ENDS:
        yield "The case may end here, or go on to its next step."


def _with_picks(one: FormField, known: Known | None) -> FormField:
    """Contacts and people are picked from what is known; a person without any to pick from is a reference to type."""
    if one.kind is FieldKind.CONTACT:
        contacts = (known.contacts if known else None) or []
        choices = tuple(
            Choice(
                f"{held.contact_id}@{held.version}",
                f"{held.name}, {held.office} ({sentence(held.kind).lower()}), {held.secure_address or 'no address'}",
            )
            for held in contacts
            if held.secure_address
        )
        return replace(one, choices=choices)
    if one.path == ("corrects",):
        listed = [held for held in (known.went_out if known else None) or () if held.can_be_taken_back]
        choices = tuple(Choice(held.reference, f"{held.kind}, {held.reference}") for held in listed)
        return replace(one, kind=FieldKind.MANY_OF, choices=choices)
    if one.kind in (FieldKind.PERSON, FieldKind.PERSONS) and known is not None and known.candidates is None:
        return replace(one, kind=FieldKind.LINE if one.kind is FieldKind.PERSON else FieldKind.LINES)
    return one


def _form_schema(case: CaseDetail) -> Schema:
    """The parts that Corrections completes on the form that is out, as JSON Schema (P1.S6.b6)."""
    form = Form((case.state.get("exchange") or {}).get("form", Form.T_441.value))
    parts = RETURNED[form]
    return {
        "type": "object",
        "title": form.value,
        "properties": {part.key: {**_part_schema(part), **_when(part, parts)} for part in parts},
    }


def _when(part: ReturnedPart, parts: Iterable[ReturnedPart]) -> Schema:
    """What a part says of itself that Corrections fills in under a condition, in the words of the form."""
    if part.only_when is None:
        return {} if part.required else {"description": "If Corrections has written any"}
    key, value = part.only_when
    wordings = next(dict(one.choices) for one in parts if one.key == key)
    return {"description": f"If the form says: {wordings[value]}"}


def _part_schema(part: ReturnedPart) -> Schema:
    match part.kind:
        case PartKind.CHOICE:
            offered = [{"const": value, "title": text} for value, text in part.choices]
            return {"type": "string", "title": part.label, "oneOf": offered}
        case PartKind.DATE:
            return {"type": "string", "format": "date", "title": part.label}
        case PartKind.SIGNATURE:
            return {"type": "boolean", "title": part.label, "default": False}
        case PartKind.LINE:
            return {"type": "string", "title": part.label, "maxLength": 128}
        case PartKind.TEXT:
            return {"type": "string", "title": part.label}


def answer_said(form: AnswerForm, answer: dict[str, Any] | None) -> list[dict[str, str]]:
    """A recorded answer for people; a part this release does not ask is shown by its own name."""
    if answer is None:
        return []
    known = {one.path[0] for one in form.fields}
    more = [
        {"label": sentence(name), "value": phrase_of(shown(value)), "href": ""}
        for name, value in answer.items()
        if name not in known
    ]
    return said(form, answer) + more
