"""`placement up`: order of starting and stopping, clear refusals, and a second start that goes on where it was."""

import asyncio
import os
import shutil
import signal
import socket
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console
from sqlalchemy import text

from adapters.settings import Settings, read_settings
from models.database import Database
from workers.embedded.postgres import EmbeddedPostgres, cluster_of
from workers.embedded.record import PostgresPart
from workers.migrate import database_url
from workers.processes import ChildProcess, InProcess, StackError, answers_on, require_free, stop_leftovers
from workers.up import Stack

PORTS = ("API", "TEMPORAL", "TEMPORAL_UI", "DB", "SMTP", "IMAP", "OIDC", "CODEC", "MAIL_PAGE", "METRICS")
LIMIT = 120


class Recorder:
    """A server that writes down what happens to it."""

    def __init__(self, name: str, diary: list[str], *, broken: bool = False) -> None:
        self.name, self.diary, self.broken = name, diary, broken

    async def start(self) -> None:
        """Note the start, or fail."""
        if self.broken:
            raise StackError(f"{self.name} is broken")
        self.diary.append(f"+{self.name}")

    async def stop(self) -> None:
        """Note the stop."""
        self.diary.append(f"-{self.name}")


def _part(server: Recorder, port: int | None = None) -> InProcess:
    ports = {"PLACEMENT_API_PORT": port} if port else {}
    return InProcess(server.name, server, ports=ports, addresses={server.name: "here"})


def _quiet() -> tuple[Console, StringIO]:
    output = StringIO()
    return Console(file=output, width=200), output


async def _until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(LIMIT):
        while not condition():  # noqa: ASYNC110 - what is waited for raises no event here
            await asyncio.sleep(0.02)


@pytest.fixture
def home() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="placement-test-home-"))
    yield folder
    shutil.rmtree(folder)


def _environment(home: Path) -> dict[str, str]:
    """Our own environment with a home and ports of the test's own."""
    with_ports = {}
    taken = [socket.create_server(("127.0.0.1", 0)) for _ in PORTS]
    for name, server in zip(PORTS, taken, strict=True):
        with_ports[f"PLACEMENT_{name}_PORT"] = str(server.getsockname()[1])
        server.close()
    return {**os.environ, **with_ports, "PLACEMENT_HOME": str(home), "COLUMNS": "200"}


# -- order and refusals -----------------------------------------------------------------------------


async def test_parts_start_in_order_and_stop_in_reverse() -> None:
    diary: list[str] = []
    console, output = _quiet()
    stop = asyncio.Event()
    stack = Stack([_part(Recorder(name, diary)) for name in ("database", "engine", "pages")], console)
    running = asyncio.create_task(stack.run(stop))
    await _until(lambda: "Ready" in output.getvalue())
    assert diary == ["+database", "+engine", "+pages"]
    stop.set()
    await running
    assert diary[3:] == ["-pages", "-engine", "-database"]
    assert any(line.startswith("Ready") for line in output.getvalue().splitlines())


async def test_a_part_that_fails_takes_down_those_before_it() -> None:
    diary: list[str] = []
    parts = [
        _part(Recorder("database", diary)),
        _part(Recorder("engine", diary, broken=True)),
        _part(Recorder("pages", diary)),
    ]
    console, output = _quiet()
    with pytest.raises(StackError, match="engine is broken"):
        await Stack(parts, console).run(asyncio.Event())
    assert diary == ["+database", "-database"]
    assert "Ready" not in output.getvalue()


async def test_a_taken_port_names_the_setting_and_nothing_starts() -> None:
    diary: list[str] = []
    console, _ = _quiet()
    with socket.create_server(("127.0.0.1", 0)) as other:
        part = _part(Recorder("pages", diary), other.getsockname()[1])
        with pytest.raises(StackError, match=r"taken.*PLACEMENT_API_PORT"):
            await Stack([part], console).run(asyncio.Event())
    assert diary == []


def test_one_port_for_two_parts_is_refused() -> None:
    diary: list[str] = []
    parts = [_part(Recorder("pages", diary), 4001), _part(Recorder("mail", diary), 4001)]
    with pytest.raises(StackError, match="both 4001"):
        require_free(parts)


# -- child processes --------------------------------------------------------------------------------


def _child(home: Path, code: str, *, stop_within: float = 30.0) -> ChildProcess:
    return ChildProcess(
        "Sleeper",
        [sys.executable, "-c", code],
        home=home,
        ports={},
        addresses={},
        stop_within=stop_within,
    )


_STUBBORN = """
import signal
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("deaf", flush=True)
signal.pause()
"""


async def test_a_child_that_ends_takes_the_stack_down_and_names_its_log(home: Path) -> None:
    console, _ = _quiet()
    with pytest.raises(StackError, match=r"Sleeper ended with status 3: see .*sleeper\.log"):
        await Stack([_child(home, "raise SystemExit(3)")], console).run(asyncio.Event())


