"""The clocks of a case over HTTP: counted day by day, and what happens next in words."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from api.listing import Listing, whole
from api.signed_in import Caller, allowed
from api.visibility import visible_case
from models.queries.cases import CaseDetail
from models.queries.clocks import ClockRecord, clocks_of_case
from procedures.clocks import WorkingDayClock
from procedures.exchange_state import ExchangeState
from procedures.local_time import say_instant
from procedures.visibility import READS_CASES
from procedures.what_next import VIEWING_WINDOW, explain_viewing, next_of_exchange, next_of_viewing

router = APIRouter(tags=["clocks"])


class ClockItem(BaseModel):
    """A deadline as it was set; a calendar that changes later does not move it (CAL-NZ-11)."""

    id: str
    kind: str = Field(examples=["T-441 return"])
    mail_id: str | None
    running: bool
    calendar: str = Field(examples=["nz-national"])
    calendar_version: str
    started_at: datetime
    started_local: str
    due_at: datetime
    due_local: str
    overdue: bool
    acts_at: datetime = Field(description="When the overdue action becomes possible")
    acts_local: str
    explained: list[str] = Field(description="Day by day, one sentence each")
    next: str | None = Field(
        description="What happens if nobody does anything",
        examples=[
            "Letter 17-030 goes Tuesday 1 December 2026 from 09:00, unless the completed T-441 comes by the end of "
            "Monday 30 November 2026 or something that came back is still unread."
        ],
    )
    stopped_at: datetime | None
    stopped_local: str | None
    stop_reason: str | None
    supersedes: str | None = Field(description="The clock that this one replaced")
    reason: str | None = Field(description="Why it was replaced")
    set_by: str | None


@router.get("/api/cases/{case_id}/clocks")
async def clocks(
    caller: Annotated[Caller, Depends(allowed(READS_CASES, "read clocks"))], case_id: str
) -> Listing[ClockItem]:
    """Every clock of the case, also those that were stopped or replaced, in the order they were set."""
    case = await visible_case(caller, case_id)
    held = await clocks_of_case(caller.resources.database, case_id)
    return whole([shown_clock(one, case, caller.now) for one in held])


def shown_clock(clock: ClockRecord, case: CaseDetail, now: datetime) -> ClockItem:
    """A clock, explained from what was stored with it."""
    running = clock.stopped_at is None
    return ClockItem(
        id=clock.clock_id,
        running=running,
        started_local=say_instant(clock.started_at),
        due_local=say_instant(clock.due_at),
        overdue=running and now > clock.due_at,
        acts_local=say_instant(clock.acts_at),
        explained=_explained(clock),
        next=_next(clock, case, now) if running else None,
        stopped_local=say_instant(clock.stopped_at) if clock.stopped_at else None,
        **{name: getattr(clock, name) for name in ClockItem.model_fields.keys() & ClockRecord.model_fields},
    )


def _explained(clock: ClockRecord) -> list[str]:
    if clock.kind == VIEWING_WINDOW:
        return explain_viewing(clock.started_at, clock.due_at)
    return WorkingDayClock.model_validate(clock.detail).explain()


def _next(clock: ClockRecord, case: CaseDetail, now: datetime) -> str | None:
    if clock.kind == VIEWING_WINDOW:
        return next_of_viewing(clock.due_at, now)
    exchange = ExchangeState.model_validate(case.state.get("exchange") or {})
    if exchange.clock is None or exchange.clock.clock_id != clock.clock_id:
        return None
    return next_of_exchange(exchange, now)
