"""The register of printed copies: a copy is entered when it is made and closed when it is destroyed (PRV-4)."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert

from activities.audit import write_audit
from models.database import Database
from models.tables.print import PrintRecord
from models.tables.report import ReportRun
from procedures.tasks import By


class Destruction(StrEnum):
    """The two ways the document allows (P1.S1.N3, A-C7)."""

    SHREDDED = "shredded"
    DESTRUCTION_BIN = "destruction_bin"


async def register_print(database: Database, run_id: str, print_id: str, *, by: By, at: datetime) -> bool:
    """Enter one copy under the next number of its week. False when this print is registered already.

    Raises LookupError without such a run.
    """
    async with database.transaction() as session:
        if await session.get(ReportRun, run_id, with_for_update=True) is None:
            raise LookupError("there is no such run")
        last = await session.scalar(
            select(func.max(PrintRecord.copy_number)).where(PrintRecord.run_id == run_id)
        )
        new = await session.scalar(
            insert(PrintRecord)
            .values(
                print_id=print_id,
                run_id=run_id,
                copy_number=(last or 0) + 1,
                printed_by=by.subject,
                printed_by_name=by.name,
                printed_at=at,
            )
            .on_conflict_do_nothing(index_elements=["print_id"])
            .returning(PrintRecord.copy_number)
        )
        if new is None:
            return False
        await write_audit(
            session,
            by=by,
            at=at,
            action="report printed",
            step="1.1",
            subject=print_id,
            rule="P1.S1.N1",
            detail={"run": run_id, "copy": new},
            business_key=f"print/{print_id}",
        )
    return True


async def destroy_print(
    database: Database, print_id: str, method: Destruction, *, by: By, at: datetime
) -> bool:
    """Record that a copy was destroyed; the first record counts. False when it was destroyed before."""
    async with database.transaction() as session:
        closed = await session.scalar(
            update(PrintRecord)
            .where(PrintRecord.print_id == print_id, PrintRecord.destroyed_at.is_(None))
            .values(destroyed_by=by.subject, destroyed_by_name=by.name, destroyed_at=at, method=method.value)
            .returning(PrintRecord.run_id)
        )
        if closed is None:
            return False
        await write_audit(
            session,
            by=by,
            at=at,
            action="printed copy destroyed",
            step="1.1",
            subject=print_id,
            rule="P1.S1.N3",
            detail={"run": closed, "method": method.value},
            business_key=f"print/{print_id}/destroyed",
        )
    return True
