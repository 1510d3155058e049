"""Linking a duplicate record that was found after the process had ended (AMB-P1-13)."""

from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError

from activities.duplicates import DuplicateFound, Mirrored
from activities.running_cases import TASK_QUEUE
from api.new_ids import new_id
from api.problems import refused
from api.signed_in import Caller, allowed
from api.task_actions import IdempotencyKey
from api.visibility import check_person
from procedures.visibility import SEARCHES_THE_REGISTER

router = APIRouter(prefix="/api/people", tags=["people"])


class NewDuplicate(BaseModel):
    """The other record of the same person."""

    model_config = {"extra": "forbid", "str_strip_whitespace": True}

    person_ref: str = Field(min_length=1, max_length=64, examples=["40118"])
    reason: str = Field(min_length=1, max_length=2000, examples=["Same birth date and former address."])


class LinkedDuplicate(BaseModel):
    """The assessment of the duplicate, which shows the primary's code from now on."""

    id: str
    primary: str


@router.post("/{person_ref}/duplicates", status_code=201)
async def link_duplicate(
    caller: Annotated[Caller, Depends(allowed(SEARCHES_THE_REGISTER, "link duplicates"))],
    person_ref: str,
    asked: NewDuplicate,
    command_id: IdempotencyKey,
) -> LinkedDuplicate:
    """Link a duplicate to its primary: code and note are mirrored, and no second T-441 goes out."""
    await check_person(caller, person_ref)
    found = DuplicateFound(
        primary=person_ref,
        duplicate=asked.person_ref,
        reason=asked.reason,
        by=caller.by(SEARCHES_THE_REGISTER),
    )
    mirrored = await _mirrored(caller, new_id(caller, "D", command_id), found)
    if mirrored.number is None:
        raise refused(mirrored.rule or "AMB-P1-13", mirrored.problem or "the duplicate could not be linked")
    return LinkedDuplicate(id=mirrored.number, primary=person_ref)


async def _mirrored(caller: Caller, run_id: str, found: DuplicateFound) -> Mirrored:
    """The same command again finds the run it started before."""
    temporal = caller.resources.temporal
    try:
        handle = await temporal.start_workflow(
            "link_duplicate",
            found,
            id=run_id,
            task_queue=TASK_QUEUE,
            result_type=Mirrored,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
        )
    except WorkflowAlreadyStartedError:
        handle = temporal.get_workflow_handle(run_id, result_type=Mirrored)
    result: Mirrored = await handle.result()
    return result
