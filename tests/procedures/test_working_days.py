"""Working days: every calendar fact of the catalogue, for 2026 and 2027."""

from datetime import date, timedelta

import pytest
from holidays import country_holidays
from holidays.version import __version__ as holidays_version

from procedures.working_days import Calendar, CalendarName, CalendarOutOfRange, ExtraDay

NATIONAL = Calendar()
WEEKDAYS_CLOSED = {
    2026: {
        (1, 1): "New Year's Day",
        (1, 2): "Day after New Year's Day",
        (2, 6): "Waitangi Day",
        (4, 3): "Good Friday",
        (4, 6): "Easter Monday",
        (4, 27): "Anzac Day (observed)",
        (6, 1): "King's Birthday",
        (7, 10): "Matariki",
        (10, 26): "Labour Day",
        (12, 25): "Christmas Day",
        (12, 28): "Boxing Day (observed)",
    },
    2027: {
        (1, 1): "New Year's Day",
        (1, 4): "Day after New Year's Day (observed)",
        (2, 8): "Waitangi Day (observed)",
        (3, 26): "Good Friday",
        (3, 29): "Easter Monday",
        (4, 26): "Anzac Day (observed)",
        (6, 7): "King's Birthday",
        (6, 25): "Matariki",
        (10, 25): "Labour Day",
        (12, 27): "Christmas Day (observed)",
        (12, 28): "Boxing Day (observed)",
    },
}
ANNIVERSARIES = {
    CalendarName.WELLINGTON: (date(2026, 1, 19), date(2027, 1, 25)),
    CalendarName.AUCKLAND: (date(2026, 1, 26), date(2027, 2, 1)),
    CalendarName.NORTHLAND: (date(2026, 1, 26), date(2027, 2, 1)),
    CalendarName.NELSON: (date(2026, 2, 2), date(2027, 2, 1)),
    CalendarName.TARANAKI: (date(2026, 3, 9), date(2027, 3, 8)),
    CalendarName.OTAGO: (date(2026, 3, 23), date(2027, 3, 22)),
    CalendarName.SOUTHLAND: (date(2026, 4, 7), date(2027, 3, 30)),
    CalendarName.SOUTH_CANTERBURY: (date(2026, 9, 28), date(2027, 9, 27)),
    CalendarName.HAWKES_BAY: (date(2026, 10, 23), date(2027, 10, 22)),
    CalendarName.MARLBOROUGH: (date(2026, 11, 2), date(2027, 11, 1)),
    CalendarName.CANTERBURY: (date(2026, 11, 13), date(2027, 11, 12)),
    CalendarName.CHATHAM_ISLANDS: (date(2026, 11, 30), date(2027, 11, 29)),
    CalendarName.WESTLAND: (date(2026, 11, 30), date(2027, 11, 29)),
}
BY_CUSTOM = {
    CalendarName.WAIKATO: CalendarName.AUCKLAND,
    CalendarName.BAY_OF_PLENTY: CalendarName.AUCKLAND,
    CalendarName.GISBORNE: CalendarName.AUCKLAND,
    CalendarName.MANAWATU_WHANGANUI: CalendarName.WELLINGTON,
    CalendarName.TASMAN: CalendarName.NELSON,
}


def every_day(year: int) -> list[date]:
    return [
        date(year, 1, 1) + timedelta(days=n) for n in range((date(year + 1, 1, 1) - date(year, 1, 1)).days)
    ]


def closed_weekdays(calendar: Calendar, year: int) -> dict[date, str]:
    reasons = {day: calendar.why_closed(day) for day in every_day(year) if day.weekday() < 5}
    return {day: reason for day, reason in reasons.items() if reason is not None}


@pytest.mark.req("CAL-NZ-1")
@pytest.mark.parametrize("name", list(CalendarName))
def test_saturdays_and_sundays_never_count(name: CalendarName) -> None:
    calendar = Calendar(name)
    for day in [*every_day(2026), *every_day(2027)]:
        if day.weekday() >= 5:
            assert calendar.why_closed(day) == ("Saturday" if day.weekday() == 5 else "Sunday")


@pytest.mark.req("CAL-NZ-2", "CAL-NZ-5", "CAL-NZ-6", "AMB-P1-2")
@pytest.mark.parametrize("year", [2026, 2027])
def test_exactly_these_weekdays_are_closed_nationally(year: int) -> None:
    expected = {date(year, *month_day): reason for month_day, reason in WEEKDAYS_CLOSED[year].items()}
    assert closed_weekdays(NATIONAL, year) == expected


@pytest.mark.req("CAL-NZ-2")
def test_easter_tuesday_and_the_thursday_before_count() -> None:
    assert NATIONAL.is_working_day(date(2026, 4, 7))
    assert NATIONAL.is_working_day(date(2026, 4, 2))


