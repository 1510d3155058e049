"""Who is away: at the start of an absence, what is due soon goes to whoever covers, the rest to its queue (AMB-X-2)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time

from sqlalchemy import and_, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from activities.audit import write_audit
from activities.deadlines import Deadlines
from activities.escalations import escalate
from models.database import Database
from models.queries.cover import held_task, office_of
from models.tables.audit import AuditEvent
from models.tables.case import Absence, CaseRecord, Task
from models.tables.cover import HandOver
from procedures.cover import Cover, Fate, Move, Office, due_soon, move_of, notice_ends
from procedures.editions import EDITIONS
from procedures.escalation import Stage
from procedures.local_time import instant_at
from procedures.tasks import SYSTEM, By

_DAY_ENDS = time(23, 59, 59)


@dataclass(frozen=True)
class NewAbsence:
    """Whole local days, the last one included."""

    absence_id: str
    subject: str
    first_day: date
    last_day: date
    cover: str | None = None
    """Who covers, if that is known; a regional colleague, then the manager (AMB-P1-18)."""


async def record_absence(database: Database, new: NewAbsence, *, by: By, at: datetime) -> bool:
    """Write it down, and let it act at once if it has begun. False when one from this day on is known."""
    starts_at = instant_at(new.first_day, time(0))
    notice = await notice_by_edition(Deadlines(database), at)
    async with database.transaction() as session:
        known = await session.scalar(
            insert(Absence)
            .values(
                absence_id=new.absence_id,
                subject=new.subject,
                first_day=starts_at,
                last_day=instant_at(new.last_day, _DAY_ENDS),
                cover=new.cover,
                recorded_by=by.subject,
                recorded_at=at,
            )
            .on_conflict_do_nothing()
            .returning(Absence.absence_id)
        )
        if known is None:
            return False
        await write_audit(
            session,
            by=by,
            at=at,
            action="absence recorded",
            subject=new.absence_id,
            rule="AMB-X-2",
            detail={"absent": new.subject, "from": new.first_day.isoformat(), "to": new.last_day.isoformat()},
            business_key=f"absence/{new.absence_id}",
        )
        await _begin(session, at, by, notice)
    return True


async def hand_over_of_absent(database: Database, at: datetime) -> list[Move]:
    """The sweep: what absent people claimed before they went is handed over or given back. Nothing moves at the end."""
    notice = await notice_by_edition(Deadlines(database), at)
    async with database.transaction() as session:
        return await _begin(session, at, SYSTEM, notice)


async def notice_by_edition(deadlines: Deadlines, at: datetime) -> dict[str, datetime]:
    """Before which instant (UTC) a task is due soon for an absence that begins at `at`, by the edition of its case."""
    ends = {}
    for name, edition in EDITIONS.items():
        calendar = await deadlines.calendar(edition.parameters.calendar)
        ends[name] = notice_ends(at, edition.parameters.hand_over_days, calendar)
    return ends


async def _begin(session: AsyncSession, at: datetime, by: By, notice: Mapping[str, datetime]) -> list[Move]:
    """What somebody claims in spite of an absence they know of is left to them."""
    went_at = func.greatest(Absence.first_day, Absence.recorded_at)
    query = (
        select(Task, CaseRecord.edition, Absence)
        .join(CaseRecord, CaseRecord.case_id == Task.case_id)
        .join(
            Absence,
            and_(
                Absence.subject == Task.claimed_by,
                Absence.first_day <= at,
                Absence.last_day >= at,
                Task.claimed_at <= went_at,
            ),
        )
        .where(Task.state == "open")
        .order_by(Task.task_id, Absence.recorded_at)
        .with_for_update(of=Task)
    )
    found = {
        task.task_id: (task, edition, absence) for task, edition, absence in await session.execute(query)
    }
    office = await office_of(session, at)
    await _say_who_stands_in(session, at, by, office)
    moves = []
    for task, edition, absence in found.values():
        held = held_task(task)
        soon = due_soon(held, notice[edition])
        move = move_of(held, absence.subject, absence.cover, office, soon=soon)
        await _move(session, task, absence, move, at, by)
        moves.append(move)
    return moves


async def _move(
    session: AsyncSession, task: Task, absence: Absence, move: Move, at: datetime, by: By
) -> None:
    to = move.to
    await session.execute(
        update(Task)
        .where(Task.task_id == task.task_id)
        .values(
            claimed_by=to.subject if to else None,
            claimed_by_name=to.name if to else None,
            claimed_at=at if to else None,
            version=Task.version + 1,
        )
        .execution_options(synchronize_session=False)
    )
    detail = {"reason": "absent"}
    if to is not None:
        await _note_hand_over(session, task, absence, to, at)
        detail |= {"from": absence.subject, "holder": to.subject, "covers_as": to.covers_as.value}
    await write_audit(
        session,
        by=by,
        at=at,
        action="task handed over" if to else "task released",
        case_id=task.case_id,
        subject=task.task_id,
        rule="AMB-X-2",
        detail=detail,
    )
    if move.fate is Fate.UNCOVERED:
        await escalate(session, task.task_id, task.case_id, Stage.NO_COVER, at)


async def _note_hand_over(
    session: AsyncSession, task: Task, absence: Absence, to: Cover, at: datetime
) -> None:
    await session.execute(
        insert(HandOver)
        .values(
            task_id=task.task_id,
            absence_id=absence.absence_id,
            from_subject=absence.subject,
            to_subject=to.subject,
            covers_as=to.covers_as.value,
            at=at,
        )
        .on_conflict_do_nothing()
    )


async def _say_who_stands_in(session: AsyncSession, at: datetime, by: By, office: Office) -> None:
    """Once per absence and post: whose rights the deputy has while the holder is away."""
    away = await session.scalars(select(Absence).where(Absence.first_day <= at, Absence.last_day >= at))
    events = {
        f"absence/{absence.absence_id}/{post.role}/{post.region}/{deputy}": {
            "role": post.role.value,
            "region": post.region,
            "absent": absence.subject,
            "deputy": deputy,
        }
        for absence in away
        for post, deputy in office.deputies.items()
        if any(one.subject == absence.subject for one in office.holders(post))
        and post in office.stands_in(deputy)
    }
    known = await session.scalars(
        select(AuditEvent.business_key).where(AuditEvent.business_key.in_(sorted(events)))
    )
    for key in sorted(events.keys() - set(known)):
        await write_audit(
            session,
            by=by,
            at=at,
            action="deputy stands in",
            subject=events[key]["deputy"],
            rule="AMB-X-2",
            detail=events[key],
            business_key=key,
        )
