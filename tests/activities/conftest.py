"""A running mail system and a Temporal server for the test process, and a fresh mail office for each test."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from temporalio.client import Client
from temporalio.testing import WorkflowEnvironment

from tests.activities.mail_office import MailOffice, open_office, running_lab
from tests.conftest import Databases
from tests.mail_fixtures import MailLab
from tests.workflows.running import tool


@pytest.fixture(scope="session")
async def lab(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[MailLab]:
    """Gateway and mailboxes; every test uses ids of its own."""
    async with running_lab(tmp_path_factory.mktemp("mail")) as lab:
        yield lab


@pytest.fixture
async def office(databases: Databases, lab: MailLab, tmp_path: Path) -> MailOffice:
    """A desk on a fresh record."""
    return await open_office(databases, lab, tmp_path)


@pytest.fixture(scope="module")
async def temporal() -> AsyncIterator[Client]:
    """A real server without a worker: what a case is told stays in its history, in the clear, to be read."""
    environment = await WorkflowEnvironment.start_local(dev_server_existing_path=tool("temporal"))
    yield environment.client
    await environment.shutdown()
