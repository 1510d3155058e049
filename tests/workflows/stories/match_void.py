"""Every path of procedure 3: the three branches of step 2, the viewing and the T-438, and how a match ends."""

from typing import Any

from tests.workflows.driving import SAYS, reported
from tests.workflows.gateway import CONTACT, SEND_FACTS
from tests.workflows.people import Person, hold
from tests.workflows.placement import (
    MANAGER,
    NOT_SUITABLE,
    PLACER,
    Placer,
    a_property_call,
    add_void,
    applicant,
    enter,
    file_now,
    follower_of,
    hold_t441,
    matched,
    unfiled,
)
from tests.workflows.running import eventually
from tests.workflows.stories.told import story
from tests.workflows.suitability import Office

NO_SLOT: dict[str, Any] = {
    "starts_at": None,
    "with_corrections": None,
    "diaried": False,
    "no_slot_because": "Nobody can come.",
}
MISSED: dict[str, Any] = {"held_at": None, "missed_because": "Corrections did not come."}
HELD, UNFIT, ASKED, ENDED, TWICE, REFUSED, DISAGREED = (
    applicant(f"story{name}") for name in ("held", "unfit", "asked", "ended", "twice", "refused", "disagreed")
)
PENDING, FIRST, SECOND, PAUSED, WRONG, BACK, TAKEN = (
    applicant(f"story{name}") for name in ("pending", "first", "second", "paused", "wrong", "back", "taken")
)
LIVES = Person("P-STORYLIVES", "Storylives", address="7 Elsewhere Lane").tenant()
CONSIDERED = Person("P-STORYCONSIDERED", "Storyconsidered", address="8 Elsewhere Lane")
NEVER = Person("P-STORYNEVER", "Storynever", address="9 Elsewhere Lane")
ENDS: dict[str, tuple[str, dict[str, Any]]] = {
    "withdraw": ("consider_match", {"reason": "Opened in error."}),
    "died": ("weigh_match", {"note": "Told by the family."}),
    "corrections_says": ("book_viewing", SAYS | {"said": "NSO"}),
    "vacated": ("record_viewing", {"reason": "Prison.", "still_considered": False}),
    "property_gone": ("record_part_b", {"what": "let", "note": "Let to somebody else."}),
    "match_withdrawn": ("phone_about_property", {"reason": "Entered twice."}),
    "application_withdrawn": ("viewing_questions", {"reason": "Withdrew."}),
    "linked_in_error": ("book_viewing", {"reason": "Another person."}),
}
"""Each change that ends a match, with the task that is open then."""
ENDING = {kind: applicant(f"story{kind.replace('_', '')}") for kind in ENDS}


@story(HELD)
async def a_match_with_a_t441_held_that_suits(office: Office) -> list[str]:
    """2.a, the call, a viewing with a loose document, the signed T-438, pre-approval."""
    match = await matched(office, HELD, "VS-HELD")
    await match.walk(until="pre_approval_questions")
    await unfiled(office, match, f"{match.case_id}-loose")
    await match.answer("pre_approval_questions")
    await match.answer("settle_paper")
    await office.house.answer(match.case_id, "file_documents", {"note": "Looked for it."}, by=PLACER)
    await file_now(office, f"{match.case_id}-loose")
    await office.house.answer(match.case_id, "file_documents", {"note": "Filed now."}, by=PLACER)
    return [match.case_id]


@story(UNFIT)
async def a_match_with_a_t441_held_that_does_not_suit(office: Office) -> list[str]:
    """2.b, withdrawn without a call."""
    match = await matched(office, UNFIT, "VS-UNFIT")
    match.changed["weigh_match"] = {"view": "unsuitable"}
    await match.walk()
    return [match.case_id]


