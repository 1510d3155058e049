"""The first sheet of an XLSX workbook as lines of text; stored values only, formulas are never run."""

import io
import re
import warnings
import zipfile
from collections.abc import Iterable
from datetime import date, datetime
from itertools import islice
from typing import Any

from openpyxl import load_workbook
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from adapters.report_file_problem import FileProblem, ReportFileError, encrypted, too_large
from procedures.report_values import clean

MOST_UNPACKED_BYTES = 150_000_000
MOST_LINES = 60_000
MOST_COLUMNS = 100

_DOCUMENT_TYPES = (b"<!DOCTYPE", "<!DOCTYPE".encode("utf-16-le"), "<!DOCTYPE".encode("utf-16-be"))
_FORMULA = re.compile(rb"<(?:\w+:)?f[ >/]")
_NO_VALUE = "#VALUE!"


def workbook_lines(content: bytes) -> list[tuple[int, list[str]]]:
    """The filled lines of the first sheet by row number, as text up to the last filled cell. Raises ReportFileError."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # styles and extensions we do not use
            formulas = _check_package(content)
            values = dict(_first_sheet(content, values=True))
            if not formulas:
                return [(number, _filled(_cell(value) for value in row)) for number, row in values.items()]
            nothing = (None,) * MOST_COLUMNS
            return [
                (number, _filled(map(_computed, values.get(number, nothing), row)))
                for number, row in _first_sheet(content, values=False)
            ]
    except ReportFileError:
        raise
    except Exception:  # noqa: BLE001 - hostile bytes: whatever the library trips over, the file is broken
        raise ReportFileError(
            FileProblem.BROKEN_FILE,
            "The workbook cannot be opened. Save the report as XLSX again, or as CSV.",
        ) from None


def _check_package(content: bytes) -> bool:
    """Refuse what unpacks too far, is locked or declares XML entities; True when a sheet holds a formula."""
    formulas = False
    with zipfile.ZipFile(io.BytesIO(content)) as package:
        parts = package.infolist()
        if "xl/workbook.xml" not in {part.filename for part in parts}:
            raise ReportFileError(
                FileProblem.NOT_A_REPORT, "The file is no XLSX workbook. Ask Corrections for one, or CSV."
            )
        if any(part.flag_bits & 0x1 for part in parts):
            raise encrypted()
        if sum(part.file_size for part in parts) > MOST_UNPACKED_BYTES or len(parts) > 1000:
            raise too_large(f"{MOST_UNPACKED_BYTES // 1_000_000} megabytes unpacked")
        for part in parts:
            data = package.read(part)
            if any(mark in data for mark in _DOCUMENT_TYPES):
                raise ReportFileError(
                    FileProblem.BROKEN_FILE,
                    "The workbook holds declarations that no workbook needs. Save it as CSV.",
                )
            formulas = formulas or (
                part.filename.startswith("xl/worksheets/") and bool(_FORMULA.search(data))
            )
    return formulas


def _first_sheet(content: bytes, *, values: bool) -> list[tuple[int, tuple[Any, ...]]]:
    book = load_workbook(io.BytesIO(content), read_only=True, data_only=values, keep_links=False)
    try:
        if book.epoch == CALENDAR_MAC_1904:
            raise ReportFileError(
                FileProblem.BROKEN_FILE, "The workbook counts its dates from 1904. Save the report as CSV."
            )
        sheet = book.worksheets[0]
        sheet.reset_dimensions()  # the sheet's own word about its size is not to be trusted
        rows = sheet.iter_rows(min_col=1, max_col=MOST_COLUMNS, values_only=True)
        found = (
            (number, row) for number, row in enumerate(rows, start=1) if any(cell is not None for cell in row)
        )
        kept = list(islice(found, MOST_LINES + 1))
        if len(kept) > MOST_LINES:
            raise too_large(f"{MOST_LINES:,} lines")
        return kept
    finally:
        book.close()


def _filled(cells: Iterable[str]) -> list[str]:
    line = list(cells)
    while line and not line[-1]:
        line.pop()
    return line


def _computed(value: Any, written: Any) -> str:
    """A formula's stored value; a formula that was never computed is no value."""
    return _NO_VALUE if value is None and written is not None else _cell(value)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        value = value.date() if value.time() == datetime.min.time() else value
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return clean(str(value))
