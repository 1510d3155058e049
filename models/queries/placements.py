"""Void properties, as imported: what a match can name."""

from datetime import datetime

from sqlalchemy import and_, or_, select

from models.database import Database
from models.queries.paging import Page, page_of, read_cursor
from models.tables.placement import Viewing, VoidProperty
from procedures.tasks import Frozen
from procedures.visibility import EVERY_REGION, READS_VOID_PROPERTIES, Sight


class VoidHome(Frozen):
    """A property that is, or was, void."""

    property_ref: str
    address: str
    area_office: str
    region: str
    state: str
    notes: str
    as_of: datetime


async def list_void_properties(
    database: Database, sight: Sight, *, state: str | None, limit: int, cursor: str | None = None
) -> Page[VoidHome]:
    """Properties of the holder's regions by area office. Raises BadCursor."""
    home = VoidProperty
    query = select(home)
    regions = sight.regions_with(READS_VOID_PROPERTIES)
    if EVERY_REGION not in regions:
        query = query.where(home.region.in_(sorted(regions)))
    if state is not None:
        query = query.where(home.state == state)
    if cursor is not None:
        office, last = read_cursor(cursor, 2)
        after = and_(home.area_office == office, home.property_ref > (last or ""))
        query = query.where(or_(home.area_office > (office or ""), after))
    query = query.order_by(home.area_office, home.property_ref).limit(limit + 1)
    async with database.transaction() as session:
        rows = [
            VoidHome(**{name: getattr(row, name) for name in VoidHome.model_fields})
            for row in await session.scalars(query)
        ]
    return page_of(rows, limit, lambda one: [one.area_office, one.property_ref])


async def viewing_of_case(database: Database, case_id: str, viewing_id: str) -> bool:
    """Whether this appointment belongs to this case."""
    async with database.transaction() as session:
        row = await session.get(Viewing, viewing_id)
        return row is not None and row.case_id == case_id


class ViewingRecord(Frozen):
    """An appointment to view a void property; instants are UTC."""

    viewing_id: str
    property_ref: str
    address: str | None
    starts_at: datetime
    minutes: int
    with_corrections: str
    state: str
    """booked, held, missed or cancelled."""


async def viewings_of_case(database: Database, case_id: str) -> list[ViewingRecord]:
    """The appointments of a case, the newest first; each stays on record."""
    query = (
        select(Viewing, VoidProperty.address)
        .outerjoin(VoidProperty, VoidProperty.property_ref == Viewing.property_ref)
        .where(Viewing.case_id == case_id)
        .order_by(Viewing.starts_at.desc(), Viewing.viewing_id)
    )
    own = [name for name in ViewingRecord.model_fields if name != "address"]
    async with database.transaction() as session:
        return [
            ViewingRecord(address=address, **{name: getattr(row, name) for name in own})
            for row, address in (await session.execute(query)).all()
        ]
