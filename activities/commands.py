"""Commands on record: taken once by their id, settled once, with refusals and late answers kept (NFR-1, NFR-5)."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from activities.audit import write_audit
from models.database import Database
from models.tables.case import Command
from procedures.tasks import By


class CommandState(StrEnum):
    """What became of a command."""

    RECEIVED = "received"
    RECORDED = "recorded"
    REFUSED = "refused"
    LATE = "late"


class CommandReused(Exception):
    """The same command id came with something else in it: every command needs an id of its own."""


@dataclass(frozen=True)
class NewCommand:
    """What a person asks of a case. `kind` is `answer`, or `change/` and the kind of change."""

    command_id: str
    case_id: str
    task_id: str | None
    kind: str
    asked: dict[str, Any]
    """The answer or change as given."""
    facts: dict[str, Any]
    """What the record said at that moment; kept, so that the command can be delivered again."""
    by: By
    seen_version: int | None = None


@dataclass(frozen=True)
class Held:
    """A command as the record holds it."""

    state: CommandState
    rule: str | None = None
    reason: str | None = None


async def receive_command(database: Database, new: NewCommand, *, at: datetime) -> Held:
    """Take a command, or find it taken already. Raises CommandReused when the id stands for another one."""
    async with database.transaction() as session:
        await session.execute(
            insert(Command)
            .values(
                command_id=new.command_id,
                case_id=new.case_id,
                task_id=new.task_id,
                kind=new.kind,
                body={"asked": new.asked, "facts": new.facts, "seen_version": new.seen_version},
                actor=new.by.subject,
                actor_name=new.by.name,
                actor_role=new.by.role,
                state=CommandState.RECEIVED.value,
                received_at=at,
            )
            .on_conflict_do_nothing(index_elements=["command_id"])
        )
        row = (
            await session.execute(select(Command).where(Command.command_id == new.command_id))
        ).scalar_one()
        known = (row.case_id, row.task_id, row.kind, row.actor, row.body["asked"])
        if known != (new.case_id, new.task_id, new.kind, new.by.subject, new.asked):
            raise CommandReused
        return Held(CommandState(row.state), row.rule, row.reason)


async def held_command(database: Database, command_id: str) -> Held | None:
    """What became of a command, or None when nobody gave it."""
    async with database.transaction() as session:
        row = await session.get(Command, command_id)
        return Held(CommandState(row.state), row.rule, row.reason) if row else None


async def refuse_command(
    database: Database, new: NewCommand, *, rule: str, reason: str, at: datetime
) -> None:
    """A rule said no: nothing was changed, and the attempt stays on record."""
    async with database.transaction() as session:
        if await _settle(session, new.command_id, CommandState.REFUSED, rule, reason, at):
            await _audit(session, new, rule, at)


async def keep_late_command(
    database: Database, new: NewCommand, *, rule: str, reason: str, at: datetime
) -> None:
    """The case had ended: the answer is kept for a person to look at, and changes nothing (NFR-5)."""
    async with database.transaction() as session:
        if await _settle(session, new.command_id, CommandState.LATE, rule, reason, at):
            await _audit(session, new, rule, at)


async def _settle(
    session: AsyncSession, command_id: str, state: CommandState, rule: str, reason: str, at: datetime
) -> bool:
    """First outcome wins; a command that is settled stays as it is."""
    settled = await session.scalar(
        update(Command)
        .where(Command.command_id == command_id, Command.state == CommandState.RECEIVED.value)
        .values(state=state.value, settled_at=at, rule=rule, reason=reason)
        .returning(Command.command_id)
    )
    return settled is not None


async def _audit(session: AsyncSession, new: NewCommand, rule: str, at: datetime) -> None:
    await write_audit(
        session,
        by=new.by,
        at=at,
        action=f"refused {new.kind}",
        case_id=new.case_id,
        subject=new.task_id or new.command_id,
        refused=True,
        rule=rule,
        business_key=f"command/{new.command_id}",
    )
