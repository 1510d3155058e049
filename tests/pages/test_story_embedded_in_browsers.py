"""Stories that people live in browsers of their own, on the embedded stack that a new user starts, by its pages alone."""

import re
from datetime import timedelta

import pytest
from playwright.async_api import expect

from tests.pages import chasing, placing
from tests.pages.chasing import ASHDOWN
from tests.pages.identifying import (
    MATCH_TITLE,
    confirmed_as_d1,
    corrections_replies,
    disclosure_asked_for,
    identified,
    letter_at_the_gateway,
)
from tests.pages.keyboard import Keyboard
from tests.pages.placing import NGUYEN
from tests.pages.rewinding import accepted_at, reminder_due
from tests.pages.stack import mail_page_of, pages_of
from tests.pages.walking import Browsers, Walker
from tests.workers.test_up_story import House
from workers.wiring import wall_clock


@pytest.mark.req("P1.S6.b3", "P3.S1.1", "P3.S4.a6", "P4.S3.a4")
async def test_1_2_to_4_4_four_people_in_four_browsers(stack: House) -> None:
    """Manager, Advisor Wellbeing Support, Coordinator Placement and Advisor Placement; no browser complains of a page."""
    async with Browsers(pages_of(stack)) as people:
        manager = await people.signed_in("Rewi Parekura")
        wellbeing = await people.signed_in("Mereana Tipoki")
        coordinator = await people.signed_in("Priya Nambiar")
        placement = await people.signed_in("Tevita Malolo")
        case_id = await placing.assigned(manager, "Mereana Tipoki")
        await placing.searched(wellbeing, case_id)
        await identified(wellbeing, case_id, NGUYEN)
        await disclosure_asked_for(wellbeing, case_id, NGUYEN)
        await corrections_replies(wellbeing, mail_page_of(stack), case_id)
        await confirmed_as_d1(wellbeing, case_id, NGUYEN, considered=True)
        await placing.matched(coordinator)
        await placing.considered_and_phoned(placement)
        await placing.viewed(placement)
        await placing.signed(placement)
        offer_id = await placing.offered(placement)
        await placing.signed_up(placement, coordinator, offer_id)
        await placing.all_is_told(manager, offer_id)
        assert people.complaints() == []


@pytest.mark.req("P1.S6.b5", "AMB-P1-10", "NFR-4")
async def test_1_6_a_late_t441_letter_ladder_extension_reminder_and_d1(stack: House) -> None:
    async with Browsers(pages_of(stack)) as people:
        await people.signed_in("Rewi Parekura")
        advisor = await people.signed_in("Julian Oduya")
        case_id = await chasing.a_form_that_is_out(advisor)
        await accepted_at(stack, case_id, chasing.a_month_ago())
        letter = await letter_at_the_gateway(advisor, mail_page_of(stack), f"{case_id}-1-17030-1")
        await expect(letter.locator("main")).to_contain_text("17-030")
        await letter.close()
        manager = await people.signed_in("Rewi Parekura")
        await chasing.the_manager_hears_of_the_letter(manager, case_id)
        await chasing.the_clock_is_explained(manager, case_id)
        await chasing.more_time_is_given(manager, case_id)
        await accepted_at(stack, case_id, chasing.a_month_ago())
        await chasing.the_ladder_goes_on(manager, advisor, case_id)
        second = await letter_at_the_gateway(advisor, mail_page_of(stack), f"{case_id}-1-17030-2")
        await second.close()
        await manager.go(f"/cases/{case_id}/clocks")
        await reminder_due(stack, case_id, wall_clock() - timedelta(minutes=1))
        await chasing.the_manager_is_reminded(manager, case_id)
        await chasing.the_form_comes_late(advisor, mail_page_of(stack), case_id)
        await confirmed_as_d1(advisor, case_id, ASHDOWN, considered=False)
        await manager.go("/office")
        await expect(manager.page.locator("main")).not_to_contain_text(case_id)
        assert people.complaints() == []


async def test_1_2_a_journey_by_keyboard_alone(stack: House) -> None:
    """Sign in, skip link, queue, claim, own search, an error first, check, change, send, next task, a case's tabs."""
    async with Browsers(pages_of(stack)) as people:
        walker = await people.signed_out()
        keys = Keyboard(walker.page)
        await walker.page.goto(f"{walker.address}/runs")
        await keys.press("^Julian Oduya")
        await keys.heading("Friday runs")
        await keys.skip()
        await keys.press("^Friday .* 2026")
        await keys.heading(re.compile("Friday run, "))
        await keys.press("row 14$")
        await matched_by_keyboard(keys)
        await to_the_next_task(keys)
        assert people.complaints() == []
        assert keys.wrong == []


