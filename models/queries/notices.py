"""Secure notices inside the system (AMB-A-5): who must know that something waits, and nothing about the person."""

from datetime import datetime

from sqlalchemy import Select, and_, or_, select, true

from models.database import Database
from models.queries.paging import BadCursor, Page, instant, page_of, read_cursor
from models.tables.case import Notice
from procedures.tasks import Frozen
from procedures.terms import Role
from procedures.visibility import NATIONAL, Sight


class NoticeRecord(Frozen):
    """A notice to a role of a region."""

    notice_id: str
    case_id: str
    role: Role
    region: str
    kind: str
    step: str
    at: datetime
    read_by: str | None
    read_at: datetime | None


async def list_notices(
    database: Database, sight: Sight, *, unread: bool, limit: int, cursor: str | None = None
) -> Page[NoticeRecord]:
    """Notices to the holder's roles and regions, the newest first. Raises BadCursor."""
    query = _visible(sight)
    if unread:
        query = query.where(Notice.read_at.is_(None))
    if cursor is not None:
        given, last = read_cursor(cursor, 2)
        at = instant(given)
        if at is None or last is None:
            raise BadCursor("take the cursor from the field next of the last page")
        query = query.where(or_(Notice.at < at, and_(Notice.at == at, Notice.notice_id > last)))
    query = query.order_by(Notice.at.desc(), Notice.notice_id).limit(limit + 1)
    async with database.transaction() as session:
        rows = [_record(row) for row in await session.scalars(query)]
    return page_of(rows, limit, lambda notice: [notice.at, notice.notice_id])


async def notice(database: Database, sight: Sight, notice_id: str) -> NoticeRecord | None:
    """One notice to the holder, or None."""
    async with database.transaction() as session:
        row = await session.scalar(_visible(sight).where(Notice.notice_id == notice_id))
        return _record(row) if row else None


def _visible(sight: Sight) -> Select[Notice]:
    region = true() if sight.every_region else Notice.region.in_(sorted(sight.open_regions))
    own = and_(Notice.role.in_(sorted(role.value for role in sight.roles)), region)
    posts = (
        and_(Notice.role == post.role.value, Notice.region.in_((post.region, NATIONAL)))
        for post in sorted(sight.stands_in)
    )
    return select(Notice).where(or_(own, *posts))


def _record(row: Notice) -> NoticeRecord:
    return NoticeRecord(**{name: getattr(row, name) for name in NoticeRecord.model_fields})
