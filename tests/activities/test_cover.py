"""Hand-over and escalation on a real record: done again, or by two workers at once, nothing is doubled or lost."""

import asyncio
from datetime import date, datetime, time, timedelta
from typing import Any, cast

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import ProgrammingError

from activities.absences import NewAbsence, hand_over_of_absent, record_absence
from activities.deputies import record_deputy
from activities.escalations import Escalated, escalate_waiting
from models.queries.cover import handed_to, posts, standing_in
from models.tables.audit import AuditEvent
from models.tables.case import Absence, Command, StaffMember, Task
from models.tables.cover import Escalation, HandOver
from models.tables.mail import CalendarDay
from models.tables.web import Draft
from procedures.cover import CoverAs, DeputyEntry, Fate
from procedures.escalation import Stage
from procedures.local_time import instant_at
from procedures.tasks import By
from procedures.terms import Role
from procedures.visibility import Post
from tests.api.office import AWS, MANAGER, Office
from tests.conftest import Databases

BOSS = By(subject="boss", name="Rewi Example", role=MANAGER.value)
HERE, MANAGING = Post(AWS, "R01"), Post(MANAGER, "R01")
FRIDAY = date(2026, 11, 27)


def at(day: date, clock: str = "09:00") -> datetime:
    """A local time as an instant."""
    return instant_at(day, time.fromisoformat(clock))


NOW = at(FRIDAY, "14:00")
MONDAY = date(2026, 11, 30)


@pytest.fixture
async def office(databases: Databases) -> Office:
    """Two advisors of R01, one of R02 and a manager, with deputies; nothing of it needs the application."""
    made = Office(cast(Any, None), databases)
    for subject, role, region in (
        ("ann", AWS, "R01"),
        ("ben", AWS, "R01"),
        ("cal", AWS, "R02"),
        ("boss", MANAGER, "R01"),
    ):
        await made.put(
            StaffMember,
            subject=subject,
            name=f"{subject.title()} Example",
            role=role.value,
            region=region,
            mail_address=f"{subject}@placement.test",
            active=True,
        )
    for number, (post, subject) in enumerate({HERE: "cal", MANAGING: "ann"}.items()):
        entry = DeputyEntry(f"D{number}", post, subject, date(2026, 11, 2))
        assert await record_deputy(databases.api, entry, by=BOSS, at=at(date(2026, 11, 2)))
    return made


async def held(office: Office, task_id: str, by: str | None = "ann", **more: Any) -> str:
    """A task that somebody claimed on Thursday."""
    claimed_at = at(FRIDAY - timedelta(days=1)) if by else None
    values = {
        "claimed_by": by,
        "claimed_by_name": by,
        "claimed_at": claimed_at,
        "opened_at": at(date(2026, 11, 20)),
    }
    await office.case(f"C-{task_id}", region=more.get("region", "R01"))
    return await office.task(task_id, f"C-{task_id}", **{**values, **more})


async def away(office: Office, absence_id: str = "A1", subject: str = "ann", **more: Any) -> bool:
    """Recorded by the manager on Friday at 14:00."""
    values = {"first_day": FRIDAY, "last_day": MONDAY, "cover": None} | more
    by = cast(Any, NewAbsence)(absence_id, subject, **values)
    return await record_absence(office.databases.api, by, by=BOSS, at=NOW)


async def holders(office: Office) -> dict[str, str | None]:
    """Who has which open task."""
    async with office.databases.owner.transaction() as session:
        rows = await session.execute(select(Task.task_id, Task.claimed_by).where(Task.state == "open"))
        return {task_id: holder for task_id, holder in rows.all()}


async def rows(office: Office, table: type[Any]) -> list[Any]:
    async with office.databases.owner.transaction() as session:
        return list(await session.scalars(select(table)))


# -- hand-over ------------------------------------------------------------------------------------------


