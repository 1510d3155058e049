"""Outbox rows, clocks and reviews of returned forms, written in the transaction of the decision they follow from."""

from sqlalchemy import update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from activities.audit import audit_effect
from models.tables.mail import Clock, Document, SecureMessage
from procedures.record import ClockSet, ClockStopped, DocumentReviewed, MailPrepared, MailSettled, Turn


async def prepare(session: AsyncSession, turn: Turn, position: int, effect: MailPrepared) -> None:
    """One row per business identity: the same letter is never written twice."""
    await session.execute(
        insert(SecureMessage)
        .values(
            mail_id=effect.mail_id,
            business_key=effect.business_key,
            case_id=turn.case_id,
            kind=effect.kind,
            reference=effect.reference,
            message_id=f"<{effect.mail_id}@placement.test>",
            contact_id=effect.contact_id,
            contact_version=effect.contact_version,
            recipient_confirmed_by=effect.confirmed_by,
            recipient_confirmed_at=effect.confirmed_at,
            recipients=[],
            copies=[],
            fields=effect.fields,
            state="waiting",
            attempt=0,
            created_at=turn.at,
        )
        .on_conflict_do_nothing()
    )
    await audit_effect(session, turn, position, f"{effect.kind} prepared", effect.mail_id)


async def settle(session: AsyncSession, turn: Turn, position: int, effect: MailSettled) -> None:
    """Cancelled before it left, bounced, or sent to the wrong recipient; what has left stays listed."""
    rows = SecureMessage.mail_id == effect.mail_id
    if effect.state == "cancelled":
        rows &= SecureMessage.state.in_(["waiting", "failed", "refused"])
    await session.execute(
        update(SecureMessage)
        .where(rows)
        .values(state=effect.state, problem=effect.reason, settled_at=turn.at)
    )
    await audit_effect(session, turn, position, f"mail {effect.state}", effect.mail_id)


async def set_clock(session: AsyncSession, turn: Turn, position: int, effect: ClockSet) -> None:
    """A clock begins; one that replaces another stops the old one with the reason."""
    await session.execute(
        insert(Clock)
        .values(
            clock_id=effect.clock_id,
            case_id=turn.case_id,
            mail_id=effect.mail_id,
            kind=effect.kind,
            calendar=effect.calendar,
            calendar_version=effect.calendar_version,
            started_at=effect.started_at,
            due_at=effect.due_at,
            acts_at=effect.acts_at,
            detail=effect.detail,
            supersedes=effect.supersedes,
            reason=effect.reason,
            set_by=turn.by.subject,
        )
        .on_conflict_do_nothing()
    )
    if effect.supersedes:
        await session.execute(
            update(Clock)
            .where(Clock.clock_id == effect.supersedes, Clock.stopped_at.is_(None))
            .values(stopped_at=turn.at, stop_reason=f"replaced: {effect.reason}")
        )
    await audit_effect(session, turn, position, "clock set", effect.clock_id)


async def stop_clock(session: AsyncSession, turn: Turn, effect: ClockStopped) -> None:
    """The form is complete, the case ceased, or the clock is void."""
    await session.execute(
        update(Clock)
        .where(Clock.clock_id == effect.clock_id, Clock.stopped_at.is_(None))
        .values(stopped_at=turn.at, stop_reason=effect.reason)
    )


async def review_document(session: AsyncSession, turn: Turn, position: int, effect: DocumentReviewed) -> None:
    """A person's word on whether a returned form is fully completed (P1.S6.b6)."""
    await session.execute(
        update(Document)
        .where(Document.document_id == effect.document_id)
        .values(complete=effect.complete, missing=effect.missing)
    )
    await audit_effect(session, turn, position, "returned form reviewed", effect.document_id)
