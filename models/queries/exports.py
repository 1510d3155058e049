"""What may be taken out of the system as a list: each list as one query, counted and read from one moment of the record.

Nothing here reads the rows of a report: who a case is about comes from the register, and only where it is asked for.
"""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Date, Select, and_, func, select
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.orm import InstrumentedAttribute

from models.database import Database
from models.queries.case_list import CaseFilter, case_conditions
from models.queries.queues import QueueFilter, task_conditions
from models.queries.visible import visible_cases
from models.tables.assessment import Assessment
from models.tables.case import CaseRecord, Task
from models.tables.mail import Clock, CorrectionsContact, SecureMessage
from models.tables.placement import VoidMatch, VoidProperty
from models.tables.register import RegisterPerson
from procedures.local_time import instant_at
from procedures.visibility import Sight

BATCH = 500
"""Rows that are read, and sent on, at a time."""
Query = Select[*tuple[Any, ...]]


@dataclass(frozen=True)
class Span:
    """A region, and local days from the first up to and with the last; None leaves a field open."""

    region: str | None = None
    since: date | None = None
    until: date | None = None


@dataclass(frozen=True)
class Taken:
    """A list as it was at one moment."""

    total: int
    connection: AsyncConnection
    query: Query

    async def batches(self) -> AsyncIterator[list[Mapping[str, Any]]]:
        """Its rows, a few at a time."""
        async with self.connection.stream(self.query) as result:
            async for rows in result.partitions(BATCH):
                yield [dict(row._mapping) for row in rows]


@asynccontextmanager
async def taken(database: Database, query: Query) -> AsyncIterator[Taken]:
    """The list while the block lasts; changes made meanwhile are not in it."""
    async with database.engine.connect() as plain:
        connection = await plain.execution_options(
            isolation_level="REPEATABLE READ", postgresql_readonly=True
        )
        total = await connection.scalar(select(func.count()).select_from(query.order_by(None).subquery()))
        yield Taken(total or 0, connection, query)


def tasks(sight: Sight, wanted: QueueFilter, *, persons: bool) -> Query:
    """Tasks of a queue; open ones by due instant, the others by when they were done."""
    columns = (
        *(
            Task.task_id,
            Task.case_id,
            Task.procedure,
            Task.step,
            Task.kind,
            Task.role,
            Task.region,
            Task.state,
        ),
        *(Task.urgent, Task.due_at, Task.opened_at, Task.claimed_by_name, Task.done_at, Task.done_by_name),
    )
    query = select(*columns).select_from(Task).where(*task_conditions(sight, wanted))
    order = (
        (Task.done_at.desc(),) if wanted.state == "done" else (Task.due_at.asc().nulls_last(), Task.task_id)
    )
    if persons:
        query = query.join(CaseRecord, CaseRecord.case_id == Task.case_id)
    return _with_persons(query, sight, persons).order_by(*order)


def cases(sight: Sight, wanted: CaseFilter, *, persons: bool) -> Query:
    """Cases, the newest first."""
    held = CaseRecord
    columns = (
        *(held.case_id, held.procedure, held.edition, held.region, held.step, held.waiting_for, held.due_at),
        *(held.outcome, held.opened_at, held.closed_at),
    )
    query = select(*columns).select_from(held).where(*case_conditions(sight, wanted))
    return _with_persons(query, sight, persons).order_by(held.opened_at.desc(), held.case_id)


def deadlines(sight: Sight, span: Span, *, persons: bool) -> Query:
    """Clocks that run, the first due first."""
    place = (CaseRecord.procedure, CaseRecord.step, CaseRecord.region)
    clock = (Clock.kind, Clock.calendar, Clock.started_at, Clock.due_at, Clock.acts_at)
    query = select(Clock.case_id, *place, *clock).join(CaseRecord, CaseRecord.case_id == Clock.case_id)
    query = query.where(visible_cases(sight), Clock.stopped_at.is_(None), *_within(span, Clock.due_at))
    return _with_persons(query, sight, persons).order_by(Clock.due_at, Clock.clock_id)


def void_matches(sight: Sight, span: Span, *, persons: bool) -> Query:
    """Matches to void properties, the newest first. Why, and at which address, is told with the persons alone."""
    match = VoidMatch
    columns = (
        *(match.match_id, match.case_id, CaseRecord.region, match.property_ref, match.match_date),
        *(match.entered_at, match.branch, match.ko_view, match.outcome, match.closed_at),
    )
    query = select(*columns).join(CaseRecord, CaseRecord.case_id == match.case_id)
    query = query.where(visible_cases(sight), *_within(span, match.match_date))
    if persons:
        home = VoidProperty
        query = query.outerjoin(home, home.property_ref == match.property_ref)
        query = query.add_columns(match.reasons, home.address)
    return _with_persons(query, sight, persons).order_by(match.match_date.desc(), match.match_id.desc())


def mail_sent(sight: Sight, span: Span, *, persons: bool) -> Query:
    """Secure mail to Corrections and others, the newest first; never what was in it."""
    mail = SecureMessage
    columns = (
        *(
            mail.reference,
            mail.case_id,
            CaseRecord.procedure,
            CaseRecord.region,
            mail.kind,
            mail.state,
            mail.attempt,
        ),
        *(mail.created_at, mail.accepted_at, mail.settled_at, CorrectionsContact.office),
    )
    query = select(*columns).join(CaseRecord, CaseRecord.case_id == mail.case_id)
    query = query.outerjoin(CorrectionsContact, CorrectionsContact.contact_id == mail.contact_id)
    query = query.where(visible_cases(sight), *_within(span, mail.created_at))
    return _with_persons(query, sight, persons).order_by(mail.created_at.desc())


def _with_persons(query: Query, sight: Sight, persons: bool) -> Query:
    """Who it is about by the register, with the open assessment; of cases that the reader sees."""
    if not persons:
        return query
    person, held = RegisterPerson, Assessment
    of_case = and_(person.person_ref == CaseRecord.person_ref, visible_cases(sight))
    query = query.outerjoin(person, of_case)
    query = query.outerjoin(held, and_(held.person_ref == person.person_ref, held.status.in_(("PEN", "CUR"))))
    return query.add_columns(
        person.person_ref,
        *(person.surname, person.given_names, person.date_of_birth),
        *(held.code, held.status.label("code_status"), held.confirmed_code, held.confirmed_at),
    )


def _within(span: Span, column: InstrumentedAttribute[Any]) -> list[ColumnElement[bool]]:
    """Of an instant by the local day on which it falls."""
    found = [] if span.region is None else [CaseRecord.region == span.region]
    begins: Callable[[date], Any] = (
        (lambda day: day) if isinstance(column.type, Date) else lambda day: instant_at(day, time(0))
    )
    if span.since is not None:
        found.append(column >= begins(span.since))
    if span.until is not None:
        found.append(column < begins(span.until + timedelta(days=1)))
    return found
