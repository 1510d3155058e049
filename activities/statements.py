"""What Corrections said, the calls in which it was said, and the advisors' notes."""

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from activities.audit import write_audit
from models.tables.assessment import Confirmation, PhoneCall
from models.tables.case import CaseNote
from procedures.record import CallMade, NoteWritten, StatusConfirmed, Turn


async def confirm_status(session: AsyncSession, turn: Turn, position: int, effect: StatusConfirmed) -> None:
    """A confirmation record: the basis of every final code."""
    await session.execute(
        insert(Confirmation)
        .values(
            confirmation_id=effect.confirmation_id,
            case_id=turn.case_id,
            person_ref=effect.person_ref,
            said_by=effect.said_by,
            office=effect.office,
            channel=effect.channel.value,
            status_said=effect.status_said.value,
            said_at=effect.said_at,
            note=effect.note,
            call_id=effect.call_id,
            recorded_by=turn.by.subject,
            recorded_at=turn.at,
        )
        .on_conflict_do_nothing()
    )
    await write_audit(
        session,
        by=turn.by,
        at=turn.at,
        action="status confirmed by Corrections",
        case_id=turn.case_id,
        step=turn.step,
        subject=effect.confirmation_id,
        detail={"said": effect.status_said.value, "channel": effect.channel.value},
        business_key=f"{turn.case_id}/{turn.number}/{position}",
    )


async def record_call(session: AsyncSession, turn: Turn, effect: CallMade) -> None:
    """One call of one case; a call that answers several cases has one row in each."""
    await session.execute(
        insert(PhoneCall)
        .values(
            call_id=effect.call_id,
            case_id=turn.case_id,
            step=turn.step,
            outcome=effect.outcome.value,
            spoke_with=effect.spoke_with,
            office=effect.office,
            started_at=effect.started_at,
            ended_at=effect.ended_at,
            answers=effect.answers,
            note=effect.note,
            by=turn.by.subject,
            recorded_at=turn.at,
        )
        .on_conflict_do_nothing()
    )


async def write_note(session: AsyncSession, turn: Turn, effect: NoteWritten) -> None:
    """Detailed notes, appended."""
    await session.execute(
        insert(CaseNote)
        .values(
            note_id=effect.note_id,
            case_id=turn.case_id,
            step=turn.step,
            text=effect.text,
            by=turn.by.subject,
            at=turn.at,
        )
        .on_conflict_do_nothing()
    )
