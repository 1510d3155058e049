"""At every waiting point of procedures 2 to 4 a run begins anew, and nothing of the case is lost, doubled or late."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import select
from temporalio.testing import WorkflowEnvironment

from adapters.keys import KeyRing
from adapters.search_attributes import ALL
from models.tables.case import Task
from models.tables.mail import Clock
from procedures.tasks import CaseView
from tests.workflows.driving import counts, somebody
from tests.workflows.home_points import OPENS
from tests.workflows.home_points import POINTS as HOMES
from tests.workflows.outages import stands_for, timers_standing
from tests.workflows.people import Person
from tests.workflows.placement import applicant, matched
from tests.workflows.placement_points import POINTS as PLACING
from tests.workflows.placement_points import ROUTES as NAMES
from tests.workflows.placement_points import reach
from tests.workflows.renewing import begins_anew
from tests.workflows.running import House
from tests.workflows.suitability import Office, shared_office
from workers.embedded.postgres import EmbeddedPostgres

LIVING = {
    point: somebody(6300 + number, live=True) for number, point in enumerate(HOMES) if point not in OPENS
}
ROUTES = {route: applicant(f"renewed{route}") for route in NAMES}


@dataclass
class RememberingHouse(House):
    """Keeps the last command that each case has taken."""

    last: dict[str, tuple[str, Any, str]] = field(default_factory=dict)

    async def update(self, case_id: str, name: str, message: Any, update_id: str) -> CaseView:
        """As the API gives it."""
        view = await super().update(case_id, name, message, update_id)
        self.last[case_id] = (name, message, update_id)
        return view


@dataclass(frozen=True)
class Standing:
    """Everything that has to be the same after the renewal."""

    tasks: frozenset[str]
    clocks: frozenset[tuple[str, datetime, bool]]
    counts: dict[str, int]
    state: dict[str, Any]
    searched: dict[str, Any]


@pytest.fixture(scope="module")
async def office(
    cluster: EmbeddedPostgres, migrated_template: str, impatient_server: WorkflowEnvironment, keys: KeyRing
) -> AsyncIterator[Office]:
    """A house on a server that asks every run to begin anew."""
    people: list[Person] = [*LIVING.values(), *ROUTES.values()]
    async with shared_office(cluster, migrated_template, impatient_server, keys, *people) as office:
        yield Office(RememberingHouse(**vars(office.house)), office.gateway, office.databases)


async def standing(office: Office, case_id: str) -> Standing:
    """The case as it stands; the number of its turns is not part of it."""
    state = dict((await office.house.case(case_id)).state)
    searched = (await office.house.client.get_workflow_handle(case_id).describe()).typed_search_attributes
    async with office.databases.worker.transaction() as session:
        tasks = await session.scalars(
            select(Task.task_id).where(Task.case_id == case_id, Task.state == "open")
        )
        clocks = await session.scalars(select(Clock).where(Clock.case_id == case_id))
        found = frozenset(tasks), frozenset((c.clock_id, c.due_at, c.stopped_at is None) for c in clocks)
    numbers = await counts(office.house, case_id)
    numbers.pop("turn"), state.pop("turn")
    return Standing(*found, numbers, state, {key.name: searched.get(key) for key in ALL})


async def stays_as_it_is(office: Office, case_id: str) -> None:
    """Renewed, and the last command given once more: all is as it was, and the same command has the same result."""
    house = office.house
    assert isinstance(house, RememberingHouse)
    # Once before: then its mail has left, and what it shows of itself can be found.
    await begins_anew(house, case_id)
    before, view = await standing(office, case_id), await house.view(case_id)
    await begins_anew(house, case_id)
    assert await standing(office, case_id) == before
    assert await house.view(case_id) == view
    if case_id in house.last:
        assert await house.update(case_id, *house.last[case_id]) == view
        assert await standing(office, case_id) == before


@pytest.mark.req("NFR-1", "AMB-X-3", "AMB-X-11")
@pytest.mark.parametrize("point", LIVING)
async def test_2_a_home_at_this_point(office: Office, point: str) -> None:
    home = await office.begin(LIVING[point])
    await HOMES[point](home)
    await stays_as_it_is(office, home.case_id)
    clock = (await office.house.case(home.case_id)).state["exchange"]["clock"]
    if clock and point in ("2.2-awaiting", "2.2-incomplete"):
        timers = await timers_standing(office.house.client, home.case_id)
        assert stands_for(timers, datetime.fromisoformat(clock["due_day_opens_at"]))


@pytest.mark.req("NFR-1", "AMB-X-3", "AMB-X-11")
@pytest.mark.parametrize("route", ROUTES)
async def test_3_and_4_a_match_and_its_offer_at_every_point(office: Office, route: str) -> None:
    placer = await matched(office, ROUTES[route], f"VR-{route}", t441=route != "asking")
    for point in (point for point in PLACING if point.route == route):
        placer = await reach(placer, point)
        await stays_as_it_is(office, placer.case_id)
        if point.name == "booking":
            closes_at = (await office.house.case(placer.case_id)).state["agreed"]["closes_at"]
            timers = await timers_standing(office.house.client, placer.case_id)
            assert stands_for(timers, datetime.fromisoformat(closes_at))
