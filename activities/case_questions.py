"""Questions that a later procedure answers: a new version of the assessment, with the code that it has (TR-16)."""

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from activities.audit import write_audit
from models.tables.assessment import Assessment, AssessmentVersion
from procedures.match_void_record import CaseQuestionsAnswered
from procedures.record import Turn


async def answer_questions(
    session: AsyncSession, turn: Turn, position: int, effect: CaseQuestionsAnswered
) -> None:
    """The code is read under a lock in this transaction, so that a case of procedure 1 that moves it meanwhile wins."""
    row = select(Assessment.version, Assessment.code, Assessment.status).where(
        Assessment.number == effect.number
    )
    newest, code, status = (await session.execute(row.with_for_update())).one()
    version = newest + 1
    await session.execute(
        update(Assessment).where(Assessment.number == effect.number).values(version=version)
    )
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
            confirmation_id=None,
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
