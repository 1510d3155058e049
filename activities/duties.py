"""What procedure 2 and the standing duty ask of the record: instants, the person as now, documents, reviews due."""

from collections.abc import Sequence
from datetime import date, datetime, time

from sqlalchemy import func, or_, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from temporalio import activity

from activities.case_rows import case_row
from activities.deadlines import Deadlines
from activities.open_assessments import open_assessment, record_held
from activities.running_cases import RunningCases
from models.database import Database
from models.tables.case import CaseRecord
from models.tables.duty import MoveWatch
from models.tables.mail import Document, ReceivedMail
from models.tables.register import RegisterPerson, RegisterTenancy
from models.tables.report import ReportEntry
from procedures.check_suitability_state import CheckSuitabilityState, Pause
from procedures.clocks import opening_of, reminder_days
from procedures.editions import edition_in_force, parameters_for
from procedures.identify_state import LinkedPerson, RecordHeld
from procedures.local_time import instant_at, local_date
from procedures.terms import Occupancy, Procedure, RecordState

_END_OF_DAY = time(23, 59, 59)


class Duties:
    """Reads for the workflows; takes the instant it counts from as an argument."""

    def __init__(self, database: Database, deadlines: Deadlines) -> None:
        self._database = database
        self._deadlines = deadlines

    @activity.defn
    async def next_review(self, at: datetime, edition: str) -> datetime:
        """The opening of the 20th working day after `at` (AMB-P2-5; UTC)."""
        return await next_review(self._deadlines, at, edition)

    @activity.defn
    async def soft_target(self, aware_on: date, edition: str) -> datetime:
        """The end of the next working day after awareness (AMB-P2-13; UTC)."""
        parameters = parameters_for(edition)
        calendar = await self._deadlines.calendar(parameters.calendar)
        (day,) = reminder_days(aware_on, (parameters.future_duty_days,), calendar)
        return instant_at(day, _END_OF_DAY)

    @activity.defn
    async def pause(self, at: datetime, edition: str) -> Pause:
        """Who comes in while Corrections has not confirmed: after two and three working days (AMB-X-5)."""
        parameters = parameters_for(edition)
        calendar = await self._deadlines.calendar(parameters.calendar)
        wanted = (parameters.pause_service_manager_days, parameters.pause_manager_days)
        first, second = reminder_days(local_date(at), wanted, calendar)
        return Pause(
            since=at,
            service_manager_at=opening_of(first, parameters),
            manager_at=opening_of(second, parameters),
        )

    @activity.defn
    async def person_again(self, person: LinkedPerson) -> LinkedPerson:
        """The person as register and assessments have them at this moment."""
        async with self._database.transaction() as session:
            return await person_again(session, person)

    @activity.defn
    async def report_entry_of(self, person_refs: Sequence[str]) -> str | None:
        """The newest report entry that was matched to the person: what makes procedure 2 apply (P2.W2, AMB-P2-17)."""
        async with self._database.transaction() as session:
            return await report_entry_of(session, person_refs)

    @activity.defn
    async def already_told(self, person_ref: str, about: str) -> bool:
        """True when a T-442 about this very change of the person's present home is under way or sent."""
        async with self._database.transaction() as session:
            return await already_told(session, person_ref, about)

    @activity.defn
    async def unfiled(self, case_id: str) -> list[str]:
        """What was received in the case and has no stored copy in the person's file; empty: all is saved (P2.S5.1)."""
        async with self._database.transaction() as session:
            loose = await session.scalars(
                select(Document.document_id).where(
                    Document.case_id == case_id, Document.direction == "in", Document.file_id.is_(None)
                )
            )
            mails = await session.scalars(
                select(ReceivedMail.document_ids).where(ReceivedMail.case_id == case_id)
            )
            wanted = {document_id for ids in mails for document_id in ids}
            kept = set(
                await session.scalars(select(Document.document_id).where(Document.document_id.in_(wanted)))
            )
            return sorted({*loose, *(wanted - kept)})


async def next_review(deadlines: Deadlines, at: datetime, edition: str) -> datetime:
    """The opening of the 20th working day after `at` (UTC)."""
    parameters = parameters_for(edition)
    calendar = await deadlines.calendar(parameters.calendar)
    (day,) = reminder_days(local_date(at), (parameters.review_days,), calendar)
    return opening_of(day, parameters)


async def person_again(session: AsyncSession, person: LinkedPerson) -> LinkedPerson:
    """Occupancy, home and codes of a linked person, read anew; a person no longer on the register stays as they were."""
    held = await session.get(RegisterPerson, person.primary)
    records = [await _record_again(session, record) for record in person.records]
    if held is None:
        return person.model_copy(update={"records": tuple(records)})
    return LinkedPerson(
        primary=person.primary,
        records=tuple(records),
        record_state=RecordState(held.record_state),
        occupancy=Occupancy(held.occupancy),
        property_ref=held.property_ref,
        region=person.region,
    )


