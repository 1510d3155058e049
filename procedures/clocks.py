"""The clocks of the procedure: five working days to answer, 48 elapsed hours to view, and the Friday report."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict

from procedures.local_time import instant_at, local, local_date, say_date, say_instant, utc
from procedures.parameters import AfterHoursRule, Parameters
from procedures.refusals import Refused
from procedures.steps import step
from procedures.working_days import Calendar, CalendarName, SkippedDay

Instant = Annotated[AwareDatetime, AfterValidator(utc)]
"""An instant, kept in UTC; a naive datetime is refused."""

_END_OF_DAY = time(23, 59, 59)
_ONE_SECOND = timedelta(seconds=1)


class ClockKind(StrEnum):
    """What is waited for."""

    T441_RETURN = "T-441 return"
    T439_RETURN = "T-439 return"
    INFORMATION_RETURN = "information return"
    LETTER_ANSWER = "17-030 answer"


class WorkingDayClock(BaseModel):
    """A clock of n working days, computed once and stored whole: later changes of a calendar never move it (NFR-4)."""

    model_config = ConfigDict(frozen=True)

    kind: ClockKind
    calendar_name: CalendarName
    calendar_version: str
    after_hours_rule: AfterHoursRule
    accepted_at: Instant
    """When the secure-mail gateway accepted the message."""
    day0: date
    """Local date; never counted."""
    counted: tuple[date, ...]
    skipped: tuple[SkippedDay, ...]
    """Days not counted, up to the day on which the letter may go."""
    due_at: Instant
    """Last second of the last counted day, local."""
    letter_opens_at: Instant
    """When the overdue action becomes possible: the opening of the working day after the last counted one."""
    unread_limit_at: Instant
    """How long a return that nobody has read holds the letter back before the manager is asked (AMB-P1-29)."""

    @property
    def due_day_opens_at(self) -> datetime:
        """09:00 local on the due day: what the letter still needs is asked for by then (PRV-6)."""
        return instant_at(self.counted[-1], local(self.letter_opens_at).time())

    def letter_may_go(self, now: datetime) -> bool:
        """True from the opening of the working day after the due date."""
        return now >= self.letter_opens_at

    def explain(self) -> list[str]:
        """Day by day, one sentence each, for people."""
        lines = [self._day0_line()]
        numbers = {day: number for number, day in enumerate(self.counted, start=1)}
        reasons = {skipped.day: skipped.reason for skipped in self.skipped}
        for day in _days(self.day0, local_date(self.letter_opens_at)):
            if day in numbers:
                lines.append(f"{say_date(day)}: working day {numbers[day]}.")
            elif day in reasons:
                lines.append(f"{say_date(day)}: not counted, {reasons[day]}.")
        lines.append(f"Due by the end of {say_date(self.counted[-1])}.")
        lines.append(f"From {say_instant(self.letter_opens_at)} it is overdue and can be acted on.")
        lines.append(f"Calendar {self.calendar_name} ({self.calendar_version}).")
        return lines

    def _day0_line(self) -> str:
        opening = f"{say_date(self.day0)}: day 0, never counted; the gateway accepted the mail"
        if self.day0 == local_date(self.accepted_at):
            return f"{opening} at {local(self.accepted_at):%H:%M}."
        return f"{opening} after hours, {say_instant(self.accepted_at)}."


def _days(after: date, before: date) -> Iterator[date]:
    day = after + timedelta(days=1)
    while day < before:
        yield day
        day += timedelta(days=1)


def _day0(accepted_at: datetime, calendar: Calendar, parameters: Parameters) -> date:
    there = local(accepted_at)
    day = there.date()
    match parameters.after_hours_rule:
        case AfterHoursRule.SAME_DAY:
            return day
        case AfterHoursRule.NEXT_WORKING_DAY:
            late = there.time() > parameters.after_hours_from
            return calendar.next_working_day(day) if late else calendar.working_day_on_or_after(day)


@step("1.6")
def working_day_clock(
    kind: ClockKind,
    accepted_at: datetime,
    calendar: Calendar,
    *,
    days: int | None = None,
    parameters: Parameters | None = None,
) -> WorkingDayClock:
    """Clock of `days` working days (policy: five) from the gateway's acceptance, CLK-5WD and AMB-P1-1.

    Raises ValueError for a naive instant, CalendarOutOfRange outside the calendar's checked years.
    """
    policy = parameters or Parameters()
    usual = policy.letter_answer_days if kind is ClockKind.LETTER_ANSWER else policy.return_days
    n = usual if days is None else days
    day0 = _day0(accepted_at, calendar, policy)
    found = calendar.working_days_after(day0, n + 1)
    due_day, letter_day = found.counted[-2], found.last
    return WorkingDayClock(
        kind=kind,
        calendar_name=calendar.name,
        calendar_version=calendar.version,
        after_hours_rule=policy.after_hours_rule,
        accepted_at=accepted_at,
        day0=day0,
        counted=found.counted[:-1],
        skipped=found.skipped,
        due_at=instant_at(due_day, _END_OF_DAY),
        letter_opens_at=instant_at(letter_day, policy.letter_opens),
        unread_limit_at=instant_at(letter_day, policy.unread_return_limit),
    )


def on_time(received_at: datetime, clock: WorkingDayClock) -> bool:
    """True when a complete form reached the mailbox by the end of the due day; the last second belongs to the day."""
    return received_at < clock.due_at + _ONE_SECOND


def reminder_days(day0: date, numbers: Iterable[int], calendar: Calendar) -> tuple[date, ...]:
    """The local dates that are working day number `n` after `day0`, for each n: reminders and escalations."""
    wanted = tuple(numbers)
    counted = calendar.working_days_after(day0, max(wanted)).counted
    return tuple(counted[number - 1] for number in wanted)


def opening_of(day: date, parameters: Parameters | None = None) -> datetime:
    """When work on that day begins (policy: 09:00 local), as an instant."""
    return instant_at(day, (parameters or Parameters()).letter_opens)


class ViewingWindow(BaseModel):
    """Elapsed hours from the end of the call in which Corrections agreed; nights, weekends, holidays included."""

    model_config = ConfigDict(frozen=True)

    call_ended_at: Instant
    closes_at: Instant

    def check_appointment(self, starts_at: datetime) -> None:
        """Raises Refused("P3.S4.a3") when the appointment starts before the call ended or after the window closes."""
        if starts_at < self.call_ended_at:
            raise Refused("P3.S4.a3", "The appointment must lie after the phone call with Corrections.")
        if starts_at > self.closes_at:
            raise Refused(
                "P3.S4.a3",
                f"The viewing must start by {say_instant(self.closes_at)}; phone Corrections again for a new window.",
            )


@step("3.4")
def viewing_window(call_ended_at: datetime, parameters: Parameters | None = None) -> ViewingWindow:
    """Window of 48 elapsed hours from the end of the call, computed on instants (AMB-P3-4)."""
    ended = utc(call_ended_at)
    return ViewingWindow(call_ended_at=ended, closes_at=ended + (parameters or Parameters()).viewing_hours)


class FridayTimes(BaseModel):
    """When a Friday's run opens, when its human task is due and from when a missing report may be asked about."""

    model_config = ConfigDict(frozen=True)

    friday: date
    opens_at: Instant
    task_due_at: Instant
    missing_from: Instant


@step("1.1")
def friday_times(friday: date, calendar: Calendar, parameters: Parameters | None = None) -> FridayTimes:
    """Times of one Friday. On a closed Friday the run still opens; task and alarm move to 11:30 of the next working day.

    Raises ValueError when the date is not a Friday (P1.N2, AMB-P1-3, AMB-P1-4).
    """
    if friday.weekday() != 4:
        raise ValueError(f"{friday} is not a Friday.")
    policy = parameters or Parameters()
    opens_at = instant_at(friday, policy.report_expected)
    if calendar.is_working_day(friday):
        task_due_at = instant_at(friday, policy.report_review_by)
        missing_from = instant_at(friday, policy.report_missing_from)
    else:
        task_due_at = missing_from = instant_at(calendar.next_working_day(friday), policy.report_expected)
    return FridayTimes(friday=friday, opens_at=opens_at, task_due_at=task_due_at, missing_from=missing_from)
