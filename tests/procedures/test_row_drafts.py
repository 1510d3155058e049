"""A refused row of the report, as far as it could be read, is the beginning of the answer that enters it."""

from datetime import date

import pytest

from procedures.report_rows import Column, RawRow, RejectedRow, read_rows
from procedures.row_drafts import draft_of_row

TODAY = date(2026, 11, 27)
GOOD: dict[str, str] = {
    Column.GROUP: "New CSO",
    Column.SURNAME: "Quillfeather",
    Column.GIVEN_NAMES: "Odo",
    Column.DATE_OF_BIRTH: "4/9/1974",
    Column.ADDRESS: "3 Snuffer Road",
    Column.CORRECTIONS_OFFICE: "Lanternvale Community Corrections",
}


def refused(section: str | None = None, surplus: int = 0, **changes: str) -> RejectedRow:
    named: dict[str, str] = {Column[name.upper()]: value for name, value in changes.items()}
    (row,) = read_rows([RawRow(2, GOOD | named, section, surplus)], today=TODAY).rejected
    return row


def draft(row: RejectedRow) -> dict[str, str | date]:
    return draft_of_row(row.cells, [(error.code, error.column) for error in row.errors], today=TODAY)


@pytest.mark.req("AMB-P1-30")
def test_1_1_everything_but_the_wrong_cell_is_there_to_check() -> None:
    assert draft(refused(date_of_birth="31/2/1980")) == {
        "group": "New CSO",
        "surname": "Quillfeather",
        "given_names": "Odo",
        "address": "3 Snuffer Road",
        "corrections_office": "Lanternvale Community Corrections",
    }
    found = draft(refused(surname=""))
    assert (found["date_of_birth"], "surname" in found) == (date(1974, 9, 4), False)


@pytest.mark.req("AMB-P1-30")
def test_1_1_the_section_line_above_gives_the_group_of_a_refused_row() -> None:
    row = refused(section="exit nso", group="", surname="")
    assert row.cells[Column.GROUP] == "exit nso"
    assert draft(row)["group"] == "Exit NSO"
    assert "group" not in draft(refused(section="Exit NSO", surname=""))


@pytest.mark.req("AMB-P1-30")
def test_1_1_with_more_cells_than_headings_nothing_is_taken_over() -> None:
    assert draft(refused(surplus=1)) == {}
