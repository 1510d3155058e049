"""The task list, one task with what is known, and claiming."""

from datetime import timedelta

import pytest

from models.tables.case import StaffMember
from procedures.terms import Role
from tests.api.office import AP, AWS, MANAGER, NOW, Office


async def test_the_list_is_by_due_instant_page_by_page(office: Office) -> None:
    """No task is skipped or shown twice, tasks without a due instant come last."""
    await office.case("C1")
    for number in range(7):
        due = NOW + timedelta(hours=(number * 3) % 5) if number < 5 else None
        await office.task(f"C1-{number}", "C1", due_at=due)
    client, seen, cursor = office.client(AWS), [], None
    while True:
        answer = (
            await client.get("/api/tasks", params={"limit": 2, **({"cursor": cursor} if cursor else {})})
        ).json()
        seen += [(item["due_at"] or "~", item["id"]) for item in answer["items"]]
        cursor = answer["next"]
        if cursor is None:
            break
    assert seen == sorted(seen)
    assert len(seen) == 7


async def test_filters_are_all_of_them_together(office: Office) -> None:
    """Mine, role, region, due day, overdue, kind, case and state."""
    await office.case("C1")
    await office.case("C2", region="national")
    await office.task("C1-1", "C1", due_at=NOW - timedelta(hours=1), claimed_by=f"u-{AWS.value}")
    await office.task("C1-2", "C1", kind="phone_corrections", due_at=NOW + timedelta(days=3))
    await office.task("C2-1", "C2", role=MANAGER, kind="corrections_unreachable", region="national")
    await office.task("C2-2", "C2", state="done", region="national", done_at=NOW, done_by="u-1")
    client = office.client(AWS)

    async def ids(**params: str) -> set[str]:
        answer = await client.get("/api/tasks", params=params)
        assert answer.status_code == 200, answer.text
        return {item["id"] for item in answer.json()["items"]}

    assert await ids() == {"C1-1", "C1-2", "C2-1"}
    assert await ids(mine="true") == {"C1-1"}
    assert await ids(role=MANAGER.value) == {"C2-1"}
    assert await ids(region="national") == {"C2-1"}
    assert await ids(overdue="true") == {"C1-1"}
    assert await ids(due="2026-11-27") == {"C1-1"}
    assert await ids(due="2026-11-30") == {"C1-1", "C1-2"}
    assert await ids(kind="phone_corrections", case="C1") == {"C1-2"}
    assert await ids(state="done") == {"C2-2"}
    assert await ids(state="any", case="C2") == {"C2-1", "C2-2"}


async def test_nonsense_is_answered_as_problem_details(office: Office) -> None:
    """A bad cursor, an unknown filter, a bad limit: 422 with what to do, never with what was sent."""
    client = office.client(AWS)
    for params in ({"cursor": "Zm9v"}, {"surname": "Tester"}, {"limit": "501"}, {"cursor": "WyJ4IiwieSJd"}):
        answer = await client.get("/api/tasks", params=params)
        assert answer.status_code == 422, params
        assert answer.headers["content-type"] == "application/problem+json"
        assert "Tester" not in answer.text
    assert (await office.client().get("/api/tasks")).status_code == 401
    late = await office.client(AWS, expires=-600).get("/api/tasks")
    assert late.status_code == 401
    assert late.headers["www-authenticate"] == "Bearer"
    assert (await client.get("/api/nothing")).headers["content-type"] == "application/problem+json"
    assert (await client.delete("/api/tasks")).status_code == 405


@pytest.mark.req("PRV-18", "PRV-16")
async def test_1_2_one_task_shows_the_row_as_given_and_the_read_is_audited(office: Office) -> None:
    """Row, searches and question; the audit names the entry, the person who read, and no name."""
    await office.case("C1", entry_id="E1")
    await office.entry("E1", "C1")
    await office.task("C1-1", "C1")
    answer = (await office.client(AWS).get("/api/tasks/C1-1")).json()
    assert answer["known"]["entry"]["surname"] == "Tester"
    assert answer["known"]["searches"] == []
    assert answer["answer_schema"]["properties"]["outcome"]["enum"] == [
        "potential_match",
        "no_match",
        "address_only",
    ]
    assert answer["guidance"]
    (read,) = await office.audited("read report entry")
    assert (read.subject, read.actor, read.at, read.case_id) == ("E1", f"u-{AWS.value}", NOW, "C1")
    assert "Tester" not in str(read.detail)
    listed = await office.client(AWS).get("/api/tasks")
    assert "Tester" not in listed.text


