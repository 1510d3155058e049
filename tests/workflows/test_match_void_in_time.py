"""Procedures 3 and 4 on virtual time: letter 17-030, the lapse of 48 hours, reminders, and who comes in when."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from adapters.keys import KeyRing
from models.tables.assessment import PhoneCall
from models.tables.mail import Clock, SecureMessage
from models.tables.placement import Offer
from tests.conftest import Databases
from tests.workflows.gateway import CONTACT, SEND_FACTS
from tests.workflows.people import import_people
from tests.workflows.placement import (
    MANAGER,
    PLACER,
    Placer,
    a_property_call,
    applicant,
    matched,
    offer_said,
    offered,
)
from tests.workflows.running import eventually
from tests.workflows.skipping import virtual
from tests.workflows.suitability import Office

ANA = applicant("ana")
MONDAY = datetime(2032, 2, 29, 23, 0, tzinfo=UTC)
"""Monday 1 March 2032, noon in New Zealand; no holiday until Good Friday on the 26th."""


def opening(day: int) -> datetime:
    """09:00 local on this day of March 2032."""
    return datetime(2032, 2, 29, 20, 0, tzinfo=UTC) + timedelta(days=day - 1)


@pytest.fixture
async def office(databases: Databases, keys: KeyRing) -> AsyncIterator[Office]:
    """A house on virtual time, on a Monday at noon."""
    async with virtual(databases, keys, start=MONDAY) as found:
        await import_people(databases.loader, ANA)
        yield Office(found.house, found.gateway, databases)


async def open_kind(office: Office, placer: Placer, kind: str) -> Any:
    """The open task of this kind, once it is there."""
    return await office.house.task(placer.case_id, kind)


async def told(placer: Placer, role: str, kind: str) -> None:
    """Wait for the notice."""

    async def look() -> bool | None:
        return True if (role, kind) in await placer.notices() else None

    await eventually(look, f"{role} was not told {kind}")


@pytest.mark.req("P3.S2.c2", "P3.S2.c", "AMB-P3-1")
async def test_3_2_rule_7_nothing_within_five_working_days_is_chased_by_letter(office: Office) -> None:
    placer = await matched(office, ANA, "V-1", t441=False)
    await placer.walk(until="send_void_request")
    await office.house.answer(placer.case_id, "send_void_request", dict(CONTACT), facts=SEND_FACTS, by=PLACER)
    await eventually(placer.clock, "no clock was set")
    [clock] = await placer.rows(Clock)
    assert clock.acts_at == opening(9)
    await office.house.until(opening(9) - timedelta(minutes=5))
    assert [m.kind for m in await placer.rows(SecureMessage)] == ["T-441+T-442"]
    await office.house.until(opening(9) + timedelta(minutes=5))

    async def letter() -> SecureMessage | None:
        return next((m for m in await placer.rows(SecureMessage) if m.kind == "17-030"), None)

    written = await eventually(letter, "no letter was written")
    assert written.fields["missing_form"] == "T-441"
    assert (await office.house.case(placer.case_id)).step == "3.2"
    await placer.tell({"returned": "r-1", "documents": [], "received_at": None})
    assert (await open_kind(office, placer, "review_return")).role == PLACER.role


@pytest.mark.req("AMB-P3-5", "P3.S4.a3")
async def test_3_4_rule_9_when_the_48_hours_are_over_corrections_is_phoned_again(office: Office) -> None:
    placer = await matched(office, ANA, "V-1")
    await placer.walk(until="book_viewing")
    [call] = await placer.rows(PhoneCall)
    task = await open_kind(office, placer, "book_viewing")
    assert task.due_at == call.ended_at + timedelta(hours=48)
    await office.house.until(task.due_at - timedelta(minutes=1))
    assert await office.house.open_kinds(placer.case_id) == {"book_viewing"}
    await office.house.until(task.due_at + timedelta(minutes=1))
    await open_kind(office, placer, "phone_about_property")
    await placer.walk(until="book_viewing")
    assert len(await placer.rows(PhoneCall)) == 2
    await office.house.until(task.due_at + timedelta(hours=49))
    await open_kind(office, placer, "decide_after_failures")
    await told(placer, MANAGER.role, "viewings_failed")
    assert (await office.house.case(placer.case_id)).closed_at is None


@pytest.mark.req("AMB-P3-7", "P3.S5.2")
async def test_3_6_rule_10_an_unsigned_t438_is_chased_after_2_5_and_10_working_days(office: Office) -> None:
    placer = await matched(office, ANA, "V-1")
    await placer.walk(until="record_part_b")
    await office.house.until(opening(3) + timedelta(minutes=5))
    await told(placer, PLACER.role, "signature_missing")
    assert await office.house.open_kinds(placer.case_id) == {"record_part_b"}
    await office.house.until(opening(8) + timedelta(minutes=5))
    await open_kind(office, placer, "remind_signature")
    await office.house.answer(placer.case_id, "remind_signature", dict(CONTACT), facts=SEND_FACTS, by=PLACER)

    async def reminded() -> bool | None:
        rows = await placer.rows(SecureMessage)
        return True if [(m.kind, m.state) for m in rows] == [("T-438 reminder", "accepted")] else None

    await eventually(reminded, "Corrections was not reminded")
    await office.house.until(opening(15) + timedelta(minutes=5))
    overdue = await open_kind(office, placer, "signature_overdue")
    assert overdue.role == MANAGER.role
    await told(placer, MANAGER.role, "signature_missing")
    await office.house.until(opening(20))
    assert (await office.house.case(placer.case_id)).step == "3.6"
    assert await office.cases_of(ANA, "offer") == []
    await placer.answer("record_part_b")
    assert await office.house.open_kinds(placer.case_id) == {"pre_approval_questions", "settle_paper"}


@pytest.mark.req("AMB-P3-17")
async def test_3_3_service_manager_after_two_and_manager_after_five_working_days(office: Office) -> None:
    placer = await matched(office, ANA, "V-1")
    await placer.walk(until="phone_about_property")
    nobody = a_property_call(await office.house.now(), None)
    await office.house.answer(placer.case_id, "phone_about_property", nobody, by=PLACER)
    await office.house.until(opening(3) + timedelta(minutes=5))

    async def calls(whom: str) -> bool | None:
        task = await open_kind(office, placer, "phone_about_property")
        return True if task.context["call"] == whom else None

    await eventually(lambda: calls("service_manager"), "the service manager is not called")
    await office.house.until(opening(8) + timedelta(minutes=5))
    arrange = await open_kind(office, placer, "corrections_unreachable")
    assert (arrange.role, arrange.step) == (MANAGER.role, "3.3")
    await told(placer, MANAGER.role, "corrections_unreachable")
    assert await placer.rows(SecureMessage) == []
    await placer.walk(until="book_viewing")
    assert "corrections_unreachable" not in await office.house.open_kinds(placer.case_id)


@pytest.mark.req("AMB-X-5")
async def test_3_a_pause_asks_for_the_call_and_others_come_in(office: Office) -> None:
    placer = await matched(office, ANA, "V-1", t441=False)
    await placer.walk(until="send_void_request")
    await placer.tell({"exit_entry": "entry-1"})
    await told(placer, PLACER.role, "paused_call_corrections")
    await office.house.until(opening(3) + timedelta(minutes=5))
    await told(placer, PLACER.role, "paused_call_service_manager")
    await office.house.until(opening(4) + timedelta(minutes=5))
    await told(placer, MANAGER.role, "paused_unconfirmed")
    assert await office.house.open_kinds(placer.case_id) == {"send_void_request"}


@pytest.mark.req("AMB-P4-4")
async def test_4_3_rule_6_no_answer_is_asked_after_and_then_decided(office: Office) -> None:
    placer = await offered(office, ANA, "V-1")
    await placer.walk(until="persons_answer")
    await office.house.until(opening(3) + timedelta(minutes=5))
    await told(placer, PLACER.role, "no_answer_to_the_offer")
    assert await office.house.open_kinds(placer.case_id) == {"persons_answer"}
    await office.house.until(opening(8) + timedelta(minutes=5))
    await open_kind(office, placer, "decide_no_answer")
    assert [o.outcome for o in await placer.rows(Offer)] == [None]
    body = {"decision": "wait", "reason": "In hospital."}
    await office.house.answer(placer.case_id, "decide_no_answer", body, by=PLACER)
    assert await office.house.open_kinds(placer.case_id) == {"persons_answer"}
    await office.house.until(opening(16) + timedelta(minutes=5))
    await open_kind(office, placer, "decide_no_answer")
    body = {"decision": "withdraw", "reason": "No answer.", "policy_reference": "CT-GDL-006"}
    view = await office.house.answer(placer.case_id, "decide_no_answer", body, by=PLACER)
    assert {t.kind for t in view.open_tasks} == {"enter_offer_outcome", "tell_corrections"}
    placer.changed = {"enter_offer_outcome": {"outcome": "withdrawn"}} | offer_said("withdrawn")
    assert (await placer.walk()).outcome == "withdrawn"
    [offer] = await placer.rows(Offer)
    assert (offer.answer, offer.outcome, offer.policy_reference) == ("no_answer", "withdrawn", "CT-GDL-006")
