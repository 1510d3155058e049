"""What goes on around a person beside their cases: homes, decisions on them, watches over a move."""

from datetime import datetime
from typing import Any

from sqlalchemy import Select, select

from models.database import Database
from models.tables.duty import MoveWatch, SuitabilityDecision
from models.tables.register import RegisterProperty, RegisterTenancy
from procedures.tasks import Frozen


class HomeRecord(Frozen):
    """A home of ours in which the person lives or lived, as the imports of the register showed it."""

    property_ref: str
    address: str | None
    occupancy: str
    first_seen: datetime
    ended_by: datetime | None


class WatchRecord(Frozen):
    """A watch over a home that is not suitable."""

    watch_id: str
    property_ref: str | None
    next_review_at: datetime
    review_case_id: str | None
    began_at: datetime
    ended_at: datetime | None
    ended_because: str | None


class DecisionRecord(Frozen):
    """Corrections' word on a home."""

    case_id: str
    property_ref: str | None
    suitability: str
    comment: str
    said_by: str
    documents: list[str]
    recorded_at: datetime


async def homes_of_person(database: Database, person_ref: str) -> list[HomeRecord]:
    """Present and former homes, the newest first."""
    query = (
        select(RegisterTenancy, RegisterProperty.address)
        .outerjoin(RegisterProperty, RegisterProperty.property_ref == RegisterTenancy.property_ref)
        .where(RegisterTenancy.person_ref == person_ref)
        .order_by(RegisterTenancy.ended_by.is_not(None), RegisterTenancy.first_seen.desc())
    )
    plain = [name for name in HomeRecord.model_fields if name != "address"]
    async with database.transaction() as session:
        return [
            HomeRecord(address=address, **{name: getattr(row, name) for name in plain})
            for row, address in (await session.execute(query)).all()
        ]


async def watches_of_person(database: Database, person_ref: str) -> list[WatchRecord]:
    """Watches over a move, the newest first."""
    held = MoveWatch
    query = select(held).where(held.person_ref == person_ref).order_by(held.began_at.desc())
    return await _read(database, query, WatchRecord)


async def decisions_of_person(database: Database, person_ref: str) -> list[DecisionRecord]:
    """Corrections' decisions on homes, the newest first."""
    held = SuitabilityDecision
    query = select(held).where(held.person_ref == person_ref).order_by(held.recorded_at.desc())
    return await _read(database, query, DecisionRecord)


async def _read(database: Database, query: Select[Any], record: type[Any]) -> list[Any]:
    async with database.transaction() as session:
        rows = (await session.scalars(query)).all()
    return [record(**{name: getattr(row, name) for name in record.model_fields}) for row in rows]
