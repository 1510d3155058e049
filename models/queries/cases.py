"""Cases one by one and by person; longer lists are in case_list.py."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, select

from models.database import Database
from models.queries.tasks import tasks_of_case
from models.queries.visible import visible_cases
from models.tables.case import CaseRecord
from procedures.steps import StepRef
from procedures.tasks import CaseView, Frozen, OpenTask
from procedures.terms import Procedure, Role
from procedures.visibility import Sight


class CaseSummary(Frozen):
    """A case as it stands in the record; the person is an opaque reference."""

    case_id: str
    procedure: Procedure
    edition: str
    region: str
    person_ref: str | None
    entry_id: str | None
    parent_case_id: str | None
    step: str
    waiting_for: str
    due_at: datetime | None
    outcome: str | None
    opened_at: datetime
    closed_at: datetime | None


class CaseDetail(CaseSummary):
    """A case with what its procedure remembers."""

    turn: int
    state: dict[str, Any]


_SUMMARY = tuple(CaseSummary.model_fields)
_DETAIL = tuple(CaseDetail.model_fields)


async def cases_of_person(database: Database, sight: Sight, person_ref: str) -> list[CaseSummary]:
    """Visible cases of one person, the newest first."""
    return (await cases_of_persons(database, sight, [person_ref]))[person_ref]


async def cases_of_persons(
    database: Database, sight: Sight, person_refs: Collection[str]
) -> dict[str, list[CaseSummary]]:
    """Visible cases of each of these people, the newest first."""
    found: dict[str, list[CaseSummary]] = {ref: [] for ref in person_refs}
    query = summaries().where(visible_cases(sight), CaseRecord.person_ref.in_(found))
    query = query.order_by(CaseRecord.opened_at.desc(), CaseRecord.case_id)
    async with database.transaction() as session:
        for row in (await session.execute(query)).all():
            found[row.person_ref].append(case_summary(row))
    return found


async def case(database: Database, case_id: str) -> CaseDetail | None:
    """One case, or None."""
    async with database.transaction() as session:
        row = await session.get(CaseRecord, case_id)
        return CaseDetail(**{name: getattr(row, name) for name in _DETAIL}) if row else None


async def case_view(database: Database, case_id: str) -> CaseView | None:
    """The case as an answer returns it, read from the record."""
    held = await case(database, case_id)
    if held is None:
        return None
    return CaseView(
        case_id=case_id,
        step=held.step,
        waiting_for=held.waiting_for,
        due_at=held.due_at,
        open_tasks=await open_tasks(database, case_id),
        outcome=held.outcome,
    )


async def open_tasks(database: Database, case_id: str) -> list[OpenTask]:
    """The open tasks of a case as its procedure sees them."""
    return [
        OpenTask(
            task_id=one.task_id,
            kind=one.kind,
            step=_step(one.step),
            role=Role(one.role),
            region=one.region,
            due_at=one.due_at,
            urgent=one.urgent,
            context=one.context,
        )
        for one in await tasks_of_case(database, case_id, state="open")
    ]


def _step(step: str) -> StepRef:
    return step  # type: ignore[return-value]


def summaries() -> Select[*tuple[Any, ...]]:
    """Cases without what their procedures remember; `case_summary` reads the rows."""
    return select(*(getattr(CaseRecord, name) for name in _SUMMARY))


def case_summary(row: Row[*tuple[Any, ...]]) -> CaseSummary:
    """A case from a row of `summaries`."""
    return CaseSummary(**row._mapping)