@pytest.mark.req("AMB-X-2")
async def test_a_sudden_absence_hands_over_what_is_due_soon_and_releases_the_rest_at_once(
    office: Office,
) -> None:
    """Friday afternoon: due by Monday's end goes to the deputy; the same absence again changes nothing."""
    await held(office, "T-SOON", due_at=at(MONDAY, "23:59"))
    await held(office, "T-LATE", due_at=at(date(2026, 11, 25)))
    await held(office, "T-NEXT", due_at=at(date(2026, 12, 1), "00:00"))
    await held(office, "T-OPEN")
    await held(office, "T-BEN", "ben", due_at=at(MONDAY))
    assert await away(office)
    assert not await away(office)
    assert await hand_over_of_absent(office.databases.worker, NOW + timedelta(minutes=1)) == []
    assert await holders(office) == {
        "T-SOON": "cal", "T-LATE": "cal", "T-NEXT": None, "T-OPEN": None, "T-BEN": "ben",
    }  # fmt: skip
    notes = {
        (one.task_id, one.from_subject, one.to_subject, one.covers_as) for one in await rows(office, HandOver)
    }
    assert notes == {("T-SOON", "ann", "cal", "deputy"), ("T-LATE", "ann", "cal", "deputy")}
    events = await office.audited("task handed over")
    assert sorted(event.subject or "" for event in events) == ["T-LATE", "T-SOON"]
    assert events[0].detail == {"reason": "absent", "from": "ann", "holder": "cal", "covers_as": "deputy"}
    assert (events[0].actor, events[0].rule, events[0].case_id) == (
        "boss",
        "AMB-X-2",
        f"C-{events[0].subject}",
    )
    assert [event.subject for event in await office.audited("task released")] == ["T-NEXT", "T-OPEN"]
    assert await rows(office, Escalation) == []


@pytest.mark.req("AMB-X-2")
async def test_two_workers_at_the_first_instant_of_an_absence_hand_each_task_over_once(
    office: Office,
) -> None:
    for number in range(8):
        await held(office, f"T-{number}", due_at=at(MONDAY))
    assert await away(office, first_day=FRIDAY + timedelta(days=1), cover="ben")
    assert set((await holders(office)).values()) == {"ann"}
    midnight, worker = at(FRIDAY + timedelta(days=1), "00:00"), office.databases.worker
    assert await hand_over_of_absent(worker, midnight - timedelta(seconds=1)) == []
    done = await asyncio.gather(*(hand_over_of_absent(worker, midnight) for _ in range(2)))
    moves = [move for each in done for move in each]
    assert sorted(move.task_id for move in moves) == [f"T-{number}" for number in range(8)]
    assert {(move.fate, move.to and move.to.covers_as) for move in moves} == {(Fate.HANDED, CoverAs.NAMED)}
    assert set((await holders(office)).values()) == {"ben"}
    assert len(await office.audited("task handed over")) == len(await rows(office, HandOver)) == 8
    assert {task.version for task in await rows(office, Task)} == {2}


@pytest.mark.req("AMB-X-2")
async def test_nobody_to_cover_releases_and_escalates_at_once(office: Office) -> None:
    await away(office, "A-CAL", "cal")
    await away(office, "A-BEN", "ben")
    await held(office, "T-1", kind="why_pending", step="1.3", due_at=at(MONDAY))
    await away(office)
    assert await holders(office) == {"T-1": "boss"}, "the manager may answer it, and is there"
    await office.put(
        Absence, absence_id="A-BOSS", subject="boss", first_day=NOW, last_day=NOW + timedelta(days=3),
        recorded_by="boss", recorded_at=NOW + timedelta(minutes=1),
    )  # fmt: skip
    (move,) = await hand_over_of_absent(office.databases.worker, NOW + timedelta(minutes=2))
    assert move.fate is Fate.UNCOVERED
    assert await holders(office) == {"T-1": None}
    (row,) = await rows(office, Escalation)
    assert (row.task_id, row.stage) == ("T-1", Stage.NO_COVER.value)
    (event,) = await office.audited("task escalated")
    assert (event.actor, event.subject, event.detail) == ("system", "T-1", {"stage": "no_cover"})


@pytest.mark.req("AMB-X-2")
async def test_at_the_end_of_an_absence_nothing_moves_back(office: Office) -> None:
    """The deputy keeps what was handed over, and may still open it although nobody is away any more."""
    await held(office, "T-1", due_at=at(MONDAY))
    await away(office)
    back, worker = at(date(2026, 12, 1), "08:00"), office.databases.worker
    assert await hand_over_of_absent(worker, back) == []
    assert await holders(office) == {"T-1": "cal"}
    assert [one.task.task_id for one in await handed_to(worker, "cal")] == ["T-1"]
    assert await standing_in(worker, "cal", back) == {HERE}
    async with office.databases.owner.transaction() as session:
        await session.execute(update(Task).values(state="done"))
    assert await handed_to(worker, "cal") == []
    assert await standing_in(worker, "cal", back) == frozenset()


