"""What is typed into a search of the register, read into one search, with what is wrong said beside its field."""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from api.pages.answer_fields import FormField
from api.pages.answer_reading import Reading, error_at
from api.people import PersonSearch

MOST = 20
"""People whom one search shows."""


def search_of(
    given: Mapping[str, Any], fields: Sequence[FormField], reading: Reading, *, entry: str | None = None
) -> PersonSearch | None:
    """The search, or None with what is wrong in `reading`; `entry` is the row of the report it is evidence for."""
    if reading.errors:
        return None
    try:
        return PersonSearch(**given, entry=entry, limit=MOST)
    except ValidationError as error:
        by_name = {one.path[-1]: one for one in fields}
        for wrong in error.errors(include_url=False, include_input=False):
            one = by_name[str(wrong["loc"][0])]
            short = wrong["type"] == "string_too_short"
            text = "enter at least two letters" if short else "this is too long"
            reading.errors.append(error_at(one, f"{one.label}: {text}"))
        return None
