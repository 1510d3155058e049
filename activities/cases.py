"""Cases that follow from other cases, and the secure notices that hand them over."""

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from activities.audit import write_audit
from activities.case_links import link_to_home_check
from activities.case_rows import case_row
from models.tables.case import CaseRecord, Notice
from procedures.record import CaseOpened, NoticeGiven, Turn
from procedures.terms import Procedure

_BELONG_TOGETHER = (Procedure.CHECK_SUITABILITY, Procedure.MATCH_VOID)


async def open_case(session: AsyncSession, turn: Turn, position: int, effect: CaseOpened) -> None:
    """The row from which a workflow of another procedure starts; its id is deterministic."""
    await session.execute(
        insert(CaseRecord)
        .values(
            case_row(
                effect.state,
                turn.at,
                person_ref=effect.person_ref,
                entry_id=effect.entry_id,
                parent_case_id=turn.case_id,
            )
        )
        .on_conflict_do_nothing()
    )
    if effect.procedure in _BELONG_TOGETHER and effect.person_ref:
        await link_to_home_check(session, effect.person_ref, turn.at)
    await write_audit(
        session,
        by=turn.by,
        at=turn.at,
        action="case opened",
        case_id=turn.case_id,
        step=turn.step,
        subject=effect.case_id,
        detail={"procedure": effect.procedure.value},
        business_key=f"{turn.case_id}/{turn.number}/{position}",
    )


async def give_notice(session: AsyncSession, turn: Turn, position: int, effect: NoticeGiven) -> None:
    """A notice without names: the reader opens the case, which checks who may."""
    await session.execute(
        insert(Notice)
        .values(
            notice_id=effect.notice_id,
            case_id=turn.case_id,
            role=effect.role.value,
            region=effect.region,
            kind=effect.kind,
            step=turn.step,
            at=turn.at,
        )
        .on_conflict_do_nothing()
    )
    await write_audit(
        session,
        by=turn.by,
        at=turn.at,
        action="notice given",
        case_id=turn.case_id,
        step=turn.step,
        subject=effect.notice_id,
        detail={"role": effect.role.value, "kind": effect.kind},
        business_key=f"{turn.case_id}/{turn.number}/{position}",
    )
