"""Absences over HTTP: what one would do to claimed tasks, and recording it, by the person or whoever arranges cover."""

from datetime import date, datetime, time
from typing import Annotated

from fastapi import APIRouter, Body, Depends
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, Field, model_validator

from activities.absences import NewAbsence, notice_by_edition, record_absence
from activities.commands import CommandReused
from api.listing import Listing, whole
from api.new_ids import new_id
from api.problems import not_allowed, refused, unknown
from api.signed_in import Caller, allowed
from api.task_actions import IdempotencyKey
from api.tasks import shown_task
from models.queries.absences import AbsenceRecord, absence_from, absences, away_now, staff_of, works_here
from models.queries.cover import Ahead, moves_ahead
from procedures.cover import CoverAs, Fate
from procedures.local_time import instant_at, local_date, say_date, say_instant
from procedures.visibility import RECORDS_ABSENCES, STAFF

router = APIRouter(prefix="/api/absences", tags=["absences"])
Anybody = Annotated[Caller, Depends(allowed(STAFF, "read absences"))]


class Away(BaseModel):
    """Whole local days; without a subject it is yourself."""

    model_config = {"extra": "forbid"}

    subject: str | None = Field(default=None, min_length=1, max_length=128, examples=["advisor-2"])
    first_day: date = Field(examples=["2026-11-30"])
    last_day: date = Field(examples=["2026-12-04"])
    cover: str | None = Field(
        default=None,
        min_length=1,
        max_length=128,
        description="Who covers: a regional colleague first, then the manager",
        examples=["advisor-1"],
    )

    @model_validator(mode="after")
    def _in_order(self) -> "Away":
        if self.last_day < self.first_day:
            raise ValueError("last_day is not before first_day")
        return self


class AbsenceItem(BaseModel):
    """Somebody is away."""

    id: str
    subject: str
    first_day: date
    last_day: date
    local: str = Field(examples=["Monday 30 November 2026 to Friday 4 December 2026"])
    away_now: bool
    cover: str | None
    recorded_by: str
    recorded_at: datetime


class MoveItem(BaseModel):
    """What becomes of one claimed task when its holder goes away."""

    id: str
    title: str | None = Field(description="None for a task that you may not see")
    due_at: datetime | None
    due_local: str | None = Field(description="Pacific/Auckland, in words")
    fate: Fate
    to: str | None = Field(description="Who gets the task")
    to_name: str | None
    covers_as: CoverAs | None = Field(description="Why this person")


class Preview(BaseModel):
    """Who gets what if the absence is recorded now; nothing has changed."""

    subject: str
    from_local: str = Field(examples=["Monday 30 November 2026, 00:00"])
    due_soon_before: datetime = Field(description="What is due before this instant goes to a named person")
    moves: list[MoveItem]
    uncovered: int = Field(description="Tasks due soon that nobody can take: name somebody who covers")


@router.get("")
async def all_absences(caller: Anybody) -> Listing[AbsenceItem]:
    """Absences that are not over; your own and those you cover, or those of everybody for whom you arrange cover."""
    held = await absences(caller.resources.database, ending_from=caller.now)
    arranged = await _arranges_for(caller)
    mine = {caller.actor.subject}
    return whole(
        [
            _shown(one, caller.now)
            for one in held
            if arranged is None or one.subject in arranged or {one.subject, one.cover} & mine
        ]
    )


@router.post("/preview")
async def preview(caller: Anybody, away: Annotated[Away, Body()]) -> Preview:
    """Who would get which claimed task; the person has the tasks until the absence begins (AMB-X-2)."""
    subject = await _subject(caller, away)
    starts_at = max(instant_at(away.first_day, time(0)), caller.now)
    notice = await notice_by_edition(caller.resources.deadlines, starts_at)
    ahead = await moves_ahead(caller.resources.database, subject, away.cover, starts_at, notice)
    return Preview(
        subject=subject,
        from_local=say_instant(starts_at),
        due_soon_before=max(notice.values()),
        moves=[_move_shown(caller, subject, one) for one in ahead],
        uncovered=sum(one.move.fate is Fate.UNCOVERED for one in ahead),
    )


@router.post("", response_model=AbsenceItem, status_code=201)
async def record(caller: Anybody, away: Annotated[Away, Body()], command_id: IdempotencyKey) -> Response:
    """Record an absence. If it has begun, what is due soon is handed over at once, the rest goes back to its queue."""
    subject = await _subject(caller, away)
    database, starts_at = caller.resources.database, instant_at(away.first_day, time(0))
    new = NewAbsence(
        absence_id=new_id(caller, "A", command_id),
        subject=subject,
        first_day=away.first_day,
        last_day=away.last_day,
        cover=away.cover,
    )
    recorded = await record_absence(database, new, by=caller.by(RECORDS_ABSENCES), at=caller.now)
    held = await absence_from(database, subject, starts_at)
    if held is None:
        raise CommandReused
    shown = _shown(held, caller.now)
    if not recorded and (shown.last_day, shown.cover) != (away.last_day, away.cover):
        if shown.id == new.absence_id:
            raise CommandReused
        raise refused(
            "AMB-X-2",
            f"An absence from {say_date(shown.first_day)} to {say_date(shown.last_day)} is recorded already.",
            by=held.recorded_by,
            at=held.recorded_at,
        )
    return JSONResponse(shown.model_dump(mode="json"), status_code=201 if recorded else 200)


async def away_words(caller: Caller) -> dict[str, str]:
    """Who is away just now, and until which day in words."""
    held = await away_now(caller.resources.database, caller.now)
    return {subject: say_date(local_date(until)) for subject, until in held.items()}


async def _subject(caller: Caller, away: Away) -> str:
    if away.subject is None or away.subject == caller.actor.subject:
        return caller.actor.subject
    arranged = await _arranges_for(caller)
    if arranged is not None and away.subject not in arranged:
        await caller.record_refusal("record somebody else's absence")
        raise not_allowed("record somebody else's absence")
    if not await works_here(caller.resources.database, away.subject):
        raise unknown("member of staff")
    return away.subject


async def _arranges_for(caller: Caller) -> frozenset[str] | None:
    """None for everybody; whoever stands in for a manager arranges cover in the region of the post alone."""
    if caller.sight.own.has_any(RECORDS_ABSENCES):
        return None
    regions = caller.sight.regions_with(RECORDS_ABSENCES)
    return await staff_of(caller.resources.database, regions) if regions else frozenset()


def _move_shown(caller: Caller, subject: str, ahead: Ahead) -> MoveItem:
    task, move = ahead.task, ahead.move
    visible = caller.sight.sees_task(task.role, task.procedure, task.region)
    return MoveItem(
        id=task.task_id,
        title=shown_task(caller, task).title if visible or subject == caller.actor.subject else None,
        due_at=task.due_at,
        due_local=say_instant(task.due_at) if task.due_at else None,
        fate=move.fate,
        to=move.to.subject if move.to else None,
        to_name=move.to.name if move.to else None,
        covers_as=move.to.covers_as if move.to else None,
    )


def _shown(held: AbsenceRecord, now: datetime) -> AbsenceItem:
    first, last = local_date(held.first_day), local_date(held.last_day)
    return AbsenceItem(
        id=held.absence_id,
        subject=held.subject,
        first_day=first,
        last_day=last,
        local=f"{say_date(first)} to {say_date(last)}",
        away_now=held.first_day <= now <= held.last_day,
        cover=held.cover,
        recorded_by=held.recorded_by,
        recorded_at=held.recorded_at,
    )
