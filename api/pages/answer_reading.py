"""A posted form read back into an answer, with what is wrong said beside each field."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any

from api.pages.answer_fields import FieldKind, FormField
from api.pages.forms import Values, first
from procedures.local_time import Repeated, instant_at
from procedures.refusals import Refused

_LIMITS = (
    (re.compile(r"Input should be greater than or equal to (\d+)"), r"enter \1 or more"),
    (re.compile(r"Input should be less than or equal to (\d+)"), r"enter \1 or less"),
    (re.compile(r"String should have at most (\d+) characters?"), r"use at most \1 characters"),
    (re.compile(r"String should have at least \d+ characters?"), "fill this in"),
    (
        re.compile(r"String should match pattern .*"),
        "write it as it was given, with letters, digits and hyphens",
    ),
)
"""What the types say of a value out of bounds, as a person would be told."""


@dataclass(frozen=True)
class FieldError:
    """What is wrong: `href` leads to the field, or nowhere when it concerns the whole."""

    text: str
    name: str = ""
    href: str = ""


@dataclass
class Reading:
    """An answer as it was typed: the body for the API, and what could not be read."""

    body: dict[str, Any] = field(default_factory=dict)
    errors: list[FieldError] = field(default_factory=list)


class _Unreadable(Exception):
    """A field's text stands for no value; the message says what to do."""


def read_answer(fields: Sequence[FormField], values: Values) -> Reading:
    """Read every field. What is left empty stays out of the body, so that the type's own default counts."""
    reading = Reading()
    for one in fields:
        if one.kind is FieldKind.CARRIED:
            continue
        try:
            value = _READ[one.kind](one, values)
        except _Unreadable as error:
            reading.errors.append(error_at(one, str(error)))
            continue
        if value is None:
            if one.required or (one.needed_with and first(values, one.needed_with)):
                reading.errors.append(error_at(one, _missing(one)))
            continue
        _put(reading.body, one.path, value)
    _carry_versions(fields, reading.body)
    _make_room(fields, reading.body)
    return reading


def error_at(one: FormField, text: str) -> FieldError:
    """An error beside a field."""
    return FieldError(text, one.name, f"#{one.focus_id}")


def errors_of_problem(
    fields: Sequence[FormField], errors: Iterable[Mapping[str, Any]], detail: str
) -> list[FieldError]:
    """What the API found wrong, beside the fields it is about."""
    by_path = {one.path: one for one in fields}
    found = []
    for error in errors:
        path = tuple(str(part) for part in error["loc"])
        one = by_path.get(path) or by_path.get(path[:1])
        text = plain_words(error["msg"], fields)
        found.append(error_at(one, f"{one.label}: {text}") if one else about_all(error["msg"], fields))
    return found or [about_all(detail, fields)]


def first_by_name(errors: Sequence[FieldError] | None) -> dict[str, str]:
    """What stands beside each field: the first error of its name; what has no name stands in the summary alone."""
    return {error.name: error.text for error in reversed(errors or ()) if error.name}


def about_all(text: str, fields: Sequence[FormField]) -> FieldError:
    """What a rule says of the answer as a whole; it leads to the first field that it names, be it in the plural."""
    places = [
        (found.start(), one.focus_id)
        for one in fields
        if one.kind is not FieldKind.CARRIED
        and (found := re.search(rf"\b{re.escape(one.path[-1])}s?\b", text))
    ]
    return FieldError(plain_words(text, fields), href=f"#{min(places)[1]}" if places else "")


def plain_words(text: str, fields: Sequence[FormField]) -> str:
    """A rule's message with the labels of the fields in the place of their names, and a limit as what to do."""
    said = text.removeprefix("Value error, ")
    for limit, advice in _LIMITS:
        said = limit.sub(advice, said)
    for one in fields:
        if one.kind is FieldKind.CARRIED:
            said = re.sub(rf" and {re.escape(one.path[-1])}\b", "", said)
    for one in sorted(fields, key=lambda each: -len(each.path[-1])):
        said = (
            re.sub(rf"'?\b{re.escape(one.path[-1])}\b'?", f"“{one.label}”", said)
            if "_" in one.path[-1]
            else said
        )
    return said[:1].upper() + said[1:]


def _missing(one: FormField) -> str:
    match one.kind:
        case FieldKind.YES_NO | FieldKind.ONE_OF | FieldKind.OPEN_LIST | FieldKind.CONTACT:
            return f"Choose an answer: {one.label}"
        case FieldKind.TICK:
            return f"Tick to confirm: {one.label}"
        case FieldKind.MANY_OF:
            return f"Choose at least one: {one.label}"
        case _:
            return f"Answer this: {one.label}"


