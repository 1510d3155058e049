"""Pages about the office: workload, absences, the Corrections directory, calendars, and cases that make no progress."""

import re
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from models.tables.case import Absence, StaffMember, Task
from models.tables.mail import CalendarDay, Clock, CorrectionsContact, CorrectionsContactVersion
from procedures.terms import Role
from tests.api.exchanges import form_out
from tests.api.office import AP, AWS, MANAGER, NOW, Office
from tests.pages.desk import desk, hidden, words
from tests.workflows.people import import_people

COORDINATOR, ADMINISTRATOR, AUDITOR = Role.COORDINATOR_PLACEMENT, Role.ADMINISTRATOR, Role.AUDITOR


async def colleague(office: Office, subject: str, name: str, role: Role = AWS) -> None:
    """Somebody who works here."""
    await office.put(
        StaffMember,
        subject=subject,
        name=name,
        role=role.value,
        region="R01",
        mail_address=f"{subject}@placement.test",
        active=True,
    )


def day(name: str, of: date) -> dict[str, str]:
    """A date as three fields."""
    return {f"{name}-{part}": str(getattr(of, part)) for part in ("day", "month", "year")}


async def rows(office: Office, table: type[Any]) -> list[Any]:
    """Every row of a table."""
    async with office.databases.owner.transaction() as session:
        return list(await session.scalars(select(table)))


async def test_the_workload_is_counted_per_person_and_office_with_what_is_due_ahead(office: Office) -> None:
    """Overdue, escalated, unassigned; the numbers stand beside the bars; somebody with nothing is in the list too."""
    await colleague(office, "u-2", "Tamsin Example")
    await colleague(office, "u-3", "Wiremu Example")
    await office.case("C1")
    await office.case("C2", region="R09")
    held: dict[str, Any] = {"claimed_by": "u-2", "claimed_by_name": "Tamsin Example", "claimed_at": NOW}
    await office.task("T-1", "C1", due_at=NOW - timedelta(days=1), **held)
    await office.task("T-2", "C1", "live_record", due_at=NOW + timedelta(days=3), urgent=True, **held)
    await office.task(
        "T-3", "C1", "corrections_unreachable", MANAGER, step="1.4", due_at=NOW + timedelta(days=3)
    )
    await office.task("T-4", "C2", region="R09")
    await office.put(
        Clock,
        clock_id="K1",
        case_id="C1",
        kind="T-441 return",
        calendar="nz-national",
        calendar_version="v",
        started_at=NOW,
        due_at=NOW + timedelta(days=4),
        acts_at=NOW + timedelta(days=5),
        detail={},
    )
    page = await (await desk(office, MANAGER)).get("/office/workload")
    said = words(page)
    assert "3 open tasks, 1 overdue, 1 with nobody" in said
    assert "Tamsin Example region R01 2 1 1" in said
    assert "Wiremu Example region R01 0 0 0" in said
    assert "Region R01 – 3 1 1" in said
    assert "R09" not in said
    assert "Monday 30 November 2 0" in said
    assert "Tuesday 1 December 0 1" in said
    assert 'class="sp-bar sp-bar--tasks" x="0" y="1" width="100%"' in page.text
    escalated = page.text.split('id="escalated"')[1].split("</section>")[0]
    assert re.findall(r'href="/tasks/(T-\d)"', escalated) == ["T-3"]
    overdue = page.text.split('id="overdue"')[1].split("</section>")[0]
    assert re.findall(r'href="/tasks/(T-\d)"', overdue) == ["T-1"]
    assert " style=" not in page.text


