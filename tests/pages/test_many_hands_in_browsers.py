"""Two advisors, a closed tab, the back button, a double click, a session that ends: one answer, and nothing is lost."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from playwright.async_api import Page, expect
from sqlalchemy import select

from adapters.identity import OpenIdProvider
from adapters.settings import read_settings
from models.tables.case import Command, Task
from models.tables.mail import CorrectionsContact, SecureMessage
from tests.api.office import AWS, MANAGER, Office
from tests.api.test_answering import STRANGER, post, task_of
from tests.api.test_mail import contact
from tests.conftest import free_port
from tests.pages.browser import browsing, chromium, picture, served, violations
from tests.pages.desk import Desk, desk, hidden, words
from tests.workflows.people import LEE, import_people
from tests.workflows.running import SEARCHED, House, a_call
from workers.embedded import cast
from workers.embedded.identity_server import EmbeddedIdentityProvider

LIMIT = 60_000
"""Milliseconds; machines differ."""
NOTE = "Nobody of this name and birth date."


async def answers_to(office: Office, task_id: str) -> list[Command]:
    """Every command that has ever been taken for a task."""
    async with office.databases.owner.transaction() as session:
        return list(await session.scalars(select(Command).where(Command.task_id == task_id)))


async def row_to_match(office: Office, house: House, friday: date, *rows: str) -> dict[str, Any]:
    """A report with these rows; the task to match the first of them."""
    await import_people(house.loader)
    await post(office, friday, *rows)
    return await task_of(office.client(AWS, regions=("*",)), "match_entry")


async def advisor(office: Office, subject: str) -> Desk:
    """Somebody who may match every row."""
    return await desk(office, AWS, regions=("*",), subject=subject)


async def no_match(page: Page, path: str, note: str = NOTE) -> None:
    """Open the task and fill in that nobody is matched, up to the check."""
    await page.goto(path)
    await page.get_by_label("No match").check()
    await page.get_by_label("Notes").fill(note)
    await page.get_by_role("button", name="Check your answers").click()
    await expect(page.get_by_role("heading", name="Check your answers")).to_be_visible(timeout=LIMIT)


@pytest.mark.req("AMB-X-3")
async def test_1_2_the_slower_of_two_advisors_is_told_who_when_and_what_and_keeps_what_was_typed(
    office: Office, house: House, friday: date
) -> None:
    """Both have checked their answers; the second to send sees the decision beside their own words."""
    task = await row_to_match(office, house, friday, STRANGER)
    path = f"/tasks/{task['id']}"
    first, second = await advisor(office, "tamsin"), await advisor(office, "wiremu")
    async with browsing(office) as there, there.page(first) as hers, there.page(second) as his:
        await no_match(his, path, "Looked for Nemo under N and M.")
        await no_match(hers, path)
        await hers.get_by_role("button", name="Send the answer").click()
        await expect(hers.get_by_role("heading", name="Your answer is recorded")).to_be_visible(timeout=LIMIT)
        await his.get_by_role("button", name="Send the answer").click()
        told = his.get_by_role("alert")
        await expect(told).to_contain_text("Somebody else was faster", timeout=LIMIT)
        await expect(told).to_contain_text(re.compile(r"Tamsin Example, .+day \d+ \w+ 20\d\d, \d\d:\d\d"))
        await expect(told).to_contain_text(re.compile("no match", re.IGNORECASE))
        main = his.locator("main")
        await expect(main).to_contain_text("Looked for Nemo under N and M.")
        await expect(main).to_contain_text(NOTE)
        assert await violations(his) == []
        await picture(his, "somebody was faster")
    held = await answers_to(office, task["id"])
    assert [one.actor for one in held if one.state == "recorded"] == ["tamsin"]


async def test_1_2_a_draft_survives_a_closed_tab_for_its_author_alone(office: Office) -> None:
    """Typed and never sent: there again in another browser of the same person; a colleague sees nothing of it."""
    await office.searched_entry("C1")
    await office.task("C1-1", "C1")
    author, colleague = await advisor(office, "tamsin"), await advisor(office, "wiremu")
    async with served(office) as address:
        async with chromium(author, address) as browser:
            page = await browser.new_page()
            await page.goto(f"{address}/tasks/C1-1")
            await page.get_by_label("Notes").fill("Half of what I was going to say")
            await page.get_by_label("Notes").press("Tab")
            await expect(page.locator("#draft-kept")).to_contain_text("Kept at", timeout=LIMIT)
            await page.close()
        for visitor, kept in ((author, "Half of what I was going to say"), (colleague, "")):
            async with chromium(visitor, address) as browser:
                page = await browser.new_page()
                await page.goto(f"{address}/tasks/C1-1")
                await expect(page.get_by_label("Notes")).to_have_value(kept)


async def form_to_send(office: Office, house: House, friday: date) -> Task:
    """A case that is about to send its T-441."""
    task = await row_to_match(office, house, friday, LEE.row())
    await contact(office, regions=[])
    case_id, answer = task["case_id"], house.answer
    match = {"outcome": "potential_match", "person_ref": LEE.ref, "note": "All agrees."}
    await answer(case_id, "match_entry", match, facts=SEARCHED)
    await answer(case_id, "first_question", {"answers": {"reported_status": "CSO"}})
    await answer(case_id, "live_record", {"live": True, "evidence": "The register"}, facts=LEE.facts)
    await answer(case_id, "phone_corrections", a_call(await house.now()))
    before = {"relation_to_home": "lives in one of our homes", "identity_checked": True}
    await answer(case_id, "before_t441_questions", {"answers": before})
    return await house.task(case_id, "send_t441")


@pytest.mark.parametrize("script", [True, False])
async def test_1_6_a_double_click_and_the_back_button_send_one_letter(
    office: Office, house: House, friday: date, *, script: bool
) -> None:
    """Two presses at once, back and again, and a second window that still shows the check: one answer, one letter."""
    task = await form_to_send(office, house, friday)
    visitor, path = await advisor(office, "tamsin"), f"/tasks/{task.task_id}"
    async with (
        browsing(office) as there,
        there.page(visitor, java_script_enabled=script) as page,
        there.page(visitor, java_script_enabled=script) as other,
    ):
        await page.goto(path)
        await page.get_by_label(re.compile("Sam Contact")).check()
        await page.get_by_label(re.compile("confirm", re.IGNORECASE)).last.check()
        await page.get_by_role("button", name="Check your answers").click()
        await expect(page.get_by_role("heading", name="Check your answers")).to_be_visible(timeout=LIMIT)
        await other.goto(f"{path}/check")
        await page.get_by_role("button", name="Send the answer").dblclick()
        await expect(page.get_by_role("heading", name="Your answer is recorded")).to_be_visible(timeout=LIMIT)
        await page.go_back()
        again = page.get_by_role("button", name="Send the answer")
        if await again.count():
            await again.click()
        await other.get_by_role("button", name="Send the answer").click()
        await expect(other.get_by_role("heading", name="Your answer is recorded")).to_be_visible(
            timeout=LIMIT
        )
    assert [one.state for one in await answers_to(office, task.task_id)] == ["recorded"]
    async with office.databases.owner.transaction() as session:
        sent = list(await session.scalars(select(SecureMessage.kind)))
    assert sent == ["T-441"]


@asynccontextmanager
async def provided(office: Office, folder: str) -> AsyncIterator[None]:
    """The embedded OpenID provider, on the office's own clock."""
    settings = read_settings({"PLACEMENT_HOME": folder, "PLACEMENT_OIDC_PORT": str(free_port())})
    people = [replace(one, region="*") for one in cast.staff()]
    provider = EmbeddedIdentityProvider(settings, people, clock=lambda: office.now.timestamp())
    await provider.start()
    identity = OpenIdProvider(
        settings.oidc_issuer, settings.oidc_audience, clock=lambda: office.now.timestamp()
    )
    office.resources = replace(office.resources, identity=identity)
    try:
        yield
    finally:
        await provider.stop()
        await identity.close()


