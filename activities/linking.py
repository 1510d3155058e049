"""Linking a report entry to register persons: who joins an open case, and what assessment each record holds."""

from sqlalchemy import cast, or_, select, text, update
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased
from temporalio import activity

from activities.open_assessments import record_held
from activities.running_cases import RunningCases
from models.database import Database
from models.tables.assessment import Assessment, Confirmation
from models.tables.case import CaseRecord
from models.tables.register import RegisterPerson
from models.tables.report import ReportEntry
from procedures.assessment import AssessmentStatus
from procedures.identify import LinkedPerson, RecordHeld, Statement
from procedures.tasks import Frozen
from procedures.terms import Channel, Occupancy, Procedure, RecordState, StatusSaid

_NEXT_NUMBER = "SELECT nextval('assessment_number')"


class LinkRequest(Frozen):
    """Which case wants which persons."""

    case_id: str
    primary: str
    duplicates: tuple[str, ...] = ()
    region: str


class Linked(Frozen):
    """What linking found: the person, or the open case of that person which the entry joins (AMB-P1-16)."""

    person: LinkedPerson | None = None
    last_statement: Statement | None = None
    joins: str | None = None


class Linking:
    """Reserves a person for a case: at most one open case of procedure 1 per person."""

    def __init__(self, database: Database, cases: RunningCases) -> None:
        self._database = database
        self._cases = cases

    @activity.defn
    async def link_person(self, request: LinkRequest) -> Linked:
        """Idempotent: the same case asking again gets the same numbers back."""
        async with self._database.transaction() as session:
            request = await _with_known_duplicates(session, request)
            await _one_at_a_time(session, request)
            other = await _open_case_of(session, request)
            if other:
                return Linked(joins=other)
            person = await _linked(session, request)
            await _reserve(session, request.case_id, person)
            return Linked(person=person, last_statement=await _last_statement(session, request))

    @activity.defn
    async def new_numbers(self, count: int) -> list[str]:
        """Numbers for assessments that replace closed ones (TR-14); a gap in the numbering means nothing."""
        async with self._database.transaction() as session:
            return [f"A-{await session.scalar(text(_NEXT_NUMBER))}" for _ in range(count)]

    @activity.defn
    async def entry_joins(self, entry_id: str, case_id: str, group: str) -> bool:
        """The entry becomes an additional entry of the person's open case: no second case, no second T-441.

        False when that case has ended in the meantime. Raises LookupError, to be tried again, while the record says
        that it is open and its run is not there.
        """
        told = await self._cases.tell(case_id, {"additional_entry": entry_id, "group": group})
        async with self._database.transaction() as session:
            if not told:
                case = await session.get_one(CaseRecord, case_id)
                if case.closed_at is None:
                    raise LookupError("the open case has no run at present")
                return False
            await session.execute(
                update(ReportEntry).where(ReportEntry.entry_id == entry_id).values(case_id=case_id)
            )
            return True


async def _with_known_duplicates(session: AsyncSession, request: LinkRequest) -> LinkRequest:
    """The primary on record stays fixed and its duplicates come along, whichever was named (AMB-P1-12, P1.S2.N4)."""
    primary, duplicate = aliased(Assessment), aliased(Assessment)
    pairs = (
        select(primary.person_ref, duplicate.person_ref)
        .join(duplicate, duplicate.duplicate_of == primary.number)
        .where(duplicate.status != AssessmentStatus.CLO.value)
    )
    named = (request.primary, *request.duplicates)
    held = await session.execute(
        pairs.where(or_(primary.person_ref.in_(named), duplicate.person_ref.in_(named)))
    )
    primaries = sorted({first for first, _ in held}, key=lambda ref: (ref != request.primary, ref))
    if not primaries:
        return request
    rest = await session.execute(pairs.where(primary.person_ref.in_(primaries)))
    group = dict.fromkeys((*primaries, *named, *sorted(second for _, second in rest)))
    return request.model_copy(
        update={"primary": primaries[0], "duplicates": tuple(ref for ref in group if ref != primaries[0])}
    )


async def _one_at_a_time(session: AsyncSession, request: LinkRequest) -> None:
    for reference in sorted((request.primary, *request.duplicates)):
        await session.execute(
            text("SELECT pg_advisory_xact_lock(hashtextextended(:ref, 0))"), {"ref": reference}
        )


async def _open_case_of(session: AsyncSession, request: LinkRequest) -> str | None:
    """Another open case of the person, found by its primary or by any of its duplicates."""
    records = CaseRecord.state["person"]["records"]
    named = (request.primary, *request.duplicates)
    return await session.scalar(
        select(CaseRecord.case_id)
        .where(
            CaseRecord.procedure == Procedure.IDENTIFY.value,
            CaseRecord.closed_at.is_(None),
            CaseRecord.case_id != request.case_id,
            or_(CaseRecord.person_ref.in_(named), *(records.contains([{"person_ref": r}]) for r in named)),
        )
        .limit(1)
    )


async def _reserve(session: AsyncSession, case_id: str, person: LinkedPerson) -> None:
    """The record shows at once whom the case has, duplicates too; the turn that follows writes the same."""
    await session.execute(
        update(CaseRecord)
        .where(CaseRecord.case_id == case_id)
        .values(
            person_ref=person.primary,
            state=CaseRecord.state.op("||")(cast({"person": person.model_dump(mode="json")}, JSONB)),
        )
    )


async def _linked(session: AsyncSession, request: LinkRequest) -> LinkedPerson:
    person = await session.get_one(RegisterPerson, request.primary)
    return LinkedPerson(
        primary=request.primary,
        records=tuple([await _held(session, ref, request) for ref in (request.primary, *request.duplicates)]),
        record_state=RecordState(person.record_state),
        occupancy=Occupancy(person.occupancy),
        property_ref=person.property_ref,
        region=request.region,
    )


async def _held(session: AsyncSession, person_ref: str, request: LinkRequest) -> RecordHeld:
    """The open assessment of a record, else a number of its own reserved for the one that will be created."""
    rows = (
        await session.scalars(
            select(Assessment)
            .where(Assessment.person_ref == person_ref)
            .order_by(Assessment.opened_at.desc())
        )
    ).all()
    held = next((a for a in rows if a.status != AssessmentStatus.CLO.value), None)
    if held:
        return record_held(held)
    closed = rows[0] if rows else None
    number = await session.scalar(text(_NEXT_NUMBER))
    return RecordHeld(
        person_ref=person_ref,
        number=f"A-{number}",
        code=closed.code if closed else None,
        status=closed.status if closed else None,
        superseded=closed.number if closed else None,
    )


async def _last_statement(session: AsyncSession, request: LinkRequest) -> Statement | None:
    row = await session.scalar(
        select(Confirmation)
        .where(
            Confirmation.person_ref.in_([request.primary, *request.duplicates]),
            Confirmation.channel == Channel.VERBAL.value,
        )
        .order_by(Confirmation.said_at.desc())
        .limit(1)
    )
    if row is None:
        return None
    return Statement(
        confirmation_id=row.confirmation_id,
        said=StatusSaid(row.status_said),
        channel=Channel.VERBAL,
        said_at=row.said_at,
    )
