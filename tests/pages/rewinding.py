"""The record of a case as it would be had the gateway taken a form days ago, for stories that cannot wait for a clock.

The case then runs again from the record, by the operator's own command; nothing else is changed.
"""

from datetime import datetime
from typing import Any

from models.database import Database
from models.tables.case import CaseRecord
from models.tables.mail import Clock, SecureMessage
from procedures.clocks import ClockKind, WorkingDayClock, working_day_clock
from procedures.exchange_state import ExchangeState, RunningClock
from procedures.working_days import Calendar
from tests.workers.test_up_story import House
from workers.migrate import database_url


async def accepted_at(house: House, case_id: str, at: datetime) -> None:
    """The mail whose clock runs was accepted at this instant (UTC); the case goes on from there."""

    async def change(session: Any, exchange: ExchangeState) -> ExchangeState:
        assert exchange.clock is not None
        row = await session.get_one(Clock, exchange.clock.clock_id)
        clock = working_day_clock(ClockKind(row.kind), at, Calendar(), days=exchange.clock.days)
        row.started_at, row.due_at, row.acts_at = clock.accepted_at, clock.due_at, clock.letter_opens_at
        row.detail = clock.model_dump(mode="json")
        if row.mail_id:  # a clock that replaces another names none
            mail = await session.get_one(SecureMessage, row.mail_id)
            mail.accepted_at = mail.created_at = mail.recipient_confirmed_at = at
        first = {"accepted_at": at} if exchange.clock.number == 0 else {}
        return exchange.model_copy(update={"clock": _running(exchange.clock, clock), **first})

    await _rewound(house, case_id, change)


async def reminder_due(house: House, case_id: str, at: datetime) -> None:
    """The next reminder of a silent Corrections was set for this instant (UTC)."""

    async def change(session: Any, exchange: ExchangeState) -> ExchangeState:
        assert exchange.next_reminder_at is not None
        return exchange.model_copy(update={"next_reminder_at": at})

    await _rewound(house, case_id, change)


async def _rewound(house: House, case_id: str, change: Any) -> None:
    database = Database(database_url(house.settings, "owner"), pool_size=1)
    try:
        async with database.transaction() as session:
            case = await session.get_one(CaseRecord, case_id)
            exchange = await change(session, ExchangeState.model_validate(case.state["exchange"]))
            case.state = {**case.state, "exchange": exchange.model_dump(mode="json")}
    finally:
        await database.close()
    status, said = await house.command("case", "restart", case_id, "--force")
    assert status == 0, said
    assert said.startswith(f"{case_id} runs again from step"), said


def _running(held: RunningClock, clock: WorkingDayClock) -> RunningClock:
    return held.model_copy(
        update={
            "due_day_opens_at": clock.due_day_opens_at,
            "due_at": clock.due_at,
            "letter_opens_at": clock.letter_opens_at,
            "unread_limit_at": clock.unread_limit_at,
        }
    )
