"""The list of void properties brought up to date, and the matches of properties that are void no more."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from activities.match_context import open_cases_of
from activities.routing import NATIONAL
from activities.running_cases import RunningCases
from adapters.register_csv import BadRow
from adapters.void_csv import VoidRow, read_voids
from models.database import Database
from models.tables.placement import VoidProperty
from models.tables.register import RegisterAreaOffice

_BATCH = 500


@dataclass
class VoidImport:
    """What an import did."""

    good: int = 0
    bad: list[BadRow] = field(default_factory=list)
    void: int = 0
    gone: dict[str, str] = field(default_factory=dict)
    """Open cases of properties that are let or withdrawn now, and which of the two."""


async def import_voids(database: Database, lines: Iterable[str], *, as_of: datetime) -> VoidImport:
    """Good rows are kept, bad rows listed. A property that the file lacks stays as it is; nothing is deleted.

    Raises UnusableFile when a column is missing. An older file never overwrites a newer state.
    """
    done = VoidImport()
    batch: list[VoidRow] = []
    for row in read_voids(lines):
        if isinstance(row, BadRow):
            done.bad.append(row)
            continue
        batch.append(row)
        if len(batch) == _BATCH:
            await _keep(database, batch, done, as_of)
            batch = []
    await _keep(database, batch, done, as_of)
    return done


async def tell_cases(cases: RunningCases, done: VoidImport) -> list[str]:
    """Tell each open case that its property is gone (AMB-P3-15). Returns those whose run did not take it."""
    untold = []
    for case_id, state in done.gone.items():
        if not await cases.tell(case_id, {"property_gone": state}):
            untold.append(case_id)
    return untold


async def _keep(database: Database, batch: list[VoidRow], done: VoidImport, as_of: datetime) -> None:
    if not batch:
        return
    async with database.transaction() as session:
        regions = await _regions(session)
        rows = [
            row._asdict() | {"region": regions.get(row.area_office, NATIONAL), "as_of": as_of}
            for row in batch
        ]
        written = insert(VoidProperty).values(rows)
        changed = {
            name: written.excluded[name]
            for name in ("address", "area_office", "region", "state", "notes", "as_of")
        }
        await session.execute(
            written.on_conflict_do_update(
                index_elements=["property_ref"],
                set_=changed,
                where=VoidProperty.as_of <= written.excluded.as_of,
            )
        )
        for row in batch:
            if row.state != "void":
                for case_id in await open_cases_of(session, row.property_ref):
                    done.gone[case_id] = row.state
    done.good += len(batch)
    done.void += sum(row.state == "void" for row in batch)


async def _regions(session: AsyncSession) -> dict[str, str]:
    rows = await session.execute(select(RegisterAreaOffice.name, RegisterAreaOffice.region_code))
    return {name: code for name, code in rows}
