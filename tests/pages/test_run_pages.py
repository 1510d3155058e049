"""The Friday run's page: every row accounted for, nobody named, the report never handed out, prints closed."""

import re
from datetime import timedelta

import httpx
import pytest
from fastapi.routing import APIRoute
from sqlalchemy import select

from api.pages.mounting import ROUTERS
from models.tables.case import Absence, StaffMember
from models.tables.print import PrintRecord
from models.tables.report import ReportRun
from procedures.terms import Role
from tests.api.office import AP, AWS, MANAGER, NOW, Office
from tests.pages.desk import desk, hidden, words

RUN = "/runs/2026-11-27"
MISSING = {"code": "surname_missing", "column": "Surname", "message": "Ask Corrections for the surname."}


async def week(office: Office) -> None:
    """A row that waits to be matched, one that could not be read, one that repeats, and one of another region."""
    await office.case("C1", entry_id="E1")
    await office.entry("E1", "C1")
    await office.task("T-1", "C1", context={"entry_id": "E1"})
    await office.entry("E2", None, 2, state="rejected", surname=None, errors=[MISSING])
    await office.task(
        "T-2", "CRUN00000", "resolve_row", step="1.1", region="national", context={"entry_id": "E2"}
    )
    await office.entry("E3", None, 3, state="repeated")
    await office.case("C4", region="R09", entry_id="E4")
    await office.entry("E4", "C4", 4, region="R09")


def row_of(page: httpx.Response, number: int) -> str:
    """The marks of one row of the table."""
    return page.text.split(f'data-label="Row">{number}</th>')[1].split("</tr>")[0]


async def test_1_1_every_row_stands_somewhere_and_leads_to_its_task(office: Office) -> None:
    await week(office)
    page = await (await desk(office, AWS)).get(RUN)
    assert page.status_code == 200, page.text
    said = words(page)
    assert "3 read, 1 resolved, 0 waiting for Corrections" in said
    assert "3 read = 1 taken + 1 could not be read + 1 repeated" in said
    assert "Step 1.1" in said
    assert "3 rows of your regions. The person" in said
    assert "Waits to be matched" in row_of(page, 1)
    assert '/tasks/T-1"' in row_of(page, 1)
    assert "/tasks/T-2" not in row_of(page, 1)
    assert MISSING["message"] in row_of(page, 2)
    assert '/tasks/T-2"' in row_of(page, 2)
    assert "The same as a row above" in row_of(page, 3)
    assert 'data-label="Row">4<' not in page.text
    rejected = await (await desk(office, AWS, subject="u-9")).get(f"{RUN}?show=rejected")
    assert 'data-label="Row">2<' in rejected.text
    assert 'data-label="Row">1<' not in rejected.text


async def test_1_1_a_matched_row_says_where_its_case_waits(office: Office) -> None:
    await office.case("C1", entry_id="E1", step="1.6", waiting_for="Corrections")
    await office.entry("E1", "C1", outcome="potential_match", resolved_at=NOW)
    await office.case("C2", entry_id="E2", closed_at=NOW, outcome="no match")
    await office.entry("E2", "C2", 2, outcome="no_match", resolved_at=NOW)
    reader = await desk(office, MANAGER, regions=("*",))
    page = await reader.get(RUN)
    assert "Potential match; at step 1.6, waits for Corrections" in row_of(page, 1)
    assert "No match; done on 27 November 2026" in row_of(page, 2)
    waiting = await reader.get(f"{RUN}?show=waiting")
    assert "1 row of your regions" in words(waiting)
    assert 'data-label="Row">2<' not in waiting.text


@pytest.mark.req("AMB-P1-30")
async def test_1_1_rows_that_others_work_are_counted_and_not_shown(office: Office) -> None:
    """Among all rows only: what a narrower list leaves out is of every region."""
    await office.case("C1", entry_id="E1")
    await office.entry("E1", "C1")
    await office.entry("E2", None, 2, region="R09")
    await office.entry("E3", None, 3, region="R09", state="repeated")
    reader = await desk(office, AWS)
    assert "1 row of your regions; 2 more are worked in other regions. The" in words(await reader.get(RUN))
    assert "worked in other" not in words(await reader.get(f"{RUN}?show=unresolved"))
    everybody = words(await (await desk(office, MANAGER, regions=("*",))).get(RUN))
    assert "3 rows of your regions. The" in everybody


