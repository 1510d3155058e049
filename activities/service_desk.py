"""The Service Desk: an urgent call, logged once per logical id whatever is repeated."""

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from activities.audit import write_audit
from models.tables.outside import ServiceDeskCall
from procedures.outside_entry import UrgentCallLogged
from procedures.record import Turn

URGENT = "urgent"


async def log_urgent_call(session: AsyncSession, turn: Turn, position: int, effect: UrgentCallLogged) -> None:
    """The embedded desk is this table; a call that a person logged elsewhere is kept with the reference given."""
    await session.execute(
        insert(ServiceDeskCall)
        .values(
            call_id=effect.call_id,
            case_id=turn.case_id,
            about=effect.about,
            priority=URGENT,
            reference=effect.reference,
            by_hand=effect.by_hand,
            logged_at=turn.at,
            logged_by=turn.by.subject,
        )
        .on_conflict_do_nothing()
    )
    await write_audit(
        session,
        by=turn.by,
        at=turn.at,
        action="urgent call logged with the Service Desk",
        case_id=turn.case_id,
        step=turn.step,
        subject=effect.call_id,
        rule="P1.S1.N6",
        detail={"priority": URGENT, "reference": effect.reference, "by_hand": effect.by_hand},
        business_key=f"{turn.case_id}/{turn.number}/{position}",
    )
