"""Import of the register: COPY into staging tables, then set-based changes that flag and date but never delete."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import insert, text
from sqlalchemy.ext.asyncio import AsyncSession

from adapters.register_changes import apply_staged
from adapters.register_csv import BadRow, PersonRow, UnusableFile, read_rows
from models.database import Database
from models.tables.register import RegisterImportRun, staging
from procedures.address_keys import Address, address_search_keys, read_address
from procedures.name_keys import (
    FullName,
    name_from_parts,
    name_search_keys,
    padded,
    read_full_name,
    words_of,
)

_LOCAL = ZoneInfo("Pacific/Auckland")
_CHUNK = 5000
_MOST_BAD_ROWS_KEPT = 1000
_Record = tuple[Any, ...]
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


@dataclass
class _Staged:
    """One chunk of rows as records for COPY, by staging table."""

    staged_person: list[_Record] = field(default_factory=list)
    staged_name: list[_Record] = field(default_factory=list)
    staged_address: list[_Record] = field(default_factory=list)
    staged_reference: list[_Record] = field(default_factory=list)


async def import_register(
    database: Database, lines: Iterable[str], *, as_of: datetime, clock: Callable[[], datetime]
) -> ImportReport:
    """Bring the register to what the file says as of `as_of` (UTC); good rows count even when others are bad.

    A person the file lacks is flagged absent, one who is back is un-flagged; a bad row's person is in the file and is not
    flagged. The same file again changes nothing. Everything but the run's own row is one transaction. Raises UnusableFile
    when a column is missing, another import is running, or `as_of` lies before the register's or in the future.
    """
    started_at = clock()
    rows = read_rows(lines, today=started_at.astimezone(_LOCAL).date())
    async with database.transaction() as session:
        await _one_at_a_time(session)
        await _not_older(session, as_of, started_at)
        await (await session.connection()).run_sync(staging.create_all, checkfirst=False)
        good, bad, offices = await _stage(session, rows)
        counts = await apply_staged(session, offices, as_of) if good else {}
        report = ImportReport(rows=good + len(bad), good=good, bad=tuple(bad), **counts)
        await session.execute(insert(RegisterImportRun).values(_run(report, started_at, clock(), as_of)))
    return report


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


async def _stage(
    session: AsyncSession, rows: Iterator[PersonRow | BadRow]
) -> tuple[int, list[BadRow], dict[str, str]]:
    good, bad, offices = 0, list[BadRow](), dict[str, str]()
    while chunk := list(islice(rows, _CHUNK)):
        taken = [row for row in chunk if isinstance(row, PersonRow)]
        refused = [row for row in chunk if isinstance(row, BadRow)]
        good, bad = good + len(taken), bad + refused
        await _copy(session, _staged(taken, refused, await _known(session, taken)))
        for office in {row.area_office for row in taken if row.area_office} - offices.keys():
            offices[office] = region_code(office)
    return good, bad, offices


async def _known(session: AsyncSession, rows: list[PersonRow]) -> dict[str, bytes]:
    refs = [row.person_ref for row in rows]
    return {row.person_ref: row.digest for row in await session.execute(text(_KNOWN), {"refs": refs})}


def _staged(rows: list[PersonRow], refused: list[BadRow], known: dict[str, bytes]) -> _Staged:
    """Rows that say nothing new are staged by reference alone: their persons are present."""
    staged = _Staged(staged_reference=[(row.person_ref,) for row in refused if row.person_ref])
    for row in rows:
        if known.get(row.person_ref) == row.digest:
            staged.staged_reference.append((row.person_ref,))
        else:
            staged.staged_person.append(_person_record(row))
            staged.staged_name.extend(_name_records(row))
            staged.staged_address.extend(_address_records(row))
    return staged


async def _copy(session: AsyncSession, staged: _Staged) -> None:
    driver = (await (await session.connection()).get_raw_connection()).driver_connection
    if driver is None:
        raise RuntimeError("the connection to the database is closed: start the import again")
    for table, records in vars(staged).items():
        if records:
            await driver.copy_records_to_table(table, records=records)


def region_code(area_office: str) -> str:
    """The code under which work for an office is routed: its name in plain capitals, so it names a region and no person."""
    return "-".join(words_of(area_office)).upper()


def _person_record(row: PersonRow) -> _Record:
    return (
        row.person_ref,
        row.surname,
        row.given_names,
        row.date_of_birth,
        row.gender,
        row.area_office,
        row.record_state.value,
        row.occupancy.value,
        row.occupancy.lives_in_a_home,
        row.property_ref,
        row.household_ref,
        row.updated_at,
        row.digest,
    )


def _name_records(row: PersonRow) -> Iterator[_Record]:
    current = f"{row.given_names} {row.surname}".strip()
    yield _name_record(
        row, current, row.given_names, row.surname, name_from_parts(row.given_names, row.surname)
    )
    for other in dict.fromkeys(row.other_names):
        name = read_full_name(other)
        if other != current and name.words:
            yield _name_record(
                row, other, " ".join(name.given), " ".join(name.surname), name, is_current=False
            )


def _name_record(
    row: PersonRow, full_name: str, given: str, surname: str, name: FullName, *, is_current: bool = True
) -> _Record:
    return (row.person_ref, full_name, given, surname, is_current, padded(name.words), name_search_keys(name))


def _address_records(row: PersonRow) -> Iterator[_Record]:
    parts = (row.address, row.suburb, row.town, row.postcode)
    current = ", ".join(part for part in parts if part)
    if current:
        yield _address_record(row, current, parts, read_address(current))
    for former in dict.fromkeys(row.former_addresses):
        if former != current:
            yield _address_record(row, former, (former, "", "", ""), read_address(former), is_current=False)


def _address_record(
    row: PersonRow, full: str, parts: tuple[str, ...], address: Address, *, is_current: bool = True
) -> _Record:
    return (row.person_ref, full, *parts, is_current, address.key, address_search_keys(address))


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
