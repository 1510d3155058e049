"""The list of void properties as CSV, read row by row: each is good, or bad with its line and what to do about it."""

import csv
import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from adapters.register_csv import BadRow, UnusableFile

COLUMNS = ("property_ref", "address", "area_office", "state")
OPTIONAL = ("notes",)
STATES = ("void", "let", "withdrawn")
_MOST_LETTERS, _MOST_LETTERS_OF_NOTES = 300, 2000
_REFERENCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,39}")


class VoidRow(NamedTuple):
    """One good row."""

    property_ref: str
    address: str
    area_office: str
    state: str
    notes: str


def read_voids(lines: Iterable[str]) -> Iterator[VoidRow | BadRow]:
    """Every row after the header, in file order. Raises UnusableFile when a column is missing."""
    reader = csv.DictReader(lines, restkey="_more")
    header = [(name or "").strip().lower().removeprefix("\ufeff") for name in reader.fieldnames or ()]
    missing = [name for name in COLUMNS if name not in header]
    if missing:
        raise UnusableFile(
            f"the first line must name the columns {', '.join(COLUMNS)}: add {', '.join(missing)}"
        )
    reader.fieldnames = header
    seen: set[str] = set()
    for cells in reader:
        row = _read(cells, reader.line_num)
        if isinstance(row, VoidRow) and row.property_ref in seen:
            row = BadRow(reader.line_num, "the property is in the file before: keep one row of it")
        elif isinstance(row, VoidRow):
            seen.add(row.property_ref)
        yield row


def _read(cells: dict[str, str], line: int) -> VoidRow | BadRow:
    if "_more" in cells or None in cells.values():
        return BadRow(line, "the row has more or fewer cells than the first line: check commas and quotes")
    row = VoidRow(*(cells.get(name, "").strip() for name in (*COLUMNS, *OPTIONAL)))
    problem = _problem(row)
    return BadRow(line, problem) if problem else row


def _problem(row: VoidRow) -> str | None:
    if not _REFERENCE.fullmatch(row.property_ref):
        return "property_ref: letters, digits and hyphens only, at most 40"
    if not row.address or not row.area_office:
        return "address and area_office must be filled in"
    if row.state not in STATES:
        return f"state must be one of: {', '.join(STATES)}"
    if max(len(row.address), len(row.area_office)) > _MOST_LETTERS or len(row.notes) > _MOST_LETTERS_OF_NOTES:
        return "a cell is too long: shorten address, area_office or notes"
    if not all(cell.isprintable() for cell in row):
        return "a cell holds control characters: type it again"
    return None
