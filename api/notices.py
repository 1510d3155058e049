"""Secure notices over HTTP: the only way the manager and others are told; they name a case, never a person."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import Field

from activities.notices import mark_read
from api.listing import DEFAULT_LIMIT, Cursor, Limit, Listing, listed
from api.problems import unknown
from api.signed_in import Caller, allowed
from api.task_actions import IdempotencyKey
from models.queries.notices import NoticeRecord, list_notices, notice
from procedures.local_time import say_instant
from procedures.visibility import WORKS_ON_TASKS

router = APIRouter(prefix="/api/notices", tags=["notices"])
Reader = Annotated[Caller, Depends(allowed(WORKS_ON_TASKS, "read notices"))]


class NoticeItem(NoticeRecord):
    """A notice to your role."""

    id: str
    title: str = Field(examples=["Lives in a home"])
    local: str


@router.get("")
async def notices(
    caller: Reader,
    unread: Annotated[bool, Query(description="Only those that nobody has read")] = False,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Listing[NoticeItem]:
    """Notices to your roles and regions, the newest first."""
    page = await list_notices(
        caller.resources.database, caller.sight, unread=unread, limit=limit, cursor=cursor
    )
    return listed(page, _shown)


@router.post("/{notice_id}/read")
async def read(caller: Reader, notice_id: str, command_id: IdempotencyKey) -> NoticeItem:
    """Say that you have read a notice; the first reader stays on record."""
    database = caller.resources.database
    held = await notice(database, caller.sight, notice_id)
    if held is None:
        raise unknown("notice")
    await mark_read(database, notice_id, by=caller.by({held.role}), at=caller.now)
    return _shown(await notice(database, caller.sight, notice_id) or held)


def _shown(held: NoticeRecord) -> NoticeItem:
    title = held.kind.replace("17_030", "17-030").replace("_", " ").capitalize()
    return NoticeItem(id=held.notice_id, title=title, local=say_instant(held.at), **held.model_dump())