@pytest.mark.req("AMB-X-2", "PRV-19")
async def test_who_stands_in_is_on_record_once_for_each_absence(office: Office) -> None:
    await away(office, "A-BOSS", "boss")
    for minute in range(3):
        await hand_over_of_absent(office.databases.worker, NOW + timedelta(minutes=minute))
    (event,) = await office.audited("deputy stands in")
    assert event.detail == {"role": MANAGER.value, "region": "R01", "absent": "boss", "deputy": "ann"}
    assert await standing_in(office.databases.api, "ann", NOW) == {MANAGING}
    assert await standing_in(office.databases.api, "ann", at(date(2026, 12, 1))) == frozenset()
    assert await standing_in(office.databases.api, "ben", NOW) == frozenset()


# -- deputies -------------------------------------------------------------------------------------------


@pytest.mark.req("AMB-X-2")
async def test_a_deputy_is_replaced_by_a_further_entry_and_the_first_of_two_managers_wins(
    office: Office,
) -> None:
    api = office.databases.api
    ben = DeputyEntry("D-BEN", HERE, "ben", FRIDAY, replaces="D0")
    late = DeputyEntry("D-LATE", HERE, "boss", FRIDAY, replaces="D0")
    won = await asyncio.gather(*(record_deputy(api, entry, by=BOSS, at=NOW) for entry in (ben, late)))
    assert sorted(won) == [False, True]
    winner = ben if won[0] else late
    assert await record_deputy(api, winner, by=BOSS, at=NOW), "the same again is no conflict"
    of_another_post = DeputyEntry("D-X", HERE, "ben", FRIDAY, replaces="D1")
    assert not await record_deputy(api, of_another_post, by=BOSS, at=NOW)
    by_post = {one.post: one for one in await posts(api, NOW)}
    assert by_post[HERE].entry == by_post[HERE].last == winner
    (event,) = (one for one in await office.audited("deputy recorded") if one.subject == winner.deputy_id)
    assert event.detail["replaces"] == "D0"


async def test_no_role_may_change_or_remove_what_was_recorded(office: Office) -> None:
    for database in (office.databases.api, office.databases.worker):
        for statement in (
            "UPDATE deputy SET subject = 'x'",
            "DELETE FROM escalation",
            "DELETE FROM hand_over",
        ):
            with pytest.raises(ProgrammingError, match="permission denied"):
                async with database.transaction() as session:
                    await (await session.connection()).exec_driver_sql(statement)


# -- escalation -----------------------------------------------------------------------------------------


async def sweep(office: Office, instant: datetime) -> set[tuple[str, str]]:
    """What is escalated at an instant."""
    found: list[Escalated] = await escalate_waiting(office.databases.worker, instant)
    return {(one.task_id, one.stage.value) for one in found}


@pytest.mark.req("AMB-X-2")
async def test_over_a_weekend_and_a_closed_day_each_stage_comes_once_at_its_instant(office: Office) -> None:
    """Nobody recorded an absence. Due Tuesday noon, Monday is closed: unstarted from Friday noon on."""
    await office.put(
        CalendarDay, calendar="nz-national", day=MONDAY, name="Office closed", added_by="boss", added_at=NOW
    )
    tuesday = date(2026, 12, 1)
    await held(office, "T-NOBODY", None, due_at=at(tuesday, "12:00"))
    await held(office, "T-CLAIMED", "ben", due_at=at(tuesday, "12:00"))
    await held(office, "T-UNDATED", None, opened_at=at(FRIDAY, "15:00"))
    await held(office, "T-FRIDAY", None, kind="review_report", region="national",
               opened_at=at(FRIDAY, "11:30"), due_at=at(FRIDAY, "17:00"))  # fmt: skip
    assert await sweep(office, at(FRIDAY, "11:59")) == set()
    both = {("T-NOBODY", "unstarted"), ("T-CLAIMED", "unstarted")}
    assert await sweep(office, at(FRIDAY, "12:00")) == both
    assert await sweep(office, at(FRIDAY, "12:01")) == set()
    assert await sweep(office, at(FRIDAY, "17:00")) == {("T-FRIDAY", "unanswered")}
    assert await sweep(office, at(MONDAY, "23:00")) == set()
    assert await sweep(office, at(tuesday, "12:00")) == {
        ("T-NOBODY", "unanswered"),
        ("T-CLAIMED", "unanswered"),
    }
    assert await sweep(office, at(tuesday, "15:00")) == {("T-UNDATED", "unstarted")}
    assert await sweep(office, at(date(2026, 12, 2), "15:00")) == {("T-UNDATED", "unanswered")}
    events = [(one.subject, one.detail["stage"]) for one in await office.audited("task escalated")]
    assert len(events) == len(set(events)) == len(await rows(office, Escalation)) == 7
    assert await holders(office) == {
        "T-NOBODY": None,
        "T-CLAIMED": "ben",
        "T-UNDATED": None,
        "T-FRIDAY": None,
    }


