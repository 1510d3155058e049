"""How long an import of the register takes, against a bare COPY of the same file in the same run.

Run: python -m bench.register_import [--persons 200000]
"""

import argparse
import asyncio
import csv
import random
import shutil
import socket
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from adapters.register_csv import REQUIRED_COLUMNS
from adapters.register_import import import_register
from models.database import Database
from workers.embedded.postgres import EmbeddedPostgres
from workers.migrate import migrate

_OPENINGS = (
    "Ta",
    "Mo",
    "Ke",
    "Ru",
    "Hā",
    "Li",
    "Wha",
    "So",
    "Ny",
    "Pe",
    "Gra",
    "Jo",
    "Fa'",
    "Ē",
    "Val",
    "Öz",
)
_MIDDLES = ("ra", "ne", "li", "ko", "wai", "mi", "sto", "be", "ngo", "te", "vi", "du", "sha", "le")
_ENDINGS = ("ki", "son", "a", "man", "ri", "oa", "nen", "ez", "field", "tau", "i", "ova", "ley", "ta")
_STREET_KINDS = ("Street", "Road", "Avenue", "Place", "Crescent", "Terrace", "Lane")


def write_register(path: Path, persons: int, seed: int = 1) -> None:
    """A made-up register: households of one to five, hyphenated names, macrons, flats, former names and addresses."""
    rng = random.Random(seed)

    def word() -> str:
        return rng.choice(_OPENINGS) + rng.choice(_MIDDLES) + rng.choice(_ENDINGS)

    streets = [f"{word()} {rng.choice(_STREET_KINDS)}" for _ in range(persons // 100 + 10)]
    towns = [(word(), word(), f"{rng.randrange(100, 9999):04}") for _ in range(60)]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow((*REQUIRED_COLUMNS, "other_names", "former_addresses"))
        made, home = 0, 0
        while made < persons:
            home += 1
            suburb, town, postcode = rng.choice(towns)
            flat = f"{rng.randrange(1, 9)}/" if rng.random() < 0.3 else ""
            address = f"{flat}{rng.randrange(1, 300)} {rng.choice(streets)}"
            surname = word() if rng.random() < 0.9 else f"{word()}-{word()}"
            for place in range(min(rng.randrange(1, 6), persons - made)):
                made += 1
                born = date(1935, 1, 1) + timedelta(days=rng.randrange(30000))
                given = " ".join(word() for _ in range(rng.randrange(1, 3)))
                other = f"{given} {word()}" if rng.random() < 0.1 else ""
                former = (
                    f"{rng.randrange(1, 300)} {rng.choice(streets)}, {town}" if rng.random() < 0.3 else ""
                )
                occupancy = "tenant" if place == 0 else "household_member"
                who = (made, surname, given, born, rng.choice("MFX"))
                where = (address, suburb, town, postcode, f"{town} office", "live")
                writer.writerow((*who, *where, occupancy, f"PR-{home}", f"HH-{home}", other, former))


@contextmanager
def cluster() -> Iterator[EmbeddedPostgres]:
    """A PostgreSQL cluster of its own, removed afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="placement-bench-"))
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    postgres = EmbeddedPostgres(folder / "data", port, folder / "keys")
    try:
        postgres.start()
        postgres.create_database("bench")
        yield postgres
    finally:
        postgres.stop()
        shutil.rmtree(folder)


def now() -> datetime:
    """The present, UTC."""
    return datetime.fromtimestamp(time.time(), UTC)


async def _bare_copy(database: Database, path: Path) -> float:
    with path.open(encoding="utf-8") as file:
        columns = next(csv.reader(file))
    async with database.transaction() as session:
        connection = await session.connection()
        await connection.exec_driver_sql(
            f"CREATE TABLE bare ({', '.join(f'{name} text' for name in columns)})"
        )
        driver = (await connection.get_raw_connection()).driver_connection
        assert driver is not None
        started = time.perf_counter()
        await driver.copy_to_table("bare", source=str(path), format="csv", header=True)
        return time.perf_counter() - started


async def _import(database: Database, path: Path) -> float:
    started = time.perf_counter()
    with path.open(encoding="utf-8", newline="") as lines:
        report = await import_register(database, lines, as_of=now(), clock=now)
    print(f"  {report.good} good, {report.added} added, {report.changed} changed")
    return time.perf_counter() - started


async def _measure(persons: int) -> None:
    with cluster() as postgres:
        path = postgres.data.parent / "register.csv"
        write_register(path, persons)
        await migrate(postgres.url("owner", "bench"))
        owner, loader = Database(postgres.url("owner", "bench")), Database(postgres.url("loader", "bench"))
        bare = await _bare_copy(owner, path)
        first, again = await _import(loader, path), await _import(loader, path)
        await owner.close()
        await loader.close()
        print(f"{persons} persons: bare COPY {bare:.1f} s; first import {first:.1f} s ({first / bare:.0f} x)")
        print(f"the same file again {again:.1f} s ({again / bare:.0f} x), {persons / first:.0f} persons/s")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--persons", type=int, default=200_000)
    asyncio.run(_measure(parser.parse_args().persons))
