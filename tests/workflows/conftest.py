"""Servers and houses for workflow tests."""

from collections.abc import AsyncIterator

import pytest
from temporalio.testing import WorkflowEnvironment

from adapters.keys import KeyRing
from tests.conftest import Databases
from tests.workflows.running import House, local_environment, running


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
