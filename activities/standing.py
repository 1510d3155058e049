"""What the record says of a person at the moment a message about them wants to leave."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from models.tables.assessment import Assessment, Confirmation
from models.tables.case import CaseRecord
from models.tables.mail import PersonFileName
from models.tables.register import RegisterAddress, RegisterPerson, RegisterProperty, RegisterTenancy
from models.tables.report import ReportEntry
from procedures.assessment import AssessmentCode, AssessmentStatus
from procedures.local_time import local_date
from procedures.proposed_mail import PersonAtSending, Standing
from procedures.terms import Occupancy, Procedure, RecordState, ReportGroup, StatusSaid


@dataclass(frozen=True)
class PersonNow:
    """The primary register person of a case and everything the guard and the forms need of them."""

    person: RegisterPerson
    at_sending: PersonAtSending
    standing: Standing
    home_address: str | None
    """Of the home they live in, else the last one they lived in, else where the register says they are."""
    corrections_reference: str | None
    corrections_office: str | None
    has_left_a_home: bool

    @property
    def full_name(self) -> str:
        """Given names, then surname, as the register spells them."""
        return f"{self.person.given_names} {self.person.surname}".strip()

    @property
    def personal_words(self) -> tuple[str, ...]:
        """What must not show in a subject or in mail to staff."""
        person, born = self.person, self.person.date_of_birth
        spellings = (
            (born.isoformat(), f"{born:%d/%m/%Y}", f"{born.day}/{born.month}/{born.year}") if born else ()
        )
        words = (
            person.surname,
            *person.given_names.split(),
            self.home_address or "",
            self.corrections_reference,
        )
        return tuple(word for word in (*words, *spellings) if word)


async def person_now(session: AsyncSession, case_id: str) -> PersonNow | None:
    """The person of a case as the record has them in this transaction; None while nobody is linked."""
    case = await session.get(CaseRecord, case_id)
    if case is None or case.person_ref is None:
        return None
    person = await session.get(RegisterPerson, case.person_ref)
    if person is None:
        return None
    refs = await _references(session, case.person_ref)
    entry = await _entry(session, refs, case)
    vacated = case.state.get("vacated") is True
    return PersonNow(
        person=person,
        at_sending=PersonAtSending(
            code=await _code(session, case.person_ref),
            record_state=RecordState(person.record_state),
            occupancy=Occupancy.NONE if vacated else Occupancy(person.occupancy),
            considered_for_void=await _considered(session, refs),
        ),
        standing=await _standing(session, refs),
        home_address=await _home_address(session, person),
        corrections_reference=entry.corrections_reference if entry else None,
        corrections_office=entry.corrections_office if entry else None,
        has_left_a_home=vacated or await _left(session, person),
    )


async def _references(session: AsyncSession, person_ref: str) -> list[str]:
    """The person's reference and those of their duplicates: all that resolve to one file (A-B6)."""
    file_id = select(PersonFileName.file_id).where(PersonFileName.person_ref == person_ref)
    found = await session.scalars(
        select(PersonFileName.person_ref).where(PersonFileName.file_id.in_(file_id))
    )
    return sorted({person_ref, *found})


async def _entry(session: AsyncSession, refs: list[str], case: CaseRecord) -> ReportEntry | None:
    """The newest report entry about the person that gives Corrections' own reference; of equals, this case's."""
    cases = select(CaseRecord.case_id).where(CaseRecord.person_ref.in_(refs))
    return await session.scalar(
        select(ReportEntry)
        .where(
            (ReportEntry.entry_id == case.entry_id) | ReportEntry.case_id.in_(cases),
            ReportEntry.corrections_reference.is_not(None),
        )
        .order_by(ReportEntry.run_id.desc(), (ReportEntry.entry_id == case.entry_id).desc())
        .limit(1)
    )


async def _code(session: AsyncSession, person_ref: str) -> AssessmentCode | None:
    code = await session.scalar(
        select(Assessment.code).where(
            Assessment.person_ref == person_ref, Assessment.status != AssessmentStatus.CLO.value
        )
    )
    return AssessmentCode(code) if code else None


async def _considered(session: AsyncSession, refs: list[str]) -> bool:
    """A void property is being considered: an open match, or the advisor said so in procedure 1."""
    rows = await session.execute(
        select(CaseRecord.procedure, CaseRecord.state).where(
            CaseRecord.person_ref.in_(refs), CaseRecord.closed_at.is_(None)
        )
    )
    matching = {Procedure.MATCH_VOID.value, Procedure.OFFER.value}
    return any(procedure in matching or state.get("considered_for_void") is True for procedure, state in rows)


async def _standing(session: AsyncSession, refs: list[str]) -> Standing:
    """Corrections' newest word rules; an Exit entry that came after it pauses disclosure (AMB-X-4, AMB-X-5)."""
    newest = await session.scalar(
        select(Confirmation)
        .where(Confirmation.person_ref.in_(refs))
        .order_by(Confirmation.said_at.desc())
        .limit(1)
    )
    # "Not the person we know" ends disclosure as surely as "no order": both wait only for the calculation.
    if newest is not None and newest.status_said != StatusSaid.CSO.value:
        return Standing.CEASED_NSO
    exits = await session.scalar(
        select(ReportEntry.run_id)
        .join(CaseRecord, CaseRecord.case_id == ReportEntry.case_id)
        .where(CaseRecord.person_ref.in_(refs), ReportEntry.group == ReportGroup.EXIT_NSO.value)
        .order_by(ReportEntry.run_id.desc())
        .limit(1)
    )
    if exits and (newest is None or local_date(newest.said_at) < date.fromisoformat(exits)):
        return Standing.PAUSED_FOR_CONFIRMATION
    return Standing.RUNNING


async def _home_address(session: AsyncSession, person: RegisterPerson) -> str | None:
    property_ref = person.property_ref or await session.scalar(
        select(RegisterTenancy.property_ref)
        .where(RegisterTenancy.person_ref == person.person_ref)
        .order_by(RegisterTenancy.first_seen.desc())
        .limit(1)
    )
    if property_ref:
        home = await session.get(RegisterProperty, property_ref)
        if home is not None and home.address:
            return home.address
    return await session.scalar(
        select(RegisterAddress.full_address).where(
            RegisterAddress.person_ref == person.person_ref, RegisterAddress.is_current
        )
    )


async def _left(session: AsyncSession, person: RegisterPerson) -> bool:
    """Lived in one of our homes and does not any more."""
    if Occupancy(person.occupancy).lives_in_a_home and person.record_state == RecordState.LIVE.value:
        return False
    tenancy = await session.scalar(
        select(RegisterTenancy.person_ref).where(RegisterTenancy.person_ref == person.person_ref).limit(1)
    )
    return tenancy is not None
