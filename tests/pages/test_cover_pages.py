"""Pages of cover: deputies, who gets what before an absence is recorded, and what home says of it."""

import re
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from activities.escalations import escalate_waiting
from models.tables.case import Absence, StaffMember, Task
from models.tables.cover import Deputy
from procedures.terms import Role
from tests.api.office import AWS, MANAGER, NOW, Office
from tests.pages.browser import browsing, picture, violations
from tests.pages.desk import desk, hidden, words
from tests.pages.test_manager_pages import colleague, day, rows

MONDAY = NOW.date() + timedelta(days=3)


async def furnish(office: Office) -> None:
    """Two advisors and the manager; one advisor has a task due on Monday, and one that is not."""
    await colleague(office, "u-2", "Tamsin Example")
    await colleague(office, "u-3", "Wiremu Example")
    await colleague(office, f"u-{MANAGER.value}", "Mara Example", MANAGER)
    held: dict[str, Any] = {
        "claimed_by": "u-2",
        "claimed_by_name": "T",
        "claimed_at": NOW - timedelta(hours=1),
    }
    await office.case("C1")
    await office.task("T-1", "C1", due_at=NOW + timedelta(days=3), **held)
    await office.task("T-2", "C1", "live_record", due_at=NOW + timedelta(days=6), **held)


def of_deputy(page: Any, role: Role, subject: str, **more: str) -> dict[str, Any]:
    """The form for a deputy of R01, filled in."""
    post = f"{role.value}/R01"
    return {
        "key": hidden(page, "key"),
        f"last-{post}": hidden(page, f"last-{post}"),
        "post": post,
        "subject": subject,
        **day("first_day", NOW.date()),
        **more,
    }


@pytest.mark.req("AMB-X-2")
async def test_the_manager_records_a_deputy_for_every_role_also_the_own_one(office: Office) -> None:
    """Posts without one stand on top and on home; a stale form is refused; others read only."""
    await furnish(office)
    manager = await desk(office, MANAGER)
    home = words(await manager.get("/"))
    assert "Nobody stands in for 5 posts" in home
    assert "Manager Housing Wellbeing Support, region R01" in home
    page = await manager.get("/office/deputies")
    assert "5 posts have no deputy" in words(page)
    own = of_deputy(page, MANAGER, manager.subject)
    refused = await manager.post("/office/deputies", more=own)
    assert refused.status_code == 422
    assert "Nobody stands in for themselves" in words(refused)
    sent = of_deputy(page, MANAGER, "u-3")
    for _ in range(2):
        assert (await manager.post("/office/deputies", more=sent)).status_code == 303
    (held,) = await rows(office, Deputy)
    assert (held.role, held.region, held.subject, held.first_day) == (MANAGER.value, "R01", "u-3", NOW.date())
    stale = await manager.post("/office/deputies", more=sent | {"subject": "u-2", "key": "key-of-somebody"})
    assert "Somebody else has recorded a deputy" in words(stale)
    said = words(await manager.get("/office/deputies?recorded=true"))
    assert (
        "Manager Housing Wellbeing Support region R01 Mara Example Wiremu Example From Friday 27 November"
        in said
    )
    assert "4 posts have no deputy" in said
    assert "Nobody stands in for 4 posts" in words(await manager.get("/"))
    advisor = await desk(office, AWS)
    assert "Record a deputy" not in words(await advisor.get("/office/deputies"))
    assert (await advisor.post("/office/deputies", more=sent)).status_code == 403
    assert "Nobody stands in" not in words(await advisor.get("/"))


