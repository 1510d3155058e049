"""Instants that depend on the calendar: computed here once, from a version of the calendar that is stored with them."""

from datetime import date, datetime

from sqlalchemy import select
from temporalio import activity

from models.database import Database
from models.tables.mail import CalendarDay, Clock
from procedures.clocks import ClockKind, WorkingDayClock, opening_of, reminder_days, working_day_clock
from procedures.editions import parameters_for
from procedures.local_time import local_date
from procedures.report_week import report_week
from procedures.tasks import Frozen
from procedures.working_days import Calendar, CalendarName, ExtraDay


class CallLadder(Frozen):
    """When others come in after a first call that reached nobody (UTC)."""

    service_manager_at: datetime
    manager_at: datetime


class WeekTimes(Frozen):
    """The times of one Friday run (UTC)."""

    friday: date
    opens_at: datetime
    review_due_at: datetime
    alarm_from: datetime


class Deadlines:
    """Reads the calendar's extra days and counts; takes the instant it counts from as an argument."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def calendar(self, name: CalendarName) -> Calendar:
        """The named calendar with the days added to it."""
        async with self._database.transaction() as session:
            days = await session.scalars(select(CalendarDay).where(CalendarDay.calendar == name.value))
            return Calendar(name=name, extra_days=tuple(ExtraDay(day.day, day.name) for day in days))

    @activity.defn
    async def call_ladder(self, attempted_at: datetime, edition: str) -> CallLadder:
        """Service manager after two, manager after five working days from the first attempt (AMB-P1-28)."""
        parameters = parameters_for(edition)
        calendar = await self.calendar(parameters.calendar)
        wanted = (parameters.call_service_manager_days, parameters.call_manager_days)
        first, second = reminder_days(local_date(attempted_at), wanted, calendar)
        return CallLadder(
            service_manager_at=opening_of(first, parameters), manager_at=opening_of(second, parameters)
        )

    @activity.defn
    async def form_clock(
        self, kind: ClockKind, accepted_at: datetime, calendar: str | None, edition: str, days: int | None
    ) -> WorkingDayClock:
        """Five working days from the gateway's acceptance, by the calendar of the contact's office (CLK-5WD)."""
        parameters = parameters_for(edition)
        named = await self.calendar(CalendarName(calendar) if calendar else parameters.calendar)
        return working_day_clock(kind, accepted_at, named, days=days, parameters=parameters)

    @activity.defn
    async def count_again(self, clock_id: str, days: int | None, edition: str) -> WorkingDayClock:
        """The stored clock counted again from its own day 0, with more days or today's calendar (CAL-NZ-11)."""
        async with self._database.transaction() as session:
            held = await session.get_one(Clock, clock_id)
        old = WorkingDayClock.model_validate(held.detail)
        return await self.form_clock(
            old.kind, old.accepted_at, old.calendar_name.value, edition, days or len(old.counted)
        )

    @activity.defn
    async def next_reminder(self, now: datetime, edition: str) -> datetime:
        """Every five working days, at the opening of the day (AMB-P1-10)."""
        parameters = parameters_for(edition)
        calendar = await self.calendar(parameters.calendar)
        (day,) = reminder_days(local_date(now), (parameters.reminder_every_days,), calendar)
        return opening_of(day, parameters)

    @activity.defn
    async def week_times(self, friday: date, edition: str) -> WeekTimes:
        """When the run opens, when its review is due and from when a missing report may be reported."""
        calendar = await self.calendar(parameters_for(edition).calendar)
        week = report_week(friday, calendar.is_working_day)
        return WeekTimes(
            friday=friday,
            opens_at=week.opens_at,
            review_due_at=week.review_due_at,
            alarm_from=week.alarm_from,
        )
