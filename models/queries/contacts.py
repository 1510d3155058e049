"""The Corrections directory: whom at which office to write to or call, now and in earlier versions."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import and_, or_, select

from models.database import Database
from models.queries.paging import Page, page_of, read_cursor
from models.tables.mail import CorrectionsContact, CorrectionsContactVersion
from procedures.tasks import Frozen
from procedures.terms import ContactKind


class DirectoryEntry(Frozen):
    """A contact or service manager of a Corrections office, as it is now."""

    contact_id: str
    office: str
    kind: ContactKind
    name: str
    phone: str | None
    secure_address: str | None
    regions: list[str]
    valid_from: date
    valid_to: date | None
    verified_by: str | None
    verified_on: date | None
    version: int
    calendar: str


class EarlierVersion(Frozen):
    """What an entry said before a change."""

    version: int
    details: dict[str, Any]
    replaced_by: str
    replaced_at: datetime


@dataclass(frozen=True)
class ContactFilter:
    """Which entries are asked for; None leaves a field open."""

    office: str | None = None
    kind: ContactKind | None = None
    region: str | None = None
    valid_on: date | None = None


async def list_contacts(
    database: Database, wanted: ContactFilter, *, limit: int, cursor: str | None = None
) -> Page[DirectoryEntry]:
    """Entries by office. Raises BadCursor."""
    held = CorrectionsContact
    query = select(held)
    if wanted.office is not None:
        query = query.where(held.office == wanted.office)
    if wanted.kind is not None:
        query = query.where(held.kind == wanted.kind.value)
    if wanted.region is not None:
        query = query.where(held.regions.contains([wanted.region]))
    if wanted.valid_on is not None:
        not_over = or_(held.valid_to.is_(None), held.valid_to >= wanted.valid_on)
        query = query.where(held.valid_from <= wanted.valid_on, not_over)
    if cursor is not None:
        office, last = read_cursor(cursor, 2)
        query = query.where(
            or_(held.office > (office or ""), and_(held.office == office, held.contact_id > (last or "")))
        )
    query = query.order_by(held.office, held.contact_id).limit(limit + 1)
    async with database.transaction() as session:
        rows = [_entry(row) for row in await session.scalars(query)]
    return page_of(rows, limit, lambda entry: [entry.office, entry.contact_id])


async def contact(database: Database, contact_id: str) -> DirectoryEntry | None:
    """One entry, or None."""
    async with database.transaction() as session:
        row = await session.get(CorrectionsContact, contact_id)
        return _entry(row) if row else None


async def earlier_versions(database: Database, contact_id: str) -> list[EarlierVersion]:
    """What an entry said before, the oldest first."""
    held = CorrectionsContactVersion
    query = select(held).where(held.contact_id == contact_id).order_by(held.version)
    async with database.transaction() as session:
        return [
            EarlierVersion(**{name: getattr(row, name) for name in EarlierVersion.model_fields})
            for row in await session.scalars(query)
        ]


def _entry(row: CorrectionsContact) -> DirectoryEntry:
    return DirectoryEntry(**{name: getattr(row, name) for name in DirectoryEntry.model_fields})
