"""The T-441 out and back on virtual time: the five-working-day clock, letter 17-030, returns, failures of mail."""

from collections.abc import Awaitable, Callable
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from activities.running_cases import RunningCases
from adapters.keys import KeyRing
from models.tables.case import Notice
from models.tables.mail import Clock, SecureMessage
from procedures.local_time import instant_at, local
from tests.conftest import Databases
from tests.workflows.gateway import CONTACT, SEND_FACTS, SERVICE_MANAGER, change_contact, hours
from tests.workflows.running import ADVISOR, MANAGER, Said, a_call, eventually
from tests.workflows.skipping import Virtual, virtual

WEDNESDAY = date(2030, 12, 11)
"""Working days 1 to 5 are 12, 13, 16, 17 and 18 December; the letter may go on Thursday 19 December."""
COMPLETE = {
    "order_status": "CSO",
    "match_circumstances": "None known.",
    "locality_information": "None known.",
    "risk_rating_information": "None.",
    "completed_by": "Sam Contact, Harbourview",
    "completed_on": "2030-12-16",
}


def at(day: date, hour: int, minute: int = 0) -> datetime:
    """A local wall-clock time as an instant."""
    return instant_at(day, time(hour, minute))


async def some(find: Callable[[], Awaitable[Any]]) -> Any:
    """Look until there is something."""

    async def look() -> Any:
        return (await find()) or None

    return await eventually(look, "nothing came")


async def letters(v: Virtual) -> list[datetime]:
    """Acceptance of each 17-030, local time."""
    kinds = await v.gateway.kinds()
    return [local(taken) for (_, taken), kind in zip(v.gateway.sent, kinds, strict=True) if kind == "17-030"]


async def notices(v: Virtual, kind: str) -> int:
    """How many secure notices of this kind were given."""
    async with v.databases.owner.transaction() as session:
        return len((await session.scalars(select(Notice).where(Notice.kind == kind))).all())


async def review(v: Virtual, case_id: str, verdict: str, **more: Any) -> None:
    """Read what came back."""
    returned = more.pop("returned", COMPLETE if verdict == "complete" else {})
    await v.house.answer(case_id, "review_return", {"verdict": verdict, "returned": returned, **more})


async def lose(v: Virtual, case_id: str, *, clock: int) -> None:
    """Terminate the run at rest: the virtual server's clock stands still when a task is lost with its run."""

    async def running() -> bool | None:
        held = (await v.house.case(case_id)).state["exchange"]["clock"]
        return True if held and held["number"] == clock else None

    await eventually(running, "the clock is another one")
    handle = v.house.client.get_workflow_handle(case_id)
    await handle.query("view")
    await handle.terminate("lost")


async def finish(v: Virtual, case_id: str) -> str | None:
    """Answer the final questions; the person's code afterwards."""
    final = {"answers": {"order_current": True, "confirmed_how": "call and form"}}
    await v.house.answer(case_id, "final_questions", final)
    await v.house.closed(case_id)
    return await v.house.code("P-LIVE")


