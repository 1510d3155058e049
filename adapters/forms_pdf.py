"""Renders the fields of a form as a tagged PDF (PDF/UA-1) that Corrections can read, fill in on screen and print."""

import json
from collections.abc import Sequence
from datetime import UTC, date, datetime
from enum import Enum
from pathlib import Path
from typing import Any

import typst

from adapters.fillable_pdf import with_fields_to_fill_in
from adapters.ports import Permanent
from procedures import letters
from procedures.editions import Edition
from procedures.forms import FORMS, FormFields, Letter17030Fields, PersonDetails
from procedures.returned_parts import RETURNED, ReturnedPart
from procedures.terms import ContactKind, Occupancy

TEMPLATES = Path(__file__).parent / "templates"


def render(fields: FormFields, created_at: datetime, edition: Edition) -> bytes:
    """One PDF under the edition of its case; the same fields, edition and instant (aware, UTC) give the same bytes.

    Raises Permanent when a character of the fields cannot be printed.
    """
    page = _page(fields, edition)
    try:
        pdf = typst.compile(
            TEMPLATES / f"{fields.form.lower()}-{page['template']}.typ",
            root=TEMPLATES,
            ignore_system_fonts=True,
            sys_inputs={"data": json.dumps(page, ensure_ascii=False)},
            pdf_standards=["ua-1"],
            timestamp=created_at.astimezone(UTC).replace(microsecond=0),
        )
    except typst.TypstError as error:
        if "could not be displayed" not in str(error):
            raise
        # The original message quotes the text: it is dropped on purpose.
        raise Permanent(
            f"{fields.form}: write the fields in Latin letters; one of them cannot be printed"
        ) from None
    if not page["fillable"]:
        return bytes(pdf)
    return with_fields_to_fill_in(pdf, _labels(RETURNED[fields.form]))


def _labels(parts: Sequence[ReturnedPart]) -> dict[str, str]:
    """What a screen reader says at each box."""
    labels = {part.key: part.label for part in parts}
    for part in parts:
        labels |= {f"{part.key}={value}": f"{part.label}: {wording}" for value, wording in part.choices}
    return labels


def _page(fields: FormFields, edition: Edition) -> dict[str, Any]:
    """Everything the template may print: fixed texts, and the allowed fields as words."""
    spec, parts = FORMS[fields.form], RETURNED[fields.form]
    known = {name: _words(getattr(fields, name)) for name in type(fields).model_fields}
    page: dict[str, Any] = {
        "form": spec.form.value,
        "title": spec.title,
        "template": edition.templates[fields.form],
        "edition": edition.name,
        "agency": letters.AGENCY,
        "marking": letters.MARKING,
        "tag": letters.SECURE_MAIL_TAG,
        "basis": letters.LEGAL_BASIS,
        "handling": letters.HANDLING,
        "opening": letters.paragraphs(fields, edition.parameters),
        "fillable": bool(parts) and not spec.on_paper,
        "reference": known.pop("our_reference"),
        "prepared_on": known.pop("prepared_on"),
        "reply_address": known.pop("reply_address"),
        "parts": [
            {"key": part.key, "label": part.label, "kind": part.kind.value, "choices": part.choices}
            for part in parts
        ],
        "fields": known,
    }
    if isinstance(fields, Letter17030Fields):
        known["missing_parts"] = letters.missing_part_labels(fields)
        known["missing_form"] = f"{FORMS[fields.missing_form].title} ({fields.missing_form})"
        page["closing"] = letters.closing(fields, edition.parameters)
    return page


def _words(value: object) -> Any:
    """A field's value as it is printed."""
    match value:
        case None | tuple():
            return value
        case PersonDetails():
            born = letters.birth_date(value.date_of_birth) if value.date_of_birth else None
            return value.model_dump() | {"date_of_birth": born}
        case date():
            return letters.long_date(value)
        case ContactKind():
            return letters.addressee_line(value)
        case Occupancy():
            return value.value.replace("_", " ").capitalize()
        case Enum():
            return value.value
        case str():
            return value
        case _:
            raise TypeError(f"a form has no way to print a {type(value).__name__}")
