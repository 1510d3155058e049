"""The lists that may be taken out: who may, by which filters, and what stands in their columns.

No column holds a row of the report, and none calls a person what Corrections has not said: the code is Key Details.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from pydantic import BaseModel, Field

from api.export_files import Cell
from api.pages.case_frame import PROCEDURES
from api.pages.case_list import CaseQuery, filter_of_cases
from api.pages.case_mail import STATES
from api.pages.queue import QueueQuery, View, queue_filter
from api.pages.words import region_words, role_words, sentence, waits_words
from api.problems import malformed
from api.signed_in import Caller
from models.queries import exports
from models.queries.exports import Query, Span
from models.queries.workload import Load, load_by_holder, load_by_region
from procedures.answers import ALL
from procedures.assessment import AssessmentCode, AssessmentStatus, Held, LastConfirmed, key_details
from procedures.steps import STEPS
from procedures.terms import Procedure, Role
from procedures.visibility import ASSIGNS, PROCEDURES_OF, READS_CASES, WORKS_ON_TASKS

Row = Mapping[str, Any]
Column = tuple[str, Callable[[Row], Cell]]
_AT = " (Pacific/Auckland)"
MATCHERS = frozenset(role for role, seen in PROCEDURES_OF.items() if Procedure.MATCH_VOID in seen)


class SpanQuery(BaseModel):
    """A region and days, each left open when it is not given."""

    model_config = {"extra": "forbid"}

    region: str = Field(default="", max_length=32)
    since: date | None = None
    until: date | None = None

    @property
    def span(self) -> Span:
        """The same for a query."""
        return Span(self.region or None, self.since, self.until)


class NoQuery(BaseModel):
    """Nothing to choose."""

    model_config = {"extra": "forbid"}


@dataclass(frozen=True)
class Kind:
    """One list. It has a `query` when it is read from the record row by row, else `load` has all of it."""

    name: str
    title: str
    roles: frozenset[Role]
    filters: type[BaseModel]
    columns: tuple[Column, ...]
    query: Callable[[Caller, Any, bool], Query] | None = None
    load: Callable[[Caller], Awaitable[list[Row]]] | None = None
    with_persons: tuple[Column, ...] = ()
    """What is added with the persons; empty when the list is about none."""


def _plain(heading: str, name: str) -> Column:
    return heading, lambda row: row[name]


def _at(heading: str, name: str) -> Column:
    def instant(row: Row) -> datetime | None:
        held: datetime | None = row[name]
        return held

    return heading + _AT, instant


def _said(heading: str, name: str, say: Callable[[str], str]) -> Column:
    return heading, lambda row: say(row[name]) if row[name] else None


def _what(row: Row) -> str:
    """What a task asks; beside an invalid match its step is named, which calls nobody anything."""
    asked, step = ALL.get(row["kind"]), STEPS.get(row["step"])
    if asked is None or row.get("code") == AssessmentCode.D3.value:
        return step.title if step else ""
    return asked.title


def _key_details(row: Row) -> str | None:
    if row["person_ref"] is None:
        return None
    if row["code"] is None:
        return key_details(None)
    held = Held(
        number="", code=AssessmentCode(row["code"]), status=AssessmentStatus(row["code_status"]), version=1
    )
    last = None
    if row["confirmed_code"] and row["confirmed_at"]:
        last = LastConfirmed(code=AssessmentCode(row["confirmed_code"]), confirmed_at=row["confirmed_at"])
    words = key_details(held, last)
    return f"{words}, invalid match" if held.code is AssessmentCode.D3 else words


_CASE = _plain("Case", "case_id")
_PROCEDURE = _said("Procedure", "procedure", lambda name: PROCEDURES[Procedure(name)])
_STEP = _plain("Step", "step")
_REGION = _said("Region", "region", region_words)
_PERSON: tuple[Column, ...] = (
    _plain("Person reference", "person_ref"),
    _plain("Surname", "surname"),
    _plain("Given names", "given_names"),
    _plain("Date of birth", "date_of_birth"),
    ("Key Details", _key_details),
)


def _tasks(caller: Caller, asked: QueueQuery, persons: bool) -> Query:
    if asked.view is View.WAITING:
        raise malformed(
            "Cases that wait for Corrections are a list of cases: export cases with waiting=Corrections."
        )
    return exports.tasks(caller.sight, queue_filter(caller, asked), persons=persons)


async def _loads(caller: Caller) -> list[Row]:
    """People first, then regions."""
    database, sight = caller.resources.database, caller.sight
    people = await load_by_holder(database, sight, now=caller.now)
    regions = await load_by_region(database, sight, now=caller.now)
    return [*(_load(one, one.name or "Nobody yet") for one in people),
            *(_load(one, region_words(one.region or "")) for one in regions)]  # fmt: skip


def _load(one: Load, of: str) -> Row:
    return {"of": of, "open": one.open, "overdue": one.overdue, "urgent": one.urgent}


KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind(
            "tasks",
            "Tasks",
            frozenset(WORKS_ON_TASKS),
            QueueQuery,
            (
                _plain("Task", "task_id"), _CASE, _PROCEDURE, _STEP, ("What", _what), _said("Role", "role", role_words),
                _REGION, _said("State", "state", sentence), _plain("Urgent", "urgent"), _at("Due", "due_at"),
                _at("Opened", "opened_at"), _plain("With", "claimed_by_name"), _at("Done", "done_at"),
                _plain("Done by", "done_by_name"),
            ),
            query=_tasks,
            with_persons=_PERSON,
        ),
        Kind(
            "cases",
            "Cases",
            READS_CASES,
            CaseQuery,
            (
                _CASE, _PROCEDURE, _plain("Edition", "edition"), _REGION, _STEP,
                _said("Waits for", "waiting_for", waits_words), _at("Due", "due_at"), _said("Outcome", "outcome", sentence),
                _at("Opened", "opened_at"), _at("Closed", "closed_at"),
            ),
            query=lambda caller, asked, persons: exports.cases(
                caller.sight, filter_of_cases(asked, caller.now), persons=persons
            ),
            with_persons=_PERSON,
        ),
        Kind(
            "workload",
            "Workload",
            ASSIGNS,
            NoQuery,
            (
                _plain("Who or where", "of"), _plain("Open tasks", "open"), _plain("Overdue", "overdue"),
                _plain("Urgent", "urgent"),
            ),
            load=_loads,
        ),
        Kind(
            "deadlines",
            "Deadlines",
            READS_CASES,
            SpanQuery,
            (
                _CASE, _PROCEDURE, _STEP, _REGION, _plain("Waited for", "kind"), _plain("Calendar", "calendar"),
                _at("Began", "started_at"), _at("Due", "due_at"), _at("Overdue action from", "acts_at"),
            ),
            query=lambda caller, asked, persons: exports.deadlines(caller.sight, asked.span, persons=persons),
            with_persons=_PERSON,
        ),
        Kind(
            "void-matches",
            "Void matches",
            MATCHERS,
            SpanQuery,
            (
                _plain("Match", "match_id"), _CASE, _REGION, _plain("Property", "property_ref"),
                _plain("Match date", "match_date"), _at("Entered", "entered_at"), _plain("Branch of step 3.2", "branch"),
                _said("Our view", "ko_view", sentence), _said("Outcome", "outcome", sentence), _at("Closed", "closed_at"),
            ),
            query=lambda caller, asked, persons: exports.void_matches(caller.sight, asked.span, persons=persons),
            with_persons=(*_PERSON, _plain("Address of the property", "address"), _plain("Reasons", "reasons")),
        ),
        Kind(
            "mail",
            "Secure mail sent",
            READS_CASES,
            SpanQuery,
            (
                _plain("Reference", "reference"), _CASE, _PROCEDURE, _REGION, _plain("What", "kind"),
                _said("State", "state", lambda state: STATES.get(state, state)), _plain("Attempts", "attempt"),
                _plain("Corrections office", "office"), _at("Written", "created_at"),
                _at("Accepted by the gateway", "accepted_at"), _at("Settled", "settled_at"),
            ),
            query=lambda caller, asked, persons: exports.mail_sent(caller.sight, asked.span, persons=persons),
            with_persons=_PERSON,
        ),
    )
}  # fmt: skip
"""By the name in the address."""
