"""Search from every page, secure notices, and matches entered without case or code."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from models.tables.assessment import Assessment
from models.tables.case import Notice
from models.tables.placement import VoidMatch
from procedures.terms import Role
from tests.api.office import AP, AWS, MANAGER, NOW, Office
from tests.api.test_placements import furnish
from tests.pages.desk import desk, hidden, words
from tests.workflows.people import KIM, LEE, TOM, import_people

COORDINATOR, ADMINISTRATOR, AUDITOR = Role.COORDINATOR_PLACEMENT, Role.ADMINISTRATOR, Role.AUDITOR


@pytest.mark.req("PRV-16")
async def test_a_search_is_posted_audited_and_leaves_no_name_in_an_address(office: Office) -> None:
    """Name, address and birth date; live and historic, code and cases beside each; the read of each is audited."""
    await import_people(office.databases.loader)
    await office.put(
        Assessment, number="A-1", person_ref=LEE.ref, code="D1", status="CUR", version=1, opened_at=NOW
    )
    await office.case("C1", person_ref=LEE.ref, waiting_for="Corrections", step="1.6")
    reader = await desk(office, AWS)
    page = await reader.get("/search")
    assert '<form class="sp-find" role="search" method="post" action="/search">' in page.text
    found = await reader.post("/search", name="Sample", address="2 Made Up Road")
    said = words(found)
    assert found.status_code == 200, found.text
    assert found.url.query == b""
    assert "Lee Sample" in said
    row = found.text.split(f'/people/{LEE.ref}"')[1].split("</tr>")[0]
    assert "Live" in row
    assert "<strong>D1" in row
    assert "C1" in row
    assert "step 1.6, waits for Corrections" in row
    (event,) = await office.audited("searched the register")
    assert (event.actor, event.detail["kinds"]) == (reader.subject, ["name", "address"])
    assert "Sample" not in str(event.detail)
    assert LEE.ref in [event.subject for event in await office.audited("read person")]
    historic = await reader.post("/search", q="Tester")
    assert "Historic" in historic.text.split(f'/people/{TOM.ref}"')[1].split("</tr>")[0]
    assert (await reader.get("/search?q=Tester&name=Tester")).text.count("Tester") == 0
    assert (await reader.post("/search", name="S")).status_code == 422
    assert (await reader.post("/search")).status_code == 422


@pytest.mark.req("PRV-19")
async def test_who_may_not_search_the_register_finds_only_what_they_see_by_reference(office: Office) -> None:
    await import_people(office.databases.loader)
    await office.case("C0000003", "match_void", person_ref=KIM.ref)
    await office.case("C0000001", person_ref=LEE.ref)
    placer = await desk(office, AP)
    assert 'name="name"' not in (await placer.get("/search")).text
    by_name = await placer.post("/search", name="Sample", address="2 Made Up Road", q="Sample")
    assert "Nothing was found" in words(by_name)
    assert await office.audited("searched the register") == []
    theirs = words(await placer.post("/search", reference=KIM.ref))
    assert "Kim Waiting" in theirs
    other = words(await placer.post("/search", reference=LEE.ref))
    assert "Nothing was found" in other
    assert "Lee" not in other
    assert [event.subject for event in await office.audited("refused: read person")] == [LEE.ref]
    assert "Match void" in words(await placer.post("/search", q="C0000003"))
    assert "Nothing was found" in words(await placer.post("/search", q="C0000001"))
    for role in (COORDINATOR, ADMINISTRATOR, AUDITOR):
        visitor = await desk(office, role)
        assert (await visitor.post("/search", reference=KIM.ref)).status_code == 403
        assert "sp-find" not in (await visitor.get("/office/absences")).text


@pytest.mark.req("AMB-A-5")
async def test_notices_are_listed_for_ones_role_and_the_first_reader_stays_on_record(office: Office) -> None:
    await office.case("C1")
    for number, (role, region) in enumerate([(MANAGER, "R01"), (MANAGER, "R09"), (AP, "R01")]):
        await office.put(
            Notice,
            notice_id=f"N{number}",
            case_id="C1",
            role=role.value,
            region=region,
            kind="lives_in_a_home",
            step="1.7",
            at=NOW - timedelta(hours=number),
        )
    manager = await desk(office, MANAGER)
    page = await manager.get("/notices")
    assert page.text.count("Lives in a home</strong>") == 1
    sent = {"notice": hidden(page, "notice"), "key": hidden(page, "key")}
    assert (await manager.post("/notices", more=sent)).status_code == 303
    assert "No unread notices" in words(await manager.get("/notices"))
    assert "Friday 27 November 2026, 14:00" in words(await manager.get("/notices?every=true"))
    other = await manager.post("/notices", notice="N1", key="key-other-1")
    assert other.status_code == 404
    async with office.databases.owner.transaction() as session:
        held = {one.notice_id: one.read_by for one in await session.scalars(select(Notice))}
    assert held == {"N0": manager.subject, "N1": None, "N2": None}


@pytest.mark.req("P3.S1.1")
async def test_3_1_the_coordinator_enters_a_match_and_learns_neither_case_nor_code(office: Office) -> None:
    """The same words for somebody under an order and somebody who is not; only void homes of one's regions."""
    await furnish(office)
    coordinator = await desk(office, COORDINATOR)
    page = await coordinator.get("/matches")
    assert "Step 3.1" in words(page)
    assert 'value="PR-1"' in page.text
    assert 'value="PR-2"' not in page.text
    assert 'value="PR-3"' not in page.text
    answers = []
    for number, person in enumerate((KIM, TOM)):
        sent = {
            "key": f"key-match-{number}",
            "person_ref": person.ref,
            "property_ref": "PR-1",
            "match_date-day": "27",
            "match_date-month": "11",
            "match_date-year": "2026",
            "t365_reference": "T365-1",
            "t365_details": "Household of one.",
        }
        entered = await coordinator.post("/matches", more=sent)
        assert entered.status_code == 303, entered.text
        answers.append((await coordinator.get(entered.headers["location"])).text)
    assert answers[0].replace(hidden_key(answers[0]), "") == answers[1].replace(hidden_key(answers[1]), "")
    assert "D1" not in answers[0]
    async with office.databases.owner.transaction() as session:
        (match,) = await session.scalars(select(VoidMatch))
    assert (match.person_ref, match.property_ref, match.entered_by) == (KIM.ref, "PR-1", coordinator.subject)
    unknown = await coordinator.post("/matches", more=sent | {"person_ref": "P-NOBODY"})
    assert unknown.status_code == 422
    assert "no person with this reference" in words(unknown)
    assert "Household of one." in unknown.text
    for role in (AWS, AP, MANAGER):
        assert (await (await desk(office, role)).get("/matches")).status_code == 403


def hidden_key(page: str) -> str:
    """The key of a showing."""
    return page.split('name="key" value="')[1].split('"')[0]
