"""Public record-linkage data that nobody here made: the right person is among those shown (FEBRL4, 5,000 people)."""

from datetime import UTC, datetime

import pytest

from adapters.person_register import RegisterTables
from adapters.register_import import import_register
from bench.febrl_recall import febrl, rank, register_lines, search
from tests.conftest import Databases

NOW = datetime(2026, 11, 6, 11, 30, tzinfo=UTC)
ASKED, MUST_BE_FOUND = 200, 198


@pytest.mark.req("P1.S2.2")
async def test_1_2_febrl_people_are_among_the_candidates(databases: Databases) -> None:
    people = febrl("dataset4b.csv")
    report = await import_register(databases.loader, register_lines(people), as_of=NOW, clock=lambda: NOW)
    assert (report.good, report.bad) == (5000, ())
    register = RegisterTables(databases.api)
    asked = febrl("dataset4a.csv")
    found = [await search(register, person) for person in asked[:: len(asked) // ASKED]]
    assert len(found) == ASKED
    assert max(len(one.candidates) for one in found) <= 50
    ranks = [rank(person, one) for person, one in zip(asked[:: len(asked) // ASKED], found, strict=True)]
    assert sum(place is not None for place in ranks) >= MUST_BE_FOUND
