"""The report's file: every common shape is read, everything else is refused with what to do."""

import csv
import io
import unicodedata
import zipfile
from datetime import date, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from adapters.report_file import FileProblem, RawReport, ReportFileError, looks_like_report, read_report
from adapters.report_workbook import MOST_UNPACKED_BYTES
from procedures.report_rows import read_rows

HEADINGS = [
    "Group", "Surname", "Given names", "Date of birth", "Gender", "Address", "Suburb", "Town", "Postcode",
    "Order status", "Corrections reference", "Corrections office",
]  # fmt: skip
ROW = [
    "New CSO", "Rākete", "Wiremu", "1/08/1960", "M", "5 Lampwick Street", "Upper Wick", "Lanternvale", "0001",
    "current", "CR-1", "Lanternvale",
]  # fmt: skip
TODAY = date(2026, 11, 27)


def text(lines: list[list[str]], mark: str = ",") -> str:
    out = io.StringIO()
    csv.writer(out, delimiter=mark, lineterminator="\r\n").writerows(lines)
    return out.getvalue()


def workbook(lines: list[list[Any]], **changes: Any) -> bytes:
    book = Workbook()
    for line in lines:
        book.worksheets[0].append(line)
    book.create_sheet("Notes").append(["not read"])
    for name, value in changes.items():
        setattr(book, name, value)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def repacked(content: bytes, changes: dict[str, Any]) -> bytes:
    """The workbook with parts changed: a function of the part's bytes, or new bytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            change = changes.get(name)
            new.writestr(name, change(old.read(name)) if callable(change) else change or old.read(name))
    return out.getvalue()


def problem(content: bytes) -> ReportFileError:
    with pytest.raises(ReportFileError) as caught:
        read_report(content)
    return caught.value


@pytest.mark.parametrize("mark", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_csv_in_every_common_dress(mark: str, encoding: str) -> None:
    report = read_report(text([HEADINGS, ROW], mark).encode(encoding))
    assert report.unknown_columns == report.missing_columns == ()
    assert report.rows[0].number == 2
    assert dict(report.rows[0].cells) == dict(zip(HEADINGS, ROW, strict=True))


def test_windows_1252_is_the_fallback_and_macrons_come_out_composed() -> None:
    line = [*ROW[:1], "Lefèvre", *ROW[2:]]
    assert read_report(text([HEADINGS, line]).encode("cp1252")).rows[0].cells["Surname"] == "Lefèvre"
    decomposed = unicodedata.normalize("NFD", text([HEADINGS, ROW]))
    assert read_report(decomposed.encode()).rows[0].cells["Surname"] == "Rākete"


def test_headings_in_any_order_case_and_spacing_and_strangers_are_named_only() -> None:
    headings = [*(f" {h.upper().replace(' ', '  ')}" for h in reversed(HEADINGS)), "Case manager", "Alias"]
    report = read_report(text([headings, [*reversed(ROW), "kept out", "kept out"]]).encode())
    assert report.rows[0].cells["Given names"] == "Wiremu"
    assert report.unknown_columns == ("Case manager", "Alias")
    assert "kept out" not in repr(dict(report.rows[0].cells))
    assert report.rows[0].surplus == 0


@pytest.mark.req("A-C8", "A-C9")
@pytest.mark.parametrize(("new", "ended"), [("Group: New CSO", "GROUP:Exit NSO"), ("New CSO", "Exit NSO")])
def test_1_1_section_lines_give_the_group(new: str, ended: str) -> None:
    lines = [
        ["Indicative Notification Report"],
        [new],
        HEADINGS[1:],
        ROW[1:],
        [],
        [ended],
        HEADINGS[1:],
        ROW[1:],
    ]
    for content in (text(lines).encode(), workbook(lines)):
        report = read_report(content)
        assert [row.number for row in report.rows] == [4, 8]
        accepted = read_rows(report.rows, today=TODAY).accepted
        assert [row.group for row in accepted] == ["New CSO", "Exit NSO"]


def test_workbook_gives_the_same_rows_as_csv() -> None:
    assert read_report(workbook([HEADINGS, ROW])) == read_report(text([HEADINGS, ROW]).encode())


@pytest.mark.parametrize("born", [date(1960, 8, 1), datetime(1960, 8, 1), 22129, 22129.0, "1/08/1960"])
def test_workbook_dates_as_cells_numbers_or_text(born: Any) -> None:
    report = read_report(workbook([HEADINGS, [*ROW[:3], born, *ROW[4:8], 1, *ROW[9:]]]))
    (row,) = read_rows(report.rows, today=TODAY).accepted
    assert row.date_of_birth == date(1960, 8, 1)
    assert row.postcode == "0001"


def test_formula_counts_by_its_stored_value_only() -> None:
    never_computed = workbook([HEADINGS, [*ROW[:3], "=DATE(1960,8,1)", *ROW[4:]]])
    rows = read_rows(read_report(never_computed).rows, today=TODAY)
    assert [(e.code, e.column) for e in rows.rejected[0].errors] == [("cell_not_a_value", "Date of birth")]
    computed = repacked(
        never_computed,
        {
            "xl/worksheets/sheet1.xml": lambda xml: xml.replace(b"<v></v>", b"<v>22129</v>").replace(
                b"<v />", b"<v>22129</v>"
            )
        },
    )
    (row,) = read_rows(read_report(computed).rows, today=TODAY).accepted
    assert row.date_of_birth == date(1960, 8, 1)


def test_row_of_formulas_alone_is_not_lost() -> None:
    content = workbook([HEADINGS, ["=A9"] * 12, ROW])
    assert [row.number for row in read_report(content).rows] == [2, 3]


def test_line_number_is_the_files_own_past_blank_and_broken_lines() -> None:
    several = [*ROW[:5], "Flat 2\n5 Lampwick Street", *ROW[6:]]
    report = read_report(text([["Title"], [], HEADINGS, several, [], ROW]).encode())
    assert [row.number for row in report.rows] == [4, 7]
    assert report.rows[0].cells["Address"] == "Flat 2 5 Lampwick Street"


def test_cells_under_no_heading_reject_the_row() -> None:
    report = read_report(text([HEADINGS, [*ROW, "spilled"], ROW]).encode())
    rows = read_rows(report.rows, today=TODAY)
    assert [row.row_number for row in rows.rejected] == [2]
    assert [error.code for error in rows.rejected[0].errors] == ["cells_without_heading"]


def test_report_without_entries_is_a_report() -> None:
    assert read_report(text([HEADINGS]).encode()).rows == ()


@pytest.mark.parametrize("make", [lambda lines: text(lines).encode(), workbook], ids=["csv", "xlsx"])
def test_ten_thousand_rows_are_read(make: Any) -> None:
    assert len(read_report(make([HEADINGS, *[ROW] * 10_000])).rows) == 10_000


def test_more_than_fifty_thousand_rows_are_refused() -> None:
    assert problem(text([HEADINGS, *[ROW] * 50_001]).encode()).code is FileProblem.TOO_LARGE


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", FileProblem.EMPTY),
        (b"\xef\xbb\xbf \r\n", FileProblem.EMPTY),
        (b"%PDF-1.7\n\x00\x01\x81", FileProblem.NOT_A_REPORT),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1old excel", FileProblem.NOT_A_REPORT),
        (b"\xd0\xcf\x11\xe0" + "EncryptedPackage".encode("utf-16-le"), FileProblem.ENCRYPTED),
        (b"PK\x03\x04 not a zip", FileProblem.BROKEN_FILE),
        (b"Dear all, please find the report attached.\n", FileProblem.NO_HEADER_ROW),
        (text([ROW, HEADINGS]).encode(), FileProblem.NO_HEADER_ROW),
        (text([["Group", "Last name", *HEADINGS[2:]], ROW]).encode(), FileProblem.MISSING_COLUMNS),
        (text([[h for h in HEADINGS if h != "Date of birth"], ROW]).encode(), FileProblem.MISSING_COLUMNS),
        (text([[*HEADINGS, "SURNAME"], ROW]).encode(), FileProblem.REPEATED_HEADING),
        (text([HEADINGS[1:], ROW[1:]]).encode(), FileProblem.NO_GROUP),
        (text([HEADINGS, ROW]).encode() + b'New CSO,"Rakete,open\r\n', FileProblem.BROKEN_FILE),
        (text([HEADINGS, ROW]).encode() + b'New CSO,"Ra"kete,x\r\n', FileProblem.BROKEN_FILE),
        (b"x" * 25_000_001, FileProblem.TOO_LARGE),
    ],
)
def test_file_that_is_no_report_is_refused_with_what_to_do(content: bytes, code: FileProblem) -> None:
    refusal = problem(content)
    assert refusal.code is code
    assert any(word in refusal.message for word in ("Ask", "Save", "Remove", "Name the", "Its headings are"))
    for secret in ("kete", "Wiremu", "Lampwick", "CR-1"):
        assert secret not in str(refusal)
    assert refusal.__suppress_context__ or refusal.__context__ is None


def test_missing_optional_columns_are_named() -> None:
    assert read_report(text([HEADINGS[:6], ROW[:6]]).encode()).missing_columns == tuple(HEADINGS[6:])


def test_hostile_workbooks_are_refused() -> None:
    good = workbook([HEADINGS, ROW])
    sheet = "xl/worksheets/sheet1.xml"
    declared = b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]>'
    assert problem(repacked(good, {sheet: lambda xml: declared + xml})).code is FileProblem.BROKEN_FILE
    assert problem(repacked(good, {sheet: b" " * (MOST_UNPACKED_BYTES + 1)})).code is FileProblem.TOO_LARGE
    assert problem(repacked(good, {sheet: lambda xml: xml[:200]})).code is FileProblem.BROKEN_FILE
    assert problem(good[: len(good) // 2]).code is FileProblem.BROKEN_FILE
    wide = repacked(good, {sheet: lambda xml: xml.replace(b'ref="A1:L2"', b'ref="A1:XFD1048576"')})
    assert read_report(wide) == read_report(good)
    locked = bytearray(good)
    at = locked.index(b"PK\x01\x02") + 8
    locked[at] |= 1
    assert problem(bytes(locked)).code is FileProblem.ENCRYPTED
    other = io.BytesIO()
    with zipfile.ZipFile(other, "w") as package:
        package.writestr("word/document.xml", "<w/>")
    assert problem(other.getvalue()).code is FileProblem.NOT_A_REPORT
    assert problem(workbook([HEADINGS, ROW], epoch=CALENDAR_MAC_1904)).code is FileProblem.BROKEN_FILE


@settings(deadline=None)
@given(
    st.binary(max_size=300)
    | st.text(max_size=300).map(lambda t: (",".join(HEADINGS) + "\r\n" + t).encode("utf-8", "replace"))
)
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    try:
        report = read_report(content)
    except ReportFileError:
        return
    assert isinstance(report, RawReport)


def test_attachments_that_could_be_the_report() -> None:
    assert looks_like_report("INR.CSV", "application/octet-stream")
    assert looks_like_report("report", "text/csv; charset=utf-8")
    assert looks_like_report("report.xlsx", "application/octet-stream")
    assert not looks_like_report("signature.png", "image/png")
