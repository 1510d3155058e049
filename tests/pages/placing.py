"""Procedures 3 and 4 as an Advisor Placement, the Coordinator Placement and the manager walk them in browsers."""

import re

from playwright.async_api import expect

from tests.pages.identifying import MATCH_TITLE, Reported, a_call, just_now
from tests.pages.walking import Walker
from workers.rehearsal.returning import scanned_paper
from workers.wiring import wall_clock

NGUYEN = Reported(5, "40159", "Ngaire Tuhoro", "Lanternvale Community Corrections", "is being considered")
"""Waits for one of our homes; the fifth line of the report."""


# -- the row is given to an advisor, and searched for --------------------------------------------------------------


async def assigned(manager: Walker, to: str) -> str:
    """From the Friday run to the row's task, given to an advisor with a reason. The case."""
    await manager.follow("Friday runs")
    await manager.follow(re.compile("^Friday .* 2026"))
    await manager.follow(re.compile(f"row {NGUYEN.row}$"))
    await manager.heading(MATCH_TITLE)
    await manager.page.get_by_text("Assign it to somebody").click()
    await manager.choose("To", to)
    await manager.write("Reason", "Knows the area")
    await manager.page.get_by_role("button", name="Assign", exact=True).click()
    await manager.sees("The task is assigned.", to)
    return await manager.case_id()


async def searched(desk: Walker, case_id: str) -> None:
    """One's own search with a wildcard; what it finds joins the candidates, and it is kept as evidence."""
    await desk.go("/")
    await desk.follow("Mine")
    await desk.page.get_by_role("row").filter(has_text=case_id).get_by_role("link", name=MATCH_TITLE).click()
    await desk.heading(MATCH_TITLE)
    await desk.page.get_by_text("Search the register yourself").click()
    await desk.write("Full name", "Ngu% Minh%")
    await desk.press(re.compile("^Search$"))
    await desk.sees(re.compile("Your search found|Nobody on the register was found"))


# -- procedure 3 ---------------------------------------------------------------------------------------------------


async def matched(coordinator: Walker) -> None:
    """3.1: the Coordinator Placement enters the match, and learns of no case and no code."""
    await coordinator.follow("Void matches")
    await coordinator.heading("Enter a match to a void property")
    await coordinator.write("Person", NGUYEN.person_ref)
    await coordinator.choose("Void property", "5 Empty Row")
    await coordinator.write("Number of the T-365", "T365-2026-1187")
    await coordinator.write("Match details and household", "Household of one; ground floor needed.")
    await coordinator.press("Enter the match")
    await coordinator.sees("The match is entered.")
    await expect(coordinator.page.locator("main")).not_to_contain_text("D1")


async def considered_and_phoned(desk: Walker) -> None:
    """3.1 to 3.3: the T-365 read, weighed against the T-441, Corrections phoned."""
    await desk.go("/tasks?view=unassigned")
    await desk.first_task("Consider the match to the void property")
    await desk.claim()
    await desk.sees("5 Empty Row", "T365-2026-1187", "Nobody, as the register has it")
    await desk.tick("The T-365 context report is read")
    await desk.write("Notes", "A quiet street.")
    await desk.send()
    await desk.next_in_case("Weigh the match against the T-441")
    await desk.choose("Our view of the match", "Suitable", exact=True)
    await desk.write("Reasons", "Nothing in the T-441 speaks against the locality.")
    await desk.send()
    await desk.next_in_case("Phone the local Corrections contact about the order and the property")
    await a_call(desk, NGUYEN)
    await desk.choose("What Corrections said", "CSO")
    await desk.choose("Does Corrections agree", "Yes")
    await desk.send()


async def viewed(desk: Walker) -> None:
    """3.4 and 3.5: an appointment within 48 hours, its calendar file, the T-438 to print, the viewing."""
    await desk.next_in_case("Arrange the viewing with Corrections within 48 hours")
    await desk.at("When the viewing starts", wall_clock())
    await desk.write("Who comes from Corrections", NGUYEN.spoke_with)
    await desk.tick("The appointment is in the Outlook calendar")
    await desk.write("Notes", "We meet at the gate.")
    await desk.send()
    await desk.next_in_case("Answer the questions about the viewing and calculate")
    await desk.choose("Does Corrections agree that the property", "Yes")
    await desk.write("With whom at Corrections", NGUYEN.spoke_with)
    await desk.write("Comment", "As talked about.")
    await desk.send()
    await desk.next_in_case("Print the T-438 for Corrections to sign")
    assert (await desk.fetched("Calendar file"))[0] == "text/calendar"
    kind, paper = await desk.fetched("T-438 to print")
    assert (kind, paper[:5]) == ("application/pdf", b"%PDF-")
    await desk.send()
    await desk.next_in_case("View the property with Corrections")
    await desk.at("When the viewing took place", wall_clock())
    await desk.write("Who from Corrections was there", NGUYEN.spoke_with)
    await desk.tick("In person, at the property")
    await desk.write("Notes", "Walked through together.")
    await desk.send()


