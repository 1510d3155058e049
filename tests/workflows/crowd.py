"""Many cases that stand where one stands: copies of its rows under ids of their own, started from the record."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from temporalio.client import Client

from activities.running_cases import RunningCases
from models.database import Database
from models.tables.case import CaseRecord
from models.tables.mail import SecureMessage

_TABLES = ("case_record", "turn", "task", "secure_message", "clock")
_AT_ONCE = 20


async def crowd(
    owner: Database, case_id: str, person_ref: str, count: int, *, letter_opens_at: datetime | None = None
) -> list[str]:
    """Copy an identify case `count` times, each with a person of its own; their ids.

    With `letter_opens_at` (UTC) the copies' letters may go from then on, whatever the case says.
    """
    async with owner.transaction() as session:
        for table in _TABLES:
            await session.execute(
                text(
                    f"INSERT INTO {table} SELECT (jsonb_populate_record(NULL::{table},"
                    " replace(replace(to_jsonb(t)::text, :case_id, :case_id || 'Z' || n), :person, 'P-' || n)::jsonb)).*"
                    f" FROM {table} t, generate_series(1, :count) n WHERE t.case_id = :case_id"
                ),
                {"case_id": case_id, "person": person_ref, "count": count},
            )
        copies = [f"{case_id}Z{number}" for number in range(1, count + 1)]
        if letter_opens_at is not None:
            await _move(session, copies, letter_opens_at)
    return copies


async def _move(session: AsyncSession, copies: Sequence[str], letter_opens_at: datetime) -> None:
    for case in await session.scalars(select(CaseRecord).where(CaseRecord.case_id.in_(copies))):
        exchange = case.state["exchange"]
        moved = {
            "letter_opens_at": letter_opens_at.isoformat(),
            "due_day_opens_at": (letter_opens_at - timedelta(days=1)).isoformat(),
        }
        case.state = {**case.state, "exchange": {**exchange, "clock": {**exchange["clock"], **moved}}}


async def start_all(client: Client, case_ids: Sequence[str]) -> None:
    """Start the run of each from the record, a few at a time."""
    gate = asyncio.Semaphore(_AT_ONCE)

    async def start(case_id: str) -> None:
        async with gate:
            assert await RunningCases(client).start("identify", case_id, again=True)

    await asyncio.gather(*map(start, case_ids))


async def letters_by_case(database: Database, state: str = "accepted") -> Counter[str]:
    """How many letters 17-030 each case has in this state of the outbox."""
    async with database.transaction() as session:
        rows = await session.execute(
            select(SecureMessage.case_id, func.count())
            .where(SecureMessage.kind == "17-030", SecureMessage.state == state)
            .group_by(SecureMessage.case_id)
        )
        return Counter({case_id: number for case_id, number in rows})
