"""Searching the register with evidence, and one person with everything the record holds."""

from datetime import date
from typing import Any

import pytest

from adapters.keys import KeyRing
from models.tables.assessment import Assessment, AssessmentVersion
from models.tables.mail import PersonFile, PersonFileName
from models.tables.register import RegisterDuplicate
from models.tables.report import SearchRecord
from tests.api.office import AWS, NOW, Office
from tests.workflows.people import LEE, TOM, import_people


@pytest.mark.req("P1.S2.1", "PRV-16")
async def test_1_2_a_search_for_an_entry_is_its_evidence(office: Office) -> None:
    """One record per field searched, with the term and what was found; the audit row holds no term."""
    await import_people(office.databases.loader)
    await office.case("C1", entry_id="E1")
    await office.entry("E1", "C1")
    wanted = {"name": "Sampl%", "date_of_birth": "1975-05-06", "entry": "E1"}
    found = (await office.client(AWS).post("/api/people/search", json=wanted)).json()["items"]
    best = found[0]
    assert best["id"] == LEE.ref
    assert set(best["found_by"]) == {"name", "date_of_birth"}
    assert best["reasons"]["date_of_birth"]
    async with office.databases.owner.transaction() as session:
        kept = {row.kind: row for row in (await session.execute(SearchRecord.__table__.select())).all()}
    assert set(kept) == {"name", "date_of_birth"}
    assert (kept["name"].term, kept["name"].by, kept["name"].case_id) == ("Sampl%", f"u-{AWS.value}", "C1")
    assert LEE.ref in [hit["person_ref"] for hit in kept["name"].hits]
    (event,) = await office.audited("searched the register")
    assert event.subject == "E1"
    assert "Sampl" not in str(event.detail)
    shown = (await office.client(AWS).get("/api/tasks")).json()
    assert shown["items"] == []


async def test_a_search_without_an_entry_leaves_an_audit_row_only(office: Office) -> None:
    """Also by address line, as other programs ask; without anything to search on it is 422."""
    await import_people(office.databases.loader)
    client = office.client(AWS)
    found = (await client.get("/api/people", params={"address": "1 Made Up Road"})).json()
    assert TOM.ref in [item["id"] for item in found["items"]]
    assert found["next"] is None
    assert await office.count(SearchRecord) == 0
    assert len(await office.audited("searched the register")) == 1
    assert (await client.get("/api/people")).status_code == 422
    assert (await client.get("/api/people", params={"date_of_birth": "31 June"})).status_code == 422
    assert (await client.get("/api/people", params={"name": "Tom", "entry": "ENONE"})).status_code == 404


async def _assessment(office: Office, number: str, **values: Any) -> None:
    held = {"version": 1, "opened_at": NOW, **values}
    await office.put(Assessment, number=number, **held)
    await office.put(
        AssessmentVersion,
        number=number,
        version=held["version"],
        code=held["code"],
        status=held["status"],
        rule="TR-1",
        step="1.3",
        case_id="C1",
        answers={"reported_status": "CSO"},
        comment="as reported",
        by="u-1",
        calculated_at=NOW,
    )


@pytest.mark.req("PRV-18", "P1.N4")
async def test_one_person_with_key_details_versions_duplicates_file_and_cases(
    office: Office, keys: KeyRing
) -> None:
    """Key Details as the assessment has it; the file's title is opened; both reads are audited."""
    await import_people(office.databases.loader)
    await office.case("C1", person_ref=LEE.ref)
    await office.case("C2", region="R02", person_ref=LEE.ref, closed_at=NOW)
    await _assessment(office, "A-1", person_ref=LEE.ref, code="D1P", status="PEN")
    title = office.resources.cipher.encrypt("SAMPLE – Lee", table="person_file", column="title", row_id="F-1")
    await office.put(
        PersonFile, file_id="F-1", title=title, characteristics={}, created_at=NOW, created_by="u-1"
    )
    await office.put(PersonFileName, person_ref=LEE.ref, file_id="F-1")
    await office.put(
        RegisterDuplicate,
        primary_person_ref=LEE.ref,
        duplicate_person_ref=TOM.ref,
        found_on=date(2026, 11, 27),
        found_by="u-1",
        reason="same person",
    )
    person = (await office.client(AWS).get(f"/api/people/{LEE.ref}")).json()
    assert person["key_details"] == "D1P"
    assert person["assessments"][0]["versions"][0]["answers"] == {"reported_status": "CSO"}
    assert person["duplicates"][0]["duplicate_person_ref"] == TOM.ref
    assert person["file"]["title"] == "SAMPLE – Lee"
    assert [case["id"] for case in person["cases"]] == ["C1"]
    assert person["person"]["occupancy"] == "tenant"
    assert [event.subject for event in await office.audited("read person")] == [LEE.ref]
    assert [event.subject for event in await office.audited("read person file")] == ["F-1"]
    assert (await office.client(AWS).get("/api/people/P-NONE")).status_code == 404


@pytest.mark.req("PRV-20")
async def test_the_cso_code_stands_alone(office: Office) -> None:
    """Nothing of a customer risk rating is shown with the person or in the description of the person."""
    await import_people(office.databases.loader)
    person = await office.client(AWS).get(f"/api/people/{TOM.ref}")
    assert person.json()["key_details"] == "no current CSO assessment"
    assert set(person.json()) == {
        "id",
        "person",
        "key_details",
        "assessments",
        "duplicates",
        "file",
        "cases",
    }
