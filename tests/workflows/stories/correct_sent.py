"""Every path of a mistake in something sent: told, not told, in a case that goes on and in one that has ended."""

from activities.running_cases import RunningCases
from activities.sent_mistakes import ReportedMistake, report_sent_mistake
from procedures.correct_sent import Mistake
from tests.workflows.driving import somebody
from tests.workflows.gateway import CONTACT, SEND_FACTS
from tests.workflows.placement import PLACER
from tests.workflows.running import ADVISOR, MANAGER
from tests.workflows.stories.told import story
from tests.workflows.suitability import Home, Office

NAMED, FOUND_LATER, CONSIDERED = (somebody(6300 + number, live=True) for number in range(3))
TOLD = dict(CONTACT) | {"tell_corrections": True}


@story(NAMED)
async def a_wrong_person_taken_back(office: Office) -> list[str]:
    """Both forms named somebody else: the notice, which itself went to another office, and the incident."""
    home = await office.begin(NAMED)
    await home.send()
    await home.change("linked_in_error", {"reason": "another person of that name"})
    follow_up = Home(office, (await office.follower(home.case_id, "correct_sent")).case_id, NAMED)
    await follow_up.answer("tell_of_mistake", TOLD, SEND_FACTS)
    sent = (await follow_up.mails())[0].mail_id
    await follow_up.change("wrong_recipient", {"mail_id": sent, "note": "The office of another town."})
    await follow_up.answer("tell_of_mistake", TOLD, SEND_FACTS)
    await follow_up.answer("privacy_incident", {"actions_taken": "Reported."}, by=MANAGER)
    await follow_up.answer("privacy_incident", {"actions_taken": "Deleted there."}, by=MANAGER)
    await office.house.closed(follow_up.case_id)
    return [home.case_id, follow_up.case_id]


@story(FOUND_LATER)
async def a_mistake_found_when_the_case_has_ended(office: Office) -> list[str]:
    """Nobody to tell in the directory, then no need to tell."""
    home = await office.begin(FOUND_LATER)
    await home.send()
    await home.change("withdraw", {"reason": "opened twice"})
    await office.house.closed(home.case_id)
    reported = ReportedMistake(
        follow_up_id="X0F0UND1A7E2",
        case_id=home.case_id,
        mistake=Mistake.WRONG_FACT,
        reason="The street was another one.",
        by=ADVISOR,
    )
    now = await office.house.now()
    [case_id] = await report_sent_mistake(
        office.databases.api, RunningCases(office.house.client), reported, at=now
    )
    follow_up = Home(office, case_id, FOUND_LATER)
    await follow_up.answer("tell_of_mistake", {"tell_corrections": True, "no_contact_known": True})
    await follow_up.answer("provide_contact", {"note": "Entered and verified."}, by=MANAGER)
    untold = {"tell_corrections": False, "not_told_because": "Corrections has found it itself."}
    await follow_up.answer("tell_of_mistake", untold)
    return [case_id]


@story(CONSIDERED)
async def a_home_checked_while_a_void_is_considered(office: Office) -> list[str]:
    """P2.X4: procedure 3 begins beside procedure 2, is not needed after all, and begins once more."""
    home = await office.begin(CONSIDERED)
    await home.send()
    for number in (1, 2):
        await home.change("considered_for_void", {"note": "The transfer list has a home."})
        match = Home(office, f"{home.case_id}-V{number}", CONSIDERED)
        no_longer = {"no_longer_considered_because": "The home was let to another."}
        await match.answer("await_match", no_longer, by=PLACER)
        await office.house.closed(match.case_id)
    await home.corrections_says()
    await home.outcome()
    return [home.case_id, f"{home.case_id}-V1"]
