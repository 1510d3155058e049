"""The register's CSV file, read row by row: each is good, or bad with its line number and what to do about it."""

import csv
import hashlib
import re
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import NamedTuple, TypeVar
from zoneinfo import ZoneInfo

from procedures.name_keys import NORMALISER_VERSION, words_of
from procedures.terms import Occupancy, RecordState

REQUIRED_COLUMNS = (
    "person_ref", "surname", "given_names", "date_of_birth", "gender", "address", "suburb", "town", "postcode",
    "area_office", "record_state", "occupancy", "property_ref", "household_ref",
)  # fmt: skip
OPTIONAL_COLUMNS = ("other_names", "former_addresses", "updated_at")
_COLUMNS = REQUIRED_COLUMNS + OPTIONAL_COLUMNS
_LISTS = ("other_names", "former_addresses")
_MOST_LETTERS, _MOST_LETTERS_IN_LIST = 300, 4000
_VERSION = str(NORMALISER_VERSION).encode()
_MOST_LINES = 10
"""Lines one record may have inside its quotation marks."""
_OLDEST_BIRTH = 1880
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0e-\x1f\x7f\ud800-\udfff]")
_LOCAL = ZoneInfo("Pacific/Auckland")
_ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)

Word = TypeVar("Word", bound=StrEnum)


class UnusableFile(Exception):
    """Nothing of the file can be imported; the message says what to do."""


class PersonRow(NamedTuple):
    """One good row."""

    person_ref: str
    surname: str
    given_names: str
    date_of_birth: date | None
    gender: str | None
    address: str
    suburb: str
    town: str
    postcode: str
    area_office: str | None
    record_state: RecordState
    occupancy: Occupancy
    property_ref: str | None
    household_ref: str | None
    other_names: tuple[str, ...]
    former_addresses: tuple[str, ...]
    updated_at: datetime | None
    digest: bytes
    """Of everything the row says and of the normaliser's version: equal means nothing to change."""


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that cannot be taken. `problem` never repeats the row's values; `person_ref` is kept from the report."""

    line: int
    problem: str
    person_ref: str | None = None


class _Problem(Exception):
    """What is wrong with a row and what to do."""


def read_rows(lines: Iterable[str], *, today: date) -> Iterator[PersonRow | BadRow]:
    """Every row after the header, in file order. Raises UnusableFile at the first row when a column is missing."""
    rest = iter(lines)
    header = _header(next(rest, "").removeprefix("\ufeff"))
    line_of: dict[str, int] = {}
    for line, values in _records(rest, len(header)):
        if values is None:
            yield BadRow(
                line, "the row is not valid CSV: close or double its quotation marks, then import again"
            )
        elif any(values):
            try:
                yield _person(header, values, line, line_of, today)
            except _Problem as problem:
                yield BadRow(line, str(problem), _reference(header, values))


def _records(lines: Iterator[str], width: int) -> Iterator[tuple[int, list[str] | None]]:
    """Line number and fields of each record, None where they cannot be told apart.

    A stray quotation mark costs its own line only, however much of the file it would seem to enclose.
    """
    waiting: deque[str] = deque()
    number = 1
    while (line := waiting.popleft() if waiting else next(lines, None)) is not None:
        number += 1
        record, quotes = [line], line.count('"')
        while quotes % 2 and len(record) < _MOST_LINES:
            if (following := waiting.popleft() if waiting else next(lines, None)) is None:
                break
            record.append(following)
            quotes += following.count('"')
        values = _fields(record) if quotes % 2 == 0 else None
        if len(record) > 1 and (values is None or len(values) != width):
            waiting.extendleft(reversed(record[1:]))
            values, record = None, record[:1]
        yield number, values
        number += len(record) - 1


def _fields(record: list[str]) -> list[str] | None:
    if len(record) == 1 and '"' not in record[0]:
        return record[0].rstrip("\r\n").split(",")
    try:
        return next(csv.reader(record, strict=True), [])
    except csv.Error:
        return None


def _header(line: str) -> list[str]:
    header = [name.strip().lower() for name in _fields([line]) or []]
    missing = [name for name in REQUIRED_COLUMNS if name not in header]
    if missing:
        raise UnusableFile(
            f"the header row lacks: {', '.join(missing)}. Export the register again as CSV in UTF-8 with these columns"
        )
    twice = [name for name in _COLUMNS if header.count(name) > 1]
    if twice:
        raise UnusableFile(f"the header has more than one column named: {', '.join(twice)}. Keep one of each")
    return header


