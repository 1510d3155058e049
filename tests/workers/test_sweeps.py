"""Reconciling record and Temporal, the stuck list, and the operator's commands, on real servers."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select, text
from temporalio.client import WorkflowExecutionStatus
from temporalio.testing import WorkflowEnvironment

from activities.case_runs import MANY_ATTEMPTS, CaseRuns, OpenCase, Run, StuckCase, Trouble
from activities.commands import NewCommand, receive_command
from activities.delivery import Delivery
from activities.running_cases import RunningCases
from adapters.keys import KeyRing
from adapters.ports import ReceivedMessage, Transient
from models.tables.case import CaseRecord, Command, Task, TurnRecord
from models.tables.cover import Escalation
from procedures import EDITION
from procedures.tasks import CaseView
from tests.conftest import Databases
from tests.workflows.people import import_people
from tests.workflows.running import ADVISOR, SEARCHED, House, Said, eventually, local_environment, running
from workers.case_command import Desk
from workers.processes import StackError
from workers.sweeps import Reconciler, deliver_waiting, keep_cover, may_start, raise_alarm

ROW = "New CSO,Tester,Tom,1980-01-02,M,1 Made Up Road,,Faketown,0001,current,CR1,Harbourview"
NOBODY = {"outcome": "no_match", "note": "nobody of that name"}
NOON = datetime(2026, 11, 27, 0, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def keys() -> KeyRing:
    return KeyRing.fresh()


@pytest.fixture(scope="module")
async def server(keys: KeyRing) -> AsyncIterator[WorkflowEnvironment]:
    environment = await local_environment(keys)
    yield environment
    await environment.shutdown()


@pytest.fixture
async def house(databases: Databases, server: WorkflowEnvironment, keys: KeyRing) -> AsyncIterator[House]:
    async with running(databases, server, keys) as house:
        yield house


async def _a_case(house: House) -> str:
    """A case that waits for its match."""
    await import_people(house.loader)
    house.inbox.deliver(ROW)
    await house.open_friday()
    case_id = await house.case_of("Tester")
    await house.task(case_id, "match_entry")
    return case_id


async def _answer(house: House, case_id: str) -> CaseView:
    """Answer the match of a case that may still be reading its record."""

    async def attempt() -> CaseView | None:
        try:
            return await house.answer(case_id, "match_entry", NOBODY, facts=SEARCHED)
        except Said as said:
            if said.kind != "NotReady":
                raise
            return None

    view: CaseView = await eventually(attempt, "the case never read its record")
    return view


async def _open_row(house: House, case_id: str, procedure: str, **changed: Any) -> None:
    """An open case on record that nobody has started."""
    row: dict[str, Any] = {
        "case_id": case_id,
        "procedure": procedure,
        "edition": EDITION,
        "region": "national",
        "step": "1.2",
        "waiting_for": "nobody",
        "turn": 0,
        "state": {},
        "opened_at": await house.now(),
    }
    async with house.database.transaction() as session:
        await session.execute(insert(CaseRecord).values(row | changed))


def _reconciler(house: House) -> Reconciler:
    return Reconciler(house.database, house.client)


async def _stuck(house: House) -> dict[str, StuckCase]:
    found = await CaseRuns(house.database, house.client).stuck()
    return {case.case_id: case for case in found}


async def _stuck_as(house: House, case_id: str, trouble: Trouble) -> StuckCase:
    async def look() -> StuckCase | None:
        case = (await _stuck(house)).get(case_id)
        return case if case is not None and case.trouble is trouble else None

    found: StuckCase = await eventually(look, f"not on the stuck list as {trouble}")
    return found


# -- the rule ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("turn", "opened", "run", "expected"),
    [
        pytest.param(0, timedelta(seconds=30), Run(None), False, id="just opened: its opener starts it"),
        pytest.param(0, timedelta(minutes=2), Run(None), True, id="opened and never started"),
        pytest.param(5, timedelta(seconds=30), Run(None), True, id="had turns, its run is lost"),
        pytest.param(5, timedelta(days=9), Run(WorkflowExecutionStatus.FAILED, NOON - timedelta(minutes=59)), False,
                     id="failed within the hour"),
        pytest.param(5, timedelta(days=9), Run(WorkflowExecutionStatus.FAILED, NOON - timedelta(hours=1)), True,
                     id="failed, not started again for an hour"),
    ],
)  # fmt: skip
def test_when_a_case_may_be_started_again(turn: int, opened: timedelta, run: Run, expected: bool) -> None:
    case = OpenCase(
        case_id="C1", procedure="identify", step="1.2", region="R01", turn=turn, opened_at=NOON - opened
    )
    assert may_start(case, run, NOON) is expected


# -- reconciling ------------------------------------------------------------------------------------


@pytest.mark.req("NFR-1")
async def test_the_whole_temporal_store_is_lost_and_every_case_goes_on(
    databases: Databases, server: WorkflowEnvironment, keys: KeyRing
) -> None:
    """PostgreSQL is enough: on an empty server every open case runs again, with the same tasks, answered once."""
    async with running(databases, server, keys) as before:
        case_id = await _a_case(before)
        run_id = await eventually(lambda: _waiting_run(before), "the run did not get to wait")
        tasks = await _tasks(before)
    empty = await local_environment(keys)
    try:
        async with running(databases, empty, keys) as house:
            done = await _reconciler(house).reconcile(await house.now())
            assert (done.open, set(done.started), done.left) == (2, {case_id, run_id}, ())
            assert await _stuck(house) == {}
            view = await _answer(house, case_id)
            assert view.outcome is not None
            assert await _tasks(house) == tasks
            assert (await house.closed(case_id)).closed_at is not None
            # The ended case stays ended, and the running one is left alone.
            done = await _reconciler(house).reconcile(await house.now() + timedelta(days=1))
            assert (done.open, done.started, done.left) == (1, (), ())
    finally:
        await empty.shutdown()


async def _waiting_run(house: House) -> str | None:
    """The Friday run, once it asks to be closed: it has read the mailbox."""
    async with house.database.transaction() as session:
        return await session.scalar(select(Task.case_id).where(Task.kind == "close_run"))


async def _tasks(house: House) -> set[tuple[str, str]]:
    async with house.database.transaction() as session:
        return {(row.task_id, row.kind) for row in await session.scalars(select(Task))}


async def test_a_case_that_nobody_started_is_started_once_it_is_a_minute_old(house: House) -> None:
    case_id = await _a_case(house)
    await house.client.get_workflow_handle(case_id).terminate()
    await _open_row(house, "C-FORGOTTEN", "no_such_procedure")
    now = await house.now()
    assert "C-FORGOTTEN" not in (await _reconciler(house).reconcile(now)).started
    assert (await _reconciler(house).reconcile(now + timedelta(minutes=2))).started == ("C-FORGOTTEN",)


async def test_a_run_that_ended_is_followed_by_one_new_run_an_hour(house: House) -> None:
    case_id = await _a_case(house)
    await house.client.get_workflow_handle(case_id).terminate()
    now = await house.now()

    done = await _reconciler(house).reconcile(now + timedelta(minutes=50))
    assert (done.started, done.left) == ((), (case_id,))
    stuck = await _stuck_as(house, case_id, Trouble.RUN_ENDED)
    assert stuck.since is not None
    assert "placement case restart" in stuck.what_to_do

    done = await _reconciler(house).reconcile(now + timedelta(minutes=61))
    assert (done.started, done.left) == ((case_id,), ())
    await _answer(house, case_id)


async def test_only_one_worker_reconciles_at_a_time(house: House, databases: Databases) -> None:
    async with databases.owner.engine.connect() as other:
        await other.execute(text("SELECT pg_advisory_xact_lock(hashtext('reconcile'))"))
        assert (await _reconciler(house).reconcile(await house.now())).elsewhere
    assert not (await _reconciler(house).reconcile(await house.now())).elsewhere


# -- cover ------------------------------------------------------------------------------------------


@pytest.mark.req("AMB-X-2")
async def test_waiting_work_of_a_case_is_handed_over_and_escalated_and_the_friday_keeps_its_own_cover(
    house: House,
) -> None:
    """The sweep adds nothing to the case: the same tasks, answered as before; no letter and no second task."""
    case_id = await _a_case(house)
    before, now = await _tasks(house), await house.now()
    await keep_cover(house.database, now)
    later = now + timedelta(days=7)
    for _ in range(2):
        await keep_cover(house.database, later)
    async with house.database.transaction() as session:
        rows = (await session.execute(select(Escalation.task_id, Escalation.stage))).all()
        kinds = dict((await session.execute(select(Task.task_id, Task.kind))).all())
    assert {(kinds[task_id], stage) for task_id, stage in rows} >= {("match_entry", "unanswered")}
    assert len(rows) == len(set(rows))
    assert await _tasks(house) == before
    assert (await _answer(house, case_id)).outcome is not None


# -- the stuck list ---------------------------------------------------------------------------------


async def test_a_failed_run_is_on_the_stuck_list_and_not_started_blindly(house: House) -> None:
    await _open_row(house, "C-BROKEN", "identify", state={"nonsense": True})
    await RunningCases(house.client).start("identify", "C-BROKEN")
    await _stuck_as(house, "C-BROKEN", Trouble.RUN_FAILED)
    done = await _reconciler(house).reconcile(await house.now() + timedelta(minutes=5))
    assert (done.started, done.left) == ((), ("C-BROKEN",))


async def test_a_program_that_fails_at_a_case_raises_an_alarm(house: House) -> None:
    await _open_row(house, "C-UNKNOWN", "no_such_procedure")
    await RunningCases(house.client).start("no_such_procedure", "C-UNKNOWN")
    stuck = await _stuck_as(house, "C-UNKNOWN", Trouble.PROGRAM_FAILS)
    assert stuck.attempts is not None
    assert stuck.attempts > 1
    runs = CaseRuns(house.database, house.client)
    assert await raise_alarm(runs, house.client) == 1


async def test_an_outside_system_that_stays_away_is_on_the_stuck_list(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The Friday run goes on trying to read the mailbox; after the fourth try somebody should look."""

    async def away() -> list[ReceivedMessage]:
        raise Transient("away")

    monkeypatch.setattr(house.inbox, "messages", away)
    run_id = await house.open_friday()
    stuck = await _stuck_as(house, run_id, Trouble.ACTIVITY_FAILS)
    assert stuck.attempts is not None
    assert stuck.attempts > MANY_ATTEMPTS
    assert (await _reconciler(house).reconcile(await house.now())).started == ()


