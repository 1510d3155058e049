"""The states of an outbox row while it is being sent, each written once with its audit event."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import case, update
from sqlalchemy.ext.asyncio import AsyncSession

from activities.audit import write_audit
from activities.filing import StoredDocument, file_document
from adapters.ports import GatewayAcceptance
from models.database import Database
from models.tables.mail import SecureMessage
from procedures.forms import disclosed_fields
from procedures.letters import LEGAL_BASIS
from procedures.mail_guard import Refusal
from procedures.mail_texts import SHAPES, MailKind
from procedures.tasks import SYSTEM

CANCELLED = "mail cancelled"
"""What the audit calls a cancellation (activities/mail_rows.py)."""
_OPEN = ("waiting", "sending", "refused", "failed")


async def reserve(
    database: Database,
    row: SecureMessage,
    recipients: Sequence[str],
    documents: Sequence[StoredDocument],
    at: datetime,
) -> int | None:
    """Count the attempt and file what it carries, before anything leaves. None when the row was settled meanwhile."""
    async with database.transaction() as session:
        attempt: int | None = await session.scalar(
            update(SecureMessage)
            .where(SecureMessage.mail_id == row.mail_id, SecureMessage.state.in_(_OPEN))
            .values(
                state="sending",
                attempt=SecureMessage.attempt + 1,
                recipients=list(recipients),
                problem=None,
                settled_at=None,
            )
            .returning(SecureMessage.attempt)
        )
        if attempt is None:
            return None
        for document in documents:
            await file_document(
                session, document, case_id=row.case_id, travelled_with=row.mail_id, by=SYSTEM, at=at
            )
        if row.state == "sending":
            await _audit(session, row, "mail sent again", at, f"again/{attempt}", {"attempt": attempt})
    return attempt


async def accept(
    database: Database,
    row: SecureMessage,
    acceptance: GatewayAcceptance,
    at: datetime,
    *,
    found_in_journal: bool,
) -> None:
    """The gateway has it: the row, and the disclosure record with its legal basis (SUP-1, OV-4)."""
    forms = SHAPES[MailKind(row.kind)].forms
    state = case((SecureMessage.state == "sending", "accepted"), else_=SecureMessage.state)
    detail: dict[str, Any] = {
        "forms": [form.value for form in forms],
        "disclosed": {form.value: list(disclosed_fields(form)) for form in forms},
        "legal_basis": LEGAL_BASIS if forms else None,
        "contact_id": row.contact_id,
        "contact_version": row.contact_version,
        "confirmed_by": row.recipient_confirmed_by,
        "queue_id": acceptance.queue_id,
        "accepted_at": acceptance.accepted_at.isoformat(),
        "found_in_journal": found_in_journal,
    }
    async with database.transaction() as session:
        await session.execute(
            update(SecureMessage)
            .where(SecureMessage.mail_id == row.mail_id, SecureMessage.accepted_at.is_(None))
            .values(
                state=state,
                queue_id=acceptance.queue_id,
                accepted_at=acceptance.accepted_at,
                problem=None,
                settled_at=acceptance.accepted_at,
            )
        )
        await _audit(session, row, "mail accepted by the gateway", at, "accepted", detail)


async def refuse(database: Database, row: SecureMessage, refusals: Sequence[Refusal], at: datetime) -> None:
    """The guard said no: the row keeps the rules, the audit the refusal; other messages go on."""
    rules = list(dict.fromkeys(refusal.rule for refusal in refusals))
    async with database.transaction() as session:
        if await _settle(session, row, "refused", ", ".join(rules), at):
            key, detail = f"refused/{at.isoformat()}", {"rules": rules}
            await _audit(session, row, "mail refused", at, key, detail, rule=rules[0])


async def fail(database: Database, row: SecureMessage, problem: str, at: datetime) -> None:
    """Gateway, form or kind say no for good: a person must act (AMB-X-8)."""
    async with database.transaction() as session:
        if await _settle(session, row, "failed", problem, at):
            key, detail = f"failed/{at.isoformat()}", {"problem": problem}
            await _audit(session, row, "mail failed", at, key, detail, rule="AMB-X-8")


async def cancel(database: Database, row: SecureMessage, at: datetime) -> None:
    """It was cancelled while an attempt was under way that came to nothing."""
    async with database.transaction() as session:
        await _settle(session, row, "cancelled", "cancelled before it left", at)


async def _settle(session: AsyncSession, row: SecureMessage, state: str, problem: str, at: datetime) -> bool:
    settled = await session.scalar(
        update(SecureMessage)
        .where(SecureMessage.mail_id == row.mail_id, SecureMessage.state.in_(_OPEN))
        .values(state=state, problem=problem, settled_at=at)
        .returning(SecureMessage.mail_id)
    )
    return settled is not None


async def _audit(
    session: AsyncSession,
    row: SecureMessage,
    action: str,
    at: datetime,
    key: str,
    detail: dict[str, Any],
    *,
    rule: str | None = None,
) -> None:
    await write_audit(
        session,
        by=SYSTEM,
        at=at,
        action=action,
        case_id=row.case_id,
        step="A",
        subject=row.mail_id,
        refused=rule is not None,
        rule=rule,
        detail={"kind": row.kind} | detail,
        business_key=f"mail/{row.mail_id}/{key}",
    )
