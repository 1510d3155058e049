"""A T-441 that Corrections does not return in time, as an advisor and the manager live it in their browsers."""

import re
from datetime import datetime, timedelta

from playwright.async_api import expect

from tests.pages.identifying import (
    Reported,
    disclosure_asked_for,
    filled_in,
    identified,
    letter_at_the_gateway,
)
from tests.pages.walking import Walker
from workers.wiring import wall_clock

ASHDOWN = Reported(9, "40113", "Owen Pritchard", "Kōwhaitown Community Corrections", "lives in one")
"""A tenant; the ninth line of the report spells the name without its hyphen."""
SILENT = "Corrections has answered neither the form nor letter 17-030"


def a_month_ago() -> datetime:
    """Long enough that five working days are over whatever holidays lie between (UTC)."""
    return wall_clock() - timedelta(days=30)


async def a_form_that_is_out(desk: Walker) -> str:
    """1.2 to 1.6 up to the running clock of the T-441. The case."""
    await desk.follow("Friday runs")
    await desk.follow(re.compile("^Friday .* 2026"))
    await desk.follow(re.compile(f"row {ASHDOWN.row}$"))
    case_id = await desk.case_id()
    await identified(desk, case_id, ASHDOWN)
    await disclosure_asked_for(desk, case_id, ASHDOWN)
    await desk.until_seen(f"/cases/{case_id}/clocks", "What happens next")
    await desk.sees(re.compile("Letter 17-030 goes"))
    return case_id


async def the_manager_hears_of_the_letter(manager: Walker, case_id: str) -> None:
    """New since the manager was last here: the letter that went by itself, and the secure notice of it."""
    await manager.sees("Letters that went by themselves since you were last here", f"{case_id}-1-17030-1")
    await manager.sees("Letter 17-030")
    await manager.follow(re.compile(f"{case_id}-1-17030-1"))
    await manager.sees("Accepted by the gateway")
    await manager.follow("Home")
    notice = manager.page.get_by_role("listitem").filter(has_text=f"case {case_id}")
    await notice.get_by_role("button", name="Mark as read").first.click()


async def the_clock_is_explained(manager: Walker, case_id: str) -> None:
    """Every day counted and skipped, the calendar's version, and what happens next; the clock of the form is over."""
    await manager.go(f"/cases/{case_id}/clocks")
    await manager.sees(
        "What happens next:", "Calendar nz-national", "the letter has gone", "Not counted: Saturday"
    )
    await expect(manager.page.locator(".sp-days").first).to_be_visible()


async def more_time_is_given(manager: Walker, case_id: str) -> None:
    """Working days from day 0, with a reason; the old clock stays readable."""
    await manager.go(f"/cases/{case_id}")
    await manager.follow("Extend the deadline of the form")
    await manager.write("Working days", "8")
    await manager.write("Reason", "The office is closed for its move.")
    await manager.press("Check your answers")
    await manager.press("Record it")
    await manager.sees("Recorded. The case has taken it into account.")
    await manager.follow("Clocks")
    await manager.sees("an earlier clock", "The office is closed for its move.")


async def the_ladder_goes_on(manager: Walker, advisor: Walker, case_id: str) -> None:
    """No answer to the letter either: it stands with the manager, and a person names who gets the second letter."""
    await manager.until_seen("/office", SILENT)
    await manager.sees("Escalated to the manager", "Overdue")
    await manager.page.get_by_role("row").filter(has_text=case_id).get_by_role("link", name=SILENT).click()
    await manager.sees("Silence is never consent: the code stays pending.")
    await advisor.open_task("Confirm who receives letter 17-030", case_id)
    await advisor.tick(re.compile("service manager"))
    await advisor.tick(re.compile("I have confirmed name, office and address"))
    await advisor.send()


async def the_manager_is_reminded(manager: Walker, case_id: str) -> None:
    """Every five working days until there is an answer."""
    await manager.until_seen("/notices", "Corrections still silent")
    await manager.sees(case_id)


async def the_form_comes_late(desk: Walker, mail_page: str, case_id: str) -> None:
    """The completed form reached us on paper: the advisor files it with the case."""
    page = await letter_at_the_gateway(desk, mail_page, f"{case_id}-1")
    returned = await filled_in(page, mail_page)
    await page.close()
    await desk.go(f"/cases/{case_id}/documents")
    await desk.page.get_by_label("The PDF, or a photograph").set_input_files(
        {"name": "late.pdf", "mimeType": "application/pdf", "buffer": returned}
    )
    await desk.choose("What it is", "A form that came back from Corrections")
    await desk.press("Check and file it")
    await desk.sees("The form is filed. A task of this case asks to read it.")
