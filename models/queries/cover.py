"""Deputies, absences and staff as one snapshot of the office; and what was handed over or escalated to somebody."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, false, func, or_, select, true, union
from sqlalchemy.ext.asyncio import AsyncSession

from models.database import Database
from models.queries.tasks import TaskRecord, joined_tasks, task_record
from models.queries.visible import visible_tasks
from models.tables.case import Absence, StaffMember, Task
from models.tables.cover import Deputy, Escalation, HandOver
from models.tables.register import RegisterAreaOffice
from procedures.answers import ALL
from procedures.cover import (
    CoverAs,
    DeputyEntry,
    HeldTask,
    Member,
    Move,
    Office,
    due_soon,
    in_force,
    latest,
    move_of,
    required_posts,
)
from procedures.escalation import Stage, Told, told
from procedures.local_time import local_date
from procedures.tasks import Frozen
from procedures.terms import Role
from procedures.visibility import EVERY_REGION, NATIONAL, Post, Sight

_NO_POST = frozenset[Post]()
MOST_SHOWN = 50
"""How many handed over or escalated tasks one list shows."""


class HandedTask(Frozen):
    """An open task that somebody has because its holder is away."""

    task: TaskRecord
    from_subject: str
    covers_as: CoverAs
    at: datetime


class EscalatedTask(Frozen):
    """An open task that others are shown because it waits."""

    task: TaskRecord
    stage: Stage
    at: datetime


async def deputy_entries(session: AsyncSession) -> list[DeputyEntry]:
    """Every recorded deputy, in the order of recording."""
    rows = await session.scalars(select(Deputy).order_by(Deputy.recorded_at, Deputy.deputy_id))
    return [
        DeputyEntry(
            row.deputy_id,
            Post(Role(row.role), row.region),
            row.subject,
            row.first_day,
            row.last_day,
            row.replaces,
        )
        for row in rows
    ]


async def office_of(session: AsyncSession, at: datetime) -> Office:
    """Who works here, stands in and is away at an instant (UTC); a deputy who has left counts as none."""
    rows = await session.scalars(select(StaffMember).where(StaffMember.active))
    staff = tuple(Member(one.subject, one.name, Role(one.role), one.region) for one in rows)
    here = {one.subject for one in staff}
    away = await session.scalars(
        select(Absence.subject).where(Absence.first_day <= at, Absence.last_day >= at)
    )
    entries = in_force(await deputy_entries(session), local_date(at))
    return Office(
        staff=staff,
        deputies={post: entry.subject for post, entry in entries.items() if entry.subject in here},
        away=frozenset(away),
    )


@dataclass(frozen=True)
class PostRecord:
    """A post, who holds it, the deputy's entry in force today and the last one recorded."""

    post: Post
    holders: list[str]
    entry: DeputyEntry | None
    last: DeputyEntry | None
    stands_in_now: bool
    names: Mapping[str, str]
    """Names of active staff by subject."""
    today: date


async def posts(database: Database, at: datetime, also: Post | None = None) -> list[PostRecord]:
    """Every post that must have a deputy, those that have one, and `also`; at an instant (UTC)."""
    today = local_date(at)
    async with database.transaction() as session:
        entries, office = await deputy_entries(session), await office_of(session, at)
        regions = set(await session.scalars(select(RegisterAreaOffice.region_code)))
        called = {one: await _called_on(session, one, office.deputies) for one in {*office.deputies.values()}}
    names = {one.subject: one.name for one in office.staff}
    last, now = latest(entries), in_force(entries, today)
    wanted = {*required_posts(office, regions), *last, *([also] if also else ())}

    def record(post: Post) -> PostRecord:
        deputy = office.deputies.get(post)
        return PostRecord(
            post=post,
            holders=[one.name for one in office.holders(post)],
            entry=now[post] if deputy else None,
            last=last.get(post),
            stands_in_now=deputy is not None and post in office.stands_in(deputy, called[deputy]),
            names=names,
            today=today,
        )

    return [record(post) for post in sorted(wanted)]


async def without_deputy(database: Database, at: datetime) -> list[Post]:
    """The posts that nobody stands in for at an instant (UTC), though somebody must."""
    return [one.post for one in await posts(database, at) if one.entry is None]


async def standing_in(database: Database, subject: str, at: datetime) -> frozenset[Post]:
    """The posts somebody stands in for at an instant (UTC); for nearly everybody one short look."""
    async with database.transaction() as session:
        if await session.scalar(select(Deputy.deputy_id).where(Deputy.subject == subject).limit(1)) is None:
            return frozenset()
        office = await office_of(session, at)
        mine = [post for post, deputy in office.deputies.items() if deputy == subject]
        return office.stands_in(subject, await _called_on(session, subject, mine))


@dataclass(frozen=True)
class StaffNow:
    """Somebody who works here, and what their role, their region and the posts they stand in for let them see."""

    member: Member
    sight: Sight


async def staff_now(database: Database, at: datetime) -> list[StaffNow]:
    """Everybody active at an instant (UTC), by name; somebody with two roles is there twice."""
    async with database.transaction() as session:
        office, standing = await office_of(session, at), dict[str, frozenset[Post]]()
        for subject in {*office.deputies.values()}:
            mine = [post for post, deputy in office.deputies.items() if deputy == subject]
            standing[subject] = office.stands_in(subject, await _called_on(session, subject, mine))
    return [
        StaffNow(
            one, Sight(frozenset({one.role}), frozenset({one.region}), standing.get(one.subject, _NO_POST))
        )
        for one in sorted(office.staff, key=lambda one: (one.name, one.subject, one.role))
    ]


