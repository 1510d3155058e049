"""An advisor in a real browser: signs in, works a row of the report to no match by keyboard alone; axe finds nothing."""

import re
from dataclasses import replace
from datetime import date, timedelta

import pytest
from playwright.async_api import Page, expect

from adapters.identity import OpenIdProvider
from adapters.settings import read_settings
from models.tables.case import Notice, Task
from tests.api.office import AWS, MANAGER, NOW, Office
from tests.api.test_answering import STRANGER, post, task_of
from tests.conftest import free_port
from tests.pages.browser import browsing, picture, violations
from tests.pages.desk import desk
from tests.pages.test_queues import colleague
from tests.workflows.people import LEE, import_people
from tests.workflows.running import House
from workers.embedded import cast
from workers.embedded.identity_server import EmbeddedIdentityProvider


async def press_until(page: Page, words: str, *, most: int = 80) -> None:
    """Tab on until the focus is on what says this."""
    said = "document.activeElement.innerText || document.activeElement.labels?.[0]?.innerText || ''"
    for _ in range(most):
        await page.keyboard.press("Tab")
        if re.search(words, await page.evaluate(said)):
            return
    raise AssertionError(f"the keyboard never reached {words}")


@pytest.mark.req("P1.S2.1")
async def test_1_2_an_advisor_signs_in_and_works_a_row_to_no_match_by_keyboard(
    office: Office, house: House, friday: date, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Only Tab, arrows, Space, Enter and letters, from the provider's page to the recorded answer."""
    await import_people(house.loader)
    await post(office, friday, STRANGER)
    task = await task_of(office.client(AWS, regions=("*",)), "match_entry")
    settings = read_settings(
        {"PLACEMENT_HOME": str(tmp_path_factory.mktemp("home")), "PLACEMENT_OIDC_PORT": str(free_port())}
    )
    people = [replace(one, region="*") for one in cast.staff()]
    provider = EmbeddedIdentityProvider(settings, people, clock=NOW.timestamp)
    await provider.start()
    identity = OpenIdProvider(settings.oidc_issuer, settings.oidc_audience, clock=NOW.timestamp)
    office.resources = replace(office.resources, identity=identity)
    try:
        async with browsing(office) as there, there.page(None) as page:
            await page.goto("/tasks?view=unassigned")
            await press_until(page, "Mereana Tipoki")
            await page.keyboard.press("Enter")
            await expect(page.get_by_role("heading", name="Unassigned tasks")).to_be_visible()
            await press_until(page, "^Search the register and match")
            await page.keyboard.press("Enter")
            await expect(page.get_by_role("heading", name="Your answer")).to_be_visible()
            await press_until(page, "^Potential match")
            await page.keyboard.press("ArrowDown")
            await press_until(page, "^Notes")
            await page.keyboard.type("Nobody of this name and birth date.")
            await press_until(page, "^Check your answers")
            await expect(page.locator("#draft-kept")).to_contain_text("Kept at")
            await page.keyboard.press("Enter")
            await expect(page.get_by_role("heading", name="Check your answers")).to_be_visible()
            await expect(page.locator("dl.govuk-summary-list")).to_contain_text("No match")
            assert await violations(page) == []
            await press_until(page, "^Send the answer")
            await page.keyboard.press("Enter")
            await expect(page.get_by_role("heading", name="Your answer is recorded")).to_be_visible()
            assert await violations(page) == []
            await picture(page, "recorded")
    finally:
        await provider.stop()
        await identity.close()
    async with office.databases.owner.transaction() as session:
        held = await session.get_one(Task, task["id"])
    assert held.answer is not None
    assert (held.state, held.answer["outcome"], held.done_by_name) == ("done", "no_match", "Mereana Tipoki")


async def furnished(office: Office) -> None:
    """Tasks that show every kind of field, a notice, colleagues."""
    await import_people(office.databases.loader)
    await office.searched_entry(
        "C1", surname="SAMPLE", given_names="Lee", date_of_birth=date(1975, 5, 6), address=LEE.address
    )
    await office.case("C2", person_ref=LEE.ref, state={"exchange": {"form": "T-441"}}, entry_id="EC1")
    await office.case("C3", step="1.6", waiting_for="Corrections")
    await office.task("C1-1", "C1", due_at=NOW - timedelta(days=1), urgent=True)
    await office.task("C2-1", "C2", kind="phone_corrections", step="1.4", due_at=NOW + timedelta(hours=2))
    await office.task("C2-2", "C2", kind="review_return", step="1.6", due_at=NOW + timedelta(days=3))
    await office.task("C2-3", "C2", kind="send_t441", step="1.6")
    await office.task(
        "C2-4", "C2", state="done", done_at=NOW, done_by_name="Aroha Example", answer={"note": "x"}
    )
    await office.put(
        Notice, notice_id="N1", case_id="C1", role=MANAGER.value, region="R01", kind="lives_in_a_home",
        step="1.7", at=NOW,
    )  # fmt: skip
    await colleague(office, "u-2", "Tamsin Example")


async def test_everything_works_without_javascript(office: Office) -> None:
    """A form is filled, found wrong, filled again and checked by a browser that runs no script."""
    await furnished(office)
    visitor = await desk(office, AWS)
    async with browsing(office) as there, there.page(visitor, java_script_enabled=False) as page:
        await page.goto("/tasks?view=team")
        await page.get_by_role("link", name="Search the register and match the entry").first.click()
        await page.locator("summary", has_text="Search the register yourself").click()
        await page.get_by_label("Full name").fill("Sam%")
        await page.get_by_role("button", name="Search", exact=True).last.click()
        await expect(page.get_by_text(re.compile("Your search found"))).to_be_visible()
        await page.get_by_label("Potential match").check()
        await page.get_by_role("button", name="Check your answers").click()
        await expect(page.get_by_role("heading", name="There is a problem")).to_be_visible()
        await page.get_by_label(re.compile(f"This is the person .primary. {LEE.ref}")).check()
        await page.get_by_label("Notes").fill("All agrees")
        await page.get_by_role("button", name="Check your answers").click()
        await expect(page.get_by_role("heading", name="Check your answers")).to_be_visible()
        await expect(page.locator("dl.govuk-summary-list")).to_contain_text(LEE.ref)


async def test_a_list_that_is_looked_at_refreshes_itself(office: Office) -> None:
    """A task that somebody else claims shows so without a reload, and a list in use is left alone."""
    await furnished(office)
    visitor, other = await desk(office, MANAGER), await desk(office, AWS, subject="u-7")
    async with browsing(office) as there, there.page(visitor) as page:
        await page.clock.install()
        await page.goto("/tasks?view=team")
        await other.post("/tasks/C2-1/claim")
        await page.locator("#pick-C1-1").check()
        await page.clock.run_for(60_000)
        await expect(page.locator("#task-list")).not_to_contain_text("U-7 Example")
        await page.locator("#pick-C1-1").uncheck()
        await page.locator("h1").click()
        await page.evaluate("document.activeElement.blur()")
        await page.clock.run_for(25_000)
        await expect(page.locator("#task-list")).to_contain_text("U-7 Example")
