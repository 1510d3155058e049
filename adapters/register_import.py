"""Import of the register: COPY into staging tables, then set-based changes that flag and date but never delete."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Iterable, Iterator
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import insert, text
from sqlalchemy.ext.asyncio import AsyncSession

from adapters.register_changes import apply_staged, flag_absent
from adapters.register_csv import BadRow, PersonRow, UnusableFile, read_rows
from adapters.register_staging import Batch, copy_batch, stage
from models.database import Database
from models.tables.register import RegisterImportRun, staging

_LOCAL = ZoneInfo("Pacific/Auckland")
_BATCH = 20_000
_MOST_BAD_ROWS_KEPT = 1000
_KNOWN = """
SELECT person_ref, digest FROM register_person WHERE person_ref = ANY(CAST(:refs AS text[])) AND absent_since IS NULL
"""


@dataclass(frozen=True)
class ImportReport:
    """What came of an import. With no good row nothing of the register was touched."""

    rows: int
    good: int
    bad: tuple[BadRow, ...]
    added: int = 0
    changed: int = 0
    returned: int = 0
    flagged_absent: int = 0


async def import_register(
    database: Database, lines: Iterable[str], *, as_of: datetime, clock: Callable[[], datetime]
) -> ImportReport:
    """Bring the register to what the file says as of `as_of` (UTC); good rows count even when others are bad.

    A person the file lacks is flagged absent, one who is back is un-flagged; a bad row's person is in the file and is not
    flagged. The same file again changes nothing. All of it is one transaction, the run's own row included. Raises
    UnusableFile when a column is missing, another import is running, or `as_of` lies before the register's or in the future.
    """
    started_at = clock()
    rows = read_rows(lines, today=started_at.astimezone(_LOCAL).date())
    async with database.transaction() as session:
        await _one_at_a_time(session)
        await _not_older(session, as_of, started_at)
        await (await session.connection()).run_sync(staging.create_all, checkfirst=False)
        counts, bad, read = Counter[str](), list[BadRow](), 0
        async with aclosing(_batches(database, rows)) as batches:
            async for batch in batches:
                read += batch.rows
                bad += batch.bad
                await copy_batch(session, batch)
                if batch.says_something_new:
                    counts.update(await apply_staged(session, batch.offices, as_of))
        if read > len(bad):
            counts["flagged_absent"] = await flag_absent(session, as_of)
        report = ImportReport(rows=read, good=read - len(bad), bad=tuple(bad), **counts)
        await session.execute(insert(RegisterImportRun).values(_run(report, started_at, clock(), as_of)))
    return report


async def _batches(database: Database, rows: Iterator[PersonRow | BadRow]) -> AsyncGenerator[Batch, None]:
    """Batches of the file; the next is read and prepared while the database works on the one before."""
    ahead = asyncio.create_task(_prepared(database, rows))
    try:
        while (batch := await ahead).rows:
            ahead = asyncio.create_task(_prepared(database, rows))
            yield batch
    finally:
        await asyncio.gather(ahead, return_exceptions=True)


async def _prepared(database: Database, rows: Iterator[PersonRow | BadRow]) -> Batch:
    read = await asyncio.to_thread(lambda: list(islice(rows, _BATCH)))
    refs = [row.person_ref for row in read if isinstance(row, PersonRow)]
    async with database.transaction() as session:
        known = {row.person_ref: row.digest for row in await session.execute(text(_KNOWN), {"refs": refs})}
    return await asyncio.to_thread(stage, read, known)


async def _one_at_a_time(session: AsyncSession) -> None:
    lock = text("SELECT pg_try_advisory_xact_lock(hashtext('register_import'))")
    if not (await session.execute(lock)).scalar_one():
        raise UnusableFile(
            "another import of the register is running: wait until it has ended, then start this one"
        )


async def _not_older(session: AsyncSession, as_of: datetime, now: datetime) -> None:
    if as_of > now:
        raise UnusableFile("the as-of time is in the future: give the time at which the extract was taken")
    newest = (
        await session.execute(text("SELECT max(as_of) FROM register_import_run WHERE good > 0"))
    ).scalar_one()
    if newest is not None and as_of < newest:
        raise UnusableFile("the register is already newer than this extract: import a newer one")


def _run(
    report: ImportReport, started_at: datetime, finished_at: datetime, as_of: datetime
) -> dict[str, Any]:
    return {
        "started_at": started_at,
        "finished_at": finished_at,
        "as_of": as_of,
        "rows": report.rows,
        "good": report.good,
        "bad": len(report.bad),
        "added": report.added,
        "changed": report.changed,
        "returned": report.returned,
        "flagged_absent": report.flagged_absent,
        "bad_rows": [{"line": row.line, "problem": row.problem} for row in report.bad[:_MOST_BAD_ROWS_KEPT]],
    }
