"""The whole embedded stack for stories in browsers: started once for the test process, by the command a new user gives."""

import os
import shutil
import socket
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.workers.test_up_story import PORTS, House
from workers.embedded.postgres import cluster_of
from workers.processes import stop_leftovers


def _environment(home: Path) -> dict[str, str]:
    """A home and ports of its own, beside whatever else runs."""
    taken = [socket.create_server(("127.0.0.1", 0)) for _ in PORTS]
    ports = {
        f"PLACEMENT_{name}_PORT": str(server.getsockname()[1])
        for name, server in zip(PORTS, taken, strict=True)
    }
    for server in taken:
        server.close()
    return {**os.environ, **ports, "PLACEMENT_HOME": str(home), "COLUMNS": "200"}


@pytest.fixture(scope="session")
async def stack() -> AsyncIterator[House]:
    """`placement up` with the synthetic people, register and report; stopped and removed when the tests are over."""
    home = Path(tempfile.mkdtemp(prefix="placement-test-stories-"))
    house = House(_environment(home))
    try:
        await house.up()
        yield house
        status, said = await house.interrupt()
        assert (status, said.splitlines()[-1]) == (0, "Stopped.")
    finally:
        if house.process is not None and house.process.returncode is None:
            await house.interrupt()
        await stop_leftovers(house.settings.home)
        cluster_of(house.settings).stop()
        shutil.rmtree(home)


def pages_of(house: House) -> str:
    """The address of the web pages."""
    return f"http://127.0.0.1:{house.settings.api_port}"


def mail_page_of(house: House) -> str:
    """The address of the gateway's page."""
    return f"http://127.0.0.1:{house.settings.mail_page_port}"
