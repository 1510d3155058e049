"""What the record holds of a person: assessments with their versions, the file, duplicates."""

from collections.abc import Collection
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, or_, select

from models.database import Database
from models.tables.assessment import Assessment, AssessmentVersion
from models.tables.mail import PersonFile, PersonFileName
from models.tables.register import RegisterDuplicate, RegisterPerson
from procedures.assessment import AssessmentCode, AssessmentStatus, Held, LastConfirmed, key_details
from procedures.tasks import Frozen
from procedures.terms import RecordState


class VersionRecord(Frozen):
    """One calculation of the outcome."""

    version: int
    code: str
    status: str
    rule: str
    step: str
    case_id: str
    question_set: str | None
    answers: dict[str, Any]
    comment: str
    confirmation_id: str | None
    by: str
    calculated_at: datetime


class AssessmentRecord(Frozen):
    """A CSO assessment with all its versions, the newest last."""

    number: str
    person_ref: str
    code: str
    status: str
    version: int
    duplicate_of: str | None
    superseded_by: str | None
    confirmed_code: str | None
    confirmed_at: datetime | None
    opened_at: datetime
    versions: list[VersionRecord]


class DuplicateLink(Frozen):
    """Two records of one person (DEF-4)."""

    primary_person_ref: str
    duplicate_person_ref: str
    found_on: date
    found_by: str
    reason: str


class SealedFile(Frozen):
    """The person file a reference resolves to; its title is still sealed."""

    file_id: str
    title: bytes
    invalid_match: bool
    created_at: datetime


async def assessments_of_person(database: Database, person_ref: str) -> list[AssessmentRecord]:
    """The assessments of one register record, the newest first."""
    return (await assessments_of_persons(database, [person_ref]))[person_ref]


async def assessments_of_persons(
    database: Database, person_refs: Collection[str]
) -> dict[str, list[AssessmentRecord]]:
    """The assessments of each of these register records, the newest first."""
    query = select(Assessment).where(Assessment.person_ref.in_(person_refs))
    async with database.transaction() as session:
        held = (
            await session.scalars(query.order_by(Assessment.opened_at.desc(), Assessment.number.desc()))
        ).all()
        of_them = AssessmentVersion.number.in_([one.number for one in held])
        rows = await session.scalars(
            select(AssessmentVersion).where(of_them).order_by(AssessmentVersion.version)
        )
        versions: dict[str, list[VersionRecord]] = {one.number: [] for one in held}
        for row in rows:
            values = {name: getattr(row, name) for name in VersionRecord.model_fields}
            versions[row.number].append(VersionRecord(**values))
    plain = [name for name in AssessmentRecord.model_fields if name != "versions"]
    found: dict[str, list[AssessmentRecord]] = {ref: [] for ref in person_refs}
    for one in held:
        values = {name: getattr(one, name) for name in plain}
        found[one.person_ref].append(AssessmentRecord(versions=versions[one.number], **values))
    return found


def key_details_of(assessments: list[AssessmentRecord]) -> str:
    """What Key Details shows for a person (P1.N4)."""
    current = next((one for one in assessments if one.status != AssessmentStatus.CLO.value), None)
    if current is None:
        return key_details(None)
    last = None
    if current.confirmed_code and current.confirmed_at:
        last = LastConfirmed(code=AssessmentCode(current.confirmed_code), confirmed_at=current.confirmed_at)
    held = Held(
        number=current.number,
        code=AssessmentCode(current.code),
        status=AssessmentStatus(current.status),
        version=current.version,
    )
    return key_details(held, last)


async def duplicates_of_person(database: Database, person_ref: str) -> list[DuplicateLink]:
    """Links in force that name the person, as primary or as duplicate."""
    link = RegisterDuplicate
    query = select(link).where(
        or_(link.primary_person_ref == person_ref, link.duplicate_person_ref == person_ref),
        link.replaced_at.is_(None),
    )
    async with database.transaction() as session:
        return [
            DuplicateLink(**{name: getattr(row, name) for name in DuplicateLink.model_fields})
            for row in await session.scalars(query.order_by(link.link_id))
        ]


async def file_of_person(database: Database, person_ref: str) -> SealedFile | None:
    """The person file, or None before there is one."""
    query = (
        select(PersonFile)
        .join(PersonFileName, PersonFileName.file_id == PersonFile.file_id)
        .where(PersonFileName.person_ref == person_ref)
    )
    async with database.transaction() as session:
        row = await session.scalar(query)
        if row is None:
            return None
        return SealedFile(**{name: getattr(row, name) for name in SealedFile.model_fields})


async def lives_alone(database: Database, person_ref: str) -> bool:
    """True when the register shows a home for the person and nobody else living in it now."""
    person = RegisterPerson
    home = select(person.property_ref).where(person.person_ref == person_ref).scalar_subquery()
    others = select(func.count()).where(
        person.property_ref == home,
        person.person_ref != person_ref,
        person.record_state == RecordState.LIVE.value,
        person.absent_since.is_(None),
    )
    async with database.transaction() as session:
        lives_somewhere = await session.scalar(
            select(person.property_ref).where(person.person_ref == person_ref)
        )
        return lives_somewhere is not None and not await session.scalar(others)