@pytest.mark.req("PRV-19")
async def test_each_role_sees_the_pages_that_are_its_own(office: Office) -> None:
    entitled = {
        "/office/workload": {MANAGER},
        "/office/deputies": {AWS, AP, COORDINATOR, MANAGER, ADMINISTRATOR, AUDITOR},
        "/office/absences": {AWS, AP, COORDINATOR, MANAGER, ADMINISTRATOR, AUDITOR},
        "/office/contacts": {AWS, AP, MANAGER, ADMINISTRATOR},
        "/office/contacts/new": {MANAGER, ADMINISTRATOR},
        "/office/calendars/nz-national": {AWS, AP, COORDINATOR, MANAGER, ADMINISTRATOR, AUDITOR},
        "/office/stuck": {MANAGER, ADMINISTRATOR},
    }
    for role in (AWS, AP, COORDINATOR, MANAGER, ADMINISTRATOR, AUDITOR):
        visitor = await desk(office, role)
        answers = {path: (await visitor.get(path)).status_code for path in entitled}
        assert answers == {path: 200 if role in able else 403 for path, able in entitled.items()}
        menu = (await visitor.get("/office/absences")).text
        assert ('href="/office/workload"' in menu) is (role in entitled["/office/workload"])
        assert (await visitor.get("/office")).status_code == 303


@pytest.mark.req("AMB-X-2")
async def test_an_absence_is_recorded_with_its_cover_and_gives_claimed_tasks_back(office: Office) -> None:
    await colleague(office, "u-2", "Tamsin Example")
    await colleague(office, "u-3", "Wiremu Example")
    await office.case("C1")
    await office.task("T-1", "C1", claimed_by="u-2", claimed_by_name="T", claimed_at=NOW - timedelta(hours=1))
    manager = await desk(office, MANAGER)
    page = await manager.get("/office/absences")
    assert "Nobody is away" in words(page)
    sent = {
        "key": hidden(page, "key"),
        "subject": "u-2",
        "cover": "u-3",
        **day("first_day", NOW.date()),
        **day("last_day", NOW.date() - timedelta(days=3)),
        "confirmed": "yes",
        "shown_for": "u-3",
    }
    wrong = await manager.post("/office/absences", more=sent)
    assert wrong.status_code == 422
    assert await rows(office, Absence) == []
    sent |= day("last_day", NOW.date() + timedelta(days=4))
    for _ in range(2):
        assert (await manager.post("/office/absences", more=sent)).status_code == 303
    (absence,) = await rows(office, Absence)
    assert (absence.subject, absence.cover, absence.recorded_by) == ("u-2", "u-3", manager.subject)
    (task,) = await rows(office, Task)
    assert task.claimed_by is None
    said = words(await manager.get("/office/absences"))
    assert "Tamsin Example Away now Friday 27 November 2026 to Tuesday 1 December 2026 Wiremu Example" in said
    advisor = await desk(office, AWS)
    mine = await advisor.get("/office/absences")
    assert "Tamsin Example Away" not in words(mine)
    assert 'name="subject"' not in mine.text
    await advisor.post("/office/absences", more=sent | {"key": "key-of-advisor"})
    assert {one.subject for one in await rows(office, Absence)} == {"u-2", advisor.subject}


def entry(**changed: str) -> dict[str, Any]:
    """A contact as typed."""
    typed = {
        "office": "Lanternvale",
        "kind": "contact",
        "name": "Ngaire Tuhoro",
        "phone": "00 555 0111",
        "secure_address": "lanternvale@corrections.test",
        "regions": "R01",
        "calendar": "nz-national",
    }
    return typed | day("valid_from", NOW.date()) | changed


