"""Servers and houses for workflow tests."""

from collections.abc import AsyncIterator
from itertools import count

import pytest
from temporalio.testing import WorkflowEnvironment

from adapters.keys import KeyRing
from models.database import Database
from tests.conftest import Databases
from tests.workflows.running import House, local_environment, running
from workers.embedded.postgres import EmbeddedPostgres

_numbers = count(1)


@pytest.fixture(scope="session")
def keys() -> KeyRing:
    """Keys of this test run."""
    return KeyRing.fresh()


@pytest.fixture(scope="session")
async def server(keys: KeyRing) -> AsyncIterator[WorkflowEnvironment]:
    """One real Temporal server for the test process."""
    environment = await local_environment(keys)
    yield environment
    await environment.shutdown()


@pytest.fixture
async def house(databases: Databases, server: WorkflowEnvironment, keys: KeyRing) -> AsyncIterator[House]:
    """A running house on a fresh database."""
    async with running(databases, server, keys) as house:
        yield house


@pytest.fixture(scope="module")
async def shared_house(
    cluster: EmbeddedPostgres, migrated_template: str, server: WorkflowEnvironment, keys: KeyRing
) -> AsyncIterator[House]:
    """One running house for the tests of a module, each with people of its own."""
    name = f"shared_{next(_numbers)}"
    cluster.create_database(name, migrated_template)
    roles = ("owner", "api", "worker", "loader", "auditor")
    opened = Databases(name, *(Database(cluster.url(role, name), pool_size=4) for role in roles))
    try:
        async with running(opened, server, keys) as house:
            yield house
    finally:
        await opened.close()
        cluster.drop_database(name)


@pytest.fixture(scope="session")
async def impatient_server(keys: KeyRing) -> AsyncIterator[WorkflowEnvironment]:
    """A server that asks every run, however short, to begin anew."""
    environment = await local_environment(
        keys, "--dynamic-config-value", "limit.historyCount.suggestContinueAsNew=1"
    )
    yield environment
    await environment.shutdown()
