"""Who is away: an absence gives the person's claimed tasks back to their queues at its start (AMB-X-2)."""

from dataclasses import dataclass
from datetime import date, datetime, time

from sqlalchemy import and_, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from activities.audit import write_audit
from models.database import Database
from models.tables.case import Absence, Task
from procedures.local_time import instant_at
from procedures.tasks import SYSTEM, By

_DAY_ENDS = time(23, 59, 59)


@dataclass(frozen=True)
class NewAbsence:
    """Whole local days, the last one included."""

    absence_id: str
    subject: str
    first_day: date
    last_day: date
    cover: str | None = None
    """Who covers, if that is known; a regional colleague, then the manager (AMB-P1-18)."""


async def record_absence(database: Database, new: NewAbsence, *, by: By, at: datetime) -> bool:
    """Write it down, and give the person's tasks back if it has begun. False when one from this day on is known."""
    starts_at = instant_at(new.first_day, time(0))
    async with database.transaction() as session:
        known = await session.scalar(
            insert(Absence)
            .values(
                absence_id=new.absence_id,
                subject=new.subject,
                first_day=starts_at,
                last_day=instant_at(new.last_day, _DAY_ENDS),
                cover=new.cover,
                recorded_by=by.subject,
                recorded_at=at,
            )
            .on_conflict_do_nothing()
            .returning(Absence.absence_id)
        )
        if known is None:
            return False
        await write_audit(
            session,
            by=by,
            at=at,
            action="absence recorded",
            subject=new.absence_id,
            rule="AMB-X-2",
            detail={"absent": new.subject, "from": new.first_day.isoformat(), "to": new.last_day.isoformat()},
            business_key=f"absence/{new.absence_id}",
        )
        await _release(session, at, by)
    return True


async def release_of_absent(database: Database, at: datetime) -> int:
    """The sweep: give back what absent people claimed before they went. Returns how many tasks."""
    async with database.transaction() as session:
        return await _release(session, at, SYSTEM)


async def _release(session: AsyncSession, at: datetime, by: By) -> int:
    """What somebody claims in spite of an absence they know of is left to them."""
    went_at = func.greatest(Absence.first_day, Absence.recorded_at)
    away = (
        select(Absence.absence_id)
        .where(
            and_(
                Absence.subject == Task.claimed_by,
                Absence.first_day <= at,
                Absence.last_day >= at,
                Task.claimed_at <= went_at,
            )
        )
        .exists()
    )
    rows = (
        await session.execute(
            update(Task)
            .where(Task.state == "open", away)
            .values(claimed_by=None, claimed_by_name=None, claimed_at=None, version=Task.version + 1)
            .returning(Task.task_id, Task.case_id)
        )
    ).all()
    for task_id, case_id in rows:
        await write_audit(
            session,
            by=by,
            at=at,
            action="task released",
            case_id=case_id,
            subject=task_id,
            rule="AMB-X-2",
            detail={"reason": "absent"},
        )
    return len(rows)
