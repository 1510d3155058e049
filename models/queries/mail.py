"""Secure mail of a case: what went out, to whom as the directory had them then, and what came back."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, select
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
    return await _sent(database, SecureMessage.case_id == case_id)


async def sent_mails(database: Database, mail_ids: Sequence[str]) -> list[SentRecord]:
    """These rows of the outbox, the oldest first; ids that are none are left out."""
    return await _sent(database, SecureMessage.mail_id.in_(mail_ids))


async def anything_left(database: Database, case_id: str) -> bool:
    """Whether the gateway has taken anything that this case sent."""
    query = select(SecureMessage.mail_id).where(
        SecureMessage.case_id == case_id, SecureMessage.accepted_at.is_not(None)
    )
    async with database.transaction() as session:
        return await session.scalar(query.limit(1)) is not None


async def received_in_case(database: Database, case_id: str) -> list[ReceivedRecord]:
    """What came back for a case, the oldest first."""
    query = select(ReceivedMail).where(ReceivedMail.case_id == case_id)
    async with database.transaction() as session:
        rows = await session.scalars(query.order_by(ReceivedMail.received_at, ReceivedMail.received_id))
        return [
            ReceivedRecord(**{name: getattr(row, name) for name in ReceivedRecord.model_fields})
            for row in rows
        ]


async def _sent(database: Database, which: ColumnElement[bool]) -> list[SentRecord]:
    query = select(SecureMessage).where(which).order_by(SecureMessage.created_at, SecureMessage.mail_id)
    async with database.transaction() as session:
        rows = (await session.scalars(query)).all()
        then, now = await _directory(session, {row.contact_id for row in rows if row.contact_id})
    plain = [name for name in SentRecord.model_fields if name != "recipient"]
    return [
        SentRecord(recipient=_recipient(row, then, now), **{name: getattr(row, name) for name in plain})
        for row in rows
    ]


async def _directory(
    session: AsyncSession, contact_ids: set[str]
) -> tuple[dict[tuple[str, int], dict[str, Any]], dict[str, CorrectionsContact]]:
    """What the directory said of these entries in each earlier version, and the entries as they are now."""
    earlier, present = CorrectionsContactVersion, CorrectionsContact
    then = await session.scalars(select(earlier).where(earlier.contact_id.in_(contact_ids)))
    now = await session.scalars(select(present).where(present.contact_id.in_(contact_ids)))
    return (
        {(one.contact_id, one.version): one.details for one in then},
        {one.contact_id: one for one in now},
    )


def _recipient(
    row: SecureMessage, then: dict[tuple[str, int], dict[str, Any]], now: dict[str, CorrectionsContact]
) -> Recipient | None:
    if row.contact_id is None:
        return None
    details = then.get((row.contact_id, row.contact_version or 0), {})
    present = now.get(row.contact_id)
    if present is not None and present.version == row.contact_version:
        details = {name: getattr(present, name) for name in ("office", "kind", "name")}
    return Recipient(
        contact_id=row.contact_id,
        version=row.contact_version,
        office=details.get("office"),
        kind=details.get("kind"),
        name=details.get("name"),
    )
