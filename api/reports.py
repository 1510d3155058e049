"""The Friday report over HTTP: delivered by a machine, read as counts and rows without personal data."""

import hashlib
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, Field

from activities.intake import take_posted_report
from api.listing import DEFAULT_LIMIT, Cursor, Limit, Listing, listed
from api.problems import malformed, unknown
from api.signed_in import Caller, allowed
from api.uploads import file_of, form_of
from models.queries.reports import EntryLine, RunRecord, list_entries, list_runs
from models.queries.reports import run as run_on_record
from procedures.report_week import last_opened_friday
from procedures.visibility import POSTS_REPORTS, READS_REPORTS

router = APIRouter(prefix="/api/reports", tags=["reports"])
Reader = Annotated[Caller, Depends(allowed(READS_REPORTS, "read the report"))]

MOST_BYTES = 8 * 1024 * 1024
"""A report of several thousand rows; larger is no report."""


class RunItem(RunRecord):
    """The run of one Friday with its counts."""

    id: str


class EntryItem(EntryLine):
    """A row of the report without name, birth date or address: those are shown with its task."""

    id: str


class RunWhole(RunItem):
    """The run with its rows, page by page."""

    entries: Listing[EntryItem]


class Posted(BaseModel):
    """What became of the rows of a posted report: read = accepted + rejected + repeated."""

    id: str = Field(examples=["2026-11-27"])
    read: int = Field(examples=[23])
    accepted: int = Field(examples=[20])
    rejected: int = Field(examples=[1])
    repeated: int = Field(examples=[2])
    problem: str | None = Field(description="Why the file could not be read, and what to do")
    already_known: bool = Field(description="The same content had been taken before: nothing was changed")


FORM: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {
                        "file": {"type": "string", "format": "binary"},
                        "friday": {
                            "type": "string",
                            "format": "date",
                            "description": "The Friday of the report; the last that has opened when left out",
                        },
                    },
                }
            }
        },
    }
}


@router.post("", response_model=Posted, openapi_extra=FORM)
async def post_report(
    request: Request,
    caller: Annotated[Caller, Depends(allowed(POSTS_REPORTS, "deliver the report"))],
) -> Response:
    """Deliver the report as CSV or workbook. Every row is accounted for; the file itself is not kept."""
    form = await form_of(request, most=MOST_BYTES)
    try:
        content = await file_of(form)
    finally:
        await form.close()
    friday = _friday(form.get("friday")) or last_opened_friday(caller.now)
    resources = caller.resources
    staged = await take_posted_report(
        resources.database,
        resources.cases,
        resources.deadlines,
        friday=friday,
        content=content,
        message_id=_message_id(friday, content),
        received_at=caller.now,
        at=caller.now,
        by=caller.by(POSTS_REPORTS),
    )
    posted = Posted(
        id=friday.isoformat(),
        read=staged.read,
        accepted=staged.accepted,
        rejected=staged.rejected,
        repeated=staged.repeated,
        problem=staged.problem,
        already_known=staged.already_known,
    )
    return JSONResponse(posted.model_dump(mode="json"), status_code=200 if staged.already_known else 201)


@router.get("")
async def runs(caller: Reader, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None) -> Listing[RunItem]:
    """The Friday runs, the newest first."""
    page = await list_runs(caller.resources.database, limit=limit, cursor=cursor)
    return listed(page, _shown)


@router.get("/{run_id}")
async def run(caller: Reader, run_id: str, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None) -> RunWhole:
    """One run with the rows of your regions."""
    held = await run_on_record(caller.resources.database, run_id)
    if held is None:
        raise unknown("Friday run")
    page = await list_entries(caller.resources.database, caller.sight, run_id, limit=limit, cursor=cursor)
    entries = listed(page, lambda line: EntryItem(id=line.entry_id, **dict(line)))
    return RunWhole(**_shown(held).model_dump(), entries=entries)


def _shown(run: RunRecord) -> RunItem:
    return RunItem(id=run.run_id, **dict(run))


def _friday(given: Any) -> date | None:
    if given is None or given == "":
        return None
    try:
        friday = date.fromisoformat(str(given))
    except ValueError:
        raise malformed("friday is a date such as 2026-11-27.") from None
    if friday.weekday() != 4:
        raise malformed("friday is not a Friday: name the Friday of the report.")
    return friday


def _message_id(friday: date, content: bytes) -> str:
    """The same file for the same Friday is the same message."""
    return f"posted/{friday.isoformat()}/{hashlib.sha256(content).hexdigest()}"
