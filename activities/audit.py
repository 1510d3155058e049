"""Audit rows: every write says who, when and which rule; reads and refusals are appended by the API."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from models.database import Database
from models.tables.audit import AuditEvent
from procedures.record import Turn
from procedures.tasks import By


async def write_audit(
    session: AsyncSession,
    *,
    by: By,
    at: datetime,
    action: str,
    case_id: str | None = None,
    step: str | None = None,
    subject: str | None = None,
    refused: bool = False,
    rule: str | None = None,
    detail: dict[str, Any] | None = None,
    business_key: str | None = None,
) -> None:
    """Append one event; with a business key, a repeat is a no-op. `detail` holds no personal data."""
    await session.execute(
        insert(AuditEvent)
        .values(
            business_key=business_key,
            at=at,
            actor=by.subject,
            actor_name=by.name,
            actor_role=by.role,
            action=action,
            case_id=case_id,
            step=step,
            subject=subject,
            refused=refused,
            rule=rule,
            detail=detail or {},
        )
        .on_conflict_do_nothing(index_elements=["business_key"])
    )


async def audit_effect(session: AsyncSession, turn: Turn, position: int, action: str, subject: str) -> None:
    """The event of one effect of a turn; keyed by its place in the turn, so a repeat is a no-op."""
    await write_audit(
        session,
        by=turn.by,
        at=turn.at,
        action=action,
        case_id=turn.case_id,
        step=turn.step,
        subject=subject,
        business_key=f"{turn.case_id}/{turn.number}/{position}",
    )


async def record_access(
    database: Database, *, by: By, at: datetime, what: str, subject: str, case_id: str | None, why: str | None
) -> None:
    """One read of a person file, report entry, person or document (PRV-18)."""
    async with database.transaction() as session:
        await write_audit(
            session,
            by=by,
            at=at,
            action=f"read {what}",
            subject=subject,
            case_id=case_id,
            detail={"why": why},
        )


async def record_accesses(
    database: Database, *, by: By, at: datetime, what: str, subjects: Collection[str], why: str
) -> None:
    """The same for many that were read together: one event each."""
    async with database.transaction() as session:
        await write_accesses(session, by=by, at=at, what=what, subjects=subjects, why=why)


async def write_accesses(
    session: AsyncSession, *, by: By, at: datetime, what: str, subjects: Collection[str], why: str
) -> None:
    """One event for each that was read, in the caller's transaction."""
    same = {"at": at, "actor": by.subject, "actor_name": by.name, "actor_role": by.role, "refused": False}
    read = same | {"action": f"read {what}", "detail": {"why": why}}
    if subjects:
        await session.execute(insert(AuditEvent), [read | {"subject": one} for one in sorted(subjects)])


async def record_refusal(
    database: Database,
    *,
    by: By,
    at: datetime,
    action: str,
    rule: str,
    subject: str | None,
    case_id: str | None,
) -> None:
    """A refused attempt: it changed nothing, but it is not forgotten."""
    async with database.transaction() as session:
        await write_audit(
            session, by=by, at=at, action=action, subject=subject, case_id=case_id, refused=True, rule=rule
        )
