"""Absences: claimed tasks go back to their queue when one begins, and cover sees who is away."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import update

from activities.absences import hand_over_of_absent
from models.tables.case import Absence, StaffMember, Task
from procedures.cover import Fate
from procedures.terms import Role
from tests.api.office import AWS, MANAGER, NOW, Office


async def away(client: httpx.AsyncClient, key: str, **changed: Any) -> httpx.Response:
    """Record an absence from Friday 27 November to the Tuesday after."""
    body = {"first_day": "2026-11-27", "last_day": "2026-12-01"} | changed
    return await client.post("/api/absences", json=body, headers={"Idempotency-Key": key})


async def colleague(office: Office, subject: str = "u-2") -> None:
    """Somebody who works here."""
    await office.put(
        StaffMember,
        subject=subject,
        name="Tamsin Example",
        role=AWS.value,
        region="R01",
        mail_address=f"{subject}@placement.test",
        active=True,
    )


async def claimed(office: Office, task_id: str, case_id: str, subject: str, at: datetime = NOW) -> None:
    """A task that somebody holds."""
    await office.case(case_id)
    await office.task(
        task_id, case_id, claimed_by=subject, claimed_by_name=subject, claimed_at=at - timedelta(hours=1)
    )


async def holder(office: Office, task_id: str) -> tuple[str | None, int]:
    """Who holds the task, and its version."""
    async with office.databases.owner.transaction() as session:
        task = await session.get_one(Task, task_id)
        return task.claimed_by, task.version


@pytest.mark.req("AMB-X-2")
async def test_an_absence_that_begins_today_gives_claimed_tasks_back(office: Office) -> None:
    """At once, under the version others must have seen; somebody else's tasks stay theirs."""
    await claimed(office, "T-1", "C1", f"u-{AWS.value}")
    await claimed(office, "T-2", "C2", "u-2")
    client = office.client(AWS)
    first = await away(client, "key-away-1", cover="u-2")
    assert (first.status_code, first.json()["away_now"]) == (201, True)
    assert first.json()["local"] == "Friday 27 November 2026 to Tuesday 1 December 2026"
    assert await holder(office, "T-1") == (None, 2)
    assert await holder(office, "T-2") == ("u-2", 1)
    (event,) = await office.audited("task released")
    assert (event.subject, event.rule, event.detail) == ("T-1", "AMB-X-2", {"reason": "absent"})
    again = await away(client, "key-away-1", cover="u-2")
    assert (again.status_code, again.json()) == (200, first.json())
    assert await office.count(Absence) == 1


@pytest.mark.req("AMB-X-2")
async def test_an_absence_to_come_gives_tasks_back_at_its_first_instant(office: Office) -> None:
    """Local midnight, by the sweep; what is claimed in spite of the absence is left alone."""
    await colleague(office)
    await claimed(office, "T-1", "C1", "u-2")
    recorded = await away(office.client(MANAGER), "key-away-2", subject="u-2", first_day="2026-11-30")
    assert (recorded.status_code, recorded.json()["away_now"]) == (201, False)
    midnight = datetime(2026, 11, 29, 11, 0, tzinfo=UTC)
    worker = office.databases.worker
    assert await hand_over_of_absent(worker, midnight - timedelta(seconds=1)) == []
    assert await holder(office, "T-1") == ("u-2", 1)
    assert [move.fate for move in await hand_over_of_absent(worker, midnight)] == [Fate.RELEASED]
    assert await holder(office, "T-1") == (None, 2)
    await claimed(office, "T-2", "C2", "u-2", at=midnight + timedelta(hours=3))
    assert await hand_over_of_absent(worker, midnight + timedelta(hours=4)) == []
    assert await holder(office, "T-2") == ("u-2", 1)


async def test_your_own_absence_is_yours_and_anybodys_the_managers(office: Office) -> None:
    await colleague(office)
    client = office.client(AWS)
    assert (await away(client, "key-away-3", subject="u-2")).status_code == 403
    assert [event.rule for event in await office.audited("refused: record somebody else's absence")] == [
        "PRV-19"
    ]
    unknown = await away(office.client(MANAGER), "key-away-4", subject="u-nobody")
    assert unknown.status_code == 404
    assert (await away(client, "key-away-5", last_day="2026-11-26")).status_code == 422
    assert (await away(office.client(Role.MACHINE), "key-away-6")).status_code == 403


