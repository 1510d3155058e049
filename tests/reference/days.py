"""Working days as the catalogue has them (CAL-NZ-1 to 6), counted without the product's calendars."""

from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from dateutil.easter import easter

ZONE = ZoneInfo("Pacific/Auckland")
_MATARIKI = {
    2026: (7, 10), 2027: (6, 25), 2028: (7, 14), 2029: (7, 6), 2030: (6, 21), 2031: (7, 11), 2032: (7, 2), 2033: (6, 24),
    2034: (7, 7), 2035: (6, 29),
}  # fmt: skip
"""Fixed by statute; the years in which sequences are played."""


@cache
def holidays(year: int) -> frozenset[date]:
    """The days of the year on which offices are closed beside Saturdays and Sundays."""
    sunday = easter(year)
    queue = _nth_monday(year, 6, 1), _nth_monday(year, 10, 4)
    on_weekdays = (_monday_after(date(year, 2, 6)), _monday_after(date(year, 4, 25)))
    pairs = (date(year, 1, 1), date(year, 1, 2), date(year, 12, 25), date(year, 12, 26))
    return frozenset(
        (
            sunday - timedelta(days=2),
            sunday + timedelta(days=1),
            *queue,
            *on_weekdays,
            date(year, *_MATARIKI[year]),
            *(_after_the_weekend(day) for day in pairs),
        )
    )


def working(day: date) -> bool:
    """A day that counts."""
    return day.weekday() < 5 and day not in holidays(day.year)


def nth_after(day: date, count: int) -> date:
    """The working day with this number; the day itself is day 0 and never counts."""
    while count:
        day += timedelta(days=1)
        count -= working(day)
    return day


def at(day: date, hour: int, minute: int = 0) -> datetime:
    """This local time as an instant (UTC)."""
    return datetime.combine(day, time(hour, minute), ZONE).astimezone(UTC)


def day_of(instant: datetime) -> date:
    """The local date."""
    return instant.astimezone(ZONE).date()


def friday_of(instant: datetime) -> date:
    """The Friday whose report the week of this instant works on."""
    day = day_of(instant)
    return day - timedelta(days=(day.weekday() - 4) % 7)


def _nth_monday(year: int, month: int, number: int) -> date:
    first = date(year, month, 1)
    return first + timedelta(days=(-first.weekday()) % 7 + 7 * (number - 1))


def _monday_after(day: date) -> date:
    return day + timedelta(days={5: 2, 6: 1}.get(day.weekday(), 0))


def _after_the_weekend(day: date) -> date:
    """Saturday to Monday, Sunday to Tuesday: Monday is the partner's."""
    return day + timedelta(days=2 if day.weekday() >= 5 else 0)
