"""Call sheets: everybody to be asked about in one call to a Corrections office, answered one by one (A-C5, AMB-P1-28)."""

import asyncio
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import Depends, Request
from fastapi.responses import RedirectResponse, Response

from activities.commands import CommandReused
from activities.delivery import Recorded, Waiting
from adapters.ports import Transient
from api.answering import answer_task, problem_of
from api.known import known_of
from api.pages.answer_reading import FieldError, first_by_name
from api.pages.call_rows import CALL_FIELDS, NOTE_FOR_ALL, PersonRow, first_call, new_call_id, read_call
from api.pages.drafts import drop_draft, keep_draft, kept_draft
from api.pages.due import due_words
from api.pages.forms import PostedForm, Values, first, values_of
from api.pages.new_keys import checked_key, new_key
from api.pages.rendering import render
from api.pages.routes import page_router
from api.pages.sessions import Visitor, visitor_with
from api.pages.words import region_words
from api.problems import Problem, malformed, unknown
from api.visibility import sees_what_is_known, visible_task
from models.queries.away import AWAY
from models.queries.calls import CallToMake, calls_to_make
from models.queries.happenings import ContactRecord, contacts
from procedures.identify_answers import PhoneCorrections
from procedures.local_time import local_date
from procedures.visibility import NATIONAL

router = page_router()
Worker = Annotated[Visitor, Depends(visitor_with(PhoneCorrections.roles(), "phone Corrections"))]
MOST = 20
"""People on one sheet."""
_AT_ONCE = 5
_AWAY: tuple[type[Exception], ...] = (Transient, *AWAY)
_CALL_ID = re.compile(r"CALL-[0-9A-F]{16}")


@dataclass(frozen=True)
class Sheet:
    """The open calls to one office; `sheet_id` tells nothing about it."""

    sheet_id: str
    office: str | None
    region: str
    calls: list[CallToMake]

    @property
    def title(self) -> str:
        """The office, or that none is named."""
        return self.office or f"No office named in the report, {region_words(self.region)}"

    @property
    def due_at(self) -> datetime | None:
        """When the first of the calls is due."""
        return self.calls[0].task.due_at


@dataclass(frozen=True)
class Sent:
    """What became of one person's answer."""

    name: str
    task_id: str
    recorded: bool
    words: str
    href: str


@router.get("/calls")
async def sheets(request: Request, visitor: Worker) -> Response:
    """Offices to call, the most pressing first."""
    return render(
        request,
        "calls.html",
        visitor=visitor,
        step="1.4",
        sheets=await _sheets(visitor),
        due=await due_words(visitor.caller.resources),
    )


@router.get("/calls/{task_id}")
async def sheet(request: Request, visitor: Worker, task_id: str) -> Response:
    """One sheet. Its id stands where a task's does, so that what is typed is kept in the same way."""
    held = await _sheet(visitor, task_id)
    rows = [await _row(visitor, one.task.task_id) for one in held.calls[:MOST]]
    draft = await kept_draft(visitor, task_id)
    values = draft.values if draft else first_call(rows, held.office, visitor.caller.now)
    return await _show(request, visitor, held, rows, values, kept_at=draft.saved_at if draft else None)


@router.post("/calls/{task_id}/draft")
async def draft_of_call(request: Request, visitor: Worker, form: PostedForm, task_id: str) -> Response:
    """Keep what is typed during the call."""
    await _sheet(visitor, task_id)
    await keep_draft(visitor, task_id, values_of(form))
    return render(request, "parts/draft_kept.html", at=visitor.caller.now)


@router.post("/calls/{task_id}/new")
async def new_call(visitor: Worker, form: PostedForm, task_id: str) -> Response:
    """Begin another call: what was kept of the one before goes."""
    await drop_draft(visitor, task_id)
    return RedirectResponse(f"/calls/{task_id}", 303)


@router.post("/calls/{task_id}")
async def send(request: Request, visitor: Worker, form: PostedForm, task_id: str) -> Response:
    """Each person's answer goes to its own case as its own command; each row says what became of it."""
    values = values_of(form)
    await keep_draft(visitor, task_id, values)
    call_id = first(values, "call_id")
    if not _CALL_ID.fullmatch(call_id):
        raise malformed("The form came without its call: open the page again, then send the form.")
    rows = [await _row(visitor, one) for one in dict.fromkeys(values.get("task", [])[:MOST])]
    read = read_call(rows, values, call_id)
    if read.errors:
        held = await _sheet(visitor, task_id)
        return await _show(request, visitor, held, rows, values, errors=read.errors, status=422)
    gate = asyncio.Semaphore(_AT_ONCE)
    asked = [row for row in rows if row.task.task_id in read.bodies]
    sent = await asyncio.gather(
        *(_send(visitor, row, read.bodies[row.task.task_id], values, gate) for row in asked)
    )
    await drop_draft(visitor, task_id)
    left = await _left(visitor, task_id, {one.task_id for one in sent if one.recorded})
    for row in left[1]:
        values.setdefault(f"{row.task.task_id}.asked", [])
    return await _show(request, visitor, left[0], left[1], values, sent=sent)


