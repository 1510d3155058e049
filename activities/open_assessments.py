"""The assessment of a person that is still open, and what a case carries of it."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from models.tables.assessment import Assessment
from procedures.assessment import AssessmentStatus
from procedures.identify_state import RecordHeld


async def open_assessment(session: AsyncSession, person_ref: str) -> Assessment | None:
    """The one that is pending or current; a person has one at most."""
    return await session.scalar(
        select(Assessment).where(
            Assessment.person_ref == person_ref, Assessment.status != AssessmentStatus.CLO.value
        )
    )


def record_held(row: Assessment) -> RecordHeld:
    """What a case remembers of an assessment, the last confirmed code included."""
    return RecordHeld(
        person_ref=row.person_ref,
        number=row.number,
        code=row.code,
        status=row.status,
        version=row.version,
        confirmed=row.confirmed_code,
    )
