"""The duty to tell Corrections: events that staff report, and the runs that fulfil it (P2.F, P4.F)."""

from collections.abc import Collection, Sequence
from datetime import date, datetime

from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from activities.audit import record_refusal, write_audit
from activities.case_rows import case_row
from activities.duties import person_again
from activities.running_cases import RunningCases
from activities.staging import case_number
from models.database import Database
from models.tables.assessment import Assessment
from models.tables.case import CaseRecord
from models.tables.duty import DutyEvent
from models.tables.register import RegisterAreaOffice, RegisterPerson
from procedures.case_state import CaseState
from procedures.disclose_change import DiscloseChangeState
from procedures.editions import edition_in_force
from procedures.identify_state import LinkedPerson, RecordHeld
from procedures.local_time import local_date
from procedures.refusals import Refused
from procedures.tasks import By, Frozen
from procedures.terms import Occupancy, Procedure, RecordState
from procedures.transitions import AssessmentCode
from procedures.visibility import NATIONAL
from procedures.watch import DutyKind, ReportedEvent, duty_lasts, is_under_16

_UNDER_AN_ORDER = """
SELECT a.person_ref, a.code, (
    SELECT c.status_said FROM confirmation c WHERE c.person_ref = a.person_ref
    ORDER BY c.said_at DESC LIMIT 1) = 'CSO' AS confirmed
FROM assessment a
WHERE a.status <> 'CLO' AND a.duplicate_of IS NULL AND a.code IN ('D1', 'D1P')
"""


class UnderAnOrder(Frozen):
    """A person whose code says that they are under an order, and whether Corrections has confirmed it."""

    person_ref: str
    code: AssessmentCode
    order_confirmed: bool


async def people_under_an_order(
    session: AsyncSession, among: Collection[str] | None = None
) -> list[UnderAnOrder]:
    """Every primary record with the code D1 or D1P; with `among` those of these people alone."""
    only = "" if among is None else "AND a.person_ref = ANY(:among)"
    values: dict[str, list[str]] = {} if among is None else {"among": list(among)}
    rows = await session.execute(text(f"{_UNDER_AN_ORDER} {only} ORDER BY a.person_ref"), values)
    return [
        UnderAnOrder(person_ref=ref, code=AssessmentCode(code), order_confirmed=bool(confirmed))
        for ref, code, confirmed in rows
    ]


async def duty_in_force(database: Database, person_ref: str) -> bool:
    """Whether Corrections must be told of changes about this primary record now (AMB-P2-14)."""
    async with database.transaction() as session:
        person = await session.get(RegisterPerson, person_ref)
        under = await people_under_an_order(session, {person_ref})
        return person is not None and any(_lasts(one, person) for one in under)


async def report_event(
    database: Database, cases: RunningCases, event: ReportedEvent, *, event_id: str, by: By, at: datetime
) -> str:
    """Any staff member reports what they became aware of; `event_id` is the command id, `at` is UTC.

    What is answered is the same whether it concerns anybody or not, so that no code can be read from it. A repeat
    changes nothing. Raises Refused("P2.X3") when anybody but Corrections is to be told; the attempt is audited.
    """
    await _refuse_the_public(database, event, event_id, by, at)
    if event.aware_on > local_date(at):
        raise Refused("P2.F5", "the day of awareness lies in the future")
    async with database.transaction() as session:
        if await session.get(DutyEvent, event_id):
            return event_id
        concerned = await _concerned(session, event)
        case_ids = [
            await open_disclosure(
                session,
                person,
                kind=event.kind,
                facts=event.facts,
                aware_on=event.aware_on,
                about=None,
                event_id=event_id,
                at=at,
            )
            for person in concerned
        ]
        await keep_event(
            session,
            event_id=event_id,
            event=event,
            source="staff",
            case_ids=case_ids,
            by=by,
            at=at,
        )
    await cases.start_all([(Procedure.DISCLOSE_CHANGE.value, case_id) for case_id in case_ids])
    return event_id


async def _refuse_the_public(
    database: Database, event: ReportedEvent, event_id: str, by: By, at: datetime
) -> None:
    """The community is never informed: that is Corrections' role."""
    if event.tell == "corrections":
        return
    await record_refusal(
        database,
        by=by,
        at=at,
        action="tell somebody other than Corrections",
        rule="P2.X3",
        subject=event_id,
        case_id=None,
    )
    raise Refused("P2.X3", "nobody but Corrections is told: informing the community is Corrections' role")


