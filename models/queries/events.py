"""Events that staff reported; read only to tell a repeat from another event."""

from datetime import date

from models.database import Database
from models.tables.duty import DutyEvent
from procedures.tasks import Frozen


class EventRecord(Frozen):
    """What somebody reported, without what came of it."""

    event_id: str
    kind: str
    property_ref: str | None
    person_ref: str | None
    facts: str
    aware_on: date


async def event(database: Database, event_id: str) -> EventRecord | None:
    """One reported event, or None."""
    async with database.transaction() as session:
        row = await session.get(DutyEvent, event_id)
        if row is None:
            return None
        return EventRecord(**{name: getattr(row, name) for name in EventRecord.model_fields})
