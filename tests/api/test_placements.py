"""Void properties and matches: the Coordinator Placement enters them, and sees neither case nor code."""

from typing import Any

import httpx
import pytest

from models.tables.assessment import Assessment
from models.tables.placement import VoidMatch, VoidProperty
from procedures.terms import Role
from tests.api.office import AP, AWS, MANAGER, NOW, Office
from tests.workflows.people import KIM, TOM, import_people

CP = Role.COORDINATOR_PLACEMENT


async def furnish(office: Office) -> None:
    """An applicant under an order, somebody else, and three properties."""
    await import_people(office.databases.loader)
    await office.put(
        Assessment, number="A-1", person_ref=KIM.ref, code="D1", status="CUR", version=1, opened_at=NOW
    )
    for ref, region, state in (("PR-1", "R01", "void"), ("PR-2", "R01", "let"), ("PR-3", "R02", "void")):
        await office.put(
            VoidProperty,
            property_ref=ref,
            address="4 Vacant Row, Faketown",
            area_office="Harbourview",
            region=region,
            state=state,
            notes="",
            as_of=NOW,
        )


async def enter(client: httpx.AsyncClient, key: str, **changed: Any) -> httpx.Response:
    """Enter a match."""
    body = {
        "person_ref": KIM.ref,
        "property_ref": "PR-1",
        "match_date": "2026-11-27",
        "t365_reference": "T365-2026-1187",
        "t365_details": "Household of one.",
    } | changed
    return await client.post("/api/void-matches", json=body, headers={"Idempotency-Key": key})


@pytest.mark.req("PRV-9")
async def test_3_1_a_match_is_entered_without_learning_who_is_under_an_order(office: Office) -> None:
    """The same words about a person under an order and anybody else, the first time and again; one case."""
    await furnish(office)
    client = office.client(CP)
    said = [
        await enter(client, "key-match-11"),
        await enter(client, "key-match-11"),
        await enter(client, "key-match-12", person_ref=TOM.ref),
        await enter(client, "key-match-12", person_ref=TOM.ref),
    ]
    assert [answer.status_code for answer in said] == [201] * 4
    assert len({answer.json()["message"] for answer in said}) == 1
    assert {*said[0].json()} == {*said[2].json()}
    assert await office.count(VoidMatch) == 1
    placement = office.client(AP, regions=("*",))
    cases = (await placement.get("/api/cases", params={"procedure": "match_void"})).json()["items"]
    assert [case["person_ref"] for case in cases] == [KIM.ref]
    assert (await client.get(f"/api/cases/{cases[0]['id']}")).status_code == 403


async def test_3_1_unknown_people_and_properties_that_are_not_void_are_refused(office: Office) -> None:
    await furnish(office)
    client = office.client(CP)
    rules = [
        (await enter(client, "key-match-13", property_ref="PR-2")).json()["rule"],
        (await enter(client, "key-match-14", person_ref="P-NOBODY")).json()["rule"],
    ]
    assert rules == ["P3.S1.1", "P3.W1"]
    for role in (AWS, AP, MANAGER):
        assert (await enter(office.client(role), "key-match-15")).status_code == 403


async def test_void_properties_of_your_regions(office: Office) -> None:
    await furnish(office)
    listed = {
        regions: [
            home["id"]
            for home in (
                await office.client(CP, regions=regions).get("/api/void-properties", params={"limit": 1})
            ).json()["items"]
        ]
        for regions in (("R01",), ("R02",), ("R09",))
    }
    assert listed == {("R01",): ["PR-1"], ("R02",): ["PR-3"], ("R09",): []}
    first = (await office.client(CP, regions=("*",)).get("/api/void-properties?state=any&limit=2")).json()
    rest = (
        await office.client(CP, regions=("*",)).get(
            "/api/void-properties", params={"state": "any", "cursor": first["next"]}
        )
    ).json()
    assert [home["id"] for home in first["items"] + rest["items"]] == ["PR-1", "PR-2", "PR-3"]
    assert (await office.client(AWS).get("/api/void-properties")).status_code == 403
