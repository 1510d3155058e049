"""The list of cases, and the pages that take lists out as files."""

import re
from datetime import timedelta
from urllib.parse import unquote

import pytest

from models.tables.register import RegisterPerson
from procedures.terms import Role
from tests.api.office import AP, AWS, MANAGER, NOW, Office
from tests.pages.desk import Desk, desk, words

EVERYWHERE = ("*",)


async def furnished(office: Office) -> None:
    """Open and closed cases of two procedures and regions: overdue, due today, later, at no time; one waits."""
    hour, day = timedelta(hours=1), timedelta(days=1)
    await office.put(
        RegisterPerson,
        person_ref="P-1",
        surname="Tester",
        given_names="Tom",
        record_state="live",
        occupancy="tenant",
        digest=b"",
    )
    await office.case("C1", due_at=NOW - day, opened_at=NOW - 5 * day, step="1.3", person_ref="P-1")
    await office.case("C2", due_at=NOW + 2 * hour, opened_at=NOW - 4 * day)
    await office.case("C3", due_at=NOW + 5 * day, opened_at=NOW - 3 * day)
    await office.case("C4", opened_at=NOW - 2 * day, waiting_for="Corrections", step="1.6")
    await office.case(
        "C5", opened_at=NOW - day, waiting_for="advisor-placement, manager-housing-wellbeing-support"
    )
    await office.case("C6", region="R02", due_at=NOW + 9 * day, opened_at=NOW)
    await office.case("C7", "match_void", due_at=NOW + day, opened_at=NOW, step="3.2")
    ended = {"step": "end", "waiting_for": "nobody"}
    await office.case("C8", closed_at=NOW - hour, outcome="recorded", opened_at=NOW - 9 * day, **ended)
    await office.case("C9", closed_at=NOW - day, outcome="no_match", opened_at=NOW - 8 * day, **ended)


async def listed(visitor: Desk, query: str = "") -> list[str]:
    """The cases of a list, in its order."""
    page = await visitor.get(f"/cases?{query}")
    assert page.status_code == 200, page.text
    body = page.text.partition("<tbody")[2].partition("</tbody>")[0]
    return re.findall(r'href="/cases/(C\d+)"', body)


LISTS = {
    "": ["C1", "C2", "C7", "C3", "C6", "C4", "C5"],
    "sort=newest": ["C6", "C7", "C5", "C4", "C3", "C2", "C1"],
    "procedure=match_void": ["C7"],
    "region=R02": ["C6"],
    "step=1.6": ["C4"],
    "waiting=Corrections": ["C4"],
    "waiting=manager-housing-wellbeing-support": ["C5"],
    "due=overdue": ["C1"],
    "due=today": ["C2"],
    "due=week": ["C2", "C7", "C3"],
    "status=closed": ["C8", "C9"],
    "status=closed&sort=newest": ["C9", "C8"],
    "status=any": ["C6", "C7", "C5", "C4", "C3", "C2", "C1", "C9", "C8"],
    "status=any&due=overdue": ["C1"],
    "procedure=&status=&region=&step=&waiting=&due=&sort=": ["C1", "C2", "C7", "C3", "C6", "C4", "C5"],
}


async def test_filters_and_orders_stay_in_the_address(office: Office) -> None:
    """Each filter alone, each order, and what a form sends when nothing is chosen."""
    await furnished(office)
    manager = await desk(office, MANAGER, regions=EVERYWHERE)
    assert {query: await listed(manager, query) for query in LISTS} == LISTS


async def test_the_list_says_where_a_case_stands_and_names_nobody(office: Office) -> None:
    """Due in words, whom it waits for, the outcome of a closed case; no name, and the choice that was made."""
    await furnished(office)
    manager = await desk(office, MANAGER, regions=EVERYWHERE)
    page = await manager.get("/cases?region=R01")
    said = words(page)
    for text in (
        "overdue by 1 working day",
        "due today, 16:00",
        "Advisor Placement, Manager Housing",
        "Corrections",
    ):
        assert text in said
    assert "Tester" not in page.text
    assert re.search(r'<option value="R01"\s+selected', page.text)
    assert 'href="/exports/cases?region=R01"' in page.text
    assert "Ended: recorded" in words(await manager.get("/cases?status=closed"))
    assert "No cases here." in words(await manager.get("/cases?step=4.4"))


