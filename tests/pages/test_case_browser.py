"""The pages of cases and persons in a real browser: no flaw that axe can find, light and dark, wide and narrow."""

from datetime import timedelta
from typing import Any

import pytest

from models.tables.assessment import AssessmentVersion
from models.tables.case import TurnRecord
from models.tables.mail import PersonFile, PersonFileName, ReceivedMail
from tests.api.exchanges import form_out
from tests.api.office import AWS, NOW, Office
from tests.api.test_documents import file_one
from tests.api.test_mail import contact
from tests.pages.browser import browsing, picture, violations
from tests.pages.desk import desk
from tests.workflows.people import LEE, hold, import_people

LOOKS: dict[str, Any] = {"wide": {}, "narrow and dark": {"width": 320, "scheme": "dark"}}
_SIDEWAYS = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
PAGES = {
    "overview": "/cases/C1",
    "timeline": "/cases/C1/timeline",
    "documents": "/cases/C1/documents",
    "mail": "/cases/C1/mail",
    "preview": "/cases/C1/mail/preview?kind=T-441&contact_id=harbourview-1",
    "preview-missing": "/cases/C1/mail/preview",
    "assessments": "/cases/C1/assessments",
    "clocks": "/cases/C1/clocks",
    "linked": "/cases/C1/linked",
    "change": "/cases/C1/changes/corrections_says",
    "person": f"/people/{LEE.ref}",
    "person-change": f"/people/{LEE.ref}/change?kind=household_change",
}


async def full_case(office: Office) -> None:
    """A case with something on every tab."""
    await import_people(office.databases.loader)
    await contact(office)
    mail_id = await form_out(office, "C1", LEE.ref)
    await hold(office.databases.worker, LEE.ref, "D1/CUR", said="CSO")
    title = office.resources.cipher.encrypt("SAMPLE – Lee", table="person_file", column="title", row_id="F-1")
    await office.put(
        PersonFile, file_id="F-1", title=title, characteristics={}, created_at=NOW, created_by="u-1"
    )
    await office.put(PersonFileName, person_ref=LEE.ref, file_id="F-1")
    await office.put(
        AssessmentVersion,
        number=f"A-{LEE.ref}",
        version=2,
        code="D1P",
        status="PEN",
        rule="TR-10",
        step="1.5",
        case_id="C1",
        question_set="after_t441/1",
        answers={"order_current": True, "confirmed_how": "By phone, with the contact in Harbourview."},
        comment="Corrections confirmed the order by phone.",
        by="u-1",
        calculated_at=NOW,
    )
    for number, step in enumerate(("1.2", "1.3", "1.4", "1.6"), start=1):
        at = NOW - timedelta(days=4) + timedelta(hours=number)
        await office.put(TurnRecord, case_id="C1", number=number, step=step, recorded_at=at)
    await office.task("C1-1", "C1", kind="review_return", step="1.6", due_at=NOW + timedelta(days=4))
    await office.task(
        "C1-0", "C1", state="done", done_at=NOW - timedelta(days=3), done_by_name="Aroha Example"
    )
    await file_one(office, "D-1", "C1", complete=False, missing=["signed"], pages=2, file_id="F-1")
    await office.put(
        ReceivedMail,
        received_id="R1",
        message_key="k1",
        uid=1,
        received_at=NOW,
        kind="form",
        mail_id=mail_id,
        case_id="C1",
        held_case_ids=[],
        document_ids=["D-1"],
        taken_at=NOW,
    )
    await office.case("C2", "check_suitability", person_ref=LEE.ref, parent_case_id="C1", step="2.1")


@pytest.mark.parametrize("look", LOOKS)
async def test_nothing_that_axe_can_find(office: Office, look: str) -> None:
    """Also nothing that makes the page scroll sideways."""
    await full_case(office)
    found = {}
    visitor = await desk(office, AWS)
    async with browsing(office) as browser, browser.page(visitor, **LOOKS[look]) as page:
        for name, path in PAGES.items():
            await page.goto(path)
            await picture(page, f"{name}, {look}")
            wide = await page.evaluate(_SIDEWAYS)
            wrong = [*await violations(page), *([f"scrolls sideways by {wide}"] if wide else [])]
            if wrong:
                found[name] = wrong
    assert found == {}
