"""Step 1.4 when nobody answers: tried again daily, the service manager after two working days, the manager after five."""

from datetime import date, time, timedelta

import pytest
from sqlalchemy import select

from adapters.keys import KeyRing
from models.tables.assessment import PhoneCall
from models.tables.case import Notice, Task
from procedures.report_week import local_instant
from tests.conftest import Databases
from tests.workflows.driving import reported, somebody
from tests.workflows.people import TOM, hold
from tests.workflows.running import MANAGER, House, eventually, on_virtual_time

MONDAY = date(2030, 5, 6)
"""Far ahead of today, because virtual time only goes forward; no public holiday in the week after it."""


@pytest.mark.req("AMB-P1-28", "P1.S4.1")
async def test_1_4_the_service_manager_after_two_working_days_the_manager_after_five(
    databases: Databases, keys: KeyRing
) -> None:
    async with on_virtual_time(databases, keys, local_instant(MONDAY, time(9, 0))) as house:
        await hold(house.database, TOM.ref, "D1P/PEN")
        house.inbox.friday = MONDAY - timedelta(days=3)
        [one] = await reported(house, TOM)
        await one.walk(until="phone_corrections")
        await house.client.get_workflow_handle(f"R-{house.inbox.friday}").terminate()
        await one.call(None)
        task = await house.task(one.case_id, "phone_corrections")
        first = (await calls(house))[0]
        assert (task.context["call"], task.due_at) == ("contact", first.ended_at + timedelta(days=1))

        await house.until(local_instant(date(2030, 5, 7), time(10, 0)))
        await one.call(None, outcome="voicemail", note="Asked to ring back.")
        await house.until(local_instant(date(2030, 5, 8), time(8, 59)))
        assert (await house.task(one.case_id, "phone_corrections")).context["call"] == "contact"
        await house.until(local_instant(date(2030, 5, 8), time(9, 1)))
        task = await eventually(lambda: next_call(house, one.case_id), "the service manager is not called")
        assert task.opened_at >= local_instant(date(2030, 5, 8), time(9, 0))

        await house.until(local_instant(date(2030, 5, 13), time(8, 59)))
        assert await house.open_kinds(one.case_id) == {"phone_corrections"}
        await house.until(local_instant(date(2030, 5, 13), time(9, 1)))
        unreachable = await house.task(one.case_id, "corrections_unreachable")
        assert unreachable.role == "manager-housing-wellbeing-support"
        assert unreachable.opened_at >= local_instant(date(2030, 5, 13), time(9, 0))
        await house.until(local_instant(date(2030, 5, 20), time(12, 0)))
        assert await house.code(TOM.ref) == "D1P/PEN"
        async with house.database.transaction() as session:
            notices = (await session.scalars(select(Notice))).all()
        assert [notice.kind for notice in notices] == ["corrections_unreachable"]

        await one.answer("corrections_unreachable", by=MANAGER)
        await one.call("NSO")
        assert (await one.walk()).outcome == "D2"
        assert [c.outcome for c in await calls(house)] == ["no_answer", "voicemail", "answered"]


async def calls(house: House) -> list[PhoneCall]:
    """Every call on record, in order."""
    async with house.database.transaction() as session:
        return list(await session.scalars(select(PhoneCall).order_by(PhoneCall.ended_at)))


async def next_call(house: House, case_id: str) -> Task | None:
    """The open call, once it is one to the service manager."""
    task = await house.task(case_id, "phone_corrections")
    return task if task.context["call"] == "service_manager" else None


@pytest.mark.req("P1.S4.2", "A-C5")
async def test_1_4_one_call_may_answer_several_people(house: House) -> None:
    people = [somebody(1), somebody(2)]
    for person in people:
        await hold(house.database, person.ref, "D1/CUR")
    for one, said in zip(await reported(house, *people), ("NSO", "neither"), strict=True):
        await one.walk(until="phone_corrections")
        await one.call(said, call_id="CALL-2030-0001")
        one.said = said
        await one.walk()
    held = await calls(house)
    assert [call.call_id for call in held] == ["CALL-2030-0001"] * 2
    assert {call.answers["said"] for call in held} == {"NSO", "neither"}
    assert len({call.case_id for call in held}) == 2
    assert all(call.note for call in held)
