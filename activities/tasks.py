"""Tasks: opened and closed by turns; claimed, released and assigned by the API in one compare-and-set (AMB-X-3)."""

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from activities.audit import write_audit
from models.database import Database
from models.tables.case import CaseRecord, Task
from procedures.record import TaskClosed, TaskOpened, Turn
from procedures.tasks import By


async def open_task(session: AsyncSession, turn: Turn, effect: TaskOpened) -> None:
    """A new row in the queue of a role and region."""
    task = effect.task
    procedure = select(CaseRecord.procedure).where(CaseRecord.case_id == turn.case_id)
    await session.execute(
        insert(Task)
        .values(
            task_id=task.task_id,
            case_id=turn.case_id,
            procedure=procedure.scalar_subquery(),
            kind=task.kind,
            step=task.step,
            role=task.role.value,
            region=task.region,
            state="open",
            urgent=task.urgent,
            due_at=task.due_at,
            context=task.model_dump(mode="json")["context"],
            opened_at=turn.at,
            version=1,
        )
        .on_conflict_do_nothing()
    )


async def close_task(session: AsyncSession, turn: Turn, effect: TaskClosed) -> None:
    """Done with an answer, or cancelled with a reason; never removed."""
    answered = effect.answer is not None
    await session.execute(
        update(Task)
        .where(Task.task_id == effect.task_id, Task.state == "open")
        .values(
            state="done" if answered else "cancelled",
            done_at=turn.at,
            done_by=turn.by.subject,
            done_by_name=turn.by.name,
            command_id=turn.command_id if answered else None,
            answer=effect.answer,
            closing_reason=effect.reason,
        )
    )


async def claim_task(
    database: Database,
    *,
    task_id: str,
    seen_version: int | None,
    holder: By | None,
    by: By,
    at: datetime,
    action: str,
    reason: str | None = None,
) -> bool:
    """Claim for `holder`, or release with None: first valid wins. False when somebody was faster or it has closed.

    A claim needs a task that nobody holds, or that the claimer holds already; an assignment by a manager overrides.
    """
    conditions = [Task.task_id == task_id, Task.state == "open"]
    if seen_version is not None:
        conditions.append(Task.version == seen_version)
    if action == "claimed":
        conditions.append(Task.claimed_by.is_(None) | (Task.claimed_by == by.subject))
    if action == "released":
        conditions.append(Task.claimed_by == by.subject)
    async with database.transaction() as session:
        case_id = await session.scalar(
            update(Task)
            .where(*conditions)
            .values(
                claimed_by=holder.subject if holder else None,
                claimed_by_name=holder.name if holder else None,
                claimed_at=at if holder else None,
                version=Task.version + 1,
            )
            .returning(Task.case_id)
        )
        if case_id is None:
            return False
        detail = {"holder": holder.subject} if holder else {}
        if reason:
            detail["reason"] = reason
        await write_audit(
            session, by=by, at=at, action=f"task {action}", case_id=case_id, subject=task_id, detail=detail
        )
    return True
