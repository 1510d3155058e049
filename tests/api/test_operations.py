"""What operators and print registers show: stuck cases by number, and every printed copy until it is destroyed."""

from datetime import date
from typing import Any

import httpx
import pytest

from api.facts import Asked, facts_of_answer
from models.queries.cases import case
from models.tables.print import PrintRecord
from procedures.intake import CloseRun
from procedures.tasks import By
from procedures.terms import Role
from tests.api.office import AP, AWS, MANAGER, NOW, Office
from tests.api.test_answering import answer, post, task_of
from tests.workflows.people import import_people
from tests.workflows.running import House

WEEK = "/api/reports/2026-11-27/prints"


async def press(client: httpx.AsyncClient, path: str, key: str, **body: Any) -> httpx.Response:
    """POST under this Idempotency-Key."""
    return await client.post(path, json=body or None, headers={"Idempotency-Key": key})


@pytest.mark.req("P1.S1.N1")
async def test_1_1_each_printed_copy_is_registered_with_who_when_and_its_number(office: Office) -> None:
    """A repeat is the same copy; copies of a week are numbered from 1."""
    await office.entry("E1", None)
    client = office.client(AWS)
    first = await press(client, WEEK, "key-print-1")
    assert (first.status_code, first.json()["copy_number"]) == (201, 1)
    again = await press(client, WEEK, "key-print-1")
    assert (again.status_code, again.json()) == (200, first.json())
    second = await press(office.client(MANAGER), WEEK, "key-print-1")
    assert second.json()["copy_number"] == 2
    listed = (await client.get(WEEK)).json()["items"]
    assert [(one["copy_number"], one["printed_by"], one["printed_local"]) for one in listed] == [
        (1, f"u-{AWS.value}", "Friday 27 November 2026, 14:00"),
        (2, f"u-{MANAGER.value}", "Friday 27 November 2026, 14:00"),
    ]
    assert len(await office.audited("report printed")) == 2
    assert (await press(office.client(AP), WEEK, "key-print-2")).status_code == 403
    assert (await press(client, "/api/reports/2026-11-20/prints", "key-print-3")).status_code == 404


@pytest.mark.req("P1.S1.N3", "A-C7")
async def test_1_1_a_copy_is_closed_by_shredding_or_the_destruction_bin(office: Office) -> None:
    """Two methods, once; who records it second is told who was first."""
    await office.entry("E1", None)
    client = office.client(AWS)
    print_id = (await press(client, WEEK, "key-print-4")).json()["id"]
    path = f"{WEEK}/{print_id}/destroyed"
    assert (await press(client, path, "key-shred-1", method="recycled")).status_code == 422
    closed = await press(client, path, "key-shred-2", method="shredded")
    assert (closed.status_code, closed.json()["open"], closed.json()["method"]) == (200, False, "shredded")
    assert (await press(client, path, "key-shred-2", method="shredded")).json() == closed.json()
    late = await press(office.client(MANAGER), path, "key-shred-3", method="destruction_bin")
    assert (late.status_code, late.json()["rule"]) == (409, "P1.S1.N3")
    assert late.json()["by"] == f"U-{AWS.value.title()} Example"
    assert (
        await press(client, f"{WEEK}/P-NONE/destroyed", "key-shred-4", method="shredded")
    ).status_code == 404


@pytest.mark.req("PRV-4")
async def test_1_1_a_week_with_a_copy_about_cannot_be_closed(
    office: Office, house: House, friday: date
) -> None:
    """The rule sees the open copies; once each is destroyed, the run closes."""
    await import_people(house.loader)
    await post(office, friday, "New CSO,,,,,,,,,,,")
    client = office.client(AWS, regions=("*",))
    prints = f"/api/reports/{friday}/prints"
    print_id = (await press(client, prints, "key-print-5")).json()["id"]
    row = await task_of(client, "resolve_row")
    aside = {"action": "set_aside", "reason": "an empty line"}
    assert (await answer(client, row, aside, "key-row-aside-1")).status_code == 200
    await answer(client, await task_of(client, "review_report"), {}, "key-review-run-1")
    run = (await client.get(f"/api/reports/{friday}")).json()
    held = await case(office.databases.api, run["case_id"])
    assert held is not None
    by = By(subject="u-1", name="Tamsin Example", role=AWS.value)
    facts = await facts_of_answer(Asked(office.resources, held, CloseRun(), by, NOW))
    assert facts["open_prints"] == 1
    await press(client, f"{prints}/{print_id}/destroyed", "key-shred-5", method="destruction_bin")
    facts = await facts_of_answer(Asked(office.resources, held, CloseRun(), by, NOW))
    assert facts["open_prints"] == 0
    assert await office.count(PrintRecord) == 1


async def test_stuck_cases_are_named_to_operators_without_their_content(office: Office) -> None:
    """A case that is open and does not run; the administrator and the manager, and nobody else."""
    await office.case("CSTUCK01", person_ref="P-1", step="1.4")
    for role in (Role.ADMINISTRATOR, MANAGER):
        (stuck,) = (await office.client(role).get("/api/operations/stuck")).json()["items"]
        assert (stuck["id"], stuck["trouble"], stuck["step"]) == ("CSTUCK01", "no_run", "1.4")
        assert "started from the record" in stuck["what_to_do"]
        assert "P-1" not in str(stuck)
    for role in (AWS, AP, Role.AUDITOR, Role.MACHINE):
        assert (await office.client(role).get("/api/operations/stuck")).status_code == 403
