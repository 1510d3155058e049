"""Deputies over HTTP: every post with who stands in for it, recorded by the manager; and what waits and was escalated."""

from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter, Body, Depends
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, Field

from activities.deputies import record_deputy
from api.listing import Listing, whole
from api.new_ids import new_id
from api.problems import not_allowed, refused
from api.signed_in import Caller, allowed
from api.task_actions import IdempotencyKey
from api.tasks import TaskItem, Worker, shown_task
from models.queries.cover import PostRecord, deputy_for, escalated_to, posts
from procedures.cover import DeputyEntry
from procedures.escalation import Stage
from procedures.local_time import say_date, say_instant
from procedures.terms import Role
from procedures.visibility import ASSIGNS, STAFF, Post

router = APIRouter(prefix="/api/office", tags=["office"])
Anybody = Annotated[Caller, Depends(allowed(STAFF, "read who stands in"))]
Assigner = Annotated[Caller, Depends(allowed(ASSIGNS, "record deputies"))]


class NewDeputy(BaseModel):
    """Who stands in for a post, whole local days, the last included."""

    model_config = {"extra": "forbid"}

    role: Role = Field(examples=["manager-housing-wellbeing-support"])
    region: str = Field(min_length=1, max_length=32, examples=["R01"])
    subject: str = Field(min_length=1, max_length=128, examples=["advisor-1"])
    first_day: date = Field(examples=["2026-11-30"])
    last_day: date | None = Field(default=None, description="Empty while no end is known")
    replaces: str | None = Field(
        default=None, max_length=64, description="Field `last` of the post as you saw it", examples=["DP1"]
    )


class PostItem(BaseModel):
    """A role in a region, who holds it, and who stands in."""

    id: str = Field(examples=["manager-housing-wellbeing-support/R01"])
    role: Role
    region: str
    holders: list[str] = Field(description="Names")
    deputy: str | None = Field(description="None: nobody stands in, somebody must be named")
    deputy_name: str | None
    first_day: date | None
    last_day: date | None
    stands_in_now: bool
    next_local: str | None = Field(description="A deputy recorded for later, and from when")
    last: str | None = Field(description="Send it back as `replaces`")


class EscalatedItem(TaskItem):
    """A task that waits and was escalated to you."""

    stage: Stage
    escalated_at: datetime
    escalated_local: str


@router.get("/deputies")
async def deputies(caller: Anybody) -> Listing[PostItem]:
    """Every post that must have a deputy, those without one on top (AMB-X-2)."""
    held = await posts(caller.resources.database, caller.now)
    items = [_shown(one) for one in held]
    return whole(sorted(items, key=lambda one: (one.deputy is not None, one.region, one.role)))


@router.post("/deputies", response_model=PostItem, status_code=201)
async def record(caller: Assigner, new: Annotated[NewDeputy, Body()], command_id: IdempotencyKey) -> Response:
    """Record who stands in for a post of your region, your own too. The entry before stays on record."""
    post = Post(new.role, new.region)
    if not caller.sight.may(ASSIGNS, post.region):
        await caller.record_refusal("record deputies of another region", subject=post.region)
        raise not_allowed("record deputies of another region")
    database = caller.resources.database
    entry = DeputyEntry(
        new_id(caller, "DP", command_id), post, new.subject, new.first_day, new.last_day, new.replaces
    )
    if not await record_deputy(database, entry, by=caller.by(ASSIGNS), at=caller.now):
        raise refused("AMB-X-3", "Somebody else has recorded a deputy of this post: look again.")
    held = next(one for one in await posts(database, caller.now, also=post) if one.post == post)
    return JSONResponse(_shown(held).model_dump(mode="json"), status_code=201)


@router.get("/escalations")
async def escalations(caller: Worker) -> Listing[EscalatedItem]:
    """What waits and was escalated to you, as a manager or as the deputy of a post."""
    database, sight = caller.resources.database, caller.sight
    mine = await deputy_for(database, caller.actor.subject, caller.now)
    found = await escalated_to(database, sight, sight.regions_with(ASSIGNS), mine)
    return whole(
        [
            EscalatedItem(
                **shown_task(caller, one.task).model_dump(),
                stage=one.stage,
                escalated_at=one.at,
                escalated_local=say_instant(one.at),
            )
            for one in found
        ]
    )


def _shown(held: PostRecord) -> PostItem:
    entry, last = held.entry, held.last
    later = last is not None and last != entry and (entry is None or last.first_day > entry.first_day)
    return PostItem(
        id=f"{held.post.role.value}/{held.post.region}",
        role=held.post.role,
        region=held.post.region,
        holders=held.holders,
        deputy=entry.subject if entry else None,
        deputy_name=(held.names.get(entry.subject) or entry.subject) if entry else None,
        first_day=entry.first_day if entry else None,
        last_day=entry.last_day if entry else None,
        stands_in_now=held.stands_in_now,
        next_local=f"{held.names.get(last.subject) or last.subject} from {say_date(last.first_day)}"
        if last and later and last.first_day > held.today
        else None,
        last=last.deputy_id if last else None,
    )
