"""Step 1.1 and Appendix C: the times of one Friday run, Pacific/Auckland wall clock on both sides of daylight saving."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from procedures.refusals import Refused
from procedures.steps import step

PACIFIC_AUCKLAND = ZoneInfo("Pacific/Auckland")
REPORT_AVAILABLE = time(11, 30)
REVIEW_BY = time(17, 0)
MISSING_GRACE = timedelta(minutes=30)
POLL_EVERY = timedelta(minutes=15)

_FRIDAY = 4
_LONGEST_CLOSURE = 60

IsWorkingDay = Callable[[date], bool]


@dataclass(frozen=True)
class ReportWeek:
    """The run of one nominal Friday; instants are UTC."""

    friday: date
    opens_at: datetime
    """11:30 local on that Friday, a holiday too, so that no week is lost (P1.S1.1, AMB-P1-3)."""
    review_due_at: datetime
    """Soft target of the review: 17:00 the same day, or 11:30 on the next working day after a holiday (AMB-P1-25)."""
    alarm_from: datetime
    """First instant at which a missing report may be reported: 12:00, or with the review after a holiday (AMB-P1-4)."""

    @property
    def reference(self) -> str:
        """Reference of the run, such as 2026-11-27."""
        return self.friday.isoformat()

    def may_raise_missing_alarm(self, now: datetime) -> bool:
        """True from `alarm_from` on; never before 11:30 (P1.S1.1)."""
        return now >= self.alarm_from

    def next_poll_at(self, now: datetime) -> datetime:
        """The next look into the mailbox after `now`: at the opening, then every 15 elapsed minutes from it."""
        if now < self.opens_at:
            return self.opens_at
        return self.opens_at + ((now - self.opens_at) // POLL_EVERY + 1) * POLL_EVERY


@step("1.1")
def report_week(
    friday: date, is_working_day: IsWorkingDay, *, grace: timedelta = MISSING_GRACE
) -> ReportWeek:
    """The times of the run of one nominal Friday (P1.N2, AMB-P1-3, AMB-P1-4, AMB-A-6).

    `grace` is how long after 11:30 the report may be late without an alarm. Raises ValueError on another weekday.
    """
    if friday.weekday() != _FRIDAY:
        raise ValueError(f"{friday.isoformat()} is not a Friday: name the Friday of the report")
    opens_at = local_instant(friday, REPORT_AVAILABLE)
    if is_working_day(friday):
        return ReportWeek(
            friday, opens_at, local_instant(friday, REVIEW_BY), opens_at + max(grace, timedelta(0))
        )
    resumes_at = local_instant(_next_working_day(friday, is_working_day), REPORT_AVAILABLE)
    return ReportWeek(friday, opens_at, resumes_at, resumes_at)


def nominal_friday(instant: datetime) -> date:
    """The Friday whose week holds the instant: Friday 00:00 local to Thursday midnight.

    A report of 11:27 belongs to its own Friday (A-C1).
    """
    day = instant.astimezone(PACIFIC_AUCKLAND).date()
    return day - timedelta(days=(day.weekday() - _FRIDAY) % 7)


def last_opened_friday(instant: datetime) -> date:
    """The most recent Friday whose run has opened (11:30 local) at the instant."""
    friday = nominal_friday(instant)
    return friday if instant >= local_instant(friday, REPORT_AVAILABLE) else friday - timedelta(days=7)


def closing_line(*, read: int, resolved: int, waiting_for_corrections: int) -> str:
    """The line a run ends with: "23 read, 23 resolved, 4 waiting for Corrections"."""
    return f"{read} read, {resolved} resolved, {waiting_for_corrections} waiting for Corrections"


@step("1.1")
def check_may_close(*, read: int, resolved: int, open_prints: int) -> None:
    """Refuse to close a run with an unresolved row (AMB-P1-30) or a printed copy not destroyed (PRV-4)."""
    if resolved < read:
        raise Refused(
            "AMB-P1-30",
            f"{read - resolved} of {read} rows are unresolved: resolve each before closing the run.",
        )
    if open_prints:
        raise Refused(
            "PRV-4",
            f"{open_prints} printed copies are not accounted for: record how each was destroyed, then close.",
        )


def local_instant(day: date, wall_clock: time) -> datetime:
    """A Pacific/Auckland wall-clock time as a UTC instant."""
    return datetime.combine(day, wall_clock, PACIFIC_AUCKLAND).astimezone(UTC)


def _next_working_day(day: date, is_working_day: IsWorkingDay) -> date:
    for ahead in range(1, _LONGEST_CLOSURE + 1):
        if is_working_day(day + timedelta(days=ahead)):
            return day + timedelta(days=ahead)
    raise ValueError(
        f"no working day within {_LONGEST_CLOSURE} days of {day.isoformat()}: check the calendar"
    )
