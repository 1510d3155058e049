"""How long pages take, and how PostgreSQL works them out, with 1,000,000 cases and 50,000 open tasks in the record.

Run: python -m bench.pages_at_scale [--cases N] [--tasks N] [--persons N] [--rounds 20] [--only queue] [--data FOLDER]

The real application answers in this process, to visitors of every role; each page is asked for with another case or person
each time. Times are milliseconds from request to whole answer, and how many of them this process and PostgreSQL had a
processor; the last column compares these with the page of the procedure, which reads the session and little else. Ends
with 1 when a queue, case or person page needs more than 100 ms (p95), or any page reads a big table as a whole or sorts a
big set. With --processor the time on a processor is judged, for a machine that does other work meanwhile (Linux). With
--data the filled database stays in that folder and is used again.

Measured on 30 November 2026 on two quiet cores, p95 in real time: the bare page 6 ms, home 77, queues 69, lists of cases 82,
case pages 60, persons 44, workload 108, searches 24 by reference and 254 by address; no big table is read as a whole. Before
the indexes, and with counts that looked up the case of every task, times of the bare page: home 185, queues 46 to 145 (done
1,200), case pages 6 to 129, persons 190 to 620, searches 110 to 475. Now: home 12, queues 10, case pages 8, persons 6,
searches 31.
"""

import argparse
import asyncio
import shutil
import socket
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import text

from adapters.register_import import import_register
from bench.plans import Listener, big_tables, complaints
from bench.register_import import write_register
from bench.scale_desk import NOW, Desk, application, seal, signed_in
from bench.scale_fill import Size, fill, fill_one_case
from bench.scale_pages import ASKERS, PAGES, Page, Samples, samples
from models.database import Database
from workers.api_server import set_apart_what_stays
from workers.embedded.postgres import EmbeddedPostgres
from workers.migrate import migrate

MOST_MS = 100
"""For the slowest twentieth of requests (issue 5)."""
_DATABASE = "bench"


@dataclass
class Times:
    """What one page took, in milliseconds, and how many statements one request sends."""

    page: Page
    taken: list[float]
    worked: list[float]
    """Of these, on a processor."""
    statements: int


def p50(times: list[float]) -> float:
    """The middle one."""
    return statistics.median(times)


def p95(times: list[float]) -> float:
    """What nineteen of twenty stay under."""
    return statistics.quantiles(times, n=20, method="inclusive")[-1]


@contextmanager
def _cluster(folder: Path | None) -> Iterator[EmbeddedPostgres]:
    """A cluster in this folder, kept; or one of its own, removed afterwards."""
    place = folder or Path(tempfile.mkdtemp(prefix="placement-bench-"))
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    postgres = EmbeddedPostgres(place / "data", port, place / "keys")
    try:
        postgres.start()
        yield postgres
    finally:
        postgres.stop()
        if folder is None:
            shutil.rmtree(place)


async def furnish(owner: Database, loader: Database, size: Size, persons: int) -> None:
    """People and cases in a migrated database, unless they are there."""
    async with owner.transaction() as session:
        if await session.scalar(text("SELECT 1 FROM case_record LIMIT 1")):
            return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "register.csv"
        write_register(path, persons)
        with path.open(encoding="utf-8", newline="") as lines:
            await import_register(loader, lines, as_of=NOW, clock=lambda: NOW)
    await fill(owner, size, now=NOW)


async def _furnished(postgres: EmbeddedPostgres, size: Size, persons: int) -> None:
    """Everything is there; newer migrations are made up for."""
    postgres.ensure_database(_DATABASE)
    began = time.perf_counter()
    await migrate(postgres.url("owner", _DATABASE))
    print(f"migrated in {time.perf_counter() - began:.0f} s", flush=True)
    owner, loader = (Database(postgres.url(role, _DATABASE)) for role in ("owner", "loader"))
    try:
        await furnish(owner, loader, size, persons)
    finally:
        await owner.close()
        await loader.close()
    print(f"furnished in {time.perf_counter() - began:.0f} s", flush=True)


