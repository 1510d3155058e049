"""An answer on its way: recorded once, refused with the rule, decided by somebody else, late, or still on its way."""

import asyncio
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import httpx
import pytest
from temporalio.testing import WorkflowEnvironment

from activities.running_cases import RunningCases
from adapters.keys import KeyRing
from models.tables.case import CaseNote, Command, Task, TurnRecord
from procedures.terms import Role
from tests.api.office import AWS, MANAGER, Office, office_of
from tests.conftest import Databases
from tests.workflows.people import LEE, TOM, import_people
from tests.workflows.running import HEADINGS, House, eventually, running

NO_MATCH = {"outcome": "no_match", "note": "Nobody of this name and birth date."}
STRANGER = "New CSO,Nobody,Nemo,1961-02-03,M,77 Nowhere Row,,Otherwick,0009,current,CR9,Harbourview"


async def post(office: Office, friday: date, *rows: str) -> dict[str, Any]:
    """Deliver a report of these rows as a machine does."""
    content = "\n".join((HEADINGS, *rows)).encode()
    answer = await office.client(Role.MACHINE, regions=()).post(
        "/api/reports",
        files={"file": ("report.csv", content, "text/csv")},
        data={"friday": friday.isoformat()},
    )
    assert answer.status_code == 201, answer.text
    posted: dict[str, Any] = answer.json()
    return posted


async def task_of(client: httpx.AsyncClient, kind: str, case_id: str | None = None) -> dict[str, Any]:
    """The first open task of this kind, once it is there."""

    async def look() -> dict[str, Any] | None:
        params = {"kind": kind, **({"case": case_id} if case_id else {})}
        items = (await client.get("/api/tasks", params=params)).json()["items"]
        return items[0] if items else None

    found: dict[str, Any] = await eventually(look, f"no task {kind}")
    return found


async def answer(
    client: httpx.AsyncClient, task: dict[str, Any], body: dict[str, Any], key: str, **headers: str
) -> httpx.Response:
    """One answer under this Idempotency-Key."""
    return await client.post(
        f"/api/tasks/{task['id']}/answer", json=body, headers={"Idempotency-Key": key, **headers}
    )


async def test_1_2_an_answer_is_recorded_once_however_often_it_is_sent(
    office: Office, house: House, friday: date
) -> None:
    """200 with the new state; the same key and body again changes nothing; with another body it is 422."""
    await import_people(house.loader)
    await post(office, friday, LEE.row())
    client = office.client(AWS, regions=("*",))
    task = await task_of(client, "match_entry")
    body = {
        "outcome": "potential_match",
        "person_ref": LEE.ref,
        "note": "Name, birth date and address agree.",
    }
    first = await answer(client, task, body, "key-match-1")
    assert first.status_code == 200, first.text
    assert first.json()["open_tasks"][0]["kind"] == "first_question"
    turns = await office.count(TurnRecord)
    again = await answer(client, task, body, "key-match-1")
    assert again.status_code == 200
    assert again.json() == first.json()
    other = await answer(client, task, {**body, "note": "something else"}, "key-match-1")
    assert other.status_code == 422
    theirs = await answer(office.client(AWS, regions=("*",), subject="u-2"), task, body, "key-match-1")
    assert theirs.status_code == 422
    assert await office.count(TurnRecord) == turns
    command = (await client.get("/api/commands/key-match-1")).json()
    assert (command["state"], command["case"]["case_id"]) == ("recorded", task["case_id"])
    person = (await client.get(f"/api/people/{LEE.ref}")).json()
    assert [case["id"] for case in person["cases"]] == [task["case_id"]]
    assert person["file"]["title"].startswith("SAMPLE – Lee – 1975MAY06 – P-LIVE")


@pytest.mark.req("P1.S2.2")
async def test_1_2_a_refused_answer_changes_nothing_and_is_not_forgotten(
    office: Office, house: House, friday: date
) -> None:
    """An unknown reference, an address of ours closed as no match: 409 with the rule, command and audit row."""
    await import_people(house.loader)
    await post(office, friday, LEE.row())
    client = office.client(AWS, regions=("*",))
    task = await task_of(client, "match_entry")
    wrong = {"outcome": "potential_match", "person_ref": "P-NOBODY", "note": "?"}
    refused = await answer(client, task, wrong, "key-refused-1")
    assert (refused.status_code, refused.json()["rule"]) == (409, "P1.S2.1")
    ours = await answer(client, task, NO_MATCH, "key-refused-2")
    assert (ours.status_code, ours.json()["rule"]) == (409, "AMB-P1-17")
    assert (await answer(client, task, NO_MATCH, "key-refused-2")).json()["rule"] == "AMB-P1-17"
    command = (await client.get("/api/commands/key-refused-2")).json()
    assert (command["state"], command["rule"], command["case"]) == ("refused", "AMB-P1-17", None)
    events = await office.audited("refused answer")
    assert [(event.rule, event.refused, event.subject) for event in events] == [
        ("P1.S2.1", True, task["id"]),
        ("AMB-P1-17", True, task["id"]),
    ]
    malformed = await answer(client, task, {"outcome": "potential_match", "note": "x"}, "key-refused-3")
    assert malformed.status_code == 422
    assert "person_ref" in malformed.text
    assert (await task_of(client, "match_entry"))["id"] == task["id"]


