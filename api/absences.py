"""Absences over HTTP: recorded by the person or a manager; claimed tasks go back to their queue when one begins."""

from datetime import date, datetime, time
from typing import Annotated

from fastapi import APIRouter, Body, Depends
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, Field, model_validator

from activities.absences import NewAbsence, record_absence
from activities.commands import CommandReused
from api.listing import Listing, whole
from api.new_ids import new_id
from api.problems import not_allowed, refused, unknown
from api.signed_in import Caller, allowed
from api.task_actions import IdempotencyKey
from models.queries.absences import AbsenceRecord, absence_from, absences, works_here
from procedures.local_time import instant_at, local_date, say_date
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


@router.get("")
async def all_absences(caller: Anybody) -> Listing[AbsenceItem]:
    """Absences that are not over; your own, or everybody's for those who arrange cover."""
    held = await absences(caller.resources.database, ending_from=caller.now)
    everybody = caller.sight.has_any(RECORDS_ABSENCES)
    mine = {caller.actor.subject}
    return whole([_shown(one, caller.now) for one in held if everybody or {one.subject, one.cover} & mine])


@router.post("", response_model=AbsenceItem, status_code=201)
async def record(caller: Anybody, away: Annotated[Away, Body()], command_id: IdempotencyKey) -> Response:
    """Record an absence. If it has begun, the person's claimed tasks are back in their queues at once (AMB-X-2)."""
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


async def _subject(caller: Caller, away: Away) -> str:
    if away.subject is None or away.subject == caller.actor.subject:
        return caller.actor.subject
    if not caller.sight.has_any(RECORDS_ABSENCES):
        await caller.record_refusal("record somebody else's absence")
        raise not_allowed("record somebody else's absence")
    if not await works_here(caller.resources.database, away.subject):
        raise unknown("member of staff")
    return away.subject


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
