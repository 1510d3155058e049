"""Days that people added to the calendars."""

from datetime import date, datetime

from sqlalchemy import select

from models.database import Database
from models.tables.mail import CalendarDay
from procedures.tasks import Frozen


class AddedDay(Frozen):
    """An office closure or a one-off holiday."""

    day: date
    calendar: str
    name: str
    added_by: str
    added_at: datetime


async def added_days(database: Database, calendar: str) -> list[AddedDay]:
    """The days added to one calendar, in order."""
    query = select(CalendarDay).where(CalendarDay.calendar == calendar).order_by(CalendarDay.day)
    async with database.transaction() as session:
        return [
            AddedDay(**{name: getattr(row, name) for name in AddedDay.model_fields})
            for row in await session.scalars(query)
        ]
