"""Appendix B: the person file, its prescribed title and its characteristics."""

import re
import unicodedata
from datetime import date

from procedures.refusals import Refused
from procedures.steps import step
from procedures.tasks import Frozen

SEPARATOR = " – "
"""Space, en dash, space: the form of the document's example (AMB-A-1)."""
NO_REFERENCE = "NOREF"
NO_AREA = "NOAREA"
NO_NAME = "NONAME"
"""In the manner of AMB-P1-17, for a report row that gives no name at all."""
UNKNOWN_BIRTH = "0000XXX00"

_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_TITLE = re.compile(
    r"(?P<surname>\S.*?) [–-] (?P<given>.*?) ?[–-] (?P<born>[0-9]{4}[A-Z]{3}[0-9]{2})"
    r" [–-] (?P<ref>\S+) [–-] (?P<area>\S.*)"
)


class PersonFileTitle(Frozen):
    """The parts of a title; a part that is not known is None, given names of a single-named person are empty."""

    surname: str
    given_names: str
    date_of_birth: date | None
    person_ref: str | None
    area_office: str | None


class FileCharacteristics(Frozen):
    """How the file must be created (A-B9 to A-B13)."""

    parent: str
    created_by: str
    file_type: str
    creation_state: str
    repository: str


FILE_CHARACTERISTICS = FileCharacteristics(
    parent="CSO Management",
    created_by="New > New Folder > Add File",
    file_type="HNZC File",
    creation_state="Create Virtual File",
    repository="Housing New Zealand Corporation",
)

_RULE_OF = {
    "parent": "A-B9",
    "created_by": "A-B10",
    "file_type": "A-B11",
    "creation_state": "A-B12",
    "repository": "A-B13",
}


def check_characteristics(given: FileCharacteristics) -> None:
    """Raises Refused with A-B9 to A-B13 for the first characteristic that differs from the prescribed one."""
    for name, rule in _RULE_OF.items():
        prescribed = getattr(FILE_CHARACTERISTICS, name)
        if getattr(given, name) != prescribed:
            raise Refused(rule, f"Set the file's {name.replace('_', ' ')} to {prescribed!r}.")


def _plain(text: str | None) -> str:
    """One line, single spaces, composed letters; a dash set inside a part becomes a hyphen."""
    composed = unicodedata.normalize("NFC", text or "")
    printable = "".join(c if c.isprintable() else " " for c in composed)
    one_line = " ".join(printable.split())
    return re.sub(r"\s*–\s*|\s+-(?=\s|$)\s*|^-\s+", "-", one_line).strip()


def _given(names: str) -> str:
    """As recorded; names recorded all in capitals or all in small letters get title case."""
    if names != names.upper() and names != names.lower():
        return names
    # A letter after an apostrophe is a capital only behind a single letter: O'Neil, but Fa'afetai.
    return re.sub(r"(?<![^\s-])\w(['’ʻ]\w(?=\w))?", lambda found: found[0].upper(), names.lower())


def _born(day: date | None) -> str:
    return UNKNOWN_BIRTH if day is None else f"{day.year:04}{_MONTHS[day.month - 1]}{day.day:02}"


@step("B")
def file_title(
    *,
    surname: str,
    given_names: str,
    date_of_birth: date | None,
    person_ref: str | None,
    area_office: str | None,
) -> str:
    """SURNAME – Given Names – YYYYMMMDD – person reference – area office (A-B7, A-B8, AMB-A-3).

    A single name stands as the surname, the place of the given names stays empty between its dashes.
    Unknown reference, office and name become NOREF, NOAREA and NONAME; an unknown birth date 0000XXX00.
    """
    family, given = _plain(surname), _plain(given_names)
    if not family:
        family, given = given, ""
    reference = "".join(_plain(person_ref).split())
    parts = (
        family.upper() or NO_NAME,
        _given(given),
        _born(date_of_birth),
        reference or NO_REFERENCE,
        _plain(area_office) or NO_AREA,
    )
    return SEPARATOR.join(parts)


def _read_born(text: str) -> date | None:
    if text == UNKNOWN_BIRTH:
        return None
    try:
        return date(int(text[:4]), _MONTHS.index(text[4:7]) + 1, int(text[7:]))
    except ValueError:
        raise Refused(
            "A-B8", "Write the date of birth as year, month in three capitals, day: 1960AUG08."
        ) from None


@step("B")
def read_title(title: str) -> PersonFileTitle:
    """The parts of a title; a hyphen is accepted where the example has an en dash (AMB-A-1).

    Raises Refused("A-B7") for a title of another pattern, Refused("A-B8") for wrong case or an impossible date.
    """
    found = _TITLE.fullmatch(unicodedata.normalize("NFC", title))
    if found is None:
        raise Refused(
            "A-B7", "Name the file SURNAME – Given Names – YYYYMMMDD – person reference – area office."
        )
    surname, given = found["surname"], found["given"].strip()
    if surname != surname.upper():
        raise Refused("A-B8", "Write the surname in capitals.")
    if given != _given(given):
        raise Refused("A-B8", "Write the given names in title case.")
    return PersonFileTitle(
        surname=surname,
        given_names=given,
        date_of_birth=_read_born(found["born"]),
        person_ref=None if found["ref"] == NO_REFERENCE else found["ref"],
        area_office=None if found["area"] == NO_AREA else found["area"],
    )


class PersonFileIdentity(Frozen):
    """One file for one person, whatever the number of person references (A-B6, AMB-A-2)."""

    title: str
    person_refs: tuple[str, ...]
    """The primary reference first, as the title has it; the others are aliases."""

    def with_reference(self, person_ref: str) -> "PersonFileIdentity":
        """The same file, resolving for one more reference; the title stays even when the primary changes."""
        if person_ref in self.person_refs:
            return self
        return self.model_copy(update={"person_refs": (*self.person_refs, person_ref)})