@pytest.mark.req("P1.S6.b3", "P1.S6.b5", "AMB-P1-1", "AMB-P1-10", "NFR-4", "PRV-6")
async def test_1_6_letters_over_the_holidays_then_service_manager_and_reminders(
    databases: Databases, keys: KeyRing
) -> None:
    async with virtual(databases, keys, start=at(date(2030, 12, 23), 10)) as v:
        case_id = await v.case_with_t441()
        await v.until(at(date(2031, 1, 6), 8, 59))
        assert await letters(v) == []
        await v.until(at(date(2031, 1, 6), 9, 1))
        (first,) = await some(lambda: letters(v))
        assert (first.date(), first.hour, first.minute) == (date(2031, 1, 6), 9, 0)
        assert await notices(v, "letter_17_030") == 1
        await v.until(at(date(2031, 1, 13), 9, 1))
        task = await v.house.task(case_id, "confirm_letter_recipient")
        assert task.context["round"] == 2
        await v.house.answer(case_id, "confirm_letter_recipient", dict(SERVICE_MANAGER), facts=SEND_FACTS)
        await v.until(at(date(2031, 1, 14), 9, 1))
        second = (await some(lambda: _two(v)))[1]
        assert (second.date(), second.hour) == (date(2031, 1, 14), 9)
        assert "corrections_silent" in await v.house.open_kinds(case_id)
        await v.until(at(date(2031, 1, 21), 9, 1))
        assert await some(lambda: notices(v, "corrections_still_silent")) == 1
        await v.until(at(date(2031, 1, 28), 9, 1))
        await eventually(lambda: _true(notices(v, "corrections_still_silent"), 2), "no second reminder")
        because = {"end_reminders_because": "The service manager was met in person."}
        await v.house.answer(case_id, "corrections_silent", because, by=MANAGER)
        await v.until(at(date(2031, 2, 26), 12))
        assert await notices(v, "corrections_still_silent") == 2
        assert len(await letters(v)) == 2
        assert await v.house.code("P-LIVE") == "D1P/PEN"


async def _two(v: Virtual) -> list[datetime] | None:
    found = await letters(v)
    return found if len(found) == 2 else None


async def _true(counting: Awaitable[int], wanted: int) -> bool | None:
    return True if await counting == wanted else None


@pytest.mark.req("P1.S6.b6", "P1.S7.1", "P1.X1", "TR-8")
async def test_1_6_completed_in_time_no_letter_ever_then_d1(databases: Databases, keys: KeyRing) -> None:
    async with virtual(databases, keys, start=at(WEDNESDAY, 10)) as v:
        case_id = await v.case_with_t441()
        await v.until(at(date(2030, 12, 18), 23))
        await v.returned(case_id)
        with pytest.raises(Said) as refused:
            await review(v, case_id, "complete", returned=COMPLETE | {"completed_by": ""})
        assert refused.value.rule == "P1.S6.b6"
        assert await v.house.open_kinds(case_id) >= {"review_return"}
        await review(v, case_id, "complete")
        await v.until(at(date(2030, 12, 23), 12))
        assert await letters(v) == []
        assert await finish(v, case_id) == "D1/CUR"
        assert await notices(v, "lives_in_a_home") == 1


@pytest.mark.req("AMB-P1-9", "AMB-P1-11")
async def test_1_6_incomplete_goes_back_the_clock_runs_on_and_a_late_form_is_taken(
    databases: Databases, keys: KeyRing
) -> None:
    async with virtual(databases, keys, start=at(WEDNESDAY, 10)) as v:
        case_id = await v.case_with_t441()
        await v.until(at(date(2030, 12, 16), 11))
        await v.returned(case_id)
        with pytest.raises(Said) as refused:
            await review(v, case_id, "incomplete", returned=COMPLETE, recipient_confirmed=True)
        assert refused.value.rule == "AMB-P1-9"
        half = {"order_status": "CSO"}
        await review(v, case_id, "incomplete", returned=half, recipient_confirmed=True)
        await v.until(at(date(2030, 12, 19), 9, 1))
        (letter,) = await some(lambda: letters(v))
        assert letter.date() == date(2030, 12, 19)
        assert await v.gateway.kinds() == ["T-441", "T-441 incomplete", "17-030"]
        async with v.databases.owner.transaction() as session:
            row = await session.scalar(select(SecureMessage).where(SecureMessage.kind == "17-030"))
            assert row is not None
            assert "completed_by" in row.fields["missing_parts"]
        await v.returned(case_id, "in-2")
        await review(v, case_id, "complete")
        await v.until(at(date(2031, 2, 1), 12))
        assert len(await letters(v)) == 1
        assert await finish(v, case_id) == "D1/CUR"