@pytest.mark.req("AMB-X-2")
async def test_who_gets_what_is_shown_before_an_absence_is_recorded(office: Office) -> None:
    """Nothing changes at the first press; another name is shown again first; then it acts at once."""
    await furnish(office)
    manager = await desk(office, MANAGER)
    page = await manager.get("/office/absences")
    sent = {
        "key": hidden(page, "key"), "subject": "u-2",
        **day("first_day", NOW.date()), **day("last_day", MONDAY),
    }  # fmt: skip
    shown = await manager.post("/office/absences", more=sent)
    said = words(shown)
    assert shown.status_code == 200
    assert "Tamsin Example is away from Friday 27 November 2026 to Monday 30 November 2026" in said
    assert re.search(r"T-1 Monday 30 November 2026, 14:00 Wiremu Example, colleague in the region", said)
    assert "T-2 Thursday 3 December 2026, 14:00" in said.split("Goes back to its queue")[1]
    assert await rows(office, Absence) == []
    names = ("key", "subject", "shown_for", *day("first_day", MONDAY), *day("last_day", MONDAY))
    again = {name: hidden(shown, name) for name in names} | {"confirmed": "yes"}
    other = await manager.post("/office/absences", more=again | {"cover": "u-3"})
    assert "Wiremu Example, covers, as named" in words(other), "what was not shown yet is shown first"
    assert await rows(office, Absence) == []
    again |= {"cover": "u-3", "shown_for": hidden(other, "shown_for"), "key": hidden(other, "key")}
    assert (await manager.post("/office/absences", more=again)).status_code == 303
    (absence,) = await rows(office, Absence)
    assert (absence.subject, absence.cover) == ("u-2", "u-3")
    assert {task.task_id: task.claimed_by for task in await rows(office, Task)} == {"T-1": "u-3", "T-2": None}
    home = words(await (await desk(office, AWS, subject="u-3")).get("/"))
    assert "Handed to you 1" in home
    assert "from Tamsin Example, who is away, Friday 27 November 2026, 14:00" in home
    assert "Handed to you" not in words(await (await desk(office, AWS, subject="u-4")).get("/"))


@pytest.mark.req("AMB-X-2")
async def test_the_preview_warns_when_nobody_covers(office: Office) -> None:
    await furnish(office)
    async with office.databases.owner.transaction() as session:
        await session.execute(update(StaffMember).where(StaffMember.subject != "u-2").values(active=False))
    advisor = await desk(office, AWS, subject="u-2")
    page = await advisor.get("/office/absences")
    sent = {"key": hidden(page, "key"), **day("first_day", NOW.date()), **day("last_day", MONDAY)}
    said = words(await advisor.post("/office/absences", more=sent))
    assert "You are away from Friday 27 November 2026" in said
    assert (
        "Nobody can take 1 task due soon. Name somebody who covers, or the manager is told at once." in said
    )


@pytest.mark.req("AMB-X-2")
async def test_home_shows_what_nobody_has_started_to_the_manager(office: Office) -> None:
    await furnish(office)
    await office.task("T-3", "C1", due_at=NOW + timedelta(days=3), opened_at=NOW - timedelta(days=5))
    await escalate_waiting(office.databases.worker, NOW)
    manager, advisor = await desk(office, MANAGER), await desk(office, AWS)
    said = words(await manager.get("/"))
    assert "Escalated: nobody has started, or it is late 1" in said
    assert "Nobody has started Friday 27 November 2026, 14:00" in said
    assert "Escalated" not in words(await advisor.get("/"))