async def _record_again(session: AsyncSession, record: RecordHeld) -> RecordHeld:
    found = await open_assessment(session, record.person_ref)
    return record if found is None else record_held(found)


async def report_entry_of(session: AsyncSession, person_refs: Sequence[str]) -> str | None:
    """The newest report entry in a case of this person."""
    return await session.scalar(
        select(ReportEntry.entry_id)
        .join(CaseRecord, CaseRecord.case_id == ReportEntry.case_id)
        .where(CaseRecord.person_ref.in_(list(person_refs)))
        .order_by(ReportEntry.run_id.desc(), ReportEntry.entry_id)
        .limit(1)
    )


async def already_told(session: AsyncSession, person_ref: str, about: str) -> bool:
    """Whether a case tells Corrections of this change, since the person was first seen in the home that it names."""
    moved_in = (
        select(func.max(RegisterTenancy.first_seen))
        .where(
            RegisterTenancy.person_ref == person_ref,
            RegisterTenancy.property_ref == about.rpartition("/")[2],
        )
        .scalar_subquery()
    )
    found = await session.scalar(
        select(CaseRecord.case_id)
        .where(
            CaseRecord.procedure == Procedure.DISCLOSE_CHANGE.value,
            CaseRecord.person_ref == person_ref,
            CaseRecord.state["about"].astext == about,
            or_(CaseRecord.closed_at.is_(None), CaseRecord.outcome == "sent"),
            CaseRecord.opened_at >= func.coalesce(moved_in, CaseRecord.opened_at),
        )
        .limit(1)
    )
    return found is not None


# -- the watch over a move -----------------------------------------------------------------------------------

_END_WATCHES = """
UPDATE move_watch w SET ended_at = :at, ended_because = CASE
    WHEN a.code IS NULL OR a.code NOT IN ('D1', 'D1P') THEN 'the order ended' ELSE 'moved' END
FROM register_person p
LEFT JOIN assessment a ON a.person_ref = p.person_ref AND a.status <> 'CLO'
WHERE p.person_ref = w.person_ref AND w.ended_at IS NULL AND w.review_case_id IS NULL
  AND (a.code IS NULL OR a.code NOT IN ('D1', 'D1P') OR p.record_state <> 'live'
       OR p.occupancy IN ('applicant', 'none') OR p.property_ref IS DISTINCT FROM w.property_ref)
"""


async def due_reviews(database: Database, cases: RunningCases, deadlines: Deadlines, at: datetime) -> int:
    """The sweep over watched moves: end those that are over, start a short run for each review due at `at` (UTC).

    A review that nobody has answered by the time of the next one is reminded of. Returns how many runs began.
    """
    begun: list[str] = []
    late: list[tuple[str, int]] = []
    async with database.transaction() as session:
        await session.execute(text("SELECT pg_advisory_xact_lock(hashtext('due_reviews'))"))
        await session.execute(text(_END_WATCHES), {"at": at})
        due = (
            await session.scalars(
                select(MoveWatch).where(MoveWatch.ended_at.is_(None), MoveWatch.next_review_at <= at)
            )
        ).all()
        for watch in due:
            if await _still_open(session, watch.review_case_id):
                late.append((watch.review_case_id or "", watch.reviews))
            else:
                watch.reviews += 1
                watch.review_case_id = await _open_review(session, watch, at)
                begun.append(watch.review_case_id)
            watch.next_review_at = await next_review(deadlines, at, watch.state["edition"])
    started = await cases.start_all([(Procedure.CHECK_SUITABILITY.value, case_id) for case_id in begun])
    for case_id, number in late:
        await cases.tell(case_id, {"review_reminder": number, "at": at.isoformat()})
    return started


async def _still_open(session: AsyncSession, case_id: str | None) -> bool:
    """A review that was withdrawn is followed by another."""
    if case_id is None:
        return False
    case = await session.get_one(CaseRecord, case_id)
    return case.closed_at is None


async def _open_review(session: AsyncSession, watch: MoveWatch, at: datetime) -> str:
    case_id = f"{watch.watch_id}-R{watch.reviews}"
    state = CheckSuitabilityState.model_validate(watch.state)
    state.case_id, state.step, state.edition = case_id, "2.3", edition_in_force(at).name
    state.watch_id, state.reviewing = watch.watch_id, True
    await session.execute(
        insert(CaseRecord)
        .values(
            case_row(
                state.model_dump(mode="json"),
                at,
                person_ref=watch.person_ref,
                entry_id=state.entry_id,
                parent_case_id=watch.watch_id,
            )
        )
        .on_conflict_do_nothing()
    )
    return case_id
