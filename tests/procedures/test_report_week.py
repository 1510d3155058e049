"""The times of a Friday run, over holidays and both changes of daylight saving."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from procedures.refusals import Refused
from procedures.report_week import (
    PACIFIC_AUCKLAND,
    check_may_close,
    closing_line,
    last_opened_friday,
    nominal_friday,
    report_week,
)

HOLIDAYS = {date(2026, 4, 3), date(2026, 4, 6), date(2026, 7, 10), date(2026, 12, 25), date(2026, 12, 28)}
FRIDAYS = st.integers(0, 3000).map(lambda weeks: date(2020, 1, 3) + timedelta(weeks=weeks))


def is_working_day(day: date) -> bool:
    return day.weekday() < 5 and day not in HOLIDAYS


def local(year: int, month: int, day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=PACIFIC_AUCKLAND)


@pytest.mark.req("P1.S1.1", "AMB-P1-4", "AMB-P1-25")
def test_1_1_ordinary_friday() -> None:
    week = report_week(date(2026, 11, 27), is_working_day)
    assert week.reference == "2026-11-27"
    assert week.opens_at == local(2026, 11, 27, 11, 30) == datetime(2026, 11, 26, 22, 30, tzinfo=UTC)
    assert week.opens_at.tzinfo is UTC
    assert week.review_due_at == local(2026, 11, 27, 17)
    assert week.alarm_from == local(2026, 11, 27, 12)
    assert not week.may_raise_missing_alarm(local(2026, 11, 27, 11, 59))
    assert week.may_raise_missing_alarm(local(2026, 11, 27, 12))


@pytest.mark.req("P1.S1.1")
def test_1_1_no_alarm_before_half_past_eleven_whatever_the_grace() -> None:
    week = report_week(date(2026, 11, 27), is_working_day, grace=timedelta(hours=-2))
    assert not week.may_raise_missing_alarm(local(2026, 11, 27, 11, 29))


@pytest.mark.req("AMB-P1-3")
@pytest.mark.parametrize(
    ("friday", "resumes"),
    [
        (date(2026, 7, 10), local(2026, 7, 13, 11, 30)),
        (date(2026, 4, 3), local(2026, 4, 7, 11, 30)),  # Easter, across the end of daylight saving
        (date(2026, 12, 25), local(2026, 12, 29, 11, 30)),
    ],
)
def test_1_1_holiday_friday_opens_and_waits_for_the_next_working_day(friday: date, resumes: datetime) -> None:
    week = report_week(friday, is_working_day)
    assert week.opens_at == local(friday.year, friday.month, friday.day, 11, 30)
    assert week.review_due_at == week.alarm_from == resumes
    assert not week.may_raise_missing_alarm(resumes - timedelta(seconds=1))


@pytest.mark.req("AMB-A-6")
@pytest.mark.parametrize(
    ("friday", "opens_utc"),
    [
        (date(2026, 4, 3), datetime(2026, 4, 2, 22, 30, tzinfo=UTC)),
        (date(2026, 4, 10), datetime(2026, 4, 9, 23, 30, tzinfo=UTC)),
        (date(2026, 9, 25), datetime(2026, 9, 24, 23, 30, tzinfo=UTC)),
        (date(2026, 10, 2), datetime(2026, 10, 1, 22, 30, tzinfo=UTC)),
    ],
)
def test_1_1_half_past_eleven_is_wall_clock_on_both_sides_of_daylight_saving(
    friday: date, opens_utc: datetime
) -> None:
    assert report_week(friday, is_working_day).opens_at == opens_utc


@pytest.mark.req("AMB-A-6")
def test_1_1_holiday_due_is_wall_clock_after_daylight_saving_ended() -> None:
    assert report_week(date(2026, 4, 3), is_working_day).review_due_at == datetime(
        2026, 4, 6, 23, 30, tzinfo=UTC
    )


@pytest.mark.req("AMB-P1-4")
def test_1_1_mailbox_is_polled_every_quarter_of_an_hour_from_the_opening() -> None:
    week = report_week(date(2026, 11, 27), is_working_day)
    assert week.next_poll_at(local(2026, 11, 27, 9)) == week.opens_at
    assert week.next_poll_at(week.opens_at) == local(2026, 11, 27, 11, 45)
    assert week.next_poll_at(local(2026, 11, 27, 11, 52)) == local(2026, 11, 27, 12)
    assert week.next_poll_at(local(2026, 12, 3, 8, 1)) == local(2026, 12, 3, 8, 15)


@pytest.mark.req("A-C1")
@pytest.mark.parametrize("minute", [27, 30, 41])
def test_1_1_report_around_half_past_eleven_belongs_to_its_friday(minute: int) -> None:
    assert nominal_friday(local(2026, 11, 27, 11, minute)) == date(2026, 11, 27)


def test_1_1_most_recent_friday() -> None:
    assert nominal_friday(local(2026, 11, 27, 0)) == date(2026, 11, 27)
    assert nominal_friday(local(2026, 11, 26, 23, 59)) == date(2026, 11, 20)
    assert nominal_friday(datetime(2026, 11, 26, 11, 0, tzinfo=UTC)) == date(2026, 11, 27)
    assert last_opened_friday(local(2026, 11, 27, 11, 29)) == date(2026, 11, 20)
    assert last_opened_friday(local(2026, 11, 27, 11, 30)) == date(2026, 11, 27)
    assert last_opened_friday(local(2026, 11, 30, 8)) == date(2026, 11, 27)


@settings(deadline=None)
@given(FRIDAYS, st.sets(st.integers(0, 30), max_size=20))
def test_1_1_every_friday_opens_first_then_falls_due_on_a_working_day(friday: date, closed: set[int]) -> None:
    def works(day: date) -> bool:
        return day.weekday() < 5 and (day - friday).days not in closed

    week = report_week(friday, works)
    assert last_opened_friday(week.opens_at) == nominal_friday(week.opens_at) == friday
    assert last_opened_friday(week.opens_at - timedelta(seconds=1)) == friday - timedelta(days=7)
    assert week.opens_at < week.alarm_from <= week.review_due_at
    assert works(week.review_due_at.astimezone(PACIFIC_AUCKLAND).date())


@pytest.mark.parametrize(
    ("friday", "works", "message"),
    [
        (date(2026, 11, 26), is_working_day, "not a Friday"),
        (date(2026, 11, 27), lambda _: False, "check the calendar"),
    ],
)
def test_1_1_unusable_arguments_say_what_to_do(
    friday: date, works: Callable[[date], bool], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        report_week(friday, works)


def test_1_1_closing_line() -> None:
    assert closing_line(read=23, resolved=23, waiting_for_corrections=4) == (
        "23 read, 23 resolved, 4 waiting for Corrections"
    )


@pytest.mark.req("AMB-P1-30", "PRV-4")
def test_1_1_run_closes_only_when_every_row_and_print_is_accounted_for() -> None:
    check_may_close(read=23, resolved=23, open_prints=0)
    with pytest.raises(Refused, match="AMB-P1-30: 1 of 23 rows"):
        check_may_close(read=23, resolved=22, open_prints=0)
    with pytest.raises(Refused, match="PRV-4: 2 printed copies"):
        check_may_close(read=23, resolved=23, open_prints=2)