async def signed(desk: Walker) -> None:
    """3.6: the signed scan filed from the task, Part B recorded against it, both parties say yes, the paper stored."""
    await desk.next_in_case("Record Part B of the T-438")
    await desk.press("File the paper")
    await desk.sees("There is a problem", "Choose the PDF, or photograph each page of the paper.")
    await desk.page.get_by_label("The scan as PDF").set_input_files(
        {"name": "scan.pdf", "mimeType": "application/pdf", "buffer": scanned_paper()}
    )
    await desk.press("File the paper")
    await desk.sees("The T-438 signed by Corrections is filed in the person's secure folder.")
    await desk.choose("Outcome of the viewing", "Suitable", exact=True)
    await desk.tick("Corrections has signed Part B")
    await desk.write("Signed by", f"{NGUYEN.spoke_with}, {NGUYEN.office}")
    await desk.at("Signed on", wall_clock())
    await desk.at("When the signed form came back", wall_clock())
    await desk.write("Notes", "Signed on paper at the property.")
    await desk.send()
    await desk.next_in_case("Answer the questions about the pre-approval and calculate")
    await desk.choose("Has Corrections signed", "Yes")
    await desk.choose("Do we agree", "Yes")
    await desk.write("Comment", "Both agree.")
    await desk.send()
    await desk.next_in_case("Say where the printed T-438 is now")
    await desk.choose("Where the paper is now", "Stored")
    await desk.send()


# -- procedure 4 ---------------------------------------------------------------------------------------------------


async def offered(desk: Walker) -> str:
    """4.1 to 4.3: the risk rating checked, the property offered and shown, the person accepts. The case."""
    await desk.first_task("Check the customer risk rating before you meet the person")
    offer_id = await desk.case_id()
    await desk.claim()
    await desk.sees("5 Empty Row", "signed by Ngaire Tuhoro")
    await desk.choose("What does the rating need?", "None")
    await desk.choose("Is SS-FRM-010 required", "No")
    await desk.write("Notes", "No rating is shown.")
    await desk.send()
    await desk.next_in_case("Offer the property (CT-PRO-001, 5.5)")
    await desk.at("When the property was offered", just_now())
    await desk.write("Notes", "Offer letter handed over.")
    await desk.send()
    await desk.next_in_case("Show the property (CT-PRO-001, 5.6)")
    await desk.at("When the property was shown", just_now())
    await desk.write("Notes", "Shown to the household.")
    await desk.send()
    await desk.next_in_case("Record the person's answer to the offer")
    await desk.choose("Does the person accept the property?", "Yes")
    await desk.write("Notes", "Likes the place.")
    await desk.send()
    return offer_id


async def signed_up(desk: Walker, coordinator: Walker, offer_id: str) -> None:
    """4.3 and 4.4: Corrections told, the sign-up paperwork prepared by whoever sees no code, questions, the end."""
    await desk.next_in_case("Phone Corrections about the outcome")
    await a_call(desk, NGUYEN)
    await desk.send()
    await coordinator.follow("Tasks")
    await coordinator.open_task("Prepare the sign-up paperwork for the Housing Support Manager", offer_id)
    await coordinator.sees("5 Empty Row", f"Record {NGUYEN.person_ref}", "T365-2026-1187")
    await expect(coordinator.page.locator("main")).not_to_contain_text(re.compile("D1|Nguyen|Corrections"))
    await coordinator.tick("The sign-up paperwork is prepared")
    await coordinator.send()
    await desk.open_task("Answer the questions about the offer and calculate", offer_id)
    await desk.choose("What became of the offer", "Accepted")
    await desk.write("Who at Corrections was told", f"{NGUYEN.spoke_with}, today.")
    await desk.write("Comment", "Accepted.")
    await desk.send()


async def all_is_told(manager: Walker, offer_id: str) -> None:
    """The manager reads how it went: the end, the way there, the letter, the approval."""
    await manager.go(f"/cases/{offer_id}")
    await manager.sees("The case has ended", "Outcome", "Accepted")
    await manager.follow("Timeline")
    await manager.sees("What happened")