@pytest.mark.req("AMB-P1-29")
async def test_1_6_an_unread_return_holds_the_letter_and_the_manager_is_asked_at_noon(
    databases: Databases, keys: KeyRing
) -> None:
    async with virtual(databases, keys, start=at(WEDNESDAY, 10)) as v:
        case_id = await v.case_with_t441()
        await v.until(at(date(2030, 12, 18), 20))
        await v.returned(case_id)
        await v.returned(case_id)
        await v.until(at(date(2030, 12, 19), 11, 59))
        assert await letters(v) == []
        assert "unread_return" not in await v.house.open_kinds(case_id)
        await v.until(at(date(2030, 12, 19), 12, 1))
        assert await v.house.task(case_id, "unread_return")
        assert await letters(v) == []
        await review(v, case_id, "not_the_form", note="A question about parking.")
        (letter,) = await some(lambda: letters(v))
        assert letter.date() == date(2030, 12, 19)
        assert "unread_return" not in await v.house.open_kinds(case_id)


@pytest.mark.req("PRV-6", "A-A4")
async def test_1_6_a_changed_contact_is_confirmed_anew_on_the_due_day(
    databases: Databases, keys: KeyRing
) -> None:
    async with virtual(databases, keys, start=at(WEDNESDAY, 10)) as v:
        case_id = await v.case_with_t441()
        await change_contact(v.databases.owner)
        await v.until(at(date(2030, 12, 18), 8, 59))
        assert "confirm_letter_recipient" not in await v.house.open_kinds(case_id)
        await v.until(at(date(2030, 12, 18), 9, 1))
        await v.house.task(case_id, "confirm_letter_recipient")
        await v.until(at(date(2030, 12, 19), 9, 30))
        assert await letters(v) == []
        stale = SEND_FACTS | {"contact_unchanged": False}
        with pytest.raises(Said) as refused:
            await v.house.answer(case_id, "confirm_letter_recipient", dict(CONTACT), facts=stale)
        assert refused.value.rule == "PRV-6"
        newer = CONTACT | {"contact_version": 2}
        await v.house.answer(case_id, "confirm_letter_recipient", newer, facts=SEND_FACTS)
        (letter,) = await some(lambda: letters(v))
        assert letter.date() == date(2030, 12, 19)


@pytest.mark.req("AMB-X-8", "NFR-2")
async def test_1_6_failures_of_mail_are_tasks_and_start_no_clock(databases: Databases, keys: KeyRing) -> None:
    async with virtual(databases, keys, start=at(WEDNESDAY, 10)) as v:
        case_id = await v.case_before_t441()
        v.gateway.answers = ["refused"]
        await v.house.answer(case_id, "send_t441", dict(CONTACT), facts=SEND_FACTS)
        task = await v.house.task(case_id, "send_failed")
        assert task.context["rule"] == "PRV-5"
        assert (await v.house.case(case_id)).state["exchange"]["clock"] is None
        again = {"action": "send_again", "note": "Address corrected."}
        await v.house.answer(case_id, "send_failed", again)
        v.gateway.answers = ["away"] * 400
        await v.house.answer(case_id, "send_t441", dict(CONTACT), facts=SEND_FACTS)
        await v.until(await v.now() + hours(1.1))
        await v.house.task(case_id, "mail_waiting")
        v.gateway.answers = []
        await v.until(await v.now() + hours(1))
        await some(lambda: v.gateway.kinds())
        assert await v.gateway.kinds() == ["T-441"]
        await eventually(lambda: v._clock(case_id), "no clock")
        assert "mail_waiting" not in await v.house.open_kinds(case_id)
        mail_id = v.gateway.sent[0][0]
        await RunningCases(v.house.client).tell(case_id, {"bounced": mail_id, "received_id": "b-1"})
        await v.house.task(case_id, "send_failed")
        assert (await v.house.case(case_id)).state["exchange"]["clock"] is None
        await v.house.answer(case_id, "send_failed", again)
        await v.send(case_id)
        assert await v.gateway.kinds() == ["T-441", "T-441"]


