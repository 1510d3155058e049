"""Who is away and who works here."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import func, select

from models.database import Database
from models.tables.case import Absence, StaffMember
from procedures.tasks import Frozen


class AbsenceRecord(Frozen):
    """Somebody is away from the first instant to the last (UTC), whole local days."""

    absence_id: str
    subject: str
    first_day: datetime
    last_day: datetime
    cover: str | None
    recorded_by: str
    recorded_at: datetime


async def absences(database: Database, *, ending_from: datetime) -> list[AbsenceRecord]:
    """Absences that are not over at this instant, the first to begin first."""
    query = select(Absence).where(Absence.last_day >= ending_from)
    async with database.transaction() as session:
        rows = await session.scalars(query.order_by(Absence.first_day, Absence.absence_id))
        return [_record(row) for row in rows]


async def absence_from(database: Database, subject: str, first_day: datetime) -> AbsenceRecord | None:
    """The absence of a person that begins at this instant, or None."""
    query = select(Absence).where(Absence.subject == subject, Absence.first_day == first_day)
    async with database.transaction() as session:
        row = await session.scalar(query)
        return _record(row) if row else None


async def works_here(database: Database, subject: str) -> bool:
    """Whether this is an active member of staff."""
    query = select(StaffMember.subject).where(StaffMember.subject == subject, StaffMember.active).limit(1)
    async with database.transaction() as session:
        return await session.scalar(query) is not None


async def away_now(database: Database, at: datetime) -> dict[str, datetime]:
    """Who is away at an instant (UTC), and until when."""
    query = select(Absence.subject, func.max(Absence.last_day)).where(
        Absence.first_day <= at, Absence.last_day >= at
    )
    async with database.transaction() as session:
        rows = await session.execute(query.group_by(Absence.subject))
        return {subject: until for subject, until in rows.all()}


async def staff_of(database: Database, regions: Iterable[str]) -> frozenset[str]:
    """Subjects of the active staff of these regions."""
    query = select(StaffMember.subject).where(StaffMember.region.in_(sorted(regions)), StaffMember.active)
    async with database.transaction() as session:
        return frozenset(await session.scalars(query))


def _record(row: Absence) -> AbsenceRecord:
    return AbsenceRecord(**{name: getattr(row, name) for name in AbsenceRecord.model_fields})
