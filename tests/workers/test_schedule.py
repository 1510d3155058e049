"""The Friday schedule on a real Temporal server: 11:30 on the local wall clock, no Friday lost, none opened twice."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select
from temporalio.api.workflowservice.v1 import ListScheduleMatchingTimesRequest
from temporalio.client import Client, ScheduleUpdate, ScheduleUpdateInput
from temporalio.testing import WorkflowEnvironment

from adapters.keys import KeyRing
from models.tables.case import CaseRecord
from models.tables.report import ReportRun
from procedures.report_week import PACIFIC_AUCKLAND
from tests.conftest import Databases
from tests.workflows.running import House, eventually, local_environment, running
from workers.schedule import backfill_friday, ensure_schedule, friday_schedule

PAST_FRIDAY = date(2026, 11, 20)


@pytest.fixture(scope="module")
def keys() -> KeyRing:
    return KeyRing.fresh()


@pytest.fixture(scope="module")
async def server(keys: KeyRing) -> AsyncIterator[WorkflowEnvironment]:
    environment = await local_environment(keys)
    yield environment
    await environment.shutdown()


async def _instants(client: Client, schedule_id: str, start: date, end: date) -> list[datetime]:
    """When the server would start it between two days, on the local wall clock."""
    request = ListScheduleMatchingTimesRequest(namespace=client.namespace, schedule_id=schedule_id)
    request.start_time.FromDatetime(datetime(start.year, start.month, start.day, tzinfo=UTC))
    request.end_time.FromDatetime(datetime(end.year, end.month, end.day, tzinfo=UTC))
    answer = await client.workflow_service.list_schedule_matching_times(request)
    return [time.ToDatetime(UTC).astimezone(PACIFIC_AUCKLAND) for time in answer.start_time]


@pytest.mark.req("P1.N2", "AMB-A-6")
async def test_1_1_opens_at_half_past_eleven_on_both_sides_of_both_clock_changes(
    server: WorkflowEnvironment,
) -> None:
    """Clocks go forward on 27 September 2026 and 26 September 2027, and back on 4 April 2027."""
    await ensure_schedule(server.client, schedule_id="instants")
    found = await _instants(server.client, "instants", date(2026, 9, 10), date(2027, 10, 14))
    assert {(at.weekday(), at.hour, at.minute, at.second) for at in found} == {(4, 11, 30, 0)}
    days = [at.date() for at in found]
    assert days == [date(2026, 9, 11) + timedelta(days=7 * week) for week in range(len(days))]
    offsets = {at.date(): at.utcoffset() for at in found}
    for before, after in (
        (date(2026, 9, 25), date(2026, 10, 2)),
        (date(2027, 4, 9), date(2027, 4, 2)),
        (date(2027, 9, 24), date(2027, 10, 1)),
    ):
        assert (offsets[before], offsets[after]) == (timedelta(hours=12), timedelta(hours=13))


async def test_1_1_description_tells_operators_the_next_fridays(server: WorkflowEnvironment) -> None:
    await ensure_schedule(server.client, schedule_id="described")
    described = await server.client.get_schedule_handle("described").describe()
    upcoming = [at.astimezone(PACIFIC_AUCKLAND) for at in described.info.next_action_times]
    assert len(upcoming) == 10
    assert {(at.weekday(), at.hour, at.minute) for at in upcoming} == {(4, 11, 30)}


async def test_ensuring_again_changes_nothing_and_a_pause_survives_a_change(
    server: WorkflowEnvironment,
) -> None:
    """An update would make the server skip the Fridays it has not caught up with: none is sent without need."""
    client, name = server.client, "again"
    assert await ensure_schedule(client, schedule_id=name) == "created"
    handle = client.get_schedule_handle(name)
    assert await ensure_schedule(client, schedule_id=name) == "unchanged"
    assert (await handle.describe()).info.last_updated_at is None

    await handle.pause(note="moved to another house")

    async def another_zone(_: ScheduleUpdateInput) -> ScheduleUpdate:
        schedule = friday_schedule()
        schedule.spec.time_zone_name = "UTC"
        schedule.state.paused = True
        return ScheduleUpdate(schedule=schedule)

    await handle.update(another_zone)
    assert await ensure_schedule(client, schedule_id=name) == "changed"
    described = await handle.describe()
    assert described.schedule.spec == friday_schedule().spec
    assert described.schedule.policy == friday_schedule().policy
    assert described.schedule.state.paused


@pytest.mark.req("P1.N2")
async def test_1_1_a_past_friday_is_opened_as_itself_and_once(
    databases: Databases, server: WorkflowEnvironment, keys: KeyRing
) -> None:
    """What starts late belongs to its nominal Friday (AMB-P1-3); a Friday that has its run keeps it."""
    client, name = server.client, "backfill"
    await ensure_schedule(client, schedule_id=name)
    async with running(databases, server, keys) as house:
        before = len(await _opened(client))
        await backfill_friday(client, PAST_FRIDAY, schedule_id=name)
        run = await eventually(lambda: _run(house), "the Friday was not opened")
        assert (run.run_id, run.friday, run.case_id) == ("2026-11-20", PAST_FRIDAY, "R-2026-11-20")
        first = await client.get_workflow_handle(run.case_id).describe()
        # The server drops a start of the same name while the earlier one runs on; the row is there before its end.
        await eventually(lambda: _opened_since(client, before, 1), "the first start did not finish")

        await backfill_friday(client, PAST_FRIDAY, schedule_id=name)
        await eventually(lambda: _opened_since(client, before, 2), "the second start did not finish")
        async with house.database.transaction() as session:
            assert list(await session.scalars(select(ReportRun.run_id))) == ["2026-11-20"]
            assert list(await session.scalars(select(CaseRecord.case_id))) == ["R-2026-11-20"]
        again = await client.get_workflow_handle(run.case_id).describe()
        assert again.run_id == first.run_id
        await client.get_workflow_handle(run.case_id).terminate()


async def _run(house: House) -> ReportRun | None:
    async with house.database.transaction() as session:
        return await session.scalar(select(ReportRun))


async def _opened(client: Client) -> list[str]:
    """Every start that has come to its end on this server, also those of other tests."""
    query = "WorkflowType = 'open_friday' AND ExecutionStatus = 'Completed'"
    return [run.id async for run in client.list_workflows(query)]


async def _opened_since(client: Client, before: int, starts: int) -> bool | None:
    """Whether so many more starts have come to their end."""
    return True if len(await _opened(client)) >= before + starts else None