@pytest.mark.req("AMB-X-7")
async def test_1_6_wrong_recipient_is_an_incident_and_a_new_send_has_a_new_clock(
    databases: Databases, keys: KeyRing
) -> None:
    async with virtual(databases, keys, start=at(WEDNESDAY, 10)) as v:
        case_id = await v.case_with_t441()
        mail_id = v.gateway.sent[0][0]
        with pytest.raises(Said) as refused:
            await v.house.change(case_id, "wrong_recipient", {"mail_id": "other", "note": "Wrong office."})
        assert refused.value.rule == "AMB-X-7"
        await v.house.change(case_id, "wrong_recipient", {"mail_id": mail_id, "note": "Wrong office."})
        assert await v.house.open_kinds(case_id) == {"privacy_incident", "send_t441"}
        await v.until(at(date(2030, 12, 16), 10))
        await v.send(case_id)
        await v.until(at(date(2030, 12, 23), 12))
        assert await letters(v) == []
        await v.until(at(date(2030, 12, 24), 9, 1))
        assert [letter.date() for letter in await some(lambda: letters(v))] == [date(2030, 12, 24)]


@pytest.mark.req("NFR-4", "CAL-NZ-11")
async def test_1_6_a_deadline_is_extended_or_counted_again_with_a_reason(
    databases: Databases, keys: KeyRing
) -> None:
    async with virtual(databases, keys, start=at(WEDNESDAY, 10)) as v:
        case_id = await v.case_with_t441()
        with pytest.raises(Said):
            await v.house.change(case_id, "extend_deadline", {"working_days": 7, "reason": ""})
        more = {"working_days": 7, "reason": "The office was closed by a flood."}
        await v.house.change(case_id, "extend_deadline", more)
        await v.house.change(case_id, "recalculate_deadline", {"reason": "Nothing has changed."})
        await v.until(at(date(2030, 12, 20), 20))
        assert await letters(v) == []
        await v.until(at(date(2030, 12, 23), 9, 1))
        assert [letter.date() for letter in await some(lambda: letters(v))] == [date(2030, 12, 23)]
        async with v.databases.owner.transaction() as session:
            clocks = (await session.scalars(select(Clock).order_by(Clock.clock_id))).all()
        assert [bool(clock.stopped_at) for clock in clocks][:2] == [True, True]
        assert clocks[1].supersedes == clocks[0].clock_id
        assert clocks[1].reason == more["reason"]


@pytest.mark.req("AMB-P1-7", "AMB-P1-21", "P1.N5", "AMB-P1-22")
@pytest.mark.parametrize(
    ("kind", "change"),
    [
        ("corrections_says", "NSO"),
        ("corrections_says", "neither"),
        ("vacated", None),
        ("died", None),
        ("withdraw", None),
    ],
)
async def test_1_6_disclosure_ends_when_something_happens(
    databases: Databases, keys: KeyRing, kind: str, change: str | None
) -> None:
    async with virtual(databases, keys, start=at(WEDNESDAY, 10)) as v:
        case_id = await v.case_with_t441()
        bodies: dict[str, dict[str, Any]] = {
            "corrections_says": {
                "said": change,
                "said_by": "Sam Contact",
                "office": "Harbourview",
                "said_at": (await v.now()).isoformat(),
                "note": "Called back.",
            },
            "vacated": {"reason": "General vacated tenancy.", "still_considered": False},
            "died": {"note": "The person has died."},
            "withdraw": {"reason": "Opened twice."},
        }
        await v.house.change(case_id, kind, bodies[kind])
        await v.until(at(date(2031, 1, 31), 12))
        assert await v.gateway.kinds() == ["T-441"]
        async with v.databases.owner.transaction() as session:
            (clock,) = (await session.scalars(select(Clock))).all()
        assert clock.stopped_at is not None
        assert await v.house.code("P-LIVE") in ("D1P/PEN", "D2P/PEN")


