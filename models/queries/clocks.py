"""Clocks as they were set: never recomputed when they are read (NFR-4)."""

from datetime import datetime
from typing import Any

from sqlalchemy import select

from models.database import Database
from models.tables.mail import Clock
from procedures.tasks import Frozen


class ClockRecord(Frozen):
    """A deadline as it stands in the record."""

    clock_id: str
    case_id: str
    mail_id: str | None
    kind: str
    calendar: str
    calendar_version: str
    started_at: datetime
    due_at: datetime
    acts_at: datetime
    detail: dict[str, Any]
    stopped_at: datetime | None
    stop_reason: str | None
    supersedes: str | None
    reason: str | None
    set_by: str | None


async def clocks_of_case(database: Database, case_id: str) -> list[ClockRecord]:
    """Every clock of a case, also those that were stopped or replaced, in the order they were set."""
    query = select(Clock).where(Clock.case_id == case_id).order_by(Clock.started_at, Clock.clock_id)
    async with database.transaction() as session:
        return [_record(row) for row in await session.scalars(query)]


async def running_clocks(database: Database, calendar: str) -> list[ClockRecord]:
    """Every clock that runs by this calendar, the first due first."""
    query = select(Clock).where(Clock.calendar == calendar, Clock.stopped_at.is_(None))
    async with database.transaction() as session:
        return [_record(row) for row in await session.scalars(query.order_by(Clock.due_at, Clock.clock_id))]


def _record(row: Clock) -> ClockRecord:
    return ClockRecord(**{name: getattr(row, name) for name in ClockRecord.model_fields})
