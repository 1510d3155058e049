"""Entries in systems worked by hand: what is expected, what was given before, and the record's side of each."""

from datetime import datetime
from typing import Any

from sqlalchemy import select

from models.database import Database
from models.tables.assessment import Assessment, AssessmentVersion
from models.tables.mail import PersonFile
from models.tables.outside import OutsideEntry
from models.tables.placement import Viewing
from procedures.assessment import AssessmentCode, AssessmentStatus
from procedures.by_hand import CalculatedVersion
from procedures.outside_entry import OutsideSystem
from procedures.tasks import Frozen


class ExpectedEntry(Frozen):
    """One entry that a person makes, or has made, outside."""

    entry_id: str
    case_id: str
    system: OutsideSystem
    subject: str
    version: int | None
    outside_number: str | None
    entered_at: datetime | None


class BookedViewing(Frozen):
    """An appointment as it stands in the record (UTC)."""

    case_id: str
    property_ref: str
    starts_at: datetime
    minutes: int


async def entry(database: Database, entry_id: str) -> ExpectedEntry | None:
    """One entry, or None."""
    found = await _entries(database, OutsideEntry.entry_id == entry_id)
    return found[0] if found else None


async def next_entry(database: Database, case_id: str, system: OutsideSystem) -> ExpectedEntry | None:
    """The first entry of a case that is not made yet: the one that its open task asks for."""
    found = await _entries(
        database,
        OutsideEntry.case_id == case_id,
        OutsideEntry.system == system.value,
        OutsideEntry.entered_at.is_(None),
    )
    return found[0] if found else None


async def known_number(database: Database, system: OutsideSystem, subject: str) -> str | None:
    """The number under which it is known outside; None before it was entered there."""
    row = OutsideEntry
    query = select(row.outside_number).where(
        row.system == system.value, row.subject == subject, row.outside_number.is_not(None)
    )
    async with database.transaction() as session:
        return await session.scalar(query.order_by(row.entered_at).limit(1))


async def is_of_another(database: Database, system: OutsideSystem, subject: str, number: str) -> bool:
    """True when this number was given for something else in the same system."""
    row = OutsideEntry
    query = select(row.entry_id).where(
        row.system == system.value, row.subject != subject, row.outside_number == number
    )
    async with database.transaction() as session:
        return await session.scalar(query.limit(1)) is not None


async def calculated(database: Database, number: str, version: int | None) -> CalculatedVersion | None:
    """One version of an assessment, as calculated."""
    query = (
        select(AssessmentVersion, Assessment.person_ref)
        .join(Assessment, Assessment.number == AssessmentVersion.number)
        .where(AssessmentVersion.number == number, AssessmentVersion.version == version)
    )
    async with database.transaction() as session:
        found = (await session.execute(query)).one_or_none()
    if found is None:
        return None
    held, person_ref = found
    return CalculatedVersion(
        person_ref=person_ref,
        code=AssessmentCode(held.code),
        status=AssessmentStatus(held.status),
        question_set=held.question_set,
        answers=held.answers,
        comment=held.comment,
    )


async def sealed_title(database: Database, file_id: str) -> bytes | None:
    """The title of a person file, still sealed."""
    async with database.transaction() as session:
        return await session.scalar(select(PersonFile.title).where(PersonFile.file_id == file_id))


async def viewing(database: Database, viewing_id: str) -> BookedViewing | None:
    """One appointment, or None."""
    return await _viewing(database, Viewing.viewing_id == viewing_id)


async def viewing_of_case(database: Database, case_id: str) -> BookedViewing | None:
    """The appointment that a case has booked, the newest one."""
    return await _viewing(database, Viewing.case_id == case_id, Viewing.state == "booked")


async def _viewing(database: Database, *which: Any) -> BookedViewing | None:
    async with database.transaction() as session:
        row = await session.scalar(select(Viewing).where(*which).order_by(Viewing.booked_at.desc()).limit(1))
    if row is None:
        return None
    return BookedViewing(**{name: getattr(row, name) for name in BookedViewing.model_fields})


async def _entries(database: Database, *which: Any) -> list[ExpectedEntry]:
    async with database.transaction() as session:
        rows = await session.scalars(select(OutsideEntry).where(*which).order_by(OutsideEntry.position))
        return [
            ExpectedEntry(**{name: getattr(row, name) for name in ExpectedEntry.model_fields}) for row in rows
        ]
