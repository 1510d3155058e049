"""Days added to a calendar: office closures and one-off holidays. No running clock moves by itself (CAL-NZ-11)."""

from datetime import datetime

from sqlalchemy.dialects.postgresql import insert

from activities.audit import write_audit
from activities.deadlines import Deadlines
from models.database import Database
from models.queries.cases import case
from models.queries.clocks import ClockRecord, running_clocks
from models.tables.mail import CalendarDay
from procedures.clocks import WorkingDayClock, working_day_clock
from procedures.editions import parameters_for
from procedures.refusals import Refused
from procedures.tasks import By, Frozen
from procedures.working_days import Calendar, CalendarName, ExtraDay


class TouchedClock(Frozen):
    """A running clock that would be due later, were it counted again with the day."""

    clock_id: str
    case_id: str
    kind: str
    due_at: datetime
    """As it stands, and as it stays (UTC)."""
    would_be_due_at: datetime
    """If a manager has it counted again, with a reason (UTC)."""


async def touched_clocks(
    database: Database, deadlines: Deadlines, extra: ExtraDay, name: CalendarName
) -> list[TouchedClock]:
    """The running clocks of this calendar that the day lies in, the first due first. Changes nothing."""
    held = await deadlines.calendar(name)
    calendar = Calendar(name=name, extra_days=tuple({*held.extra_days, extra}))
    found = []
    for clock in await running_clocks(database, name.value):
        again = await _counted_again(database, clock, calendar)
        if again.due_at != clock.due_at:
            found.append(
                TouchedClock(
                    clock_id=clock.clock_id,
                    case_id=clock.case_id,
                    kind=clock.kind,
                    due_at=clock.due_at,
                    would_be_due_at=again.due_at,
                )
            )
    return found


async def _counted_again(database: Database, clock: ClockRecord, calendar: Calendar) -> WorkingDayClock:
    old = WorkingDayClock.model_validate(clock.detail)
    of_case = await case(database, clock.case_id)
    assert of_case is not None, "a clock belongs to a case"
    return working_day_clock(
        old.kind,
        old.accepted_at,
        calendar,
        days=len(old.counted),
        parameters=parameters_for(of_case.edition),
    )


async def check_day(deadlines: Deadlines, extra: ExtraDay, name: CalendarName) -> None:
    """Raises Refused when the day is closed anyway, CalendarOutOfRange outside the checked years."""
    closed = (await deadlines.calendar(name)).why_closed(extra.day)
    if closed is not None and closed != extra.reason:
        raise Refused("CAL-NZ-11", f"the day is no working day already: {closed}")


async def add_day(database: Database, extra: ExtraDay, name: CalendarName, *, by: By, at: datetime) -> bool:
    """Add a day for the clocks that start from now on. False when it is there already."""
    async with database.transaction() as session:
        new = await session.scalar(
            insert(CalendarDay)
            .values(day=extra.day, calendar=name.value, name=extra.reason, added_by=by.subject, added_at=at)
            .on_conflict_do_nothing()
            .returning(CalendarDay.day)
        )
        if new is None:
            return False
        await write_audit(
            session,
            by=by,
            at=at,
            action="calendar day added",
            subject=f"{name.value}/{extra.day.isoformat()}",
            rule="CAL-NZ-11",
        )
    return True
