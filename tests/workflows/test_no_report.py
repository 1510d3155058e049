"""Step 1.1, a Friday whose report never comes: Corrections is asked, and the week can be closed or waited for."""

from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from adapters.keys import KeyRing
from models.tables.audit import AuditEvent
from models.tables.case import Task
from models.tables.report import ReportRun
from procedures.report_week import local_instant
from procedures.terms import Role
from tests.conftest import Databases
from tests.workflows.people import TOM, import_people
from tests.workflows.running import MANAGER, House, Said, eventually, on_virtual_time

FRIDAY = date(2030, 5, 10)
SAID = {"said_by": "Sam Contact", "reason": "Nobody was released last week."}
NONE = {"outcome": "no_report", **SAID}


async def run_of(house: House) -> ReportRun:
    """The week as recorded."""
    async with house.database.transaction() as session:
        return (await session.scalars(select(ReportRun))).one()


async def missing(house: House) -> str:
    """A Friday whose report was confirmed to be missing; its case."""
    house.inbox.friday = FRIDAY
    run_case = await house.open_friday()
    await house.until(at(FRIDAY, "12:01"))
    await house.answer(run_case, "confirm_missing", {"not_available": True})
    return run_case


def at(day: date, clock: str) -> datetime:
    """A local time as an instant."""
    return local_instant(day, time.fromisoformat(clock))


def virtual(databases: Databases, keys: KeyRing) -> Any:
    """A house at 11:25 on the Friday."""
    return on_virtual_time(databases, keys, at(FRIDAY, "11:25"))


@pytest.mark.req("AMB-P1-4")
async def test_1_1_no_report_this_week_closes_the_friday_with_what_corrections_said(
    databases: Databases, keys: KeyRing
) -> None:
    """Closed at once by the manager and audited; the run looks on to the end of its week, then it ends."""
    async with virtual(databases, keys) as house:
        run_case = await missing(house)
        task = await house.task(run_case, "ask_for_report")
        assert task.role == Role.MANAGER_HOUSING_WELLBEING_SUPPORT.value
        await house.answer(run_case, "ask_for_report", NONE, by=MANAGER)
        run = await run_of(house)
        assert (run.state, run.said_of_missing) == (
            "no_report",
            "Sam Contact: Nobody was released last week.",
        )
        assert run.closed_at is not None
        assert run.closing_line == f"No report this week, confirmed by Corrections; closed by {MANAGER.name}"
        assert await house.open_kinds(run_case) == set()
        async with house.database.transaction() as session:
            query = select(AuditEvent).where(
                AuditEvent.case_id == run_case, AuditEvent.actor == MANAGER.subject
            )
            assert (await session.scalars(query)).first() is not None
        await house.until(at(FRIDAY + timedelta(days=6), "23:00"))
        assert (await house.case(run_case)).closed_at is None
        await house.until(at(FRIDAY + timedelta(days=7), "00:10"))
        assert (await house.closed(run_case)).outcome == "no_report"
        assert (await run_of(house)).state == "no_report"


@pytest.mark.req("AMB-P1-4")
async def test_1_1_a_report_that_comes_after_all_opens_the_friday_again(
    databases: Databases, keys: KeyRing
) -> None:
    async with virtual(databases, keys) as house:
        await import_people(house.loader)
        run_case = await missing(house)
        await house.answer(run_case, "ask_for_report", NONE, by=MANAGER)
        late = at(FRIDAY + timedelta(days=6), "23:40")
        await house.until(late)
        house.inbox.deliver(TOM.row(), received_at=late)
        await house.until(at(FRIDAY + timedelta(days=7), "00:10"))
        await house.task(await house.case_of(TOM.surname), "match_entry")
        await house.task(run_case, "close_run")
        assert await house.open_kinds(run_case) == {"review_report", "close_run"}
        run = await run_of(house)
        assert (run.state, run.closed_at, run.closing_line) == ("received", None, None)


@pytest.mark.req("AMB-P1-4")
async def test_1_1_a_late_report_is_asked_about_again_when_its_day_is_over(
    databases: Databases, keys: KeyRing
) -> None:
    tuesday = FRIDAY + timedelta(days=4)
    async with virtual(databases, keys) as house:
        run_case = await missing(house)
        answer = {"outcome": "late", "expected_on": tuesday.isoformat(), **SAID}
        yesterday = (FRIDAY - timedelta(days=1)).isoformat()
        with pytest.raises(Said) as refused:
            await house.answer(run_case, "ask_for_report", answer | {"expected_on": yesterday}, by=MANAGER)
        assert refused.value.rule == "AMB-P1-4"
        await house.answer(run_case, "ask_for_report", answer, by=MANAGER)
        run = await run_of(house)
        assert (run.state, run.expected_on, run.closed_at) == ("missing", tuesday, None)
        await house.until(at(tuesday, "16:50"))
        assert "ask_for_report" not in await house.open_kinds(run_case)
        await house.until(at(tuesday, "17:10"))
        await house.task(run_case, "ask_for_report")
        await house.until(at(tuesday, "17:40"))
        assert await _asked(house) == 2
        house.inbox.deliver("", received_at=await house.now())
        await house.until(at(tuesday, "18:10"))

        async def closes() -> bool | None:
            kinds = await house.open_kinds(run_case)
            return True if "close_run" in kinds and "ask_for_report" not in kinds else None

        assert await eventually(closes, "the late report was not taken")


async def _asked(house: House) -> int:
    async with house.database.transaction() as session:
        return len((await session.scalars(select(Task).where(Task.kind == "ask_for_report"))).all())
