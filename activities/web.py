"""What the web pages append for themselves: sessions and drafts."""

from datetime import datetime

from sqlalchemy import insert as plain_insert
from sqlalchemy import update
from sqlalchemy.dialects.postgresql import insert

from activities.audit import write_audit
from models.database import Database
from models.queries.web import SessionRecord
from models.tables.web import Draft, WebSession
from procedures.tasks import By


async def begin_session(database: Database, new: SessionRecord, *, by: By) -> None:
    """Somebody has signed in."""
    async with database.transaction() as work:
        await work.execute(plain_insert(WebSession).values(**new.model_dump()))
        await write_audit(work, by=by, at=new.began_at, action="signed in")


async def touch_session(database: Database, session_id: str, *, at: datetime) -> None:
    """The person has done something."""
    async with database.transaction() as work:
        await work.execute(
            update(WebSession)
            .where(WebSession.session_id == session_id, WebSession.ended_at.is_(None))
            .values(seen_at=at)
        )


async def end_session(database: Database, session_id: str, *, by: By, at: datetime) -> None:
    """Somebody has signed out; a second time changes nothing."""
    async with database.transaction() as work:
        ended = await work.scalar(
            update(WebSession)
            .where(WebSession.session_id == session_id, WebSession.ended_at.is_(None))
            .values(ended_at=at)
            .returning(WebSession.session_id)
        )
        if ended is not None:
            await write_audit(work, by=by, at=at, action="signed out")


async def save_draft(database: Database, *, subject: str, task_id: str, body: bytes, at: datetime) -> None:
    """Keep what a person has typed for a task, in the place of what was kept before."""
    kept = insert(Draft).values(subject=subject, task_id=task_id, body=body, saved_at=at)
    async with database.transaction() as work:
        await work.execute(
            kept.on_conflict_do_update(
                index_elements=["subject", "task_id"],
                set_={"body": kept.excluded.body, "saved_at": kept.excluded.saved_at},
            )
        )


async def empty_draft(database: Database, *, subject: str, task_id: str, at: datetime) -> None:
    """The answer is on record: nothing of what was typed is kept beside it."""
    async with database.transaction() as work:
        await work.execute(
            update(Draft)
            .where(Draft.subject == subject, Draft.task_id == task_id)
            .values(body=None, saved_at=at)
        )
