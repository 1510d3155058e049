"""Tasks of procedures 3 and 4: the match with its conflicts, the paper filed from its task, the coordinator's part."""

from datetime import timedelta
from typing import Any

import pytest
from playwright.async_api import expect
from sqlalchemy import select

from models.tables.mail import Document
from models.tables.placement import PropertyHold, Viewing, VoidMatch, VoidProperty
from procedures.terms import Role
from tests.api.office import AP, AWS, NOW, Office
from tests.api.test_documents import person_file
from tests.api.test_mail import contact
from tests.pages.browser import browsing, violations
from tests.pages.desk import Desk, desk, words
from tests.workflows.people import LEE, SON, import_people
from workers.rehearsal.returning import scanned_paper

CP = Role.COORDINATOR_PLACEMENT


async def matched(office: Office, case_id: str = "M1", **changed: Any) -> None:
    """A match of the son to a void home; Lee, who is the applicant, still lives in it by the register."""
    await import_people(office.databases.loader)
    await office.case(case_id, "match_void", person_ref=SON.ref, step="3.1", state={"case_id": case_id})
    await office.put(
        VoidProperty, property_ref=LEE.home, address="2 Made Up Road, Faketown", area_office="Harbourview",
        region="R01", state="void", notes="A playground next door.", as_of=NOW,
    )  # fmt: skip
    await _match(office, case_id, **changed)


async def _match(office: Office, case_id: str, **changed: Any) -> None:
    values: dict[str, Any] = {
        "match_id": f"{case_id}-M",
        "case_id": case_id,
        "person_ref": SON.ref,
        "applicant_ref": LEE.ref,
        "property_ref": LEE.home,
        "match_date": NOW.date(),
        "t365": {"reference": "T365-77", "details": "Household of two.", "document_id": None},
        "entered_by": "u-3",
        "entered_at": NOW,
        "outcome": "open",
    }
    await office.put(VoidMatch, **{**values, **changed})


@pytest.mark.req("P3.S1.2", "AMB-P3-12")
async def test_3_1_the_match_stands_with_its_t365_property_occupants_and_conflicts(office: Office) -> None:
    """Everything the advisor considers is on the task; the looks at the household are on record."""
    await matched(office)
    await office.case("M2", "match_void", person_ref="P-2", step="3.3")
    await _match(office, "M2", person_ref="P-2")
    await office.put(PropertyHold, hold_id="H1", property_ref=LEE.home, case_id="M2", held_at=NOW)
    await office.task("M1-1", "M1", "consider_match", AP, step="3.1")
    said = words(await (await desk(office, AP)).get("/tasks/M1-1"))
    assert "2 Made Up Road, Faketown" in said
    assert "A playground next door." in said
    assert "T365-77, matched 27 November 2026" in said
    assert "Household of two." in said
    assert "The register still shows 2 people in this property" in said
    assert "1 other open match : M2" in said
    assert "case M2 : this match waits for its turn" in said
    assert f"Somebody else in the household, record {LEE.ref}" in said
    (looked,) = await office.audited("read household of the property")
    assert (looked.subject, looked.case_id) == (LEE.home, "M1")


@pytest.mark.req("P3.S4.a3")
async def test_3_3_before_the_call_the_page_says_until_when_a_viewing_must_start(office: Office) -> None:
    """48 elapsed hours from now: Friday 14:00 leads to Sunday 14:00."""
    await matched(office)
    await office.task("M1-2", "M1", "phone_about_property", AP, step="3.3")
    said = words(await (await desk(office, AP)).get("/tasks/M1-2"))
    assert "the viewing must start by Sunday 29 November 2026, 14:00" in said


async def test_3_3_a_call_that_nobody_answered_can_be_recorded(office: Office) -> None:
    """What only an answered call tells may be left out: the answer is on its way to the case."""
    await matched(office)
    await office.task("M1-2", "M1", "phone_about_property", AP, step="3.3")
    at = {f"{name}-{part}": given for name in ("started_at", "ended_at") for part, given in _NOON.items()}
    visitor = await desk(office, AP)
    page = await visitor.post(
        "/tasks/M1-2", key="key-nobody-1", seen_version="1", outcome="no_answer", note="Rang out.", more=at
    )
    assert page.headers.get("location") == "/commands/key-nobody-1", words(page)


_NOON = {"day": "27", "month": "11", "year": "2026", "time": "12:00"}


async def _with_a_viewing(office: Office) -> Desk:
    await matched(office)
    await person_file(office, "F-1", SON.ref)
    await office.put(
        Viewing, viewing_id="M1-A1", case_id="M1", property_ref=LEE.home, call_id="L1", call_ended_at=NOW,
        starts_at=NOW + timedelta(hours=3), minutes=60, with_corrections="Sam Contact", state="booked",
        attended=[], by="u-4", booked_at=NOW,
    )  # fmt: skip
    await office.task("M1-3", "M1", "record_part_b", AP, step="3.6")
    return await desk(office, AP)


