"""A duplicate record found after the process has ended: it mirrors the primary's code and note (AMB-P1-13)."""

from datetime import datetime

from sqlalchemy import func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from temporalio import activity

from activities.audit import write_audit
from models.database import Database
from models.tables.assessment import Assessment, AssessmentVersion
from models.tables.case import CaseRecord
from models.tables.mail import PersonFileName
from models.tables.register import RegisterPerson
from procedures.assessment import AssessmentStatus
from procedures.refusals import Refused
from procedures.tasks import By, Frozen
from procedures.terms import Procedure


class DuplicateFound(Frozen):
    """Two records of one person; `primary` already has the complete assessment."""

    primary: str
    duplicate: str
    reason: str
    by: By


class Mirrored(Frozen):
    """The duplicate's assessment, or the rule that refused the link and what to do."""

    number: str | None = None
    rule: str | None = None
    problem: str | None = None


class Duplicates:
    """Writes the mirror; no T-441 goes out for it, and nothing of the primary changes but a comment."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @activity.defn
    async def mirror_duplicate(self, found: DuplicateFound, at: datetime) -> Mirrored:
        """Idempotent: a duplicate that mirrors this primary already is answered with its number."""
        try:
            async with self._database.transaction() as session:
                return await _mirror(session, found, at)
        except Refused as refused:
            return Mirrored(rule=refused.rule, problem=refused.reason)


async def _mirror(session: AsyncSession, found: DuplicateFound, at: datetime) -> Mirrored:
    for reference in sorted((found.primary, found.duplicate)):
        await session.execute(
            text("SELECT pg_advisory_xact_lock(hashtextextended(:ref, 0))"), {"ref": reference}
        )
    primary, held = await _open(session, found.primary), await _open(session, found.duplicate)
    if held and primary and held.duplicate_of == primary.number:
        return Mirrored(number=held.number)
    await _check(session, found, primary, held)
    assert primary is not None
    latest = await session.get_one(AssessmentVersion, (primary.number, primary.version))
    following = await session.scalar(text("SELECT nextval('assessment_number')"))
    number = f"A-{following}"
    note = f"See assessment number {primary.number} as the primary CSO assessment for details. {found.reason}"
    session.add(
        Assessment(
            number=number,
            person_ref=found.duplicate,
            code=primary.code,
            status=primary.status,
            version=1,
            duplicate_of=primary.number,
            confirmed_code=primary.confirmed_code,
            confirmed_at=primary.confirmed_at,
            opened_at=at,
        )
    )
    await session.flush()
    session.add(_version(latest, found, at, number=number, version=1, comment=note))
    comment = f"Duplicate person reference: {found.duplicate}."
    primary.version += 1
    session.add(_version(latest, found, at, number=primary.number, version=primary.version, comment=comment))
    await _same_file(session, found)
    await write_audit(
        session,
        by=found.by,
        at=at,
        action="duplicate linked",
        case_id=latest.case_id,
        step="1.2",
        subject=number,
        rule="AMB-P1-13",
        detail={"primary": primary.number, "code": primary.code, "status": primary.status},
        business_key=f"duplicate/{number}",
    )
    return Mirrored(number=number)


async def _open(session: AsyncSession, person_ref: str) -> Assessment | None:
    return await session.scalar(
        select(Assessment).where(
            Assessment.person_ref == person_ref, Assessment.status != AssessmentStatus.CLO.value
        )
    )


async def _check(
    session: AsyncSession, found: DuplicateFound, primary: Assessment | None, held: Assessment | None
) -> None:
    known = await session.scalar(
        select(func.count())
        .select_from(RegisterPerson)
        .where(RegisterPerson.person_ref.in_([found.primary, found.duplicate]))
    )
    if known != 2:
        raise Refused("P1.S2.1", "the register lacks one of the two records, or they are the same record")
    if primary is None:
        raise Refused("AMB-P1-13", "the primary has no assessment to mirror: name the record that has one")
    if primary.duplicate_of:
        raise Refused("AMB-P1-12", "this record is itself a duplicate: name its primary")
    if held:
        raise Refused("P1.S3.b", "the duplicate has an assessment of its own: correct that one first")
    running = await session.scalar(
        select(CaseRecord.case_id).where(
            CaseRecord.procedure == Procedure.IDENTIFY.value,
            CaseRecord.closed_at.is_(None),
            CaseRecord.person_ref.in_([found.primary, found.duplicate]),
        )
    )
    if running:
        raise Refused(
            "AMB-P1-12", "procedure 1 runs for one of the two: link them there, or when it has ended"
        )


def _version(
    latest: AssessmentVersion, found: DuplicateFound, at: datetime, *, number: str, version: int, comment: str
) -> AssessmentVersion:
    """A version with the primary's present code: a note, not a new outcome."""
    return AssessmentVersion(
        number=number,
        version=version,
        code=latest.code,
        status=latest.status,
        rule="P1.S2.N4",
        step="1.2",
        case_id=latest.case_id,
        question_set=None,
        answers={},
        comment=comment,
        confirmation_id=latest.confirmation_id,
        by=found.by.subject,
        calculated_at=at,
    )


async def _same_file(session: AsyncSession, found: DuplicateFound) -> None:
    """Both references resolve to the primary's folder (A-B6)."""
    file_id = await session.scalar(
        select(PersonFileName.file_id).where(PersonFileName.person_ref == found.primary)
    )
    if file_id:
        await session.execute(
            insert(PersonFileName)
            .values(person_ref=found.duplicate, file_id=file_id)
            .on_conflict_do_nothing()
        )