@pytest.mark.req("AMB-P1-30")
async def test_1_1_a_task_of_the_run_says_how_far_the_run_is(office: Office) -> None:
    """With a link to the run; a task of a person's case has neither."""
    await week(office)
    await office.task("T-3", "CRUN00000", "close_run", step="1.1", region="national")
    reader = await desk(office, AWS)
    for task_id in ("T-2", "T-3"):
        page = await reader.get(f"/tasks/{task_id}")
        assert f'href="{RUN}"' in page.text
        said = "Friday run, Friday 27 November 2026 : 3 read, 1 resolved, 0 waiting for Corrections"
        assert said in words(page)
    assert "waiting for Corrections" not in words(await reader.get("/tasks/T-1"))


@pytest.mark.req("PRV-1", "P1.S1.N2", "A-C6")
async def test_1_1_the_report_can_be_had_nowhere_and_no_page_of_the_run_names_anybody(office: Office) -> None:
    await week(office)
    reader = await desk(office, AWS)
    for path in (RUN, "/runs", f"{RUN}?show=rejected"):
        page = await reader.get(path)
        assert page.headers["cache-control"] == "no-store"
        for value in ("Tester", "Tom", "1980", "Made Up Road", "Faketown"):
            assert value not in page.text
        assert "download" not in page.text.replace("cannot be downloaded", "")
    for path in (f"{RUN}.csv", f"{RUN}/report", f"{RUN}/export", f"{RUN}/rows.csv", f"{RUN}/prints/E1"):
        assert (await reader.get(path)).status_code in (404, 405)
    read = {
        route.path
        for router in ROUTERS
        for route in router.routes
        if isinstance(route, APIRoute) and "GET" in (route.methods or ()) and route.path.startswith("/run")
    }
    assert read == {"/runs", "/runs/{run_id}"}


@pytest.mark.parametrize("role", [AP, Role.COORDINATOR_PLACEMENT, Role.AUDITOR, Role.ADMINISTRATOR])
async def test_1_1_only_who_reads_reports_sees_a_run(office: Office, role: Role) -> None:
    await week(office)
    other = await desk(office, role)
    assert (await other.get(RUN)).status_code == 403
    assert (await other.get("/runs")).status_code == 403
    assert 'href="/runs"' not in (await other.get("/")).text
    assert (await other.post(f"{RUN}/prints", key="key-print-1")).status_code == 403
    assert await office.count(PrintRecord) == 0


@pytest.mark.req("P1.S1.N1", "P1.S1.N3")
async def test_1_1_a_copy_is_registered_once_and_closed_by_one_of_two_ways(office: Office) -> None:
    await week(office)
    printer = await desk(office, AWS)
    page = await printer.get(RUN)
    key = hidden(page, "key")
    for _ in range(2):
        assert (await printer.post(f"{RUN}/prints", key=key)).status_code == 303
    (copy,) = await prints(office)
    assert (copy.copy_number, copy.printed_by, copy.printed_at) == (1, printer.subject, NOW)
    page = await printer.get(RUN)
    assert "1 copy is about: the run cannot be closed" in words(page)
    done = f"{RUN}/prints/{copy.print_id}/destroyed"
    refused = await printer.post(done, key="key-burnt-1", method="burnt")
    assert refused.status_code == 422
    assert (await prints(office))[0].destroyed_at is None
    assert (await printer.post(done, key="key-shred-1", method="shredded")).status_code == 303
    (copy,) = await prints(office)
    assert (copy.method, copy.destroyed_by, copy.destroyed_at) == ("shredded", printer.subject, NOW)
    page = await printer.get(RUN)
    assert "is about" not in words(page)
    assert "Shredded, U-Advisor-Wellbeing-Support Example" in words(page)


async def prints(office: Office) -> list[PrintRecord]:
    """Copies on record."""
    async with office.databases.owner.transaction() as session:
        return list(await session.scalars(select(PrintRecord).order_by(PrintRecord.copy_number)))


async def test_1_1_a_missing_report_is_said_in_its_task_and_its_call_is_shown(office: Office) -> None:
    """Before the report has come the page says from when it is missing, and leads to the task that says so."""
    await office.case("CRUN00000", "intake", "national", step="1.1")
    await office.put(
        ReportRun,
        run_id="2026-11-27",
        friday=NOW.date(),
        case_id="CRUN00000",
        state="missing",
        opened_at=NOW,
        service_desk_reference="SD-4711",
    )
    kinds = {"T-1": "confirm_missing", "T-2": "arrange_cover", "T-3": "report_unreadable"}
    for task_id, kind in kinds.items():
        role = MANAGER if kind == "arrange_cover" else AWS
        await office.task(task_id, "CRUN00000", kind, role, step="1.1", region="national")
    page = await (await desk(office, AWS)).get(RUN)
    said = words(page)
    assert "From Friday 27 November 2026, 12:00 a report that has not come is missing" in said
    assert "Call with the Service Desk: SD-4711" in said
    assert all(f'/tasks/{task_id}"' in page.text for task_id in kinds)
    assert "No row has come yet" in said


