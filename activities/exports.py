"""Lists taken out of the system: who took what, by which filter, how many rows, with persons in them or not (PRV-18)."""

from collections.abc import Collection, Mapping
from datetime import datetime

from activities.audit import write_accesses, write_audit
from models.database import Database
from procedures.tasks import By, Frozen


class ExportMade(Frozen):
    """One list, as it leaves; `filters` name a view, a region, a step or days, and nobody."""

    export_id: str
    kind: str
    media: str
    """csv or xlsx."""
    filters: Mapping[str, str]
    rows: int
    with_persons: bool
    reason: str | None


async def record_export(
    database: Database, made: ExportMade, *, persons: Collection[str], by: By, at: datetime
) -> None:
    """One event for the list and one for each person in it, before the first byte leaves."""
    detail = made.model_dump(mode="json", exclude={"export_id"})
    async with database.transaction() as session:
        await write_audit(
            session, by=by, at=at, action=f"exported {made.kind}", subject=made.export_id, detail=detail
        )
        why = f"export {made.export_id}"
        await write_accesses(session, by=by, at=at, what="person", subjects=persons, why=why)
