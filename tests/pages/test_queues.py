"""Queues, claiming and assigning, the home page, and the pages of the steps."""

import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest

from models.tables.case import Notice, StaffMember
from models.tables.mail import Clock
from procedures.steps import STEPS
from procedures.terms import Role
from tests.api.office import AP, AWS, MANAGER, NOW, Office
from tests.pages.desk import Desk, desk, hidden, words


async def colleague(office: Office, subject: str, name: str, role: Role = AWS) -> None:
    """Somebody who works here."""
    await office.put(
        StaffMember,
        subject=subject,
        name=name,
        role=role.value,
        region="R01",
        mail_address="x@placement.test",
    )


async def furnished(office: Office) -> None:
    """Tasks of every sort: overdue, due today, later, without a due date, mine, done, of another region."""
    await office.case("C1")
    await office.case("C2", region="R02")
    mine: dict[str, Any] = {
        "claimed_by": f"u-{AWS.value}",
        "claimed_by_name": "Me Example",
        "claimed_at": NOW,
    }
    await office.task("C1-1", "C1", due_at=NOW - timedelta(days=1), opened_at=NOW - timedelta(days=3))
    await office.task("C1-2", "C1", kind="why_pending", step="1.3", due_at=NOW + timedelta(hours=3), **mine)
    await office.task("C1-3", "C1", kind="send_t441", step="1.6", due_at=NOW + timedelta(days=4))
    await office.task("C1-4", "C1", kind="first_question", step="1.3")
    await office.task("C1-5", "C1", kind="corrections_unreachable", step="1.4", role=MANAGER)
    await office.task("C1-6", "C1", state="done", done_at=NOW, done_by="u-1", done_by_name="Aroha Example")
    await office.task("C2-1", "C2", region="R02")


async def listed(visitor: Desk, query: str) -> list[str]:
    """The tasks of a list, in its order."""
    page = await visitor.get(f"/tasks?{query}")
    assert page.status_code == 200, page.text
    table = page.text.split("<tbody")[1] if "<tbody" in page.text else ""
    return [
        part.split('"')[0] for part in table.split('scope="row"')[1:] for part in part.split("/tasks/")[1:2]
    ]


QUEUES = {
    "view=mine": ["C1-2"],
    "view=team": ["C1-1", "C1-2", "C1-3", "C1-4"],
    "view=unassigned": ["C1-1", "C1-3", "C1-4"],
    "view=done": ["C1-6"],
    "view=team&due=overdue": ["C1-1"],
    "view=team&due=today": ["C1-2"],
    "view=team&step=1.3": ["C1-2", "C1-4"],
    "view=team&region=&step=1.3&due=&sort=due": ["C1-2", "C1-4"],
    "view=team&sort=step": ["C1-1", "C1-2", "C1-4", "C1-3"],
    "view=team&sort=newest": ["C1-2", "C1-3", "C1-4", "C1-1"],
    "view=team&region=R02": [],
}


async def test_queues_filters_and_orders_are_in_the_address(office: Office) -> None:
    """A task of another role or region is in no list."""
    await furnished(office)
    visitor = await desk(office, AWS)
    assert {query: await listed(visitor, query) for query in QUEUES} == QUEUES


async def test_a_long_list_comes_page_by_page(office: Office) -> None:
    """Each task once; filters stay with the pages."""
    await office.case("C1")
    for number in range(60):
        await office.task(f"C1-{number:02}", "C1", due_at=NOW + timedelta(hours=number))
    visitor = await desk(office, AWS)
    seen = [task for page in (1, 2, 3) for task in await listed(visitor, f"view=team&step=1.2&page={page}")]
    assert seen == [f"C1-{number:02}" for number in range(60)]
    page = await visitor.get("/tasks?view=team&step=1.2&page=2")
    assert 'href="/tasks?view=team&amp;step=1.2&amp;page=3"' in page.text
    assert "60 tasks" in page.text


async def test_due_is_said_in_words_and_the_date_beside_it(office: Office) -> None:
    await furnished(office)
    said = words(await (await desk(office, AWS)).get("/tasks?view=team"))
    for due in (
        "overdue by 1 working day Thursday 26 November 2026, 14:00",
        "due today, 17:00",
        "2 working days left",
        "no due date",
    ):
        assert due in said


async def test_the_list_alone_is_what_the_page_fetches_again(office: Office) -> None:
    """The same rows, without the frame."""
    await furnished(office)
    visitor = await desk(office, AWS)
    page, part = await visitor.get("/tasks?view=team"), await visitor.get("/tasks/list?view=team")
    assert 'hx-get="/tasks/list?view=team' in page.text
    assert "<html" not in part.text
    assert part.text.count('scope="row"') == page.text.count('scope="row"') == 4


async def test_cases_that_wait_for_corrections_with_the_day_the_form_is_due(office: Office) -> None:
    """The earliest running clock counts; a stopped one does not; nobody sees another region's."""
    await office.case("C1", step="1.6", waiting_for="Corrections")
    await office.case("C2", step="1.6", waiting_for="Corrections", region="R02")
    await office.case("C3", waiting_for="advisor-wellbeing-support")
    for number, stopped in ((1, NOW), (2, None)):
        await office.put(
            Clock,
            clock_id=f"C1-clock-{number}",
            case_id="C1",
            kind="T-441 return",
            calendar="nz-national",
            calendar_version="1",
            started_at=NOW,
            due_at=NOW + timedelta(days=3 + number),
            acts_at=NOW + timedelta(days=9),
            detail={},
            stopped_at=stopped,
        )
    visitor = await desk(office, AWS)
    said = words(await visitor.get("/tasks?view=waiting"))
    assert "1 case, as of 14:00" in said
    assert "C1 region R01 3 working days left" in said
    assert "C2" not in said
    home = words(await visitor.get("/"))
    assert "1 Waiting for Corrections" in home


