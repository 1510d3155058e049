"""The Friday report's file, CSV or the first sheet of an XLSX workbook, turned into rows of text in memory only."""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from adapters.report_file_problem import FileProblem, ReportFileError, encrypted, too_large
from adapters.report_workbook import workbook_lines
from procedures.report_values import Column, RawRow, clean, folded
from procedures.terms import ReportGroup

__all__ = ["FileProblem", "RawReport", "ReportFileError", "looks_like_report", "read_report"]

MOST_ROWS = 50_000
MOST_BYTES = 25_000_000
MOST_LINES_ABOVE_HEADINGS = 20

_NOT_IN_A_HEADING = str.maketrans("", "", " _-.'\"")


def _heading(cell: str) -> str:
    return cell.casefold().translate(_NOT_IN_A_HEADING)


_HEADINGS = {_heading(column): column for column in Column}
_GROUPS = {folded(group) for group in ReportGroup}
_NEEDED = (Column.SURNAME, Column.GIVEN_NAMES, Column.DATE_OF_BIRTH, Column.ADDRESS)
_SECTION = re.compile(r"group ?: ?(.+)", re.IGNORECASE)


@dataclass(frozen=True)
class RawReport:
    """The report as text. The column names may go to the run's log, nothing else may."""

    rows: tuple[RawRow, ...]
    unknown_columns: tuple[str, ...]
    """Headings that are not the report's; their cells are kept out."""
    missing_columns: tuple[str, ...]
    """Headings the report could have and this file lacks."""


def looks_like_report(file_name: str, media_type: str) -> bool:
    """True for an attachment that could be the report, by its name or media type: CSV or XLSX."""
    media = media_type.partition(";")[0].strip().lower()
    return file_name.lower().endswith((".csv", ".xlsx", ".xlsm")) or media in (
        "text/csv",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    )


def read_report(content: bytes) -> RawReport:
    """Read the report's bytes; what they are is told from the bytes, not from the file's name.

    CSV may be UTF-8, UTF-16 with a mark, or Windows-1252, with comma, semicolon or tab. Raises ReportFileError.
    """
    if len(content) > MOST_BYTES:
        raise too_large(f"{MOST_BYTES // 1_000_000} megabytes")
    if not content.strip(b"\x00\t\n\r \xef\xbb\xbf\xff\xfe"):
        raise ReportFileError(
            FileProblem.EMPTY, "The file is empty. Ask Corrections to send the report again."
        )
    if content.startswith(b"\xd0\xcf\x11\xe0"):
        raise _old_office_file(content)
    if content.startswith(b"PK\x03\x04"):
        return _rows(workbook_lines(content))
    return _rows(_csv_lines(_text(content)))


# -- the table: headings, sections, rows ---------------------------------------------------------------


@dataclass(frozen=True)
class _Headings:
    known: dict[int, Column]
    unknown: dict[int, str]

    def row(self, number: int, cells: Sequence[str], section: str | None) -> RawRow:
        named = {column.value: cells[at] for at, column in self.known.items() if at < len(cells)}
        stray = sum(
            1 for at, cell in enumerate(cells) if cell and at not in self.known and at not in self.unknown
        )
        return RawRow(number, named, section, stray)


def _rows(lines: Iterable[tuple[int, list[str]]]) -> RawReport:
    headings: _Headings | None = None
    section: str | None = None
    rows: list[RawRow] = []
    unknown: dict[str, None] = {}
    above = 0
    for number, cells in lines:
        if not any(cells):
            continue
        if (said := _section(cells, headings)) is not None:
            section = said
        elif (found := _headings(cells)) is not None:
            headings = found
            unknown.update(dict.fromkeys(found.unknown.values()))
        elif headings is not None:
            rows.append(headings.row(number, cells, section))
            if len(rows) > MOST_ROWS:
                raise too_large(f"{MOST_ROWS:,} rows")
        else:
            above += 1
            if above > MOST_LINES_ABOVE_HEADINGS or sum(map(bool, cells)) > 3:
                break
    if headings is None:
        raise ReportFileError(
            FileProblem.NO_HEADER_ROW,
            "No row of headings was found above the entries. Its headings are: " + ", ".join(Column) + ".",
        )
    if rows and Column.GROUP not in headings.known.values() and all(row.section is None for row in rows):
        raise ReportFileError(
            FileProblem.NO_GROUP,
            "Neither a Group column nor a line such as 'Group: New CSO' was found. Ask Corrections for the groups.",
        )
    absent = tuple(column.value for column in Column if column not in headings.known.values())
    return RawReport(tuple(rows), tuple(unknown), absent)


def _section(cells: Sequence[str], headings: _Headings | None) -> str | None:
    """The group a section line names: `Group: New CSO`, or the bare name where no column could hold it."""
    filled = [cell for cell in cells if cell]
    found = _SECTION.fullmatch(" ".join(filled)) if len(filled) <= 2 else None
    if found:
        return found[1]
    bare = headings is None or Column.GROUP not in headings.known.values()
    return filled[0] if bare and len(filled) == 1 and folded(filled[0]) in _GROUPS else None


def _headings(cells: Sequence[str]) -> _Headings | None:
    known = {at: _HEADINGS[key] for at, cell in enumerate(cells) if (key := _heading(cell)) in _HEADINGS}
    if len(known) < 3:
        return None
    present = list(known.values())
    twice = [column.value for column in Column if present.count(column) > 1]
    if twice:
        raise ReportFileError(
            FileProblem.REPEATED_HEADING,
            f"The heading {', '.join(twice)} stands twice. Remove or rename one column.",
        )
    lacking = [column.value for column in _NEEDED if column not in present]
    if lacking:
        raise ReportFileError(
            FileProblem.MISSING_COLUMNS,
            f"The heading {', '.join(lacking)} is missing. Name the column so, or ask Corrections for it.",
        )
    return _Headings(known, {at: cell[:60] for at, cell in enumerate(cells) if cell and at not in known})


# -- CSV ------------------------------------------------------------------------------------------------


def _text(content: bytes) -> str:
    encodings = ("utf-16",) if content.startswith((b"\xff\xfe", b"\xfe\xff")) else ("utf-8-sig", "cp1252")
    for encoding in encodings:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" not in text:
            return text
    raise ReportFileError(
        FileProblem.NOT_A_REPORT, "The file is neither CSV nor XLSX. Ask Corrections for one of them."
    )


def _csv_lines(text: str) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    line = 1
    try:
        for cells in reader:
            yield line, [clean(cell) for cell in cells]
            line = reader.line_num + 1
    except csv.Error:
        raise ReportFileError(
            FileProblem.BROKEN_FILE,
            f"The quotation marks do not pair up from line {line} on. Save the report as CSV again, or as XLSX.",
        ) from None


def _delimiter(text: str) -> str:
    """The separator that lets a line show the most of our headings."""
    top = text[:20_000].splitlines()[: 3 * MOST_LINES_ABOVE_HEADINGS]
    return max(
        ",;\t",
        key=lambda mark: max(sum(_heading(cell) in _HEADINGS for cell in line.split(mark)) for line in top),
    )


def _old_office_file(content: bytes) -> ReportFileError:
    if "EncryptedPackage".encode("utf-16-le") in content:
        return encrypted()
    return ReportFileError(
        FileProblem.NOT_A_REPORT, "The file is an old Excel or Office file. Ask Corrections for XLSX or CSV."
    )
