"""Restarts while a T-441 is out: each server goes away and comes back, and nothing is lost, doubled or late."""

import asyncio
import uuid
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from activities.deadlines import Deadlines
from adapters.keys import KeyRing
from models.tables.mail import Clock, SecureMessage
from procedures.local_time import local_date
from procedures.tasks import AnswerTask, CaseView
from tests.conftest import Databases
from tests.workflows.gateway import CONTACT, SEND_FACTS
from tests.workflows.outages import (
    SoonDue,
    databases_of,
    furnished,
    killable_temporal,
    real_gateway,
    run_of,
    stands_for,
    timers_standing,
    turns_of,
)
from tests.workflows.running import ADVISOR, eventually, local_environment
from tests.workflows.skipping import Virtual
from tests.workflows.test_form_exchange import COMPLETE, letters, notices, review, some
from workers.embedded.mail_store import system_clock
from workers.embedded.postgres import EmbeddedPostgres
from workers.wiring import worker_of
from workers.worker import STICKY_WITHIN

PROMPT = {"sticky_queue_schedule_to_start_timeout": STICKY_WITHIN}
"""As `placement worker` runs."""


async def open_clock(v: Virtual, case_id: str) -> dict[str, datetime]:
    """The instants of the clock that runs, as recorded (UTC)."""
    clock = (await v.house.case(case_id)).state["exchange"]["clock"]
    names = ("due_day_opens_at", "due_at", "letter_opens_at")
    return {name: datetime.fromisoformat(clock[name]) for name in names}


async def the_review(v: Virtual, case_id: str, verdict: str) -> AnswerTask:
    """The command by which somebody reads what came back."""
    task = await v.house.task(case_id, "review_return")
    complete = {"verdict": "complete", "returned": COMPLETE}
    answer = complete if verdict == "complete" else {"verdict": verdict, "note": "A question about parking."}
    return AnswerTask(command_id=str(uuid.uuid4()), task_id=task.task_id, by=ADVISOR, answer=answer, facts={})


async def give(v: Virtual, case_id: str, command: AnswerTask) -> CaseView:
    return await v.house.update(case_id, "answer", command, command.command_id)


async def clocks(databases: Databases) -> list[Any]:
    async with databases.worker.transaction() as session:
        rows = (await session.scalars(select(Clock))).all()
        return [(row.clock_id, row.started_at, row.due_at, row.acts_at) for row in rows]


@pytest.mark.req("NFR-1")
async def test_1_6_postgresql_stops_and_starts_under_an_open_clock(
    own_cluster: EmbeddedPostgres, keys: KeyRing
) -> None:
    """An answer given while the record is away is taken when it is back, once; day 0 and due instant stay."""
    environment = await local_environment(keys)
    async with databases_of(own_cluster) as databases:
        v, parts = await furnished(databases, keys, environment.client, environment)
        client = environment.client
        async with worker_of(parts, instead=[v.gateway.deliver], **PROMPT):
            case_id = await v.case_with_t441()
            clock, held, run = (
                await open_clock(v, case_id),
                await clocks(databases),
                await run_of(client, case_id),
            )
            await v.returned(case_id)
            command = await the_review(v, case_id, "not_the_form")
            await asyncio.to_thread(own_cluster.stop)
            assert stands_for(await timers_standing(client, case_id), clock["due_day_opens_at"])
            waiting = asyncio.create_task(give(v, case_id, command))
            await eventually(lambda: _accepted(v, case_id), "the answer did not reach its case")
            assert not waiting.done()
            await asyncio.to_thread(own_cluster.start)
            await waiting
            await give(v, case_id, command)
            assert await turns_of(databases, command.command_id) == 1
            assert await clocks(databases) == held
            assert await run_of(client, case_id) == run == (run[0], "RUNNING")
            await eventually(lambda: _stands_again(v, case_id, clock), "the timer does not stand")
            assert await v.gateway.kinds() == ["T-441"]
            await v.returned(case_id, "in-2")
            await give(v, case_id, await the_review(v, case_id, "complete"))
            assert "final_questions" in await v.house.open_kinds(case_id)
    await environment.shutdown()


async def _stands_again(v: Virtual, case_id: str, clock: dict[str, datetime]) -> bool | None:
    timers = await timers_standing(v.house.client, case_id)
    return True if stands_for(timers, clock["due_day_opens_at"]) else None


async def _accepted(v: Virtual, case_id: str) -> bool | None:
    """The run holds the answer: its history says so, whatever the record can say."""
    history = await v.house.client.get_workflow_handle(case_id).fetch_history()
    updates = [e for e in history.events if e.HasField("workflow_execution_update_accepted_event_attributes")]
    done = [e for e in history.events if e.HasField("workflow_execution_update_completed_event_attributes")]
    return True if len(updates) > len(done) else None