@pytest.mark.req("AMB-X-2")
async def test_who_has_begun_is_left_alone_until_it_is_due(office: Office) -> None:
    due_at = at(MONDAY, "12:00")
    for task_id in ("T-DRAFT", "T-SENT", "T-EMPTY", "T-ANOTHERS"):
        await held(office, task_id, "ben", due_at=due_at)
    for task_id, subject, body in (
        ("T-DRAFT", "ben", b"x"),
        ("T-EMPTY", "ben", None),
        ("T-ANOTHERS", "ann", b"x"),
    ):
        await office.put(Draft, subject=subject, task_id=task_id, body=body, saved_at=NOW)
    await office.put(
        Command, command_id="K1", case_id="C-T-SENT", task_id="T-SENT", kind="answer", body={}, actor="ben",
        actor_name="Ben", actor_role=AWS.value, state="refused", received_at=NOW,
    )  # fmt: skip
    assert await sweep(office, NOW) == {("T-EMPTY", "unstarted"), ("T-ANOTHERS", "unstarted")}
    assert {task for task, _ in await sweep(office, due_at)} == {"T-DRAFT", "T-SENT", "T-EMPTY", "T-ANOTHERS"}


@pytest.mark.req("AMB-X-2")
async def test_two_workers_at_once_escalate_each_task_once(office: Office) -> None:
    for number in range(8):
        await held(office, f"T-{number}", None, due_at=at(FRIDAY))
    found = await asyncio.gather(*(escalate_waiting(office.databases.worker, NOW) for _ in range(2)))
    assert sorted(one.task_id for each in found for one in each) == [f"T-{number}" for number in range(8)]
    async with office.databases.owner.transaction() as session:
        events = (
            await session.scalars(select(AuditEvent).where(AuditEvent.action == "task escalated"))
        ).all()
    assert len(events) == 8


@pytest.mark.req("AMB-X-2")
async def test_an_escalated_task_calls_its_deputy_until_somebody_else_has_taken_it(office: Office) -> None:
    await held(office, "T-1", None, due_at=at(MONDAY, "12:00"))
    await held(office, "T-2", None, region="R02", due_at=at(MONDAY, "12:00"))
    assert await standing_in(office.databases.api, "cal", NOW) == frozenset()
    await sweep(office, NOW)
    assert await standing_in(office.databases.api, "cal", NOW) == {HERE}

    async def claimed(subject: str) -> None:
        async with office.databases.owner.transaction() as session:
            later = NOW + timedelta(hours=1)
            await session.execute(update(Task).values(claimed_by=subject, claimed_at=later))

    await claimed("cal")
    assert await standing_in(office.databases.api, "cal", NOW) == {HERE}
    await claimed("ben")
    assert await standing_in(office.databases.api, "cal", NOW) == frozenset()


async def test_closed_tasks_and_roles_of_other_posts_call_nobody(office: Office) -> None:
    await held(office, "T-1", None, role=Role.ADVISOR_PLACEMENT, due_at=at(MONDAY, "12:00"))
    await held(office, "T-2", None, state="done", due_at=at(MONDAY, "12:00"))
    assert await sweep(office, NOW) == {("T-1", "unstarted")}
    assert await standing_in(office.databases.api, "cal", NOW) == frozenset()
