"""A clock as month calendars: each day counted or not, and why, from what was stored with the clock."""

from calendar import Calendar
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from procedures.clocks import WorkingDayClock
from procedures.local_time import local, local_date, say_date

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


class DayKind(StrEnum):
    """How a day stands in the count."""

    PLAIN = "plain"
    DAY0 = "day0"
    COUNTED = "counted"
    DUE = "due"
    SKIPPED = "skipped"
    ACTS = "acts"
    """The day on which the overdue action becomes possible."""


@dataclass(frozen=True)
class DayCell:
    """One day of the calendar; the words say it, the colour repeats it."""

    day: date
    kind: DayKind
    words: str
    today: bool


@dataclass(frozen=True)
class Month:
    """One month by weeks that begin on Monday; None for a place outside the month."""

    title: str
    weeks: list[list[DayCell | None]]


def months_of(clock: WorkingDayClock, today: date) -> list[Month]:
    """The months from day 0 to the day of the overdue action, both included."""
    said = _said(clock)
    first, last = min(said), max(said)
    found, year, month = [], first.year, first.month
    while (year, month) <= (last.year, last.month):
        found.append(_month(year, month, said, today))
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)
    return found


def _said(clock: WorkingDayClock) -> dict[date, tuple[DayKind, str]]:
    said = {one.day: (DayKind.SKIPPED, f"Not counted: {one.reason}") for one in clock.skipped}
    for number, day in enumerate(clock.counted, start=1):
        said[day] = (DayKind.COUNTED, f"Working day {number}")
    due = clock.counted[-1]
    said[due] = (DayKind.DUE, f"Working day {len(clock.counted)}: due by the end of this day")
    opens = local(clock.letter_opens_at)
    said[opens.date()] = (DayKind.ACTS, f"Overdue: can be acted on from {opens:%H:%M}")
    said[clock.day0] = (DayKind.DAY0, _day0_words(clock))
    return said


def _day0_words(clock: WorkingDayClock) -> str:
    """Day 0 carries the gateway's word, also when that came the evening before."""
    accepted = local(clock.accepted_at)
    when = (
        f"at {accepted:%H:%M}" if local_date(clock.accepted_at) == clock.day0 else say_date(accepted.date())
    )
    return f"Day 0, never counted: accepted {when}"


def _month(year: int, month: int, said: dict[date, tuple[DayKind, str]], today: date) -> Month:
    weeks = [
        [_cell(day, said, today) if day.month == month else None for day in week]
        for week in Calendar().monthdatescalendar(year, month)
    ]
    first = date(year, month, 1)
    return Month(" ".join(say_date(first).split()[2:]), weeks)


def _cell(day: date, said: dict[date, tuple[DayKind, str]], today: date) -> DayCell:
    kind, words = said.get(day, (DayKind.PLAIN, ""))
    return DayCell(day, kind, words, day == today)
