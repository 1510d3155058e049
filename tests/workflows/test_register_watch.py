"""What an import of the register shows about people under an order: duties and cases raised by themselves, once."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import select
from temporalio.testing import WorkflowEnvironment

from activities.register_watch import register_changed
from activities.running_cases import RunningCases
from adapters.keys import KeyRing
from models.tables.case import CaseRecord
from models.tables.duty import DisclosureDuty
from models.tables.report import ReportEntry
from tests.conftest import Databases
from tests.workflows.driving import somebody
from tests.workflows.gateway import CONTACT, SEND_FACTS
from tests.workflows.people import Person, hold, import_people
from tests.workflows.running import eventually
from tests.workflows.suitability import Home, Office, office_in, send_t442
from workers.sweeps import watch_homes

LIVES = somebody(200, live=True)
MATE = replace(LIVES, ref="P-00201", surname="Flatmate", occupancy="household_member")
CHILD = replace(MATE, ref="P-00202", surname="Youngster", born=date(2018, 5, 6))
GONE = replace(LIVES, live=False, occupancy="none", home="")
OTHER_HOME = replace(LIVES, home="H-OTHER", address="77 Elsewhere Lane")
OTHER_ADDRESS = replace(LIVES, address="200A Invented Street")


class Register:
    """The register of a test, imported again and compared again."""

    def __init__(self, office: Office) -> None:
        self.office = office

    async def shows(self, *people: Person) -> int:
        """An import, then the comparison twice: the second finds nothing. How many cases began."""
        await import_people(self.office.databases.loader, *people)
        begun = await self.compare()
        assert await self.compare() == 0
        return begun

    async def compare(self) -> int:
        """The sweep."""
        return await register_changed(
            self.office.databases.worker,
            RunningCases(self.office.house.client),
            await self.office.house.now(),
        )

    async def begun(self, procedure: str = "disclose_change") -> list[CaseRecord]:
        """Cases of the person, oldest first."""
        return await self.office.cases_of(LIVES, procedure)

    async def kinds(self) -> list[str]:
        """Kinds of the duties that were raised."""
        return sorted(case.state["kind"] for case in await self.begun())

    async def duties(self) -> list[DisclosureDuty]:
        """The rows of the duty about the person, oldest first."""
        async with self.office.databases.worker.transaction() as session:
            found = await session.scalars(
                select(DisclosureDuty)
                .where(DisclosureDuty.person_ref == LIVES.ref)
                .order_by(DisclosureDuty.duty_id)
            )
            return list(found)


@pytest.fixture
async def register(
    databases: Databases, server: WorkflowEnvironment, keys: KeyRing
) -> AsyncIterator[Register]:
    """A house in which one person under an order lives alone; what the register shows is known."""
    async with office_in(databases, server, keys, LIVES) as office:
        await hold(databases.worker, LIVES.ref, "D1/CUR", said="CSO")
        register = Register(office)
        assert await register.shows(LIVES) == 0
        yield register


@pytest.mark.req("P2.F1", "P4.F1", "AMB-P2-14")
async def test_2_5_the_register_shows_another_household(register: Register) -> None:
    assert await register.shows(LIVES, MATE) == 1
    assert await register.kinds() == ["household_change"]
    [case] = await register.begun()
    await register.office.house.task(case.case_id, "send_t442")
    assert await register.shows(LIVES, MATE, CHILD) == 2
    assert await register.kinds() == ["household_change", "household_change", "under_16_request"]
    [duty] = await register.duties()
    assert duty.ended_at is None


@pytest.mark.req("P2.F4", "P4.F4", "AMB-P2-14")
async def test_2_5_the_register_shows_that_the_person_has_left(register: Register) -> None:
    assert await register.shows(GONE) == 1
    [case] = await register.begun()
    assert case.state["kind"] == "accommodation_change"
    await send_t442(Home(register.office, case.case_id, LIVES))
    assert (await register.office.house.closed(case.case_id)).outcome == "sent"
    [duty] = await register.duties()
    assert duty.ended_because == "left the home"
    assert await register.office.house.code(LIVES.ref) == "D1/CUR"


@pytest.mark.req("P2.F4")
async def test_2_5_the_register_shows_another_address_of_the_home(register: Register) -> None:
    assert await register.shows(OTHER_ADDRESS) == 1
    assert await register.kinds() == ["accommodation_change"]


@pytest.mark.req("AMB-P2-11", "AMB-P2-12", "P2.W2", "OV-1")
@pytest.mark.parametrize("in_the_report", [True, False])
async def test_2_1_another_home_is_told_and_checked_when_the_report_named_the_person(
    register: Register, in_the_report: bool
) -> None:
    if in_the_report:
        await _entry(register.office, LIVES)
    assert await register.shows(OTHER_HOME) == (2 if in_the_report else 1)
    assert await register.kinds() == ["accommodation_change"]
    checks = await register.begun("check_suitability")
    assert len(checks) == in_the_report
    if in_the_report:
        home = Home(register.office, checks[0].case_id, OTHER_HOME)
        await home.send()
        assert (await register.office.house.case(home.case_id)).state["person"]["property_ref"] == "H-OTHER"


async def _entry(office: Office, person: Person) -> None:
    """The report named the person once, in a case of procedure 1 that has ended."""
    advisor = await office.report(person)
    await advisor.walk(until="phone_corrections")
    await office.house.change(advisor.case_id, "withdraw", {"reason": "only its entry is needed here"})
    await office.house.closed(advisor.case_id)
    async with office.databases.worker.transaction() as session:
        assert await session.scalar(
            select(ReportEntry.entry_id).where(ReportEntry.case_id == advisor.case_id)
        )


@pytest.mark.req("AMB-P2-11", "P2.F4")
async def test_2_2_a_leaving_that_a_person_reported_first_is_told_once(register: Register) -> None:
    home = await _open_case(register.office)
    await home.change("vacated", {"reason": "The home was given back.", "still_considered": False})
    await home.house.closed(home.case_id)
    await register.office.follower(home.case_id, "disclose_change")
    assert await register.shows(GONE) == 0
    assert await register.kinds() == ["accommodation_change"]


@pytest.mark.req("AMB-P2-12")
async def test_2_2_an_open_case_hears_that_the_register_shows_a_move(register: Register) -> None:
    home = await _open_case(register.office)
    await home.send()
    assert await register.shows(OTHER_HOME) == 1

    async def told() -> bool | None:
        return True if "register_shows_move" in await home.notices() else None

    await eventually(told, "the case was not told")
    assert [case.case_id for case in await register.begun("check_suitability")] == [home.case_id]


async def _open_case(office: Office) -> Home:
    """An open case of procedure 2 about the person, who already holds a code."""
    home = await office.begin(LIVES, held=True)
    await office.house.task(home.case_id, "send_t439")
    return home


@pytest.mark.req("AMB-P1-15")
async def test_1_6_a_record_that_becomes_live_is_disclosed_again_and_stays_d1(register: Register) -> None:
    office = register.office
    await register.shows(GONE)
    assert await register.shows(LIVES) == 1
    [case] = await register.begun("identify")
    assert (case.step, case.state["live"]) == ("1.6", True)
    advisor = Home(office, case.case_id, LIVES)
    before = {"relation_to_home": "lives in one of our homes", "identity_checked": True}
    await advisor.answer("before_t441_questions", {"answers": before})
    assert await office.house.code(LIVES.ref) == "D1/CUR"
    await advisor.answer("send_t441", dict(CONTACT), SEND_FACTS)
    assert await office.house.code(LIVES.ref) == "D1/CUR"
    await advisor.bring_back()
    returned = {
        "order_status": "CSO",
        "match_circumstances": "None.",
        "locality_information": "None.",
        "risk_rating_information": "None.",
        "completed_by": "Sam Contact",
        "completed_on": "2026-12-14",
    }
    await advisor.answer("review_return", {"verdict": "complete", "returned": returned})
    final = {"answers": {"order_current": True, "confirmed_how": "call and form"}}
    assert (await advisor.answer("final_questions", final)).outcome == "D1"
    assert await office.house.code(LIVES.ref) == "D1/CUR"
    assert (await office.house.rules(LIVES.ref))[-1] == "AMB-P1-15"


@pytest.mark.req("AMB-P2-14")
async def test_2_5_the_duty_ends_with_the_order_and_nothing_is_found_afterwards(register: Register) -> None:
    office = register.office
    advisor = await office.report(LIVES, "Exit NSO")
    advisor.said = "NSO"
    assert (await advisor.walk()).outcome == "D2"
    assert await register.shows(LIVES, MATE) == 0
    [duty] = await register.duties()
    assert duty.ended_because == "the order ended"
    assert await register.kinds() == []


@pytest.mark.req("P2.F1")
async def test_2_5_the_workers_sweep_finds_it_by_itself(register: Register) -> None:
    office = register.office
    await import_people(office.databases.loader, LIVES, MATE)
    await watch_homes(office.databases.worker, office.house.client, await office.house.now())
    [case] = await register.begun()
    await office.house.task(case.case_id, "send_t442")
