"""The Friday run: on time, late, missing, unreadable, empty, corrected, repeated; and when it may close."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from activities.deadlines import Deadlines
from adapters.keys import KeyRing
from models.tables.case import Absence, CaseRecord, Notice, StaffMember, Task
from models.tables.report import ReportEntry, ReportMessage, ReportRun
from procedures import EDITION
from procedures.report_week import local_instant
from tests.conftest import Databases
from tests.workflows.driving import Advisor, somebody
from tests.workflows.people import LEE, TOM, import_people
from tests.workflows.running import ADVISOR, HEADINGS, MANAGER, House, Said, eventually, on_virtual_time

FRIDAY = date(2030, 5, 10)
BAD_ROW = "Perhaps CSO,Nameless,,,,,,,,,,"


async def run_of(house: House) -> ReportRun:
    """The week as recorded."""
    async with house.database.transaction() as session:
        return (await session.scalars(select(ReportRun))).one()


async def entries(house: House) -> dict[str | None, list[ReportEntry]]:
    """Rows by surname."""
    found: dict[str | None, list[ReportEntry]] = {}
    async with house.database.transaction() as session:
        for entry in await session.scalars(select(ReportEntry).order_by(ReportEntry.row_number)):
            found.setdefault(entry.surname, []).append(entry)
    return found


async def tasks(house: House, kind: str) -> list[Task]:
    """Every task of a kind, open or not."""
    async with house.database.transaction() as session:
        return list(await session.scalars(select(Task).where(Task.kind == kind).order_by(Task.opened_at)))


async def received(house: House, messages: int) -> None:
    """Wait until this many messages are taken."""

    async def look() -> bool | None:
        async with house.database.transaction() as session:
            count = await session.scalar(select(func.count()).select_from(ReportMessage))
        return True if count == messages else None

    await eventually(look, "the mailbox was not read")


async def again(house: House, messages: int) -> None:
    """Look into the mailbox once more."""
    await house.look_again()
    await received(house, messages)


@pytest.mark.req("P1.N2", "P1.S1.2", "P1.S1.3", "A-C2", "A-C8", "A-C9", "AMB-P1-30", "PRV-4")
async def test_1_1_a_friday_from_the_report_to_the_closing_line(house: House) -> None:
    await import_people(house.loader)
    house.inbox.deliver(f"{TOM.row()}\n{LEE.row('Exit NSO')}\n{TOM.row()}")
    run_case = await house.open_friday()
    assert await house.open_friday() == run_case
    tom = Advisor(house, await house.case_of(TOM.surname), TOM)
    lee = Advisor(house, await house.case_of(LEE.surname), LEE, said="NSO", group="Exit NSO")
    await house.task(run_case, "close_run")
    await house.answer(run_case, "review_report", {})
    run = await run_of(house)
    assert (run.started_by, run.state) == (ADVISOR.subject, "received")
    assert run.started_at
    assert run.report_available_at
    assert run.started_at > run.report_available_at
    rows = await entries(house)
    assert [rows[p.surname][0].group for p in (TOM, LEE)] == ["New CSO", "Exit NSO"]
    assert all(entry.raw is None for held in rows.values() for entry in held)
    with pytest.raises(Said) as said:
        await house.answer(run_case, "close_run", {}, facts={"read": 3, "resolved": 1})
    assert said.value.rule == "AMB-P1-30"
    with pytest.raises(Said) as said:
        await house.answer(run_case, "close_run", {}, facts={"read": 3, "resolved": 3, "open_prints": 1})
    assert said.value.rule == "PRV-4"
    view = await house.answer(run_case, "close_run", {}, facts={"read": 3, "resolved": 3})
    assert (view.outcome, {task.kind for task in view.open_tasks}) == (None, {"close_run"})
    await tom.walk()
    await lee.walk(until="phone_corrections")
    view = await house.answer(run_case, "close_run", {}, facts={"read": 3, "resolved": 3})
    assert view.outcome == "worked"
    run = await run_of(house)
    assert (run.state, run.closing_line) == ("worked", "3 read, 3 resolved, 1 waiting for Corrections")
    assert (await house.closed(run_case)).outcome == "worked"
    assert await house.open_kinds(lee.case_id) == {"phone_corrections"}


@pytest.mark.req("P1.S1.1", "P1.S1.N6", "P1.S1.N7", "AMB-P1-4", "A-C1", "AMB-P1-18")
async def test_1_1_a_missing_report_is_asked_about_once_and_worked_when_it_comes(
    databases: Databases, keys: KeyRing
) -> None:
    async with on_virtual_time(databases, keys, local_instant(FRIDAY, time(11, 25))) as house:
        await import_people(house.loader)
        house.inbox.friday = FRIDAY
        run_case = await house.open_friday()
        await house.until(local_instant(FRIDAY, time(11, 59)))
        assert await house.open_kinds(run_case) == {"review_report"}
        await house.until(local_instant(FRIDAY, time(12, 1)))
        task = await house.task(run_case, "confirm_missing")
        assert task.urgent
        assert task.opened_at >= local_instant(FRIDAY, time(12, 0))
        cover = await house.task(run_case, "arrange_cover")
        assert cover.role == "manager-housing-wellbeing-support"
        await house.answer(
            run_case, "confirm_missing", {"not_available": True, "service_desk_reference": "SD-1001"}
        )
        run = await run_of(house)
        assert (run.state, run.service_desk_reference) == ("missing", "SD-1001")
        with pytest.raises(Said) as said:
            await house.answer_task(run_case, f"{run_case}-99", {})
        assert said.value.kind == "TaskClosed"
        late = local_instant(FRIDAY, time(13, 59))
        await house.until(late)
        house.inbox.deliver(TOM.row(), received_at=late)
        await house.until(local_instant(FRIDAY, time(14, 16)))
        await received(house, 1)
        case_id = await house.case_of(TOM.surname)
        await house.task(case_id, "match_entry")
        run = await run_of(house)
        assert (run.state, run.report_available_at) == ("received", late)
        assert len(await tasks(house, "confirm_missing")) == 1
        assert len(await tasks(house, "arrange_cover")) == 1
        async with house.database.transaction() as session:
            notices = (await session.scalars(select(Notice))).all()
        assert [(n.kind, n.role) for n in notices] == [
            ("report_missing_fault_logged", "advisor-wellbeing-support")
        ]


@pytest.mark.req("AMB-P1-4", "P1.S1.N4")
async def test_1_1_an_unreadable_file_is_asked_about_until_a_readable_one_comes(house: House) -> None:
    await import_people(house.loader)
    house.inbox.deliver_file(b"\xd0\xcf\x11\xe0 an old workbook")
    run_case = await house.open_friday()
    await house.task(run_case, "report_unreadable")
    assert "close_run" not in await house.open_kinds(run_case)
    house.inbox.deliver(TOM.row())
    await again(house, 2)
    await house.task(run_case, "close_run")
    assert not {"report_unreadable", "confirm_missing"} & await house.open_kinds(run_case)
    house.inbox.deliver_file(b"nothing like a report")
    await again(house, 3)
    task = await house.task(run_case, "report_unreadable")
    await house.answer(run_case, "report_unreadable", {"asked": "Sam Contact sends it again."})
    await again(house, 3)
    assert [t.task_id for t in await tasks(house, "report_unreadable")][-1] == task.task_id
    run = await run_of(house)
    assert run.state == "received"
    async with house.database.transaction() as session:
        problems = list(await session.scalars(select(ReportMessage.problem)))
    assert len([problem for problem in problems if problem]) == 2


@pytest.mark.req("AMB-P1-4")
async def test_1_1_a_report_without_entries_is_a_report(house: House) -> None:
    house.inbox.deliver_file(f"{HEADINGS}\n".encode())
    run_case = await house.open_friday()
    await house.task(run_case, "close_run")
    assert (await run_of(house)).state == "received"
    assert "confirm_missing" not in await house.open_kinds(run_case)
    await house.answer(run_case, "close_run", {}, facts={"read": 0, "resolved": 0})
    assert (await run_of(house)).closing_line == "0 read, 0 resolved, 0 waiting for Corrections"


@pytest.mark.req("AMB-P1-30", "AMB-P1-16")
async def test_1_1_a_corrected_report_adds_rows_and_flags_those_it_lost(house: House) -> None:
    kept, lost, new = somebody(1), somebody(2), somebody(3)
    await import_people(house.loader, kept, lost, new)
    house.inbox.deliver(f"{kept.row()}\n{lost.row()}")
    run_case = await house.open_friday()
    first = await house.case_of(lost.surname)
    await house.task(first, "match_entry")
    house.inbox.deliver(f"{kept.row()}\n{new.row()}")
    await again(house, 2)
    added = await house.case_of(new.surname)
    await house.task(added, "match_entry")
    rows = await entries(house)
    assert [e.absent_from_correction for e in rows[kept.surname]] == [False]
    assert [e.absent_from_correction for e in rows[lost.surname]] == [True]
    assert await house.open_kinds(first) == {"match_entry"}
    assert [entry.state for entry in rows[None]] == ["repeated"]
    with pytest.raises(Said):
        await house.answer(run_case, "close_run", {}, facts={"read": 4, "resolved": 1})


@pytest.mark.req("NFR-1")
async def test_1_1_the_same_message_or_the_same_file_again_changes_nothing(house: House) -> None:
    await import_people(house.loader)
    content = f"{HEADINGS}\n{TOM.row()}\n".encode()
    house.inbox.deliver_file(content, message_id="<one@corrections.test>")
    house.inbox.deliver_file(content, message_id="<one@corrections.test>")
    house.inbox.deliver_file(content, message_id="<two@corrections.test>")
    run_case = await house.open_friday()
    await house.task(run_case, "close_run")
    await again(house, 1)
    async with house.database.transaction() as session:
        cases = await session.scalars(select(CaseRecord).where(CaseRecord.procedure == "identify"))
        assert len(list(cases)) == 1


@pytest.mark.req("AMB-P1-30", "AMB-P1-16")
async def test_1_1_a_rejected_row_is_entered_or_set_aside_by_a_person(house: House) -> None:
    await import_people(house.loader)
    house.inbox.deliver(f"{TOM.row()}\n{BAD_ROW}\n{BAD_ROW.replace('Nameless', '')}")
    run_case = await house.open_friday()
    for row in ("enter", "set_aside"):
        task = await house.task(run_case, "resolve_row")
        answer: dict[str, Any] = {"action": row, "reason": "Corrections says so."}
        if row == "enter":
            answer |= {"group": "Exit NSO", "surname": TOM.surname, "given_names": TOM.given}
            answer |= {"date_of_birth": str(TOM.born), "address": TOM.address, "town": "Faketown"}
        await house.answer_task(run_case, task.task_id, answer)
        entered = (await entries(house)).get(TOM.surname, [])
    assert [(entry.state, entry.contradictory) for entry in entered] == [
        ("accepted", False),
        ("accepted", True),
    ]
    assert entered[1].case_id
    assert entered[1].case_id != entered[0].case_id
    await house.task(entered[1].case_id, "match_entry")
    assert [t.state for t in await tasks(house, "resolve_row")] == ["done", "done"]
    aside = [e for held in (await entries(house)).values() for e in held if e.state == "set_aside"]
    assert [entry.outcome for entry in aside] == ["set_aside"]
    await again(house, 1)
    assert "resolve_row" not in await house.open_kinds(run_case)


@pytest.mark.req("AMB-P1-3", "AMB-P1-4")
async def test_1_1_on_a_holiday_the_run_opens_and_its_work_waits_for_the_next_working_day(
    house: House,
) -> None:
    good_friday, tuesday = date(2030, 4, 19), date(2030, 4, 23)
    run_case = await house.open_friday(good_friday)
    task = await house.task(run_case, "review_report")
    assert task.due_at == local_instant(tuesday, time(11, 30))
    state = (await house.case(run_case)).state
    assert datetime.fromisoformat(state["alarm_from"]) == local_instant(tuesday, time(11, 30))
    assert datetime.fromisoformat(state["opens_at"]) == local_instant(good_friday, time(11, 30))
    assert await house.open_kinds(run_case) == {"review_report"}


@pytest.mark.req("P1.N3", "A-C3", "AMB-P1-18")
@pytest.mark.parametrize("away", [True, False])
async def test_1_1_cover_is_arranged_when_no_advisor_is_there(house: House, away: bool) -> None:
    now = await house.now()
    async with house.database.transaction() as session:
        session.add(
            StaffMember(
                subject=ADVISOR.subject,
                name=ADVISOR.name,
                role="advisor-wellbeing-support",
                region="national",
                mail_address="advisor@agency.test",
            )
        )
        if away:
            session.add(
                Absence(
                    absence_id="away-1",
                    subject=ADVISOR.subject,
                    first_day=now - timedelta(days=1),
                    last_day=now + timedelta(days=1),
                    recorded_by=ADVISOR.subject,
                    recorded_at=now,
                )
            )
    run_case = await house.open_friday()
    await house.task(run_case, "confirm_missing")

    async def cover_asked() -> bool | None:
        return True if (await house.case(run_case)).state["cover_asked"] else None

    if away:
        await house.task(run_case, "arrange_cover")
    else:
        await house.answer(
            run_case, "confirm_missing", {"not_available": True, "service_desk_reference": "SD-1"}
        )
        await eventually(cover_asked, "nobody looked for cover")
        assert "arrange_cover" not in await house.open_kinds(run_case)
    await house.answer(run_case, "review_report", {"cover_for": ADVISOR.subject}, by=MANAGER)
    assert "arrange_cover" not in await house.open_kinds(run_case)
    assert (await run_of(house)).started_by == MANAGER.subject


@pytest.mark.req("AMB-A-6", "P1.S1.1")
@pytest.mark.parametrize(
    ("friday", "opens"),
    [
        (date(2026, 3, 27), datetime(2026, 3, 26, 22, 30, tzinfo=UTC)),
        (date(2026, 4, 10), datetime(2026, 4, 9, 23, 30, tzinfo=UTC)),
        (date(2026, 9, 25), datetime(2026, 9, 24, 23, 30, tzinfo=UTC)),
        (date(2026, 10, 2), datetime(2026, 10, 1, 22, 30, tzinfo=UTC)),
    ],
)
async def test_1_1_half_past_eleven_is_local_on_both_sides_of_daylight_saving(
    databases: Databases, friday: date, opens: datetime
) -> None:
    week = await Deadlines(databases.worker).week_times(friday, EDITION)
    assert week.opens_at == opens
    assert week.alarm_from == opens + timedelta(minutes=30)
    assert week.review_due_at == opens + timedelta(hours=5, minutes=30)


@pytest.mark.req("P1.N2")
async def test_1_1_what_the_schedule_starts_opens_the_run_of_its_own_friday_once(house: House) -> None:
    for number in range(2):
        case_id = await house.client.execute_workflow(
            "open_friday", id=f"open-friday-{house.inbox.friday}-{number}", task_queue="placement"
        )
        assert case_id == (await run_of(house)).case_id
    await house.task(case_id, "review_report")
