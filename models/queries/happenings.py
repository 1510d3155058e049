"""What happened in a case: audit events, notes, calls, confirmations, calculations; and whom at Corrections to call."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import func, or_, select

from models.database import Database
from models.tables.assessment import AssessmentVersion, Confirmation, PhoneCall
from models.tables.audit import AuditEvent
from models.tables.case import CaseNote
from models.tables.mail import CorrectionsContact
from procedures.tasks import Frozen


class NoteRecord(Frozen):
    """Detailed notes."""

    note_id: str
    step: str
    text: str
    by: str
    at: datetime


class CallRecord(Frozen):
    """A call to Corrections."""

    call_id: str
    step: str
    outcome: str
    spoke_with: str | None
    office: str | None
    started_at: datetime
    ended_at: datetime
    answers: dict[str, Any]
    note: str
    by: str


class ConfirmationRecord(Frozen):
    """Corrections' word on a person's status."""

    confirmation_id: str
    said_by: str
    office: str
    channel: str
    status_said: str
    said_at: datetime
    note: str
    recorded_by: str
    recorded_at: datetime


class CalculationRecord(Frozen):
    """One calculated version, as it happened in this case."""

    number: str
    version: int
    code: str
    status: str
    rule: str
    step: str
    comment: str
    by: str
    calculated_at: datetime


class AuditRecord(Frozen):
    """One audit event."""

    event_id: int
    at: datetime
    actor: str
    actor_name: str
    actor_role: str
    action: str
    step: str | None
    subject: str | None
    refused: bool
    rule: str | None
    detail: dict[str, Any]


class ContactRecord(Frozen):
    """A contact or service manager of a Corrections office."""

    contact_id: str
    office: str
    kind: str
    name: str
    phone: str | None
    secure_address: str | None
    regions: list[str]
    version: int
    verified_on: date | None


async def notes_of_case(database: Database, case_id: str) -> list[NoteRecord]:
    """Notes, the oldest first."""
    query = select(CaseNote).where(CaseNote.case_id == case_id).order_by(CaseNote.at, CaseNote.note_id)
    return await _read(database, query, NoteRecord)


async def calls_of_case(database: Database, case_id: str) -> list[CallRecord]:
    """Calls, also those nobody answered, the oldest first."""
    query = select(PhoneCall).where(PhoneCall.case_id == case_id)
    return await _read(database, query.order_by(PhoneCall.ended_at, PhoneCall.call_id), CallRecord)


async def confirmations_of_case(database: Database, case_id: str) -> list[ConfirmationRecord]:
    """Corrections' statements in the order they were said."""
    query = select(Confirmation).where(Confirmation.case_id == case_id)
    order = (Confirmation.said_at, Confirmation.confirmation_id)
    return await _read(database, query.order_by(*order), ConfirmationRecord)


async def calculations_of_case(database: Database, case_id: str) -> list[CalculationRecord]:
    """Versions calculated in this case, the oldest first."""
    version = AssessmentVersion
    query = select(version).where(version.case_id == case_id)
    order = (version.calculated_at, version.number, version.version)
    return await _read(database, query.order_by(*order), CalculationRecord)


_IS_A_LOOK = AuditEvent.action.startswith("read ")


async def audit_of_case(database: Database, case_id: str, *, looks: bool = True) -> list[AuditRecord]:
    """Audit events of a case in the order they were written; `looks`: also who looked at it."""
    query = select(AuditEvent).where(AuditEvent.case_id == case_id)
    if not looks:
        query = query.where(~_IS_A_LOOK)
    return await _read(database, query.order_by(AuditEvent.event_id), AuditRecord)


async def looks_at_case(database: Database, case_id: str) -> int:
    """How often somebody looked at the case or what is in it."""
    query = select(func.count()).select_from(AuditEvent).where(AuditEvent.case_id == case_id, _IS_A_LOOK)
    async with database.transaction() as session:
        return await session.scalar(query) or 0


async def contacts(
    database: Database, *, office: str | None, region: str, today: date
) -> list[ContactRecord]:
    """Contacts valid today of the reported office; of the region when the report names none or it has none."""
    held = CorrectionsContact
    query = (
        select(held)
        .where(held.valid_from <= today, or_(held.valid_to.is_(None), held.valid_to >= today))
        .order_by(held.office, held.kind, held.contact_id)
    )
    found = await _read(database, query, ContactRecord)
    of_office = [one for one in found if office and one.office.casefold() == office.strip().casefold()]
    return of_office or [one for one in found if region in one.regions or one.kind == "fallback"]


def contact_record(held: CorrectionsContact) -> ContactRecord:
    """An entry as shown; also of the configured fallback, which is no row."""
    return ContactRecord(**{name: getattr(held, name) for name in ContactRecord.model_fields})


async def _read(database: Database, query: Any, record: type[Any]) -> list[Any]:
    async with database.transaction() as session:
        rows = (await session.scalars(query)).all()
    return [record(**{name: getattr(row, name) for name in record.model_fields}) for row in rows]
