"""Every path of procedure 2: suitable or not, the letters, mail that goes wrong, and how a case ends early."""

from datetime import UTC, datetime, timedelta
from typing import Any

from tests.workflows.driving import SAYS, somebody
from tests.workflows.gateway import SEND_FACTS, SERVICE_MANAGER
from tests.workflows.placement import file_now
from tests.workflows.running import MANAGER, eventually
from tests.workflows.stories.told import story
from tests.workflows.suitability import NOT_SUITABLE, SUITABLE, Home, Office, give_a_file, send_t442
from tests.workflows.watching import review

ALTERNATIVES = ["contact_with_msd", "boarding_with_a_family", "private_rental_or_boarding"]
MONDAY = datetime(2032, 2, 29, 23, 0, tzinfo=UTC)
"""Monday 1 March 2032, noon in New Zealand; no holiday until Good Friday on the 26th."""
_A_MOMENT = timedelta(minutes=1)
(SUITS, UNFIT, REVIEWED, MOVED, UNFILED, MISREAD, UNSENT, RETURNED, SILENT, PAUSED) = (
    somebody(6000 + number, live=True) for number in range(10)
)
ENDS: dict[str, dict[str, Any]] = {
    "withdraw": {"reason": "opened twice"},
    "died": {"note": "told by the family"},
    "corrections_says": SAYS | {"said": "NSO"},
    "vacated": {"reason": "gave the home back", "still_considered": False},
    "moved_home": {"reason": "exchanged homes"},
    "linked_in_error": {"reason": "another person"},
}
ENDING = {kind: somebody(6020 + number, live=True) for number, kind in enumerate(ENDS)}


@story(SUITS)
async def a_home_that_suits(office: Office) -> list[str]:
    """2.1, 2.2, 3.a, 4, 5."""
    home = await office.begin(SUITS)
    await home.send()
    await home.corrections_says()
    await home.outcome()
    return [home.case_id]


@story(UNFIT)
async def a_home_that_does_not_suit(office: Office) -> list[str]:
    """3.b with every action, then twice watched: still there, and suitable when Corrections is asked again."""
    home = await office.begin(UNFIT)
    runs = [home.case_id]
    await home.send()
    await home.corrections_says(NOT_SUITABLE)
    await home.support(options=ALTERNATIVES)
    await home.outcome("not_suitable")
    await home.house.closed(home.case_id)
    await review(home)
    runs.append(home.case_id)
    await home.answer("review_move", {"outcome": "still_living_there", "note": "Viewed two homes."})
    await home.house.closed(home.case_id)
    await review(home)
    runs.append(home.case_id)
    await home.answer("review_move", {"outcome": "ask_corrections_again", "note": "The household changed."})
    await home.send()
    await home.corrections_says()
    await home.outcome()
    return runs


@story(MOVED)
async def a_move_found_at_the_review(office: Office) -> list[str]:
    """3.b, then the person has left: Corrections is told with a T-442."""
    home = await office.begin(MOVED)
    await home.send()
    await home.corrections_says(NOT_SUITABLE)
    await home.support(transfer_application=False)
    await home.outcome("not_suitable")
    await home.house.closed(home.case_id)
    await review(home)
    left = {"outcome": "moved", "moved_to": "elsewhere", "note": "Moved to a private rental."}
    await home.answer("review_move", left)
    duty = await office.follower(home.case_id, "disclose_change")
    await send_t442(Home(office, duty.case_id, MOVED))
    await office.house.closed(duty.case_id)
    return [home.case_id, duty.case_id]


@story(UNFILED)
async def a_form_to_be_filed(office: Office) -> list[str]:
    """5: what came back is outside the folder; it is asked for until it is in."""
    home = await office.begin(UNFILED)
    await home.send()
    document_id = await home.bring_back(filed=False)
    await home.answer("review_return", {"verdict": "complete", "returned": SUITABLE})
    await home.outcome()
    await home.answer("save_documents", {"note": "Looked for it."})
    await give_a_file(office, UNFILED)
    await file_now(office, document_id)
    await home.answer("save_documents", {"note": "Filed by hand."})
    return [home.case_id]


@story(MISREAD)
async def a_form_read_again(office: Office) -> list[str]:
    """Read wrongly: back to 2.2 and its clock, then back to 2.3.

    Again: what chased Corrections before the form came goes on, and the completed form ends the task to send it.
    """
    home = await office.begin(MISREAD)
    await home.send()
    await home.corrections_says()
    back = {"asked_by": "Aroha Example", "reason": "The box was read wrongly."}
    await home.change("go_back", back | {"to_step": "2.2"})
    await home.answer("review_return", {"verdict": "complete", "returned": NOT_SUITABLE})
    await home.support()
    await home.change("go_back", back | {"to_step": "2.3"})
    await home.support(transfer_application=False)
    await home.outcome("not_suitable")
    return [home.case_id]