def _text(one: FormField, values: Values) -> str | None:
    text = first(values, one.name).replace("\r\n", "\n")
    if one.longest and len(text) > one.longest:
        raise _Unreadable(f"{one.label}: at most {one.longest} characters")
    return text or None


def _lines(one: FormField, values: Values) -> list[str] | None:
    return [line.strip() for line in first(values, one.name).splitlines() if line.strip()] or None


def _integer(one: FormField, values: Values) -> int | None:
    text = first(values, one.name)
    if text and not text.isdigit():
        raise _Unreadable(f"{one.label}: enter a whole number")
    return int(text) if text else None


def _yes_no(one: FormField, values: Values) -> bool | None:
    return {"yes": True, "no": False}.get(first(values, one.name))


def _tick(one: FormField, values: Values) -> bool | None:
    return True if first(values, one.name) == "yes" else None


def _choice(one: FormField, values: Values) -> str | None:
    text = first(values, one.name)
    if text and one.choices and text not in {choice.value for choice in one.choices}:
        raise _Unreadable(f"{one.label}: choose one of the answers shown")
    return text or None


def _choices(one: FormField, values: Values) -> list[str] | None:
    return [text for text in dict.fromkeys(values.get(one.name, ())) if text.strip()] or None


def _person(one: FormField, values: Values) -> str | None:
    """Picked from the candidates, or typed when the record was found elsewhere."""
    return first(values, f"{one.name}-typed") or first(values, one.name) or None


def _persons(one: FormField, values: Values) -> list[str] | None:
    """Ticked among the candidates, or typed one on each line."""
    given = [line.strip() for text in values.get(one.name, ()) for line in text.splitlines()]
    return [reference for reference in dict.fromkeys(given) if reference] or None


def _date(one: FormField, values: Values) -> str | None:
    parts = [first(values, f"{one.name}-{part}") for part in ("day", "month", "year")]
    if not any(parts):
        return None
    try:
        day, month, year = (int(part) for part in parts)
        return date(year, month, day).isoformat()
    except ValueError:
        raise _Unreadable(
            f"{one.label}: enter day, month and year of a real date, such as 27 11 2026"
        ) from None


def _instant(one: FormField, values: Values) -> str | None:
    """Local wall clock to UTC; the hour that occurs twice is asked for by name (CAL-NZ-10)."""
    day, at = _date(one, values), first(values, f"{one.name}-time")
    if day is None and not at:
        return None
    found = re.fullmatch(r"(\d{1,2})[:.](\d{2})", at)
    try:
        clock = time(int(found[1]), int(found[2])) if found else None
    except ValueError:
        clock = None
    if day is None or clock is None:
        raise _Unreadable(f"{one.label}: enter the date and the time, such as 14:05")
    which = first(values, f"{one.name}-repeated")
    repeated = Repeated(which) if which in set(Repeated) else Repeated.REFUSE
    try:
        instant: datetime = instant_at(date.fromisoformat(day), clock, repeated=repeated)
    except Refused as refusal:
        raise _Unreadable(f"{one.label}: {refusal.reason}") from None
    return instant.isoformat().replace("+00:00", "Z")


_READ: dict[FieldKind, Callable[[FormField, Values], Any]] = {
    FieldKind.LINE: _text,
    FieldKind.TEXT: _text,
    FieldKind.LINES: _lines,
    FieldKind.INTEGER: _integer,
    FieldKind.DATE: _date,
    FieldKind.INSTANT: _instant,
    FieldKind.YES_NO: _yes_no,
    FieldKind.TICK: _tick,
    FieldKind.ONE_OF: _choice,
    FieldKind.OPEN_LIST: _choice,
    FieldKind.MANY_OF: _choices,
    FieldKind.CONTACT: _choice,
    FieldKind.PERSON: _person,
    FieldKind.PERSONS: _persons,
}


def _put(body: dict[str, Any], path: tuple[str, ...], value: Any) -> None:
    for part in path[:-1]:
        body = body.setdefault(part, {})
    body[path[-1]] = value


def _make_room(fields: Sequence[FormField], body: dict[str, Any]) -> None:
    """A group whose questions were all left empty is there all the same."""
    for one in fields:
        if len(one.path) > 1:
            body.setdefault(one.path[0], {})


def _carry_versions(fields: Sequence[FormField], body: dict[str, Any]) -> None:
    """A picked contact brings the version of its entry: `lanternvale-contact@1`."""
    for one in fields:
        if one.kind is not FieldKind.CONTACT or one.path[-1] not in body:
            continue
        contact, _, version = body[one.path[-1]].rpartition("@")
        if contact and version.isdigit():
            body["contact_id"], body["contact_version"] = contact, int(version)
