"""Home: what is due, overdue, new and waiting, the latest Friday run, and secure notices; each number opens its list."""

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated

from fastapi import Depends, Query, Request
from fastapi.responses import RedirectResponse, Response

from api import notices
from api.pages.case_mail import STATES
from api.pages.cover_view import waiting_with_others
from api.pages.forms import PostedForm, first, values_of
from api.pages.new_keys import checked_key, new_key
from api.pages.office_menu import office_menu
from api.pages.queue import Due, QueueQuery, View, filter_of
from api.pages.rendering import render
from api.pages.routes import page_router
from api.pages.run_line import RunLine, line_of
from api.pages.sessions import SignedInVisitor, Visitor, visitor_with
from api.problems import malformed
from models.queries.letters import LetterSent, letters_since
from models.queries.queues import count_waiting, counts
from models.queries.reports import list_runs
from procedures.visibility import READS_AUDIT, READS_CASES, READS_REPORTS, WORKS_ON_TASKS

router = page_router()
Worker = Annotated[Visitor, Depends(visitor_with(WORKS_ON_TASKS, "read notices"))]

Historian = Annotated[Visitor, Depends(visitor_with(READS_AUDIT, "read what happened in cases"))]
_NUMBER = re.compile(r"[A-Za-z0-9-]{1,64}")
MOST_LETTERS = 6
"""Shown on the page; every letter stands with its case."""
_TILES = (
    ("overdue", "Overdue", QueueQuery(view=View.TEAM, due=Due.OVERDUE)),
    ("today", "Due today", QueueQuery(view=View.TEAM, due=Due.TODAY)),
    ("new", "New since you were last here", QueueQuery(view=View.TEAM, new=True)),
    ("mine", "Mine", QueueQuery(view=View.MINE)),
    ("unassigned", "Unassigned", QueueQuery(view=View.UNASSIGNED)),
)
_TO_DO = ("mine", "unassigned")
"""What the next task is taken from."""


@dataclass(frozen=True)
class Tile:
    """A number that opens the list behind it."""

    name: str
    text: str
    number: int
    href: str


@router.get("/")
async def home(request: Request, visitor: SignedInVisitor) -> Response:
    """Where everybody begins."""
    caller = visitor.caller
    works = caller.sight.has_any(WORKS_ON_TASKS)
    tiles = await _tiles(visitor) if works else []
    unread = (await notices.notices(caller, unread=True, limit=20)).items if works else []
    return render(
        request,
        "home.html",
        visitor=visitor,
        tiles=tiles,
        work_ahead=any(tile.number for tile in tiles if tile.name in _TO_DO),
        run=await _latest_run(visitor),
        notices=unread,
        letters=await _letters(visitor),
        states=STATES,
        office=office_menu(caller.sight, request.url.path) if not works else [],
        audits=caller.sight.has_any(READS_AUDIT) and not caller.sight.has_any(READS_CASES),
        cover=await waiting_with_others(visitor) if works else None,
        key=new_key(),
    )


@router.get("/timeline")
async def timeline(visitor: Historian, case: Annotated[str, Query(max_length=64)] = "") -> Response:
    """On to what happened in a case, for who has its number and sees no case itself."""
    number = case.strip()
    if not _NUMBER.fullmatch(number):
        raise malformed("Enter the number of a case, as it stands in a task or a letter.")
    return RedirectResponse(f"/cases/{number}/timeline", 303)


@router.post("/notices/{notice_id}/read")
async def read(visitor: Worker, form: PostedForm, notice_id: str) -> Response:
    """A notice was read; the first reader stays on record."""
    await notices.read(visitor.caller, notice_id, checked_key(first(values_of(form), "key")))
    return RedirectResponse("/", 303)


async def _tiles(visitor: Visitor) -> list[Tile]:
    caller = visitor.caller
    database, sight = caller.resources.database, caller.sight
    numbers = await counts(database, sight, {name: filter_of(visitor, query) for name, _, query in _TILES})
    tiles = [Tile(name, text, numbers[name], query.address()) for name, text, query in _TILES]
    if sight.has_any(READS_CASES):
        waiting = await count_waiting(database, sight)
        tiles.append(
            Tile("waiting", "Waiting for Corrections", waiting, QueueQuery(view=View.WAITING).address())
        )
    return tiles


async def _letters(visitor: Visitor) -> list[LetterSent]:
    """Letters that went by themselves since the visitor was last here, at most a week ago on a first visit."""
    caller = visitor.caller
    if not caller.sight.has_any(READS_CASES):
        return []
    since = visitor.session.last_here_at or caller.now - timedelta(days=7)
    return await letters_since(caller.resources.database, caller.sight, since, most=MOST_LETTERS)


async def _latest_run(visitor: Visitor) -> RunLine | None:
    """The newest Friday run with its line."""
    caller = visitor.caller
    if not caller.sight.has_any(READS_REPORTS):
        return None
    page = await list_runs(caller.resources.database, limit=1)
    if not page.items:
        return None
    return RunLine(page.items[0], line_of(page.items[0]))
