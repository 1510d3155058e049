"""`placement register import FILE`: bring the register of persons up to date from its CSV file."""

import asyncio
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from sqlalchemy.exc import DBAPIError

from adapters.register_csv import UnusableFile
from adapters.register_import import ImportReport, import_register
from adapters.settings import read_settings
from models.database import Database
from workers.migrate import database_url

_MOST_LISTED = 200


def _now() -> datetime:
    return datetime.fromtimestamp(time.time(), UTC)


def _as_of(written: str | None) -> datetime:
    if written is None:
        return _now()
    try:
        instant = datetime.fromisoformat(written)
    except ValueError:
        raise UnusableFile("--as-of must be a date and time as in 2026-11-06T09:00:00+13:00") from None
    if instant.tzinfo is None:
        raise UnusableFile("--as-of needs its offset from UTC, as in 2026-11-06T09:00:00+13:00")
    return instant.astimezone(UTC)


async def _import(url: str, file: Path, as_of: datetime) -> ImportReport:
    database = Database(url)
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    try:
        with (
            Progress(*columns, console=Console(stderr=True), transient=True) as progress,
            progress.open(
                file,
                "r",
                encoding="utf-8",
                errors="surrogateescape",
                newline="",
                description="Reading the register",
            ) as lines,
        ):
            return await import_register(database, lines, as_of=as_of, clock=_now)
    finally:
        await database.close()


def import_command(
    file: Annotated[
        Path, typer.Argument(exists=True, dir_okay=False, readable=True, help="The register as CSV, UTF-8.")
    ],
    as_of: Annotated[
        str | None, typer.Option(help="When the extract was taken, with offset; without it: now.")
    ] = None,
) -> None:
    """Bring the register of persons up to date. Good rows are kept, bad rows are listed with what to do.

    People whom the file lacks are flagged, never deleted. The same file again changes nothing.
    """
    try:
        report = asyncio.run(_import(database_url(read_settings(), "loader"), file, _as_of(as_of)))
    except UnusableFile as error:
        print(f"placement: {error}.", file=sys.stderr)
        raise typer.Exit(1) from None
    except (OSError, DBAPIError):
        print(
            "placement: the record cannot be reached or is not set up. Start `placement up`, or check DATABASE_URL "
            "and run `placement migrate`; nothing was imported.",
            file=sys.stderr,
        )
        raise typer.Exit(1) from None
    _tell(report)
    if not report.good:
        raise typer.Exit(1)


def _tell(report: ImportReport) -> None:
    print(
        f"{report.rows} rows: {report.good} good, {len(report.bad)} bad. {report.added} added, {report.changed} changed "
        f"({report.returned} back again), {report.flagged_absent} flagged absent."
    )
    if not report.good:
        print("No good row: the register was left as it is.")
    for row in report.bad[:_MOST_LISTED]:
        print(f"line {row.line}: {row.problem}")
    if len(report.bad) > _MOST_LISTED:
        print(f"and {len(report.bad) - _MOST_LISTED} more bad rows: correct these and import again.")


def add_commands(app: typer.Typer) -> None:
    """Mount `placement register import FILE`."""
    register = typer.Typer(help="The register of persons.", no_args_is_help=True)
    register.callback()(lambda: None)
    register.command("import")(import_command)
    app.add_typer(register, name="register")