@pytest.mark.req("AMB-P1-7")
async def test_1_6_a_form_that_says_otherwise_leads_to_a_call_not_to_d1(
    databases: Databases, keys: KeyRing
) -> None:
    async with virtual(databases, keys, start=at(WEDNESDAY, 10)) as v:
        case_id = await v.case_with_t441()
        await v.returned(case_id)
        neither = {"order_status": "neither", "completed_by": "Sam Contact", "completed_on": "2030-12-12"}
        await v.until(await v.now() + hours(2))
        await review(v, case_id, "complete", returned=neither)
        assert await v.house.open_kinds(case_id) == {"phone_corrections"}
        await v.until(await v.now() + hours(1))
        await v.house.answer(case_id, "phone_corrections", a_call(await v.now(), "neither"))
        invalid = {"verified_incorrect": True, "difference": "another date of birth"}
        await v.house.answer(case_id, "invalid_questions", {"answers": invalid})
        assert await v.house.code("P-LIVE") == "D3/CUR"


@pytest.mark.req("AMB-P1-6", "AMB-P1-8", "P1.S6.b4")
async def test_1_6_no_t441_before_a_call_and_none_without_a_contact(
    databases: Databases, keys: KeyRing
) -> None:
    async with virtual(databases, keys, start=at(WEDNESDAY, 10)) as v:
        case_id = await v.case()
        linked = {"outcome": "potential_match", "person_ref": "P-LIVE", "note": "same"}
        searched = {"searched": ["name", "address", "date_of_birth"]}
        await v.house.answer(case_id, "match_entry", linked, facts=searched)
        await v.house.answer(case_id, "first_question", {"answers": {"reported_status": "CSO"}})
        live = {"record_state": "live", "occupancy": "tenant"}
        await v.house.answer(case_id, "live_record", {"live": True, "evidence": "tenant"}, facts=live)
        assert await v.house.open_kinds(case_id) == {"phone_corrections"}
        await v.house.answer(case_id, "phone_corrections", a_call(await v.now(), None))
        before = {"relation_to_home": "lives in one of our homes", "identity_checked": True}
        await v.house.answer(case_id, "before_t441_questions", {"answers": before})
        with pytest.raises(Said) as refused:
            await v.house.answer(case_id, "send_t441", dict(CONTACT), facts=SEND_FACTS)
        assert refused.value.rule == "AMB-P1-6"
        await v.house.answer(case_id, "send_t441", {"no_contact_known": True})
        assert "send_t441" not in await v.house.open_kinds(case_id)
        known = {"note": "Entered after a call to the office."}
        await v.house.answer(case_id, "provide_contact", known, by=MANAGER)
        sending = CONTACT | {"before_confirmation": True}
        await v.house.answer(case_id, "send_t441", sending, facts=SEND_FACTS)
        await some(lambda: v.gateway.kinds())
        await v.returned(case_id)
        await review(v, case_id, "complete")
        assert await v.house.open_kinds(case_id) == {"phone_corrections"}
        await v.until(await v.now() + timedelta(minutes=30))
        await v.house.answer(case_id, "phone_corrections", a_call(await v.now()))
        assert await v.house.open_kinds(case_id) == {"final_questions"}


@pytest.mark.req("NFR-1", "NFR-2", "NFR-3", "NFR-4")
async def test_1_6_a_lost_run_goes_on_from_the_record_and_writes_the_letter_once(
    databases: Databases, keys: KeyRing
) -> None:
    async with virtual(databases, keys, start=at(WEDNESDAY, 10)) as v:
        case_id = await v.case_with_t441()
        await lose(v, case_id, clock=0)
        await v.until(at(date(2030, 12, 23), 15))
        assert await RunningCases(v.house.client).start("identify", case_id, again=True)
        (letter,) = await some(lambda: letters(v))
        assert letter.date() == date(2030, 12, 23)
        await lose(v, case_id, clock=1)
        assert await RunningCases(v.house.client).start("identify", case_id, again=True)
        await v.returned(case_id)
        await review(v, case_id, "complete")
        assert len(await letters(v)) == 1
        assert await finish(v, case_id) == "D1/CUR"
        assert ADVISOR.role
