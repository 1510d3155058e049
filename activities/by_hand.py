"""Entries in systems worked by hand on the record: what is expected outside, and what was entered there."""

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from activities.audit import write_audit
from activities.person_files import held_file
from models.tables.assessment import Assessment
from models.tables.outside import OutsideEntry
from procedures.outside_entry import OutsideEntered, OutsideExpected, OutsideSystem
from procedures.record import PersonFileCreated, Turn


async def expect(session: AsyncSession, turn: Turn, effect: OutsideExpected) -> None:
    """Bind the entry to what this very turn has written: the version of the assessment, or the person file."""
    subject, version = effect.subject, None
    match effect.system:
        case OutsideSystem.PERSON_REGISTER:
            version = await session.scalar(
                select(Assessment.version).where(Assessment.number == effect.subject)
            )
        case OutsideSystem.DOCUMENT_STORE:
            subject = await held_file(
                session,
                PersonFileCreated(entry_id=effect.report_entry_id, person_refs=list(effect.person_refs)),
            )
        case OutsideSystem.CALENDAR | OutsideSystem.SERVICE_DESK:
            pass
    await session.execute(
        insert(OutsideEntry)
        .values(
            entry_id=effect.entry_id,
            case_id=turn.case_id,
            position=effect.position,
            system=effect.system.value,
            subject=subject,
            version=version,
            expected_at=turn.at,
            seen={},
        )
        .on_conflict_do_nothing()
    )


async def enter(session: AsyncSession, turn: Turn, position: int, effect: OutsideEntered) -> None:
    """The number given outside and what was seen there; the timeline has it from the audit."""
    await session.execute(
        update(OutsideEntry)
        .where(OutsideEntry.entry_id == effect.entry_id, OutsideEntry.entered_at.is_(None))
        .values(
            outside_number=effect.outside_number,
            seen=effect.seen,
            entered_at=turn.at,
            entered_by=turn.by.subject,
        )
    )
    await write_audit(
        session,
        by=turn.by,
        at=turn.at,
        action=f"entered by hand: {effect.system.value.replace('_', ' ')}",
        case_id=turn.case_id,
        step=turn.step,
        subject=effect.entry_id,
        detail={"outside_number": effect.outside_number, **effect.seen},
        business_key=f"{turn.case_id}/{turn.number}/{position}",
    )
