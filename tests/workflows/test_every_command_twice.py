"""Every answer and every change given twice, in every story: the same result, one record, and no second letter (NFR-1)."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from temporalio.testing import WorkflowEnvironment

from adapters.keys import KeyRing
from models.database import Database
from procedures.answers import ALL
from procedures.changes import CHANGES
from procedures.terms import Procedure
from tests.conftest import Databases
from tests.workflows.seldom import OPTIONS, SELDOM
from tests.workflows.stories import STORIES, Story
from tests.workflows.suitability import Office
from tests.workflows.telling import house_for, house_of
from tests.workflows.twice import Given, careful
from workers.embedded.postgres import EmbeddedPostgres

ALL_STORIES = STORIES | SELDOM
TOGETHER = [name for name, story in STORIES.items() if not story.alone and story.starts is None]
APART = [name for name in ALL_STORIES if name not in TOGETHER]
PEOPLE = [person for name in TOGETHER for person in STORIES[name].people]
ROLES = ("owner", "api", "worker", "loader", "auditor")
Problems = dict[str, BaseException | None]


@asynccontextmanager
async def databases_of(cluster: EmbeddedPostgres, template: str, name: str) -> AsyncIterator[Databases]:
    """A migrated database for one house, gone afterwards."""
    cluster.create_database(name, template)
    opened = Databases(name, *(Database(cluster.url(role, name), pool_size=5) for role in ROLES))
    try:
        yield opened
    finally:
        await opened.close()
        cluster.drop_database(name)


async def tell_carefully(story: Story, office: Office, given: Given) -> BaseException | None:
    """Tell it with each command given twice; what went wrong is the answer."""
    house = careful(office.house)
    house.given = given
    try:
        await story.tell(replace(office, house=house))
    except Exception as problem:  # noqa: BLE001 - raised by the test of this story
        return problem
    return None


@pytest.fixture(scope="module")
async def told(
    cluster: EmbeddedPostgres, migrated_template: str, server: WorkflowEnvironment, keys: KeyRing
) -> tuple[Given, Problems]:
    """Every story, told once with each of its commands given twice."""
    given, problems, gate = Given(), Problems(), asyncio.Semaphore(3)
    async with (
        databases_of(cluster, migrated_template, "twice") as databases,
        house_for(databases, server, keys, *PEOPLE) as office,
    ):

        async def one(name: str) -> None:
            async with gate:
                problems[name] = await tell_carefully(STORIES[name], office, given)

        await asyncio.gather(*map(one, TOGETHER))
    for name in APART:
        story, options = ALL_STORIES[name], OPTIONS.get(name, {})
        async with (
            databases_of(cluster, migrated_template, f"twice_{APART.index(name)}") as databases,
            house_of(story, databases, server, keys, **options) as office,
        ):
            problems[name] = await tell_carefully(story, office, given)
    return given, problems


@pytest.mark.req("NFR-1", "AMB-X-3")
@pytest.mark.parametrize("name", ALL_STORIES)
async def test_every_command_of_the_story_counts_once(told: tuple[Given, Problems], name: str) -> None:
    if problem := told[1][name]:
        raise problem


@pytest.mark.req("NFR-1")
@pytest.mark.parametrize("kind", ALL)
def test_no_answer_is_left_out(told: tuple[Given, Problems], kind: str) -> None:
    """A new kind of task needs a story that asks it."""
    assert sum(seen[kind] for seen in told[0].answers.values()) > 0


@pytest.mark.req("NFR-1")
@pytest.mark.parametrize("kind", CHANGES)
def test_no_change_is_left_out(told: tuple[Given, Problems], kind: str) -> None:
    """A new kind of change needs a story that reports it."""
    assert sum(seen[kind] for seen in told[0].changes.values()) > 0


NOT_TAKEN: dict[Procedure, set[str]] = {
    Procedure.CHECK_SUITABILITY: set(),
    Procedure.MATCH_VOID: set(),
    # No form is out in an offer.
    Procedure.OFFER: {"wrong_recipient", "extend_deadline", "recalculate_deadline"},
    # Always refused; and a duty has ended once its mail is out.
    Procedure.DISCLOSE_CHANGE: {"withdraw", "extend_deadline", "recalculate_deadline", "wrong_recipient"},
    Procedure.CORRECT_SENT: set(),
}
"""What a procedure knows of, and never takes."""


@pytest.mark.req("NFR-1")
@pytest.mark.parametrize("procedure", NOT_TAKEN)
def test_every_change_that_a_procedure_takes_was_given_twice(
    told: tuple[Given, Problems], procedure: Procedure
) -> None:
    known = {kind for kind, change in CHANGES.items() if procedure in change.known_to}
    assert set(told[0].changes[procedure.value]) == known - NOT_TAKEN[procedure]
