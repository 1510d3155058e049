"""What the record has of one match: the T-365, the property and who is in it, the viewing, the approval, the offer."""

from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from models.database import Database
from models.queries.placements import VoidHome
from models.queries.web import Housemate, housemates
from models.tables.case import CaseRecord
from models.tables.placement import Offer, PreApproval, PropertyHold, Viewing, VoidMatch, VoidProperty
from procedures.tasks import Frozen


class MatchMade(Frozen):
    """What the Coordinator Placement entered."""

    match_id: str
    person_ref: str
    applicant_ref: str
    property_ref: str
    match_date: date
    entered_at: datetime
    reference: str
    """Number of the T-365 context report."""
    details: str
    document_id: str | None


class Appointment(Frozen):
    """A viewing with Corrections, as booked and as it went (UTC)."""

    viewing_id: str
    case_id: str
    starts_at: datetime
    minutes: int
    with_corrections: str
    state: str
    held_at: datetime | None


class Approved(Frozen):
    """Part B of the T-438 as recorded."""

    suitability: str
    reasons: str | None
    signed_by: str | None
    signed_on: date | None
    document_id: str | None
    withdrawn_at: datetime | None


class Offered(Frozen):
    """How far the offer has come (UTC)."""

    offered_at: datetime
    shown_at: datetime | None
    answer: str | None
    outcome: str | None
    reason: str | None


class Placing(Frozen):
    """One person and one void property."""

    match: MatchMade
    home: VoidHome | None
    occupants: list[Housemate]
    """Whom the register shows in the property now; a void one should have nobody."""
    others: list[str]
    """Other cases with an open match to this property, in order of their number (AMB-P3-12)."""
    held_by: str | None
    """The case that has the one live pre-approval of the property."""
    viewing: Appointment | None
    approval: Approved | None
    offer: Offered | None


async def placing_of_case(database: Database, case_id: str) -> Placing | None:
    """The match of a case of procedure 3 or of the offer that follows; None before a property is named."""
    async with database.transaction() as session:
        case = await session.get(CaseRecord, case_id)
        matched = case.state.get("match_case_id", case_id) if case else case_id
        made = await session.scalar(
            select(VoidMatch).where(VoidMatch.case_id == matched).order_by(VoidMatch.entered_at).limit(1)
        )
        if made is None:
            return None
        home = await session.get(VoidProperty, made.property_ref)
        others = await session.scalars(
            select(VoidMatch.case_id)
            .where(VoidMatch.property_ref == made.property_ref, VoidMatch.closed_at.is_(None))
            .where(VoidMatch.case_id != matched)
            .distinct()
        )
        found = Placing(
            match=_match(made),
            home=VoidHome(**_fields(VoidHome, home)) if home else None,
            occupants=[],
            others=sorted(others),
            held_by=await _holder(session, made.property_ref),
            viewing=await _viewing(session, matched),
            approval=await _approval(session, matched),
            offer=await _offer(session, case_id),
        )
    living = await housemates(database, [found.match.property_ref])
    return found.model_copy(update={"occupants": living.get(found.match.property_ref, [])})


def _match(row: VoidMatch) -> MatchMade:
    t365 = row.t365
    return MatchMade(
        match_id=row.match_id,
        person_ref=row.person_ref,
        applicant_ref=row.applicant_ref,
        property_ref=row.property_ref,
        match_date=row.match_date,
        entered_at=row.entered_at,
        reference=t365.get("reference") or "",
        details=t365.get("details") or "",
        document_id=t365.get("document_id"),
    )


async def _holder(session: AsyncSession, property_ref: str) -> str | None:
    live = PropertyHold.property_ref == property_ref, PropertyHold.released_at.is_(None)
    return await session.scalar(select(PropertyHold.case_id).where(*live))


async def _viewing(session: AsyncSession, case_id: str) -> Appointment | None:
    """The appointment that counts: the newest; earlier ones stay on record."""
    newest = select(Viewing).where(Viewing.case_id == case_id).order_by(Viewing.booked_at.desc()).limit(1)
    row = await session.scalar(newest)
    return Appointment(**_fields(Appointment, row)) if row else None


async def _approval(session: AsyncSession, case_id: str) -> Approved | None:
    newest = (
        select(PreApproval)
        .where(PreApproval.case_id == case_id)
        .order_by(PreApproval.recorded_at.desc())
        .limit(1)
    )
    row = await session.scalar(newest)
    return Approved(**_fields(Approved, row)) if row else None


async def _offer(session: AsyncSession, case_id: str) -> Offered | None:
    row = await session.scalar(select(Offer).where(Offer.case_id == case_id))
    return Offered(**_fields(Offered, row)) if row else None


def _fields(shape: type[Frozen], row: object) -> dict[str, object]:
    return {name: getattr(row, name) for name in shape.model_fields}
