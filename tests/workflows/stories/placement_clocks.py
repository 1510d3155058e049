"""Procedures 3 and 4 when nobody answers: the call, the 48 hours, the signature, the letter, the offer."""

from datetime import UTC, datetime, timedelta

from tests.workflows.gateway import CONTACT, SEND_FACTS, SERVICE_MANAGER
from tests.workflows.placement import (
    MANAGER,
    PLACER,
    T441,
    Placer,
    a_property_call,
    applicant,
    matched,
    offer_said,
    offered,
)
from tests.workflows.running import eventually
from tests.workflows.stories.told import story
from tests.workflows.suitability import Office

MONDAY = datetime(2032, 2, 29, 23, 0, tzinfo=UTC)
"""Monday 1 March 2032, noon in New Zealand; no holiday until Good Friday on the 26th."""
SILENT, LATE, UNSIGNED, UNWRITTEN, UNDECIDED = (
    applicant(f"clock{name}") for name in ["silent", "late", "unsigned", "unwritten", "undecided"]
)


async def _days(office: Office, days: int) -> None:
    """So many days and an hour later: noon itself is an instant at which timers fire."""
    await office.house.until(MONDAY + timedelta(days=days, hours=1))


async def _told(placer: Placer, kind: str) -> None:
    async def look() -> bool | None:
        return True if kind in [told for _, told in await placer.notices()] else None

    await eventually(look, f"nobody was told {kind}")


@story(SILENT, starts=MONDAY)
async def a_call_that_nobody_answers(office: Office) -> list[str]:
    """3.3: the service manager after two working days, the manager after five, then an answer."""
    match = await matched(office, SILENT, "VS-SILENT")
    await match.walk(until="phone_about_property")
    nobody = a_property_call(await office.house.now(), None)
    await office.house.answer(match.case_id, "phone_about_property", nobody, by=PLACER)
    await _days(office, 8)
    await _told(match, "corrections_unreachable")
    arranged = {"arranged": "The service manager calls back."}
    await office.house.answer(match.case_id, "corrections_unreachable", arranged, by=MANAGER)
    await match.walk(until="book_viewing")
    return [match.case_id]


@story(LATE, starts=MONDAY)
async def a_viewing_that_nobody_arranges(office: Office) -> list[str]:
    """3.4: the 48 hours are over twice, and a person ends the match."""
    match = await matched(office, LATE, "VS-LATE")
    for days in (3, 6):
        await match.walk(until="book_viewing")
        await _days(office, days)
        await office.house.task(
            match.case_id, "phone_about_property" if days == 3 else "decide_after_failures"
        )
    withdraw = {"decision": "withdraw", "reason": "Two tries."}
    await office.house.answer(match.case_id, "decide_after_failures", withdraw, by=PLACER)
    await match.walk()
    return [match.case_id]


@story(UNSIGNED, starts=MONDAY)
async def a_t438_that_nobody_signs(office: Office) -> list[str]:
    """3.6: after two, five and ten working days somebody is reminded; signed in the end."""
    match = await matched(office, UNSIGNED, "VS-UNSIGNED")
    await match.walk(until="record_part_b")
    await _days(office, 9)
    reminder = dict(CONTACT)
    await office.house.answer(match.case_id, "remind_signature", reminder, facts=SEND_FACTS, by=PLACER)
    await _days(office, 16)
    overdue = {"arranged": "Corrections signs tomorrow."}
    await office.house.answer(match.case_id, "signature_overdue", overdue, by=MANAGER)
    await match.walk()
    return [match.case_id]


@story(UNWRITTEN, starts=MONDAY)
async def a_request_that_is_chased_by_letter(office: Office) -> list[str]:
    """3.2.c: both letters, a pause that others have to end, and the form after all."""
    match = await matched(office, UNWRITTEN, "VS-UNWRITTEN", t441=False)
    await match.walk(until="send_void_request")
    await office.house.answer(match.case_id, "send_void_request", dict(CONTACT), facts=SEND_FACTS, by=PLACER)
    await eventually(match.clock, "no clock was set")
    await _days(office, 9)
    await _told(match, "letter_17_030")
    await _days(office, 16)
    await office.house.answer(
        match.case_id, "confirm_letter_recipient", dict(SERVICE_MANAGER), facts=SEND_FACTS, by=PLACER
    )
    await office.house.task(match.case_id, "corrections_silent")
    await match.tell({"exit_entry": "entry-1"})
    await _days(office, 22)
    await _told(match, "paused_unconfirmed")
    await match.tell({"status_said": "CSO"})
    await match.tell({"returned": "r-1", "documents": [], "received_at": None})
    complete = {"verdict": "complete", "returned": T441}
    await office.house.answer(match.case_id, "review_return", complete, by=PLACER)
    await match.walk(until="phone_about_property")
    return [match.case_id]


@story(UNDECIDED, starts=MONDAY)
async def an_offer_that_nobody_answers(office: Office) -> list[str]:
    """4.3: asked after, waited for once more, then withdrawn."""
    offer = await offered(office, UNDECIDED, "VS-UNDECIDED")
    await offer.walk(until="persons_answer")
    for days, decision in (
        (9, {"decision": "wait"}),
        (17, {"decision": "withdraw", "policy_reference": "CT-GDL-006"}),
    ):
        await _days(office, days)
        answer = {"reason": "In hospital."} | decision
        await office.house.answer(offer.case_id, "decide_no_answer", answer, by=PLACER)
    offer.changed = {"enter_offer_outcome": {"outcome": "withdrawn"}} | offer_said("withdrawn")
    await offer.walk()
    return [offer.case_id]