# -- commands that were received and not delivered ---------------------------------------------------


@pytest.mark.req("NFR-1")
async def test_a_received_answer_is_delivered_although_its_api_process_died(house: House) -> None:
    case_id = await _a_case(house)
    task = await house.task(case_id, "match_entry")
    new = NewCommand(
        command_id="11111111-2222-4333-8444-555555555555",
        case_id=case_id,
        task_id=task.task_id,
        kind="answer",
        asked=NOBODY,
        facts=SEARCHED,
        by=ADVISOR,
        seen_version=task.version,
    )
    now = await house.now()
    await receive_command(house.database, new, at=now)
    delivery = Delivery(house.database, house.client, lambda: now)
    assert await deliver_waiting(house.database, delivery, now + timedelta(seconds=30)) == 0
    for expected in (1, 0):
        assert await deliver_waiting(house.database, delivery, now + timedelta(minutes=2)) == expected
    async with house.database.transaction() as session:
        assert (await session.get_one(Command, new.command_id)).state == "recorded"
        turns = await session.scalars(select(TurnRecord).where(TurnRecord.command_id == new.command_id))
        assert len(turns.all()) == 1


# -- the operator's commands -------------------------------------------------------------------------


async def test_show_says_how_a_case_stands_without_saying_who_it_is_about(house: House) -> None:
    case_id = await _a_case(house)
    shown = "\n".join(await Desk(house.database, house.client).show(case_id))
    assert "step         1.2" in shown
    assert "match_entry (1.2) for advisor-wellbeing-support" in shown
    assert "run          running" in shown
    for secret in ("Tester", "Tom", "1980", "Made Up"):
        assert secret not in shown


async def test_restart_ends_nothing_that_runs_unless_it_is_forced(house: House) -> None:
    desk, case_id = Desk(house.database, house.client), await _a_case(house)
    first = await house.client.get_workflow_handle(case_id).describe()
    with pytest.raises(StackError, match="--force"):
        await desk.restart(case_id, force=False)
    assert (await house.client.get_workflow_handle(case_id).describe()).run_id == first.run_id

    assert "runs again from step 1.2" in await desk.restart(case_id, force=True)
    second = await house.client.get_workflow_handle(case_id).describe()
    assert second.run_id != first.run_id
    await _answer(house, case_id)
    await house.closed(case_id)
    with pytest.raises(StackError, match="has ended"):
        await desk.restart(case_id, force=True)
    with pytest.raises(StackError, match="no case"):
        await desk.show("C-NONE")
