"""What an import of the register shows about people under an order: duties raised by themselves, once each."""

import secrets
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from activities.duties import already_told, report_entry_of
from activities.duty_events import (
    UnderAnOrder,
    keep_event,
    linked,
    open_disclosure,
    open_row,
    people_under_an_order,
)
from activities.running_cases import RunningCases
from activities.staging import case_number
from models.database import Database
from models.tables.assessment import Confirmation
from models.tables.case import CaseRecord
from models.tables.duty import HomeSnapshot
from models.tables.placement import PreApproval
from models.tables.register import RegisterAddress, RegisterPerson, RegisterProperty
from procedures.check_suitability_state import CheckSuitabilityState
from procedures.editions import edition_in_force
from procedures.identify_state import IdentifyState, LinkedPerson, Statement
from procedures.local_time import local_date
from procedures.report_week import nominal_friday
from procedures.tasks import SYSTEM
from procedures.terms import Channel, Occupancy, Procedure, RecordState, ReportGroup, StatusSaid
from procedures.transitions import AssessmentCode
from procedures.watch import (
    Found,
    HomeSeen,
    ReportedEvent,
    became_live,
    changes_found,
    duty_lasts,
    has_a_new_home,
)

_HOME_KINDS = [kind.value for kind in Occupancy if kind.lives_in_a_home]


@dataclass
class _Work:
    """What one comparison begins."""

    at: datetime
    begun: list[tuple[str, str]] = field(default_factory=list)
    told: list[tuple[str, dict[str, Any]]] = field(default_factory=list)


async def register_changed(database: Database, cases: RunningCases, at: datetime) -> int:
    """The sweep over the register: raise what has changed about people under an order since the last look (`at`: UTC).

    Idempotent: what is seen is kept with what it raised, in one transaction. Returns how many cases began.
    """
    work = _Work(at)
    async with database.transaction() as session:
        await session.execute(text("SELECT pg_advisory_xact_lock(hashtext('register_changed'))"))
        people = await people_under_an_order(session)
        lasting = [one.person_ref for one in people if await _compare(session, one, work)]
        await _settle(session, [one.person_ref for one in people], lasting, at)
    await cases.start_all(work.begun)
    for case_id, what in work.told:
        await cases.tell(case_id, what)
    return len(work.begun)


async def _compare(session: AsyncSession, one: UnderAnOrder, work: _Work) -> bool:
    """Look at one person; True while the duty to tell Corrections lasts."""
    person = await session.get(RegisterPerson, one.person_ref)
    if person is None:
        return False
    held = await session.get(HomeSnapshot, one.person_ref)
    now = await _seen(session, person)
    if held is None or not held.seen:
        await _keep(session, one.person_ref, now, work.at)
    elif (before := HomeSeen.model_validate(held.seen)) != now:
        await _raise(session, one, person, before, now, work)
        await _keep(session, one.person_ref, now, work.at)
    return duty_lasts(one.code, order_confirmed=one.order_confirmed, lives_in_a_home=now.lives_in_a_home)


async def _seen(session: AsyncSession, person: RegisterPerson) -> HomeSeen:
    live = person.record_state == RecordState.LIVE.value
    lives = live and Occupancy(person.occupancy).lives_in_a_home
    address = (
        await session.scalar(
            select(RegisterProperty.address).where(RegisterProperty.property_ref == person.property_ref)
        )
        if person.property_ref
        else await session.scalar(
            select(RegisterAddress.full_address).where(
                RegisterAddress.person_ref == person.person_ref, RegisterAddress.is_current
            )
        )
    )
    return HomeSeen(
        live=live,
        occupancy=person.occupancy,
        lives_in_a_home=lives,
        property_ref=person.property_ref,
        address=address,
        others=await _others(session, person) if lives else (),
    )


async def _others(session: AsyncSession, person: RegisterPerson) -> tuple[tuple[str, str | None], ...]:
    """Everybody else whom the register shows in the home or the household."""
    same_home = RegisterPerson.property_ref == person.property_ref
    same_household = RegisterPerson.household_ref == person.household_ref
    rows = await session.execute(
        select(RegisterPerson.person_ref, RegisterPerson.date_of_birth)
        .where(
            RegisterPerson.person_ref != person.person_ref,
            RegisterPerson.record_state == RecordState.LIVE.value,
            RegisterPerson.occupancy.in_(_HOME_KINDS),
            RegisterPerson.absent_since.is_(None),
            or_(same_home, same_household),
        )
        .order_by(RegisterPerson.person_ref)
    )
    return tuple((ref, born.isoformat() if born else None) for ref, born in rows)


async def _raise(
    session: AsyncSession,
    one: UnderAnOrder,
    person: RegisterPerson,
    before: HomeSeen,
    now: HomeSeen,
    work: _Work,
) -> None:
    known = await linked(session, person)
    if duty_lasts(one.code, order_confirmed=one.order_confirmed, lives_in_a_home=before.lives_in_a_home):
        for found in changes_found(before, now, local_date(work.at)):
            await _tell_corrections(session, known, found, work)
    if became_live(before, now) and one.code is AssessmentCode.D1:
        await _reopen_at_disclosure(session, known, work)
    elif has_a_new_home(before, now) and one.code is AssessmentCode.D1:
        await _check_the_new_home(session, known, work)