async def _send(
    visitor: Visitor, row: PersonRow, body: dict[str, object], values: Values, gate: asyncio.Semaphore
) -> Sent:
    """One person's answer, by the same way as a task's own page; nothing that goes wrong with it stops the others."""
    of = row.task.task_id
    try:
        async with gate:
            key, seen = checked_key(first(values, f"{of}.key")), first(values, f"{of}.seen_version")
            outcome = await answer_task(
                visitor.caller,
                row.task,
                command_id=key,
                body=body,
                seen_version=int(seen) if seen.isdigit() else None,
            )
    except CommandReused:
        return Sent(row.name, of, False, "Something else was sent from this page before.", f"/tasks/{of}")
    except Problem as problem:
        return Sent(row.name, of, False, problem.body.detail, f"/tasks/{of}")
    except _AWAY:
        return Sent(
            row.name, of, False, "A part of the system does not answer: send it again.", f"/tasks/{of}"
        )
    match outcome:
        case Recorded():
            return Sent(row.name, of, True, "Recorded", f"/tasks/{of}/done")
        case Waiting():
            return Sent(row.name, of, True, "Accepted, still saving", f"/commands/{key}")
        case _:
            found = problem_of(outcome).body
            who = f" By {found.by}." if found.by else ""
            return Sent(row.name, of, False, f"{found.detail}{who}", f"/tasks/{of}")


async def _show(
    request: Request,
    visitor: Visitor,
    held: Sheet | None,
    rows: Sequence[PersonRow],
    values: Values,
    *,
    errors: Sequence[FieldError] = (),
    sent: Sequence[Sent] = (),
    status: int = 200,
    kept_at: datetime | None = None,
) -> Response:
    caller = visitor.caller
    call_id = first(values, "call_id")
    return render(
        request,
        "call_sheet.html",
        visitor=visitor,
        status=status,
        step="1.4",
        sheet=held,
        contacts=await _contacts(visitor, held) if held else [],
        rows=rows,
        more=max(0, len(held.calls) - MOST) if held else 0,
        call_fields=[*CALL_FIELDS, NOTE_FOR_ALL],
        values=values,
        call_id=call_id if _CALL_ID.fullmatch(call_id) else new_call_id(),
        keys={row.task.task_id: new_key() for row in rows},
        errors=errors,
        errors_by_name=first_by_name(errors),
        sent=sent,
        due=await due_words(caller.resources),
        kept_at=kept_at,
        guidance=PhoneCorrections.guidance.partition(" One call")[0],
    )


async def _left(visitor: Visitor, sheet_id: str, settled: set[str]) -> tuple[Sheet | None, list[PersonRow]]:
    """Who is still to be asked about at this office."""
    held = next((one for one in await _sheets(visitor) if one.sheet_id == sheet_id), None)
    open_calls = [one.task.task_id for one in held.calls if one.task.task_id not in settled] if held else []
    return held if open_calls else None, [await _row(visitor, one) for one in open_calls[:MOST]]


async def _sheets(visitor: Visitor) -> list[Sheet]:
    caller = visitor.caller
    held = await calls_to_make(caller.resources.database, caller.sight, kind=PhoneCorrections.kind)
    found: dict[str, Sheet] = {}
    for one in held:
        region = NATIONAL if one.office else one.task.region
        named = f"{(one.office or '').casefold()}|{region}"
        sheet_id = f"calls-{hashlib.sha256(named.encode()).hexdigest()[:12]}"
        found.setdefault(sheet_id, Sheet(sheet_id, one.office, one.task.region, [])).calls.append(one)
    return list(found.values())


async def _sheet(visitor: Visitor, sheet_id: str) -> Sheet:
    """Raises a 404 problem when nobody of this office is to be asked about any more."""
    held = next((one for one in await _sheets(visitor) if one.sheet_id == sheet_id), None)
    if held is None:
        raise unknown("open call")
    return held


async def _row(visitor: Visitor, task_id: str) -> PersonRow:
    """A person of the sheet; what is read of them is audited. Raises a 404 problem for another kind of task."""
    held = await visible_task(visitor.caller, task_id)
    if held.kind != PhoneCorrections.kind:
        raise unknown("call")
    known = await known_of(visitor.caller, held) if sees_what_is_known(visitor.caller, held) else None
    return PersonRow(held, known)


async def _contacts(visitor: Visitor, held: Sheet) -> list[ContactRecord]:
    caller = visitor.caller
    today = local_date(caller.now)
    return await contacts(caller.resources.database, office=held.office, region=held.region, today=today)
