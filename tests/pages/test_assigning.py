"""Whom tasks may be given to: those who may in fact answer them, also as a deputy, and who of them is away."""

import re
from datetime import timedelta

import httpx
import pytest

from models.tables.case import Absence, StaffMember
from models.tables.cover import Deputy
from procedures.terms import Role
from tests.api.office import AP, AWS, MANAGER, NOW, Office
from tests.pages.desk import desk, words

STAFF = (
    ("u-1", "Aroha Example", AWS, "R01"),
    ("u-2", "Tamsin Example", AWS, "R02"),
    ("u-3", "Wiremu Example", AWS, "*"),
    ("u-4", "Pania Example", AP, "R01"),
    ("u-5", "Tevita Example", AP, "R01"),
    ("u-6", "Mara Example", MANAGER, "R01"),
    ("u-7", "Moana Example", MANAGER, "R02"),
)
TO = {"assign_reason": "cover"}


async def staffed(office: Office) -> None:
    """Two regions; one advisor is the deputy of the manager of the first."""
    for subject, name, role, region in STAFF:
        await office.put(
            StaffMember, subject=subject, name=name, role=role.value, region=region, mail_address="x@y.test"
        )
    await office.put(
        Deputy, deputy_id="D1", role=MANAGER.value, region="R01", subject="u-5", first_day=NOW.date(),
        recorded_by="u-6", recorded_at=NOW,
    )  # fmt: skip
    await office.case("C1")
    await office.task("C1-1", "C1", "live_record", step="1.6")
    await office.task("C1-2", "C1", "corrections_unreachable", MANAGER, step="1.4")
    await office.task("C1-3", "C1", "review_return", step="1.6")
    await office.case("CRUN00000", "intake", "national", step="1.1")
    await office.task("T-1", "CRUN00000", "close_run", step="1.1", region="national")


async def away(office: Office, subject: str) -> None:
    """Until Monday."""
    await office.put(
        Absence, absence_id=f"A-{subject}", subject=subject, first_day=NOW - timedelta(days=1),
        last_day=NOW + timedelta(days=3), recorded_by="u-6", recorded_at=NOW,
    )  # fmt: skip


def offered(page: httpx.Response) -> dict[str, str]:
    """Subject and text of everybody in the list."""
    options = page.text.split('id="assign-to"')[1].split("</select>")[0] if "assign-to" in page.text else ""
    return {subject: text for subject, text in re.findall(r'<option value="([^"]+)">([^<]+)<', options)}


@pytest.mark.req("AMB-X-2", "PRV-19")
async def test_a_task_is_given_only_to_those_who_may_answer_it(office: Office) -> None:
    """Of the role and region; the placement's advisor, who sees no case of this procedure, is not offered."""
    await staffed(office)
    manager = await desk(office, MANAGER, subject="u-6")
    assert offered(await manager.get("/tasks/C1-1")).keys() == {"u-1", "u-3", "u-6"}
    assert offered(await manager.get("/tasks/C1-2")).keys() == {"u-6"}
    assert offered(await manager.get("/tasks/C1-3")).keys() == {"u-1", "u-3", "u-6"}
    national = offered(await manager.get("/tasks/T-1"))
    assert national.keys() == {"u-1", "u-2", "u-3", "u-6", "u-7"}
    for subject in ("u-2", "u-4", "u-5"):
        refused = await manager.post("/tasks/C1-1/assign", assign_to=subject, **TO)
        assert refused.status_code == 422
        assert "Choose a colleague who may answer this task" in words(refused)


@pytest.mark.req("AMB-X-2")
async def test_a_deputy_is_offered_while_the_post_is_theirs_and_who_is_away_is_marked(office: Office) -> None:
    await staffed(office)
    await away(office, "u-6")
    manager = await desk(office, MANAGER, subject="u-6")
    found = offered(await manager.get("/tasks/C1-2"))
    assert found == {
        "u-6": "Mara Example, Manager Housing Wellbeing Support, region R01 (away until Monday 30 November 2026)",
        "u-5": "Tevita Example, Advisor Placement, region R01; stands in for Manager Housing Wellbeing Support, "
        "region R01",
    }
    assert (await manager.post("/tasks/C1-2/assign", assign_to="u-5", **TO)).status_code == 303
    deputy = await desk(office, AP, subject="u-5")
    assert "You may read it" not in words(await deputy.get("/tasks/C1-2"))


@pytest.mark.req("AMB-X-2")
async def test_for_many_tasks_everybody_is_offered_who_may_answer_one_of_them(office: Office) -> None:
    """Also in the list that the page fetches again; each row then says whom it could not be given to."""
    await staffed(office)
    manager = await desk(office, MANAGER, subject="u-6")
    for path in ("/tasks?view=team", "/tasks/list?view=team"):
        assert offered(await manager.get(path)).keys() == {"u-1", "u-2", "u-3", "u-6", "u-7"}
    assert offered(await manager.get("/tasks?view=team&step=1.6")).keys() == {"u-1", "u-3", "u-6"}
    said = words(await manager.post("/tasks/assign-many", task=["C1-1", "T-1"], assign_to="u-2", **TO))
    assert "1 of 2 assigned" in said
    assert "Not assigned. Choose a colleague who may answer this task" in said
    advisor = await desk(office, Role.ADVISOR_WELLBEING_SUPPORT, subject="u-1")
    assert offered(await advisor.get("/tasks?view=team")) == {}
