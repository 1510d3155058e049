"""Matches to void properties: entered by the Coordinator Placement, and what a case must know of person and property."""

from datetime import date, datetime

from pydantic import Field
from sqlalchemy import or_, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from activities.audit import write_audit
from activities.case_links import link_to_home_check
from activities.case_rows import case_row
from activities.match_context import linked_person
from activities.routing import NATIONAL
from activities.running_cases import RunningCases
from activities.staging import case_number
from models.database import Database
from models.tables.assessment import Assessment
from models.tables.case import CaseRecord
from models.tables.placement import VoidMatch, VoidProperty
from models.tables.register import RegisterAreaOffice, RegisterPerson
from procedures.assessment import AssessmentCode, AssessmentStatus
from procedures.editions import edition_in_force
from procedures.match_void_state import MatchState
from procedures.refusals import Refused
from procedures.tasks import By, Frozen
from procedures.terms import Procedure

_CSO = [code.value for code in AssessmentCode if code.cso]


class NewMatch(Frozen):
    """What the Coordinator Placement enters, with the T-365 context report."""

    person_ref: str = Field(description="The applicant or customer of the match")
    property_ref: str
    match_date: date
    t365_reference: str = Field(min_length=1, description="Number of the T-365 context report")
    t365_details: str = Field(min_length=1, description="Match details and household, as on the report")
    t365_document: str | None = Field(default=None, description="The report as a document")


class EnteredMatch(Frozen):
    """What came of it. The Coordinator Placement is told only that the match is entered: sees neither case nor code."""

    cases: tuple[str, ...]
    """Cases of procedure 3, opened or joined; none: nobody in the household is under an order, ordinary matching."""
    repeated: bool


async def enter_match(
    database: Database, cases: RunningCases, match: NewMatch, *, by: By, at: datetime
) -> EnteredMatch:
    """One case per person under an order and property; the same match again changes nothing (AMB-P3-12, AMB-P3-13).

    Any household member with D1 or D1P opens it, also one who is not the applicant (P3.W1). Raises Refused for an
    unknown person or a property that is not void.
    """
    async with database.transaction() as session:
        await _check_known(session, match)
        members = await _under_an_order(session, match.person_ref)
        taken = [await _enter(session, match, member, by, at) for member in members]
    for case_id, match_id in taken:
        if not await cases.start(Procedure.MATCH_VOID.value, case_id) and match_id:
            await cases.tell(case_id, {"matched": match_id})
    return EnteredMatch(
        cases=tuple(case_id for case_id, _ in taken),
        repeated=bool(taken) and all(match_id is None for _, match_id in taken),
    )


async def _check_known(session: AsyncSession, match: NewMatch) -> None:
    home = await session.get(VoidProperty, match.property_ref)
    if home is None or home.state != "void":
        raise Refused("P3.S1.1", "this property is not on the list of void properties: import the list again")
    if await session.get(RegisterPerson, match.person_ref) is None:
        raise Refused("P3.W1", "the register has no person with this reference")


async def _under_an_order(session: AsyncSession, person_ref: str) -> list[str]:
    """Members of the household with D1 or D1P, each once: of duplicates the primary record."""
    person = await session.get_one(RegisterPerson, person_ref)
    household = RegisterPerson.person_ref == person_ref
    if person.household_ref:
        household = or_(household, RegisterPerson.household_ref == person.household_ref)
    rows = await session.scalars(
        select(Assessment)
        .join(RegisterPerson, RegisterPerson.person_ref == Assessment.person_ref)
        .where(household, Assessment.code.in_(_CSO), Assessment.status != AssessmentStatus.CLO.value)
        .order_by(Assessment.person_ref)
    )
    members: dict[str, None] = {}
    for row in rows:
        primary = await session.get(Assessment, row.duplicate_of) if row.duplicate_of else None
        members.setdefault(primary.person_ref if primary else row.person_ref)
    return list(members)


async def _enter(
    session: AsyncSession, match: NewMatch, person_ref: str, by: By, at: datetime
) -> tuple[str, str | None]:
    """The case, and the new match; None for a repeat of a match that is known."""
    await session.execute(
        text("SELECT pg_advisory_xact_lock(hashtextextended(:ref, 3))"), {"ref": person_ref}
    )
    held = await session.scalar(
        select(VoidMatch.case_id).where(
            VoidMatch.person_ref == person_ref,
            VoidMatch.property_ref == match.property_ref,
            VoidMatch.match_date == match.match_date,
        )
    )
    if held:
        return held, None
    case_id = await _open_case_for(session, person_ref, match.property_ref)
    if case_id is None:
        case_id = case_number()
        await session.execute(insert(CaseRecord).values(await _new_case(session, case_id, person_ref, at)))
        await link_to_home_check(session, person_ref, at)
    match_id = f"M{case_number()[1:]}"
    await session.execute(
        insert(VoidMatch).values(
            match_id=match_id,
            case_id=case_id,
            person_ref=person_ref,
            applicant_ref=match.person_ref,
            property_ref=match.property_ref,
            match_date=match.match_date,
            t365={
                "reference": match.t365_reference,
                "details": match.t365_details,
                "document_id": match.t365_document,
            },
            entered_by=by.subject,
            entered_at=at,
            outcome="open",
        )
    )
    await write_audit(
        session,
        by=by,
        at=at,
        action="match entered",
        case_id=case_id,
        step="3.1",
        subject=match_id,
        business_key=f"match/{match_id}",
    )
    return case_id, match_id


async def _open_case_for(session: AsyncSession, person_ref: str, property_ref: str) -> str | None:
    """The open case of this person and property, else the one that still waits for its first match."""
    open_cases = select(CaseRecord.case_id).where(
        CaseRecord.procedure == Procedure.MATCH_VOID.value,
        CaseRecord.person_ref == person_ref,
        CaseRecord.closed_at.is_(None),
    )
    of_property = select(VoidMatch.case_id).where(VoidMatch.property_ref == property_ref)
    found = await session.scalar(open_cases.where(CaseRecord.case_id.in_(of_property)).limit(1))
    return found or await session.scalar(
        open_cases.where(CaseRecord.case_id.not_in(select(VoidMatch.case_id)))
        .order_by(CaseRecord.opened_at)
        .limit(1)
    )


async def _new_case(session: AsyncSession, case_id: str, person_ref: str, at: datetime) -> dict[str, object]:
    found = await session.scalar(
        select(RegisterAreaOffice.region_code)
        .join(RegisterPerson, RegisterPerson.area_office == RegisterAreaOffice.name)
        .where(RegisterPerson.person_ref == person_ref)
    )
    region = found or NATIONAL
    state = MatchState(
        case_id=case_id,
        procedure=Procedure.MATCH_VOID,
        edition=edition_in_force(at).name,
        region=region,
        step="3.1",
        person=await linked_person(session, person_ref, region),
    )
    return case_row(state.model_dump(mode="json"), at, person_ref=person_ref)