async def test_a_contact_is_added_replaced_and_shows_when_it_was_verified(office: Office) -> None:
    manager = await desk(office, MANAGER)
    key = hidden(await manager.get("/office/contacts/new"), "key")
    outside = await manager.post(
        "/office/contacts/new", more=entry(secure_address="somebody@post.example", key=key)
    )
    assert outside.status_code == 422
    assert "not of an agency that takes part" in words(outside)
    assert "Ngaire Tuhoro" in outside.text
    assert (await manager.post("/office/contacts/new", more=entry(key=key))).status_code == 303
    (held,) = await rows(office, CorrectionsContact)
    assert (held.office, held.regions, held.verified_on, held.version) == ("Lanternvale", ["R01"], None, 1)
    listed = await manager.get("/office/contacts")
    assert re.search(r"lanternvale@corrections.test R01 Never", words(listed))
    path = f"/office/contacts/{held.contact_id}"
    page = await manager.get(path)
    seen = {"key": hidden(page, "key"), "seen_version": hidden(page, "seen_version")}
    verified = entry(**seen, phone="00 555 0122", **day("verified_on", NOW.date()))
    assert (await manager.post(path, more=verified)).status_code == 303
    (held,) = await rows(office, CorrectionsContact)
    assert (held.phone, held.version, held.verified_on) == ("00 555 0122", 2, NOW.date())
    (before,) = await rows(office, CorrectionsContactVersion)
    assert before.details["phone"] == "00 555 0111"
    stale = await manager.post(path, more=entry(**seen, phone="00 555 0133"))
    assert stale.status_code == 409
    assert "00 555 0133" in stale.text
    advisor = await desk(office, AWS)
    read = await advisor.get(path)
    assert "Friday 27 November 2026" in words(read)
    assert "00 555 0111" in read.text
    assert "Replace the entry" not in read.text
    assert (await advisor.post(path, more=verified)).status_code == 403


async def test_replacing_a_contact_keeps_regions_that_no_area_office_has(office: Office) -> None:
    """The regions to choose come from the register's offices; those that an entry is held for stay among them."""
    await import_people(office.databases.loader)
    manager = await desk(office, MANAGER)
    await manager.post("/office/contacts/new", more=entry(key="key-contact-1", regions="HARBOURVIEW"))
    async with office.databases.owner.transaction() as session:
        await session.execute(update(CorrectionsContact).values(regions=["R77"]))
    (held,) = await rows(office, CorrectionsContact)
    page = await manager.get(f"/office/contacts/{held.contact_id}")
    assert re.search(r'name="regions"[^>]*value="R77"[^>]*checked', page.text)
    changed = entry(
        regions="R77", key="key-contact-2", seen_version=hidden(page, "seen_version"), phone="00 555 0144"
    )
    assert (await manager.post(f"/office/contacts/{held.contact_id}", more=changed)).status_code == 303
    (held,) = await rows(office, CorrectionsContact)
    assert (held.regions, held.phone) == (["R77"], "00 555 0144")


@pytest.mark.req("CAL-NZ-11")
async def test_a_day_is_added_only_after_its_impact_was_shown_and_running_clocks_stay(office: Office) -> None:
    await form_out(office, "CC1")
    (running,) = await rows(office, Clock)
    manager = await desk(office, MANAGER)
    path = "/office/calendars/nz-national"
    page = await manager.get(f"{path}?year=2026")
    assert "Friday 25 December 2026 Christmas Day Of the calendar itself" in words(page)
    sent = {**day("day", date(2026, 11, 27)), "name": "Office closed", "key": hidden(page, "key")}
    preview = await manager.post(path, more=sent)
    assert preview.status_code == 200, preview.text
    assert "The day lies in 1 running clock of nz-national" in words(preview)
    assert "Monday 30 November 2026, 23:59 Tuesday 1 December 2026, 23:59" in words(preview)
    assert await rows(office, CalendarDay) == []
    confirmed = {
        name: hidden(preview, name) for name in (*day("day", NOW.date()), "name", "key", "confirmed")
    }
    assert (await manager.post(path, more=confirmed)).status_code == 303
    (added,) = await rows(office, CalendarDay)
    assert (added.day, added.name) == (date(2026, 11, 27), "Office closed")
    (clock,) = await rows(office, Clock)
    assert clock.due_at == running.due_at
    assert "Friday 27 November 2026 Office closed Added" in words(await manager.get(f"{path}?year=2026"))
    assert (await (await desk(office, AWS)).post(path, more=confirmed)).status_code == 403


async def test_a_case_without_a_run_is_on_the_stuck_list_in_plain_words(office: Office) -> None:
    await office.case("C1")
    page = await (await desk(office, ADMINISTRATOR, regions=())).get("/office/stuck")
    said = words(page)
    assert "C1 1.2 region R01 The case is not running" in said
    assert "started from the record within two minutes" in said
