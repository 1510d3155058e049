"""What concerns a person's other open cases is told to them, until each has taken it or has ended (AMB-X-4, AMB-X-5)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from temporalio import activity

from activities.running_cases import RunningCases
from models.database import Database
from models.tables.case import CaseRecord
from models.tables.duty import Tiding
from procedures.tasks import Frozen
from procedures.terms import Procedure

MOST_TOLD = 200
"""How many waiting tidings one sweep tells."""


class News(Frozen):
    """What one case has to say to the other open cases of its person; `what` holds opaque ids, closed words, instants."""

    news_id: str
    """The same at every repeat."""
    from_case_id: str
    person_refs: tuple[str, ...]
    what: dict[str, Any]


class Tidings:
    """Writes tidings and tells them."""

    def __init__(self, database: Database, cases: RunningCases) -> None:
        self._database = database
        self._cases = cases

    @activity.defn
    async def spread(self, news: News, at: datetime) -> list[str]:
        """Tell every other open case of the person; `at` is UTC. Returns the procedures that were open.

        What a case does not take now stays on record and is told by the next sweep. A repeat tells nothing twice.
        """
        async with self._database.transaction() as session:
            others = (
                await session.execute(
                    select(CaseRecord.case_id, CaseRecord.procedure).where(
                        CaseRecord.person_ref.in_(news.person_refs),
                        CaseRecord.closed_at.is_(None),
                        CaseRecord.case_id != news.from_case_id,
                    )
                )
            ).all()
            for case_id, _ in others:
                await session.execute(
                    insert(Tiding)
                    .values(
                        tiding_id=f"{news.news_id}/{case_id}",
                        from_case_id=news.from_case_id,
                        case_id=case_id,
                        what=news.what,
                        written_at=at,
                    )
                    .on_conflict_do_nothing()
                )
        if others:
            await self._tell(Tiding.from_case_id == news.from_case_id, at)
        return sorted({procedure for _, procedure in others})

    async def tell_waiting(self, at: datetime) -> int:
        """The sweep: tell what nobody has taken yet. Returns how many were settled."""
        return await self._tell(Tiding.written_at <= at, at)

    @activity.defn
    async def open_case(self, procedure: Procedure, person_refs: Sequence[str]) -> str | None:
        """The open case of this procedure about the person, if there is one."""
        async with self._database.transaction() as session:
            return await session.scalar(
                select(CaseRecord.case_id)
                .where(
                    CaseRecord.procedure == procedure.value,
                    CaseRecord.person_ref.in_(list(person_refs)),
                    CaseRecord.closed_at.is_(None),
                )
                .order_by(CaseRecord.opened_at)
                .limit(1)
            )

    async def _tell(self, which: Any, at: datetime) -> int:
        async with self._database.transaction() as session:
            waiting = (
                await session.execute(
                    select(Tiding.tiding_id, Tiding.case_id, Tiding.what, CaseRecord.closed_at)
                    .join(CaseRecord, CaseRecord.case_id == Tiding.case_id)
                    .where(Tiding.told_at.is_(None), which)
                    .order_by(Tiding.written_at, Tiding.tiding_id)
                    .limit(MOST_TOLD)
                )
            ).all()
        settled = 0
        for tiding_id, case_id, what, closed_at in waiting:
            if closed_at is not None:
                settled += await self._settle(tiding_id, "ended", at)
            elif await self._cases.tell(case_id, {"tiding": tiding_id, **what}):
                settled += await self._settle(tiding_id, "taken", at)
        return settled

    async def _settle(self, tiding_id: str, outcome: str, at: datetime) -> bool:
        async with self._database.transaction() as session:
            settled = await session.scalar(
                update(Tiding)
                .where(Tiding.tiding_id == tiding_id, Tiding.told_at.is_(None))
                .values(told_at=at, outcome=outcome)
                .returning(Tiding.tiding_id)
            )
        return settled is not None
