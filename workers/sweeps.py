"""What a worker looks after beside its tasks: open cases without a run are started again, stuck ones raise an alarm."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import select, text
from temporalio.client import Client

from activities.absences import hand_over_of_absent
from activities.case_runs import CaseRuns, OpenCase, Run
from activities.commands import CommandState, NewCommand
from activities.deadlines import Deadlines
from activities.delivery import Delivery, Waiting
from activities.duties import due_reviews
from activities.escalations import escalate_waiting
from activities.register_watch import register_changed
from activities.returns import Returns
from activities.running_cases import RunningCases
from activities.tidings import Tidings
from models.database import Database
from models.tables.case import Command
from procedures.tasks import By

RECONCILE_EVERY = timedelta(minutes=1)
READ_RETURNS_EVERY = timedelta(seconds=20)
LOOK_FOR_STUCK_EVERY = timedelta(minutes=5)
WATCH_HOMES_EVERY = timedelta(minutes=1)
KEEP_COVER_EVERY = timedelta(minutes=1)
"""Apart from reconciling, because it needs the record alone: it goes on while Temporal is away."""
RESTART_PAUSE = timedelta(hours=1)
"""A run that ended on its own is followed by at most one new run in this time; meanwhile it is on the stuck list."""
JUST_OPENED = timedelta(minutes=1)
"""Whoever opens a case also starts it; the sweep leaves it that long."""

_SETTLES_WITHIN = timedelta(minutes=1)
_PATIENCE = timedelta(seconds=10)
_MOST_DELIVERED = 100

_LOCK = "hashtext('reconcile')"

_log = structlog.stdlib.get_logger(__name__)


@dataclass(frozen=True)
class Reconciled:
    """What one comparison of record and Temporal came to; ids of cases."""

    open: int = 0
    started: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    """Failed again within the hour: on the stuck list, not started again."""
    elsewhere: bool = False
    """Another worker was comparing; nothing was done here."""


class Reconciler:
    """PostgreSQL is enough to go on: what the record says is open, runs (design, section 4)."""

    def __init__(self, database: Database, client: Client) -> None:
        self._database = database
        self._runs = CaseRuns(database, client)
        self._cases = RunningCases(client)

    async def reconcile(self, at: datetime) -> Reconciled:
        """Start what is open in the record and does not run; `at` (UTC) is the present instant. Safe at any time."""
        async with _only_one(self._database) as ours:
            if not ours:
                return Reconciled(elsewhere=True)
            cases = await self._runs.open_cases()
            shown = await self._runs.shown_running()
            doubtful = {case.case_id: case for case in cases if case.case_id not in shown}
            runs = await self._runs.describe_all(doubtful)
            found = [(case, runs[case_id]) for case_id, case in doubtful.items() if not runs[case_id].runs]
            started = [
                case.case_id for case, run in found if may_start(case, run, at) and await self._start(case)
            ]
            left = [case.case_id for case, run in found if not may_start(case, run, at) and run.status]
        for case_id in started:
            _log.warning("open case had no run, started from the record", case=case_id)
        return Reconciled(len(cases), tuple(started), tuple(left))

    async def _start(self, case: OpenCase) -> bool:
        """The case may have ended since the record was read: then it is left in peace."""
        if not await self._runs.is_open(case.case_id):
            return False
        return await self._cases.start(case.procedure, case.case_id, again=True)


def may_start(case: OpenCase, run: Run, at: datetime) -> bool:
    """A missing run always, but not in the first minute of a case; one that ended, once an hour."""
    if run.status is None:
        return case.turn > 0 or case.opened_at <= at - JUST_OPENED
    return run.started_at is None or run.started_at <= at - RESTART_PAUSE


@asynccontextmanager
async def _only_one(database: Database) -> AsyncIterator[bool]:
    """Whether this process is the only one to reconcile; the lock dies with its connection."""
    async with database.engine.connect() as plain:
        connection = await plain.execution_options(isolation_level="AUTOCOMMIT")
        ours = bool(await connection.scalar(text(f"SELECT pg_try_advisory_lock({_LOCK})")))
        try:
            yield ours
        finally:
            if ours:
                await connection.execute(text(f"SELECT pg_advisory_unlock({_LOCK})"))


async def deliver_waiting(database: Database, delivery: Delivery, at: datetime) -> int:
    """Deliver again what was received a minute ago and never settled: its API process died, or its case did not run.

    The command id is the update id, so what is under way elsewhere is not applied twice. Returns how many settled.
    """
    query = select(Command).where(
        Command.state == CommandState.RECEIVED.value, Command.received_at <= at - _SETTLES_WITHIN
    )
    async with database.transaction() as session:
        waiting = (await session.scalars(query.order_by(Command.received_at).limit(_MOST_DELIVERED))).all()
    settled = 0
    for command in waiting:
        try:
            async with asyncio.timeout(_PATIENCE.total_seconds()):
                settled += not isinstance(await delivery.deliver(_again_of(command)), Waiting)
        except TimeoutError:
            _log.warning("a received command waits", command_id=command.command_id, case=command.case_id)
    return settled


def _again_of(command: Command) -> NewCommand:
    return NewCommand(
        command_id=command.command_id,
        case_id=command.case_id,
        task_id=command.task_id,
        kind=command.kind,
        asked=command.body["asked"],
        facts=command.body["facts"],
        by=By(subject=command.actor, name=command.actor_name, role=command.actor_role),
        seen_version=command.body["seen_version"],
    )


async def raise_alarm(runs: CaseRuns, client: Client) -> int:
    """Log each stuck case and publish their number as the metric `placement_stuck_cases`. Returns the number."""
    stuck = await runs.stuck()
    for case in stuck:
        _log.error(
            "case is stuck",
            case=case.case_id,
            step=case.step,
            procedure=case.procedure,
            outcome=case.trouble.value,
            attempt=case.attempts,
        )
    if runtime := client.service_client.config.runtime:
        runtime.metric_meter.create_gauge(
            "placement_stuck_cases", "Open cases that make no progress: `placement stuck` lists them"
        ).set(len(stuck))
    return len(stuck)


async def watch_homes(database: Database, client: Client, at: datetime) -> None:
    """What other cases must hear, what the register shows of homes under watch, and reviews that are due at `at` (UTC)."""
    cases = RunningCases(client)
    await Tidings(database, cases).tell_waiting(at)
    await register_changed(database, cases, at)
    await due_reviews(database, cases, Deadlines(database), at)


async def keep_cover(database: Database, at: datetime) -> None:
    """Hand over what absent people had, then show what waits at `at` (UTC) to deputies and managers (AMB-X-2)."""
    for move in await hand_over_of_absent(database, at):
        _log.info("a holder is away", task_id=move.task_id, outcome=move.fate.value)
    for one in await escalate_waiting(database, at):
        _log.info("a task waits", task_id=one.task_id, stage=one.stage.value)


async def keep_sweeping(
    database: Database, client: Client, clock: Callable[[], datetime], returns: Returns | None = None
) -> None:
    """All sweeps, until cancelled; one that fails is tried again at its next turn. `clock` gives UTC.

    Without `returns` nobody reads the return mailbox.
    """
    reconciler, runs = Reconciler(database, client), CaseRuns(database, client)
    delivery = Delivery(database, client, clock)

    async def reconcile() -> None:
        await reconciler.reconcile(clock())
        await deliver_waiting(database, delivery, clock())

    async def cover() -> None:
        await keep_cover(database, clock())

    async def watch() -> None:
        await watch_homes(database, client, clock())

    async def look() -> None:
        await raise_alarm(runs, client)

    async def read_returns() -> None:
        if returns is not None:
            await returns.take_new(clock())

    async with asyncio.TaskGroup() as group:
        group.create_task(_again(RECONCILE_EVERY, reconcile))
        group.create_task(_again(KEEP_COVER_EVERY, cover))
        group.create_task(_again(WATCH_HOMES_EVERY, watch))
        group.create_task(_again(LOOK_FOR_STUCK_EVERY, look))
        group.create_task(_again(READ_RETURNS_EVERY, read_returns))


async def _again(every: timedelta, sweep: Callable[[], Coroutine[Any, Any, None]]) -> None:
    while True:
        try:
            await sweep()
        except Exception:  # noqa: BLE001 - whatever it was, the next turn tries again
            _log.exception("a sweep failed and is tried again", kind=sweep.__name__)
        await asyncio.sleep(every.total_seconds())
