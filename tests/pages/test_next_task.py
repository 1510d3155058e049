"""The next task: where it leads, what home and the page after an answer offer, and that nobody is led to another's."""

from datetime import timedelta
from typing import Any

import pytest

from models.tables.cover import Deputy
from procedures.terms import Role
from tests.api.office import AP, AWS, MANAGER, NOW, Office
from tests.pages.desk import Desk, desk, words
from tests.pages.test_manager_pages import colleague

NOTHING = "/tasks?view=team&said=nothing"


async def next_of(visitor: Desk) -> str:
    """Where the button leads."""
    answer = await visitor.get("/tasks/next")
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


async def test_the_next_task_is_the_first_due_of_ones_own_then_of_those_that_nobody_has(
    office: Office,
) -> None:
    """What a colleague has is passed over."""
    await office.case("C1")
    visitor = await desk(office, AWS)
    for number, holder in ((1, "u-2"), (2, visitor.subject), (3, visitor.subject), (4, None), (5, None)):
        held: dict[str, Any] = (
            {"claimed_by": holder, "claimed_by_name": "T", "claimed_at": NOW} if holder else {}
        )
        due_at = NOW + timedelta(days=1, hours=-number)
        await office.task(f"C1-{number}", "C1", "live_record", due_at=due_at, **held)
    for task_id in ("C1-3", "C1-2"):
        assert await next_of(visitor) == f"/tasks/{task_id}"
        assert (await visitor.post(f"/tasks/{task_id}/release")).status_code == 303
    assert await next_of(visitor) == "/tasks/C1-5"


@pytest.mark.req("PRV-19")
async def test_nobody_is_led_to_a_task_of_a_case_that_they_must_not_see(office: Office) -> None:
    """Another region's, another role's: home has no button, and the list says that nothing is to do."""
    await office.case("C1")
    await office.case("C2", region="R02")
    await office.task("C1-1", "C1", "corrections_unreachable", MANAGER)
    await office.task("C2-1", "C2", region="R02")
    visitor = await desk(office, AWS)
    assert await next_of(visitor) == NOTHING
    assert "There is nothing for you to do now" in words(await visitor.get(NOTHING))
    assert "There is nothing for you to do now" not in words(await visitor.get("/tasks?view=team"))
    assert 'href="/tasks/next"' not in (await visitor.get("/")).text
    manager = await desk(office, MANAGER)
    assert await next_of(manager) == "/tasks/C1-1"
    assert 'class="govuk-button" href="/tasks/next"' in (await manager.get("/")).text


@pytest.mark.req("PRV-19", "AMB-X-2")
async def test_a_deputy_is_not_led_to_what_they_may_only_read(office: Office) -> None:
    """An advisor of one region stands in for the manager of another: the manager's tasks of their own stay there."""
    await colleague(office, "u-9", "Tevita Example", AWS)
    await office.put(
        Deputy, deputy_id="D1", role=MANAGER.value, region="R02", subject="u-9", first_day=NOW.date(),
        recorded_by="u-m", recorded_at=NOW,
    )  # fmt: skip
    for case_id, region in (("C1", "R01"), ("C2", "R02")):
        await office.case(case_id, region=region)
    for number in range(12):
        due_at = NOW + timedelta(hours=number)
        await office.task(f"C1-{number}", "C1", "corrections_unreachable", MANAGER, due_at=due_at)
    visitor = await desk(office, AWS, subject="u-9")
    assert await next_of(visitor) == NOTHING
    due_at = NOW + timedelta(days=9)
    await office.task("C2-1", "C2", "corrections_unreachable", MANAGER, region="R02", due_at=due_at)
    assert await next_of(visitor) == "/tasks/C2-1"


async def test_after_an_answer_the_next_task_is_one_press_away(office: Office) -> None:
    """Of another case, as its list says; a coordinator is led on among the own tasks alone."""
    done = {"state": "done", "done_at": NOW, "done_by_name": "Aroha Example"}
    for case_id, kind, role, procedure in (
        ("C1", "match_entry", AWS, "identify"),
        ("C8", "enter_withdrawn", Role.COORDINATOR_PLACEMENT, "match_void"),
    ):
        await office.case(case_id, procedure)
        await office.task(f"{case_id}-0", case_id, kind, role, **done)
        visitor = await desk(office, role)
        page = await visitor.get(f"/tasks/{case_id}-0/done")
        assert "Work on the next task" not in words(page)
        await office.case(f"{case_id}1", procedure)
        await office.task(f"{case_id}1-1", f"{case_id}1", kind, role)
        page = await visitor.get(f"/tasks/{case_id}-0/done")
        assert f'class="govuk-button" href="/tasks/{case_id}1-1"' in page.text
    assert await next_of(await desk(office, AP)) == NOTHING
