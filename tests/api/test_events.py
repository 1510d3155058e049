"""Events and notices: anybody who works here says what they saw; who must act is told inside the system."""

from typing import Any

import httpx
import pytest

from models.tables.assessment import Assessment
from models.tables.case import CaseRecord, Notice
from models.tables.duty import DutyEvent
from procedures.terms import Role
from tests.api.office import AP, AWS, MANAGER, NOW, Office
from tests.workflows.people import LEE, TOM, import_people

HSM = Role.HOUSING_SUPPORT_MANAGER


async def report(client: httpx.AsyncClient, key: str, person_ref: str, **changed: Any) -> httpx.Response:
    """Report a change in a household."""
    body = {
        "kind": "household_change",
        "person_ref": person_ref,
        "facts": "A second adult has moved in.",
        "aware_on": "2026-11-27",
    } | changed
    return await client.post("/api/events", json=body, headers={"Idempotency-Key": key})


@pytest.mark.req("AMB-P2-19")
async def test_anybody_reports_an_event_and_learns_no_code(office: Office) -> None:
    """The answer is the same about a person under an order and about anybody else; only the first opens a case."""
    await import_people(office.databases.loader)
    await office.put(
        Assessment, number="A-1", person_ref=LEE.ref, code="D1", status="CUR", version=1, opened_at=NOW
    )
    client = office.client(HSM)
    about_lee = await report(client, "key-event-1", LEE.ref)
    about_tom = await report(client, "key-event-2", TOM.ref)
    assert (about_lee.status_code, about_tom.status_code) == (201, 201)
    assert about_lee.json()["message"] == about_tom.json()["message"]
    assert about_lee.json().keys() == about_tom.json().keys()
    assert await office.count(CaseRecord) == 1
    again = await report(client, "key-event-1", LEE.ref)
    assert (again.status_code, again.json()) == (200, about_lee.json())
    assert (await office.count(DutyEvent), await office.count(CaseRecord)) == (2, 1)
    assert (await report(client, "key-event-1", LEE.ref, facts="Something else.")).status_code == 422


@pytest.mark.req("P2.X3")
async def test_the_community_is_never_told_and_the_attempt_is_on_record(office: Office) -> None:
    await import_people(office.databases.loader)
    refused = await report(office.client(AWS), "key-event-3", LEE.ref, tell="the neighbours")
    assert (refused.status_code, refused.json()["rule"]) == (409, "P2.X3")
    assert await office.count(DutyEvent) == 0
    (kept,) = await office.audited("tell somebody other than Corrections")
    assert (kept.refused, kept.rule) == (True, "P2.X3")


async def test_every_role_but_the_machine_reports(office: Office) -> None:
    await import_people(office.databases.loader)
    for number, role in enumerate(Role):
        answer = await report(office.client(role), f"key-every-{number}", TOM.ref)
        assert answer.status_code == (403 if role is Role.MACHINE else 201), role


async def _notice(office: Office, notice_id: str, role: Role, region: str = "R01") -> None:
    await office.put(
        Notice,
        notice_id=notice_id,
        case_id="C1",
        role=role.value,
        region=region,
        kind="lives_in_a_home",
        step="1.7",
        at=NOW,
    )


@pytest.mark.req("AMB-A-5")
async def test_a_notice_is_for_its_role_and_region_and_keeps_its_first_reader(office: Office) -> None:
    """It names a case and a kind, never a person; somebody else's is unknown."""
    await office.case("C1", person_ref="P-1")
    await _notice(office, "N-1", MANAGER)
    await _notice(office, "N-2", AP)
    await _notice(office, "N-3", MANAGER, "R02")
    client = office.client(MANAGER)
    (listed,) = (await client.get("/api/notices", params={"unread": "true"})).json()["items"]
    assert (listed["id"], listed["title"], listed["case_id"]) == ("N-1", "Lives in a home", "C1")
    assert "P-1" not in str(listed)
    headers = {"Idempotency-Key": "key-notice-1"}
    read = (await client.post("/api/notices/N-1/read", headers=headers)).json()
    assert read["read_by"] == f"u-{MANAGER.value}"
    second = office.client(MANAGER, subject="u-2")
    assert (await second.post("/api/notices/N-1/read", headers=headers)).json() == read
    assert (await client.get("/api/notices", params={"unread": "true"})).json()["items"] == []
    assert len((await client.get("/api/notices")).json()["items"]) == 1
    for hidden in ("N-2", "N-3", "N-NONE"):
        assert (await client.post(f"/api/notices/{hidden}/read", headers=headers)).status_code == 404
    assert [event.subject for event in await office.audited("notice read")] == ["N-1"]
    assert (await office.client(Role.ADMINISTRATOR).get("/api/notices")).status_code == 403