async def deputy_for(database: Database, subject: str, at: datetime) -> frozenset[Post]:
    """The posts whose deputy somebody is on the local day of an instant, standing in or not."""
    async with database.transaction() as session:
        entries = in_force(await deputy_entries(session), local_date(at))
        return frozenset(post for post, entry in entries.items() if entry.subject == subject)


async def _called_on(session: AsyncSession, subject: str, posts: Collection[Post]) -> set[Post]:
    """Of these posts, those with an open task that was escalated to their deputy and waits, or that was handed over.

    National tasks count for the national queue alone.
    """
    waits = or_(Task.claimed_by.is_(None), Task.claimed_at <= Escalation.at, Task.claimed_by == subject)
    escalated = (
        select(Task.role, Task.region)
        .join(Escalation, Escalation.task_id == Task.task_id)
        .where(Task.state == "open", waits, or_(false(), *map(_reaches_deputy, sorted(posts))))
    )
    handed = (
        select(Task.role, Task.region)
        .join(HandOver, HandOver.task_id == Task.task_id)
        .where(Task.state == "open", Task.claimed_by == subject, HandOver.to_subject == subject)
    )
    rows = await session.execute(union(escalated, handed))
    return {Post(Role(role), region) for role, region in rows.all()}


class Ahead(Frozen):
    """What an absence would do to one claimed task."""

    task: TaskRecord
    move: Move


def held_task(task: Task | TaskRecord) -> HeldTask:
    """A claimed task as the rules of cover see it."""
    role, asked = Role(task.role), ALL.get(task.kind)
    may = asked.roles() if asked else frozenset({role})
    return HeldTask(task.task_id, role, task.region, may, task.due_at, task.urgent)


async def moves_ahead(
    database: Database, subject: str, named: str | None, at: datetime, notice: Mapping[str, datetime]
) -> list[Ahead]:
    """What becomes of the tasks that somebody has now, if they go away at `at` (UTC); the first due on top.

    `notice` says, by edition, before which instant a task is due soon.
    """
    query = joined_tasks().where(Task.state == "open", Task.claimed_by == subject)
    async with database.transaction() as session:
        office = await office_of(session, at)
        office = replace(office, away=office.away | {subject})
        rows = await session.execute(query.order_by(Task.due_at.asc().nulls_last(), Task.task_id))
        tasks = [task_record(row) for row in rows.all()]
    moves = []
    for task in tasks:
        held = held_task(task)
        soon = due_soon(held, notice[task.edition])
        moves.append(Ahead(task=task, move=move_of(held, subject, named, office, soon=soon)))
    return moves


async def away_until(database: Database, subject: str, at: datetime) -> datetime | None:
    """The last instant (UTC) of the absence somebody is in at an instant, or None for somebody who is there."""
    query = select(func.max(Absence.last_day)).where(
        Absence.subject == subject, Absence.first_day <= at, Absence.last_day >= at
    )
    async with database.transaction() as session:
        return await session.scalar(query)


async def handed_to(database: Database, subject: str) -> list[HandedTask]:
    """Open tasks that somebody was handed and still has, the first due on top."""
    query = (
        joined_tasks()
        .add_columns(HandOver)
        .join(HandOver, HandOver.task_id == Task.task_id)
        .where(Task.state == "open", Task.claimed_by == subject, HandOver.to_subject == subject)
        .order_by(Task.due_at.asc().nulls_last(), Task.task_id)
        .limit(MOST_SHOWN)
    )
    async with database.transaction() as session:
        rows: Sequence[Any] = (await session.execute(query)).all()
    return [
        HandedTask(
            task=task_record(row[:-1]),
            from_subject=row[-1].from_subject,
            covers_as=CoverAs(row[-1].covers_as),
            at=row[-1].at,
        )
        for row in rows
    ]


async def escalated_to(
    database: Database, sight: Sight, managed: frozenset[str], deputy: frozenset[Post]
) -> list[EscalatedTask]:
    """Open visible tasks that were escalated to a manager of these regions, or to the deputy of these posts.

    `managed` may hold `*`. One that somebody has taken since is left out until it is due. The first due on top.
    """
    taken = and_(Task.claimed_at > Escalation.at, Escalation.stage != Stage.UNANSWERED.value)
    manages = true() if EVERY_REGION in managed else Task.region.in_(sorted(managed))
    mine = or_(manages, *(_reaches_deputy(post) for post in sorted(deputy)))
    query = (
        joined_tasks()
        .add_columns(Escalation)
        .join(Escalation, Escalation.task_id == Task.task_id)
        .where(Task.state == "open", visible_tasks(sight), mine, or_(Task.claimed_by.is_(None), ~taken))
        .order_by(Task.due_at.asc().nulls_last(), Task.task_id, Escalation.at)
        .limit(MOST_SHOWN * len(Stage))
    )
    async with database.transaction() as session:
        rows: Sequence[Any] = (await session.execute(query)).all()
    last = {
        row[0].task_id: EscalatedTask(task=task_record(row[:-1]), stage=Stage(row[-1].stage), at=row[-1].at)
        for row in rows
    }
    return list(last.values())[:MOST_SHOWN]


def _reaches_deputy(post: Post) -> ColumnElement[bool]:
    stages = [stage.value for stage in Stage if Told.DEPUTY in told(stage, post.role)]
    here = Task.region.in_((post.region, NATIONAL))
    return and_(Task.role == post.role.value, here, Escalation.stage.in_(stages))
