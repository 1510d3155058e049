"""How far a case has come, and which other cases belong with it."""

from datetime import datetime

from sqlalchemy import func, or_, select

from models.database import Database
from models.queries.cases import CaseSummary, case_summary, summaries
from models.queries.visible import visible_cases
from models.tables.case import CaseLink, CaseRecord, TurnRecord
from procedures.tasks import Frozen
from procedures.visibility import Sight

MOST_LINKED = 200


class WalkedStep(Frozen):
    """A step in which something was recorded, with when it was first and last so (UTC)."""

    step: str
    first_at: datetime
    last_at: datetime


async def steps_walked(database: Database, case_id: str) -> dict[str, WalkedStep]:
    """The steps in which the case recorded anything, by their reference."""
    at = TurnRecord.recorded_at
    query = select(TurnRecord.step, func.min(at), func.max(at)).where(TurnRecord.case_id == case_id)
    async with database.transaction() as session:
        rows = (await session.execute(query.group_by(TurnRecord.step))).all()
    return {step: WalkedStep(step=step, first_at=first, last_at=last) for step, first, last in rows}


async def linked_cases(database: Database, sight: Sight, case: CaseSummary) -> list[CaseSummary]:
    """Visible cases it came from, that came from it, or that are about the same person or row; the newest first."""
    held = CaseRecord
    links = [held.parent_case_id == case.case_id]
    if case.parent_case_id:
        links.append(held.case_id == case.parent_case_id)
    if case.person_ref:
        links.append(held.person_ref == case.person_ref)
    if case.entry_id:
        links.append(held.entry_id == case.entry_id)
    # Numbers, not a subquery: beside other conditions it would have PostgreSQL read every case there ever was.
    if by_rule := await linked_by_rule(database, case.case_id):
        links.append(held.case_id.in_(by_rule))
    query = summaries().where(visible_cases(sight), or_(*links), held.case_id != case.case_id)
    query = query.order_by(held.opened_at.desc(), held.case_id).limit(MOST_LINKED)
    async with database.transaction() as session:
        return [case_summary(row) for row in (await session.execute(query)).all()]


async def linked_by_rule(database: Database, case_id: str) -> dict[str, str]:
    """Numbers of the cases that a rule links with this one, in either direction, with the rule."""
    both = select(CaseLink).where(or_(CaseLink.case_id == case_id, CaseLink.linked_case_id == case_id))
    async with database.transaction() as session:
        return {
            link.linked_case_id if link.case_id == case_id else link.case_id: link.rule
            for link in await session.scalars(both)
        }
