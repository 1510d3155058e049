"""The Corrections directory: entered once, changed in versions, addresses of participating agencies only."""

from datetime import timedelta
from typing import Any

import httpx
import pytest

from models.tables.mail import CorrectionsContact
from procedures.terms import Role
from tests.api.office import AWS, MANAGER, NOW, Office

DETAILS: dict[str, Any] = {
    "office": "Lanternvale Community Corrections",
    "kind": "contact",
    "name": "Ngaire Tuhoro",
    "phone": "00 555 0111",
    "secure_address": "lanternvale@corrections.test",
    "regions": ["R01"],
    "valid_from": "2026-11-27",
    "verified_on": "2026-11-26",
}


async def enter(client: httpx.AsyncClient, key: str, **changed: Any) -> httpx.Response:
    """Enter a contact under this Idempotency-Key."""
    return await client.post("/api/contacts", json=DETAILS | changed, headers={"Idempotency-Key": key})


async def change(
    client: httpx.AsyncClient, contact_id: str, seen: int, key: str, **changed: Any
) -> httpx.Response:
    """Change a contact of which this version was seen."""
    headers = {"Idempotency-Key": key, "If-Match": str(seen)}
    return await client.put(f"/api/contacts/{contact_id}", json=DETAILS | changed, headers=headers)


async def test_a_contact_is_entered_once_however_often_it_is_sent(office: Office) -> None:
    client = office.client(MANAGER)
    first = await enter(client, "key-contact-1")
    assert first.status_code == 201, first.text
    again = await enter(client, "key-contact-1")
    assert (again.status_code, again.json()) == (200, first.json())
    assert (await enter(client, "key-contact-1", name="Somebody Else")).status_code == 422
    assert await office.count(CorrectionsContact) == 1
    entered = first.json()
    assert (entered["version"], entered["valid_today"], entered["verified_by"]) == (
        1,
        True,
        f"u-{MANAGER.value}",
    )


@pytest.mark.req("AMB-X-12")
async def test_a_change_is_a_new_version_and_the_old_one_can_be_read(office: Office) -> None:
    """Who did not see the newest version is refused; the same change again changes nothing."""
    client = office.client(Role.ADMINISTRATOR)
    contact_id = (await enter(client, "key-contact-2")).json()["id"]
    moved = {"secure_address": "front.desk@corrections.test", "valid_to": "2026-12-31"}
    first = await change(client, contact_id, 1, "key-change-1", **moved)
    assert (first.status_code, first.json()["version"]) == (200, 2)
    assert first.json()["earlier"][0]["details"]["secure_address"] == DETAILS["secure_address"]
    assert (await change(client, contact_id, 1, "key-change-1", **moved)).json() == first.json()
    stale = await change(client, contact_id, 1, "key-change-2", name="Somebody Else")
    assert (stale.status_code, stale.json()["rule"]) == (409, "AMB-X-3")
    assert (await change(client, "K-NONE", 1, "key-change-3")).status_code == 404
    office.now = NOW + timedelta(days=60)
    shown = (await office.client(AWS).get(f"/api/contacts/{contact_id}")).json()
    assert (shown["version"], shown["valid_today"]) == (2, False)
    changed = await office.audited("contact changed")
    assert [(event.subject, event.actor) for event in changed] == [(contact_id, "u-administrator")]


@pytest.mark.req("A-A1")
async def test_an_address_outside_participating_agencies_is_refused(office: Office) -> None:
    """Entering and changing; nothing is written."""
    client = office.client(MANAGER)
    outside = {"secure_address": "sam@elsewhere.example"}
    refused = await enter(client, "key-outside-1", **outside)
    assert (refused.status_code, refused.json()["rule"]) == (409, "PRV-5")
    assert await office.count(CorrectionsContact) == 0
    contact_id = (await enter(client, "key-inside-1")).json()["id"]
    refused = await change(client, contact_id, 1, "key-outside-2", **outside)
    assert (refused.status_code, refused.json()["rule"]) == (409, "PRV-5")
    assert (await client.get(f"/api/contacts/{contact_id}")).json()["version"] == 1
    assert (await enter(client, "key-nothing-1", secure_address="no address")).status_code == 422


async def test_the_directory_is_read_by_those_who_write_letters_and_changed_by_two_roles(
    office: Office,
) -> None:
    for role, wanted in ((AWS, 403), (Role.ADVISOR_PLACEMENT, 403), (Role.COORDINATOR_PLACEMENT, 403)):
        assert (await enter(office.client(role), "key-role-1")).status_code == wanted
    reads = {role: (await office.client(role).get("/api/contacts")).status_code for role in Role}
    assert {role for role, status in reads.items() if status == 200} == {
        AWS,
        MANAGER,
        Role.ADVISOR_PLACEMENT,
        Role.ADMINISTRATOR,
    }


async def test_the_list_has_filters_and_pages(office: Office) -> None:
    client = office.client(MANAGER)
    for number, office_name in enumerate(("Mistwater", "Lanternvale", "Lanternvale"), start=1):
        await enter(client, f"key-page-{number}", office=office_name, name=f"Contact {number}")
    await enter(client, "key-page-9", office="Ashport", valid_to="2026-11-27", kind="service_manager")
    seen: list[str] = []
    cursor: str | None = None
    while True:
        params: dict[str, str | int] = {
            "limit": 2,
            "valid_on": "2026-11-28",
            **({"cursor": cursor} if cursor else {}),
        }
        page = (await client.get("/api/contacts", params=params)).json()
        seen += [entry["office"] for entry in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert seen == ["Lanternvale", "Lanternvale", "Mistwater"]
    chiefs = (await client.get("/api/contacts", params={"kind": "service_manager", "region": "R01"})).json()
    assert [entry["office"] for entry in chiefs["items"]] == ["Ashport"]
    assert (await client.get("/api/contacts", params={"region": "R02"})).json()["items"] == []
