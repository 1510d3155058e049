"""Call sheets: one call, several people, each answer in its own case, and what went wrong said beside each."""

import re
from datetime import timedelta

import httpx
import pytest
from sqlalchemy import select

from models.tables.assessment import PhoneCall
from models.tables.case import Command
from models.tables.mail import CorrectionsContact
from models.tables.web import Draft
from procedures.local_time import local
from procedures.terms import Role
from tests.api.office import AP, AWS, NOW, Office
from tests.pages.desk import Desk, desk, hidden, words
from tests.workflows.driving import Advisor, reported, somebody
from tests.workflows.people import hold
from tests.workflows.running import House


async def to_call(office: Office, house: House, number: int) -> list[Advisor]:
    """So many people whose call is open, and the time of the house in the office."""
    people = [somebody(one) for one in range(1, number + 1)]
    found = await reported(house, *people)
    for one in found:
        await hold(house.database, one.person.ref, "D1/CUR")
        await one.walk(until="phone_corrections")
    office.now = await house.now()
    return found


async def opened(reader: Desk) -> tuple[str, httpx.Response]:
    """The only sheet there is."""
    listed = await reader.get("/calls")
    (path,) = set(re.findall(r'href="(/calls/calls-[0-9a-f]+)"', listed.text))
    return path, await reader.get(path)


def form(page: httpx.Response, office: Office, said: dict[str, str]) -> dict[str, str | list[str]]:
    """The sheet filled in: an answered call of six minutes about these tasks."""
    ended = local(office.now - timedelta(minutes=2))
    began = ended - timedelta(minutes=6)
    values: dict[str, str | list[str]] = {
        "call_id": hidden(page, "call_id"),
        "task": re.findall(r'name="task" value="([^"]+)"', page.text),
        "call.outcome": "answered",
        "call.spoke_with": "Sam Contact",
        "call.office": "Harbourview",
        "call.note": "References read back.",
    }
    for name, at in (("started_at", began), ("ended_at", ended)):
        values |= {f"call.{name}-{part}": str(getattr(at, part)) for part in ("day", "month", "year")}
        values[f"call.{name}-time"] = f"{at:%H:%M}"
    for task_id in values["task"]:
        values |= {f"{task_id}.{name}": hidden(page, f"{task_id}.{name}") for name in ("key", "seen_version")}
    for task_id, status in said.items():
        values |= {f"{task_id}.asked": "yes", f"{task_id}.said": status, f"{task_id}.note": f"Said {status}."}
    return values


async def calls(office: Office) -> list[PhoneCall]:
    """Calls on record."""
    async with office.databases.owner.transaction() as session:
        return list(await session.scalars(select(PhoneCall).order_by(PhoneCall.case_id)))


@pytest.mark.req("P1.S4.2", "A-C5")
async def test_1_4_one_call_answers_several_people_each_in_their_own_case(
    office: Office, house: House
) -> None:
    """The same call in each case, a command for each answer; the third, who was not ticked, stays to be asked about."""
    people = await to_call(office, house, 3)
    reader = await desk(office, AWS, regions=("*",))
    path, page = await opened(reader)
    assert "Step 1.4" in words(page)
    assert all(one.person.surname in page.text for one in people)
    tasks = [(await house.task(one.case_id, "phone_corrections")).task_id for one in people]
    sent = form(page, office, {tasks[0]: "NSO", tasks[1]: "neither"})
    done = await reader.post(path, more=sent)
    assert done.status_code == 200, done.text
    assert "2 of 2 answers recorded" in words(done)
    held = await calls(office)
    assert {call.call_id for call in held} == {sent["call_id"]}
    assert {call.case_id: call.answers["said"] for call in held} == {
        people[0].case_id: "NSO",
        people[1].case_id: "neither",
    }
    assert {call.note for call in held} == {
        "References read back.\nSaid NSO.",
        "References read back.\nSaid neither.",
    }
    assert await house.open_kinds(people[2].case_id) == {"phone_corrections"}
    assert f'name="{tasks[2]}.key"' in done.text
    assert f'name="{tasks[0]}.key"' not in done.text
    async with office.databases.owner.transaction() as session:
        commands = set(await session.scalars(select(Command.command_id)))
    assert commands == {sent[f"{task_id}.key"] for task_id in tasks[:2]}

    again = await reader.post(path, more=sent)
    assert "2 of 2 answers recorded" in words(again)
    assert len(await calls(office)) == 2


