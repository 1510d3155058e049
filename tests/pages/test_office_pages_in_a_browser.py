"""The pages of the run, calls, office, search, notices and matches in a real browser, judged by axe, light and dark."""

from datetime import timedelta

from models.tables.assessment import Assessment
from models.tables.case import Absence, Notice
from models.tables.mail import CorrectionsContact
from models.tables.print import PrintRecord
from procedures.terms import Role
from tests.api.exchanges import form_out
from tests.api.office import AWS, MANAGER, NOW, Office
from tests.api.test_placements import furnish
from tests.pages.browser import Browsing, browsing, picture, violations
from tests.pages.desk import Desk, desk
from tests.pages.test_manager_pages import colleague
from tests.workflows.people import LEE

PAGES = {
    AWS: ("/runs", "/runs/2026-11-27", "/calls", "sheet", "/search", "/notices"),
    MANAGER: (
        "/office/workload",
        "/office/absences",
        "/office/contacts",
        "/office/contacts/new",
        "/office/contacts/K1",
        "/office/calendars/nz-national?year=2026",
        "/office/stuck",
    ),
    Role.COORDINATOR_PLACEMENT: ("/matches",),
}


async def furnished(office: Office) -> None:
    """Something on every page."""
    await furnish(office)
    await colleague(office, "u-2", "Tamsin Example")
    await colleague(office, "u-3", "Wiremu Example")
    await office.put(
        Assessment, number="A-9", person_ref=LEE.ref, code="D1P", status="PEN", version=1, opened_at=NOW
    )
    missing = {"code": "surname_missing", "column": "surname", "message": "Ask Corrections for the surname."}
    await office.case("C1", entry_id="E1", person_ref=LEE.ref, step="1.4", state={})
    await office.entry(
        "E1",
        "C1",
        surname="Sample",
        given_names="Lee",
        outcome="potential_match",
        corrections_reference="CR-1",
    )
    claimed = NOW - timedelta(hours=2)
    await office.put(
        Absence,
        absence_id="A1",
        subject="u-2",
        first_day=NOW - timedelta(days=1),
        last_day=NOW + timedelta(days=3),
        cover="u-3",
        recorded_by="u-9",
        recorded_at=NOW,
    )
    await office.task(
        "T-1", "C1", "phone_corrections", step="1.4", urgent=True, due_at=NOW + timedelta(hours=3)
    )
    await office.entry("E2", None, 2, state="rejected", surname=None, errors=[missing])
    await office.task(
        "T-2", "CRUN00000", "resolve_row", step="1.1", region="national", context={"entry_id": "E2"}
    )
    await office.task(
        "T-3", "CRUN00000", "close_run", step="1.1", region="national", due_at=NOW - timedelta(hours=1)
    )
    await office.entry("E3", None, 3, state="repeated")
    await office.case("C4")
    for number in range(1, 9):
        await office.task(
            f"T-4{number}",
            "C4",
            "corrections_unreachable" if number == 1 else "live_record",
            MANAGER if number == 1 else AWS,
            step="1.6",
            due_at=NOW + timedelta(days=number // 2 * 3),
            claimed_by="u-3",
            claimed_by_name="Wiremu Example",
            claimed_at=claimed,
        )
    await form_out(office, "CC1")
    printed = {
        "run_id": "2026-11-27",
        "printed_by": "u-3",
        "printed_by_name": "Wiremu Example",
        "printed_at": NOW,
    }
    await office.put(PrintRecord, print_id="P1", copy_number=1, **printed)
    await office.put(
        CorrectionsContact,
        contact_id="K1",
        office="Harbourview",
        kind="contact",
        name="Sam Contact",
        phone="00 555 0199",
        secure_address="harbourview@corrections.test",
        regions=["R01"],
        valid_from=NOW.date(),
        verified_on=NOW.date(),
        version=1,
        calendar="nz-national",
    )
    await office.put(
        Notice,
        notice_id="N1",
        case_id="C4",
        role=AWS.value,
        region="R01",
        kind="report_missing_fault_logged",
        step="1.1",
        at=NOW,
    )


async def look(browsing: Browsing, visitor: Desk, path: str, found: dict[str, list[str]]) -> None:
    """Open one page and note what axe says, wide and light, then narrow and dark, where nothing may scroll sideways."""
    async with browsing.page(visitor) as page:
        if path == "sheet":
            await page.goto("/calls")
            await page.locator('a[href^="/calls/calls-"]').click()
        else:
            answer = await page.goto(path)
            assert answer is not None
            assert answer.status == 200, path
        if path == "/search":
            await page.get_by_label("Full name").fill("Sample")
            await page.get_by_label("Address").fill("2 Made Up Road")
            await page.get_by_role("main").get_by_role("button", name="Search").click()
            await page.get_by_role("heading", name="found").wait_for()
        name = path.strip("/").replace("/", "-").partition("?")[0]
        await picture(page, f"{name} wide")
        wrong = await violations(page)
        await page.set_viewport_size({"width": 360, "height": 800})
        await page.emulate_media(color_scheme="dark")
        await picture(page, f"{name} narrow")
        wrong += await violations(page, "color-contrast", "target-size")
        if await page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
            wrong.append("scrolls sideways")
        if wrong:
            found[path] = wrong


async def test_every_page_of_the_office_passes_axe_and_scrolls_only_down(office: Office) -> None:
    await furnished(office)
    found: dict[str, list[str]] = {}
    async with browsing(office) as browser:
        for role, paths in PAGES.items():
            visitor = await desk(office, role)
            for path in paths:
                await look(browser, visitor, path, found)
    assert found == {}
