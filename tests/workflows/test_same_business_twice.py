"""The same thing asked for again by another command: one duty, one match, one offer, one letter of each (NFR-1)."""

import asyncio
from collections.abc import AsyncIterator
from datetime import date
from typing import Any

import pytest
from sqlalchemy import func, select
from temporalio.testing import WorkflowEnvironment

from activities.duplicates import DuplicateFound, Mirrored
from activities.duty_events import report_event
from activities.running_cases import TASK_QUEUE, RunningCases
from adapters.keys import KeyRing
from models.base import Base
from models.tables.assessment import Assessment
from models.tables.audit import AuditEvent
from models.tables.mail import SecureMessage
from models.tables.placement import Offer, VoidMatch
from procedures.local_time import local_date
from procedures.watch import DutyKind, ReportedEvent
from tests.workflows.driving import somebody
from tests.workflows.people import Person
from tests.workflows.placement import Placer, add_void, applicant, enter, matched, offered
from tests.workflows.running import ADVISOR, eventually
from tests.workflows.suitability import Home, Office, send_t442, shared_office
from workers.embedded.postgres import EmbeddedPostgres

LEAVING, HOUSEHOLD, DOUBLE, DOUBLED = (somebody(6500 + number, live=True) for number in range(4))
TWICE, OFFERED = applicant("twice"), applicant("offered")


@pytest.fixture(scope="module")
async def office(
    cluster: EmbeddedPostgres, migrated_template: str, server: WorkflowEnvironment, keys: KeyRing
) -> AsyncIterator[Office]:
    """One office; each test has people of its own."""
    everybody = (LEAVING, HOUSEHOLD, DOUBLE, DOUBLED, TWICE, OFFERED)
    async with shared_office(cluster, migrated_template, server, keys, *everybody) as office:
        yield office


async def number_of(office: Office, table: type[Base], *where: Any) -> int:
    """Rows of a table."""
    async with office.databases.worker.transaction() as session:
        return await session.scalar(select(func.count()).select_from(table).where(*where)) or 0


@pytest.mark.req("NFR-1", "P2.F4")
async def test_2_a_leaving_that_two_cases_report_is_told_once(office: Office) -> None:
    home = await office.begin(LEAVING)
    await home.send()
    placer = await _matched_beside(office, LEAVING, "V-TW1")
    left = {"reason": "Moved to a relative.", "still_considered": True}
    await home.change("vacated", left)
    await placer.change("vacated", **left)
    [duty] = await office.cases_of(LEAVING, "disclose_change")
    await send_t442(Home(office, duty.case_id, LEAVING))
    await office.house.closed(duty.case_id)
    told = (SecureMessage.kind == "T-442", SecureMessage.case_id == duty.case_id)
    assert await number_of(office, SecureMessage, *told) == 1
    assert len(await office.cases_of(LEAVING, "disclose_change")) == 1


async def _matched_beside(office: Office, person: Person, property_ref: str) -> Placer:
    [case_id] = (await enter(office, person, await add_void(office, property_ref))).cases
    await office.house.task(case_id, "consider_match")
    return Placer(office, case_id, person, property_ref)


@pytest.mark.req("NFR-1", "P2.F1")
async def test_2_the_same_event_reported_again_is_one_duty_and_one_t442(office: Office) -> None:
    home = await office.begin(HOUSEHOLD)
    await office.house.something_open(home.case_id)
    now = await office.house.now()
    event = ReportedEvent(
        kind=DutyKind.HOUSEHOLD_CHANGE,
        facts="A second adult has moved in.",
        aware_on=local_date(now),
        property_ref=HOUSEHOLD.home,
    )
    cases = RunningCases(office.house.client)
    for _ in range(3):
        await report_event(office.databases.api, cases, event, event_id="EVENT-TW", by=ADVISOR, at=now)
    [duty] = await office.cases_of(HOUSEHOLD, "disclose_change")
    told = Home(office, duty.case_id, HOUSEHOLD)
    await send_t442(told)
    await office.house.closed(duty.case_id)
    assert len(await told.mails()) == 1
    assert await number_of(office, AuditEvent, AuditEvent.business_key == "event/EVENT-TW") == 1


@pytest.mark.req("NFR-1", "AMB-P3-13")
async def test_3_1_the_same_match_again_is_one_match_one_case_and_one_audit_row(office: Office) -> None:
    placer = await matched(office, TWICE, "V-TW2")
    await placer.walk(until="weigh_match")
    again = await asyncio.gather(*(enter(office, TWICE, "V-TW2") for _ in range(3)))
    assert {one.cases for one in again} == {(placer.case_id,)}
    assert all(one.repeated for one in again)
    assert await number_of(office, VoidMatch, VoidMatch.person_ref == TWICE.ref) == 1
    entered = (AuditEvent.action == "match entered", AuditEvent.case_id == placer.case_id)
    assert await number_of(office, AuditEvent, *entered) == 1
    assert len(await office.cases_of(TWICE, "match_void")) == 1
    assert await office.house.open_kinds(placer.case_id) == {"weigh_match"}


@pytest.mark.req("NFR-1", "AMB-P3-12")
async def test_4_2_a_second_offer_waits_while_the_first_is_open(office: Office) -> None:
    offer = await offered(office, OFFERED, "V-TW3")
    await offer.walk(until="persons_answer")
    [case_id] = (await enter(office, OFFERED, "V-TW3", on=date(2026, 12, 4))).cases
    second = Placer(office, case_id, OFFERED, "V-TW3")
    await second.answer("consider_match")
    await second.answer("weigh_match")

    async def waits() -> bool | None:
        told = ("advisor-placement", "property_has_another_match")
        return True if told in await second.notices() else None

    await eventually(waits, "the second match did not wait")
    assert await office.house.open_kinds(case_id) == set()
    assert await number_of(office, Offer, Offer.person_ref == OFFERED.ref) == 1
    assert len(await office.cases_of(OFFERED, "offer")) == 1


@pytest.mark.req("NFR-1", "AMB-P1-13")
async def test_1_2_a_duplicate_linked_by_two_commands_is_mirrored_once(office: Office) -> None:
    await office.begin(DOUBLE)
    found = DuplicateFound(primary=DOUBLE.ref, duplicate=DOUBLED.ref, reason="Same birth date.", by=ADVISOR)

    async def link(number: int) -> Mirrored:
        linked: Mirrored = await office.house.client.execute_workflow(
            "link_duplicate", found, id=f"DTWICE{number}", task_queue=TASK_QUEUE, result_type=Mirrored
        )
        return linked

    first, *others = await asyncio.gather(*map(link, range(3)))
    assert first.number is not None
    assert others == [first, first]
    assert await number_of(office, Assessment, Assessment.person_ref == DOUBLED.ref) == 1
    linked = (AuditEvent.action == "duplicate linked", AuditEvent.subject == first.number)
    assert await number_of(office, AuditEvent, *linked) == 1
