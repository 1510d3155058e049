"""`placement worker`: runs the workflows and activities of every procedure, and the sweeps beside them."""

import asyncio
import os
import signal
from datetime import timedelta

import structlog
import typer

from adapters.keys import load_keys
from adapters.logging import configure_logging
from adapters.production import Process, refuse_unfit
from adapters.production_record import refuse_unfit_record
from adapters.settings import Settings, read_settings
from models.database import Database
from workers.migrate import database_url
from workers.schedule import ensure_schedule
from workers.sweeps import keep_sweeping
from workers.wiring import returns_of, temporal_of, wall_clock, worker_of, worker_parts

DRAIN_WITHIN = timedelta(seconds=20)
"""What an activity in hand gets at the end before it is cancelled; it is retried elsewhere."""
STICKY_WITHIN = timedelta(seconds=1)
"""How long a case waits for the worker that knew it: after a crash the next answer comes in seconds, not in ten."""
_CONNECTIONS = 15

_log = structlog.stdlib.get_logger(__name__)


async def run_worker(settings: Settings, stop: asyncio.Event) -> None:
    """Work until `stop` is set, then take nothing new and finish what is in hand.

    Raises UnfitForProduction, StackError when Temporal does not answer, and whatever makes the worker fail.
    """
    refuse_unfit(settings, Process.WORKER)
    keys = load_keys(settings)
    database = Database(database_url(settings, "worker"), pool_size=_CONNECTIONS)
    try:
        if settings.production:
            await refuse_unfit_record(database, "worker")
        client = await temporal_of(settings, keys, identity=f"worker-{os.getpid()}", metrics=True)
        _log.info("friday schedule settled", outcome=await ensure_schedule(client))
        parts = worker_parts(settings, keys, database, client)
        returns = returns_of(parts, parts.post) if parts.post else None
        worker = worker_of(
            parts,
            sticky_queue_schedule_to_start_timeout=STICKY_WITHIN,
            graceful_shutdown_timeout=DRAIN_WITHIN,
        )
        async with worker:
            sweeping = asyncio.create_task(keep_sweeping(database, client, wall_clock, returns))
            _log.info("worker started", pid=os.getpid(), task_queue=worker.task_queue)
            try:
                await stop.wait()
            finally:
                sweeping.cancel()
                await asyncio.gather(sweeping, return_exceptions=True)
    finally:
        await database.close()
    _log.info("worker stopped", pid=os.getpid())


async def _until_told() -> None:
    stop = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    await run_worker(read_settings(), stop)


def worker_command() -> None:
    """Run a worker until SIGTERM: cases go on, letters leave, Fridays open. Start as many as you like."""
    configure_logging()
    asyncio.run(_until_told())


def add_commands(app: typer.Typer) -> None:
    """Mount `placement worker`."""
    app.command("worker")(worker_command)
