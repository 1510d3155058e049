"""Days and times as people write them: `Wednesday 23 December 2026 10:30`, `2026-12-23 10:30`, `5 working days`."""

import re
from collections.abc import Callable
from datetime import date, datetime, time, timedelta

from procedures.local_time import instant_at, local, local_date
from procedures.refusals import Refused
from procedures.working_days import Calendar

_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July",
    "August", "September", "October", "November", "December",
)  # fmt: skip
_LONG = re.compile(
    r"(?:(?P<weekday>[A-Za-z]+day),? )?(?P<day>\d{1,2}) (?P<month>[A-Za-z]+) (?P<year>\d{4})(?P<rest>.*)"
)
_SHORT = re.compile(r"(?P<day>\d{4}-\d\d-\d\d)(?P<rest>.*)")
_TIME = re.compile(r"(?:,|,? at|T)? ?(?P<hour>\d{1,2}):(?P<minute>\d\d)")
_LATER = re.compile(
    r"(?P<count>\d+) (?P<unit>minute|hour|day|week|working day)s?(?: at (?P<time>\d{1,2}:\d\d))?"
)
EXAMPLE = "Wednesday 23 December 2026 10:30"


def moment(text: str) -> datetime:
    """An instant (UTC) from a local day and time. Raises ValueError that says what to write."""
    words = " ".join(text.split())
    if found := _LONG.fullmatch(words):
        day = _day(found)
    elif found := _SHORT.fullmatch(words):
        day = _iso(found["day"])
    else:
        raise ValueError(f"{text!r} is no day and time: write it as in {EXAMPLE}")
    at = _TIME.fullmatch(found["rest"])
    if at is None:
        raise ValueError(f"{text!r} needs a time of day after the date, as in {EXAMPLE}")
    try:
        return instant_at(day, _clock_time(f"{at['hour']}:{at['minute']}"))
    except Refused as refused:
        raise ValueError(refused.reason) from None


def later(text: str) -> Callable[[datetime, Calendar], datetime]:
    """What `5 working days`, `2 weeks at 09:00` or `30 minutes` comes to, counted from an instant (UTC).

    Working days are counted as the procedure counts them: today is day 0. Raises ValueError that says what to write.
    """
    found = _LATER.fullmatch(" ".join(text.split()))
    if found is None:
        raise ValueError(
            f"{text!r} is no length of time: write it as in 5 working days, 2 weeks at 09:00 or 30 minutes"
        )
    count, unit = int(found["count"]), found["unit"]
    at = _clock_time(found["time"]) if found["time"] else None
    if at is not None and unit in ("minute", "hour"):
        raise ValueError(f"{text!r}: a time of day goes with days, weeks or working days")

    def counted(now: datetime, calendar: Calendar) -> datetime:
        if unit in ("minute", "hour"):
            return now + timedelta(**{f"{unit}s": count})
        today = local_date(now)
        if unit == "working day":
            day = calendar.working_days_after(today, count).last
        else:
            day = today + timedelta(days=count * (7 if unit == "week" else 1))
        return instant_at(day, at or local(now).time().replace(second=0, microsecond=0))

    return counted


def _day(found: re.Match[str]) -> date:
    month = found["month"].capitalize()
    if month not in _MONTHS:
        raise ValueError(f"{found['month']!r} is no month: write it as in {EXAMPLE}")
    day = _iso(f"{found['year']}-{_MONTHS.index(month) + 1:02}-{int(found['day']):02}")
    weekday = found["weekday"]
    if weekday and weekday.capitalize() != f"{day:%A}":
        raise ValueError(f"{day.day} {month} {day.year} is a {day:%A}, not a {weekday}")
    return day


def _iso(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError(f"there is no such day as {text}") from None


def _clock_time(text: str) -> time:
    hour, minute = map(int, text.split(":"))
    if hour > 23 or minute > 59:
        raise ValueError(f"{text} is no time of day")
    return time(hour, minute)