async def _worked(database: Database) -> float:
    """Milliseconds that this process and the application's sessions in PostgreSQL have had a processor so far."""
    query = text("SELECT pid FROM pg_stat_activity WHERE usename = 'placement_api'")
    async with database.transaction() as session:
        pids = (await session.scalars(query)).all()
    return time.process_time() * 1000 + sum(map(_scheduled, pids))


def _scheduled(pid: int) -> float:
    return int(Path(f"/proc/{pid}/schedstat").read_text(encoding="ascii").split()[0]) / 1e6


async def _measure(
    page: Page, desk: Desk, held: Samples, heard: Listener, rounds: int, owner: Database
) -> Times:
    heard.page = f"{page.name} ({page.asker})"
    await desk.ask(page, held, 0)
    taken, worked, before = [], [], heard.asked[heard.page]
    for turn in range(1, rounds + 1):
        began = await _worked(owner)
        taken.append(await desk.ask(page, held, turn))
        worked.append(await _worked(owner) - began)
    return Times(page, taken, worked, (heard.asked[heard.page] - before) // rounds)


def _said(one: Times, bare: float, judged: list[float]) -> str:
    mark = "  TOO SLOW" if one.page.limited and p95(judged) > MOST_MS else ""
    numbers = " ".join(f"{of(times):8.1f}" for times in (one.taken, one.worked) for of in (p50, p95))
    compared = f"{one.statements:5d} {p50(one.worked) / bare:6.1f}"
    return f"{one.page.name:24} {one.page.asker:24} {numbers} {compared}{mark}"


async def _run(postgres: EmbeddedPostgres, asked: argparse.Namespace) -> bool:
    owner = Database(postgres.url("owner", _DATABASE))
    database = Database(postgres.url("api", _DATABASE), for_pages=True)
    heard = Listener()
    try:
        async with application(database) as (asgi, cipher):
            set_apart_what_stays()
            case_id, person_ref = await fill_one_case(owner, now=NOW)
            held = await samples(owner, case_id, person_ref)
            await seal(owner, cipher, [*held.values["person"], *held.values["match_person"], person_ref])
            desks = {name: await signed_in(owner, asgi, one) for name, one in ASKERS.items()}
            columns = " ".join(f"{name:>8}" for name in ("p50", "p95", "work p50", "work p95"))
            print(f"{'page':24} {'for':24} {columns} {'SQL':>5} {'x bare':>6}")
            bare, good = 0.0, True
            with heard.listening(database):
                for page in PAGES:
                    if bare and asked.only not in page.name:
                        continue
                    times = await _measure(page, desks[page.asker], held, heard, asked.rounds, owner)
                    bare = bare or p50(times.worked)
                    judged = times.worked if asked.processor else times.taken
                    good = good and not (page.limited and p95(judged) > MOST_MS)
                    print(_said(times, bare, judged), flush=True)
            return await _plans_are_good(owner, database, heard) and good
    finally:
        await owner.close()
        await database.close()


async def _plans_are_good(owner: Database, database: Database, heard: Listener) -> bool:
    big = await big_tables(owner)
    print(f"{len(heard.heard)} statements explained; {len(big)} big tables")
    found: dict[tuple[str, str], list[str]] = {}
    for (page, sql), asked in heard.heard.items():
        for complaint in await complaints(database, asked, big):
            found.setdefault((sql, complaint), []).append(page)
    for (sql, complaint), pages in found.items():
        print(f"\n{complaint}: {', '.join(pages)}\n  {sql}")
    return not found


async def _main(asked: argparse.Namespace) -> int:
    with _cluster(asked.data) as postgres:
        size = Size(cases=asked.cases, open_tasks=asked.tasks, waiting=asked.tasks // 5)
        await _furnished(postgres, size, asked.persons)
        return 0 if await _run(postgres, asked) else 1


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    for number, standard in (("cases", 1_000_000), ("tasks", 50_000), ("persons", 200_000), ("rounds", 20)):
        parser.add_argument(f"--{number}", type=int, default=standard)
    parser.add_argument("--only", default="", help="pages with this in their name")
    parser.add_argument("--processor", action="store_true", help="judge the time on a processor")
    parser.add_argument("--data", type=Path, help="a folder in which the filled database stays")
    sys.exit(asyncio.run(_main(parser.parse_args())))
