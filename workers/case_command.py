"""`placement case`, `placement stuck` and `placement reconcile`: what an operator does when a case stands still."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Annotated, TypeVar

import typer
from sqlalchemy.exc import DBAPIError
from temporalio.client import Client

from activities.case_runs import CaseRuns, StuckCase
from activities.running_cases import RunningCases
from adapters.keys import load_keys
from adapters.settings import read_settings
from models.database import Database
from models.queries import cases
from procedures.case_state import END
from procedures.local_time import say_instant
from procedures.steps import STEPS
from workers.migrate import database_url
from workers.processes import StackError
from workers.sweeps import Reconciled, Reconciler
from workers.wiring import temporal_of, wall_clock

T = TypeVar("T")
CaseNumber = Annotated[str, typer.Argument(metavar="CASE", help="The case number.")]
_REASON = "restarted by an operator from the record"


@dataclass(frozen=True)
class Desk:
    """Record and Temporal, as an operator's command sees them."""

    database: Database
    client: Client

    async def show(self, case_id: str) -> list[str]:
        """How a case stands, in lines. Raises StackError when there is no such case."""
        held = await self._case(case_id)
        run = await CaseRuns(self.database, self.client).describe(case_id)
        title = STEPS[held.step].title if held.step in STEPS else ""
        state = "ended" if held.closed_at else "open"
        lines = [
            f"{case_id}: {held.procedure.replace('_', ' ')}, {state}, region {held.region}, edition {held.edition}",
            f"  step         {held.step} {title}".rstrip(),
            f"  waiting for  {held.waiting_for}",
            f"  due          {say_instant(held.due_at) if held.due_at else 'no time set'}",
            f"  run          {run.status.name.lower() if run.status else 'none'}"
            + (f", {run.trouble.value.replace('_', ' ')}" if run.trouble and not held.closed_at else ""),
        ]
        for task in await cases.open_tasks(self.database, case_id):
            due = say_instant(task.due_at) if task.due_at else "no time set"
            lines.append(
                f"  task         {task.task_id} {task.kind} ({task.step}) for {task.role}, due {due}"
            )
        return lines

    async def restart(self, case_id: str, *, force: bool) -> str:
        """Start the run of an open case from the record; with `force`, end the run it has first. What was done."""
        held = await self._case(case_id)
        if held.step == END or held.closed_at:
            raise StackError(f"{case_id} has ended: there is nothing to run")
        running = (await CaseRuns(self.database, self.client).describe(case_id)).runs
        if running and not force:
            raise StackError(f"{case_id} runs: nothing was done. Use --force to end that run and start again")
        if running:
            await self.client.get_workflow_handle(case_id).terminate(reason=_REASON)
        started = await RunningCases(self.client).start(held.procedure.value, case_id, again=True)
        return (
            f"{case_id} runs again from step {held.step}" if started else f"{case_id} was started meanwhile"
        )

    async def stuck(self) -> list[StuckCase]:
        """Open cases that make no progress."""
        return await CaseRuns(self.database, self.client).stuck()

    async def reconcile(self) -> Reconciled:
        """Compare record and Temporal now."""
        return await Reconciler(self.database, self.client).reconcile(wall_clock())

    async def _case(self, case_id: str) -> cases.CaseDetail:
        held = await cases.case(self.database, case_id)
        if held is None:
            raise StackError(f"There is no case {case_id}")
        return held


@asynccontextmanager
async def desk() -> AsyncIterator[Desk]:
    """The desk of this installation, under the role worker."""
    settings = read_settings()
    database = Database(database_url(settings, "worker"), pool_size=2)
    try:
        yield Desk(database, await temporal_of(settings, load_keys(settings), identity="operator"))
    except (OSError, DBAPIError) as error:
        raise StackError("The record does not answer or is not set up: is it up?") from error
    finally:
        await database.close()


def _at_desk(do: Callable[[Desk], Awaitable[T]]) -> T:
    async def run() -> T:
        async with desk() as ours:
            return await do(ours)

    return asyncio.run(run())


def show_command(case: CaseNumber) -> None:
    """Step, whom it waits for, until when, and its open tasks. No personal data."""
    print("\n".join(_at_desk(lambda ours: ours.show(case))))


def restart_command(
    case: CaseNumber,
    force: Annotated[bool, typer.Option("--force", help="End the run it has, then start again.")] = False,
) -> None:
    """Start the run of an open case again, at its recorded step. Ends nothing that runs, unless forced."""
    print(_at_desk(lambda ours: ours.restart(case, force=force)))


def stuck_command() -> None:
    """List open cases that make no progress, and what to do about each. Ends with status 1 when there are any."""
    stuck = _at_desk(lambda ours: ours.stuck())
    for case in stuck:
        attempts = f", {case.attempts} attempts" if case.attempts else ""
        since = f", since {say_instant(case.since)}" if case.since else ""
        print(f"{case.case_id} at step {case.step}: {case.trouble.value.replace('_', ' ')}{attempts}{since}")
        print(f"  {case.what_to_do}")
    print(f"{len(stuck)} stuck.")
    if stuck:
        raise typer.Exit(1)


def reconcile_command() -> None:
    """Start every case that the record says is open and that does not run. A worker does this every minute."""
    done = _at_desk(lambda ours: ours.reconcile())
    if done.elsewhere:
        print("A worker is doing this at the moment.")
        return
    print(
        f"{done.open} open, {len(done.started)} started, {len(done.left)} left: `placement stuck` says why."
    )
    for case_id in done.started:
        print(f"  started {case_id}")


def add_commands(app: typer.Typer) -> None:
    """Mount `placement case …`, `placement stuck` and `placement reconcile`."""
    case = typer.Typer(help="One case.", no_args_is_help=True)
    case.command("show")(show_command)
    case.command("restart")(restart_command)
    app.add_typer(case, name="case")
    app.command("stuck")(stuck_command)
    app.command("reconcile")(reconcile_command)
