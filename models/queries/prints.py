"""Printed copies of a week's report, and how many of them are about."""

from datetime import datetime

from sqlalchemy import func, select

from models.database import Database
from models.tables.print import PrintRecord
from procedures.tasks import Frozen


class PrintedCopy(Frozen):
    """One copy on paper."""

    print_id: str
    run_id: str
    copy_number: int
    printed_by: str
    printed_by_name: str
    printed_at: datetime
    destroyed_by: str | None
    destroyed_by_name: str | None
    destroyed_at: datetime | None
    method: str | None


async def prints_of_run(database: Database, run_id: str) -> list[PrintedCopy]:
    """Every copy of a week, by its number."""
    query = select(PrintRecord).where(PrintRecord.run_id == run_id).order_by(PrintRecord.copy_number)
    async with database.transaction() as session:
        return [_copy(row) for row in await session.scalars(query)]


async def printed_copy(database: Database, print_id: str) -> PrintedCopy | None:
    """One copy, or None."""
    async with database.transaction() as session:
        row = await session.get(PrintRecord, print_id)
        return _copy(row) if row else None


async def open_prints(database: Database, run_id: str) -> int:
    """How many copies have not been destroyed."""
    query = select(func.count(PrintRecord.print_id)).where(
        PrintRecord.run_id == run_id, PrintRecord.destroyed_at.is_(None)
    )
    async with database.transaction() as session:
        return await session.scalar(query) or 0


def _copy(row: PrintRecord) -> PrintedCopy:
    return PrintedCopy(**{name: getattr(row, name) for name in PrintedCopy.model_fields})