@pytest.mark.req("AMB-X-2", "PRV-19")
async def test_a_deputy_sees_for_whom_they_stand_in_and_the_work_of_that_post_alone(office: Office) -> None:
    """The manager is away: queue, workload and navigation of the post for the deputy, with the region's own tasks."""
    await furnish(office)
    await colleague(office, "u-9", "Tevita Example", Role.ADVISOR_PLACEMENT)
    await office.put(
        Deputy, deputy_id="D1", role=MANAGER.value, region="R01", subject="u-9", first_day=NOW.date(),
        recorded_by="u-1", recorded_at=NOW,
    )  # fmt: skip
    await office.case("C9", region="R09")
    await office.task("T-9", "C9", "corrections_unreachable", MANAGER, region="R09")
    await office.task("T-8", "C1", "corrections_unreachable", MANAGER)
    deputy = await desk(office, Role.ADVISOR_PLACEMENT, regions=("R09",), subject="u-9")
    before = await deputy.get("/")
    assert "Standing in" not in words(before)
    assert (await deputy.get("/office/workload")).status_code == 403
    await office.put(
        Absence, absence_id="A1", subject=f"u-{MANAGER.value}", first_day=NOW, last_day=NOW + timedelta(days=3),
        recorded_by="u-9", recorded_at=NOW,
    )  # fmt: skip
    said = words(await deputy.get("/office/workload"))
    assert "Standing in: Manager Housing Wellbeing Support, region R01" in said
    assert "3 open tasks" in said
    listed = await deputy.get("/tasks?view=team")
    assert set(re.findall(r'href="/tasks/(T-\d)"', listed.text)) == {"T-1", "T-2", "T-8"}
    assert (await deputy.get("/tasks/T-9")).status_code == 404
    assert "Stands in now" in words(await deputy.get("/office/deputies"))


@pytest.mark.req("AMB-X-2")
async def test_assigning_many_warns_of_who_is_away(office: Office) -> None:
    """The list says so beside the name; without a tick nothing is assigned to them, with it everything is."""
    await furnish(office)
    await office.put(
        Absence, absence_id="A1", subject="u-3", first_day=NOW - timedelta(days=1), last_day=NOW + timedelta(days=3),
        recorded_by="u-9", recorded_at=NOW - timedelta(days=1),
    )  # fmt: skip
    manager = await desk(office, MANAGER)
    for path in ("/tasks?view=team", "/tasks/T-1"):
        assert (
            "Wiremu Example, Advisor Wellbeing Support, region R01 (away until Monday 30 November 2026)"
            in words(await manager.get(path))
        )
    sent = {"task": ["T-1", "T-2"], "assign_to": "u-3", "assign_reason": "knows the cases"}
    warned = words(await manager.post("/tasks/assign-many", more=sent))
    assert "0 of 2 assigned" in warned
    assert "away until Monday 30 November 2026" in warned
    done = words(await manager.post("/tasks/assign-many", more=sent | {"although_away": "yes"}))
    assert "2 of 2 assigned" in done
    assert {task.claimed_by for task in await rows(office, Task)} == {"u-3"}


async def test_pages_of_cover_pass_axe_and_scroll_only_down(office: Office) -> None:
    await furnish(office)
    await office.task("T-3", "C1", due_at=NOW + timedelta(days=3), opened_at=NOW - timedelta(days=5))
    await escalate_waiting(office.databases.worker, NOW)
    manager = await desk(office, MANAGER)
    wrong: dict[str, list[str]] = {}
    async with browsing(office) as browser, browser.page(manager) as page:
        for name, path in (("home", "/"), ("deputies", "/office/deputies"), ("preview", "/office/absences")):
            await page.set_viewport_size({"width": 1280, "height": 900})
            await page.emulate_media(color_scheme="light")
            await page.goto(path)
            if name == "preview":
                await page.get_by_label("Who is away?").select_option("u-2")
                for group, when in (("First day away", NOW.date()), ("Last day away", MONDAY)):
                    fields = page.get_by_role("group", name=group)
                    for part in ("day", "month", "year"):
                        await fields.get_by_label(part.title()).fill(str(getattr(when, part)))
                await page.get_by_role("button", name="Show who gets what").click()
                await page.get_by_role("heading", name="is away from").wait_for()
            await picture(page, f"cover {name} wide")
            found = await violations(page)
            await page.set_viewport_size({"width": 360, "height": 800})
            await page.emulate_media(color_scheme="dark")
            await picture(page, f"cover {name} narrow")
            found += await violations(page, "color-contrast", "target-size")
            if await page.evaluate(
                "document.documentElement.scrollWidth > document.documentElement.clientWidth"
            ):
                found.append("scrolls sideways")
            if found:
                wrong[name] = found
    assert wrong == {}
