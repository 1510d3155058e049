"""Appendix C, Indicative Notification Report: which rows are taken, which are refused and why, which are repeats."""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from procedures.birth_dates import UNKNOWN_WORDS, BirthDate, UnreadableBirthDate, read_birth_date
from procedures.report_comparison import flag_contradictions
from procedures.report_values import (
    SHIFTED,
    Column,
    OrderStatus,
    RawRow,
    RejectedRow,
    RepeatedRow,
    ReportRow,
    RowError,
    RowNote,
    RowsRead,
    clean,
    folded,
)
from procedures.steps import step
from procedures.terms import ReportGroup

__all__ = [
    "Column",
    "OrderStatus",
    "RawRow",
    "RejectedRow",
    "RepeatedRow",
    "ReportRow",
    "RowError",
    "RowNote",
    "RowsRead",
    "read_rows",
]

LONGEST_CELL = 200
"""Characters; longer is not a name, an address or a reference."""

_SPREADSHEET_ERROR = re.compile(r"=|#(N/A|REF!|VALUE!|NAME\?|DIV/0!|NULL!|NUM!|SPILL!|CALC!)", re.IGNORECASE)
_LOST_LETTER = re.compile(r"\?\w|\N{REPLACEMENT CHARACTER}")
_YOUNGEST_LIKELY_AGE = 12
_OLDEST_LIKELY_AGE = 110
_MORE_THAN_A_SURNAME = (
    Column.GIVEN_NAMES,
    Column.DATE_OF_BIRTH,
    Column.ADDRESS,
    Column.CORRECTIONS_REFERENCE,
)


@step("1.1")
def read_rows(raw: Sequence[RawRow], *, today: date) -> RowsRead:
    """Account for every row of one report; a row is accepted, rejected or a repeat (AMB-P1-16, AMB-P1-30).

    `today` is the local date against which a date of birth is in the future.
    """
    accepted: list[ReportRow] = []
    rejected: list[RejectedRow] = []
    repeated: list[RepeatedRow] = []
    first: dict[tuple[object, ...], int] = {}
    for line in raw:
        row = _read(line, today)
        if isinstance(row, RejectedRow):
            rejected.append(row)
        elif row.content in first and (row.corrections_reference or row.date_of_birth):
            repeated.append(RepeatedRow(row.row_number, first[row.content]))
        else:
            first.setdefault(row.content, row.row_number)
            accepted.append(row)
    return RowsRead(flag_contradictions(accepted), tuple(rejected), tuple(repeated))


def _read(line: RawRow, today: date) -> ReportRow | RejectedRow:
    cells = {column: clean(line.cells.get(column, "")) for column in Column}
    group = _group(cells[Column.GROUP], clean(line.section or ""))
    status = _order_status(cells[Column.ORDER_STATUS])
    birth = _birth(cells[Column.DATE_OF_BIRTH], today)
    errors = _unusable_cells(cells, line.surplus)
    unusable = {error.column for error in errors}
    found = (group, _name_problem(cells), birth, status)
    errors += [error for error in found if isinstance(error, RowError) and error.column not in unusable]
    if errors or isinstance(group, RowError) or isinstance(birth, RowError) or isinstance(status, RowError):
        return RejectedRow(line.number, _as_it_came(line), tuple(errors))
    return ReportRow(
        row_number=line.number,
        group=group,
        surname=cells[Column.SURNAME],
        given_names=cells[Column.GIVEN_NAMES],
        date_of_birth=birth.born,
        birth_year=birth.year,
        gender=cells[Column.GENDER] or None,
        address=cells[Column.ADDRESS],
        suburb=cells[Column.SUBURB],
        town=cells[Column.TOWN],
        postcode=_postcode(cells[Column.POSTCODE]),
        order_status=status,
        corrections_reference=cells[Column.CORRECTIONS_REFERENCE] or None,
        corrections_office=cells[Column.CORRECTIONS_OFFICE] or None,
        notes=tuple(_notes(cells, group, status, birth, today)),
    )