@pytest.mark.req("CAL-NZ-3")
@pytest.mark.parametrize(
    ("holiday", "observed"),
    [
        (date(2027, 2, 6), [date(2027, 2, 8)]),  # Waitangi Day, Saturday
        (date(2028, 2, 6), [date(2028, 2, 7)]),  # Waitangi Day, Sunday
        (date(2026, 4, 25), [date(2026, 4, 27)]),  # Anzac Day, Saturday
        (date(2027, 4, 25), [date(2027, 4, 26)]),  # Anzac Day, Sunday
        (
            date(2027, 12, 25),
            [date(2027, 12, 27), date(2027, 12, 28)],
        ),  # Christmas on Saturday, Boxing Day on Sunday
        (
            date(2033, 12, 25),
            [date(2033, 12, 26), date(2033, 12, 27)],
        ),  # Christmas on Sunday: Monday is Boxing Day
        (
            date(2028, 1, 1),
            [date(2028, 1, 3), date(2028, 1, 4)],
        ),  # 1 January on Saturday, 2 January on Sunday
        (date(2034, 1, 1), [date(2034, 1, 2), date(2034, 1, 3)]),  # 1 January on Sunday: Monday is the 2nd
    ],
)
def test_a_holiday_on_a_weekend_moves(holiday: date, observed: list[date]) -> None:
    assert holiday.weekday() >= 5
    assert all(not NATIONAL.is_working_day(day) for day in observed)
    assert NATIONAL.is_working_day(observed[-1] + timedelta(days=1))


@pytest.mark.req("CAL-NZ-4")
@pytest.mark.parametrize(
    "day", [date(2026, 7, 10), date(2027, 6, 25), date(2028, 7, 14), date(2029, 7, 6), date(2030, 6, 21)]
)
def test_matariki(day: date) -> None:
    assert NATIONAL.why_closed(day) == "Matariki"


@pytest.mark.req("CAL-NZ-7")
@pytest.mark.parametrize("name", ANNIVERSARIES)
def test_regional_anniversary_days_are_the_only_difference(name: CalendarName) -> None:
    for day in ANNIVERSARIES[name]:
        regional, national = closed_weekdays(Calendar(name), day.year), closed_weekdays(NATIONAL, day.year)
        assert set(regional) - set(national) == {day}
        assert set(national) <= set(regional)


@pytest.mark.req("CAL-NZ-8")
@pytest.mark.parametrize("name", BY_CUSTOM)
def test_five_regions_keep_their_neighbours_anniversary_although_the_package_has_none(
    name: CalendarName,
) -> None:
    subdivision = name.value.removeprefix("nz-region-")
    assert set(country_holidays("NZ", subdiv=subdivision, years=2026)) == set(
        country_holidays("NZ", years=2026)
    )
    for day in ANNIVERSARIES[BY_CUSTOM[name]]:
        assert not Calendar(name).is_working_day(day)


@pytest.mark.req("CAL-NZ-7")
def test_every_region_has_an_anniversary_day_and_the_national_calendar_has_none() -> None:
    regions = [name for name in CalendarName if name.value.startswith("nz-region-")]
    assert set(regions) == set(ANNIVERSARIES) | set(BY_CUSTOM)
    assert Calendar().name is CalendarName.NZ_NATIONAL


WORKED = [
    (date(2026, 6, 12), CalendarName.NZ_NATIONAL, [(6, 15), (6, 16), (6, 17), (6, 18), (6, 19)], (6, 22)),
    (date(2026, 5, 28), CalendarName.NZ_NATIONAL, [(5, 29), (6, 2), (6, 3), (6, 4), (6, 5)], (6, 8)),
    (date(2026, 4, 24), CalendarName.NZ_NATIONAL, [(4, 28), (4, 29), (4, 30), (5, 1), (5, 4)], (5, 5)),
    (date(2026, 4, 1), CalendarName.NZ_NATIONAL, [(4, 2), (4, 7), (4, 8), (4, 9), (4, 10)], (4, 13)),
    (date(2026, 4, 1), CalendarName.SOUTHLAND, [(4, 2), (4, 8), (4, 9), (4, 10), (4, 13)], (4, 14)),
    (date(2026, 7, 6), CalendarName.NZ_NATIONAL, [(7, 7), (7, 8), (7, 9), (7, 13), (7, 14)], (7, 15)),
    (
        date(2026, 10, 22),
        CalendarName.NZ_NATIONAL,
        [(10, 23), (10, 27), (10, 28), (10, 29), (10, 30)],
        (11, 2),
    ),
    (date(2026, 1, 14), CalendarName.NZ_NATIONAL, [(1, 15), (1, 16), (1, 19), (1, 20), (1, 21)], (1, 22)),
    (date(2026, 1, 14), CalendarName.WELLINGTON, [(1, 15), (1, 16), (1, 20), (1, 21), (1, 22)], (1, 23)),
    (date(2026, 12, 23), CalendarName.NZ_NATIONAL, [(12, 24), (12, 29), (12, 30), (12, 31), (1, 5)], (1, 6)),
    (date(2026, 12, 23), CalendarName.NZ_LEGISLATION, [(12, 24), (1, 5), (1, 6), (1, 7), (1, 8)], (1, 11)),
    (date(2026, 12, 23), CalendarName.NZ_20DEC_10JAN, [(1, 11), (1, 12), (1, 13), (1, 14), (1, 15)], (1, 18)),
    (
        date(2026, 12, 23),
        CalendarName.NZ_25DEC_15JAN,
        [(12, 24), (1, 18), (1, 19), (1, 20), (1, 21)],
        (1, 22),
    ),
    (date(2027, 2, 4), CalendarName.NZ_NATIONAL, [(2, 5), (2, 9), (2, 10), (2, 11), (2, 12)], (2, 15)),
    (date(2027, 4, 22), CalendarName.NZ_NATIONAL, [(4, 23), (4, 27), (4, 28), (4, 29), (4, 30)], (5, 3)),
]
"""Day 0, calendar, working days 1 to 5, letter day: the worked table of the catalogue, row by row."""