@pytest.mark.req("P3.S4.a2")
async def test_3_4_the_task_leads_to_calendar_file_and_t438(office: Office) -> None:
    page = await (await _with_a_viewing(office)).get("/tasks/M1-3")
    assert "Friday 27 November 2026, 17:00, 60 minutes, with Sam Contact" in words(page)
    assert 'href="/cases/M1/viewings/M1-A1.ics"' in page.text
    assert 'href="/cases/M1/t438.pdf"' in page.text


@pytest.mark.req("P3.S6.a2")
async def test_3_6_the_signed_scan_is_filed_from_its_task_and_picked(office: Office) -> None:
    """What was typed before stays; without a file the page says what to do, and another task takes no paper."""
    visitor = await _with_a_viewing(office)
    fields = {"csrf": visitor.csrf, "note": "Signed at the gate."}
    without = await visitor.client.post("/tasks/M1-3/paper", data=fields, files={"file": ("", b"")})
    assert without.status_code == 422
    assert "Choose the PDF, or photograph each page of the paper." in words(without)
    assert "Signed at the gate." in without.text
    paper = {"file": ("scan.pdf", scanned_paper(), "application/pdf")}
    page = await visitor.client.post("/tasks/M1-3/paper", data=fields, files=paper)
    assert page.status_code == 200, words(page)
    async with office.databases.owner.transaction() as session:
        (filed,) = await session.scalars(select(Document.document_id).where(Document.form == "T-438"))
    assert f'<option value="{filed}" selected>' in page.text
    assert "Signed at the gate." in page.text
    again = await visitor.get("/tasks/M1-3")
    assert f'<option value="{filed}" selected>' in again.text
    await office.task("M1-4", "M1", "weigh_match", AP, step="3.2")
    other = await visitor.client.post("/tasks/M1-4/paper", data=fields, files=paper)
    assert other.status_code == 409


@pytest.mark.req("P3.S7.1")
async def test_3_7_the_coordinator_sees_what_they_entered_and_neither_person_nor_reason(
    office: Office,
) -> None:
    """Property, applicant and T-365 tell which offer is meant; the household member under an order stays unnamed."""
    await matched(office, reasons="Corrections does not agree.")
    await office.task("M1-5", "M1", "enter_withdrawn", CP, step="3.7")
    page = await (await desk(office, CP)).get("/tasks/M1-5")
    said = words(page)
    assert "2 Made Up Road, Faketown" in said
    assert f"Record {LEE.ref}" in said
    assert "T365-77" in said
    assert not any(
        secret in page.text for secret in (SON.ref, "Sample", "does not agree", "Household of two")
    )
    assert [event.subject for event in await office.audited("read match")] == ["M1-M"]


@pytest.mark.req("PRV-6")
async def test_1_6_a_picked_contact_reaches_the_page_to_check(office: Office) -> None:
    """The version that was seen goes along; nothing of it has to be typed. What they would learn is a link beside them."""
    await import_people(office.databases.loader)
    await contact(office)
    await office.case("S1", person_ref=LEE.ref, step="1.6")
    await office.task("S1-1", "S1", "send_t441", AWS, step="1.6")
    visitor = await desk(office, AWS)
    task = await visitor.get("/tasks/S1-1")
    assert "/cases/S1/mail/preview?kind=T-441&amp;contact_id=harbourview-1" in task.text
    sent = await visitor.post("/tasks/S1-1", contact_id="harbourview-1@1", recipient_confirmed="yes")
    assert sent.headers.get("location") == "/tasks/S1-1/check", words(sent)
    assert "Sam Contact, Harbourview (contact)" in words(await visitor.get("/tasks/S1-1/check"))
    nobody = await visitor.post("/tasks/S1-1", note="")
    assert "Name “Corrections contact” and confirm the recipient" in words(nobody)
    assert 'href="#field-contact_id"' in nobody.text


async def test_nothing_that_axe_can_find_on_a_match_and_its_papers(office: Office) -> None:
    """The match with its conflicts, an upload with an error, the coordinator's part: narrow and dark, wide and light."""
    visitor = await _with_a_viewing(office)
    await office.task("M1-5", "M1", "enter_withdrawn", CP, step="3.7")
    coordinator = await desk(office, CP)
    wrong: list[str] = []
    async with browsing(office) as there:
        async with there.page(visitor, scheme="dark", width=320) as page:
            await page.goto("/tasks/M1-3")
            await page.get_by_role("button", name="File the paper").click()
            await expect(page.get_by_role("heading", name="There is a problem")).to_be_visible()
            wrong += await violations(page)
            assert await page.evaluate("document.documentElement.scrollWidth") <= 320
        async with there.page(coordinator) as page:
            await page.goto("/tasks/M1-5")
            wrong += await violations(page)
    assert wrong == []
