"""Local time: Pacific/Auckland, both daylight-saving changes, and dates as people read them."""

from datetime import UTC, date, datetime, time

import pytest

from procedures.local_time import Repeated, instant_at, local_date, say_date, say_instant
from procedures.refusals import Refused


@pytest.mark.req("CAL-NZ-10", "AMB-A-6")
@pytest.mark.parametrize(
    ("day", "at", "instant"),
    [
        (date(2026, 4, 3), time(11, 30), datetime(2026, 4, 2, 22, 30, tzinfo=UTC)),  # NZDT, +13
        (date(2026, 4, 10), time(11, 30), datetime(2026, 4, 9, 23, 30, tzinfo=UTC)),  # NZST, +12
        (date(2026, 9, 25), time(11, 30), datetime(2026, 9, 24, 23, 30, tzinfo=UTC)),
        (date(2026, 10, 2), time(11, 30), datetime(2026, 10, 1, 22, 30, tzinfo=UTC)),
        (date(2027, 4, 2), time(11, 30), datetime(2027, 4, 1, 22, 30, tzinfo=UTC)),
        (date(2027, 4, 9), time(11, 30), datetime(2027, 4, 8, 23, 30, tzinfo=UTC)),
        (date(2027, 9, 24), time(11, 30), datetime(2027, 9, 23, 23, 30, tzinfo=UTC)),
        (date(2027, 10, 1), time(11, 30), datetime(2027, 9, 30, 22, 30, tzinfo=UTC)),
    ],
)
def test_c_wall_clock_on_both_sides_of_daylight_saving(day: date, at: time, instant: datetime) -> None:
    assert instant_at(day, at) == instant
    assert local_date(instant) == day


@pytest.mark.req("CAL-NZ-10")
@pytest.mark.parametrize("day", [date(2026, 9, 27), date(2027, 9, 26)])
def test_a_time_that_is_skipped_is_refused(day: date) -> None:
    with pytest.raises(Refused) as refused:
        instant_at(day, time(2, 30), repeated=Repeated.FIRST)
    assert refused.value.rule == "CAL-NZ-10"
    assert instant_at(day, time(3, 0)) == datetime(day.year, 9, day.day - 1, 14, 0, tzinfo=UTC)


@pytest.mark.req("CAL-NZ-10")
@pytest.mark.parametrize("day", [date(2026, 4, 5), date(2027, 4, 4)])
def test_a_time_that_occurs_twice_must_be_named(day: date) -> None:
    with pytest.raises(Refused) as refused:
        instant_at(day, time(2, 30))
    assert refused.value.rule == "CAL-NZ-10"
    first = instant_at(day, time(2, 30), repeated=Repeated.FIRST)
    second = instant_at(day, time(2, 30), repeated=Repeated.SECOND)
    assert first == datetime(day.year, 4, day.day - 1, 13, 30, tzinfo=UTC)
    assert (second - first).total_seconds() == 3600


def test_local_date_is_that_of_auckland_not_of_utc() -> None:
    assert local_date(datetime(2026, 11, 30, 11, 0, tzinfo=UTC)) == date(2026, 12, 1)
    assert local_date(datetime(2026, 11, 30, 10, 59, tzinfo=UTC)) == date(2026, 11, 30)


def test_dates_for_people() -> None:
    assert say_date(date(2026, 12, 1)) == "Tuesday 1 December 2026"
    assert say_instant(datetime(2026, 11, 30, 20, 0, tzinfo=UTC)) == "Tuesday 1 December 2026, 09:00"


def test_a_naive_datetime_is_no_instant() -> None:
    with pytest.raises(ValueError, match="time zone"):
        local_date(datetime(2026, 12, 1, 9, 0))