def dated(day0: date, month_day: tuple[int, int]) -> date:
    """The month and day in the year of day 0, or in the next year when already past."""
    same_year = date(day0.year, *month_day)
    return same_year if same_year > day0 else date(day0.year + 1, *month_day)


@pytest.mark.req("P1.S6.b5", "AMB-P1-1", "CAL-NZ-7", "CAL-NZ-9")
@pytest.mark.parametrize(("day0", "name", "counted", "letter"), WORKED)
def test_1_6_worked_table(
    day0: date, name: CalendarName, counted: list[tuple[int, int]], letter: tuple[int, int]
) -> None:
    found = Calendar(name).working_days_after(day0, 6)
    assert list(found.counted) == [dated(day0, month_day) for month_day in [*counted, letter]]


@pytest.mark.req("CAL-NZ-9")
@pytest.mark.parametrize(
    ("name", "before", "closed", "after"),
    [
        (
            CalendarName.NZ_LEGISLATION,
            date(2026, 12, 24),
            date(2026, 12, 29),
            date(2027, 1, 5),
        ),  # 1 Jan a Friday
        (CalendarName.NZ_LEGISLATION, date(2027, 12, 24), date(2028, 1, 4), date(2028, 1, 5)),  # a Saturday
        (CalendarName.NZ_LEGISLATION, date(2033, 12, 23), date(2034, 1, 3), date(2034, 1, 4)),  # a Sunday
        (CalendarName.NZ_LEGISLATION, date(2029, 12, 24), date(2029, 12, 31), date(2030, 1, 3)),  # a Tuesday
        (CalendarName.NZ_25DEC_15JAN, date(2025, 12, 24), date(2026, 1, 15), date(2026, 1, 16)),
        (CalendarName.NZ_20DEC_10JAN, date(2029, 12, 19), date(2029, 12, 20), date(2030, 1, 11)),
    ],
)
def test_statutory_closures_over_the_new_year(
    name: CalendarName, before: date, closed: date, after: date
) -> None:
    calendar = Calendar(name)
    assert calendar.is_working_day(before)
    assert not calendar.is_working_day(closed)
    assert calendar.next_working_day(before) == after
    assert calendar.working_day_on_or_after(closed) == after


def test_skipped_days_carry_their_reasons() -> None:
    found = NATIONAL.working_days_after(date(2026, 4, 24), 1)
    assert [(skipped.day, skipped.reason) for skipped in found.skipped] == [
        (date(2026, 4, 25), "Saturday"),
        (date(2026, 4, 26), "Sunday"),
        (date(2026, 4, 27), "Anzac Day (observed)"),
    ]


@pytest.mark.req("CAL-NZ-11", "AMB-P1-2")
def test_extra_days_close_a_day_and_are_named_in_the_version() -> None:
    mourning = Calendar(extra_days=(ExtraDay(date(2026, 9, 23), "national day of mourning"),))
    assert NATIONAL.is_working_day(date(2026, 9, 23))
    assert mourning.why_closed(date(2026, 9, 23)) == "national day of mourning"
    assert mourning.version == f"rules 1; holidays {holidays_version}; extra days: 2026-09-23"
    assert NATIONAL.version == f"rules 1; holidays {holidays_version}; extra days: none"


@pytest.mark.parametrize("day", [date(2021, 12, 31), date(2053, 1, 1)])
def test_a_year_nobody_checked_is_refused_rather_than_guessed(day: date) -> None:
    with pytest.raises(CalendarOutOfRange, match=str(day.year)):
        NATIONAL.is_working_day(day)


def test_counting_starts_at_one() -> None:
    with pytest.raises(ValueError, match="from 1"):
        NATIONAL.working_days_after(date(2026, 6, 12), 0)
