"""`placement voids import FILE`: bring the list of void properties up to date, and tell the matches it concerns."""

import asyncio
import os
import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from sqlalchemy.exc import DBAPIError

from activities.running_cases import RunningCases
from activities.void_properties import VoidImport, import_voids, tell_cases
from adapters.keys import load_keys
from adapters.register_csv import UnusableFile
from adapters.settings import Settings, read_settings
from models.database import Database
from workers.migrate import database_url
from workers.processes import StackError
from workers.wiring import temporal_of, wall_clock

_MOST_LISTED = 200


async def import_file(settings: Settings, file: Path, as_of: datetime) -> tuple[VoidImport, list[str]]:
    """The import, and the cases that could not be told. Raises UnusableFile."""
    database = Database(database_url(settings, "worker"))
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    try:
        with (
            Progress(*columns, console=console, transient=True) as progress,
            progress.open(
                file,
                "r",
                encoding="utf-8",
                errors="surrogateescape",
                newline="",
                description="Reading void properties",
            ) as lines,
        ):
            done = await import_voids(database, lines, as_of=as_of)
    finally:
        await database.close()
    return done, await _tell(settings, done) if done.gone else []


async def _tell(settings: Settings, done: VoidImport) -> list[str]:
    try:
        client = await temporal_of(settings, load_keys(settings), identity=f"voids-{os.getpid()}")
    except StackError:
        return list(done.gone)
    return await tell_cases(RunningCases(client), done)


def import_command(
    file: Annotated[
        Path,
        typer.Argument(exists=True, dir_okay=False, readable=True, help="The void properties as CSV, UTF-8."),
    ],
) -> None:
    """Bring the list of void properties up to date. Good rows are kept, bad rows are listed with what to do.

    Columns: property_ref, address, area_office, state (void, let or withdrawn), notes. What the file lacks stays as it is.
    """
    try:
        done, untold = asyncio.run(import_file(read_settings(), file, wall_clock()))
    except UnusableFile as error:
        print(f"placement: {error}.", file=sys.stderr)
        raise typer.Exit(1) from None
    except (OSError, DBAPIError):
        print(
            "placement: the record cannot be reached or is not set up. Start `placement up`, or check DATABASE_URL "
            "and run `placement migrate`; rows read so far are kept, and the same file again changes nothing else.",
            file=sys.stderr,
        )
        raise typer.Exit(1) from None
    for line in report(done, untold):
        print(line)
    if untold or not done.good:
        raise typer.Exit(1)


def report(done: VoidImport, untold: list[str]) -> list[str]:
    """What happened, in lines."""
    lines = [
        f"{done.good + len(done.bad)} rows: {done.good} good, {len(done.bad)} bad. {done.void} void; "
        f"{len(done.gone)} open matches concern a property that is void no more."
    ]
    lines += [f"line {row.line}: {row.problem}" for row in done.bad[:_MOST_LISTED]]
    if len(done.bad) > _MOST_LISTED:
        lines.append(f"and {len(done.bad) - _MOST_LISTED} more bad rows: correct these and import again.")
    if untold:
        lines.append(
            f"These cases could not be told that their property is gone: {', '.join(untold)}. Import the file again when "
            "Temporal answers."
        )
    return lines


def add_commands(app: typer.Typer) -> None:
    """Mount `placement voids import FILE`."""
    voids = typer.Typer(help="The list of void properties.", no_args_is_help=True)
    voids.callback()(lambda: None)
    voids.command("import")(import_command)
    app.add_typer(voids, name="voids")
