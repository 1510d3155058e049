"""Assessments: each calculation is a version, each move names its rule; Key Details follows the latest."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from activities.audit import write_audit
from models.tables.assessment import Assessment, AssessmentVersion
from procedures.assessment import AssessmentStatus
from procedures.record import AssessmentCalculated, Turn


async def calculate(session: AsyncSession, turn: Turn, position: int, effect: AssessmentCalculated) -> None:
    """Store one version and move the assessment to it. Primary and duplicates come as effects of one turn.

    Its number follows the newest version on record: another open case may have added answers meanwhile (TR-16).
    """
    confirmed = effect.status is AssessmentStatus.CUR
    newest = select(Assessment.version).where(Assessment.number == effect.number).with_for_update()
    version = max(effect.version, (await session.scalar(newest) or 0) + 1)
    values: dict[str, Any] = {
        "code": effect.code.value,
        "status": effect.status.value,
        "version": version,
        "superseded_by": effect.superseded_by,
        "duplicate_of": effect.duplicate_of,
    }
    if confirmed:
        values |= {"confirmed_code": effect.code.value, "confirmed_at": turn.at}
    await session.execute(
        insert(Assessment)
        .values(number=effect.number, person_ref=effect.person_ref, opened_at=turn.at, **values)
        .on_conflict_do_update(index_elements=["number"], set_=values)
    )
    await session.execute(
        insert(AssessmentVersion).values(
            number=effect.number,
            version=version,
            code=effect.code.value,
            status=effect.status.value,
            rule=effect.rule,
            step=turn.step,
            case_id=turn.case_id,
            question_set=effect.question_set,
            answers=effect.answers,
            comment=effect.comment,
            confirmation_id=effect.confirmation_id,
            by=turn.by.subject,
            calculated_at=turn.at,
        )
    )
    await write_audit(
        session,
        by=turn.by,
        at=turn.at,
        action="outcome calculated",
        case_id=turn.case_id,
        step=turn.step,
        subject=effect.number,
        rule=effect.rule,
        detail={"code": effect.code.value, "status": effect.status.value, "version": version},
        business_key=f"{turn.case_id}/{turn.number}/{position}",
    )
