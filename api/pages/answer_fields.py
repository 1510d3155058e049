"""The fields of a form, taken from the JSON Schema of an answer: no step has a form of its own."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from api.pages.words import label_of, phrase_of

Schema = Mapping[str, Any]
_MANY = 8
"""Choices beyond which a list to open is easier than buttons."""
_LINE_ENDS = ("_ref", "_reference", "_id", "_by", "_with", "_present", "_names", "_to", "_for")
_LINE_NAMES = frozenset(
    {
        "office", "surname", "gender", "address", "suburb", "town", "postcode", "corrections_office", "rating",
        "basis", "with_corrections", "corrections_present", "safe_work_plan_document", "cover_for",
    }
)  # fmt: skip
"""Texts that are a line by nature; every other text gets room for several."""


class FieldKind(StrEnum):
    """How a field is asked."""

    LINE = "line"
    TEXT = "text"
    LINES = "lines"
    INTEGER = "integer"
    DATE = "date"
    INSTANT = "instant"
    YES_NO = "yes_no"
    TICK = "tick"
    ONE_OF = "one_of"
    OPEN_LIST = "open_list"
    MANY_OF = "many_of"
    CONTACT = "contact"
    PERSON = "person"
    PERSONS = "persons"
    CARRIED = "carried"
    """Filled in by another field, such as the version of the contact that was picked."""


@dataclass(frozen=True)
class Choice:
    """One value to choose."""

    value: str
    text: str


@dataclass(frozen=True)
class FormField:
    """One field. `path` leads to its value in the answer; `name` is what the browser sends."""

    path: tuple[str, ...]
    kind: FieldKind
    label: str
    hint: str = ""
    required: bool = False
    needed_with: str = ""
    """Name of a field; when that one is filled in, this one is required."""
    choices: tuple[Choice, ...] = ()
    longest: int | None = None
    must_be_ticked: bool = False
    group: str = ""
    default: Any = None

    @property
    def name(self) -> str:
        """The field's name in the form."""
        return ".".join(self.path)

    @property
    def html_id(self) -> str:
        """The field's id in the page: where an error leads."""
        return "field-" + "-".join(self.path)

    @property
    def focus_id(self) -> str:
        """The element that takes the focus: the first part of a date."""
        return f"{self.html_id}-day" if self.kind in (FieldKind.DATE, FieldKind.INSTANT) else self.html_id


_BY_NAME = {
    "contact_id": FieldKind.CONTACT,
    "contact_version": FieldKind.CARRIED,
    "person_ref": FieldKind.PERSON,
    "duplicates": FieldKind.PERSONS,
}
"""Fields that are picked from what is known; without anything to pick from they are lines."""


def fields_of(schema: Schema) -> list[FormField]:
    """Every field of an answer, in the order of its type; those of a question set in the place of the set."""
    return list(_walk(schema, schema, (), ""))


def _walk(schema: Schema, whole: Schema, path: tuple[str, ...], group: str) -> Iterator[FormField]:
    required, needed_with = set(schema.get("required", ())), _needed_with(schema)
    for name, given in schema.get("properties", {}).items():
        told = {key: given[key] for key in ("description", "default", "title") if key in given}
        inner, optional = _plain(given, whole)
        if "items" in inner:
            inner["items"], _ = _plain(inner["items"], whole)
        here = {**inner, **told}
        if inner.get("type") == "object":
            if inner.get("properties"):
                found = _walk(inner, whole, (*path, name), label_of(name))
                yield from (_only_with(one, needed_with.get(name, "")) for one in found)
            continue
        one = _field(
            here, (*path, name), group, required=name in required and not optional, optional=optional
        )
        yield replace(one, needed_with=needed_with.get(name, ""))


def _needed_with(schema: Schema) -> dict[str, str]:
    """By field, the other field that makes it a required one (`dependentRequired`)."""
    dependent = schema.get("dependentRequired", {})
    return {name: other for other, names in dependent.items() for name in names}


def _only_with(one: FormField, other: str) -> FormField:
    """A question of a set that is answered together with another field, and otherwise not at all."""
    return replace(one, required=False, needed_with=other) if other and one.required else one


def _plain(schema: Schema, whole: Schema) -> tuple[dict[str, Any], bool]:
    """The schema without `anyOf … null` and references, and whether null was allowed."""
    options = [one for one in schema.get("anyOf", ()) if one.get("type") != "null"]
    if options:
        inner, _ = _plain(options[0], whole)
        return {**schema, **inner}, True
    if "$ref" in schema:
        found = whole
        for part in schema["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        return {key: value for key, value in found.items() if key not in ("title", "description")}, False
    return dict(schema), False


def _field(schema: Schema, path: tuple[str, ...], group: str, *, required: bool, optional: bool) -> FormField:
    """`optional`: may be left out on purpose, such as what a call says that nobody answered."""
    name, description = path[-1], schema.get("description", "")
    kind = _kind(schema, name, description, required=required)
    label, description = _worded(name, description)
    label = schema.get("title", label) if group else label
    if kind is FieldKind.TICK and description and name not in ("recipient_confirmed",):
        label, description = description, ""
    return FormField(
        path=path,
        kind=kind,
        label=label,
        hint="" if description == label else description,
        required=required or (kind is FieldKind.YES_NO and not optional),
        choices=_choices(schema),
        longest=schema.get("maxLength"),
        must_be_ticked=schema.get("const") is True,
        group=group,
        default=schema.get("default"),
    )


def _worded(name: str, description: str) -> tuple[str, str]:
    """Label and hint; of a question that is asked in one case alone, the case is the hint."""
    case, _, question = description.partition(": ")
    if case.startswith("If ") and question.endswith("?"):
        return label_of(name, question[:1].upper() + question[1:]), case
    return label_of(name, description), description


def _choices(schema: Schema) -> tuple[Choice, ...]:
    """The values to choose from; `oneOf` brings the wording of a form along."""
    if "oneOf" in schema:
        return tuple(Choice(one["const"], one["title"]) for one in schema["oneOf"])
    values = schema.get("enum") or schema.get("items", {}).get("enum") or ()
    return tuple(Choice(str(value), phrase_of(str(value))) for value in values)


def _kind(schema: Schema, name: str, description: str, *, required: bool) -> FieldKind:
    if name in _BY_NAME:
        return _BY_NAME[name]
    match schema.get("type"):
        case "boolean":
            asked = schema.get("const") is not True and (required or description.endswith("?"))
            return FieldKind.YES_NO if asked else FieldKind.TICK
        case "integer":
            return FieldKind.INTEGER
        case "array":
            return FieldKind.MANY_OF if _has_choices(schema) else FieldKind.LINES
        case _ if choices := _choices(schema):
            return FieldKind.ONE_OF if required and len(choices) <= _MANY else FieldKind.OPEN_LIST
    return _text_kind(schema, name)


def _text_kind(schema: Schema, name: str) -> FieldKind:
    match schema.get("format"):
        case "date":
            return FieldKind.DATE
        case "date-time":
            return FieldKind.INSTANT
    short = schema.get("maxLength", 1000) <= 128 or "pattern" in schema
    return FieldKind.LINE if short or name in _LINE_NAMES or name.endswith(_LINE_ENDS) else FieldKind.TEXT


def _has_choices(schema: Schema) -> bool:
    return "enum" in schema.get("items", {})
