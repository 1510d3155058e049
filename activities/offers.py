"""Rows of approvals, ratings and offers, written in the transaction of the decision they follow from."""

from typing import Any

from sqlalchemy import update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from activities.audit import audit_effect
from models.tables.placement import Offer, PreApproval, RiskRating, VoidMatch
from procedures.match_void_record import (
    ApprovalWithdrawn,
    MatchClosed,
    MatchWeighed,
    OfferChanged,
    OfferMade,
    PartBRecorded,
    RiskRatingChecked,
)
from procedures.record import Turn


async def weigh_match(session: AsyncSession, turn: Turn, position: int, effect: MatchWeighed) -> None:
    """The branch of step 2, and our view with its reasons."""
    await session.execute(
        update(VoidMatch)
        .where(VoidMatch.case_id == turn.case_id, VoidMatch.outcome == "open")
        .values(branch=effect.branch, ko_view=effect.ko_view, reasons=effect.reasons)
    )
    await audit_effect(session, turn, position, f"match weighed: branch {effect.branch}", turn.case_id)


async def close_match(session: AsyncSession, turn: Turn, position: int, effect: MatchClosed) -> None:
    """Offered goes on to its end in procedure 4; everything else is the end of this match, and of no other."""
    ended = None if effect.outcome == "offered" else turn.at
    await session.execute(
        update(VoidMatch)
        .where(VoidMatch.case_id == effect.match_case_id, VoidMatch.outcome.in_(["open", "offered"]))
        .values(outcome=effect.outcome, closed_at=ended)
    )
    await audit_effect(session, turn, position, f"match {effect.outcome}", effect.match_case_id)


async def record_part_b(session: AsyncSession, turn: Turn, position: int, effect: PartBRecorded) -> None:
    """What the signed T-438 says; a later one of the same case is a row of its own."""
    await session.execute(
        insert(PreApproval)
        .values(
            case_id=turn.case_id,
            recorded_by=turn.by.subject,
            recorded_at=turn.at,
            **effect.model_dump(exclude={"effect"}),
        )
        .on_conflict_do_nothing()
    )
    await audit_effect(session, turn, position, f"T-438 {effect.suitability}", effect.approval_id)


async def withdraw_approval(
    session: AsyncSession, turn: Turn, position: int, effect: ApprovalWithdrawn
) -> None:
    """Corrections takes it back; the form stays in the file."""
    await session.execute(
        update(PreApproval)
        .where(PreApproval.approval_id == effect.approval_id, PreApproval.withdrawn_at.is_(None))
        .values(withdrawn_at=turn.at, withdrawn_reason=effect.reason)
    )
    await audit_effect(session, turn, position, "T-438 withdrawn by Corrections", effect.approval_id)


async def check_rating(session: AsyncSession, turn: Turn, position: int, effect: RiskRatingChecked) -> None:
    """A check is a row; acting on it is another row that says what was done."""
    await session.execute(
        insert(RiskRating)
        .values(
            case_id=turn.case_id,
            checked_by=turn.by.subject,
            checked_at=turn.at,
            **effect.model_dump(exclude={"effect"}),
        )
        .on_conflict_do_nothing()
    )
    await audit_effect(session, turn, position, "customer risk rating checked", effect.rating_id)


async def make_offer(session: AsyncSession, turn: Turn, position: int, effect: OfferMade) -> None:
    """One offer per case."""
    await session.execute(
        insert(Offer)
        .values(case_id=turn.case_id, **effect.model_dump(exclude={"effect"}))
        .on_conflict_do_nothing()
    )
    await audit_effect(session, turn, position, "offer made", effect.offer_id)


async def change_offer(session: AsyncSession, turn: Turn, position: int, effect: OfferChanged) -> None:
    """Shown, answered, or its outcome entered by the Coordinator Placement."""
    values: dict[str, Any] = effect.model_dump(exclude={"effect", "offer_id", "entered"}, exclude_none=True)
    if effect.entered:
        values |= {"entered_by": turn.by.subject, "entered_at": turn.at}
    await session.execute(update(Offer).where(Offer.offer_id == effect.offer_id).values(**values))
    what = effect.outcome or effect.answer or "shown"
    await audit_effect(session, turn, position, f"offer {what.replace('_', ' ')}", effect.offer_id)
