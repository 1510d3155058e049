"""Notices inside the system: that somebody of the role has read one is on record (P1.X1, P1.X2)."""

from datetime import datetime

from sqlalchemy import update

from activities.audit import write_audit
from models.database import Database
from models.tables.case import Notice
from procedures.tasks import By


async def mark_read(database: Database, notice_id: str, *, by: By, at: datetime) -> bool:
    """The first reader is kept. False when it was read before."""
    async with database.transaction() as session:
        case_id = await session.scalar(
            update(Notice)
            .where(Notice.notice_id == notice_id, Notice.read_at.is_(None))
            .values(read_by=by.subject, read_at=at)
            .returning(Notice.case_id)
        )
        if case_id is None:
            return False
        await write_audit(
            session, by=by, at=at, action="notice read", case_id=case_id, subject=notice_id,
            business_key=f"notice/{notice_id}/read",
        )  # fmt: skip
    return True
