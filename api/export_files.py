"""Lists as CSV and as workbooks, written a few rows at a time and never to a disk.

A workbook is made here and not by openpyxl, which would lay its rows in a file without encryption before it sends them.
"""

import csv
import io
import re
import zipfile
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import date, datetime
from enum import StrEnum
from xml.sax.saxutils import escape

from procedures.local_time import local

Cell = str | int | date | datetime | bool | None
Rows = AsyncIterator[Sequence[Sequence[Cell]]]

MOST_ROWS_OF_A_SHEET = 1_048_575
"""What a sheet holds beside its heading."""
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""How text begins that a spreadsheet would carry out; the last four are the wide forms."""
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


class Media(StrEnum):
    """What a list may be taken as."""

    CSV = "csv"
    XLSX = "xlsx"


MEDIA_TYPES = {
    Media.CSV: "text/csv; charset=utf-8",
    Media.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def said(value: Cell) -> str | int:
    """A cell as it is read: local wall-clock time, yes and no, text without control characters that nothing carries out."""
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case datetime():
            return f"{local(value):%Y-%m-%d %H:%M}"
        case date():
            return value.isoformat()
        case int():
            return value
        case _:
            text = _CONTROLS.sub("", value)
            return f"'{text}" if text.startswith(_FORMULA) else text


async def csv_parts(headings: Sequence[str], rows: Rows) -> AsyncIterator[bytes]:
    """CSV in UTF-8 with a byte order mark, so that macrons survive a double click."""
    yield b"\xef\xbb\xbf" + _csv_lines([headings])
    async for some in rows:
        yield _csv_lines([[said(cell) for cell in row] for row in some])


def _csv_lines(rows: Sequence[Sequence[str | int]]) -> bytes:
    held = io.StringIO(newline="")
    csv.writer(held).writerows(rows)
    return held.getvalue().encode()


class _Outgoing(io.RawIOBase):
    """Where a workbook is written to: what has come since the last look, and nothing else, is kept."""

    def __init__(self) -> None:
        super().__init__()
        self._held = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, part: object) -> int:
        content = bytes(part)  # type: ignore[call-overload]
        self._held += content
        return len(content)

    def take(self) -> bytes:
        taken = bytes(self._held)
        self._held.clear()
        return taken


async def xlsx_parts(title: str, headings: Sequence[str], rows: Rows) -> AsyncIterator[bytes]:
    """A workbook of one sheet with its heading held in sight. Every text is a text: nothing in it is a formula."""
    outgoing = _Outgoing()
    with zipfile.ZipFile(outgoing, "w", zipfile.ZIP_DEFLATED) as book:
        for name, content in _parts_of_book(title).items():
            book.writestr(name, content)
        with book.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as sheet:
            sheet.write(_SHEET_BEGINS.encode() + _sheet_row(headings))
            async for some in rows:
                for row in some:
                    sheet.write(_sheet_row([said(cell) for cell in row]))
                yield outgoing.take()
            sheet.write(b"</sheetData></worksheet>")
    yield outgoing.take()


def _sheet_row(cells: Sequence[str | int]) -> bytes:
    return f"<row>{''.join(map(_sheet_cell, cells))}</row>".encode()


def _sheet_cell(cell: str | int) -> str:
    if isinstance(cell, int):
        return f"<c><v>{cell}</v></c>"
    if not cell:
        return "<c/>"
    return f'<c t="inlineStr"><is><t xml:space="preserve">{escape(cell)}</t></is></c>'


_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_SHEET_BEGINS = (
    f'{_HEAD}<worksheet xmlns="{_MAIN}"><sheetViews><sheetView workbookViewId="0">'
    '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews>'
    '<sheetFormatPr defaultColWidth="22" defaultRowHeight="15"/><sheetData>'
)
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"


def _parts_of_book(title: str) -> Mapping[str, str]:
    """What a workbook holds beside its sheet."""
    relation = f'<Relationship Id="rId1" Type="{_OFFICE}/'
    relations = f'{_HEAD}<Relationships xmlns="{_PACKAGE}/relationships">'
    return {
        "[Content_Types].xml": (
            f'{_HEAD}<Types xmlns="{_PACKAGE}/content-types">'
            '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPE}.sheet.main+xml"/>'
            f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{_TYPE}.worksheet+xml"/></Types>'
        ),
        "_rels/.rels": f'{relations}{relation}officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": (
            f'{_HEAD}<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>'
            f'<sheet name="{escape(title)}" sheetId="1" r:id="rId1"/></sheets></workbook>'
        ),
        "xl/_rels/workbook.xml.rels": f'{relations}{relation}worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
    }