@pytest.mark.req("AMB-X-2")
async def test_claim_give_back_and_assign_with_a_reason(office: Office) -> None:
    """Only a manager assigns, only to a colleague whose role may answer, and never without saying why."""
    await furnished(office)
    await colleague(office, "u-2", "Tamsin Example")
    await colleague(office, "u-3", "Piri Example", AP)
    visitor, manager = await desk(office, AWS), await desk(office, MANAGER)
    assert (await visitor.post("/tasks/C1-1/claim")).headers["location"] == "/tasks/C1-1?said=claimed"
    assert "You have claimed this task" in words(await visitor.get("/tasks/C1-1?said=claimed"))
    assert await listed(visitor, "view=mine") == ["C1-1", "C1-2"]
    assert (await visitor.post("/tasks/C1-1/release")).status_code == 303
    to: dict[str, Any] = {"assign_to": "u-2", "assign_reason": "on leave from Monday"}
    assert (await visitor.post("/tasks/C1-1/assign", **to)).status_code == 403
    assert (await manager.post("/tasks/C1-1/assign", **{**to, "assign_reason": " "})).status_code == 422
    assert (await manager.post("/tasks/C1-1/assign", **{**to, "assign_to": "u-3"})).status_code == 422
    assert (await manager.post("/tasks/C1-1/assign", **to)).status_code == 303
    (event,) = await office.audited("task assigned")
    assert event.detail == {"holder": "u-2", "reason": "on leave from Monday"}
    assert "Tamsin Example" in words(await visitor.get("/tasks?view=team"))


async def test_many_are_assigned_and_each_row_says_what_became_of_it(office: Office) -> None:
    """One cannot be assigned: the others are."""
    await furnished(office)
    await colleague(office, "u-2", "Tamsin Example")
    manager = await desk(office, MANAGER)
    assert 'name="task" value="C1-1"' in (await manager.get("/tasks?view=team")).text
    page = await manager.post(
        "/tasks/assign-many", task=["C1-1", "C1-6", "C1-3", "C9-9"], assign_to="u-2", assign_reason="cover"
    )
    said = words(page)
    assert "2 of 4 assigned" in said
    assert "Search the register and match the entry C1-1 Assigned" in said
    assert "C1-6 Not assigned. The task is closed" in said
    assert "C9-9 Not assigned. There is no such task" in said
    assert (await manager.post("/tasks/assign-many", assign_to="u-2", assign_reason="x")).status_code == 422


async def test_home_counts_what_its_lists_hold(office: Office) -> None:
    """Every number opens the list that it counts."""
    await furnished(office)
    visitor = await desk(office, AWS)
    page = await visitor.get("/")
    said = words(page)
    for text in ("1 Overdue", "1 Due today", "1 Mine", "3 Unassigned", "4 New since you were last here"):
        assert text in said
    for part in page.text.split('sp-tile__link" href="')[1:]:
        address, number = (
            part.split('"')[0].replace("&amp;", "&"),
            int(part.split('number">')[1].split("<")[0]),
        )
        if "waiting" not in address:
            assert len(await listed(visitor, address.removeprefix("/tasks?"))) == number, address


async def test_home_shows_the_latest_run_with_its_line(office: Office) -> None:
    await office.case("C1")
    await office.entry("E1", "C1")
    said = words(await (await desk(office, AWS)).get("/"))
    assert "Friday 27 November 2026 , received" in said
    assert re.search(r"\b3 read, \d resolved, 0 waiting for Corrections", said)
    coordinator = words(await (await desk(office, Role.COORDINATOR_PLACEMENT)).get("/"))
    assert "Latest Friday run" not in coordinator


@pytest.mark.req("AMB-A-5")
async def test_home_shows_secure_notices_until_one_is_read(office: Office) -> None:
    """They name case and step, never a person; the first reader stays on record."""
    await office.case("C1")
    await office.put(
        Notice,
        notice_id="N1",
        case_id="C1",
        role=MANAGER.value,
        region="R01",
        kind="lives_in_a_home",
        step="1.7",
        at=NOW,
    )
    visitor = await desk(office, MANAGER)
    page = await visitor.get("/")
    assert "Lives in a home" in words(page)
    assert "Lives in a home" not in words(await (await desk(office, AWS)).get("/"))
    assert (await visitor.post("/notices/N1/read", key=hidden(page, "key"))).status_code == 303
    assert "No unread notices" in words(await visitor.get("/"))
    assert len(await office.audited("notice read")) == 1


async def test_every_step_has_a_page_with_its_role_and_requirements(office: Office) -> None:
    """Titles are ours; ids are those of the catalogue; the tasks are those of the answer types."""
    visitor = await desk(office, Role.AUDITOR)
    overview = await visitor.get("/policy")
    for ref, step in STEPS.items():
        assert f'href="/policy/{ref}"' in overview.text
        said = unescape(words(await visitor.get(f"/policy/{ref}")))
        assert step.title in said
        assert "What the document asks" in said
    said = words(await visitor.get("/policy/1.6"))
    assert "P1.S6.b5" in said
    assert "Send the T-441" in said
    assert (await visitor.get("/policy/9.9")).status_code == 404
