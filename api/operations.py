"""What operators see over HTTP: cases that make no progress, by number, step and what to do; nothing of their content."""

from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import Field

from activities.case_runs import CaseRuns, StuckCase
from api.listing import Listing, whole
from api.signed_in import Caller, allowed
from procedures.local_time import say_instant
from procedures.visibility import LOOKS_AFTER_RUNS

router = APIRouter(prefix="/api/operations", tags=["operation"])


class StuckItem(StuckCase):
    """A case that needs somebody's eye."""

    id: str
    since_local: str | None = Field(description="Pacific/Auckland, in words")


@router.get("/stuck")
async def stuck(
    caller: Annotated[Caller, Depends(allowed(LOOKS_AFTER_RUNS, "look after running cases"))],
) -> Listing[StuckItem]:
    """Open cases whose run is missing, has ended, or fails and tries again."""
    found = await CaseRuns(caller.resources.database, caller.resources.temporal).stuck()
    return whole(
        [
            StuckItem(
                id=case.case_id,
                since_local=say_instant(case.since) if case.since else None,
                **case.model_dump(),
            )
            for case in found
        ]
    )
