"""Secure mail of a case: what went out, to whom as the directory had them then, and what came back."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from models.database import Database
from models.tables.mail import CorrectionsContact, CorrectionsContactVersion, ReceivedMail, SecureMessage
from procedures.tasks import Frozen


class Recipient(Frozen):
    """An entry of the Corrections directory as it was when the recipient was confirmed."""

    contact_id: str
    version: int | None
    office: str | None
    kind: str | None
    name: str | None


class SentRecord(Frozen):
    """A row of the outbox."""

    mail_id: str
    kind: str
    reference: str
    state: str
    attempt: int
    recipients: list[str]
    recipient: Recipient | None
    recipient_confirmed_by: str | None
    recipient_confirmed_at: datetime | None
    queue_id: str | None
    accepted_at: datetime | None
    problem: str | None
    created_at: datetime
    settled_at: datetime | None


class ReceivedRecord(Frozen):
    """A mail, or an upload, that came back."""

    received_id: str
    kind: str
    mail_id: str | None
    received_at: datetime
    document_ids: list[str]
    problem: str | None
    reviewed_by: str | None
    reviewed_at: datetime | None


async def sent_in_case(database: Database, case_id: str) -> list[SentRecord]:
    """The outbox of a case, the oldest first."""
    query = select(SecureMessage).where(SecureMessage.case_id == case_id)
    async with database.transaction() as session:
        rows = (await session.scalars(query.order_by(SecureMessage.created_at, SecureMessage.mail_id))).all()
        return [await _sent(session, row) for row in rows]


async def received_in_case(database: Database, case_id: str) -> list[ReceivedRecord]:
    """What came back for a case, the oldest first."""
    query = select(ReceivedMail).where(ReceivedMail.case_id == case_id)
    async with database.transaction() as session:
        rows = await session.scalars(query.order_by(ReceivedMail.received_at, ReceivedMail.received_id))
        return [
            ReceivedRecord(**{name: getattr(row, name) for name in ReceivedRecord.model_fields})
            for row in rows
        ]


async def _sent(session: AsyncSession, row: SecureMessage) -> SentRecord:
    plain = [name for name in SentRecord.model_fields if name != "recipient"]
    return SentRecord(
        recipient=await _recipient(session, row), **{name: getattr(row, name) for name in plain}
    )


async def _recipient(session: AsyncSession, row: SecureMessage) -> Recipient | None:
    if row.contact_id is None:
        return None
    now = await session.get(CorrectionsContact, row.contact_id)
    then = await session.get(CorrectionsContactVersion, (row.contact_id, row.contact_version))
    details = then.details if then else {}
    if now is not None and now.version == row.contact_version:
        details = {name: getattr(now, name) for name in ("office", "kind", "name")}
    return Recipient(
        contact_id=row.contact_id,
        version=row.contact_version,
        office=details.get("office"),
        kind=details.get("kind"),
        name=details.get("name"),
    )