async def test_1_1_who_is_away_on_the_friday_and_who_covers(office: Office) -> None:
    await week(office)
    for subject, name in (("u-2", "Tamsin Example"), ("u-3", "Wiremu Example")):
        await office.put(
            StaffMember,
            subject=subject,
            name=name,
            role=AWS.value,
            region="R01",
            mail_address=f"{subject}@placement.test",
            active=True,
        )
    await office.put(
        Absence,
        absence_id="A1",
        subject="u-2",
        first_day=NOW - timedelta(days=1),
        last_day=NOW + timedelta(days=3),
        cover="u-3",
        recorded_by="u-9",
        recorded_at=NOW,
    )
    said = words(await (await desk(office, MANAGER, regions=("*",))).get(RUN))
    assert "Tamsin Example is away" in said
    assert "Wiremu Example covers" in said


@pytest.mark.req("AMB-P1-4")
async def test_1_1_a_friday_closed_without_a_report_says_what_corrections_said(office: Office) -> None:
    """The manager is asked; the page keeps the answer, the day of a late report, and why the Friday is closed."""
    await office.case("CRUN00000", "intake", "national", step="1.1")
    await office.put(
        ReportRun,
        run_id="2026-11-27",
        friday=NOW.date(),
        case_id="CRUN00000",
        state="no_report",
        opened_at=NOW,
        expected_on=NOW.date() + timedelta(days=4),
        said_of_missing="Sam Contact: Nobody was released last week.",
        closed_at=NOW,
        closing_line="No report this week, confirmed by Corrections; closed by Mara Example",
    )
    await office.task("T-1", "CRUN00000", "ask_for_report", MANAGER, step="1.1", region="national")
    manager = await desk(office, MANAGER)
    said = words(await manager.get(RUN))
    assert "No report this week, confirmed by Corrections; closed by Mara Example" in said
    assert "What Corrections said: Sam Contact: Nobody was released last week." in said
    assert "Expected on Tuesday 1 December 2026" in said
    assert "a report that comes after all opens this Friday again" in said
    form = await manager.get("/tasks/T-1")
    asked = words(form)
    for question in (
        "Who at Corrections said so?",
        "What did they say?",
        "On which day is the late report to come?",
    ):
        assert question in asked
    read = (await office.client(MANAGER).get("/api/reports/2026-11-27")).json()
    assert (read["state"], read["expected_on"]) == ("no_report", "2026-12-01")


@pytest.mark.req("AMB-P1-30")
async def test_1_1_a_refused_row_begins_as_far_as_it_could_be_read(office: Office) -> None:
    raw = {"Group": "Exit NSO", "Surname": "?", "Given names": "Odo", "Date of birth": "4 September 1974"}
    await office.entry("E2", None, 2, state="rejected", surname=None, raw=raw, errors=[MISSING])
    await office.task(
        "T-2", "CRUN00000", "resolve_row", step="1.1", region="national", context={"entry_id": "E2"}
    )
    page = await (await desk(office, AWS)).get("/tasks/T-2")
    assert MISSING["message"] in words(page)
    assert 'name="given_names" type="text" value="Odo"' in page.text
    for part, value in (("day", "4"), ("month", "9"), ("year", "1974")):
        assert f'name="date_of_birth-{part}" type="text" value="{value}"' in page.text
    assert 'value="Exit NSO" selected' in page.text
    assert 'name="surname" type="text" value="?"' not in page.text


async def test_1_1_the_cells_of_a_row_stand_as_in_the_report(office: Office) -> None:
    """The record keeps them in an order of its own."""
    raw = {"Town": "Faketown", "Note": "x", "Group": "New CSO", "Given names": "Odo", "Surname": "?"}
    await office.entry("E2", None, 2, state="rejected", surname=None, raw=raw, errors=[MISSING])
    context = {"entry_id": "E2"}
    await office.task("T-2", "CRUN00000", "resolve_row", step="1.1", region="national", context=context)
    page = (await (await desk(office, AWS)).get("/tasks/T-2")).text.split("The row as it came")[1]
    shown = re.findall(r"<dt>([^<]+)</dt>", page.split("</dl>")[0])
    assert shown == ["Group", "Surname", "Given names", "Town", "Note"]
