"""Decisions on homes and watches over moves, written in the transaction of the turn they follow from."""

from sqlalchemy import ColumnElement, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from activities.audit import audit_effect
from models.tables.duty import MoveWatch, SuitabilityDecision
from procedures.duty_record import MoveWatched, SuitabilityDecided, WatchEnded
from procedures.record import Turn
from procedures.returned_parts import Suitability


async def decide(session: AsyncSession, turn: Turn, position: int, effect: SuitabilityDecided) -> None:
    """Corrections' word with its documents; *suitable* ends a watch over the person's move."""
    await session.execute(
        insert(SuitabilityDecision)
        .values(
            decision_id=f"{turn.case_id}-{turn.number}",
            case_id=turn.case_id,
            person_ref=effect.person_ref,
            property_ref=effect.property_ref,
            suitability=effect.suitability.value,
            comment=effect.comment,
            said_by=effect.said_by,
            documents=effect.documents,
            recorded_at=turn.at,
        )
        .on_conflict_do_nothing()
    )
    if effect.suitability is Suitability.SUITABLE:
        await _end(session, turn, MoveWatch.person_ref == effect.person_ref, "found suitable")
    await audit_effect(
        session, turn, position, f"home {effect.suitability.value}", f"{turn.case_id}-{turn.number}"
    )


async def watch(session: AsyncSession, turn: Turn, position: int, effect: MoveWatched) -> None:
    """The next review of a watch; a new watch takes the place of an earlier one over the same person."""
    others = (MoveWatch.person_ref == effect.person_ref) & (MoveWatch.watch_id != effect.watch_id)
    await _end(session, turn, others, "followed by another case")
    await session.execute(
        insert(MoveWatch)
        .values(
            watch_id=effect.watch_id,
            person_ref=effect.person_ref,
            property_ref=effect.property_ref,
            region=effect.region,
            state=effect.state,
            next_review_at=effect.next_review_at,
            reviews=0,
            began_at=turn.at,
        )
        .on_conflict_do_update(
            index_elements=["watch_id"],
            set_={"next_review_at": effect.next_review_at, "review_case_id": None, "ended_at": None},
        )
    )
    await audit_effect(session, turn, position, "move watched", effect.watch_id)


async def end_watch(session: AsyncSession, turn: Turn, position: int, effect: WatchEnded) -> None:
    """Moved, or the order ended."""
    await _end(session, turn, MoveWatch.watch_id == effect.watch_id, effect.reason)
    await audit_effect(session, turn, position, "watch ended", effect.watch_id)


async def _end(session: AsyncSession, turn: Turn, which: ColumnElement[bool], reason: str) -> None:
    await session.execute(
        update(MoveWatch)
        .where(which, MoveWatch.ended_at.is_(None))
        .values(ended_at=turn.at, ended_because=reason, review_case_id=None)
    )