def _reference(header: list[str], values: list[str]) -> str | None:
    at = header.index("person_ref")
    reference = " ".join(values[at].split()) if at < len(values) else ""
    return None if not reference or _UNPRINTABLE.search(reference) else reference[:_MOST_LETTERS]


def _person(
    header: list[str], values: list[str], line: int, line_of: dict[str, int], today: date
) -> PersonRow:
    if len(values) != len(header):
        raise _Problem(
            f"the row has {len(values)} fields, the header {len(header)}: put quotation marks around fields with commas"
        )
    row = dict.fromkeys(OPTIONAL_COLUMNS, "") | dict(zip(header, values, strict=True))
    _readable(row)
    cells = {name: " ".join(row[name].split()) for name in _COLUMNS}
    person_ref = cells["person_ref"]
    if not person_ref:
        raise _Problem("person_ref is empty: give the person's reference number")
    if person_ref in line_of:
        raise _Problem(
            f"person_ref is already on line {line_of[person_ref]}, which is kept: leave one row per person"
        )
    if not words_of(cells["surname"] + " " + cells["given_names"]):
        raise _Problem("surname and given_names are both empty: give at least one")
    area_office = cells["area_office"]
    if area_office and not words_of(area_office):
        raise _Problem("area_office has no letters: give the office's name or leave it empty")
    person = PersonRow(
        person_ref=person_ref,
        surname=cells["surname"],
        given_names=cells["given_names"],
        date_of_birth=_birth(cells["date_of_birth"], today),
        gender=cells["gender"] or None,
        address=cells["address"],
        suburb=cells["suburb"],
        town=cells["town"],
        postcode=cells["postcode"],
        area_office=area_office or None,
        record_state=_one_of(RecordState, "record_state", cells["record_state"]),
        occupancy=_one_of(Occupancy, "occupancy", cells["occupancy"]),
        property_ref=cells["property_ref"] or None,
        household_ref=cells["household_ref"] or None,
        other_names=_list(cells["other_names"]),
        former_addresses=_list(cells["former_addresses"]),
        updated_at=_instant(cells["updated_at"]),
        digest=hashlib.blake2b("\x1f".join(cells.values()).encode(), digest_size=16, salt=_VERSION).digest(),
    )
    line_of[person_ref] = line
    return person


def _readable(row: dict[str, str]) -> None:
    whole = "".join(row.values())
    if len(whole) <= _MOST_LETTERS and not _UNPRINTABLE.search(whole):
        return
    for name in _COLUMNS:
        if _UNPRINTABLE.search(row[name]):
            raise _Problem(f"{name} is not readable text: save the file as UTF-8 and import it again")
        if len(row[name]) > (_MOST_LETTERS_IN_LIST if name in _LISTS else _MOST_LETTERS):
            raise _Problem(f"{name} is too long to be one: look for a missing quotation mark, or shorten it")


def _list(cell: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(part for piece in cell.split(";") if (part := piece.strip())))


def _one_of(words: type[Word], name: str, cell: str) -> Word:
    try:
        return words(cell.lower())
    except ValueError:
        raise _Problem(f"{name} must be one of {', '.join(words)}: correct it") from None


def _birth(cell: str, today: date) -> date | None:
    if not cell:
        return None
    try:
        born = date.fromisoformat(cell) if _ISO_DATE.fullmatch(cell) else None
    except ValueError:
        raise _Problem(
            "date_of_birth is no real day: correct it, or leave it empty if it is unknown"
        ) from None
    if born is None:
        raise _Problem("date_of_birth must be written YYYY-MM-DD, or left empty if it is unknown")
    if born > today or born.year < _OLDEST_BIRTH:
        raise _Problem(
            "date_of_birth is in the future or too long ago: correct it, or leave it empty if it is unknown"
        )
    return born


def _instant(cell: str) -> datetime | None:
    if not cell:
        return None
    try:
        instant = datetime.fromisoformat(cell)
    except ValueError:
        raise _Problem(
            "updated_at must be a date and time as in 2026-11-06T11:30:00+13:00, or empty"
        ) from None
    return instant if instant.tzinfo else instant.replace(tzinfo=_LOCAL)
