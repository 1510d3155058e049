"""Lists as files, each on record: without persons unless somebody who may see them says why; never the report.

A list with persons is small enough to be read for a reason, and every person in it is on record as read (PRV-18).
"""

import secrets
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response, StreamingResponse
from pydantic import BaseModel, Field, ValidationError
from starlette.types import Receive, Scope, Send

from activities.exports import ExportMade, record_export
from api.export_files import MEDIA_TYPES, MOST_ROWS_OF_A_SHEET, Cell, Media, csv_parts, xlsx_parts
from api.export_kinds import KINDS, Column, Kind
from api.problems import Problem, malformed, plain_errors, refused, unknown
from api.signed_in import Caller, SignedIn
from models.queries.exports import taken
from procedures.local_time import local
from procedures.visibility import READS_PERSONS

router = APIRouter(prefix="/api/exports", tags=["exports"])

MOST_WITH_PERSONS = 5_000
"""Rows of one list that names persons; a longer one needs a narrower filter."""
REPORT = frozenset({"report", "reports", "report-rows", "runs", "entries"})
"""What somebody might call the weekly report, which is taken out by nobody (P1.S1.N2, PRV-1)."""
_Batches = AsyncIterator[list[Mapping[str, Any]]]


class ExportAsked(BaseModel):
    """What to take out; the filters are those of the list's own address."""

    model_config = {"extra": "forbid", "str_strip_whitespace": True}

    media: Media = Media.CSV
    filters: dict[str, str] = Field(default_factory=dict, examples=[{"view": "team", "due": "overdue"}])
    with_persons: bool = Field(default=False, description="References, names, dates of birth and Key Details")
    confirmed: bool = Field(
        default=False, description="You have read that the persons in the list are confidential"
    )
    reason: str = Field(default="", max_length=500, description="Why persons are needed; name nobody")


class _Closing(StreamingResponse):
    """Lets go of the record however the sending ends, also when it never began."""

    def __init__(self, parts: AsyncIterator[bytes], held: AsyncExitStack, **more: Any) -> None:
        super().__init__(parts, **more)
        self._held = held

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with self._held:
            await super().__call__(scope, receive, send)


@router.post("/{kind}", response_class=StreamingResponse)
async def export(caller: SignedIn, kind: str, asked: ExportAsked) -> Response:
    """Take a list out as a file. That you did, with its filters and how many rows it has, is on record."""
    wanted = await allowed_kind(caller, kind)
    await _check_persons(caller, wanted, asked)
    filters = read_filters(wanted, asked.filters)
    async with AsyncExitStack() as held:
        total, batches = await _read(caller, wanted, filters, asked, held)
        persons = set[str]()
        if asked.with_persons:
            everything = [row async for some in batches for row in some]
            persons = {row["person_ref"] for row in everything if row["person_ref"]}
            batches = _at_once(everything)
        made = ExportMade(
            export_id=f"EXPORT-{secrets.token_hex(8).upper()}",
            kind=wanted.name,
            media=asked.media.value,
            filters=filters.model_dump(mode="json", exclude_defaults=True, exclude={"cursor", "page"}),
            rows=total,
            with_persons=asked.with_persons,
            reason=asked.reason or None,
        )
        at = caller.now
        await record_export(
            caller.resources.database, made, persons=persons, by=caller.by(wanted.roles), at=at
        )
        columns = (*wanted.columns, *(wanted.with_persons if asked.with_persons else ()))
        return _Closing(
            _parts(wanted, asked.media, columns, batches),
            held.pop_all(),
            media_type=MEDIA_TYPES[asked.media],
            headers={
                "Content-Disposition": f'attachment; filename="{file_name(wanted, asked.media, caller)}"',
                "Cache-Control": "no-store",
                "X-Content-Type-Options": "nosniff",
            },
        )


async def allowed_kind(caller: Caller, name: str) -> Kind:
    """The list. Raises a problem, on record, when it is the report or the caller's role may not take it out."""
    if name in REPORT:
        await caller.record_refusal("export the report", rule="P1.S1.N2")
        raise refused("P1.S1.N2", "the report is not shared: no list of its rows is taken out of the system")
    if name not in KINDS:
        raise unknown("list to export")
    await caller.require(KINDS[name].roles, f"export {KINDS[name].title.lower()}")
    return KINDS[name]


def file_name(kind: Kind, media: Media, caller: Caller) -> str:
    """What list it is and when it was taken, and nothing of what is in it."""
    return f"{kind.name}-{local(caller.now):%Y-%m-%d-%H%M}.{media.value}"


async def count_of(caller: Caller, kind: Kind, given: Mapping[str, str]) -> int:
    """How many rows the list has just now. Raises as `export`."""
    filters = read_filters(kind, given)
    async with AsyncExitStack() as held:
        total, _ = await _read(caller, kind, filters, ExportAsked(), held)
    return total


async def _check_persons(caller: Caller, kind: Kind, asked: ExportAsked) -> None:
    if not asked.with_persons:
        return
    await caller.require(READS_PERSONS, "export personal data")
    if not kind.with_persons:
        raise malformed("This list is about no person: take it without persons.")
    missing = [
        name for name, given in (("confirmed", asked.confirmed), ("reason", asked.reason)) if not given
    ]
    if missing:
        raise malformed(
            "A list with persons needs your confirmation and a reason.",
            [{"loc": [name], "msg": "this is needed with persons", "type": "missing"} for name in missing],
        )


def read_filters(kind: Kind, given: Mapping[str, str]) -> Any:
    """Raises a 422 problem for a filter the list does not have, or a value it cannot have."""
    strange = sorted(set(given) - set(kind.filters.model_fields))
    if strange:
        raise malformed(f"This list has no filter called {strange[0][:40]!r}.")
    try:
        return kind.filters.model_validate({name: value for name, value in given.items() if value})
    except ValidationError as error:
        found = plain_errors(error)
        raise malformed("A filter cannot be understood: see errors.", found) from None


async def _read(
    caller: Caller, kind: Kind, filters: Any, asked: ExportAsked, held: AsyncExitStack
) -> tuple[int, _Batches]:
    if kind.load is not None:
        rows = await kind.load(caller)
        return len(rows), _at_once(rows)
    assert kind.query is not None, "a list is loaded or queried"
    query = kind.query(caller, filters, asked.with_persons)
    found = await held.enter_async_context(taken(caller.resources.database, query))
    if asked.with_persons and found.total > MOST_WITH_PERSONS:
        raise _too_many(found.total, MOST_WITH_PERSONS, "with persons in it")
    if asked.media is Media.XLSX and found.total > MOST_ROWS_OF_A_SHEET:
        raise _too_many(found.total, MOST_ROWS_OF_A_SHEET, "as a workbook; CSV has no limit")
    return found.total, found.batches()


def _too_many(total: int, most: int, what: str) -> Problem:
    return Problem(
        409, "too-many", f"The list has {total} rows; at most {most} go out {what}. Narrow the filters."
    )


async def _at_once(rows: Sequence[Mapping[str, Any]]) -> _Batches:
    yield list(rows)


def _parts(kind: Kind, media: Media, columns: Sequence[Column], batches: _Batches) -> AsyncIterator[bytes]:
    headings = [heading for heading, _ in columns]
    rows = _cells([value for _, value in columns], batches)
    return csv_parts(headings, rows) if media is Media.CSV else xlsx_parts(kind.title, headings, rows)


async def _cells(
    values: Sequence[Callable[[Mapping[str, Any]], Cell]], batches: _Batches
) -> AsyncIterator[list[list[Cell]]]:
    async for some in batches:
        yield [[value(row) for value in values] for row in some]
