"""Stories of what is asked seldom: entries by hand, a Friday that nobody starts, mail that nobody reads or takes."""

from datetime import date, time
from typing import Any

from activities.running_cases import RunningCases
from models.tables.case import CaseRecord, Task
from models.tables.outside import OutsideEntry
from models.tables.placement import Viewing
from procedures.answers import answer_type
from procedures.outside_entry import OutsideSystem
from procedures.report_week import local_instant
from procedures.tasks import OpenTask
from tests.workflows.driving import reported, somebody
from tests.workflows.gateway import CONTACT, SEND_FACTS
from tests.workflows.people import TOM
from tests.workflows.placement import PLACER, T441, applicant, matched
from tests.workflows.running import MANAGER, eventually
from tests.workflows.stories import Story
from tests.workflows.suitability import Home, Office

FRIDAY = date(2030, 5, 10)
HELD_UP, LIVES, WAITS = somebody(6400, live=True), somebody(6401, live=True), applicant("seldom")
ASKED_AFTER = applicant("asked")
BY_HAND = {"by_hand": frozenset(OutsideSystem)}
"""Options of the house in which everything outside is entered by hand."""
SEEN_FILE = {
    "file_number": "fF-77",
    "title_seen": "TESTER – Tom – 1980JAN02 – P-HIST – Harbourview",
    "parent_seen": "CSO Management",
    "file_type_seen": "HNZC File",
    "creation_state_seen": "Create Virtual File",
    "repository_seen": "Housing New Zealand Corporation",
    "displayed": True,
}
ASKED = {
    "mail_waiting": {"service_desk_reference": "SD-1"},
    "unread_return": {"arranged": "A colleague reads it now."},
}


async def mail_held_up(office: Office) -> list[str]:
    """The gateway has not taken a mail for an hour, and a return is unread: both asked by the record."""
    home = await office.begin(HELD_UP)
    await home.send()
    for number, (kind, answer) in enumerate(ASKED.items(), start=70):
        await _ask(office, home.case_id, kind, number)
        await home.answer(kind, answer, by=MANAGER)
    return [home.case_id]


async def _ask(office: Office, case_id: str, kind: str, number: int) -> None:
    """The case as the record would have it with this task open; its run goes on from there."""
    asked = answer_type(kind)
    task = OpenTask(
        task_id=f"{case_id}-{number}", kind=kind, step="2.2", role=asked.role, region="harbourview"
    )
    await office.house.client.get_workflow_handle(case_id).terminate()
    async with office.databases.owner.transaction() as session:
        case = await session.get_one(CaseRecord, case_id)
        tasks = case.state["tasks"] | {task.task_id: task.model_dump(mode="json")}
        case.state = case.state | {"tasks": tasks}
        session.add(
            Task(
                task_id=task.task_id, case_id=case_id, procedure=case.procedure, kind=kind, step="2.2",
                role=asked.role.value, region="harbourview", state="open", context={}, opened_at=case.opened_at,
            )
        )  # fmt: skip
    await RunningCases(office.house.client).start("check_suitability", case_id, again=True)
    await office.house.view(case_id)


async def a_request_with_more_time(office: Office) -> list[str]:
    """3.2.c: the manager gives Corrections more time, and has it counted again."""
    placer = await matched(office, ASKED_AFTER, "V-TIME", t441=False)
    await placer.walk(until="send_void_request")
    await office.house.answer(placer.case_id, "send_void_request", dict(CONTACT), facts=SEND_FACTS, by=PLACER)
    await eventually(placer.clock, "no clock was set")
    await placer.change("extend_deadline", working_days=8, reason="The office is closed.")
    await placer.change("recalculate_deadline", reason="A new closure.")
    return [placer.case_id]


async def a_t441_and_its_answer(office: Office) -> list[str]:
    """6.b: sent, answered, D1."""
    [one] = await reported(office.house, LIVES)
    await one.walk(until="before_t441_questions")
    await one.answer("before_t441_questions")
    await office.house.answer(one.case_id, "send_t441", dict(CONTACT), facts=SEND_FACTS)
    home = Home(office, one.case_id, LIVES)
    await eventually(home.clock, "no clock was set")
    await home.tell({"returned": "r-1", "documents": [], "received_at": None})
    await home.answer("review_return", {"verdict": "complete", "returned": T441})
    await one.walk()
    return [one.case_id]


async def a_friday_that_nobody_starts(office: Office) -> list[str]:
    """No report and nobody there: cover, the urgent call, and Corrections is asked."""
    house = office.house
    house.inbox.friday = FRIDAY
    run_case = await house.open_friday()
    await house.until(local_instant(FRIDAY, time(12, 1)))
    await house.answer(run_case, "arrange_cover", {"arranged": "A colleague starts it now."}, by=MANAGER)
    await house.answer(run_case, "confirm_missing", {"not_available": True})
    none = {"outcome": "no_report", "said_by": "Sam Contact", "reason": "Nobody was released."}
    await house.answer(run_case, "ask_for_report", none, by=MANAGER)
    return [run_case]


async def entered_by_hand(office: Office) -> list[str]:
    """Register and document store of procedure 1."""
    [one] = await reported(office.house, TOM)
    await one.walk(until="enter_in_register")
    await _enter(office, one.case_id, "D1P", "PEN")
    await office.house.answer(one.case_id, "enter_in_document_store", SEEN_FILE, facts={"title_agrees": True})
    await one.walk(until="final_questions")
    await one.answer("final_questions")
    await _enter(office, one.case_id, "D1", "CUR")
    await office.house.closed(one.case_id)
    return [one.case_id]


async def _enter(office: Office, case_id: str, code: str, status: str) -> None:
    said = {"number": "K-1", "code_seen": code, "status_seen": status}
    facts = {"code": code, "status": status}
    await office.house.answer(case_id, "enter_in_register", said, facts=facts)


async def diaried_by_hand(office: Office) -> list[str]:
    """The calendar of procedure 3."""
    placer = await matched(office, WAITS, "V-SELDOM")
    await placer.walk(until="viewing_questions")
    [booked] = await placer.rows(Viewing)
    starts = booked.starts_at.isoformat()
    said = {"subject_seen": "IN-CONFIDENCE", "starts_at_seen": starts}
    facts = {"subject": "IN-CONFIDENCE", "starts_at": starts}
    await office.house.answer(placer.case_id, "enter_in_calendar", said, facts=facts, by=PLACER)
    assert len(await placer.rows(OutsideEntry)) == 1
    return [placer.case_id]


SELDOM: dict[str, Story] = {
    "mail_held_up": Story(mail_held_up, (HELD_UP,), alone=True),
    "a_request_with_more_time": Story(a_request_with_more_time, (ASKED_AFTER,), alone=True),
    "a_t441_and_its_answer": Story(a_t441_and_its_answer, alone=True),
    "a_friday_that_nobody_starts": Story(
        a_friday_that_nobody_starts, starts=local_instant(FRIDAY, time(11, 25)), alone=True
    ),
    "entered_by_hand": Story(entered_by_hand, alone=True),
    "diaried_by_hand": Story(diaried_by_hand, (WAITS,), alone=True),
}
OPTIONS: dict[str, dict[str, Any]] = {"entered_by_hand": BY_HAND, "diaried_by_hand": BY_HAND}
"""How the house of a story works, where it is not as usual."""