@story(ASKED, LIVES)
async def matches_without_a_t441(office: Office) -> list[str]:
    """2.c: Corrections is asked; with the T-439 when the person lives in a home of ours, who later leaves it."""
    runs = []
    for person in (ASKED, LIVES):
        match = await matched(office, person, f"VS-{person.surname.upper()}", t441=False)
        await match.walk(until="send_void_request")
        await match.request()
        await match.walk(until="phone_about_property")
        if person is LIVES:
            await match.change("vacated", reason="Moved to a relative.", still_considered=True)
        await match.walk()
        runs.append(match.case_id)
    return runs


@story(ENDED)
async def a_returned_t441_that_names_no_order(office: Office) -> list[str]:
    """2.c, then procedure 1 from its fourth step."""
    match = await matched(office, ENDED, "VS-ENDED", t441=False)
    await match.walk(until="send_void_request")
    nobody = {"order_status": "NSO", "completed_by": "Sam Contact", "completed_on": "2026-11-28"}
    await match.request(nobody)
    await office.house.closed(match.case_id)
    identified = await follower_of(office, ENDED, "identify")
    await office.house.task(identified.case_id, "phone_corrections")
    return [match.case_id, identified.case_id]


@story(TWICE)
async def a_viewing_refused_and_a_new_call(office: Office) -> list[str]:
    """4.b twice, the decision to try again, and a T-438 signed in the end."""
    match = await matched(office, TWICE, "VS-TWICE")
    await match.walk(until="phone_about_property")
    nobody = a_property_call(await office.house.now(), None)
    await office.house.answer(match.case_id, "phone_about_property", nobody, by=PLACER)
    await match.walk(until="book_viewing")
    await match.answer("book_viewing", **NO_SLOT)
    await match.walk(until="record_viewing")
    await match.answer("record_viewing", **MISSED)
    again = {"decision": "try_again", "reason": "One more time."}
    await office.house.answer(match.case_id, "decide_after_failures", again, by=PLACER)
    await match.walk()
    return [match.case_id]


@story(REFUSED)
async def a_t438_that_says_not_suitable(office: Office) -> list[str]:
    """6.b: refused after the viewing; read again as a mistake, and refused for good."""
    match = await matched(office, REFUSED, "VS-REFUSED")
    match.changed["record_part_b"] = NOT_SUITABLE
    await match.walk(until="enter_withdrawn")
    await match.change("step_back", to_step="3.6", asked_by="Ravi", reason="Wrong box ticked.")
    await match.walk()
    return [match.case_id]


@story(DISAGREED, BACK)
async def properties_that_somebody_does_not_want(office: Office) -> list[str]:
    """3.b: Corrections does not agree; 6.a: we do not, and then do after all."""
    theirs = await matched(office, DISAGREED, "VS-DISAGREED")
    theirs.changed["phone_about_property"] = {"property_may_suit": False}
    await theirs.walk()
    ours = await matched(office, BACK, "VS-BACK")
    no = {"answers": {"corrections_approves": True, "we_agree": False}}
    ours.changed["pre_approval_questions"] = no
    await ours.walk(until="enter_withdrawn")
    await ours.change("step_back", to_step="3.3", asked_by="Ravi", reason="Not talked over.")
    ours.changed.clear()
    await ours.walk()
    return [theirs.case_id, ours.case_id]


@story(PENDING)
async def a_match_that_waits_for_its_code(office: Office) -> list[str]:
    """D1P: Corrections is asked, and the offer waits; no longer wanted in the end."""
    match = await matched(office, PENDING, "VS-PENDING", code="D1P/PEN")
    await match.walk(until="send_void_request")
    await match.request()
    await match.walk(until="pre_approval_questions")
    await match.answer("pre_approval_questions")
    await match.answer("settle_paper")
    await match.tell({"code_now": "D1"})
    await match.change("match_withdrawn", reason="Nobody waits any longer.")
    await match.walk()
    return [match.case_id]