async def matched_by_keyboard(keys: Keyboard) -> None:
    """The task of row 14, who is nobody on the register; the focus goes to what is wrong, and on to its field."""
    page = keys.page
    await keys.heading(MATCH_TITLE)
    assert await keys.round_trip() > 20
    await keys.press("^Claim this task")
    await expect(page.get_by_role("status").first).to_have_text("You have claimed this task.")
    await keys.press("^Search the register yourself")
    await keys.write("^Full name", "Te Whe%")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("status").first).to_contain_text("evidence")
    await keys.press("^Check your answers")
    await expect(page.locator(".govuk-error-summary")).to_be_focused()
    await keys.press("Choose an answer: Outcome")
    await expect(page.get_by_label("Potential match")).to_be_focused()
    await page.keyboard.press("ArrowDown")
    await expect(page.get_by_label("No match")).to_be_checked()
    await keys.write("^Notes", "Nobody of this name or birth date.")
    await keys.press("^Check your answers")
    await keys.heading("Check your answers")
    await keys.press("^Change Notes|^Change\\s+Notes")
    await keys.heading(MATCH_TITLE)
    await expect(page.get_by_label("Notes")).to_have_value("Nobody of this name or birth date.")
    await keys.press("^Check your answers")
    await keys.heading("Check your answers")
    await keys.press("^Send the answer")
    await expect(page.get_by_role("heading", name="Your answer is recorded")).to_be_visible()


async def to_the_next_task(keys: Keyboard) -> None:
    """From the recorded answer to the case, through its tabs, and on to the next task of the queue; back works too."""
    page = keys.page
    await keys.skip()
    await keys.press("^C[0-9A-Z]+$")
    await keys.heading(re.compile("Identify and record"))
    for tab in ("Timeline", "Documents", "Clocks"):
        await keys.press(f"^{tab}$")
        here = page.get_by_role("navigation", name=re.compile("^Case")).get_by_role("link", name=tab)
        await expect(here).to_have_attribute("aria-current", "page")
    assert await keys.round_trip() > 15
    await keys.press("^Tasks$")
    await keys.heading("My tasks")
    await keys.press("^Unassigned tasks")
    await keys.heading("Unassigned tasks")
    await keys.press("^Filter and order")
    await keys.to("^All steps")
    await page.keyboard.type("1.2")
    await keys.press("^Show$")
    await expect(page).to_have_url(re.compile("step=1.2"))
    await keys.press(f"^{MATCH_TITLE}")
    await keys.heading(MATCH_TITLE)
    await keys.stop("Shift+Tab")


ROLES = {
    "Mereana Tipoki": "Advisor Wellbeing Support",
    "Tevita Malolo": "Advisor Placement",
    "Priya Nambiar": "Coordinator Placement",
    "Rewi Parekura": "Manager Housing and Wellbeing Support",
    "Ingrid Solheim": "Housing Support Manager",
    "Farah Qureshi": "Auditor",
    "Lewis Hargrave": "Administrator",
}


async def test_every_task_and_every_page_says_what_to_do_to_each_role(stack: House) -> None:
    """As each role: every entry of the navigation opens, every task of every queue says what, why and how, no page fails."""
    async with Browsers(pages_of(stack)) as people:
        opened = 0
        for name in ROLES:
            walker = await people.signed_in(name)
            await every_page(walker)
            opened += await every_task(walker)
        assert opened > 20
        assert people.complaints() == []


async def every_page(walker: Walker) -> None:
    """What the navigation leads to, each with a heading and no failure."""
    links = walker.page.get_by_role("navigation", name="Pages").get_by_role("link")
    for path in [await link.get_attribute("href") for link in await links.all()]:
        assert path is not None
        await walker.go(path)
        await expect(walker.page.get_by_role("heading", level=1)).to_be_visible()


async def every_task(walker: Walker) -> int:
    """Each task of the team's queue, page after page: its title, what to do, why, and a form that can be sent."""
    if not await walker.page.get_by_role("link", name="Tasks", exact=True).count():
        return 0
    await walker.go("/tasks?view=team")
    tasks = set[str]()
    while True:
        rows = walker.page.locator("#task-list th[scope=row] > a[href^='/tasks/']")
        tasks |= {str(await row.get_attribute("href")) for row in await rows.all()}
        following = walker.page.get_by_role("link", name="Next page")
        if not await following.count():
            break
        await following.click()
    for path in sorted(tasks):
        await says_what_to_do(walker, path)
    return len(tasks)


async def says_what_to_do(walker: Walker, path: str) -> None:
    """A task's page, as the server sends it: one heading, guidance, the policy behind it, and a way to answer it."""
    answer = await walker.page.request.get(f"{walker.address}{path}")
    text = await answer.text()
    assert answer.status == 200, path
    assert text.count("<h1") == 1, path
    assert re.search(r'class="govuk-inset-text">\s*\S', text), path
    assert "Why this is asked" in text
    assert re.search(r'href="/policy/[\w.]+(#[\w.-]+)?"', text), path
    sends = re.search(r"<button[^>]*>\s*(Check your answers|Send the answer)", text)
    assert sends or "You may read it, not answer it." in text, path
