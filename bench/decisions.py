"""Decisions per second of the whole answer path against bare Temporal, their events and actions, and a worker's death.

Run: python -m bench.decisions [--cases 40] [--kills 3]

The decision repeated is an unanswered call to Corrections (step 1.4): received in the record, update, validator, and one
transaction with call, tasks, state and audit, in which the next task is opened. Bare is an update that awaits one ordinary
activity with one transaction, on the same server with the same encryption. Goals (stack, "Where the time goes"): at least
0.85 of bare, at most 7 events and 2 actions for each decision, first answer at most 3 s after a worker was killed. Ratios
count; figures drift with the machine. Takes about two minutes on two idle cores.
"""

import argparse
import asyncio
import os
import signal
import statistics
import sys
import time
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from temporalio.api.enums.v1 import EventType, TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest

from activities.commands import NewCommand, receive_command
from activities.delivery import Delivery, Recorded
from bench.bare import QUEUE, BareDecisions
from bench.house import BenchHouse, all_at_once, bench_house
from bench.register_import import now
from procedures.tasks import CaseView
from tests.conftest import free_port
from tests.workflows.crowd import crowd, start_all
from tests.workflows.running import ADVISOR, SEARCHED, a_call, eventually
from workers.entry import leave

DECISIONS = 12
AT_ONCE = 20
LIVE = {"record_state": "live", "occupancy": "tenant"}
ACTIONS = {
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED,
    EventType.EVENT_TYPE_MARKER_RECORDED,
    EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED,
    EventType.EVENT_TYPE_TIMER_STARTED,
    EventType.EVENT_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES,
}
"""What Temporal counts, beside the run itself: updates, activities of both kinds, timers, search attributes."""


async def matched(house: BenchHouse) -> str:
    """A case whose entry was matched to a person: the questions of step 1.3 come next."""
    case_id = await house.v.case()
    match = {"outcome": "potential_match", "person_ref": "P-LIVE", "note": "same person"}
    await house.v.house.answer(case_id, "match_entry", match, facts=SEARCHED)
    await house.v.house.task(case_id, "first_question")
    return case_id


async def waiting_for_a_call(house: BenchHouse) -> str:
    """A case at step 1.4, after its first attempt: the ladder of calls is counted already."""
    case_id = await matched(house)
    await _questions(house, case_id)
    await house.v.house.answer(case_id, "phone_corrections", a_call(now(), None))
    return case_id


async def decide(house: BenchHouse, case_id: str, view: CaseView | None) -> CaseView:
    """One decision the way the API takes it: received in the record, then given to its case."""
    tasks = view.open_tasks if view else (await house.v.house.view(case_id)).open_tasks
    task = next(task for task in tasks if task.kind == "phone_corrections")
    new = NewCommand(
        command_id=str(uuid.uuid4()),
        case_id=case_id,
        task_id=task.task_id,
        kind="answer",
        asked=a_call(now(), None),
        facts={},
        by=ADVISOR,
        seen_version=None,
    )
    await receive_command(house.databases.api, new, at=now())
    done = await Delivery(house.databases.api, house.client, now).deliver(new)
    assert isinstance(done, Recorded), done
    assert done.view is not None
    return done.view


async def _product(house: BenchHouse, case_id: str, latencies: list[float]) -> None:
    view: CaseView | None = None
    for _ in range(DECISIONS):
        begun = time.perf_counter()
        view = await decide(house, case_id, view)
        latencies.append(time.perf_counter() - begun)


async def _bare(house: BenchHouse, name: str, latencies: list[float]) -> None:
    handle = house.client.get_workflow_handle_for(BareDecisions.run, name)
    for number in range(DECISIONS):
        begun = time.perf_counter()
        await handle.execute_update(BareDecisions.decide, number)
        latencies.append(time.perf_counter() - begun)


async def _rate(name: str, take: Callable[[str, list[float]], Awaitable[None]], ids: list[str]) -> float:
    latencies: list[float] = []
    begun = time.perf_counter()
    await all_at_once([take(one, latencies) for one in ids], AT_ONCE)
    rate = len(latencies) / (time.perf_counter() - begun)
    print(
        f"{name}: {rate:.1f} decisions/s, {AT_ONCE} at once, median {statistics.median(latencies):.3f} s",
        flush=True,
    )
    return rate


