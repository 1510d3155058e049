"""What the web pages read for themselves: sessions, drafts and colleagues to assign to."""

from collections.abc import Iterable
from datetime import date, datetime

from sqlalchemy import func, select

from models.database import Database
from models.tables.case import StaffMember
from models.tables.register import RegisterAreaOffice, RegisterPerson
from models.tables.web import Draft, WebSession
from procedures.tasks import Frozen
from procedures.terms import Role


class SessionRecord(Frozen):
    """A sign-in of one browser."""

    session_id: str
    subject: str
    name: str
    roles: list[str]
    regions: list[str]
    began_at: datetime
    seen_at: datetime
    expires_at: datetime
    ended_at: datetime | None
    last_here_at: datetime | None


class SealedDraft(Frozen):
    """What a person has typed for a task; still sealed."""

    body: bytes
    saved_at: datetime


class Colleague(Frozen):
    """Somebody a task can be given to."""

    subject: str
    name: str
    role: str
    region: str


async def session(database: Database, session_id: str) -> SessionRecord | None:
    """One session, over or not, or None when nobody began it."""
    async with database.transaction() as work:
        row = await work.get(WebSession, session_id)
        if row is None:
            return None
        return SessionRecord(**{name: getattr(row, name) for name in SessionRecord.model_fields})


async def last_seen(database: Database, subject: str) -> datetime | None:
    """When a person was last here, in any session."""
    async with database.transaction() as work:
        return await work.scalar(select(func.max(WebSession.seen_at)).where(WebSession.subject == subject))


async def draft(database: Database, subject: str, task_id: str) -> SealedDraft | None:
    """What a person has typed for a task, or None."""
    async with database.transaction() as work:
        row = await work.get(Draft, (subject, task_id))
        if row is None or row.body is None:
            return None
        return SealedDraft(body=row.body, saved_at=row.saved_at)


async def colleagues(database: Database, roles: Iterable[Role]) -> list[Colleague]:
    """Everybody who works in one of the roles, by name."""
    wanted = sorted(role.value for role in roles)
    query = select(StaffMember).where(StaffMember.role.in_(wanted), StaffMember.active)
    query = query.order_by(StaffMember.name, StaffMember.subject)
    async with database.transaction() as work:
        return [
            Colleague(**{name: getattr(row, name) for name in Colleague.model_fields})
            for row in await work.scalars(query)
        ]


async def area_offices(database: Database) -> dict[str, list[str]]:
    """Names of the area offices by region code."""
    found: dict[str, list[str]] = {}
    async with database.transaction() as work:
        for row in await work.scalars(select(RegisterAreaOffice).order_by(RegisterAreaOffice.name)):
            found.setdefault(row.region_code, []).append(row.name)
    return found


class Housemate(Frozen):
    """Somebody the register shows in the same home."""

    person_ref: str
    property_ref: str
    surname: str
    given_names: str
    date_of_birth: date | None
    occupancy: str
    record_state: str


async def housemates(database: Database, property_refs: Iterable[str]) -> dict[str, list[Housemate]]:
    """Everybody the register shows in these homes, by home; people no longer in the register's file are left out."""
    person, wanted = RegisterPerson, sorted(set(property_refs))
    found: dict[str, list[Housemate]] = {}
    if not wanted:
        return found
    query = select(person).where(person.property_ref.in_(wanted), person.absent_since.is_(None))
    async with database.transaction() as work:
        for row in await work.scalars(query.order_by(person.surname, person.given_names, person.person_ref)):
            mate = Housemate(**{name: getattr(row, name) for name in Housemate.model_fields})
            found.setdefault(mate.property_ref, []).append(mate)
    return found
