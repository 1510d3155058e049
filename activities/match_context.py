"""What a match or an offer must know at a moment: the person's code, the T-441 held, the property, the approval."""

from datetime import date, datetime
from typing import Literal

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from temporalio import activity

from activities.open_assessments import open_assessment, record_held
from activities.running_cases import RunningCases
from models.database import Database
from models.tables.assessment import Assessment, Confirmation
from models.tables.case import CaseRecord, Task
from models.tables.mail import Document
from models.tables.placement import PreApproval, PropertyHold, VoidMatch, VoidProperty
from models.tables.register import RegisterPerson
from procedures.assessment import AssessmentStatus
from procedures.form_exchange import ReviewReturn
from procedures.identify_state import LinkedPerson, RecordHeld
from procedures.match_void_state import Approval, Disclosed, HeldT441
from procedures.tasks import Frozen
from procedures.terms import Form, Occupancy, Procedure, RecordState, StatusSaid


class MatchContext(Frozen):
    """A case of procedure 3 as the record has it now."""

    person: LinkedPerson
    match_id: str | None = None
    match_date: date | None = None
    applicant_ref: str | None = None
    property_ref: str | None = None
    entered_by: str | None = None
    disclosed: Disclosed = Disclosed()


class MatchContexts:
    """Reads what procedures 3 and 4 rest on, and keeps one live pre-approval per property (AMB-P3-12)."""

    def __init__(self, database: Database, cases: RunningCases) -> None:
        self._database = database
        self._cases = cases

    @activity.defn
    async def match_context(self, case_id: str) -> MatchContext:
        """Person, first match and disclosures of a case."""
        async with self._database.transaction() as session:
            case = await session.get_one(CaseRecord, case_id)
            assert case.person_ref is not None
            person = await linked_person(session, case.person_ref, case.region)
            match = await session.scalar(
                select(VoidMatch).where(VoidMatch.case_id == case_id).order_by(VoidMatch.entered_at).limit(1)
            )
            disclosed = await _disclosed(session, [r.person_ref for r in person.records])
        if match is None:
            return MatchContext(person=person, disclosed=disclosed)
        return MatchContext(
            person=person,
            disclosed=disclosed,
            match_id=match.match_id,
            match_date=match.match_date,
            applicant_ref=match.applicant_ref,
            property_ref=match.property_ref,
            entered_by=match.entered_by,
        )

    @activity.defn
    async def hold_property(
        self, case_id: str, property_ref: str, at: datetime
    ) -> Literal["held", "wait", "gone"]:
        """Take the one live pre-approval of the property, or learn that another case has it or that it is gone."""
        async with self._database.transaction() as session:
            home = await session.get(VoidProperty, property_ref)
            if home is None or home.state != "void":
                return "gone"
            await session.execute(
                insert(PropertyHold)
                .values(
                    hold_id=f"{case_id}/{at.isoformat()}",
                    property_ref=property_ref,
                    case_id=case_id,
                    held_at=at,
                )
                .on_conflict_do_nothing()
            )
            holder = await session.scalar(
                select(PropertyHold.case_id).where(
                    PropertyHold.property_ref == property_ref, PropertyHold.released_at.is_(None)
                )
            )
        return "held" if holder == case_id else "wait"

    @activity.defn
    async def release_property(self, case_id: str, property_ref: str, accepted: bool, at: datetime) -> None:
        """Give the property back to matching, or, once an offer is accepted, take it off; waiting cases are told."""
        async with self._database.transaction() as session:
            await session.execute(
                update(PropertyHold)
                .where(PropertyHold.case_id == case_id, PropertyHold.released_at.is_(None))
                .values(released_at=at, reason="accepted" if accepted else "back to matching")
            )
            if accepted:
                await session.execute(
                    update(VoidProperty)
                    .where(VoidProperty.property_ref == property_ref)
                    .values(state="let", as_of=at)
                )
            waiting = await open_cases_of(session, property_ref, but=case_id)
        news = {"property_gone": "let"} if accepted else {"property_free": property_ref}
        for other in waiting:
            await self._cases.tell(other, news)

    @activity.defn
    async def approval_of(self, match_case_id: str) -> Approval | None:
        """The newest Part B of the match, and whether its signed form is in the person's folder (P4.N1)."""
        async with self._database.transaction() as session:
            row = await session.scalar(
                select(PreApproval)
                .where(PreApproval.case_id == match_case_id)
                .order_by(PreApproval.recorded_at.desc())
                .limit(1)
            )
            if row is None:
                return None
            document = await session.get(Document, row.document_id) if row.document_id else None
            return Approval(
                approval_id=row.approval_id,
                person_ref=row.person_ref,
                property_ref=row.property_ref,
                suitability="suitable" if row.suitability == "suitable" else "not_suitable",
                signed=row.signed,
                stored=document is not None
                and document.form == Form.T_438.value
                and document.file_id is not None,
                withdrawn=row.withdrawn_at is not None,
            )


async def open_cases_of(session: AsyncSession, property_ref: str, *, but: str | None = None) -> list[str]:
    """Open cases of procedure 3 about a property."""
    matched = select(VoidMatch.case_id).where(VoidMatch.property_ref == property_ref)
    rows = await session.scalars(
        select(CaseRecord.case_id)
        .where(
            CaseRecord.procedure == Procedure.MATCH_VOID.value,
            CaseRecord.closed_at.is_(None),
            CaseRecord.case_id.in_(matched),
            CaseRecord.case_id != (but or ""),
        )
        .order_by(CaseRecord.opened_at)
    )
    return list(rows)


async def linked_person(session: AsyncSession, person_ref: str, region: str) -> LinkedPerson:
    """A person with the open assessment of each of their records, as of now."""
    person = await session.get_one(RegisterPerson, person_ref)
    primary = await open_assessment(session, person_ref)
    duplicates = (
        await session.scalars(
            select(Assessment)
            .where(Assessment.duplicate_of == primary.number, Assessment.status != AssessmentStatus.CLO.value)
            .order_by(Assessment.person_ref)
        )
        if primary
        else ()
    )
    held = [record_held(row) for row in (primary, *duplicates) if row]
    return LinkedPerson(
        primary=person_ref,
        records=tuple(held) or (RecordHeld(person_ref=person_ref, number=""),),
        record_state=RecordState(person.record_state),
        occupancy=Occupancy(person.occupancy),
        property_ref=person.property_ref,
        region=region,
    )


async def _disclosed(session: AsyncSession, refs: list[str]) -> Disclosed:
    """Completed T-441s are those that a person has read and found fully completed (P1.S6.b6, AMB-P3-11)."""
    rows = await session.execute(
        select(CaseRecord.case_id, Task.done_at, Task.answer, Task.context)
        .join(Task, Task.case_id == CaseRecord.case_id)
        .where(
            CaseRecord.person_ref.in_(refs),
            CaseRecord.state["exchange"]["form"].astext == Form.T_441.value,
            Task.kind == ReviewReturn.kind,
            Task.state == "done",
            Task.answer["verdict"].astext == "complete",
        )
    )
    ended = await session.scalar(
        select(Confirmation.said_at)
        .where(Confirmation.person_ref.in_(refs), Confirmation.status_said != StatusSaid.CSO.value)
        .order_by(Confirmation.said_at.desc())
        .limit(1)
    )
    return Disclosed(
        t441s=tuple(
            HeldT441(
                case_id=case_id,
                completed_at=done_at,
                order_status=StatusSaid(answer["returned"]["order_status"]),
                document_ids=tuple(context.get("documents", ())),
            )
            for case_id, done_at, answer, context in rows
        ),
        order_ended_at=ended,
    )
