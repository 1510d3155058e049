"""The one transaction of a turn: effects, state, audit; a repeat of the same turn changes nothing."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from temporalio import activity

from activities.audit import write_audit
from activities.effects import apply_effect
from adapters.keys import FieldCipher
from models.database import Database
from models.tables.case import CaseRecord, Command, TurnRecord
from procedures.case_state import END
from procedures.outside_entry import OutsideSystem
from procedures.record import Turn


class Recording:
    """Writes turns and reads cases back. Raises nothing of its own: a database that is away is retried."""

    def __init__(
        self, database: Database, cipher: FieldCipher, by_hand: Collection[OutsideSystem] = ()
    ) -> None:
        self._database = database
        self._cipher = cipher
        self._by_hand = sorted(by_hand)

    @activity.defn
    async def load_case(self, case_id: str) -> dict[str, Any]:
        """The state of a case as last recorded: how it begins, and how it goes on after a restart.

        Which systems are worked by hand is put in here, so that it stays the same for as long as the run lasts.
        """
        async with self._database.transaction() as session:
            state: dict[str, Any] | None = await session.scalar(
                select(CaseRecord.state).where(CaseRecord.case_id == case_id)
            )
        if state is None:
            raise LookupError("no such case in the record")
        # A state copied from another case brings none of that case's entries along.
        held = (state.get("by_hand") or {}) if state.get("turn") else {}
        return {**state, "by_hand": {**held, "systems": [system.value for system in self._by_hand]}}

    @activity.defn
    async def record_turn(self, turn: Turn) -> None:
        """Everything between two waits, at once; keyed by case and turn number."""
        async with self._database.transaction() as session:
            if not await _claim_turn(session, turn):
                return
            for position, effect in enumerate(turn.effects):
                await apply_effect(session, turn, position, effect, self._cipher)
            await _write_case(session, turn)
            await _settle_command(session, turn)
            await write_audit(
                session,
                by=turn.by,
                at=turn.at,
                action=turn.action,
                case_id=turn.case_id,
                step=turn.step,
                subject=turn.command_id,
                business_key=f"{turn.case_id}/{turn.number}",
            )


async def _claim_turn(session: AsyncSession, turn: Turn) -> bool:
    result = await session.execute(
        insert(TurnRecord)
        .values(
            case_id=turn.case_id,
            number=turn.number,
            step=turn.step,
            command_id=turn.command_id,
            recorded_at=turn.at,
        )
        .on_conflict_do_nothing()
        .returning(TurnRecord.number)
    )
    return result.scalar() is not None


async def _write_case(session: AsyncSession, turn: Turn) -> None:
    await session.execute(
        update(CaseRecord)
        .where(CaseRecord.case_id == turn.case_id)
        .values(
            step=turn.next_step,
            turn=turn.number,
            state=turn.state,
            waiting_for=turn.waiting_for,
            due_at=turn.due_at,
            outcome=turn.outcome,
            person_ref=turn.person_ref,
            closed_at=turn.at if turn.next_step == END else None,
        )
    )


async def _settle_command(session: AsyncSession, turn: Turn) -> None:
    if turn.command_id is None:
        return
    await session.execute(
        update(Command)
        .where(Command.command_id == turn.command_id)
        .values(state="recorded", settled_at=turn.at)
    )