async def test_a_database_that_ends_by_itself_stops_the_rest(own_cluster: EmbeddedPostgres) -> None:
    diary: list[str] = []
    console, output = _quiet()
    stack = Stack([PostgresPart(own_cluster), _part(Recorder("pages", diary))], console)
    running = asyncio.create_task(stack.run(asyncio.Event()))
    await _until(lambda: "Ready" in output.getvalue())
    postmaster = int((own_cluster.data / "postmaster.pid").read_text(encoding="utf-8").split()[0])
    os.kill(postmaster, signal.SIGQUIT)
    with pytest.raises(StackError, match=r"PostgreSQL ended by itself: see .*log"):
        await asyncio.wait_for(running, LIMIT)
    assert diary == ["+pages", "-pages"]


async def test_a_child_that_ignores_its_order_is_killed(home: Path) -> None:
    child = _child(home, _STUBBORN, stop_within=0.1)
    await child.start()
    await _until(lambda: "deaf" in child.log.read_text())
    await child.stop()
    assert "status -9" in await child.ended()


async def test_a_child_left_behind_is_ended_and_named(home: Path) -> None:
    left_behind = _child(home, "import signal; signal.pause()")
    await left_behind.start()
    with pytest.raises(StackError, match="still runs"):
        await _child(home, "").start()
    assert await stop_leftovers(home) == ["sleeper"]
    assert "status -15" in await left_behind.ended()
    assert await stop_leftovers(home) == []


# -- the real thing ---------------------------------------------------------------------------------


async def _command(environment: Mapping[str, str], *arguments: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "workers.entry", *arguments, env=environment, cwd=Path(__file__).parents[2],
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip


async def _until_ready(process: asyncio.subprocess.Process) -> str:
    """What it printed until it was ready. Fails when it ends before."""
    assert process.stdout is not None
    said = ""
    async with asyncio.timeout(LIMIT):
        async for line in process.stdout:
            said += line.decode()
            if line.startswith(b"Ready"):
                return said
    raise AssertionError(f"never ready:\n{said}")


async def _finish(process: asyncio.subprocess.Process) -> tuple[int | None, str]:
    async with asyncio.timeout(LIMIT):
        output, _ = await process.communicate()
    return process.returncode, output.decode()


@asynccontextmanager
async def _record(settings: Settings, role: str) -> AsyncIterator[Database]:
    database = Database(database_url(settings, role), pool_size=1)
    try:
        yield database
    finally:
        await database.close()


async def test_up_is_ready_refuses_a_second_and_goes_on_after_a_crash(home: Path) -> None:
    environment = _environment(home)
    settings = read_settings(environment)
    first = await _command(environment, "up")
    try:
        said = await _until_ready(first)
        assert f"http://127.0.0.1:{settings.temporal_ui_port}" in said
        async with _record(settings, "worker") as database, database.transaction() as session:
            await session.execute(
                text(
                    "INSERT INTO audit_event (at, actor, actor_name, actor_role, action, refused, detail)"
                    " VALUES (timestamptz '2026-03-06 09:00Z', 'u-1', 'Invented', 'auditor', 'kept', false, '{}')"
                )
            )
        status, said = await _finish(await _command(environment, "up"))
        assert (status, "already runs" in said, str(first.pid) in said) == (1, True, True)

        first.kill()
        await first.wait()
        second = await _command(environment, "up")
        said = await _until_ready(second)
        assert "of an interrupted run stopped" in said
        async with _record(settings, "auditor") as database, database.transaction() as session:
            actions = list(await session.scalars(text("SELECT action FROM audit_event")))
            assert actions.count("kept") == 1

        second.send_signal(signal.SIGINT)
        status, said = await _finish(second)
        assert (status, said.splitlines()[-1]) == (0, "Stopped.")
        for port in (settings.db_port, settings.temporal_port, settings.temporal_ui_port):
            assert not await answers_on(port)
        assert not cluster_of(settings).is_running()
    finally:
        await stop_leftovers(home)
        cluster_of(settings).stop()


async def test_migrate_brings_an_empty_home_to_this_version_and_stops_what_it_started(home: Path) -> None:
    environment = _environment(home)
    settings = read_settings(environment)
    for _ in range(2):
        status, said = await _finish(await _command(environment, "migrate"))
        assert (status, said.strip()) == (0, "The record is at this version.")
    assert not cluster_of(settings).is_running()


async def test_help_lists_the_commands_and_a_wrong_one_fails(home: Path) -> None:
    environment = _environment(home)
    status, said = await _finish(await _command(environment, "--help"))
    assert status == 0
    assert {"up", "migrate"} <= set(said.split())
    status, _ = await _finish(await _command(environment, "no-such-command"))
    assert status == 2


async def test_a_wrong_setting_is_named_without_a_traceback(home: Path) -> None:
    environment = {**_environment(home), "PLACEMENT_DB_PORT": "none"}
    status, said = await _finish(await _command(environment, "up"))
    assert status == 1
    assert said.startswith("placement: PLACEMENT_DB_PORT")
    assert "Traceback" not in said
