"""Commands: what became of a thing a person asked."""

from datetime import datetime
from typing import Any

from sqlalchemy import select

from models.database import Database
from models.queries.paging import BadCursor, Page, instant, page_of, read_cursor
from models.queries.visible import visible_cases
from models.tables.case import CaseRecord, Command
from procedures.tasks import Frozen
from procedures.visibility import Sight


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


async def list_commands(
    database: Database, sight: Sight, *, state: str, limit: int, cursor: str | None = None
) -> Page[CommandRecord]:
    """Commands of visible cases in one state, the oldest first; `late` is the manual queue (NFR-5). Raises BadCursor."""
    query = (
        select(Command)
        .join(CaseRecord, CaseRecord.case_id == Command.case_id)
        .where(visible_cases(sight), Command.state == state)
    )
    if cursor is not None:
        received, last = read_cursor(cursor, 2)
        received_at = instant(received)
        if received_at is None or last is None:
            raise BadCursor("take the cursor from the field next of the last page")
        query = query.where(
            (Command.received_at > received_at)
            | ((Command.received_at == received_at) & (Command.command_id > last))
        )
    query = query.order_by(Command.received_at, Command.command_id).limit(limit + 1)
    async with database.transaction() as session:
        rows = [
            CommandRecord(**{name: getattr(row, name) for name in CommandRecord.model_fields})
            for row in await session.scalars(query)
        ]
    return page_of(rows, limit, lambda one: [one.received_at, one.command_id])
