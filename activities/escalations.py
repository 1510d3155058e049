"""Waiting cases never go quiet: what nobody has started, or is late, is written down for others to see (AMB-X-2)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from activities.audit import write_audit
from activities.deadlines import Deadlines
from models.database import Database
from models.tables.case import CaseRecord, Command, Task
from models.tables.cover import Escalation
from models.tables.web import Draft
from procedures.cover import notice_ends
from procedures.editions import EDITIONS
from procedures.escalation import OpenWork, Stage, stage_of
from procedures.parameters import Parameters
from procedures.tasks import SYSTEM
from procedures.working_days import Calendar

MOST_AT_ONCE = 500
"""How many tasks one sweep escalates; the next goes on."""
_SHORTEST_WORKING_DAY = timedelta(hours=23)
"""From one local time to the same on the next day, when clocks go forward between."""


@dataclass(frozen=True)
class Escalated:
    """A stage that a task has reached just now."""

    task_id: str
    stage: Stage


@dataclass(frozen=True)
class _Policy:
    parameters: Parameters
    calendar: Calendar


async def escalate_waiting(database: Database, at: datetime) -> list[Escalated]:
    """The sweep at an instant (UTC): each stage once per task, however often and by however many it is done."""
    policies = await _policies(Deadlines(database))
    async with database.transaction() as session:
        rows = (await session.execute(_waiting(at, policies))).all()
        reached = [(row, stage) for row in rows if (stage := _stage(row, at, policies[row.edition]))]
        return [
            Escalated(row.task_id, stage)
            for row, stage in reached[:MOST_AT_ONCE]
            if await escalate(session, row.task_id, row.case_id, stage, at)
        ]


async def escalate(session: AsyncSession, task_id: str, case_id: str, stage: Stage, at: datetime) -> bool:
    """Write down that a task has reached a stage. False when that is on record."""
    new = await session.scalar(
        insert(Escalation)
        .values(task_id=task_id, stage=stage.value, at=at)
        .on_conflict_do_nothing()
        .returning(Escalation.task_id)
    )
    if new is None:
        return False
    await write_audit(
        session,
        by=SYSTEM,
        at=at,
        action="task escalated",
        case_id=case_id,
        subject=task_id,
        rule="AMB-X-2",
        detail={"stage": stage.value},
        business_key=f"escalation/{task_id}/{stage.value}",
    )
    return True


async def _policies(deadlines: Deadlines) -> dict[str, _Policy]:
    return {
        name: _Policy(edition.parameters, await deadlines.calendar(edition.parameters.calendar))
        for name, edition in EDITIONS.items()
    }


def _waiting(at: datetime, policies: Mapping[str, _Policy]) -> Any:
    """Open tasks that may have reached a stage which is not on record; the rule itself decides."""
    horizon = max(notice_ends(at, one.parameters.unstarted_days, one.calendar) for one in policies.values())
    undated = and_(Task.due_at.is_(None), or_(Task.urgent, Task.opened_at <= at - _SHORTEST_WORKING_DAY))
    return (
        select(
            Task.task_id,
            Task.case_id,
            Task.opened_at,
            Task.due_at,
            Task.claimed_at,
            Task.urgent,
            # Looked up per task: a join would read every case there ever was.
            select(CaseRecord.edition)
            .where(CaseRecord.case_id == Task.case_id)
            .scalar_subquery()
            .label("edition"),
            _active().label("active"),
            _on_record(Stage.UNSTARTED).label("shown"),
        )
        .where(
            Task.state == "open",
            or_(Task.due_at < horizon, undated),
            ~_on_record(Stage.UNANSWERED),
        )
        .order_by(Task.due_at.asc().nulls_last(), Task.task_id)
    )


def _active() -> ColumnElement[bool]:
    """Whoever has claimed the task has typed something, or sent an answer."""
    draft = exists().where(
        Draft.task_id == Task.task_id, Draft.subject == Task.claimed_by, Draft.body.is_not(None)
    )
    sent = exists().where(
        Command.case_id == Task.case_id, Command.task_id == Task.task_id, Command.actor == Task.claimed_by
    )
    return or_(draft, sent)


def _on_record(stage: Stage) -> ColumnElement[bool]:
    return exists().where(Escalation.task_id == Task.task_id, Escalation.stage == stage.value)


def _stage(row: Any, at: datetime, policy: _Policy) -> Stage | None:
    work = OpenWork(row.opened_at, row.due_at, row.claimed_at, row.active, row.urgent)
    stage = stage_of(work, at, policy.calendar, policy.parameters)
    return None if stage is Stage.UNSTARTED and row.shown else stage
