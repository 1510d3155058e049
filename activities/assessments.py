"""Assessments: each calculation is a version, each move names its rule; Key Details follows the latest."""

from typing import Any

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from activities import person_files
from activities.audit import write_audit
from models.tables.assessment import Assessment, AssessmentVersion
from procedures.assessment import AssessmentCode, AssessmentStatus
from procedures.match_void_record import CaseQuestionsAnswered
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
    await _store_version(session, turn, position, effect, version, (effect.code, effect.status))
    if confirmed and effect.code in (AssessmentCode.D1, AssessmentCode.D2):
        await person_files.match_confirmed(session, turn, position, effect.person_ref)


async def answer_questions(
    session: AsyncSession, turn: Turn, position: int, effect: CaseQuestionsAnswered
) -> None:
    """Questions that a later procedure answers: a new version with the code that the assessment has (TR-16).

    The code is read under a lock in this transaction, so that a case of procedure 1 that moves it meanwhile wins.
    """
    row = select(Assessment.version, Assessment.code, Assessment.status).where(
        Assessment.number == effect.number
    )
    newest, code, status = (await session.execute(row.with_for_update())).one()
    version = newest + 1
    await session.execute(
        update(Assessment).where(Assessment.number == effect.number).values(version=version)
    )
    outcome = AssessmentCode(code), AssessmentStatus(status)
    await _store_version(session, turn, position, effect, version, outcome)


async def _store_version(
    session: AsyncSession,
    turn: Turn,
    position: int,
    effect: AssessmentCalculated | CaseQuestionsAnswered,
    version: int,
    outcome: tuple[AssessmentCode, AssessmentStatus],
) -> None:
    code, status = (part.value for part in outcome)
    await session.execute(
        insert(AssessmentVersion).values(
            number=effect.number,
            version=version,
            code=code,
            status=status,
            rule=effect.rule,
            step=turn.step,
            case_id=turn.case_id,
            question_set=effect.question_set,
            answers=effect.answers,
            comment=effect.comment,
            confirmation_id=effect.confirmation_id if isinstance(effect, AssessmentCalculated) else None,
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
        detail={"code": code, "status": status, "version": version},
        business_key=f"{turn.case_id}/{turn.number}/{position}",
    )
