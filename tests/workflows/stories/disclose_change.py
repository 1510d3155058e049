"""Every path of the standing duty: told, approved or not, a mail that fails, and a duty that ends unsent."""

from itertools import count
from typing import Any

from activities.duty_events import report_event
from activities.running_cases import RunningCases
from models.tables.duty import DutyEvent
from procedures.local_time import local_date
from procedures.tasks import By
from procedures.watch import DutyKind, ReportedEvent
from tests.workflows.driving import SAYS, somebody
from tests.workflows.people import Person, hold
from tests.workflows.running import MANAGER
from tests.workflows.stories.told import story
from tests.workflows.suitability import Home, Office, send_t442

COLLEAGUE = By(subject="hsm-1", name="Sione Example", role="housing-support-manager")
ALONGSIDE, APPROVED, FORBIDDEN, FAILED = (somebody(6100 + number, live=True) for number in range(4))
ENDS: dict[str, dict[str, Any]] = {
    "corrections_says": SAYS | {"said": "NSO"},
    "died": {"note": "Told by the family."},
    "vacated": {"reason": "Gave the home back.", "still_considered": False},
    "linked_in_error": {"reason": "Another person."},
}
ENDING = {kind: somebody(6110 + number, live=True) for number, kind in enumerate(ENDS)}
TOLD = somebody(6120, live=True)
_events = count(1)


async def duty_of(
    office: Office, person: Person, kind: DutyKind = DutyKind.HOUSEHOLD_CHANGE, *, held: bool = False
) -> Home:
    """The case that a colleague's report about the person's home opens."""
    if not held:
        await hold(office.databases.worker, person.ref, "D1/CUR", said="CSO")
    now, event_id = await office.house.now(), f"story-event-{next(_events)}"
    event = ReportedEvent(
        kind=kind, facts="A change that we heard of.", aware_on=local_date(now), property_ref=person.home
    )
    cases = RunningCases(office.house.client)
    await report_event(office.databases.api, cases, event, event_id=event_id, by=COLLEAGUE, at=now)
    async with office.databases.worker.transaction() as session:
        [case_id] = (await session.get_one(DutyEvent, event_id)).case_ids
    return Home(office, case_id, person)


@story(ALONGSIDE)
async def a_t442_beside_a_t439(office: Office) -> list[str]:
    """A change is told while both forms of procedure 2 are still out."""
    home = await office.begin(ALONGSIDE)
    await home.send()
    duty = await duty_of(office, ALONGSIDE, held=True)
    await send_t442(duty)
    await office.house.closed(duty.case_id)
    return [home.case_id, duty.case_id]


@story(APPROVED, FORBIDDEN)
async def changed_risks(office: Office) -> list[str]:
    """The manager approves one disclosure and forbids the other."""
    runs = []
    for person, approved in ((APPROVED, True), (FORBIDDEN, False)):
        duty = await duty_of(office, person, DutyKind.RISK_CHANGE)
        proposal = {"facts": "Visitors at night.", "reason": "Needed for safety."}
        await duty.answer("propose_risk_disclosure", proposal)
        decision = {"approved": approved, "reason": "Looked at the privacy principles."}
        await duty.answer("approve_risk_disclosure", decision, by=MANAGER)
        if approved:
            await send_t442(duty)
        runs.append(duty.case_id)
    return runs


@story(FAILED, alone=True)
async def a_t442_that_the_gateway_refuses(office: Office) -> list[str]:
    """No contact known, a failure, and sent in the end."""
    duty = await duty_of(office, FAILED)
    await duty.answer("send_t442", {"no_contact_known": True})
    await duty.answer("provide_contact", {"note": "Entered and verified."}, by=MANAGER)
    office.gateway.answers.append("failed")
    await send_t442(duty)
    await duty.answer("send_failed", {"action": "send_again", "note": "The address was wrong."})
    await send_t442(duty)
    return [duty.case_id]


@story(*ENDING.values(), TOLD)
async def duties_that_end_unsent(office: Office) -> list[str]:
    """Each change that ends a duty; and Corrections' word in another case."""
    runs = []
    for kind, change in ENDS.items():
        duty = await duty_of(office, ENDING[kind])
        await office.house.task(duty.case_id, "send_t442")
        said_at = {"said_at": (await office.house.now()).isoformat()} if kind == "corrections_says" else {}
        await duty.change(kind, change | said_at)
        runs.append(duty.case_id)
    told = await duty_of(office, TOLD)
    await office.house.task(told.case_id, "send_t442")
    await told.tell({"status_said": "NSO"})
    await office.house.closed(told.case_id)
    return [*runs, told.case_id]
