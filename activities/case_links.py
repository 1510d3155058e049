"""A match to a void property belongs with the check of the person's present home, whichever was opened first (P2.X4)."""

from datetime import datetime

from sqlalchemy import exists, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from models.tables.case import CaseLink, CaseRecord
from procedures.terms import Procedure

_SAYS_NOTHING = ("withdrawn", "recorded_in_error", "died", "moved")
"""Ends of a check that say nothing of the home the person lives in; those that begin with `ceased` do not either."""
RULE = "P2.X4"


async def link_to_home_check(session: AsyncSession, person_ref: str, at: datetime) -> None:
    """Link each open match of the person that has no link yet to the check that is open, else to the last; `at` is UTC.

    Called with the row of either case, in its transaction; a repeat links nothing twice.
    """
    check = await session.scalar(
        select(CaseRecord.case_id)
        .where(
            CaseRecord.procedure == Procedure.CHECK_SUITABILITY.value,
            CaseRecord.person_ref == person_ref,
            or_(
                CaseRecord.closed_at.is_(None),
                CaseRecord.outcome.not_in(_SAYS_NOTHING) & CaseRecord.outcome.not_like("ceased%"),
            ),
        )
        .order_by(CaseRecord.closed_at.is_not(None), CaseRecord.opened_at.desc(), CaseRecord.case_id.desc())
        .limit(1)
    )
    if check is None:
        return
    matches = await session.scalars(
        select(CaseRecord.case_id).where(
            CaseRecord.procedure == Procedure.MATCH_VOID.value,
            CaseRecord.person_ref == person_ref,
            CaseRecord.closed_at.is_(None),
            ~exists().where(CaseLink.case_id == CaseRecord.case_id),
        )
    )
    for case_id in matches.all():
        await session.execute(
            insert(CaseLink)
            .values(case_id=case_id, linked_case_id=check, rule=RULE, linked_at=at)
            .on_conflict_do_nothing()
        )
