"""Procedure 1 when something turns out otherwise: vacated, linked wrongly, rung back, changed twice at once."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import select

from activities.running_cases import RunningCases
from models.queries.people import assessments_of_person, key_details_of
from models.tables.mail import PersonFile, PersonFileName
from procedures.tasks import CaseView
from tests.workflows.driving import LINK, SAYS, Advisor, reported
from tests.workflows.people import DEE, LEE, TOM, hold
from tests.workflows.running import House, Said


@pytest.mark.req("P1.S6.N4", "TR-14", "AMB-P1-20")
async def test_1_5_rule_16_a_vacated_d1_whose_order_ended_gets_a_new_assessment(house: House) -> None:
    await hold(house.database, TOM.ref, "D1/CUR")
    [one] = await reported(house, TOM, group="Exit NSO")
    await one.walk(until="phone_corrections")
    await house.change(one.case_id, "vacated", {"reason": "left", "still_considered": False})
    one.said = "NSO"
    assert (await one.walk()).outcome == "D2"
    assert await house.rules(TOM.ref) == ["earlier", "TR-14", "TR-14"]
    assert await house.code(TOM.ref) == "D2/CUR"
    held = await house.assessments(TOM.ref)
    assert [(a.code, a.status) for a in held] == [("D1", "CLO"), ("D2", "CUR")]
    assert held[0].superseded_by == held[1].number


@pytest.mark.req("P1.S6.N2", "TR-17")
async def test_1_6_rule_15_a_vacated_d2_stays_as_it_is(house: House) -> None:
    await hold(house.database, TOM.ref, "D2/CUR")
    [one] = await reported(house, TOM, group="Exit NSO")
    await one.walk(until="phone_corrections")
    await house.change(one.case_id, "vacated", {"reason": "stock transfer", "still_considered": False})
    await house.change(one.case_id, "withdraw", {"reason": "nothing to confirm"})
    assert (await house.code(TOM.ref), await house.rules(TOM.ref)) == ("D2/CUR", ["earlier"])


@pytest.mark.req("TR-15", "A-B5", "A-B7")
async def test_1_2_the_right_person_gets_a_file_of_their_own(house: House) -> None:
    [one] = await reported(house, TOM)
    await one.walk(until="live_record")
    now = (await house.now()).isoformat()
    await house.change(one.case_id, "correct_link", LINK | {"said_at": now, "person_ref": DEE.ref})
    async with house.database.transaction() as session:
        names = {n.person_ref: n.file_id for n in await session.scalars(select(PersonFileName))}
        files = {f.file_id for f in await session.scalars(select(PersonFile))}
    assert names.keys() == {TOM.ref, DEE.ref}
    assert names[TOM.ref] != names[DEE.ref]
    assert files == set(names.values())


@pytest.mark.req("TR-10", "TR-15", "AMB-X-6")
async def test_1_3_a_wrong_link_does_not_lose_the_warning_of_a_d1_from_before(house: House) -> None:
    await hold(house.database, TOM.ref, "D1/CUR")
    [one] = await reported(house, TOM)
    await one.walk(until="live_record")
    assert await house.code(TOM.ref) == "D1P/PEN"
    now = (await house.now()).isoformat()
    await house.change(one.case_id, "correct_link", LINK | {"said_at": now, "person_ref": DEE.ref})
    held = await assessments_of_person(house.database, TOM.ref)
    assert key_details_of(held) == "D1P, pending; last confirmed D1 on Friday 6 March 2026"
    assert "TR-15" not in await house.rules(TOM.ref)
    anew = Advisor(house, f"{one.case_id}-C1", TOM)
    await house.task(anew.case_id, "phone_corrections")
    assert (await anew.walk()).outcome == "D1"
    assert await house.code(TOM.ref) == "D1/CUR"


@pytest.mark.req("AMB-P1-28", "OV-2")
async def test_1_4_the_ladder_of_calls_ends_when_corrections_rings_back(house: House) -> None:
    [one] = await reported(house, LEE)
    await one.walk(until="phone_corrections")
    long_ago = (await house.now() - timedelta(days=30)).isoformat()
    await one.call(None, started_at=long_ago, ended_at=long_ago)
    await house.task(one.case_id, "corrections_unreachable")
    says = SAYS | {"said": "CSO", "said_at": (await house.now()).isoformat()}
    view = await house.change(one.case_id, "corrections_says", says)
    assert {task.kind for task in view.open_tasks} == {"before_t441_questions"}
    await one.answer("before_t441_questions")
    assert "corrections_unreachable" not in await house.open_kinds(one.case_id)
    state = (await house.case(one.case_id)).state
    assert state["calling"]["attempts"] == []


@pytest.mark.req("AMB-X-3", "NFR-6")
async def test_1_two_changes_at_once_the_later_one_is_told(house: House) -> None:
    [one] = await reported(house, TOM)
    await one.walk(until="first_question")
    results = await asyncio.gather(
        *(house.change(one.case_id, "withdraw", {"reason": f"reason {n}"}) for n in range(4)),
        return_exceptions=True,
    )
    assert [type(r) for r in results].count(CaseView) == 1
    told = [r for r in results if isinstance(r, Said)]
    assert all(said.kind == "TaskClosed" for said in told)
    assert (await house.closed(one.case_id)).outcome == "withdrawn"
    assert await house.client.get_workflow_handle(one.case_id).result() == "withdrawn"


@pytest.mark.req("AMB-P1-22", "AMB-X-4")
@pytest.mark.parametrize("until", ["before_t441_questions", "final_questions"])
async def test_1_5_another_case_heard_the_contrary_at_the_same_instant(house: House, until: str) -> None:
    [one] = await reported(house, LEE if until == "before_t441_questions" else TOM)
    await one.walk(until=until)
    said_at = (await house.case(one.case_id)).state["statements"][-1]["said_at"]
    told = {"status_said": "NSO", "said_at": said_at, "channel": "verbal", "confirmation_id": "S-elsewhere"}
    assert await RunningCases(house.client).tell(one.case_id, told)
    await house.task(one.case_id, "phone_corrections")
    assert await house.open_kinds(one.case_id) == {"phone_corrections"}
    assert await house.code(one.person.ref) == "D1P/PEN"
    one.said = "NSO"
    assert (await one.walk()).outcome == "D2"


@pytest.mark.req("AMB-P1-22", "AMB-X-3")
@pytest.mark.parametrize("second", ["corrections_says", "correct_link"])
async def test_1_5_two_people_record_contrary_words_of_one_instant_at_once(house: House, second: str) -> None:
    [one] = await reported(house, TOM)
    await one.walk(until="live_record")
    said_at = {"said_at": (await house.now()).isoformat()}
    contrary = LINK | said_at | {"person_ref": DEE.ref}
    if second == "corrections_says":
        contrary = SAYS | said_at | {"said": "NSO"}
    await asyncio.gather(
        house.change(one.case_id, "corrections_says", SAYS | said_at | {"said": "CSO"}),
        house.change(one.case_id, second, contrary),
        return_exceptions=True,
    )
    view = await house.view(one.case_id)
    assert view.outcome is None
    both = len((await house.case(one.case_id)).state["statements"]) == 2
    if both:  # else the later one was refused in time
        assert {task.kind for task in view.open_tasks} == {"phone_corrections"}
