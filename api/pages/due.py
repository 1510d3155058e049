"""Due instants in words, counted by the calendar of the procedure; colour never says it alone."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from api.resources import Resources
from procedures.editions import edition_in_force
from procedures.local_time import local, local_date, say_instant
from procedures.working_days import Calendar


class Urgency(StrEnum):
    """How a due instant is marked, beside its words."""

    OVERDUE = "overdue"
    TODAY = "today"
    SOON = "soon"
    LATER = "later"
    NONE = "none"


@dataclass(frozen=True)
class Due:
    """A due instant in words, with the whole date and local time beside it."""

    words: str
    urgency: Urgency
    local: str | None


class DueWords:
    """Says due instants as of one instant."""

    def __init__(self, calendar: Calendar, now: datetime) -> None:
        self._calendar, self._now = calendar, now

    def say(self, due_at: datetime | None) -> Due:
        """Such as `due today, 17:00`, `2 working days left`, `overdue by 1 working day`."""
        if due_at is None:
            return Due("no due date", Urgency.NONE, None)
        today, day = local_date(self._now), local_date(due_at)
        if due_at < self._now:
            return Due(self._overdue(day, today, due_at), Urgency.OVERDUE, say_instant(due_at))
        if day == today:
            return Due(f"due today, {local(due_at):%H:%M}", Urgency.TODAY, say_instant(due_at))
        left = self._working_days(today, day)
        words = "due before the next working day" if left == 0 else f"{_days(left)} left"
        return Due(words, Urgency.SOON if left <= 1 else Urgency.LATER, say_instant(due_at))

    def _overdue(self, day: date, today: date, due_at: datetime) -> str:
        if day == today:
            return f"overdue since {local(due_at):%H:%M} today"
        late = self._working_days(day, today)
        return f"overdue by {_days(late)}" if late else "overdue, no working day since"

    def _working_days(self, after: date, until: date) -> int:
        """Working days after one day, up to and with another."""
        days = range(1, (until - after).days + 1)
        return sum(self._calendar.is_working_day(after + timedelta(days=n)) for n in days)


def _days(number: int) -> str:
    return "1 working day" if number == 1 else f"{number} working days"


async def due_words(resources: Resources) -> DueWords:
    """By the calendar of the edition in force, with the days added to it."""
    calendar = await resources.deadlines.calendar(edition_in_force(resources.clock()).parameters.calendar)
    return DueWords(calendar, resources.clock())
