"""Commands: what became of a thing a person asked."""

from datetime import datetime
from typing import Any

from models.database import Database
from models.tables.case import Command
from procedures.tasks import Frozen


class CommandRecord(Frozen):
    """A command as it stands in the record."""

    command_id: str
    case_id: str
    task_id: str | None
    kind: str
    body: dict[str, Any]
    actor: str
    actor_name: str
    actor_role: str
    state: str
    received_at: datetime
    settled_at: datetime | None
    rule: str | None
    reason: str | None


async def command(database: Database, command_id: str) -> CommandRecord | None:
    """One command, or None."""
    async with database.transaction() as session:
        row = await session.get(Command, command_id)
        if row is None:
            return None
        return CommandRecord(**{name: getattr(row, name) for name in CommandRecord.model_fields})
