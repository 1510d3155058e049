"""Many clocks that end at one instant: every case fires its own letter, and none a second one."""

from collections import Counter
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select

from adapters.keys import KeyRing
from models.tables.mail import Clock, SecureMessage
from procedures.local_time import local_date
from tests.conftest import Databases
from tests.workflows.crowd import crowd, letters_by_case, start_all
from tests.workflows.running import eventually
from tests.workflows.skipping import Virtual, virtual
from tests.workflows.test_form_exchange import notices

MANY = 30


@pytest.mark.req("NFR-1", "NFR-2", "NFR-4", "P1.S6.b5")
async def test_1_6_thirty_clocks_due_at_one_instant_fire_one_letter_each_once(
    databases: Databases, keys: KeyRing
) -> None:
    async with virtual(databases, keys) as v:
        case_id = await v.case_with_t441()
        clock = (await v.house.case(case_id)).state["exchange"]["clock"]
        opens_at, due_at = (datetime.fromisoformat(clock[name]) for name in ("letter_opens_at", "due_at"))
        cases = [case_id, *await crowd(databases.owner, case_id, "P-LIVE", MANY - 1)]
        await start_all(v.house.client, cases[1:])
        await v.until(opens_at - timedelta(minutes=1))
        assert await letters_by_case(databases.worker) == {}
        await v.until(opens_at + timedelta(minutes=1))
        once = Counter(dict.fromkeys(cases, 1))
        await eventually(lambda: _all_have(v, once), "a letter did not leave")
        await v.until(opens_at + timedelta(days=1))
        assert await letters_by_case(databases.worker) == once
        sent = Counter(mail_id for mail_id, _ in v.gateway.sent)
        assert set(sent.values()) == {1}
        assert len(sent) == MANY + 1
        assert await notices(v, "letter_17_030") == MANY
        async with databases.worker.transaction() as session:
            fields = select(SecureMessage.fields).where(SecureMessage.kind == "17-030")
            shown = {held["due_on"] for held in await session.scalars(fields)}
            running = await session.execute(
                select(Clock.kind, func.count()).where(Clock.stopped_at.is_(None)).group_by(Clock.kind)
            )
        assert shown == {local_date(due_at).isoformat()}
        assert [tuple(row) for row in running] == [("17-030 answer", MANY)]


async def _all_have(v: Virtual, once: Counter[str]) -> bool | None:
    return True if await letters_by_case(v.databases.worker) == once else None
