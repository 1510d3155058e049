"""Cases over HTTP: the list, one case, what happened in it, and interruptions."""

from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, Query
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, Field

from activities.delivery import Recorded, Waiting
from api.answering import problem_of, report_change, view_after
from api.case_items import CaseItem, shown_case
from api.happened import Happening, happenings_of
from api.linked import LinkedCase, linked_to
from api.listing import DEFAULT_LIMIT, Cursor, Limit, Listing, listed, whole
from api.signed_in import Caller, allowed
from api.task_actions import IdempotencyKey, accepted
from api.tasks import TaskItem, shown_task
from api.visibility import audited_case, visible_case
from models.queries.case_list import CaseFilter, CaseSort, list_cases
from models.queries.tasks import tasks_of_case
from procedures.changes import CHANGES
from procedures.tasks import CaseView
from procedures.terms import Procedure
from procedures.visibility import READS_AUDIT, READS_CASES

router = APIRouter(tags=["cases"])
Reader = Annotated[Caller, Depends(allowed(READS_CASES, "read cases"))]


class OfferedChange(BaseModel):
    """An interruption you may report at `POST /api/cases/{id}/changes/{kind}`."""

    id: str
    title: str
    policy: str
    change_schema: dict[str, Any]


class CaseWhole(CaseItem):
    """A case with its tasks, the interruptions you may report, and the cases that belong with it."""

    tasks: list[TaskItem]
    changes: list[OfferedChange]
    linked: list[LinkedCase] = Field(description="Cases that belong with it, as far as you see them")


class CaseQuery(BaseModel):
    """Filters of the list; all of them together."""

    model_config = {"extra": "forbid"}

    procedure: Procedure | None = None
    region: str | None = None
    person: str | None = None
    step: str | None = None
    waiting_for: str | None = Field(default=None, description="A role, or Corrections; of open cases")
    open: bool | None = None
    overdue: bool | None = None
    sort: CaseSort = CaseSort.NEWEST
    limit: Limit = DEFAULT_LIMIT
    cursor: Cursor = None


@router.get("/api/cases")
async def cases(caller: Reader, query: Annotated[CaseQuery, Query()]) -> Listing[CaseItem]:
    """The cases you may see, the newest first unless another order is asked for."""
    wanted = CaseFilter(
        procedure=query.procedure,
        region=query.region,
        person_ref=query.person,
        step=query.step,
        waiting_for=query.waiting_for,
        open=query.open,
        overdue_at=caller.now if query.overdue else None,
    )
    page = await list_cases(
        caller.resources.database,
        caller.sight,
        wanted,
        sort=query.sort,
        limit=query.limit,
        cursor=query.cursor,
    )
    return listed(page, shown_case)


@router.get("/api/cases/{case_id}")
async def case(caller: Reader, case_id: str) -> CaseWhole:
    """One case with its tasks, open and closed."""
    held = await visible_case(caller, case_id)
    tasks = await tasks_of_case(caller.resources.database, case_id)
    offered = [
        OfferedChange(
            id=change.kind,
            title=change.title,
            policy=change.policy,
            change_schema=change.model_json_schema(),
        )
        for change in CHANGES.values()
        if held.closed_at is None
        and held.procedure in change.known_to
        and caller.sight.may(change.roles, held.region)
    ]
    return CaseWhole(
        **shown_case(held).model_dump(),
        tasks=[shown_task(caller, task) for task in tasks],
        changes=offered if held.procedure is not Procedure.INTAKE else [],
        linked=await linked_to(caller, held),
    )


@router.get("/api/cases/{case_id}/timeline")
async def timeline(
    caller: Annotated[Caller, Depends(allowed(READS_AUDIT, "read what happened in cases"))], case_id: str
) -> Listing[Happening]:
    """What happened in the case, in order: step, who, what, when. The read is audited."""
    return whole(await happenings_of(caller, await audited_case(caller, case_id)))


@router.post("/api/cases/{case_id}/changes/{kind}", response_model=CaseView)
async def change(
    caller: Reader,
    case_id: str,
    kind: str,
    body: Annotated[dict[str, Any], Body()],
    command_id: IdempotencyKey,
) -> Response:
    """Report an interruption: withdrawn, died, vacated, Corrections says otherwise, the wrong person was linked."""
    held = await visible_case(caller, case_id)
    outcome = await report_change(caller, held, kind=kind, command_id=command_id, body=body)
    match outcome:
        case Recorded():
            view = await view_after(caller, case_id, outcome)
            return JSONResponse(view.model_dump(mode="json"))
        case Waiting():
            return accepted(command_id)
        case _:
            raise problem_of(outcome)