@pytest.mark.req("AMB-P1-17")
async def test_1_2_no_match_needs_a_register_of_yesterday(office: Office, house: House, friday: date) -> None:
    """Register as of Thursday: Friday may close an entry as no match, Monday may not any more."""
    await import_people(house.loader)
    await post(office, friday, STRANGER)
    client = office.client(AWS, regions=("*",))
    task = await task_of(client, "match_entry")
    office.now = datetime(2026, 11, 30, 1, tzinfo=UTC)
    token_of_monday = office.client(AWS, regions=("*",), expires=4 * 86400)
    stale = await answer(token_of_monday, task, NO_MATCH, "key-stale-1")
    assert (stale.status_code, stale.json()["rule"]) == (409, "AMB-P1-17")
    office.now = datetime(2026, 11, 27, 4, tzinfo=UTC)
    good = await answer(client, task, NO_MATCH, "key-stale-2")
    assert good.status_code == 200, good.text
    assert good.json()["outcome"] == "no match"


@pytest.mark.req("AMB-X-3")
async def test_two_advisors_at_once_one_decides_and_the_other_is_told(
    office: Office, house: House, friday: date
) -> None:
    """First commit wins, also when it ends the case; the other gets who, when and what; nothing of it is applied."""
    await import_people(house.loader)
    await post(
        office,
        friday,
        *(STRANGER.replace("Nobody", f"Nobody{n}").replace("CR9", f"CR9{n}") for n in range(4)),
    )
    one = office.client(AWS, regions=("*",), subject="u-1")
    two = office.client(AWS, regions=("*",), subject="u-2")

    async def four() -> list[dict[str, Any]] | None:
        items: list[dict[str, Any]] = (await one.get("/api/tasks", params={"kind": "match_entry"})).json()[
            "items"
        ]
        return items if len(items) == 4 else None

    for task in await eventually(four, "not four tasks"):
        mine = {**NO_MATCH, "note": "from u-1"}
        theirs = {**NO_MATCH, "note": "from u-2"}
        answers = await asyncio.gather(
            answer(one, task, mine, f"one-{task['id']}"), answer(two, task, theirs, f"two-{task['id']}")
        )
        won, lost = sorted(answers, key=lambda given: given.status_code)
        assert (won.status_code, lost.status_code) == (200, 409), [given.text for given in answers]
        winner = "U-1 Example" if won is answers[0] else "U-2 Example"
        problem = lost.json()
        assert (problem["rule"], problem["by"]) == ("AMB-X-3", winner)
        assert problem["decision"] == {"outcome": "no_match"}
        assert problem["at"]
        later = await answer(two, task, theirs, f"late-{task['id']}")
        assert (later.status_code, later.json()["by"]) == (409, winner)
    assert await office.count(CaseNote) == 4


@pytest.mark.req("NFR-5")
async def test_an_answer_to_a_case_that_has_ended_is_kept(office: Office, house: House, friday: date) -> None:
    """Withdrawn meanwhile: the answer is recorded as late, not applied, and says so."""
    await import_people(house.loader)
    await post(office, friday, LEE.row())
    client = office.client(AWS, regions=("*",))
    manager = office.client(MANAGER, regions=("*",))
    task = await task_of(client, "match_entry")
    path = f"/api/cases/{task['case_id']}/changes/withdraw"
    change = {"reason": "entered twice"}
    assert (
        await client.post(path, json=change, headers={"Idempotency-Key": "key-withdraw-0"})
    ).status_code == 403
    ended = await manager.post(path, json=change, headers={"Idempotency-Key": "key-withdraw-1"})
    assert (ended.status_code, ended.json()["outcome"]) == (200, "withdrawn")
    await house.client.get_workflow_handle(task["case_id"]).result()
    late = await answer(client, task, NO_MATCH, "key-late-1")
    assert late.status_code == 409
    assert late.json()["type"].endswith(":late")
    again = await manager.post(path, json=change, headers={"Idempotency-Key": "key-withdraw-2"})
    assert (again.status_code, again.json()["type"].rpartition(":")[2]) == (409, "late")
    async with office.databases.owner.transaction() as session:
        kept = await session.get_one(Command, "key-late-1")
        assert (kept.state, kept.body["asked"]["outcome"]) == ("late", "no_match")
        assert (await session.get_one(Task, task["id"])).state == "cancelled"
    assert (await client.get("/api/commands/key-late-1")).json()["state"] == "late"


