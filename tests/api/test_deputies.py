"""Deputies and escalations over HTTP: recorded by the manager, seen by all, with rights in one region while needed."""

from datetime import date, timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import update

from activities.absences import hand_over_of_absent
from activities.escalations import escalate_waiting
from models.tables.case import Absence, StaffMember, Task
from models.tables.cover import Deputy
from procedures.terms import Role
from tests.api.office import AP, AWS, MANAGER, NOW, Office

TODAY = "2026-11-27"


async def staff(office: Office) -> None:
    """An advisor of each region, the manager of R01, and a coordinator."""
    for subject, role, region in (
        ("ann", AWS, "R01"),
        ("far", AWS, "R02"),
        ("boss", MANAGER, "R01"),
        ("coord", Role.COORDINATOR_PLACEMENT, "R01"),
    ):
        await office.put(
            StaffMember,
            subject=subject,
            name=f"{subject.title()} Example",
            role=role.value,
            region=region,
            mail_address=f"{subject}@placement.test",
            active=True,
        )


async def name(client: httpx.AsyncClient, key: str, **changed: Any) -> httpx.Response:
    """Name the advisor of R02 deputy of the manager of R01, from today on."""
    body = {"role": MANAGER.value, "region": "R01", "subject": "far", "first_day": TODAY} | changed
    return await client.post("/api/office/deputies", json=body, headers={"Idempotency-Key": key})


async def is_away(office: Office, subject: str, days: int = 3) -> None:
    """Away from an hour ago on."""
    await office.put(
        Absence,
        absence_id=f"A-{subject}",
        subject=subject,
        first_day=NOW - timedelta(hours=1),
        last_day=NOW + timedelta(days=days),
        recorded_by="boss",
        recorded_at=NOW - timedelta(hours=1),
    )


def boss(office: Office) -> httpx.AsyncClient:
    return office.client(MANAGER, subject="boss")


def far(office: Office) -> httpx.AsyncClient:
    """The advisor of R02, as the token says."""
    return office.client(AWS, regions=("R02",), subject="far")


@pytest.mark.req("AMB-X-2")
async def test_every_post_is_listed_those_without_a_deputy_on_top(office: Office) -> None:
    await staff(office)
    named = await name(boss(office), "key-dep-1")
    assert named.status_code == 201, named.text
    assert named.json()["deputy_name"] == "Far Example"
    items = (await office.client(Role.AUDITOR).get("/api/office/deputies")).json()["items"]
    assert items[-1]["id"] == f"{MANAGER.value}/R01"
    assert (items[-1]["holders"], items[-1]["stands_in_now"]) == (["Boss Example"], False)
    assert {one["deputy"] for one in items[:-1]} == {None}
    assert {(one["role"], one["region"]) for one in items} == {
        (role.value, region)
        for role in (AWS, AP, MANAGER, Role.COORDINATOR_PLACEMENT, Role.HOUSING_SUPPORT_MANAGER)
        for region in ("R01", "R02")
    }


@pytest.mark.req("AMB-X-2", "AMB-X-3")
async def test_a_deputy_is_replaced_by_whoever_saw_the_last_one(office: Office) -> None:
    await staff(office)
    client = boss(office)
    first = (await name(client, "key-dep-1")).json()
    assert (await name(client, "key-dep-1")).json() == first
    blind = await name(client, "key-dep-2", subject="ann")
    assert (blind.status_code, blind.json()["rule"]) == (409, "AMB-X-3")
    monday = {
        "subject": "ann",
        "first_day": "2026-11-30",
        "last_day": "2026-12-04",
        "replaces": first["last"],
    }
    later = (await name(client, "key-dep-3", **monday)).json()
    assert (later["deputy"], later["next_local"]) == ("far", "Ann Example from Monday 30 November 2026")
    office.now = NOW + timedelta(days=4)
    shown = (await client.get("/api/office/deputies")).json()["items"][-1]
    assert (shown["deputy"], shown["last_day"], shown["next_local"]) == ("ann", "2026-12-04", None)
    office.now = NOW + timedelta(days=14)
    shown = {one["id"]: one for one in (await client.get("/api/office/deputies")).json()["items"]}
    assert shown[f"{MANAGER.value}/R01"]["deputy"] is None
    assert await office.count(Deputy) == 2
    assert [event.actor for event in await office.audited("deputy recorded")] == ["boss", "boss"]


