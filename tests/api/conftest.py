"""Servers and offices for tests of the API."""

from collections.abc import AsyncIterator
from datetime import date

import pytest
from temporalio.testing import WorkflowEnvironment

from adapters.keys import KeyRing
from tests.api.office import Office, office_of
from tests.conftest import Databases
from tests.workflows.running import House, local_environment, own_friday, running


@pytest.fixture
def friday() -> date:
    """A Friday of this test's own: the tests share one server, and a run is named by its Friday."""
    return own_friday(date(2026, 11, 27))


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
async def office(databases: Databases, server: WorkflowEnvironment, keys: KeyRing) -> AsyncIterator[Office]:
    """The application on a fresh record; nobody works on its cases."""
    async with office_of(databases, server.client, keys) as office:
        yield office


@pytest.fixture
async def house(databases: Databases, server: WorkflowEnvironment, keys: KeyRing) -> AsyncIterator[House]:
    """A running worker on the same record."""
    async with running(databases, server, keys) as house:
        yield house
