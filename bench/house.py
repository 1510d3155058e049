"""The whole house on servers of its own: durable PostgreSQL, Temporal on a database file, encryption and audit on."""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import text
from temporalio.client import Client
from temporalio.worker import Worker

from adapters.keys import KeyRing, load_keys
from adapters.settings import read_settings
from bench.bare import QUEUE, Bare, BareDecisions, BareTimer
from bench.register_import import cluster
from models.database import Database
from tests.conftest import Databases
from tests.workflows.outages import ROLES, furnished, killable_temporal
from tests.workflows.skipping import Virtual
from workers.migrate import migrate
from workers.wiring import WorkerParts, worker_of
from workers.worker import STICKY_WITHIN

PROMPT: dict[str, Any] = {"sticky_queue_schedule_to_start_timeout": STICKY_WITHIN}


@dataclass
class BenchHouse:
    """What a bench drives; `v` has one advisor's moves, on the machine's own clock."""

    v: Virtual
    parts: WorkerParts
    databases: Databases
    client: Client
    keys: KeyRing
    bare: Bare
    environment: dict[str, str]
    """For processes of their own beside this one."""

    def worker(self, *more: Any) -> Worker:
        """A worker of the product in this process, as `placement worker` runs; mail is taken at once."""
        return worker_of(self.parts, instead=[self.v.gateway.deliver, *more], **PROMPT)

    def bare_worker(self) -> Worker:
        """A worker of the bare workflows, on the same server with the same encryption."""
        return Worker(
            self.client,
            task_queue=QUEUE,
            workflows=[BareTimer, BareDecisions],
            activities=[self.bare.note, self.bare.write],
            **PROMPT,
        )


@asynccontextmanager
async def bench_house() -> AsyncIterator[BenchHouse]:
    """Servers, database and people; everything is removed afterwards."""
    with cluster() as postgres:
        folder = postgres.data.parent
        await migrate(postgres.url("owner", "bench"))
        databases = Databases(
            "bench", *(Database(postgres.url(role, "bench"), pool_size=15) for role in ROLES)
        )
        async with databases.owner.transaction() as session:
            await session.execute(text("CREATE TABLE bare_decision (name text, number int)"))
            await session.execute(text("GRANT INSERT ON bare_decision TO placement_worker"))
        home = folder / "home"
        keys = load_keys(read_settings({"PLACEMENT_HOME": str(home)}))
        try:
            async with killable_temporal(home, keys) as (_, client, environment):
                v, parts = await furnished(databases, keys, client, environment)
                yield BenchHouse(
                    v,
                    parts,
                    databases,
                    client,
                    keys,
                    Bare(databases.worker),
                    _environment(home, client, postgres.url("worker", "bench")),
                )
        finally:
            await databases.close()


def _environment(home: Path, client: Client, database_url: str) -> dict[str, str]:
    address = client.service_client.config.target_host
    return {**os.environ, "PLACEMENT_HOME": str(home), "DATABASE_URL": database_url} | {
        "PLACEMENT_TEMPORAL_ADDRESS": address
    }


async def all_at_once(works: Sequence[Any], at_once: int) -> None:
    """Await them all, a few at a time."""
    gate = asyncio.Semaphore(at_once)

    async def one(work: Any) -> None:
        async with gate:
            await work

    await asyncio.gather(*map(one, works))


async def patiently(look: Callable[[], Awaitable[bool]], seconds: float) -> None:
    """Look again until it is true. Raises TimeoutError after so many seconds."""
    async with asyncio.timeout(seconds):
        while True:
            if await look():
                return
            await asyncio.sleep(0.2)
