"""Procedure 1 as an advisor walks it in a browser: from the row of the report to the confirmed code."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from playwright.async_api import Page, expect

from tests.pages.walking import Walker
from tests.workers.test_story_t441 import completed
from workers.wiring import wall_clock

MATCH_TITLE = "Search the register and match the entry"


@dataclass(frozen=True)
class Reported:
    """Somebody of the synthetic report, and whom one phones about them."""

    row: int
    person_ref: str
    spoke_with: str
    office: str
    why: str
    """Why disclosure is asked for: the beginning of the answer."""


def just_now() -> datetime:
    """Two minutes ago: an instant whose minute is over (UTC)."""
    return wall_clock().replace(second=0, microsecond=0) - timedelta(minutes=2)


async def a_call(desk: Walker, who: Reported) -> None:
    """A call that was answered and ended two minutes ago."""
    await desk.choose("Outcome", "Answered")
    await desk.at("When the call began", just_now() - timedelta(minutes=4))
    await desk.at("When the call ended", just_now())
    await desk.write("Spoke with", who.spoke_with)
    await desk.write("Office", who.office)
    await desk.write("Notes", "The details were read back.")


async def identified(desk: Walker, case_id: str, who: Reported) -> None:
    """1.2 to 1.6: the candidate linked as primary, assessment, call, live record, questions."""
    await desk.open_task(MATCH_TITLE, case_id)
    await desk.tick(re.compile(f"This is the person .primary. {who.person_ref}"))
    await desk.choose("Outcome", "Potential match")
    await desk.write("Notes", "Name, birth date and address agree.")
    await desk.send()
    await desk.next_in_case("Create the CSO assessment and answer the first question")
    await desk.choose("What does the report say", "CSO")
    await desk.send()
    await desk.next_in_case("Check whether the person has a live record")
    await desk.choose("live record", "Yes")
    await desk.write("Evidence", "As the register shows it.")
    await desk.send()
    await desk.open_task("Phone the local Corrections contact to verify the order", case_id)
    await desk.sees(who.spoke_with)
    await a_call(desk, who)
    await desk.choose("What Corrections said", "CSO")
    await desk.send()


async def disclosure_asked_for(desk: Walker, case_id: str, who: Reported) -> None:
    """1.6: questions, what Corrections would learn, the recipient confirmed, the T-441 gone."""
    await desk.open_task("Answer the questions up to sending the T-441 and calculate", case_id)
    await desk.choose("Why is disclosure asked for", who.why)
    await desk.choose("Are name and date of birth checked", "Yes")
    await desk.send()
    await desk.open_task("Send the T-441 to the local Corrections contact by SEEMail", case_id)
    await desk.opens(f"What {who.spoke_with} would learn", "What Corrections would learn from this message")
    await desk.tick(re.compile(f"{who.spoke_with}, {who.office} .contact"))
    await desk.tick(re.compile("I have confirmed name, office and address"))
    await desk.send()


async def letter_at_the_gateway(desk: Walker, mail_page: str, reference: str) -> Page:
    """The gateway's page of the one letter with this reference, once it has been accepted."""
    page = await desk.page.context.new_page()
    letter = page.get_by_role("row").filter(has_text=re.compile(rf"Ref {re.escape(reference)}(?![\w-])"))
    await page.goto(mail_page)
    for _ in range(240):
        if await letter.count():
            break
        await page.wait_for_timeout(250)
        await page.reload()
    assert await letter.count() == 1, "the letter left never, or twice"
    await letter.get_by_role("link").click()
    return page


async def filled_in(page: Page, mail_page: str) -> bytes:
    """The form that a letter carries, as Corrections sends it back, filled in on screen."""
    form = await page.get_by_role("link", name=re.compile(r"T-441.*\.pdf$")).get_attribute("href")
    pdf = await page.request.get(f"{mail_page}{form}")
    return completed(await pdf.body())


async def corrections_replies(desk: Walker, mail_page: str, case_id: str) -> None:
    """The letter can be read on the gateway's page; Corrections fills its form in and answers by secure mail."""
    page = await letter_at_the_gateway(desk, mail_page, f"{case_id}-1")
    await expect(page.locator("main")).to_contain_text("T-441")
    returned = await filled_in(page, mail_page)
    await page.get_by_label("Completed form").set_input_files(
        {"name": "completed.pdf", "mimeType": "application/pdf", "buffer": returned}
    )
    await page.get_by_role("button", name="Send to the returns mailbox").click()
    await expect(page.get_by_role("status")).to_have_text("The answer is in the returns mailbox.")
    await page.close()


async def confirmed_as_d1(desk: Walker, case_id: str, who: Reported, *, considered: bool) -> None:
    """1.6 and 1.7: the return read and found complete; D1 and CUR; the case ends."""
    await desk.open_task("Read what Corrections returned: is the form fully completed?", case_id)
    await desk.choose("Is the form fully completed", "Complete", exact=True)
    await desk.choose("Status of the community supervision order", "currently under")
    await desk.write("Circumstances that make a match", "No schools or playgrounds within sight.")
    await desk.write("Information about the locality", "None beyond the above.")
    await desk.write("Information for the customer risk rating", "Medium.")
    await desk.write("Completed by", f"{who.spoke_with}, {who.office}")
    await desk.at("Date", wall_clock())
    await desk.send()
    await desk.next_in_case("Answer the final questions and calculate")
    await desk.choose("Does Corrections confirm a current", "Yes")
    await desk.write("How was the status confirmed", "Call and form of today.")
    await desk.choose(
        "Is the person being considered for a void property now?", "Yes" if considered else "No"
    )
    await desk.send()
    await desk.go(f"/cases/{case_id}")
    await desk.sees("D1", "The case has ended")