@pytest.mark.req("AMB-X-2", "PRV-19")
@pytest.mark.parametrize(
    ("changed", "status", "rule"),
    [
        pytest.param({"region": "R02"}, 403, "PRV-19", id="another region"),
        pytest.param({"subject": "boss"}, 409, "AMB-X-2", id="oneself"),
        pytest.param({"subject": "stranger"}, 409, "AMB-X-2", id="nobody we know"),
        pytest.param({"first_day": "2026-11-26"}, 409, "AMB-X-2", id="in the past"),
        pytest.param({"last_day": "2026-11-26"}, 409, "AMB-X-2", id="ends before it begins"),
    ],
)
async def test_who_cannot_be_named(office: Office, changed: dict[str, str], status: int, rule: str) -> None:
    await staff(office)
    answer = await name(boss(office), "key-dep-1", **changed)
    assert (answer.status_code, answer.json()["rule"]) == (status, rule)
    assert await office.count(Deputy) == 0


@pytest.mark.req("AMB-X-2", "PRV-19")
async def test_while_the_manager_is_away_the_deputy_has_queue_and_rights_of_that_region_only(
    office: Office,
) -> None:
    """An advisor of R02 stands in for the manager of R01; not before, not after, and not in R02."""
    await staff(office)
    await name(boss(office), "key-dep-1")
    for region in ("R01", "R02"):
        await office.case(f"C-{region}", "offer", region=region)
        await office.task(f"T-{region}", f"C-{region}", "corrections_unreachable", MANAGER, region=region)
        await office.case(f"I-{region}", region=region)
        await office.task(f"I-{region}-1", f"I-{region}", region=region)
    client = far(office)

    async def seen() -> tuple[set[str], int, int]:
        listed = {one["id"] for one in (await client.get("/api/tasks")).json()["items"]}
        case = (await client.get("/api/cases/C-R01")).status_code
        return listed, case, (await client.get("/api/cases/C-R02")).status_code

    assert await seen() == ({"I-R02-1"}, 404, 404)
    await is_away(office, "boss")
    assert await seen() == ({"T-R01", "I-R01-1", "I-R02-1"}, 200, 404)
    assert (await client.get("/api/tasks/I-R01-1")).status_code == 200
    reads = {event.actor_role for event in await office.audited("refused: read case")}
    assert f"{AWS.value}, standing in as {MANAGER.value} R01" in reads
    claimed = await client.post("/api/tasks/T-R01/claim", json={"seen_version": 1})
    assert claimed.status_code == 200, claimed.text
    (event,) = await office.audited("task claimed")
    assert (event.actor, event.actor_role) == ("far", MANAGER.value)
    to = {"subject": "ann", "reason": "she is there"}
    assert (await client.post("/api/tasks/I-R01-1/assign", json=to)).status_code == 200
    assert (await client.post("/api/tasks/I-R02-1/assign", json=to)).status_code == 403
    assert (await client.post("/api/tasks/T-R02/claim")).status_code == 404
    assert (await client.post("/api/contacts", json={})).status_code == 403
    assert (await client.post("/api/calendars/nz-national/days", json={})).status_code == 403
    away = {"first_day": TODAY, "last_day": TODAY}
    assert (await client.post("/api/absences/preview", json=away | {"subject": "ann"})).status_code == 200
    await office.put(
        StaffMember,
        subject="far-2",
        name="Two",
        role=AWS.value,
        region="R02",
        mail_address="x@y.test",
        active=True,
    )
    assert (await client.post("/api/absences/preview", json=away | {"subject": "far-2"})).status_code == 403
    assert (await name(client, "key-dep-9", role=AWS.value)).status_code == 201
    assert (await name(client, "key-dep-10", role=AWS.value, region="R02", subject="ann")).status_code == 403
    office.now = NOW + timedelta(days=4)
    assert await seen() == ({"I-R02-1"}, 404, 404)
    assert (await client.post("/api/tasks/T-R01/release")).status_code == 404


