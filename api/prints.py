"""Printed copies of the report over HTTP: registered when made, closed when destroyed; the report itself is never here."""

from typing import Annotated

from fastapi import APIRouter, Body, Depends
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, Field

from activities.prints import Destruction, destroy_print, register_print
from api.listing import Listing, whole
from api.new_ids import new_id
from api.problems import refused, unknown
from api.signed_in import Caller, allowed
from api.task_actions import IdempotencyKey
from models.queries.prints import PrintedCopy, printed_copy, prints_of_run
from models.queries.reports import run as run_on_record
from procedures.local_time import say_instant
from procedures.visibility import READS_REPORTS

router = APIRouter(prefix="/api/reports/{run_id}/prints", tags=["reports"])
Printer = Annotated[Caller, Depends(allowed(READS_REPORTS, "print the report"))]


class PrintItem(PrintedCopy):
    """One copy on paper. Write its number on it; it stays confidential (P1.S1.N1)."""

    id: str
    printed_local: str
    open: bool = Field(description="The week cannot be closed while a copy is about (PRV-4)")


class Destroyed(BaseModel):
    """How a copy was destroyed: there are two ways (P1.S1.N3)."""

    model_config = {"extra": "forbid"}

    method: Destruction = Field(examples=["shredded"])


@router.get("")
async def prints(caller: Printer, run_id: str) -> Listing[PrintItem]:
    """The copies of a week's report."""
    await _run(caller, run_id)
    return whole([_shown(one) for one in await prints_of_run(caller.resources.database, run_id)])


@router.post("", response_model=PrintItem, status_code=201)
async def register(caller: Printer, run_id: str, command_id: IdempotencyKey) -> Response:
    """Register a copy before you print it; its number goes on the paper."""
    await _run(caller, run_id)
    print_id = new_id(caller, "P", f"{run_id}/{command_id}")
    registered = await register_print(
        caller.resources.database, run_id, print_id, by=caller.by(READS_REPORTS), at=caller.now
    )
    held = await printed_copy(caller.resources.database, print_id)
    assert held is not None, "it was registered, now or before"
    return JSONResponse(_shown(held).model_dump(mode="json"), status_code=201 if registered else 200)


@router.post("/{print_id}/destroyed")
async def destroyed(
    caller: Printer,
    run_id: str,
    print_id: str,
    how: Annotated[Destroyed, Body()],
    command_id: IdempotencyKey,
) -> PrintItem:
    """Record that a copy was destroyed. Once is enough: the first record stays."""
    database = caller.resources.database
    held = await printed_copy(database, print_id)
    if held is None or held.run_id != run_id:
        raise unknown("printed copy")
    by = caller.by(READS_REPORTS)
    if not await destroy_print(database, print_id, how.method, by=by, at=caller.now):
        held = await printed_copy(database, print_id) or held
        if (held.destroyed_by, held.method) != (by.subject, how.method.value):
            raise refused(
                "P1.S1.N3",
                "This copy is recorded as destroyed already.",
                by=held.destroyed_by_name,
                at=held.destroyed_at,
                what=held.method,
            )
    return _shown(await printed_copy(database, print_id) or held)


async def _run(caller: Caller, run_id: str) -> None:
    if await run_on_record(caller.resources.database, run_id) is None:
        raise unknown("Friday run")


def _shown(held: PrintedCopy) -> PrintItem:
    return PrintItem(
        id=held.print_id,
        printed_local=say_instant(held.printed_at),
        open=held.destroyed_at is None,
        **held.model_dump(),
    )