def _as_it_came(line: RawRow) -> dict[str, str]:
    """The row's cells, with the section line above it where the row itself names no group."""
    named_above = not line.cells.get(Column.GROUP) and line.section
    return {**line.cells, Column.GROUP.value: line.section or ""} if named_above else dict(line.cells)


def _notes(
    cells: Mapping[Column, str], group: ReportGroup, status: OrderStatus | None, birth: BirthDate, today: date
) -> Iterable[RowNote]:
    if birth.born is None:
        yield RowNote.BIRTH_YEAR_ONLY if birth.year else RowNote.DATE_OF_BIRTH_UNKNOWN
    elif today.year - birth.born.year < _YOUNGEST_LIKELY_AGE:
        yield RowNote.VERY_YOUNG
    elif today.year - birth.born.year > _OLDEST_LIKELY_AGE:
        yield RowNote.VERY_OLD
    if not _has_letters(cells[Column.GIVEN_NAMES]):
        yield RowNote.GIVEN_NAMES_MISSING
    if any(_LOST_LETTER.search(cell) for cell in cells.values()):
        yield RowNote.CHARACTERS_LOST
    if status is not None and (group is ReportGroup.NEW_CSO) != (status is OrderStatus.CURRENT):
        yield RowNote.GROUP_AND_STATUS_DISAGREE


def _error(code: str, column: Column | None, message: str) -> RowError:
    return RowError(code=code, column=column and column.value, message=message)


def _unusable_cells(cells: Mapping[Column, str], surplus: int) -> list[RowError]:
    errors = []
    if surplus:
        errors.append(_error(SHIFTED, None, "The row has more cells than there are headings: look for "
                             "a comma inside a cell, then correct the row."))  # fmt: skip
    for column, cell in cells.items():
        if len(cell) > LONGEST_CELL:
            errors.append(_error("cell_too_long", column, f"The cell has more than {LONGEST_CELL} characters: look "
                                 "for rows that ran together, then correct the row."))  # fmt: skip
        elif _SPREADSHEET_ERROR.match(cell):
            errors.append(_error("cell_not_a_value", column, "The cell holds a formula or a spreadsheet error: type "
                                 "the value as text."))  # fmt: skip
    return errors


def _name_problem(cells: Mapping[Column, str]) -> RowError | None:
    if not _has_letters(cells[Column.SURNAME]):
        return _error(
            "surname_missing", Column.SURNAME, "Ask Corrections for the surname, then correct the row."
        )
    if not any(cells[column] for column in _MORE_THAN_A_SURNAME):
        return _error("nothing_but_a_surname", None, "Ask Corrections for given names, date of birth or address; if "
                      "this line is no entry, say so.")  # fmt: skip
    return None


def _birth(cell: str, today: date) -> BirthDate | RowError:
    try:
        return read_birth_date(cell, today=today)
    except UnreadableBirthDate as problem:
        return _error(problem.code, Column.DATE_OF_BIRTH, problem.message)


def _group(cell: str, section: str) -> ReportGroup | RowError:
    known = {folded(group): group for group in ReportGroup}
    said = {folded(text) for text in (cell, section) if text}
    if not said:
        return _error("group_missing", Column.GROUP, "Write New CSO or Exit NSO; ask Corrections if unsure.")
    if not said <= known.keys():
        return _error(
            "group_unknown", Column.GROUP, "Only New CSO and Exit NSO are known; ask Corrections which it is."
        )
    if len(said) > 1:
        return _error("group_two_ways", Column.GROUP, "The row and the section line above it name different groups; "
                      "ask Corrections which it is.")  # fmt: skip
    return known[said.pop()]


def _order_status(cell: str) -> OrderStatus | RowError | None:
    if cell.lower() in UNKNOWN_WORDS:
        return None
    for status in OrderStatus:
        if folded(cell) == folded(status):
            return status
    return _error(
        "order_status_unknown", Column.ORDER_STATUS, "Write current or not current, or leave the cell empty."
    )


def _postcode(cell: str) -> str:
    """Spreadsheets drop the leading noughts of a four-digit postcode."""
    return cell.zfill(4) if cell.isdigit() else cell


def _has_letters(text: str) -> bool:
    return text.lower() not in UNKNOWN_WORDS and any(c.isalpha() for c in text)