async def test_1_3_the_questions_of_the_set_stand_in_the_schema(office: Office) -> None:
    """The answer's schema holds the versioned question set in the place of `answers`."""
    await office.case("C1")
    await office.task("C1-1", "C1", kind="first_question", step="1.3")
    schema = (await office.client(AWS).get("/api/tasks/C1-1")).json()["answer_schema"]
    assert schema["properties"]["answers"]["properties"]["reported_status"]["enum"] == ["CSO", "NSO"]
    assert schema["properties"]["answers"]["title"] == "identification/1"


async def test_the_first_claim_wins_and_the_loser_is_told_who_and_when(office: Office) -> None:
    """409 with who and when; a release gives it back; the audit has each move once."""
    await office.case("C1")
    await office.task("C1-1", "C1")
    first, second = office.client(AWS, subject="u-1"), office.client(AWS, subject="u-2")
    taken = await first.post("/api/tasks/C1-1/claim", json={"seen_version": 1})
    assert taken.json()["claimed_by"] == "u-1"
    assert taken.json()["version"] == 2
    lost = await second.post("/api/tasks/C1-1/claim")
    assert lost.status_code == 409
    assert (lost.json()["by"], lost.json()["rule"]) == ("U-1 Example", "AMB-X-3")
    assert lost.json()["at"].startswith("2026-11-27T01:00:00")
    assert (await second.post("/api/tasks/C1-1/release")).status_code == 409
    assert (await first.post("/api/tasks/C1-1/release")).json()["claimed_by"] is None
    stale = await second.post("/api/tasks/C1-1/claim", json={"seen_version": 1})
    assert stale.status_code == 409
    assert len(await office.audited("task claimed")) == 1
    assert len(await office.audited("task released")) == 1


@pytest.mark.req("AMB-X-2")
async def test_a_manager_assigns_over_a_claim_and_says_why(office: Office) -> None:
    """Only a manager reassigns; the reason is kept; a person's absence leaves the task in reach."""
    await office.case("C1")
    await office.task("C1-1", "C1", claimed_by="u-1", claimed_by_name="U-1 Example", claimed_at=NOW)
    await office.put(
        StaffMember,
        subject="u-2",
        name="Tamsin Example",
        role=AWS.value,
        region="R01",
        mail_address="x@y.test",
    )
    to = {"subject": "u-2", "reason": "on leave"}
    stranger = await office.client(MANAGER).post("/api/tasks/C1-1/assign", json=to | {"subject": "u-99"})
    assert (stranger.status_code, stranger.json()["detail"]) == (
        422,
        "Choose a colleague who may answer this task.",
    )
    assert (await office.client(AWS).post("/api/tasks/C1-1/assign", json=to)).status_code == 403
    moved = await office.client(MANAGER).post("/api/tasks/C1-1/assign", json=to)
    assert (moved.json()["claimed_by"], moved.json()["claimed_by_name"]) == ("u-2", "Tamsin Example")
    (event,) = await office.audited("task assigned")
    assert event.detail == {"holder": "u-2", "reason": "on leave"}


async def test_only_an_entitled_role_claims(office: Office) -> None:
    """An advisor sees the manager's task of the same case, and may not take it."""
    await office.case("C1")
    await office.task("C1-1", "C1", kind="corrections_unreachable", role=MANAGER)
    client = office.client(AWS)
    assert (await client.get("/api/tasks/C1-1")).json()["may_answer"] is False
    refused = await client.post("/api/tasks/C1-1/claim")
    assert (refused.status_code, refused.json()["rule"]) == (403, "PRV-19")
    assert (await office.client(AP).get("/api/tasks/C1-1")).status_code == 404


async def test_a_coordinator_sees_the_task_and_nothing_behind_it(office: Office) -> None:
    """Own tasks only: no row, no person, no case, no other task."""
    await office.case("C9", "match_void", entry_id="E1", person_ref="P-1")
    await office.entry("E1", "C9")
    await office.task("C9-1", "C9", role=Role.COORDINATOR_PLACEMENT, step="3.7")
    await office.task("C9-2", "C9", role=AP, step="3.3")
    client = office.client(Role.COORDINATOR_PLACEMENT)
    assert [item["id"] for item in (await client.get("/api/tasks")).json()["items"]] == ["C9-1"]
    shown = await client.get("/api/tasks/C9-1")
    assert shown.json()["known"] is None
    assert "Tester" not in shown.text
    assert "P-1" not in shown.text
    assert (await client.get("/api/tasks/C9-2")).status_code == 404
    assert (await client.get("/api/cases/C9")).status_code == 403
    assert (await client.get("/api/people/P-1")).status_code == 403