@pytest.mark.req("AMB-X-2", "PRV-19")
async def test_a_deputy_whose_task_was_handed_over_can_answer_it(office: Office) -> None:
    """Across regions: the case of R01 opens to the advisor of R02 who covers, and closes when the task is done."""
    await staff(office)
    await name(boss(office), "key-dep-1", role=AWS.value)
    await office.case("C1")
    await office.task("T-1", "C1", "why_pending", step="1.3", due_at=NOW + timedelta(hours=5), claimed_by="ann",
                      claimed_by_name="Ann Example", claimed_at=NOW - timedelta(days=1))  # fmt: skip
    await is_away(office, "ann")
    await hand_over_of_absent(office.databases.worker, NOW)
    client = far(office)
    held = (await client.get("/api/tasks?mine=true")).json()["items"]
    assert [(one["id"], one["may_answer"]) for one in held] == [("T-1", True)]
    sent = await client.post(
        "/api/tasks/T-1/answer",
        json={"reason": "waits for the call"},
        headers={"Idempotency-Key": "key-answer-1"},
    )
    assert sent.status_code == 202, "received; nobody works on this case here"
    async with office.databases.owner.transaction() as session:
        await session.execute(update(Task).values(state="done"))
    office.now = NOW + timedelta(days=4)
    assert (await client.get("/api/cases/C1")).status_code == 404


@pytest.mark.req("AMB-X-2")
async def test_what_nobody_started_is_shown_to_the_deputy_and_the_manager_and_late_work_to_the_manager(
    office: Office,
) -> None:
    """Nobody recorded an absence. The manager of another region and the advisor whose task it is are not told."""
    await staff(office)
    await name(boss(office), "key-dep-1", role=AWS.value)
    await office.case("C1")
    monday = NOW + timedelta(days=3)
    await office.task("T-1", "C1", due_at=monday, opened_at=NOW - timedelta(days=3))
    callers = {
        "boss": boss(office),
        "deputy": far(office),
        "ann": office.client(AWS, subject="ann"),
        "elsewhere": office.client(MANAGER, regions=("R02",), subject="other"),
    }

    async def told() -> dict[str, list[str]]:
        lists = {who: await client.get("/api/office/escalations") for who, client in callers.items()}
        return {who: [one["stage"] for one in answer.json()["items"]] for who, answer in lists.items()}

    nobody: dict[str, list[str]] = {who: [] for who in callers}
    assert await told() == nobody
    await escalate_waiting(office.databases.worker, NOW)
    assert await told() == nobody | {"boss": ["unstarted"], "deputy": ["unstarted"]}
    office.now = NOW + timedelta(minutes=5)
    assert (await callers["deputy"].post("/api/tasks/T-1/claim")).status_code == 200
    assert await told() == nobody, "somebody has taken it"
    await escalate_waiting(office.databases.worker, monday)
    assert await told() == nobody | {"boss": ["unanswered"]}
    async with office.databases.owner.transaction() as session:
        await session.execute(update(Task).values(state="done"))
    assert await told() == nobody


async def test_a_deputy_who_has_left_counts_as_none(office: Office) -> None:
    await staff(office)
    await name(boss(office), "key-dep-1")
    async with office.databases.owner.transaction() as session:
        await session.execute(update(StaffMember).where(StaffMember.subject == "far").values(active=False))
    items = {one["id"]: one for one in (await boss(office).get("/api/office/deputies")).json()["items"]}
    assert items[f"{MANAGER.value}/R01"]["deputy"] is None
    assert date.fromisoformat(TODAY) == NOW.date()
