"""Rows of the Friday report: accepted, rejected with what to do, repeated; none is ever lost."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from procedures.birth_dates import BirthDate, UnreadableBirthDate, read_birth_date
from procedures.report_comparison import compare_reports
from procedures.report_rows import Column, OrderStatus, RawRow, ReportRow, RowNote, RowsRead, read_rows
from procedures.terms import ReportGroup

TODAY = date(2026, 11, 27)
GOOD = {
    "Group": "New CSO",
    "Surname": "Rākete",
    "Given names": "Wiremu Hōhepa",
    "Date of birth": "1/08/1960",
    "Gender": "M",
    "Address": "5 Lampwick Street",
    "Suburb": "Upper Wick",
    "Town": "Lanternvale",
    "Postcode": "0001",
    "Order status": "Current",
    "Corrections reference": "CR-1",
    "Corrections office": "Lanternvale",
}


def raw(number: int = 2, *, section: str | None = None, surplus: int = 0, **changes: str) -> RawRow:
    """A good row with cells changed; `date_of_birth` names "Date of birth"."""
    named = {name.replace("_", " ").capitalize(): value for name, value in changes.items()}
    assert named.keys() <= GOOD.keys()
    return RawRow(number, GOOD | named, section, surplus)


def read(*rows: RawRow) -> RowsRead:
    return read_rows(rows, today=TODAY)


def one(**changes: Any) -> ReportRow:
    (row,) = read(raw(**changes)).accepted
    return row


def errors(**changes: Any) -> list[tuple[str, str | None]]:
    (row,) = read(raw(**changes)).rejected
    return [(error.code, error.column) for error in row.errors]


@pytest.mark.req("A-C8", "AMB-P1-27")
def test_1_1_good_row_is_taken_as_it_stands() -> None:
    row = one()
    assert row == ReportRow(
        row_number=2, group=ReportGroup.NEW_CSO, surname="Rākete", given_names="Wiremu Hōhepa",
        date_of_birth=date(1960, 8, 1), gender="M", address="5 Lampwick Street", suburb="Upper Wick",
        town="Lanternvale", postcode="0001", order_status=OrderStatus.CURRENT, corrections_reference="CR-1",
        corrections_office="Lanternvale",
    )  # fmt: skip
    assert row.not_searchable == ()
    assert one(gender="").gender is None


@pytest.mark.req("A-C9")
def test_1_1_both_groups_are_accepted_from_column_or_section() -> None:
    assert one(group=" exit  nso", order_status="NOT-current").group is ReportGroup.EXIT_NSO
    assert one(group="", section="New CSO").group is ReportGroup.NEW_CSO
    assert one(group="New CSO", section="new cso").group is ReportGroup.NEW_CSO


@pytest.mark.parametrize(
    ("text", "born"),
    [
        ("2026-08-01", date(2026, 8, 1)),
        ("1960-08-01 00:00:00", date(1960, 8, 1)),
        ("1960-08-01T00:00:00", date(1960, 8, 1)),
        ("1/08/1960", date(1960, 8, 1)),
        ("12/08/1960", date(1960, 8, 12)),
        ("01.08.1960", date(1960, 8, 1)),
        ("1 Aug 1960", date(1960, 8, 1)),
        ("1st August 1960", date(1960, 8, 1)),
        ("01-AUG-1960", date(1960, 8, 1)),
        ("1960AUG08", date(1960, 8, 8)),
        ("1960 Sept 8", date(1960, 9, 8)),
        ("19600801", date(1960, 8, 1)),
        ("22129", date(1960, 8, 1)),
        ("22129.0", date(1960, 8, 1)),
        ("29/02/2000", date(2000, 2, 29)),
        ("27/11/2026", date(2026, 11, 27)),
    ],
)
def test_birth_date_forms(text: str, born: date) -> None:
    assert read_birth_date(text, today=TODAY) == BirthDate(born=born)


@pytest.mark.parametrize("text", ["", " ", "Unknown", "n/a", "00/00/0000", "0000XXX00"])
def test_birth_date_unknown_is_accepted_with_a_note(text: str) -> None:
    row = one(date_of_birth=text)
    assert (row.date_of_birth, row.birth_year, row.notes) == (None, None, (RowNote.DATE_OF_BIRTH_UNKNOWN,))
    assert row.not_searchable == ("date_of_birth",)


@pytest.mark.parametrize("text", ["00/00/1960", "0/08/1960", "1960-00-00", "1960"])
def test_birth_year_alone_is_kept(text: str) -> None:
    row = one(date_of_birth=text)
    assert (row.date_of_birth, row.birth_year, row.notes) == (None, 1960, (RowNote.BIRTH_YEAR_ONLY,))


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("01-Aug-60", "date_two_digit_year"),
        ("1/8/60", "date_two_digit_year"),
        ("31/02/1979", "date_impossible"),
        ("08/13/1960", "date_impossible"),
        ("29 Feb 1900", "date_impossible"),
        ("29/02/2001", "date_impossible"),
        ("28/11/2026", "date_in_future"),
        ("2027", "date_in_future"),
        ("99999", "date_in_future"),
        ("1/08/1066", "date_too_long_ago"),
        ("00/00/0160", "date_too_long_ago"),
        ("about 1960", "date_not_understood"),
        ("Aug 1960", "date_not_understood"),
        ("1 Foo 1960", "date_not_understood"),
        ("1960-08-01 14:30", "date_not_understood"),
        ("٠١/٠٨/١٩٦٠", "date_not_understood"),
    ],
)
def test_birth_date_that_needs_a_person_is_rejected(text: str, code: str) -> None:
    assert errors(date_of_birth=text) == [(code, "Date of birth")]


@settings(deadline=None)
@given(st.text(max_size=20))
def test_any_birth_date_cell_is_read_or_refused(text: str) -> None:
    try:
        found = read_birth_date(text, today=TODAY)
    except UnreadableBirthDate:
        return
    assert found.born is None or date(1906, 1, 1) <= found.born <= TODAY


@settings(deadline=None)
@given(st.dates(date(1927, 6, 1), TODAY))
def test_every_way_to_write_a_day_gives_that_day(day: date) -> None:
    forms = ["%Y-%m-%d", "%d/%m/%Y", "%d.%m.%Y", "%d %b %Y", "%d %B %Y", "%Y%b%d", "%Y%m%d"]
    assert {read_birth_date(day.strftime(form), today=TODAY).born for form in forms} == {day}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"surname": ""}, [("surname_missing", "Surname")]),
        ({"surname": " - "}, [("surname_missing", "Surname")]),
        ({"surname": "UNKNOWN"}, [("surname_missing", "Surname")]),
        ({"group": ""}, [("group_missing", "Group")]),
        ({"group": "Old CSO"}, [("group_unknown", "Group")]),
        ({"group": "", "section": "Totals"}, [("group_unknown", "Group")]),
        ({"section": "Exit NSO"}, [("group_two_ways", "Group")]),
        ({"order_status": "suspended"}, [("order_status_unknown", "Order status")]),
        ({"address": "x" * 201}, [("cell_too_long", "Address")]),
        ({"address": "=HYPERLINK(1)"}, [("cell_not_a_value", "Address")]),
        ({"date_of_birth": "#REF!"}, [("cell_not_a_value", "Date of birth")]),
        ({"surplus": 1}, [("cells_without_heading", None)]),
        ({"surname": "", "date_of_birth": "x", "group": "?x"}, [
            ("group_unknown", "Group"), ("surname_missing", "Surname"), ("date_not_understood", "Date of birth"),
        ]),
        ({"given_names": "", "date_of_birth": "", "address": "", "corrections_reference": ""},
         [("nothing_but_a_surname", None)]),
    ],
)  # fmt: skip
def test_1_1_bad_row_is_rejected_with_every_reason(changes: Any, expected: Any) -> None:
    assert errors(**changes) == expected


def test_1_1_errors_and_reprs_repeat_no_cell() -> None:
    bad = {name: f"=zz{name}" for name in GOOD}
    rows = read(RawRow(9, bad), raw(3))
    shown = repr(rows) + str(rows.accepted[0]) + repr(RawRow(9, bad)) + str(rows.rejected[0].errors)
    for secret in ("zz", "Rākete", "Wiremu", "1960", "Lampwick", "CR-1"):
        assert secret not in shown
    assert all(error.message.rstrip(".").count(" ") > 4 for error in rows.rejected[0].errors)
    assert rows.rejected[0].cells == bad


@pytest.mark.parametrize("address", ["", "No fixed abode", "unknown"])
def test_1_2_row_without_birth_date_and_address_is_accepted_as_not_searchable(address: str) -> None:
    assert one(date_of_birth="", address=address).not_searchable == ("address", "date_of_birth")


def test_1_1_group_and_status_that_disagree_are_flagged_not_rejected() -> None:
    for group, status in (("New CSO", "not current"), ("Exit NSO", "current")):
        row = one(group=group, order_status=status)
        assert row.contradictory
        assert RowNote.GROUP_AND_STATUS_DISAGREE in row.notes
    assert not one(order_status="").contradictory


def test_1_1_doubtful_cells_are_noted() -> None:
    assert one(surname="M?kaha").notes == (RowNote.CHARACTERS_LOST,)
    assert one(surname="R\N{REPLACEMENT CHARACTER}kete").notes == (RowNote.CHARACTERS_LOST,)
    assert one(given_names="").notes == (RowNote.GIVEN_NAMES_MISSING,)
    assert one(date_of_birth="1/08/2016").notes == (RowNote.VERY_YOUNG,)
    assert one(date_of_birth="1/08/1901").notes == (RowNote.VERY_OLD,)
    assert one(surname=" Ra\u0304kete\u200b\n").surname == "Rākete"
    assert one(postcode="1").postcode == "0001"


@pytest.mark.req("AMB-P1-16")
def test_1_1_rows_collapse_only_if_identical_and_identifying() -> None:
    rows = read(raw(2), raw(3), raw(4, date_of_birth="1960-08-01"), raw(5, gender=""))
    assert [row.row_number for row in rows.accepted] == [2, 5]
    assert [(row.row_number, row.repeats) for row in rows.repeated] == [(3, 2), (4, 2)]
    born = read(raw(2, corrections_reference=""), raw(3, corrections_reference=""))
    assert len(born.repeated) == 1
    reference = read(raw(2, date_of_birth=""), raw(3, date_of_birth=""))
    assert len(reference.repeated) == 1
    neither: dict[str, Any] = {"corrections_reference": "", "date_of_birth": "00/00/1960"}
    assert len(read(raw(2, **neither), raw(3, **neither)).accepted) == 2


@pytest.mark.req("AMB-P1-16")
def test_1_1_one_person_in_both_groups_stays_twice_and_is_contradictory() -> None:
    exit_row: dict[str, Any] = {"group": "Exit NSO", "order_status": "not current"}

    def flags(first: dict[str, Any], second: dict[str, Any]) -> list[bool]:
        return [row.contradictory for row in read(raw(2, **first), raw(3, **exit_row | second)).accepted]

    assert flags({}, {}) == [True, True]
    assert flags({"surname": "Other"}, {}) == [True, True]  # one Corrections reference
    assert flags({"corrections_reference": ""}, {"surname": "RAKETE", "address": ""}) == [True, True]
    apart = {"corrections_reference": "CR-2"}
    assert flags(apart, {"date_of_birth": ""}) == [True, True]  # name and address, one birth date unknown
    assert flags(apart, {"date_of_birth": "2/08/1985"}) == [False, False]  # father and son
    assert flags(apart, {"surname": "Other"}) == [False, False]
    assert not any(row.contradictory for row in read(raw(2), raw(3, gender="")).accepted)


CELL = st.sampled_from(
    ["", "x", "1/08/1960", "New CSO", "Exit NSO", "current", "=1", "Rākete", "31/02/1979", "?"]
)
ROWS = st.lists(
    st.builds(
        RawRow,
        number=st.integers(2, 99),
        cells=st.dictionaries(st.sampled_from([*Column, "stranger"]), CELL | st.text(max_size=8)).map(lambda d: GOOD | d)
        | st.dictionaries(st.sampled_from(list(Column)), CELL),
        section=st.sampled_from([None, "New CSO", "Exit NSO", "odd"]),
        surplus=st.sampled_from([0, 0, 0, 1]),
    ),
    max_size=25,
)  # fmt: skip


@settings(deadline=None)
@given(ROWS)
def test_1_1_every_row_is_accounted_for_exactly_once(rows: list[RawRow]) -> None:
    numbered = [RawRow(n, row.cells, row.section, row.surplus) for n, row in enumerate(rows)]
    result = read(*numbered)
    places = [row.row_number for part in (result.accepted, result.rejected, result.repeated) for row in part]
    assert sorted(places) == list(range(len(rows)))
    assert result.read == len(rows)
    assert all(row.errors for row in result.rejected)
    accepted = {row.row_number for row in result.accepted}
    assert all(row.repeats in accepted and row.repeats < row.row_number for row in result.repeated)


@pytest.mark.req("AMB-P1-30")
def test_1_1_corrected_report_adds_rows_and_flags_missing_ones() -> None:
    other: dict[str, Any] = {
        "surname": "Tallow",
        "given_names": "Ann",
        "corrections_reference": "CR-2",
        "date_of_birth": "2/02/1970",
    }
    third: dict[str, Any] = {
        "surname": "Wick",
        "given_names": "Bo",
        "corrections_reference": "CR-3",
        "date_of_birth": "3/03/1980",
    }
    earlier = read(raw(2), raw(3, **other)).accepted
    exit_again: dict[str, Any] = {"group": "Exit NSO", "order_status": "not current"}
    corrected = read(
        raw(2, **third), raw(3), raw(4, **other | {"gender": "F"}), raw(5, **exit_again)
    ).accepted
    result = compare_reports(earlier, corrected)
    assert [row.row_number for row in result.new] == [2, 4, 5]
    assert [row.row_number for row in result.known] == [3]
    assert [row.row_number for row in result.missing] == [3]
    assert [row.row_number for row in result.now_contradictory] == [2]
    assert [row.row_number for row in result.new if row.contradictory] == [5]


@settings(deadline=None)
@given(ROWS, ROWS)
def test_1_1_comparison_loses_nothing(first: list[RawRow], second: list[RawRow]) -> None:
    earlier, corrected = read(*first).accepted, read(*second).accepted
    result = compare_reports(earlier, corrected)
    assert len(result.new) + len(result.known) == len(corrected)
    assert len(result.known) + len(result.missing) == len(earlier)
    same = compare_reports(earlier, earlier)
    assert (same.new, same.missing, same.now_contradictory) == ((), (), ())
