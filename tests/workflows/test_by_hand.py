"""Procedure 1 with register and document store worked by hand, answered through the API as people do."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from typing import Any

import httpx
import pytest
from sqlalchemy import select
from temporalio.client import WorkflowQueryFailedError
from temporalio.testing import WorkflowEnvironment

from activities.running_cases import RunningCases
from adapters.keys import KeyRing
from models.tables.assessment import Assessment
from models.tables.case import Notice, Task
from models.tables.outside import OutsideEntry
from models.tables.placement import Viewing
from procedures.local_time import say_instant
from procedures.outside_entry import OutsideSystem
from procedures.terms import Role
from tests.api.office import AWS, MANAGER, Office, office_of
from tests.conftest import Databases
from tests.workflows.driving import Advisor, reported, somebody
from tests.workflows.people import DEE, DEE_AGAIN, LEE, TOM
from tests.workflows.placement import applicant, matched
from tests.workflows.running import House, eventually, running
from tests.workflows.suitability import office_in

REGISTER = frozenset({OutsideSystem.PERSON_REGISTER})
STORE = frozenset({OutsideSystem.DOCUMENT_STORE})
IN_REGISTER, IN_STORE, IN_CALENDAR = "enter_in_register", "enter_in_document_store", "enter_in_calendar"
SEEN_FILE = {
    "file_number": "fF-77",
    "parent_seen": "CSO Management",
    "file_type_seen": "HNZC File",
    "creation_state_seen": "Create Virtual File",
    "repository_seen": "Housing New Zealand Corporation",
    "displayed": True,
}
_keys = count(1)


@dataclass
class ByHandHouse:
    """A running house beside the application, on one record."""

    house: House
    office: Office
    role: Role = AWS

    @property
    def client(self) -> httpx.AsyncClient:
        """An advisor of every region."""
        return self.office.client(self.role, regions=("*",))

    async def open_task(self, case_id: str, kind: str) -> dict[str, Any]:
        """The open task of this kind with all that is known."""
        task = await self.house.task(case_id, kind)
        found: dict[str, Any] = (await self.client.get(f"/api/tasks/{task.task_id}")).json()
        return found

    async def say(self, case_id: str, kind: str, **body: Any) -> httpx.Response:
        """Answer the open task of this kind over HTTP."""
        task = await self.house.task(case_id, kind)
        key = f"by-hand-{next(_keys)}-{task.task_id}"
        return await self.client.post(
            f"/api/tasks/{task.task_id}/answer", json=body, headers={"Idempotency-Key": key}
        )

    async def enter(self, case_id: str, code: str, status: str, number: str = "K-1") -> None:
        """The right entry in the register."""
        said = await self.say(case_id, IN_REGISTER, number=number, code_seen=code, status_seen=status)
        assert said.status_code == 200, said.text

    async def refused(self, case_id: str, kind: str, **body: Any) -> str:
        """The rule that refuses this entry; its task stays open."""
        before = await self.house.task(case_id, kind)
        said = await self.say(case_id, kind, **body)
        assert said.status_code == 409, said.text
        assert (await self.house.task(case_id, kind)).task_id == before.task_id
        rule: str = said.json()["rule"]
        return rule

    async def entries(self, case_id: str) -> list[OutsideEntry]:
        """Everything that was to be entered for a case, in order."""
        query = select(OutsideEntry).where(OutsideEntry.case_id == case_id).order_by(OutsideEntry.position)
        async with self.house.database.transaction() as session:
            return list(await session.scalars(query))

    async def is_open(self, case_id: str) -> bool:
        """The case has not closed: neither on record nor as a run."""
        return (await self.house.case(case_id)).closed_at is None


@asynccontextmanager
async def by_hand_house(
    databases: Databases, server: WorkflowEnvironment, keys: KeyRing, systems: frozenset[OutsideSystem]
) -> AsyncIterator[ByHandHouse]:
    """Everything in one process, with these systems worked by hand."""
    async with AsyncExitStack() as stack:
        house = await stack.enter_async_context(running(databases, server, keys, by_hand=systems))
        office = await stack.enter_async_context(office_of(databases, server.client, keys))
        yield ByHandHouse(house, office)


@pytest.fixture
async def register(
    databases: Databases, server: WorkflowEnvironment, keys: KeyRing
) -> AsyncIterator[ByHandHouse]:
    """The register is worked by hand."""
    async with by_hand_house(databases, server, keys, REGISTER) as house:
        yield house


@pytest.fixture
async def store(
    databases: Databases, server: WorkflowEnvironment, keys: KeyRing
) -> AsyncIterator[ByHandHouse]:
    """The document store is worked by hand."""
    async with by_hand_house(databases, server, keys, STORE) as house:
        yield house


@pytest.mark.req("P1.S7.2", "P1.N4", "AMB-P1-20")
async def test_1_7_d1_is_reached_when_the_register_shows_it(register: ByHandHouse) -> None:
    house, say_no = register.house, register.refused
    [advisor] = await reported(house, TOM)
    case_id = advisor.case_id
    await advisor.walk(until=IN_REGISTER)
    assert await house.open_kinds(case_id) == {IN_REGISTER}
    lines = (await register.open_task(case_id, IN_REGISTER))["known"]["to_enter"]["lines"]
    assert lines == [
        "Person reference: P-HIST",
        "Assessment type: CSO",
        "Assessment number: none yet: create the assessment",
        "What does the report say of the person?: CSO",
        "Key Details must then show: D1P",
        "Status must then be: PEN",
    ]
    wrong = {"number": "K-1", "code_seen": "D1", "status_seen": "CUR"}
    assert await say_no(case_id, IN_REGISTER, **wrong) == "P1.N4"
    assert await house.open_kinds(case_id) == {IN_REGISTER}
    await register.enter(case_id, "D1P", "PEN")
    assert await house.open_kinds(case_id) == {"live_record"}

    await advisor.walk(until="final_questions")
    await advisor.answer("final_questions")
    assert await house.open_kinds(case_id) == {IN_REGISTER}
    known = (await register.open_task(case_id, IN_REGISTER))["known"]["to_enter"]["values"]
    assert (known["Assessment number"], known["Key Details must then show"]) == ("K-1", "D1")
    assert await say_no(case_id, IN_REGISTER, **wrong | {"code_seen": "D2"}) == "P1.S7.2"
    assert await say_no(case_id, IN_REGISTER, **wrong | {"number": "K-2"}) == "AMB-P1-20"
    assert await register.is_open(case_id)
    await register.enter(case_id, "D1", "CUR")
    closed = await house.closed(case_id)
    assert (closed.outcome, await house.code(TOM.ref)) == ("D1", "D1/CUR")

    entries = await register.entries(case_id)
    assert [(one.outside_number, one.seen["code"]) for one in entries] == [("K-1", "D1P"), ("K-1", "D1")]
    timeline = (await register.client.get(f"/api/cases/{case_id}/timeline")).json()["items"]
    entered = [one for one in timeline if one["what"] == "entered by hand: person register"]
    assert [one["detail"]["outside_number"] for one in entered] == ["K-1", "K-1"]


@pytest.mark.req("P1.S7.2")
async def test_1_7_what_happens_next_waits_until_the_register_shows_d1(register: ByHandHouse) -> None:
    """Also when the run is lost meanwhile: nothing is asked twice, and nobody is told early."""
    house, person = register.house, somebody(1)
    [advisor] = await reported(house, person)
    case_id = advisor.case_id
    await advisor.walk(until=IN_REGISTER)
    await register.enter(case_id, "D1P", "PEN")
    await advisor.walk(until="final_questions")
    await advisor.answer("final_questions", considered_for_void=True)
    before = await house.task(case_id, IN_REGISTER)
    await house.client.get_workflow_handle(case_id).terminate()
    assert await RunningCases(house.client).start("identify", case_id, again=True)
    await eventually(lambda: _loaded(house, case_id), "the case did not start again")
    assert await house.open_kinds(case_id) == {IN_REGISTER}
    assert (await house.task(case_id, IN_REGISTER)).task_id == before.task_id
    assert await _notices(house, case_id) == []
    await register.enter(case_id, "D1", "CUR")
    assert (await house.closed(case_id)).outcome == "D1"
    assert await house.rules(person.ref) == ["TR-1", "TR-9"]
    assert await _notices(house, case_id) == ["considered_for_void"]


async def _loaded(house: House, case_id: str) -> bool | None:
    """The run has read its case from the record."""
    try:
        return True if (await house.view(case_id)).open_tasks else None
    except WorkflowQueryFailedError:
        return None


async def _notices(house: House, case_id: str) -> list[str]:
    async with house.database.transaction() as session:
        return list(await session.scalars(select(Notice.kind).where(Notice.case_id == case_id)))


@pytest.mark.req("P1.S5.b2", "P1.N4")
async def test_1_5_entries_of_one_system_are_made_one_by_one_in_order(register: ByHandHouse) -> None:
    house = register.house
    [advisor] = await reported(house, TOM, group="Exit NSO")
    advisor.said = "NSO"
    await advisor.walk(until=IN_REGISTER)
    await register.enter(advisor.case_id, "D2P", "PEN")
    await advisor.walk(until="nso_questions")
    await advisor.answer("nso_questions")
    assert await house.open_kinds(advisor.case_id) == {IN_REGISTER}
    for code, status in (("D2P", "PEN"), ("D2", "CUR")):
        assert await register.is_open(advisor.case_id)
        await register.enter(advisor.case_id, code, status)
    assert (await house.closed(advisor.case_id)).outcome == "D2"


@pytest.mark.req("P1.S2.N1")
async def test_1_2_both_records_of_a_person_are_entered_with_numbers_of_their_own(
    register: ByHandHouse,
) -> None:
    [advisor] = await reported(register.house, DEE)
    advisor.duplicates = (DEE_AGAIN.ref,)
    await advisor.walk(until=IN_REGISTER)
    await register.enter(advisor.case_id, "D1P", "PEN", "K-1")
    values = (await register.open_task(advisor.case_id, IN_REGISTER))["known"]["to_enter"]["values"]
    assert values["Person reference"] == DEE_AGAIN.ref
    second = {"code_seen": "D1P", "status_seen": "PEN"}
    assert await register.refused(advisor.case_id, IN_REGISTER, number="K-1", **second) == "P1.S2.N1"
    await register.enter(advisor.case_id, "D1P", "PEN", "K-2")
    assert await register.house.open_kinds(advisor.case_id) == {"live_record"}


@pytest.mark.req("P1.S6.b2")
async def test_1_6_the_t441_goes_after_the_calculation_is_entered(register: ByHandHouse) -> None:
    [advisor] = await reported(register.house, LEE)
    case_id = advisor.case_id
    await advisor.walk(until=IN_REGISTER)
    await register.enter(case_id, "D1P", "PEN")
    await advisor.walk(until="before_t441_questions")
    await advisor.answer("before_t441_questions")
    assert await register.house.open_kinds(case_id) == {IN_REGISTER}
    await register.enter(case_id, "D1P", "PEN")
    assert await register.house.open_kinds(case_id) == {"send_t441"}


async def test_1_an_entry_stays_to_be_made_when_the_case_is_withdrawn(register: ByHandHouse) -> None:
    """The record has the code, so the register must have it too, whatever becomes of the case."""
    [advisor] = await reported(register.house, TOM)
    await advisor.walk(until=IN_REGISTER)
    view = await register.house.change(advisor.case_id, "withdraw", {"reason": "Reported in error."})
    assert [task.kind for task in view.open_tasks] == [IN_REGISTER]
    assert await register.is_open(advisor.case_id)
    case = await register.house.case(advisor.case_id)
    assert (case.step, case.waiting_for) == ("1.3", "advisor-wellbeing-support")
    await register.enter(advisor.case_id, "D1P", "PEN")
    assert (await register.house.closed(advisor.case_id)).outcome == "withdrawn"


@pytest.mark.req("A-B4", "A-B7", "A-B8", "A-B9", "A-B11", "A-B12", "A-B13", "A-B14", "P1.S3.1")
async def test_b_a_case_closes_when_its_green_file_is_in_the_document_store(store: ByHandHouse) -> None:
    house, person = store.house, somebody(1)
    [advisor] = await reported(house, person)
    advisor.outcome = "no_match"
    view = await advisor.walk()
    case_id = advisor.case_id
    assert ([task.kind for task in view.open_tasks], view.outcome) == ([IN_STORE], "no match")
    assert await store.is_open(case_id)
    shown = (await store.open_task(case_id, IN_STORE))["known"]["to_enter"]
    title = f"{person.surname.upper()} – Tom – 1980JAN02 – NOREF – NOAREA"
    assert shown["values"]["Name"] == title
    assert shown["lines"] == [
        f"Name: {title}",
        "Folder: CSO Management",
        "How: New > New Folder > Add File",
        "File Type: HNZC File",
        "Creation State: Create Virtual File",
        "Repository: Housing New Zealand Corporation",
    ]
    seen = {**SEEN_FILE, "title_seen": title}
    for wrong, rule in (
        ({"title_seen": "Tom"}, "A-B7"),
        ({"title_seen": title.replace("1980JAN02", "1980JAN03")}, "A-B7"),
        ({"title_seen": title.replace(person.surname.upper(), person.surname)}, "A-B8"),
        ({"parent_seen": "Desktop"}, "A-B9"),
        ({"file_type_seen": "Folder"}, "A-B11"),
        ({"creation_state_seen": "Create Paper File"}, "A-B12"),
        ({"repository_seen": "Elsewhere"}, "A-B13"),
        ({"displayed": False}, "A-B14"),
    ):
        assert await store.refused(case_id, IN_STORE, **{**seen, **wrong}) == rule
    assert await store.is_open(case_id)
    said = await store.say(case_id, IN_STORE, **seen)
    assert said.status_code == 200, said.text
    assert (await house.closed(case_id)).outcome == "no match"
    [entry] = await store.entries(case_id)
    assert (entry.outside_number, entry.seen) == ("fF-77", {})


@pytest.mark.req("A-B4", "A-B6")
async def test_b_the_case_goes_on_while_the_file_is_created_and_asks_for_it_once(store: ByHandHouse) -> None:
    [advisor] = await reported(store.house, DEE)
    advisor.duplicates = (DEE_AGAIN.ref,)
    advisor.said = "neither"
    view = await advisor.walk()
    assert ([task.kind for task in view.open_tasks], view.outcome) == ([IN_STORE], "D3")
    shown = (await store.open_task(advisor.case_id, IN_STORE))["known"]["to_enter"]["values"]
    said = await store.say(advisor.case_id, IN_STORE, **SEEN_FILE, title_seen=shown["Name"])
    assert said.status_code == 200, said.text
    assert (await store.house.closed(advisor.case_id)).outcome == "D3"
    assert len(await store.entries(advisor.case_id)) == 1


async def test_b_a_file_that_is_there_already_is_looked_at_and_keeps_its_number(store: ByHandHouse) -> None:
    [first] = await reported(store.house, TOM)
    await first.walk()
    shown = (await store.open_task(first.case_id, IN_STORE))["known"]["to_enter"]["values"]
    await store.say(first.case_id, IN_STORE, **SEEN_FILE, title_seen=shown["Name"])
    await store.house.closed(first.case_id)
    store.house.inbox.deliver(TOM.row(reference="CR-NEXT").replace("Tester", "Testa"))
    await store.house.look_again()
    second = Advisor(store.house, await store.house.case_of("Testa"), TOM)
    await second.walk(until=IN_STORE)
    again = (await store.open_task(second.case_id, IN_STORE))["known"]["to_enter"]["values"]
    assert (again["Name"], again["File number"][:6]) == (shown["Name"], "fF-77 ")
    other = {**SEEN_FILE, "file_number": "fF-99", "title_seen": shown["Name"]}
    assert await store.refused(second.case_id, IN_STORE, **other) == "A-B4"


async def test_the_manager_may_make_an_entry_and_others_may_not(register: ByHandHouse) -> None:
    [advisor] = await reported(register.house, TOM)
    await advisor.walk(until=IN_REGISTER)
    body = {"number": "K-1", "code_seen": "D1P", "status_seen": "PEN"}
    stranger = ByHandHouse(register.house, register.office, Role.ADVISOR_PLACEMENT)
    assert (await stranger.say(advisor.case_id, IN_REGISTER, **body)).status_code == 404
    manager = ByHandHouse(register.house, register.office, MANAGER)
    assert (await manager.say(advisor.case_id, IN_REGISTER, **body)).status_code == 200


@pytest.mark.req("P3.S4.a2", "PRV-16")
async def test_3_4_the_viewing_is_diaried_and_entered_by_the_advisor_placement(
    databases: Databases, server: WorkflowEnvironment, keys: KeyRing
) -> None:
    """The match goes on meanwhile, and does not close before; the register gets the initial viewing as well."""
    ana, both = applicant("ana"), REGISTER | {OutsideSystem.CALENDAR}
    async with AsyncExitStack() as stack:
        placing = await stack.enter_async_context(office_in(databases, server, keys, ana, by_hand=both))
        office = await stack.enter_async_context(office_of(databases, server.client, keys))
        by_hand = ByHandHouse(placing.house, office, Role.ADVISOR_PLACEMENT)
        placer = await matched(placing, ana, "V-1")
        case_id = placer.case_id
        await placer.walk(until="viewing_questions")
        shown = (await by_hand.open_task(case_id, IN_CALENDAR))["known"]["to_enter"]["values"]
        [booked] = await placer.rows(Viewing)
        assert shown["Subject"] == f"IN-CONFIDENCE - Property viewing - Ref {case_id}"
        assert (shown["Starts"], shown["Location"]) == (say_instant(booked.starts_at), "V-1")
        starts = booked.starts_at.isoformat()
        subject = {"subject_seen": shown["Subject"]}
        named = {"subject_seen": "Viewing with Ana", "starts_at_seen": starts}
        late = {**subject, "starts_at_seen": (booked.starts_at + timedelta(hours=1)).isoformat()}
        assert await by_hand.refused(case_id, IN_CALENDAR, **named) == "PRV-16"
        assert await by_hand.refused(case_id, IN_CALENDAR, **late) == "P3.S4.a2"

        await placer.answer("viewing_questions")
        values = (await by_hand.open_task(case_id, IN_REGISTER))["known"]["to_enter"]["values"]
        assert values["Application record, initial viewing"] == say_instant(booked.starts_at)
        assert values["Key Details must then show"] == "D1"
        await placer.walk()
        assert await placing.house.open_kinds(case_id) == {IN_CALENDAR, IN_REGISTER}
        assert await by_hand.is_open(case_id)
        said = await by_hand.say(case_id, IN_CALENDAR, **subject, starts_at_seen=starts)
        assert said.status_code == 200, said.text
        while IN_REGISTER in await placing.house.open_kinds(case_id):
            assert await by_hand.is_open(case_id)
            await by_hand.enter(case_id, "D1", "CUR")
        assert (await placing.house.closed(case_id)).outcome == "offer"


async def test_without_the_setting_nothing_is_entered_by_hand(house: House) -> None:
    """The embedded parts do it themselves: no task, no row, and the case closes with its last answer."""
    [advisor] = await reported(house, TOM)
    assert (await advisor.walk()).outcome == "D1"
    await house.closed(advisor.case_id)
    async with house.database.transaction() as session:
        kinds = set(await session.scalars(select(Task.kind).where(Task.case_id == advisor.case_id)))
        assert (await session.scalars(select(OutsideEntry))).all() == []
        [assessment] = (await session.scalars(select(Assessment))).all()
    assert kinds == {"match_entry", "first_question", "live_record", "phone_corrections", "final_questions"}
    assert assessment.code == "D1"
