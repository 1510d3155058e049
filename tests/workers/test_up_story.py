"""One command brings the whole house up: the report's tasks are there by themselves, and a second start goes on."""

import asyncio
import os
import shutil
import signal
import socket
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest

from adapters.settings import read_settings
from tests.workflows.running import eventually
from workers.embedded.postgres import cluster_of
from workers.processes import answers_on, stop_leftovers

PORTS = ("API", "TEMPORAL", "TEMPORAL_UI", "DB", "SMTP", "IMAP", "OIDC", "CODEC", "MAIL_PAGE", "METRICS")
ROOT = Path(__file__).parents[2]
LIMIT = 300
"""Seconds; a start takes about fifteen on two idle cores."""
ACCEPTED_ROWS = 22
"""Rows of the synthetic report that can be read; the twenty-third is bad."""


@pytest.fixture
def environment() -> Iterator[dict[str, str]]:
    """A home and ports of this test's own, beside whatever else runs."""
    home = Path(tempfile.mkdtemp(prefix="placement-test-home-"))
    taken = [socket.create_server(("127.0.0.1", 0)) for _ in PORTS]
    ports = {
        f"PLACEMENT_{name}_PORT": str(server.getsockname()[1])
        for name, server in zip(PORTS, taken, strict=True)
    }
    for server in taken:
        server.close()
    yield {**os.environ, **ports, "PLACEMENT_HOME": str(home), "COLUMNS": "200"}
    shutil.rmtree(home)


class House:
    """A running `placement up`, seen from outside."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self.environment = environment
        self.settings = read_settings(environment)
        self.process: asyncio.subprocess.Process | None = None

    async def up(self) -> str:
        """Start it; what it printed until it was ready. Fails when it ends before."""
        self.process = await self._start("up")
        assert self.process.stdout is not None
        said = ""
        async with asyncio.timeout(LIMIT):
            async for line in self.process.stdout:
                said += line.decode()
                if line.startswith(b"Ready"):
                    return said
        raise AssertionError(f"never ready:\n{said}")

    async def interrupt(self) -> tuple[int | None, str]:
        """Ctrl-C; its exit status and last line."""
        assert self.process is not None
        self.process.send_signal(signal.SIGINT)
        return await _ended(self.process)

    async def command(self, *arguments: str) -> tuple[int | None, str]:
        """Exit status and output of a command beside it."""
        return await _ended(await self._start(*arguments))

    async def tasks(self) -> dict[str, str] | None:
        """Id and kind of every open task that the advisors of both regions see, once each row has its task."""
        found: dict[str, str] = {}
        for region in ("R01", "R02"):
            _, token = await self.command("token", "--role", "advisor-wellbeing-support", "--region", region)
            found |= {
                task["id"]: task["kind"] for task in (await self.get("/api/tasks?limit=100", token))["items"]
            }
        return found if list(found.values()).count("match_entry") >= ACCEPTED_ROWS else None

    async def get(self, path: str, token: str) -> Any:
        """One answer of the API."""
        async with httpx.AsyncClient(trust_env=False, timeout=30) as http:
            answer = await http.get(
                f"http://127.0.0.1:{self.settings.api_port}{path}",
                headers={"Authorization": f"Bearer {token.strip()}"},
            )
        return answer.raise_for_status().json()

    async def _start(self, *arguments: str) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            sys.executable, "-m", "workers.entry", *arguments, env=self.environment, cwd=ROOT,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip


async def _ended(process: asyncio.subprocess.Process) -> tuple[int | None, str]:
    async with asyncio.timeout(LIMIT):
        output, _ = await process.communicate()
    return process.returncode, output.decode()


@pytest.mark.req("NFR-1")
async def test_1_1_up_brings_the_friday_report_as_tasks_and_a_second_up_goes_on(
    environment: dict[str, str],
) -> None:
    house = House(environment)
    settings = house.settings
    try:
        said = await house.up()
        for address in (
            settings.api_port,
            settings.temporal_ui_port,
            settings.mail_page_port,
            settings.oidc_port,
        ):
            assert f"http://127.0.0.1:{address}" in said
        assert "placement token --role advisor-wellbeing-support" in said
        tasks = await eventually(house.tasks, "not every accepted row became a task")
        kinds = list(tasks.values())
        assert (kinds.count("match_entry"), kinds.count("review_report"), kinds.count("resolve_row")) == (
            22,
            1,
            1,
        )
        assert await house.command("stuck") == (0, "0 stuck.\n")

        status, said = await house.interrupt()
        assert (status, said.splitlines()[-1]) == (0, "Stopped.")
        for port in _ports(environment):
            assert not await answers_on(port)

        await house.up()
        assert await eventually(house.tasks, "tasks were lost") == tasks
        status, said = await house.command("reconcile")
        assert (status, said) == (0, "23 open, 0 started, 0 left: `placement stuck` says why.\n")
        assert await house.command("stuck") == (0, "0 stuck.\n")
        assert await house.tasks() == tasks
        status, said = await house.interrupt()
        assert (status, said.splitlines()[-1]) == (0, "Stopped.")
    finally:
        if house.process is not None and house.process.returncode is None:
            await house.interrupt()
        await stop_leftovers(settings.home)
        cluster_of(settings).stop()


def _ports(environment: Mapping[str, str]) -> list[int]:
    return [int(environment[f"PLACEMENT_{name}_PORT"]) for name in PORTS]