async def _concerned(session: AsyncSession, event: ReportedEvent) -> list[LinkedPerson]:
    """The people whose duty the event touches: the person, or everybody under an order in the home (AMB-P2-18)."""
    if event.kind is DutyKind.UNDER_16_REQUEST and not is_under_16(
        event.born, event.requested_on or event.aware_on
    ):
        return []
    found = []
    for one in await people_under_an_order(session, await _in_question(session, event)):
        person = await session.get(RegisterPerson, one.person_ref)
        if person is not None and _meant(event, person) and _lasts(one, person):
            found.append(await linked(session, person))
    return found


async def _in_question(session: AsyncSession, event: ReportedEvent) -> set[str]:
    """The person of the event; without one, whoever the register has in the home."""
    if event.person_ref is not None:
        return {event.person_ref}
    home = RegisterPerson.property_ref == event.property_ref
    return set(await session.scalars(select(RegisterPerson.person_ref).where(home)))


def _lasts(one: UnderAnOrder, person: RegisterPerson) -> bool:
    lives = person.record_state == RecordState.LIVE.value and Occupancy(person.occupancy).lives_in_a_home
    return duty_lasts(one.code, order_confirmed=one.order_confirmed, lives_in_a_home=lives)


def _meant(event: ReportedEvent, person: RegisterPerson) -> bool:
    if event.person_ref is not None:
        return person.person_ref == event.person_ref
    return person.property_ref is not None and person.property_ref == event.property_ref


async def linked(session: AsyncSession, person: RegisterPerson) -> LinkedPerson:
    """A person on the register with their open assessment and those of their duplicates."""
    primary = await session.scalar(
        select(Assessment.number).where(
            Assessment.person_ref == person.person_ref, Assessment.status != "CLO"
        )
    )
    duplicates = await session.execute(
        select(Assessment.person_ref, Assessment.number).where(
            Assessment.duplicate_of == primary, Assessment.status != "CLO"
        )
    )
    region = await session.scalar(
        select(RegisterAreaOffice.region_code).where(RegisterAreaOffice.name == person.area_office)
    )
    held = [(person.person_ref, primary), *((ref, number) for ref, number in duplicates)]
    return await person_again(
        session,
        LinkedPerson(
            primary=person.person_ref,
            records=tuple(RecordHeld(person_ref=ref, number=number or "") for ref, number in held),
            record_state=RecordState(person.record_state),
            occupancy=Occupancy(person.occupancy),
            property_ref=person.property_ref,
            region=region or NATIONAL,
        ),
    )


async def open_disclosure(
    session: AsyncSession,
    person: LinkedPerson,
    *,
    kind: DutyKind,
    facts: str,
    aware_on: date,
    about: str | None,
    event_id: str,
    at: datetime,
) -> str:
    """The row from which a short run tells Corrections. Returns its case number."""
    state = DiscloseChangeState(
        case_id=case_number(),
        procedure=Procedure.DISCLOSE_CHANGE,
        edition=edition_in_force(at).name,
        region=person.region,
        step="A",
        person=person,
        kind=kind,
        facts=facts,
        aware_on=aware_on,
        about=about,
        event_id=event_id,
    )
    await open_row(session, state, person.primary, at)
    return state.case_id


async def open_row(session: AsyncSession, state: CaseState, person_ref: str, at: datetime) -> None:
    """A case that nobody handed over: the register or a colleague brought it about."""
    await session.execute(
        insert(CaseRecord).values(case_row(state.model_dump(mode="json"), at, person_ref=person_ref))
    )


async def keep_event(
    session: AsyncSession,
    *,
    event_id: str,
    event: ReportedEvent,
    source: str,
    case_ids: Sequence[str],
    by: By,
    at: datetime,
) -> None:
    """The event, whether it concerned anybody or not, and who reported it."""
    await session.execute(
        insert(DutyEvent).values(
            event_id=event_id,
            kind=event.kind.value,
            source=source,
            property_ref=event.property_ref,
            person_ref=event.person_ref,
            facts=event.facts,
            aware_on=event.aware_on,
            reported_by=by.subject,
            reported_at=at,
            case_ids=list(case_ids),
        )
    )
    await write_audit(
        session,
        by=by,
        at=at,
        action="event reported",
        step="2.5",
        subject=event_id,
        detail={"kind": event.kind.value, "source": source},
        business_key=f"event/{event_id}",
    )
