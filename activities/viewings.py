"""Viewings, papers, approvals, ratings and offers: their rows, and the calendar file and the T-438 that people take away."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from temporalio import activity

from activities.audit import audit_effect, record_access
from activities.deadlines import Deadlines
from activities.standing import person_now
from adapters.calendar_file import Appointment, calendar_file
from adapters.forms_pdf import render
from models.database import Database
from models.tables.case import CaseRecord
from models.tables.placement import InitialViewing, PaperForm, Viewing, VoidProperty
from procedures.clocks import opening_of, reminder_days
from procedures.editions import edition, parameters_for
from procedures.forms import PersonDetails, T438Fields
from procedures.local_time import local_date
from procedures.match_void_record import PaperPrinted, PaperSettled, ViewingBooked, ViewingSettled
from procedures.record import Turn
from procedures.tasks import By


class Viewings:
    """Instants of reminders, by the calendar."""

    def __init__(self, deadlines: Deadlines) -> None:
        self._deadlines = deadlines

    @activity.defn
    async def reminders(self, since: datetime, days: Sequence[int], edition: str) -> list[datetime]:
        """09:00 local on each of these working days after `since` (UTC); signature and offer reminders."""
        parameters = parameters_for(edition)
        calendar = await self._deadlines.calendar(parameters.calendar)
        return [opening_of(day, parameters) for day in reminder_days(local_date(since), days, calendar)]


async def book(session: AsyncSession, turn: Turn, position: int, effect: ViewingBooked) -> None:
    """The appointment, and the initial viewing on the application record (P3.S4.a2, a4)."""
    await session.execute(
        insert(Viewing)
        .values(
            viewing_id=effect.viewing_id,
            case_id=turn.case_id,
            property_ref=effect.property_ref,
            call_id=effect.call_id,
            call_ended_at=effect.call_ended_at,
            starts_at=effect.starts_at,
            minutes=effect.minutes,
            with_corrections=effect.with_corrections,
            state="booked",
            attended=[],
            by=turn.by.subject,
            booked_at=turn.at,
        )
        .on_conflict_do_nothing()
    )
    await session.execute(
        insert(InitialViewing)
        .values(
            viewing_id=effect.viewing_id,
            applicant_ref=effect.applicant_ref,
            property_ref=effect.property_ref,
            viewing_at=effect.starts_at,
            recorded_by=turn.by.subject,
            recorded_at=turn.at,
        )
        .on_conflict_do_nothing()
    )
    await audit_effect(session, turn, position, "viewing booked", effect.viewing_id)


async def settle_viewing(session: AsyncSession, turn: Turn, position: int, effect: ViewingSettled) -> None:
    """Held, missed or cancelled; the appointment stays on record."""
    await session.execute(
        update(Viewing)
        .where(Viewing.viewing_id == effect.viewing_id, Viewing.state == "booked")
        .values(state=effect.state, held_at=effect.held_at, attended=effect.attended, reason=effect.reason)
    )
    await audit_effect(session, turn, position, f"viewing {effect.state}", effect.viewing_id)


async def print_paper(session: AsyncSession, turn: Turn, position: int, effect: PaperPrinted) -> None:
    """The register of prints (AMB-P3-14)."""
    await session.execute(
        insert(PaperForm)
        .values(
            paper_id=effect.paper_id,
            case_id=turn.case_id,
            form=effect.form,
            copies=effect.copies,
            printed_by=turn.by.subject,
            printed_at=effect.printed_at,
        )
        .on_conflict_do_nothing()
    )
    await audit_effect(session, turn, position, f"{effect.form} printed", effect.paper_id)


async def settle_paper(session: AsyncSession, turn: Turn, position: int, effect: PaperSettled) -> None:
    """Stored or destroyed."""
    await session.execute(
        update(PaperForm)
        .where(PaperForm.paper_id == effect.paper_id, PaperForm.settled_at.is_(None))
        .values(settled_by=turn.by.subject, settled_at=turn.at, method=effect.method)
    )
    await audit_effect(session, turn, position, f"paper {effect.method}", effect.paper_id)


async def appointment_file(database: Database, viewing_id: str, *, by: By, at: datetime) -> bytes | None:
    """The calendar file of an appointment for Outlook (P3.S4.a2); holds references only (PRV-16). None if unknown."""
    async with database.transaction() as session:
        viewing = await session.get(Viewing, viewing_id)
    if viewing is None:
        return None
    await record_access(
        database, by=by, at=at, what="appointment", subject=viewing_id, case_id=viewing.case_id, why=None
    )
    return calendar_file(
        Appointment(
            uid=viewing.viewing_id,
            reference=viewing.case_id,
            starts_at=viewing.starts_at,
            lasts=timedelta(minutes=viewing.minutes),
            place=viewing.property_ref,
            written_at=viewing.booked_at,
            cancelled=viewing.state == "cancelled",
        )
    )


async def t438_to_print(database: Database, case_id: str, *, by: By, at: datetime) -> bytes | None:
    """Part A of the T-438 of the booked viewing as a PDF (P3.S4.a6); None without one. The print is a task of its own."""
    async with database.transaction() as session:
        viewing = await session.scalar(
            select(Viewing).where(Viewing.case_id == case_id, Viewing.state == "booked")
        )
        about, case = await person_now(session, case_id), await session.get(CaseRecord, case_id)
        home = await session.get(VoidProperty, viewing.property_ref) if viewing else None
    if viewing is None or about is None or home is None or case is None:
        return None
    await record_access(database, by=by, at=at, what="T-438", subject=case_id, case_id=case_id, why=None)
    fields = T438Fields(
        our_reference=case_id,
        prepared_on=local_date(at),
        reply_address="Hand the signed form back to our advisor",
        person=PersonDetails(
            name=about.full_name,
            date_of_birth=about.person.date_of_birth,
            corrections_reference=about.corrections_reference,
        ),
        property_address=home.address,
        viewing_on=local_date(viewing.starts_at),
        advisor=by.name,
        corrections_contact=viewing.with_corrections,
    )
    return render(fields, at, edition(case.edition))
