"""Stories of procedures 2 to 4 told again by a worker that forgets, and by runs that begin anew at every wait."""

from collections.abc import AsyncIterator

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.client import WorkflowHistory
from temporalio.converter import WorkflowSerializationContext
from temporalio.testing import WorkflowEnvironment

from adapters.keys import KeyRing
from adapters.temporal import data_converter
from models.database import Database
from tests.conftest import Databases
from tests.workflows.histories import NAMESPACE, golden_histories, golden_keys
from tests.workflows.renewing import RenewingHouse
from tests.workflows.stories import STORIES
from tests.workflows.suitability import Office
from tests.workflows.telling import Told, house_for, tell_together
from workers.embedded.postgres import EmbeddedPostgres

PATHS = (
    "a_home_that_does_not_suit",
    "a_request_to_the_wrong_office",
    "an_offer_accepted_by_who_lives_in_another_home",
)
"""Together they walk procedures 2 to 4 and the duty; each task of a worker that forgets costs a replay."""
PEOPLE = [person for name in PATHS for person in STORIES[name].people]
ROLES = ("owner", "api", "worker", "loader", "auditor")


def databases_named(cluster: EmbeddedPostgres, template: str, name: str) -> Databases:
    """A migrated database of this name."""
    cluster.create_database(name, template)
    return Databases(name, *(Database(cluster.url(role, name), pool_size=6) for role in ROLES))


@pytest.fixture(scope="module")
async def forgetful(
    cluster: EmbeddedPostgres, migrated_template: str, server: WorkflowEnvironment, keys: KeyRing
) -> AsyncIterator[tuple[Office, dict[str, Told | BaseException]]]:
    """Told to a worker that keeps nothing between two tasks: each task replays the run from its beginning."""
    databases = databases_named(cluster, migrated_template, "forgetful")
    async with house_for(databases, server, keys, *PEOPLE, max_cached_workflows=0) as office:
        yield office, await tell_together(PATHS, office, at_once=1)
    await databases.close()


@pytest.fixture(scope="module")
async def renewed(
    cluster: EmbeddedPostgres, migrated_template: str, impatient_server: WorkflowEnvironment, keys: KeyRing
) -> AsyncIterator[tuple[Office, dict[str, Told | BaseException]]]:
    """Told to runs that begin anew from the record before each answer and each change."""
    databases = databases_named(cluster, migrated_template, "renewed")
    async with house_for(databases, impatient_server, keys, *PEOPLE) as office:
        renewing = Office(RenewingHouse(**vars(office.house)), office.gateway, office.databases)
        yield renewing, await tell_together(PATHS, renewing)
    await databases.close()


def of(told: dict[str, Told | BaseException], name: str) -> Told:
    """A story that was told to its end."""
    found = told[name]
    if isinstance(found, BaseException):
        raise found
    return found


@pytest.mark.req("NFR-1", "NFR-7")
@pytest.mark.parametrize("name", PATHS)
async def test_2_to_4_a_worker_that_forgets_everything(
    forgetful: tuple[Office, dict[str, Told | BaseException]], name: str
) -> None:
    office, stories = forgetful
    told = of(stories, name)
    golden = golden_histories()
    for number, run in enumerate(told.runs, 1):
        history = await office.house.client.get_workflow_handle(run).fetch_history()
        failed = [e for e in history.events if e.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED]
        assert failed == []
        if outcome := await outcome_of(golden[f"{name}-{number}"]):
            assert await office.house.client.get_workflow_handle(run).result() == outcome


async def outcome_of(history: WorkflowHistory) -> str | None:
    """What the run of a golden history came to; None when it was still waiting."""
    ended = history.events[-1].workflow_execution_completed_event_attributes
    if not ended.result.payloads:
        return None
    bound = WorkflowSerializationContext(namespace=NAMESPACE, workflow_id=history.workflow_id)
    converter = data_converter(golden_keys(), NAMESPACE).with_context(bound)
    [outcome] = await converter.decode(ended.result.payloads, [str])
    return str(outcome)


@pytest.mark.req("NFR-1", "AMB-X-3")
@pytest.mark.parametrize("name", PATHS)
async def test_2_to_4_runs_that_begin_anew_at_every_wait_leave_the_same_record(
    forgetful: tuple[Office, dict[str, Told | BaseException]],
    renewed: tuple[Office, dict[str, Told | BaseException]],
    name: str,
) -> None:
    told = of(renewed[1], name)
    assert told.records == of(forgetful[1], name).records
    client = renewed[0].house.client
    histories = [await client.get_workflow_handle(case_id).fetch_history() for case_id in told.runs]
    began = [history.events[0].workflow_execution_started_event_attributes for history in histories]
    assert any(started.continued_execution_run_id for started in began)