async def test_the_list_shows_what_is_not_over(office: Office) -> None:
    """Everybody's to those who arrange cover; to others their own and what they cover."""
    await colleague(office)
    manager = office.client(MANAGER)
    await away(manager, "key-away-7", subject="u-2", cover="u-3")
    known = await away(manager, "key-away-8", subject="u-2", last_day="2026-12-24")
    assert (known.status_code, known.json()["rule"]) == (409, "AMB-X-2")
    other = await away(manager, "key-away-7", subject="u-2", last_day="2026-12-24")
    assert other.status_code == 422
    lists = {
        subject: [
            one["subject"]
            for one in (await office.client(role, subject=subject).get("/api/absences")).json()["items"]
        ]
        for role, subject in ((AWS, "u-2"), (AWS, "u-3"), (AWS, "u-4"), (MANAGER, "u-5"))
    }
    assert lists == {"u-2": ["u-2"], "u-3": ["u-2"], "u-4": [], "u-5": ["u-2"]}
    office.now = NOW + timedelta(days=6)
    assert (await office.client(MANAGER).get("/api/absences")).json()["items"] == []


@pytest.mark.req("AMB-X-2")
async def test_the_preview_says_who_gets_what_and_changes_nothing(office: Office) -> None:
    """Due by the end of the working day after the first day away: to the cover named; what is then done is the same."""
    await colleague(office)
    await colleague(office, "u-3")
    due = {
        "T-SOON": datetime(2026, 12, 1, 10, 59, tzinfo=UTC),
        "T-LATER": datetime(2026, 12, 1, 11, 0, tzinfo=UTC),
    }
    for number, (task_id, due_at) in enumerate(due.items()):
        await claimed(office, task_id, f"C{number}", "u-2")
        async with office.databases.owner.transaction() as session:
            await session.execute(update(Task).where(Task.task_id == task_id).values(due_at=due_at))
    client, body = office.client(AWS, subject="u-2"), {"first_day": "2026-11-30", "last_day": "2026-12-04"}
    seen = await client.post("/api/absences/preview", json=body | {"cover": "u-3"})
    assert seen.status_code == 200, seen.text
    said = seen.json()
    assert (said["from_local"], said["uncovered"]) == ("Monday 30 November 2026, 00:00", 0)
    assert [(one["id"], one["fate"], one["to_name"], one["covers_as"]) for one in said["moves"]] == [
        ("T-SOON", "handed", "Tamsin Example", "named"),
        ("T-LATER", "released", None, None),
    ]
    assert await office.count(Absence) == 0
    assert await holder(office, "T-SOON") == ("u-2", 1)
    await away(client, "key-away-20", **body, cover="u-3")
    await hand_over_of_absent(office.databases.worker, datetime(2026, 11, 29, 11, 0, tzinfo=UTC))
    assert [await holder(office, task_id) for task_id in due] == [("u-3", 2), (None, 2)]
    home = await office.client(AWS, subject="u-3").get("/api/tasks?mine=true")
    assert [one["id"] for one in home.json()["items"]] == ["T-SOON"]


@pytest.mark.req("AMB-X-2")
async def test_the_preview_warns_when_nobody_can_take_what_is_due_soon(office: Office) -> None:
    """An administrator records it and learns how many tasks, but not which."""
    await colleague(office)
    await claimed(office, "T-1", "C1", "u-2")
    async with office.databases.owner.transaction() as session:
        await session.execute(update(Task).values(urgent=True))
    body = {"subject": "u-2", "first_day": "2026-11-27", "last_day": "2026-11-30"}
    said = (await office.client(Role.ADMINISTRATOR).post("/api/absences/preview", json=body)).json()
    assert said["uncovered"] == 1
    assert [(one["fate"], one["to"], one["title"]) for one in said["moves"]] == [("uncovered", None, None)]
    for role, status in ((AWS, 403), (Role.MACHINE, 403)):
        assert (await office.client(role).post("/api/absences/preview", json=body)).status_code == status


@pytest.mark.req("AMB-X-2")
async def test_a_task_goes_to_somebody_who_is_away_only_when_the_manager_says_so(office: Office) -> None:
    await colleague(office)
    await claimed(office, "T-1", "C1", "u-9")
    manager = office.client(MANAGER)
    await away(manager, "key-away-21", subject="u-2")
    to: dict[str, Any] = {"subject": "u-2", "reason": "knows the case"}
    office.now = NOW + timedelta(minutes=1)
    refused = await manager.post("/api/tasks/T-1/assign", json=to)
    assert (refused.status_code, refused.json()["rule"]) == (409, "AMB-X-2")
    assert "away until Tuesday 1 December 2026" in refused.json()["detail"]
    assert await holder(office, "T-1") == ("u-9", 1)
    assert (await manager.post("/api/tasks/T-1/assign", json=to | {"although_away": True})).status_code == 200
    assert await holder(office, "T-1") == ("u-2", 2)
    assert await hand_over_of_absent(office.databases.worker, NOW + timedelta(minutes=2)) == []
    office.now = NOW + timedelta(days=6)
    assert (await manager.post("/api/tasks/T-1/assign", json=to)).status_code == 200
