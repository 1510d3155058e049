"""What every test may ask for: a real PostgreSQL cluster, an empty migrated database, and a deliberate end of the run."""

import gc
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.databases import DatabaseInTurns, Databases
from workers.embedded.postgres import EmbeddedPostgres
from workers.migrate import migrate

__all__ = ["Databases", "free_port"]

# Temporal's servers start with little memory and would tidy it most of the time.
os.environ.setdefault("GOGC", "400")

_TEMPLATE = "placement_template"
_ROOT = Path(__file__).parent.parent

# Runs beside the tests and waits until its input ends: when the fixture closes it, or when this process dies.
_GUARD = """
import shutil, sys
from pathlib import Path
from workers.embedded.postgres import EmbeddedPostgres
data, keys = map(Path, sys.argv[1:])
sys.stdin.read()
EmbeddedPostgres(data, 0, keys).stop()
shutil.rmtree(data.parent)
"""

_SEARCHES = frozenset({"given", "run_state_machine_as_test"})
_SESSION = pytest.StashKey[pytest.Session]()
_NESTED = pytest.StashKey[bool]()


def pytest_configure(config: pytest.Config) -> None:
    """Note whether this run was started inside a test of another run."""
    config.stash[_NESTED] = "PYTEST_CURRENT_TEST" in os.environ


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files that take long first, so that at the end no core waits for another's last file."""
    ranks: dict[Path, int] = {}
    for item in items:
        ranks[item.path] = min(_rank(item), ranks.get(item.path, 9))
    items.sort(key=lambda item: ranks[item.path])


def pytest_collection_finish() -> None:
    """What was imported stays: the collector need not look through it again, nor through the rest every moment."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


def _rank(item: pytest.Item) -> int:
    """0 for what starts processes of its own, then what needs servers, what searches for examples, and plain code."""
    fixtures = getattr(item, "fixturenames", ())
    if "workers" in item.path.parts or "stack" in fixtures:
        return 0
    if "server" in fixtures:
        return 1
    if _SEARCHES & vars(getattr(item, "module", None) or item).keys():
        return 2
    return 3 if "cluster" in fixtures else 4


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Keep the session: it knows the exit status after every other plugin had its say."""
    session.config.stash[_SESSION] = session


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    """Leave without interpreter teardown, which can abort after Temporal's client was used (temporalio/sdk-python 300).

    Not in an xdist worker (its results are already with the controller) and not while an error propagates.
    """
    session = config.stash.get(_SESSION, None)
    if session is None or config.stash[_NESTED] or hasattr(config, "workerinput") or sys.exc_info()[1]:
        return
    config.get_terminal_writer().flush()
    for stream in (sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__):
        if stream is not None:
            stream.flush()
    os._exit(int(session.exitstatus))


def free_port() -> int:
    """A TCP port nobody listens on at the moment."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


@contextmanager
def _throw_away_cluster() -> Iterator[EmbeddedPostgres]:
    folder = Path(tempfile.mkdtemp(prefix="placement-test-"))
    postgres = EmbeddedPostgres(folder / "data", free_port(), folder / "keys", durable=False)
    command = [sys.executable, "-c", _GUARD, str(postgres.data), str(postgres.keys)]
    guard = subprocess.Popen(command, cwd=_ROOT, stdin=subprocess.PIPE, start_new_session=True)
    try:
        postgres.start()
        yield postgres
    finally:
        guard.communicate()
    assert guard.returncode == 0, "the test cluster was not stopped cleanly"


@pytest.fixture(scope="session")
def cluster() -> Iterator[EmbeddedPostgres]:
    """One PostgreSQL cluster for this test process; stopped and removed even when the process dies."""
    with _throw_away_cluster() as postgres:
        yield postgres


@pytest.fixture
def own_cluster() -> Iterator[EmbeddedPostgres]:
    """A cluster for one test alone, to stop and start as it likes; takes about a second."""
    with _throw_away_cluster() as postgres:
        yield postgres


@pytest.fixture(scope="session")
async def migrated_template(cluster: EmbeddedPostgres) -> str:
    """The name of a migrated, empty database to copy from."""
    cluster.create_database(_TEMPLATE)
    await migrate(cluster.url("owner", _TEMPLATE))
    return _TEMPLATE


@pytest.fixture(scope="session")
async def database_in_turns(
    cluster: EmbeddedPostgres, migrated_template: str
) -> AsyncIterator[DatabaseInTurns]:
    """The database that the tests of this process have one after the other."""
    held = DatabaseInTurns(cluster, migrated_template)
    yield held
    await held.throw_away()


@pytest.fixture
async def databases(database_in_turns: DatabaseInTurns) -> AsyncIterator[Databases]:
    """A migrated, empty database under the five roles, this test's alone."""
    yield await database_in_turns.take()
    await database_in_turns.give_back()