@pytest.mark.parametrize("at", ["the form", "the check"])
async def test_1_2_a_session_that_ends_in_the_middle_of_a_form_loses_nothing(
    office: Office, house: House, friday: date, tmp_path_factory: pytest.TempPathFactory, at: str
) -> None:
    """Without scripts, so that nothing is kept before it is sent: sign in again, go on, answered once."""
    task = await row_to_match(office, house, friday, STRANGER)
    path = f"/tasks/{task['id']}"
    async with (
        provided(office, str(tmp_path_factory.mktemp("home"))),
        browsing(office) as there,
        there.page(None, java_script_enabled=False) as page,
    ):
        await page.goto(path)
        await page.get_by_role("button", name=re.compile("Mereana Tipoki")).click()
        await expect(page.get_by_label("Notes")).to_be_visible(timeout=LIMIT)
        if at == "the check":
            await no_match(page, path)
            office.now += timedelta(hours=2)
            await page.get_by_role("button", name="Send the answer").click()
        else:
            await page.get_by_label("No match").check()
            await page.get_by_label("Notes").fill(NOTE)
            office.now += timedelta(hours=2)
            await page.get_by_role("button", name="Check your answers").click()
        await expect(page.locator("main")).to_contain_text("What you typed is kept for you", timeout=LIMIT)
        await page.get_by_role("link", name="Sign in again").click()
        await page.get_by_role("button", name=re.compile("Mereana Tipoki")).click()
        await expect(page.get_by_label("Notes")).to_have_value(NOTE, timeout=LIMIT)
        await expect(page.get_by_label("No match")).to_be_checked()
        await page.get_by_role("button", name="Check your answers").click()
        await page.get_by_role("button", name="Send the answer").click()
        await expect(page.get_by_role("heading", name="Your answer is recorded")).to_be_visible(timeout=LIMIT)
    assert [one.state for one in await answers_to(office, task["id"])] == ["recorded"]