@story(FIRST, SECOND)
async def two_matches_for_one_property(office: Office) -> list[str]:
    """3: the second waits until the first has ended."""
    first = await matched(office, FIRST, "VS-SHARED")
    await first.walk(until="book_viewing")
    second = await _also_matched(office, SECOND, "VS-SHARED")
    await second.answer("consider_match")
    await second.answer("weigh_match")
    await first.change("match_withdrawn", reason="Another home was found.")
    await first.walk()
    await second.walk()
    return [first.case_id, second.case_id]


async def _also_matched(office: Office, person: Person, property_ref: str) -> Placer:
    await hold(office.databases.worker, person.ref, "D1/CUR", said="CSO")
    await hold_t441(office, person)
    entered = await enter(office, person, property_ref)
    return Placer(office, entered.cases[0], person, property_ref)


@story(PAUSED, TAKEN)
async def matches_that_hear_of_something(office: Office) -> list[str]:
    """An Exit entry and the call that ends the pause; the property gone while the offer was near."""
    paused = await matched(office, PAUSED, "VS-PAUSED")
    await paused.walk(until="phone_about_property")
    await paused.tell({"exit_entry": "entry-1"})
    await eventually(lambda: _is_paused(paused), "the match did not pause")
    await paused.walk()
    gone = await matched(office, TAKEN, "VS-TAKEN")
    await gone.walk(until="pre_approval_questions")
    await gone.change("approval_taken_back", said_by="Sam Contact", reason="New information.")
    await gone.tell({"property_gone": "let"})
    await gone.walk()
    return [paused.case_id, gone.case_id]


async def _is_paused(match: Placer) -> bool | None:
    return True if (await match.office.house.case(match.case_id)).state["paused"] else None


@story(WRONG)
async def a_request_to_the_wrong_office(office: Office) -> list[str]:
    """2.c: sent again with a clock of its own; the incident stays the manager's."""
    match = await matched(office, WRONG, "VS-WRONG", t441=False)
    await match.walk(until="send_void_request")
    await office.house.answer(match.case_id, "send_void_request", dict(CONTACT), facts=SEND_FACTS, by=PLACER)
    await eventually(match.clock, "no clock was set")
    await match.change("wrong_recipient", mail_id=f"{match.case_id}-1", note="Other office.")
    await office.house.answer(match.case_id, "privacy_incident", {"actions_taken": "Deleted."}, by=MANAGER)
    await match.change("step_back", to_step="3.2", asked_by="Ravi", reason="Weighed too early.")
    await match.request()
    await match.walk()
    return [match.case_id]


@story(*ENDING.values())
async def matches_that_end_early(office: Office) -> list[str]:
    """Each change that ends a match, at another step each."""
    runs = []
    for kind, (until, change) in ENDS.items():
        match = await matched(office, ENDING[kind], f"VS-{kind.upper().replace('_', '-')}")
        await match.walk(until=until)
        said_at = {"said_at": (await office.house.now()).isoformat()} if kind == "corrections_says" else {}
        await match.change(kind, **change, **said_at)
        await match.walk()
        runs.append(match.case_id)
    return runs


@story(CONSIDERED, NEVER, alone=True)
async def people_considered_for_a_void_property(office: Office) -> list[str]:
    """From procedure 1, without a property yet: matched, and no longer considered."""
    advisors = await reported(office.house, CONSIDERED, NEVER)
    cases = []
    for advisor in advisors:
        await advisor.walk(until="final_questions")
        await advisor.answer("final_questions", considered_for_void=True)
        cases.append((await follower_of(office, advisor.person, "match_void")).case_id)
    await add_void(office, "VS-CONSIDERED")
    await office.house.task(cases[0], "await_match")
    await enter(office, CONSIDERED, "VS-CONSIDERED")
    await office.house.task(cases[0], "consider_match")
    because = {"no_longer_considered_because": "Found a home."}
    await office.house.answer(cases[1], "await_match", because, by=PLACER)
    return cases
