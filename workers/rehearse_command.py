"""`placement rehearse FILE.yaml`: plays a written situation through the running system and tells it as a story."""

import asyncio
import shutil
import signal
import socket
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated

import typer

from models.database import Database
from workers.embedded.postgres import DATABASE, EmbeddedPostgres
from workers.migrate import migrate
from workers.rehearsal.house import Record, StartsTooEarly, rehearsing
from workers.rehearsal.playing import Rehearsal
from workers.rehearsal.reading import read_situation
from workers.rehearsal.situation import Situation, WrongSituation

EXAMPLE = Path(__file__).parent / "rehearsal" / "example.yaml"
_ROLES = ("owner", "api", "worker", "loader")


async def rehearse(situation: Situation, record: Record, write: Callable[[str], None]) -> list[str]:
    """Play a situation on an empty, migrated record; what was otherwise than expected. Raises WrongSituation."""
    try:
        async with rehearsing(record, situation.starts) as house:
            rehearsal = Rehearsal(situation, house, write)
            await rehearsal.play()
            return rehearsal.problems
    except StartsTooEarly as error:
        raise WrongSituation(situation.starts_on_line, str(error)) from None


@asynccontextmanager
async def throw_away_record() -> AsyncIterator[Record]:
    """A record of its own in a temporary folder, gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="placement-rehearsal-record-"))
    cluster = EmbeddedPostgres(folder / "data", _free_port(), folder / "keys", durable=False)
    record: Record | None = None
    try:
        await asyncio.to_thread(cluster.start)
        await asyncio.to_thread(cluster.create_database, DATABASE)
        await migrate(cluster.url("owner", DATABASE))
        record = Record(*(Database(cluster.url(role, DATABASE), pool_size=3) for role in _ROLES))
        yield record
    finally:
        if record is not None:
            await record.close()
        await asyncio.to_thread(cluster.stop)
        shutil.rmtree(folder)


def rehearse_command(
    file: Annotated[
        Path | None,
        typer.Argument(exists=True, dir_okay=False, readable=True, help="The situation, as YAML."),
    ] = None,
    example: Annotated[
        bool, typer.Option("--example", help="Show and play an example that lasts seven weeks.")
    ] = False,
) -> None:
    """Play a written situation through the real workflows on virtual time, and tell it as a story.

    Nothing of your installation is touched: record and mail are thrown away. Ends with status 1 when something is
    otherwise than the situation expects.
    """
    if (file is None) == (not example):
        raise typer.BadParameter("name one FILE.yaml, or say --example")
    path = EXAMPLE if file is None else file
    try:
        situation = read_situation(path)
        if example:
            print(f"{path.read_text(encoding='utf-8')}\n{'-' * 80}\n")
        started = time.monotonic()
        problems = asyncio.run(_rehearse(situation))
    except WrongSituation as wrong:
        print(f"placement: {path.name}, {wrong}", file=sys.stderr)
        raise typer.Exit(1) from None
    except asyncio.CancelledError:
        print("placement: the rehearsal was stopped.", file=sys.stderr)
        raise typer.Exit(1) from None
    except UnicodeDecodeError:
        print(f"placement: {path.name} is not UTF-8 text: save it as UTF-8.", file=sys.stderr)
        raise typer.Exit(1) from None
    print(f"\nPlayed in {time.monotonic() - started:.0f} seconds.")
    for problem in problems:
        print(f"placement: {path.name}, {problem}", file=sys.stderr)
    if problems:
        raise typer.Exit(1)


async def _rehearse(situation: Situation) -> list[str]:
    playing = asyncio.current_task()
    assert playing is not None
    # Otherwise the throw-away database server would outlive this process.
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, playing.cancel)
    async with throw_away_record() as record:
        return await rehearse(situation, record, print)


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


def add_commands(app: typer.Typer) -> None:
    """Mount `placement rehearse`."""
    app.command("rehearse")(rehearse_command)