@story(UNSENT)
async def forms_that_do_not_arrive(office: Office) -> list[str]:
    """No contact known, a bounce, a wrong recipient; each time the forms are sent anew."""
    home = await office.begin(UNSENT)
    await home.answer("send_t439", {"no_contact_known": True}, home.send_facts())
    await home.answer("provide_contact", {"note": "Entered and verified."}, by=MANAGER)
    await home.send()
    await home.tell({"bounced": (await home.mails())[-1].mail_id})
    await home.answer("send_failed", {"action": "send_again", "note": "The address was wrong."})
    await home.send()
    wrong = {"mail_id": (await home.mails())[-1].mail_id, "note": "Another office."}
    await home.change("wrong_recipient", wrong)
    await home.send()
    await home.answer("privacy_incident", {"actions_taken": "The office has deleted it."}, by=MANAGER)
    await home.corrections_says()
    await home.outcome()
    return [home.case_id]


@story(RETURNED)
async def forms_that_come_back_incomplete(office: Office) -> list[str]:
    """Incomplete, then a reply without the form, while the deadline is extended and counted again."""
    home = await office.begin(RETURNED)
    await home.send()
    await home.change("extend_deadline", {"working_days": 8, "reason": "The office is closed."})
    await home.change("recalculate_deadline", {"reason": "A new closure."})
    await home.bring_back()
    partly = {
        "verdict": "incomplete",
        "returned": SUITABLE | {"suitability": ""},
        "recipient_confirmed": True,
    }
    await home.answer("review_return", partly)
    await home.tell({"unread_reply": "reply-1"})
    await home.answer("review_return", {"verdict": "not_the_form", "note": "A covering note."})
    await home.corrections_says()
    await home.outcome()
    return [home.case_id]


@story(SILENT, starts=MONDAY)
async def letters_to_a_silent_office(office: Office) -> list[str]:
    """2.2: 17-030 to the contact, the second to the service manager, reminders, and an answer in the end."""
    home = await office.begin(SILENT)
    await home.send()
    for number in (1, 2):
        await office.house.until(datetime.fromisoformat((await home.clock())["letter_opens_at"]) + _A_MOMENT)
        if number == 2:
            await home.answer("confirm_letter_recipient", SERVICE_MANAGER, SEND_FACTS)
        await _letter(home, number)
    await office.house.until(await office.house.now() + timedelta(days=15))
    await eventually(lambda: _reminded(home), "the manager was not reminded")
    await home.answer("corrections_silent", {"end_reminders_because": "Met in person."}, by=MANAGER)
    await home.corrections_says()
    await home.outcome()
    return [home.case_id]


async def _letter(home: Home, number: int) -> None:
    async def out() -> bool | None:
        clock = await home.clock()
        return True if clock and clock["number"] == number else None

    await eventually(out, f"letter {number} did not leave")


async def _reminded(home: Home) -> bool | None:
    return True if "corrections_still_silent" in await home.notices() else None


@story(PAUSED, starts=MONDAY)
async def a_pause_that_others_have_to_end(office: Office) -> list[str]:
    """An Exit entry while the form is out: the service manager, then the manager, then Corrections' word."""
    home = await office.begin(PAUSED)
    await home.send()
    await home.tell({"register_shows_move": "import-1"})
    await home.tell({"exit_entry": "entry-exit"})
    await office.house.until(MONDAY + timedelta(days=5))
    await eventually(lambda: _unconfirmed(home), "the manager was not told")
    await home.tell({"status_said": "CSO"})
    await eventually(lambda: _goes_on(home), "the pause did not end")
    await home.corrections_says()
    await home.outcome()
    return [home.case_id]


async def _unconfirmed(home: Home) -> bool | None:
    return True if "paused_unconfirmed" in await home.notices() else None


async def _goes_on(home: Home) -> bool | None:
    return True if "pause_ended" in await home.notices() else None


@story(*ENDING.values())
async def homes_whose_check_ends_early(office: Office) -> list[str]:
    """Each change that ends a case, while the form is out."""
    homes = []
    for kind, change in ENDS.items():
        home = await office.begin(ENDING[kind])
        await home.send()
        said_at = {"said_at": (await office.house.now()).isoformat()} if kind == "corrections_says" else {}
        await home.change(kind, change | said_at)
        homes.append(home.case_id)
    return homes


@story(REVIEWED)
async def a_home_whose_order_ends_elsewhere(office: Office) -> list[str]:
    """Another case of the person has Corrections' word, while the alternatives are looked for."""
    home = await office.begin(REVIEWED)
    await home.send()
    await home.corrections_says(NOT_SUITABLE)
    await home.tell({"status_said": "NSO"})
    await office.house.closed(home.case_id)
    return [home.case_id]