async def test_the_version_seen_is_compared(office: Office) -> None:
    """If-Match of before a claim: 409 with who has the task, and nothing was sent to the case."""
    await office.case("C1")
    await office.task(
        "C1-1", "C1", kind="why_pending", version=3, claimed_by="u-7", claimed_by_name="U-7 Example"
    )
    changed = await answer(
        office.client(AWS), {"id": "C1-1"}, {"reason": "waiting"}, "key-seen-1", **{"If-Match": '"2"'}
    )
    assert (changed.status_code, changed.json()["rule"], changed.json()["by"]) == (
        409,
        "AMB-X-3",
        "U-7 Example",
    )
    odd = await answer(
        office.client(AWS), {"id": "C1-1"}, {"reason": "waiting"}, "key-seen-2", **{"If-Match": "two"}
    )
    assert odd.status_code == 422
    without = await office.client(AWS).post("/api/tasks/C1-1/answer", json={"reason": "waiting"})
    assert without.status_code == 422


@pytest.mark.req("NFR-1")
async def test_an_answer_that_cannot_be_saved_yet_is_kept_and_saved_later(
    databases: Databases, server: WorkflowEnvironment, keys: KeyRing
) -> None:
    """No worker: 202 with the command id after the caller's patience; once there is one it is recorded, once."""
    async with office_of(databases, server.client, keys) as office:
        task = await left_alone(office, server, keys, "CWAITS")
        await RunningCases(server.client).start("identify", "CWAITS", again=True)
        patient = office.client(AWS)
        office.resources = replace(office.resources, patience=0.3)
        waiting = await answer(office.client(AWS), task, NO_MATCH, "key-wait-1")
        assert waiting.status_code == 202, waiting.text
        assert waiting.json() == {"command_id": "key-wait-1", "state": "received"}
        assert waiting.headers["location"] == "/api/commands/key-wait-1"
        shown = (await patient.get("/api/commands/key-wait-1")).json()
        assert (shown["state"], shown["case"]) == ("received", None)
        async with running(databases, server, keys):
            held = await recorded(patient, "key-wait-1")
            assert held["case"]["outcome"] == "no match"
            assert (await answer(patient, task, NO_MATCH, "key-wait-1")).status_code == 200
        assert await office.count(CaseNote) == 1


async def left_alone(
    office: Office, server: WorkflowEnvironment, keys: KeyRing, case_id: str
) -> dict[str, Any]:
    """The open task of a case about nobody we know; its worker has gone and its run is lost."""
    await import_people(office.databases.loader)
    await office.searched_entry(case_id, surname="Nobody", address="77 Nowhere Row")
    async with running(office.databases, server, keys):
        await RunningCases(server.client).start("identify", case_id)
        return await task_of(office.client(AWS), "match_entry", case_id)


async def recorded(client: httpx.AsyncClient, command_id: str) -> dict[str, Any]:
    """The command, once it is recorded."""

    async def look() -> dict[str, Any] | None:
        held: dict[str, Any] = (await client.get(f"/api/commands/{command_id}")).json()
        return held if held["state"] == "recorded" else None

    found: dict[str, Any] = await eventually(look, "the command was not recorded")
    return found


async def test_a_run_that_was_lost_is_not_the_end_of_an_answer(
    office: Office, server: WorkflowEnvironment, databases: Databases, keys: KeyRing
) -> None:
    """Temporal forgot the run: the answer waits, and is recorded when the case runs again from the record."""
    task = await left_alone(office, server, keys, "CLOST")
    client = office.client(AWS)
    assert (await answer(client, task, NO_MATCH, "key-again-1")).status_code == 202
    async with running(databases, server, keys):
        await RunningCases(server.client).start("identify", "CLOST", again=True)
        assert (await recorded(client, "key-again-1"))["case"]["outcome"] == "no match"


async def test_a_case_whose_run_was_lost_keeps_the_answer_waiting(office: Office) -> None:
    """Open in the record, unknown to Temporal: the reconciler starts it again, so the answer is not late."""
    await office.case("C1")
    await office.task("C1-1", "C1", kind="why_pending")
    waiting = await answer(office.client(AWS), {"id": "C1-1"}, {"reason": "waiting"}, "key-lost-1")
    assert waiting.status_code == 202
    assert (await office.client(AWS).get("/api/commands/key-lost-1")).json()["state"] == "received"
    stranger = await office.client(AWS, regions=("R02",), subject="u-9").get("/api/commands/key-lost-1")
    assert stranger.status_code == 404


async def test_1_1_a_run_with_an_unresolved_row_does_not_close(
    office: Office, house: House, friday: date
) -> None:
    """close_run is judged by the counts of the record (AMB-P1-30)."""
    await import_people(house.loader)
    posted = await post(office, friday, TOM.row(), STRANGER)
    assert (posted["read"], posted["accepted"]) == (2, 2)
    client = office.client(AWS, regions=("*",))
    task = await task_of(client, "close_run")
    refused = await answer(client, task, {}, "key-close-1")
    assert (refused.status_code, refused.json()["rule"]) == (409, "AMB-P1-30")
