"""Procedure 1 through outages: commands given twice or at once, workers and databases that go away, runs that are lost."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from temporalio import activity
from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment

from activities.recording import Recording
from activities.running_cases import RunningCases
from adapters.keys import FieldCipher, KeyRing
from models.database import Database
from models.tables.assessment import AssessmentVersion
from models.tables.audit import AuditEvent
from models.tables.case import Task, TurnRecord
from procedures.record import AssessmentCalculated, NoteWritten, Turn
from procedures.tasks import CaseView
from procedures.transitions import AssessmentCode, AssessmentStatus
from tests.conftest import Databases
from tests.workflows.driving import Advisor, counts, reported, somebody
from tests.workflows.people import TOM, hold
from tests.workflows.running import ADVISOR, MANAGER, House, Said, eventually, running
from workers.embedded.postgres import EmbeddedPostgres
from workers.migrate import migrate

FIRST = {"answers": {"reported_status": "CSO"}}


@pytest.mark.req("NFR-1", "AMB-X-3")
async def test_1_the_same_command_twice_gives_the_same_result_and_one_record(house: House) -> None:
    [one] = await reported(house, TOM)
    await one.walk(until="first_question")
    task = await house.task(one.case_id, "first_question")
    views = [
        await house.answer_task(one.case_id, task.task_id, FIRST, command_id="command-0001") for _ in range(2)
    ]
    assert views[0] == views[1]
    assert await house.rules(TOM.ref) == ["TR-1"]
    async with house.database.transaction() as session:
        turns = await session.scalar(
            select(func.count()).select_from(TurnRecord).where(TurnRecord.command_id == "command-0001")
        )
    assert turns == 1


@pytest.mark.req("AMB-X-3")
async def test_1_two_advisors_at_once_one_wins_and_the_other_is_told(house: House) -> None:
    [one] = await reported(house, TOM)
    await one.walk(until="first_question")
    task = await house.task(one.case_id, "first_question")
    results = await asyncio.gather(
        *(house.answer_task(one.case_id, task.task_id, FIRST, by=by) for by in (ADVISOR, MANAGER)),
        return_exceptions=True,
    )
    assert [type(result) for result in results].count(CaseView) == 1
    [said] = [result for result in results if isinstance(result, Said)]
    assert (said.kind, said.rule) == ("TaskClosed", "AMB-X-3")
    assert await house.rules(TOM.ref) == ["TR-1"]
    winner = (ADVISOR, MANAGER)[[type(result) for result in results].index(CaseView)]
    async with house.database.transaction() as session:
        done = await session.get_one(Task, task.task_id)
    assert (done.state, done.done_by) == ("done", winner.subject)


@pytest.mark.req("NFR-1")
async def test_1_a_worker_that_stops_after_the_answer_was_taken_loses_nothing(
    databases: Databases, server: WorkflowEnvironment, keys: KeyRing
) -> None:
    entered = asyncio.Event()

    @activity.defn(name="record_turn")
    async def record_turn(turn: Turn) -> None:
        entered.set()
        raise ApplicationError("the database is away")

    async with running(databases, server, keys, ends=False) as house:
        [one] = await reported(house, TOM)
        await one.walk(until="first_question")
        task = await house.task(one.case_id, "first_question")
    async with running(databases, server, keys, ends=False, instead=[record_turn]) as house:
        answering = asyncio.create_task(
            house.answer_task(one.case_id, task.task_id, FIRST, command_id="command-0002")
        )
        await entered.wait()
        assert await house.code(TOM.ref) is None
    async with running(databases, server, keys) as house:
        view = await answering
        assert [task.kind for task in view.open_tasks] == ["live_record"]
        assert await house.rules(TOM.ref) == ["TR-1"]
        one.house = house
        assert (await one.walk()).outcome == "D1"


@pytest.fixture
async def own_databases(own_cluster: EmbeddedPostgres) -> AsyncIterator[Databases]:
    """A migrated database on a cluster that the test may stop."""
    own_cluster.create_database("away")
    await migrate(own_cluster.url("owner", "away"))
    roles = ("owner", "api", "worker", "loader", "auditor")
    opened = Databases("away", *(Database(own_cluster.url(role, "away"), pool_size=2) for role in roles))
    yield opened
    await opened.close()


@pytest.mark.req("NFR-1")
async def test_1_an_answer_given_while_the_database_is_away_is_saved_once_after_it_returns(
    own_databases: Databases, own_cluster: EmbeddedPostgres, server: WorkflowEnvironment, keys: KeyRing
) -> None:
    async with running(own_databases, server, keys) as house:
        [one] = await reported(house, TOM)
        await one.walk(until="first_question")
        task = await house.task(one.case_id, "first_question")
        await asyncio.to_thread(own_cluster.stop)
        answering = asyncio.create_task(house.answer_task(one.case_id, task.task_id, FIRST))
        handle = house.client.get_workflow_handle(one.case_id)

        async def tried_again() -> bool | None:
            return True if (await handle.describe()).raw_description.pending_activities else None

        await eventually(tried_again, "the answer was not tried again")
        assert not answering.done()
        await asyncio.to_thread(own_cluster.start)
        view = await answering
        assert [task.kind for task in view.open_tasks] == ["live_record"]
        assert await house.rules(TOM.ref) == ["TR-1"]
        assert (await one.walk()).outcome == "D1"


RESTARTED: dict[str, dict[str, Any]] = {
    "match_entry": {},
    "identify_occupant": {"outcome": "address_only"},
    "first_question": {},
    "why_pending": {"before": "D2P/PEN"},
    "phone_corrections": {"before": "D1/CUR"},
    "corrections_unreachable": {"before": "D3/CUR"},
    "live_record": {},
    "nso_questions": {"said": "NSO", "before": "D1/CUR"},
    "invalid_questions": {"said": "neither", "before": "D2/CUR"},
    "before_t441_questions": {"live": True},
    "final_questions": {},
}


@pytest.mark.req("NFR-1")
async def test_1_a_case_whose_run_is_lost_goes_on_from_the_record_where_it_stood(house: House) -> None:
    people = [somebody(n, live=given.get("live", False)) for n, given in enumerate(RESTARTED.values())]
    for person, given in zip(people, RESTARTED.values(), strict=True):
        if before := given.get("before"):
            await hold(house.database, person.ref, before)
    advisors = await reported(house, *people)
    await asyncio.gather(
        *(
            _restarted(house, one, kind, **given)
            for one, (kind, given) in zip(advisors, RESTARTED.items(), strict=True)
        )
    )


async def _restarted(house: House, one: Advisor, kind: str, **given: Any) -> None:
    one.said, one.outcome = given.get("said", "CSO"), given.get("outcome", "potential_match")
    if kind == "corrections_unreachable":
        await one.walk(until="phone_corrections")
        long_ago = (await house.now() - timedelta(days=30)).isoformat()
        await one.call(None, started_at=long_ago, ended_at=long_ago)
        await house.task(one.case_id, kind)
    else:
        await one.walk(until=kind)
    open_before, rows = await _open(house, one), await counts(house, one.case_id)
    state = (await house.case(one.case_id)).state
    await house.client.get_workflow_handle(one.case_id).terminate()
    assert await RunningCases(house.client).start("identify", one.case_id, again=True)
    view = await house.view(one.case_id)
    assert ({task.task_id for task in view.open_tasks}, view.step) == (open_before, state["step"])
    assert (await _open(house, one), await counts(house, one.case_id)) == (open_before, rows)
    assert (await house.case(one.case_id)).state == state
    if kind != "before_t441_questions":
        outcome = {"CSO": "D1", "NSO": "D2", "neither": "D3"}[one.said]
        assert (await one.walk()).outcome == outcome


async def _open(house: House, one: Advisor) -> set[str]:
    async with house.database.transaction() as session:
        return set(
            await session.scalars(
                select(Task.task_id).where(Task.case_id == one.case_id, Task.state == "open")
            )
        )


@pytest.mark.req("NFR-1")
async def test_1_a_turn_recorded_twice_is_recorded_once(house: House) -> None:
    [one] = await reported(house, TOM)
    await one.walk(until="first_question")
    case = await house.case(one.case_id)
    turn = Turn(
        case_id=one.case_id,
        number=case.turn + 1,
        step="1.3",
        next_step="1.3",
        at=await house.now(),
        by=ADVISOR,
        command_id="command-0003",
        action="answered",
        effects=[
            NoteWritten(note_id=f"{one.case_id}-twice", text="once"),
            AssessmentCalculated(
                number="A-1", person_ref=TOM.ref, version=1, code=AssessmentCode.D1P,
                status=AssessmentStatus.PEN, rule="TR-1",
            ),
        ],
        state=case.state,
        waiting_for=case.waiting_for,
        due_at=None,
        outcome=None,
        person_ref=TOM.ref,
    )  # fmt: skip
    recording = Recording(house.database, FieldCipher(house.keys))
    await recording.record_turn(turn)
    held = await counts(house, one.case_id)
    await recording.record_turn(turn)
    await asyncio.gather(*(recording.record_turn(turn) for _ in range(3)))
    assert await counts(house, one.case_id) == held
    async with house.database.transaction() as session:
        events = await session.scalars(
            select(AuditEvent.business_key).where(AuditEvent.case_id == one.case_id)
        )
        versions = await session.scalar(select(func.count()).select_from(AssessmentVersion))
    keys = [key for key in events if key and key.startswith(f"{one.case_id}/{turn.number}")]
    assert len(keys) == len(set(keys)) == 2
    assert versions == 1


@pytest.mark.req("NFR-1")
async def test_1_a_story_with_nothing_cached_ends_the_same(
    databases: Databases, server: WorkflowEnvironment, keys: KeyRing
) -> None:
    async with running(databases, server, keys, max_cached_workflows=0) as house:
        again = replace(somebody(1), given="Lee")
        await hold(house.database, again.ref, "D1/CUR")
        tom, other = await reported(house, TOM, again)
        other.said = "neither"
        assert [(await one.walk()).outcome for one in (tom, other)] == ["D1", "D3"]
        assert await house.rules(again.ref) == ["earlier", "TR-12", "TR-7"]