async def _tell_corrections(session: AsyncSession, person: LinkedPerson, found: Found, work: _Work) -> None:
    if await already_told(session, person.primary, found.about):
        return
    today = local_date(work.at)
    number = f"E{secrets.token_hex(12)}"
    case_id = await open_disclosure(
        session,
        person,
        kind=found.kind,
        facts=found.facts,
        aware_on=today,
        about=found.about,
        event_id=number,
        at=work.at,
    )
    event = ReportedEvent(kind=found.kind, person_ref=person.primary, facts=found.facts, aware_on=today)
    await keep_event(
        session,
        event_id=number,
        event=event,
        source="register",
        case_ids=[case_id],
        by=SYSTEM,
        at=work.at,
    )
    work.begun.append((Procedure.DISCLOSE_CHANGE.value, case_id))


async def _reopen_at_disclosure(session: AsyncSession, person: LinkedPerson, work: _Work) -> None:
    """Procedure 1 again at 6.b, T-441; the person stays D1 while it is out (AMB-P1-15)."""
    if await _open_case(session, Procedure.IDENTIFY, person.primary):
        return
    state = IdentifyState(
        case_id=case_number(),
        procedure=Procedure.IDENTIFY,
        edition=edition_in_force(work.at).name,
        region=person.region,
        step="1.6",
        entry_id=None,
        group=ReportGroup.NEW_CSO,
        friday=nominal_friday(work.at),
        person=person,
        statements=await _last_word(session, person.primary),
        live=True,
    )
    await open_row(session, state, person.primary, work.at)
    work.begun.append((state.procedure.value, state.case_id))


async def _check_the_new_home(session: AsyncSession, person: LinkedPerson, work: _Work) -> None:
    """Another home of ours is a new case of procedure 2, unless Corrections approved it before (AMB-P2-11, 12)."""
    open_now = await _open_case(session, Procedure.CHECK_SUITABILITY, person.primary)
    if open_now:
        work.told.append((open_now, {"register_shows_move": work.at.isoformat()}))
        return
    entry_id = await report_entry_of(session, [record.person_ref for record in person.records])
    if entry_id is None or await _approved(session, person):
        return
    state = CheckSuitabilityState(
        case_id=case_number(),
        procedure=Procedure.CHECK_SUITABILITY,
        edition=edition_in_force(work.at).name,
        region=person.region,
        step="2.1",
        entry_id=entry_id,
        friday=nominal_friday(work.at),
        person=person,
    )
    await open_row(session, state, person.primary, work.at)
    work.begun.append((state.procedure.value, state.case_id))


async def _approved(session: AsyncSession, person: LinkedPerson) -> bool:
    """A signed T-438 that is suitable for this person and home: the home came from procedures 3 and 4."""
    found = await session.scalar(
        select(PreApproval.approval_id)
        .where(
            PreApproval.person_ref == person.primary,
            PreApproval.property_ref == person.property_ref,
            PreApproval.suitability == "suitable",
            PreApproval.withdrawn_at.is_(None),
        )
        .limit(1)
    )
    return found is not None


async def _open_case(session: AsyncSession, procedure: Procedure, person_ref: str) -> str | None:
    return await session.scalar(
        select(CaseRecord.case_id)
        .where(
            CaseRecord.procedure == procedure.value,
            CaseRecord.person_ref == person_ref,
            CaseRecord.closed_at.is_(None),
        )
        .limit(1)
    )


async def _last_word(session: AsyncSession, person_ref: str) -> tuple[Statement, ...]:
    row = await session.scalar(
        select(Confirmation)
        .where(Confirmation.person_ref == person_ref, Confirmation.channel == Channel.VERBAL.value)
        .order_by(Confirmation.said_at.desc())
        .limit(1)
    )
    if row is None or row.status_said != StatusSaid.CSO.value:
        return ()
    return (
        Statement(
            confirmation_id=row.confirmation_id,
            said=StatusSaid.CSO,
            channel=Channel.VERBAL,
            said_at=row.said_at,
        ),
    )


async def _keep(session: AsyncSession, person_ref: str, seen: HomeSeen, at: datetime) -> None:
    values = {"seen": seen.model_dump(mode="json"), "taken_at": at}
    await session.execute(
        insert(HomeSnapshot)
        .values(person_ref=person_ref, **values)
        .on_conflict_do_update(index_elements=["person_ref"], set_=values)
    )


_BEGIN = """
INSERT INTO disclosure_duty (person_ref, property_ref, began_at)
SELECT p.person_ref, p.property_ref, :at FROM register_person p
WHERE p.person_ref = ANY(CAST(:lasting AS text[]))
  AND NOT EXISTS (SELECT FROM disclosure_duty d WHERE d.person_ref = p.person_ref AND d.ended_at IS NULL)
"""
_END = """
UPDATE disclosure_duty SET ended_at = :at, ended_because = CASE
    WHEN person_ref = ANY(CAST(:under_an_order AS text[])) THEN 'left the home' ELSE 'the order ended' END
WHERE ended_at IS NULL AND NOT person_ref = ANY(CAST(:lasting AS text[]))
"""
_FORGET = """
UPDATE home_snapshot SET seen = '{}', taken_at = :at
WHERE seen <> '{}' AND NOT person_ref = ANY(CAST(:under_an_order AS text[]))
"""


async def _settle(session: AsyncSession, under_an_order: list[str], lasting: list[str], at: datetime) -> None:
    """One row per person while the duty lasts; what was seen of people without an order no longer counts."""
    given = {"at": at, "lasting": lasting, "under_an_order": under_an_order}
    for statement in (_BEGIN, _END, _FORGET):
        await session.execute(
            text(statement), {name: value for name, value in given.items() if f":{name}" in statement}
        )
