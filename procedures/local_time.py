"""Wall clock of the procedure: Pacific/Auckland, how a date is said to people, and the two days a year it jumps."""

from datetime import UTC, date, datetime, time
from enum import StrEnum
from zoneinfo import ZoneInfo

from procedures.refusals import Refused
from procedures.steps import step

ZONE = ZoneInfo("Pacific/Auckland")

_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip


class Repeated(StrEnum):
    """Which of two instants is meant when a wall-clock time occurs twice (end of daylight saving)."""

    REFUSE = "refuse"
    FIRST = "first"
    SECOND = "second"


def _aware(instant: datetime) -> datetime:
    if instant.tzinfo is None:
        raise ValueError("An instant needs a time zone; a naive datetime names no instant.")
    return instant


def local(instant: datetime) -> datetime:
    """The instant on the local wall clock. Raises ValueError for a naive datetime."""
    return _aware(instant).astimezone(ZONE)


def utc(instant: datetime) -> datetime:
    """The instant in UTC. Raises ValueError for a naive datetime."""
    return _aware(instant).astimezone(UTC)


def local_date(instant: datetime) -> date:
    """The local date on which an instant falls. Raises ValueError for a naive datetime."""
    return local(instant).date()


@step("C")
def instant_at(day: date, at: time, *, repeated: Repeated = Repeated.REFUSE) -> datetime:
    """The UTC instant at which the local wall clock shows `day` and `at`, on both sides of daylight saving (AMB-A-6).

    Raises Refused("CAL-NZ-10") for a time that is skipped (clocks go forward) and, unless `repeated` says which one
    is meant, for a time that occurs twice (clocks go back).
    """
    first = datetime.combine(day, at, tzinfo=ZONE).replace(fold=0)
    second = first.replace(fold=1)
    if first.utcoffset() == second.utcoffset():
        return first.astimezone(UTC)
    if first.astimezone(UTC).astimezone(ZONE).replace(tzinfo=None) != first.replace(tzinfo=None):
        raise Refused(
            "CAL-NZ-10",
            f"{at:%H:%M} does not exist on {say_date(day)}: clocks go forward. Name another time.",
        )
    match repeated:
        case Repeated.FIRST:
            return first.astimezone(UTC)
        case Repeated.SECOND:
            return second.astimezone(UTC)
        case Repeated.REFUSE:
            raise Refused(
                "CAL-NZ-10",
                f"{at:%H:%M} occurs twice on {say_date(day)}: say whether the first or the second.",
            )


def say_date(day: date) -> str:
    """A date for people: Tuesday 1 December 2026."""
    return f"{_DAYS[day.weekday()]} {day.day} {_MONTHS[day.month - 1]} {day.year}"


def say_instant(instant: datetime) -> str:
    """An instant for people, in local time: Tuesday 1 December 2026, 09:00. Raises ValueError for a naive datetime."""
    there = local(instant)
    return f"{say_date(there.date())}, {there:%H:%M}"
