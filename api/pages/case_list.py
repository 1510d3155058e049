"""The list of cases that one may see: filters stay in the address, page by page behind a cursor."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import Query, Request
from fastapi.responses import Response
from pydantic import BaseModel, Field, model_validator

from api.case_items import shown_case
from api.pages.case_frame import PROCEDURES, CaseReader
from api.pages.due import due_words
from api.pages.rendering import render
from api.pages.routes import page_router
from api.pages.sessions import Visitor
from api.pages.words import region_words, role_words
from models.queries import web
from models.queries.case_list import CaseFilter, CaseSort, list_cases
from models.queries.queues import WAITS_FOR_CORRECTIONS
from procedures.local_time import instant_at, local_date
from procedures.steps import STEPS
from procedures.terms import Procedure
from procedures.visibility import EVERY_REGION, NATIONAL, READS_CASES, WORKS_ON_TASKS

router = page_router()
PAGE = 25
"""Cases on one page."""


class Status(StrEnum):
    """Which cases, by whether they go on."""

    OPEN = "open"
    CLOSED = "closed"
    ANY = "any"


class CaseDue(StrEnum):
    """Which due instants."""

    OVERDUE = "overdue"
    TODAY = "today"
    WEEK = "week"


STATUSES = {Status.OPEN: "Open", Status.CLOSED: "Closed", Status.ANY: "Open and closed"}
DUES = {CaseDue.OVERDUE: "Overdue", CaseDue.TODAY: "Due today", CaseDue.WEEK: "Due within seven days"}
SORTS = {CaseSort.DUE: "Due first", CaseSort.NEWEST: "Newest first", CaseSort.CLOSED: "Last closed first"}
WAITS = {
    WAITS_FOR_CORRECTIONS: WAITS_FOR_CORRECTIONS,
    **{r.value: role_words(r) for r in sorted(WORKS_ON_TASKS)},
}


class CaseQuery(BaseModel):
    """What the address says; everything of it can be kept as a bookmark."""

    model_config = {"extra": "ignore"}

    procedure: Procedure | None = None
    status: Status = Status.OPEN
    region: str = Field(default="", max_length=32)
    step: str = Field(default="", max_length=8)
    waiting: str = Field(default="", max_length=64)
    due: CaseDue | None = None
    sort: CaseSort | None = None
    cursor: str | None = Field(default=None, max_length=512)

    @model_validator(mode="before")
    @classmethod
    def _without_blanks(cls, given: Any) -> Any:
        return (
            {name: value for name, value in given.items() if value != ""}
            if isinstance(given, dict)
            else given
        )

    @property
    def order(self) -> CaseSort:
        """As asked for, where the cases have it: open ones are due, closed ones were closed."""
        if self.status is Status.CLOSED:
            return self.sort if self.sort is CaseSort.NEWEST else CaseSort.CLOSED
        if self.status is Status.ANY:
            return CaseSort.NEWEST
        return self.sort if self.sort is CaseSort.NEWEST else CaseSort.DUE

    def address(self, path: str = "/cases", **changed: object) -> str:
        """The address of this list with something changed; its first page unless a cursor is given."""
        held = {**self.model_dump(mode="json"), "cursor": None, **changed}
        plain = CaseQuery().model_dump(mode="json")
        kept = {name: value for name, value in held.items() if value != plain.get(name)}
        return f"{path}?{urlencode(kept)}" if kept else path


def filter_of_cases(query: CaseQuery, now: datetime) -> CaseFilter:
    """What the address asks for; a step, a due instant or whom it waits for is asked of open cases."""
    today = local_date(now)
    days = {CaseDue.TODAY: 1, CaseDue.WEEK: 8}.get(query.due) if query.due else None
    return CaseFilter(
        procedure=query.procedure,
        region=query.region or None,
        step=query.step or None,
        waiting_for=query.waiting or None,
        open=None if query.status is Status.ANY else query.status is Status.OPEN,
        overdue_at=now if query.due is CaseDue.OVERDUE else None,
        due_from=now if days else None,
        due_before=instant_at(today + timedelta(days=days), datetime.min.time()) if days else None,
    )


@router.get("/cases")
async def case_list(request: Request, visitor: CaseReader, query: Annotated[CaseQuery, Query()]) -> Response:
    """One page of cases, without anything about the persons in them."""
    caller = visitor.caller
    page = await list_cases(
        caller.resources.database,
        caller.sight,
        filter_of_cases(query, caller.now),
        sort=query.order,
        limit=PAGE,
        cursor=query.cursor,
    )
    return render(
        request,
        "cases/list.html",
        visitor=visitor,
        query=query,
        cases=[("", shown_case(one)) for one in page.items],
        more=query.address(cursor=page.next) if page.next else None,
        names=PROCEDURES,
        due=await due_words(caller.resources),
        choices=await _choices(visitor, query),
    )


async def _choices(visitor: Visitor, query: CaseQuery) -> list[dict[str, Any]]:
    """The filters, each for the select component."""
    sight = visitor.caller.sight
    offices = await web.area_offices(visitor.caller.resources.database)
    held = sight.regions_with(READS_CASES)
    regions = ({*offices, NATIONAL} if EVERY_REGION in held else held) | ({query.region} - {""})
    seen = {name: text for name, text in PROCEDURES.items() if name in sight.procedures or sight.stands_in}
    steps = {one.ref: f"{one.ref} {one.title}" for one in STEPS.values()}
    return [
        _choice("procedure", "Procedure", "All I can see", seen, query.procedure),
        _choice("status", "Status", None, STATUSES, query.status),
        _choice(
            "region",
            "Region",
            "All I can see",
            {r: _region(r, offices) for r in sorted(regions)},
            query.region,
        ),
        _choice("step", "Step", "All steps", steps, query.step),
        _choice("waiting", "Waits for", "Anybody", WAITS, query.waiting),
        _choice("due", "Due", "Any time", DUES, query.due),
        _choice("sort", "Order", None, SORTS, query.order),
    ]


def _region(code: str, offices: dict[str, list[str]]) -> str:
    names = ", ".join(offices.get(code, ()))
    return f"{region_words(code)} ({names})" if names else region_words(code)


def _choice(name: str, label: str, any_of_them: str | None, texts: Any, chosen: object) -> dict[str, Any]:
    first = [{"value": "", "text": any_of_them}] if any_of_them else []
    items = [*first, *({"value": str(value), "text": text} for value, text in texts.items())]
    return {
        "id": f"filter-{name}",
        "name": name,
        "label": {"text": label},
        "items": items,
        "value": str(chosen or ""),
    }