async def test_a_form_without_a_draft_of_its_own_is_kept_too_and_sent_once(office: Office) -> None:
    """The contact that a manager was entering when the session ended: shown to be sent, however often pressed."""
    await import_people(office.databases.loader)
    manager = await desk(office, MANAGER)
    shown = await manager.get("/office/contacts/new")
    typed = {
        "key": hidden(shown, "key"),
        "office": "Harbourview",
        "kind": "contact",
        "name": "Ngaire Sample",
        "secure_address": "ngaire@corrections.test",
        "regions": "R01",
        "valid_from-day": "27",
        "valid_from-month": "11",
        "valid_from-year": "2026",
    }
    began = office.now
    office.now += timedelta(hours=2)
    late = await manager.post("/office/contacts/new", more=typed)
    assert (late.status_code, late.headers["location"]) == (303, "/sign-in?next=/again&kept=1")
    assert await office.count(CorrectionsContact) == 0
    office.now = began
    page = await manager.get("/again")
    assert "Your form was not sent yet" in words(page)
    assert "Ngaire Sample" not in words(page), "a name stands in fields alone"
    assert 'action="/office/contacts/new"' in page.text
    again = {name: hidden(page, name) for name in typed}
    for _ in range(2):
        sent = await manager.post("/office/contacts/new", more=again)
        assert (sent.status_code, sent.headers["location"]) == (303, "/office/contacts"), sent.text
    assert await office.count(CorrectionsContact) == 1
    stranger = await desk(office, AWS)
    assert (await stranger.get("/again")).headers["location"] == "/"


async def test_a_button_pressed_after_the_session_leaves_the_draft_as_it_was(office: Office) -> None:
    """Claiming posts nothing that was typed: what the form had kept is not replaced by nothing."""
    await office.searched_entry("C1")
    await office.task("C1-1", "C1")
    visitor = await desk(office, AWS)
    await visitor.post("/tasks/C1-1/draft", note="Half a note")
    began = office.now
    office.now += timedelta(hours=2)
    late = await visitor.post("/tasks/C1-1/claim", seen_version="1")
    assert late.headers["location"] == "/sign-in?next=/tasks/C1-1&kept=1"
    office.now = began
    assert "Half a note" in (await visitor.get("/tasks/C1-1")).text


async def test_what_was_searched_for_is_not_kept_when_the_session_ends(office: Office) -> None:
    visitor = await desk(office, AWS)
    office.now += timedelta(hours=2)
    late = await visitor.post("/search", name="Sample")
    assert late.headers["location"] == "/sign-in?next=/search&kept=0"
    assert "then do it once more" in (await visitor.get(late.headers["location"])).text