async def test_1_4_what_one_case_refuses_does_not_stop_the_others(office: Office, house: House) -> None:
    """Somebody else was faster with one person: that row says who; the other is recorded."""
    people = await to_call(office, house, 2)
    reader = await desk(office, AWS, regions=("*",))
    path, page = await opened(reader)
    tasks = [(await house.task(one.case_id, "phone_corrections")).task_id for one in people]
    await people[0].call("NSO")
    done = await reader.post(path, more=form(page, office, dict.fromkeys(tasks, "NSO")))
    said = words(done)
    assert "1 of 2 answers recorded" in said
    first, second = (one.person for one in people)
    assert re.search(rf"{first.given} {first.surname}: not recorded\. ", said)
    assert re.search(rf"{second.given} {second.surname}: Recorded", said)
    assert len({call.call_id for call in await calls(office)}) == 2


async def test_1_4_nothing_is_sent_while_anything_is_wrong(office: Office) -> None:
    """A status is missing for one: nobody's answer leaves, and all that was typed is still there."""
    for number in ("1", "2"):
        await office.searched_entry(f"C{number}", row=int(number))
        await office.task(f"T-{number}", f"C{number}", "phone_corrections", step="1.4")
    reader = await desk(office, AWS)
    path, page = await opened(reader)
    sent = form(page, office, {"T-1": "NSO", "T-2": ""})
    refused = await reader.post(path, more=sent)
    assert refused.status_code == 422
    assert "choose what Corrections said, or take the tick away" in words(refused)
    assert "Said NSO." in refused.text
    assert await office.count(Command) == 0
    nobody = await reader.post(path, more=form(page, office, {}))
    assert "Tick whom this call was about" in words(nobody)
    kept = await reader.get(path)
    assert "What you typed is kept from" in words(kept)
    assert "References read back." in kept.text
    await reader.post(f"{path}/new")
    assert "References read back." not in (await reader.get(path)).text


async def test_1_4_an_attempt_that_reached_nobody_carries_no_status(office: Office) -> None:
    await office.searched_entry("C1")
    await office.task("T-1", "C1", "phone_corrections", step="1.4")
    reader = await desk(office, AWS)
    path, page = await opened(reader)
    sent = form(page, office, {"T-1": "NSO"}) | {"call.outcome": "voicemail"}
    refused = await reader.post(path, more=sent)
    assert refused.status_code == 422
    assert "a call that nobody answered carries no status" in words(refused)


@pytest.mark.req("PRV-18")
async def test_1_4_a_sheet_is_read_by_who_may_and_every_person_on_it_is_audited(office: Office) -> None:
    """Offices of other regions are not there; the id in the address tells neither office nor anybody."""
    await office.searched_entry("C1", corrections_reference="CR-1")
    await office.task("T-1", "C1", "phone_corrections", step="1.4")
    await office.case("C2", region="R09", entry_id="E2")
    await office.entry("E2", "C2", 2, region="R09", corrections_office="Lanternvale")
    await office.task("T-2", "C2", "phone_corrections", step="1.4", region="R09")
    await office.put(
        CorrectionsContact,
        contact_id="K1",
        office="Harbourview",
        kind="contact",
        name="Sam Contact",
        phone="00 555 0199",
        regions=["R01"],
        valid_from=NOW.date(),
        verified_on=NOW.date(),
        version=1,
        calendar="nz-national",
    )
    reader = await desk(office, AWS)
    listed = await reader.get("/calls")
    assert "Harbourview" in listed.text
    assert "Lanternvale" not in listed.text
    path, page = await opened(reader)
    assert "Tester" not in listed.text
    assert "harbour" not in path.casefold()
    assert "00 555 0199" in page.text
    assert "CR-1" in page.text
    read = [event.subject for event in await office.audited("read report entry")]
    assert read == ["EC1"]
    for role in (AP, Role.COORDINATOR_PLACEMENT):
        assert (await (await desk(office, role)).get(path)).status_code == 403
    elsewhere = await desk(office, AWS, regions=("R09",), subject="u-9")
    assert (await elsewhere.get(path)).status_code == 404
    stolen = await elsewhere.post(path, more=form(page, office, {"T-1": "NSO"}))
    assert stolen.status_code == 404
    assert await office.count(Command) == 0


async def test_1_4_what_was_typed_outlives_a_session_that_ends_during_the_call(office: Office) -> None:
    """Nothing is sent; one signs in again and is back on the sheet, with the answers kept."""
    await office.searched_entry("C1")
    await office.task("T-1", "C1", "phone_corrections", step="1.4")
    reader = await desk(office, AWS)
    path, page = await opened(reader)
    sent = form(page, office, {"T-1": "NSO"})
    office.now += timedelta(hours=2)
    lapsed = await reader.post(path, more=sent)
    assert (lapsed.status_code, lapsed.headers["location"]) == (303, f"/sign-in?next={path}&kept=1")
    assert (await office.count(Command), await office.count(Draft)) == (0, 1)