async def _shape(house: BenchHouse, case_id: str, take: Callable[[], Awaitable[int]]) -> str:
    """Events and actions of each decision that `take` makes alone on one case; it answers how many it made."""
    handle = house.client.get_workflow_handle(case_id)
    before = len((await handle.fetch_history()).events)
    taken = await take()
    added = (await handle.fetch_history()).events[before:]
    kinds = Counter(EventType.Name(event.event_type)[11:].lower() for event in added)
    actions = sum(event.event_type in ACTIONS for event in added)
    listed = ", ".join(f"{kind} {number / taken:.1f}" for kind, number in sorted(kinds.items()))
    return f"events {len(added) / taken:.1f} (goal <= 7), actions {actions / taken:.1f} (goal <= 2)\n    {listed}"


async def _calls(house: BenchHouse, case_id: str) -> int:
    view: CaseView | None = None
    for _ in range(DECISIONS):
        view = await decide(house, case_id, view)
    return DECISIONS


async def _questions(house: BenchHouse, case_id: str) -> int:
    """Two questions in a row after the match: most of what people answer is of this kind."""
    answer = house.v.house.answer
    await answer(case_id, "first_question", {"answers": {"reported_status": "CSO"}})
    await answer(case_id, "live_record", {"live": True, "evidence": "tenant"}, facts=LIVE)
    return 2


async def throughput(house: BenchHouse, cases: int) -> float:
    """Product over bare, in turns: half of each, twice, so that a drift of the machine meets both."""
    async with house.worker(), house.bare_worker():
        pattern = await matched(house)
        print("questions,", await _shape(house, pattern, lambda: _questions(house, pattern)))
        await house.v.house.answer(pattern, "phone_corrections", a_call(now(), None))
        print("calls,    ", await _shape(house, pattern, lambda: _calls(house, pattern)), flush=True)
        await house.client.get_workflow_handle(pattern).terminate("a pattern for the others")
        copies = await crowd(house.databases.owner, pattern, "P-LIVE", 2 * cases)
        await start_all(house.client, copies)
        names = [f"bare-{number}" for number in range(2 * cases)]
        for name in names:
            await house.client.start_workflow(BareDecisions.run, DECISIONS, id=name, task_queue=QUEUE)
        ratios = []
        for half in (slice(0, cases), slice(cases, 2 * cases)):
            bare = await _rate("bare   ", lambda one, found: _bare(house, one, found), names[half])
            product = await _rate("product", lambda one, found: _product(house, one, found), copies[half])
            ratios.append(product / bare)
    return statistics.mean(ratios)


@asynccontextmanager
async def _worker_process(house: BenchHouse) -> AsyncIterator[asyncio.subprocess.Process]:
    environment = house.environment | {"PLACEMENT_METRICS_PORT": str(free_port())}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "workers.entry", "worker", env=environment,
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    try:
        yield process
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
            await process.wait()


async def _after_kill(house: BenchHouse, case_id: str) -> float:
    """Two workers; the one that knows the case is killed: seconds until its next answer is recorded."""
    async with _worker_process(house) as first:
        view = await decide(house, case_id, None)
        async with _worker_process(house) as second:
            await eventually(lambda: _polls(house, second.pid), "the second worker does not poll")
            os.kill(first.pid, signal.SIGKILL)
            await first.wait()
            begun = time.perf_counter()
            await decide(house, case_id, view)
            return time.perf_counter() - begun


async def _polls(house: BenchHouse, pid: int) -> bool | None:
    """True once this worker asks for work; the server remembers dead ones for minutes."""
    request = DescribeTaskQueueRequest(
        namespace="default",
        task_queue=TaskQueue(name="placement"),
        task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW,
    )
    answer = await house.client.workflow_service.describe_task_queue(request)
    return True if f"worker-{pid}" in {poller.identity for poller in answer.pollers} else None


async def kills(house: BenchHouse, times: int) -> float:
    """The worst first answer of some kills, in seconds."""
    async with house.worker():
        pattern = await waiting_for_a_call(house)
        await house.client.get_workflow_handle(pattern).terminate("a pattern for the others")
    copies = await crowd(house.databases.owner, pattern, "P-LIVE", times)
    await start_all(house.client, copies)
    found = [await _after_kill(house, case_id) for case_id in copies]
    print(
        f"first answer after a worker was killed: {', '.join(f'{one:.1f}' for one in found)} s (goal <= 3)",
        flush=True,
    )
    return max(found)


async def _measure(cases: int, times: int) -> int:
    async with bench_house() as house:
        ratio = await throughput(house, cases)
        print(f"product / bare: {ratio:.2f} (goal >= 0.85)", flush=True)
    async with bench_house() as house:
        worst = await kills(house, times)
    return 0 if ratio >= 0.85 and worst <= 3.0 else 1


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--cases", type=int, default=40)
    parser.add_argument("--kills", type=int, default=3)
    given = parser.parse_args()
    leave(asyncio.run(_measure(given.cases, given.kills)))