@pytest.mark.req("NFR-1")
async def test_1_6_temporal_is_killed_and_starts_again_under_an_open_clock(
    databases: Databases, keys: KeyRing, tmp_path: Path
) -> None:
    """Same run, same timer with the true due instant; the answer after it is taken once."""
    async with killable_temporal(tmp_path, keys) as (temporal, client, environment):
        v, parts = await furnished(databases, keys, client, environment)
        async with worker_of(parts, instead=[v.gateway.deliver], **PROMPT):
            case_id = await v.case_with_t441()
            clock, held, run = (
                await open_clock(v, case_id),
                await clocks(databases),
                await run_of(client, case_id),
            )
            timers = await timers_standing(client, case_id)
            assert stands_for(timers, clock["due_day_opens_at"])
            await temporal.kill()
            await temporal.start()
            assert await run_of(client, case_id) == run == (run[0], "RUNNING")
            assert await timers_standing(client, case_id) == timers
            await v.returned(case_id)
            command = await the_review(v, case_id, "complete")
            await give(v, case_id, command)
            await give(v, case_id, command)
            assert await turns_of(databases, command.command_id) == 1
            assert await clocks(databases) == held
            assert await v.gateway.kinds() == ["T-441"]
            assert "final_questions" in await v.house.open_kinds(case_id)


@pytest.mark.req("NFR-1", "NFR-2")
async def test_1_6_the_gateway_goes_away_and_comes_back_under_an_open_clock(
    databases: Databases, keys: KeyRing, tmp_path: Path
) -> None:
    """What is to leave meanwhile waits and leaves once; the clock of the form that is out is not touched."""
    environment = await local_environment(keys)
    async with real_gateway(tmp_path, databases, keys) as real:
        v, parts = await furnished(databases, keys, environment.client, environment)
        async with worker_of(parts, instead=[real.delivery.deliver], **PROMPT):
            case_id = await v.case_before_t441()
            await v.house.answer(case_id, "send_t441", dict(CONTACT), facts=SEND_FACTS)
            await eventually(lambda: _running(v, case_id), "no clock was set")
            clock, held = await open_clock(v, case_id), await clocks(databases)
            assert await real.copies() == 1
            await real.gateway.stop()
            await v.returned(case_id)
            half = {"order_status": "CSO"}
            await review(v, case_id, "incomplete", returned=half, recipient_confirmed=True)
            await eventually(lambda: _tried(v), "nobody tried to send")
            assert await mails(databases) == {"T-441": "accepted", "T-441 incomplete": "sending"}
            await real.gateway.start()
            await eventually(lambda: _all_accepted(databases), "the mail did not leave")
            assert await real.copies() == 2
            assert await clocks(databases) == held
            await eventually(lambda: _stands_again(v, case_id, clock), "the timer does not stand")
            await v.returned(case_id, "in-2")
            await review(v, case_id, "complete")
            assert "final_questions" in await v.house.open_kinds(case_id)
            assert await real.copies() == 2
    await environment.shutdown()


async def _running(v: Virtual, case_id: str) -> bool | None:
    return True if (await v.house.case(case_id)).state["exchange"]["clock"] else None


async def mails(databases: Databases) -> dict[str, str]:
    """Kind of each outbox row, with its state."""
    async with databases.worker.transaction() as session:
        return {row.kind: row.state for row in await session.scalars(select(SecureMessage))}


async def _tried(v: Virtual) -> bool | None:
    return True if (await mails(v.databases)).get("T-441 incomplete") == "sending" else None


async def _all_accepted(databases: Databases) -> bool | None:
    return True if set((await mails(databases)).values()) == {"accepted"} else None


@pytest.mark.req("NFR-1", "NFR-2", "NFR-3", "NFR-4")
async def test_1_6_a_deadline_that_passed_while_all_was_down_fires_once_at_once_with_its_true_date(
    databases: Databases, keys: KeyRing, tmp_path: Path
) -> None:
    """The form left long ago; worker and Temporal are down at the instant its letter may go."""
    async with killable_temporal(tmp_path, keys) as (temporal, client, environment):
        v, parts = await furnished(databases, keys, client, environment)
        soon = SoonDue(Deadlines(databases.worker), timedelta(seconds=10))
        instead: list[Any] = [v.gateway.deliver, soon.form_clock]
        async with worker_of(parts, instead=instead, **PROMPT):
            case_id = await v.case_before_t441()
            v.gateway.now = _long_ago
            await v.send(case_id)
            v.gateway.now = environment.get_current_time
            clock, held, run = (
                await open_clock(v, case_id),
                await clocks(databases),
                await run_of(client, case_id),
            )
            await temporal.kill()
        assert clock["due_at"] < clock["letter_opens_at"] - timedelta(days=7)
        await eventually(soon.passed, "the instant did not pass")
        assert await letters(v) == []
        await temporal.start()
        assert await run_of(client, case_id) == run
        async with worker_of(parts, instead=instead, **PROMPT):
            (letter,) = await some(lambda: letters(v))
            assert letter > clock["letter_opens_at"]
            async with databases.worker.transaction() as session:
                rows = (
                    await session.scalars(select(SecureMessage).where(SecureMessage.kind == "17-030"))
                ).all()
            assert [row.fields["due_on"] for row in rows] == [local_date(clock["due_at"]).isoformat()]
            await v.returned(case_id)
            await give(v, case_id, await the_review(v, case_id, "complete"))
        assert set(held) <= set(await clocks(databases))
        assert await v.gateway.kinds() == ["T-441", "17-030"]
        assert await notices(v, "letter_17_030") == 1


async def _long_ago() -> datetime:
    return system_clock() - timedelta(days=28)
