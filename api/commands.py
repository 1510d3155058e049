"""Commands over HTTP: what became of one, and the manual queue of those that came too late."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field

from activities.commands import CommandState
from activities.delivery import Recorded
from api.answering import look_again, view_after
from api.listing import DEFAULT_LIMIT, Cursor, Limit, Listing, listed
from api.problems import unknown
from api.signed_in import Caller, allowed
from api.visibility import shown_view
from models.queries import commands
from models.queries.cases import case as case_on_record
from models.queries.commands import CommandRecord, list_commands
from procedures.tasks import CaseView
from procedures.visibility import READS_CASES, WORKS_ON_TASKS

router = APIRouter(prefix="/api/commands", tags=["commands"])


class CommandItem(BaseModel):
    """A command, without what was asked."""

    id: str
    state: CommandState
    kind: str
    case_id: str
    task_id: str | None
    actor_name: str
    rule: str | None
    reason: str | None
    received_at: datetime
    settled_at: datetime | None


class CommandWhole(CommandItem):
    """What became of a command, and the case after it once it is recorded."""

    asked: dict[str, Any] = Field(description="The answer or change as it was given")
    case: CaseView | None


@router.get("")
async def all_commands(
    caller: Annotated[Caller, Depends(allowed(READS_CASES, "read commands"))],
    state: Annotated[CommandState, Query()] = CommandState.LATE,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Listing[CommandItem]:
    """Commands of your cases in one state; `late` are answers to cases that had ended, for a person to look at."""
    page = await list_commands(
        caller.resources.database, caller.sight, state=state.value, limit=limit, cursor=cursor
    )
    return listed(page, _shown)


@router.get("/{command_id}")
async def command(
    caller: Annotated[Caller, Depends(allowed(WORKS_ON_TASKS, "read commands"))], command_id: str
) -> CommandWhole:
    """What became of a command; one that still waits is given to its case once more."""
    held = await commands.command(caller.resources.database, command_id)
    if held is None:
        raise unknown("command")
    case = await case_on_record(caller.resources.database, held.case_id)
    visible = case is not None and caller.sight.sees_case(case.procedure, case.region)
    if case is None or not (visible or held.actor == caller.actor.subject):
        raise unknown("command")
    outcome = await look_again(caller, held)
    held = await commands.command(caller.resources.database, command_id) or held
    view = None
    if isinstance(outcome, Recorded):
        view = shown_view(
            caller, await view_after(caller, held.case_id, outcome), case.procedure, case.region
        )
    return CommandWhole(**_shown(held).model_dump(), asked=held.body["asked"], case=view)


def _shown(held: CommandRecord) -> CommandItem:
    plain = CommandItem.model_fields.keys() & CommandRecord.model_fields.keys()
    return CommandItem(id=held.command_id, **{name: getattr(held, name) for name in plain})