@pytest.mark.req("PRV-19")
async def test_each_role_lists_its_own_cases(office: Office) -> None:
    """By region and procedure; a role that sees no case is turned away and has no entry in the header."""
    await furnished(office)
    assert await listed(await desk(office, AWS)) == ["C1", "C2", "C3", "C4", "C5"]
    placement = await desk(office, AP)
    assert await listed(placement) == ["C7"]
    assert 'href="/cases"' in (await placement.get("/")).text
    coordinator = await desk(office, Role.COORDINATOR_PLACEMENT)
    assert (await coordinator.get("/cases")).status_code == 403
    assert 'href="/cases"' not in (await coordinator.get("/")).text


@pytest.mark.parametrize("query", ["", "sort=newest", "status=any", "status=closed"])
async def test_page_after_page_every_case_comes_once(
    office: Office, monkeypatch: pytest.MonkeyPatch, query: str
) -> None:
    """One at a time, from the first to the last, also where the due instants end; and back to the first page."""
    monkeypatch.setattr("api.pages.case_list.PAGE", 1)
    await furnished(office)
    manager = await desk(office, MANAGER, regions=EVERYWHERE)
    seen, address = [], f"/cases?{query}"
    while address:
        seen += await listed(manager, address.partition("?")[2])
        page = await manager.get(address)
        found = re.search(r'href="(/cases\?[^"]*)" rel="next"', page.text)
        address = unquote(found[1].replace("&amp;", "&")) if found else ""
    monkeypatch.undo()
    assert seen == await listed(manager, query)
    assert "Back to the first page" in page.text
    assert (await manager.get("/cases?cursor=nonsense")).status_code == 422


async def test_a_list_is_taken_out_from_its_page(office: Office) -> None:
    """The export asks how, without persons unless they are chosen; the file has what the list had."""
    await furnished(office)
    manager = await desk(office, MANAGER, regions=EVERYWHERE)
    page = await manager.get("/exports/cases?region=R01&due=week")
    assert "3 rows" in words(page)
    assert "region R01" in words(page)
    taken = await manager.post("/exports/cases?region=R01&due=week", media="csv", persons="without")
    assert taken.headers["content-disposition"] == 'attachment; filename="cases-2026-11-27-1400.csv"'
    assert re.findall(r"^(C\d),", taken.content.decode(), re.MULTILINE) == ["C7", "C3", "C2"]
    (event,) = await office.audited("exported cases")
    assert event.detail["filters"] == {"region": "R01", "due": "week"}


async def test_persons_are_asked_for_with_reason_and_confirmation(office: Office) -> None:
    """What is missing is said beside its field and nothing typed is lost; then names go out."""
    await furnished(office)
    advisor = await desk(office, AWS)
    refused = await advisor.post(
        "/exports/cases?due=overdue", media="xlsx", persons="with", reason="Review of the month"
    )
    assert refused.status_code == 422
    assert "Confirm that the list is confidential" in words(refused)
    assert "Review of the month" in refused.text
    taken = await advisor.post(
        "/exports/cases?due=overdue",
        media="csv",
        persons="with",
        reason="Review of the month",
        confirmed="yes",
    )
    assert "Tester,Tom" in taken.text
    (event,) = await office.audited("exported cases")
    assert (event.detail["reason"], event.detail["rows"]) == ("Review of the month", 1)
    assert (await advisor.client.post("/exports/cases", data={"media": "csv"})).status_code == 403


async def test_each_role_is_offered_its_lists(office: Office) -> None:
    """The office's menu leads there; who sees no case is offered no persons; the report is no list."""
    await furnished(office)
    manager = await desk(office, MANAGER, regions=EVERYWHERE)
    offered = re.findall(r'href="/exports/([a-z-]+)"', (await manager.get("/exports")).text)
    assert offered == ["tasks", "cases", "workload", "deadlines", "void-matches", "mail"]
    assert 'name="since"' in (await manager.get("/exports/mail")).text
    coordinator = await desk(office, Role.COORDINATOR_PLACEMENT)
    assert re.findall(r'href="/exports/([a-z-]+)"', (await coordinator.get("/exports")).text) == ["tasks"]
    assert 'value="with"' not in (await coordinator.get("/exports/tasks?view=team")).text
    assert 'value="with"' not in (await manager.get("/exports/workload")).text
    assert (await manager.get("/exports/runs")).status_code == 409
    assert (await (await desk(office, Role.AUDITOR)).get("/exports")).status_code == 403
