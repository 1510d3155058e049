"""Procedure 1 refuses before anything is written: no event in history, nothing in the record, the rule by name."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest

from tests.workflows.driving import Advisor, counts, reported, somebody
from tests.workflows.people import LEE, TOM, hold
from tests.workflows.running import SEARCHED, House, Said, a_call

MATCH = {"outcome": "potential_match", "person_ref": TOM.ref, "note": "same"}
NO_MATCH = {"outcome": "no_match", "note": "nobody"}


@asynccontextmanager
async def refused(house: House, case_id: str, rule: str | None) -> AsyncIterator[None]:
    """What happens inside is refused by this rule, and leaves no trace in history or record."""
    handle = house.client.get_workflow_handle(case_id)
    before, held = (await handle.fetch_history()).events, await counts(house, case_id)
    with pytest.raises(Said) as said:
        yield
    assert said.value.rule == rule
    assert len((await handle.fetch_history()).events) == len(before)
    assert await counts(house, case_id) == held


async def at(house: House, kind: str, **advisor: Any) -> Advisor:
    """Tom's case, walked to a task of this kind."""
    [one] = await reported(house, advisor.pop("person", TOM), group=advisor.pop("group", "New CSO"))
    for name, value in advisor.items():
        setattr(one, name, value)
    await one.walk(until=kind)
    return one


@pytest.mark.req("P1.S2.2", "P1.S2.1", "AMB-P1-17")
async def test_1_2_matching_is_refused_without_searches_or_against_the_address(house: House) -> None:
    one = await at(house, "match_entry")
    refusals: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
        ("P1.S2.2", MATCH, {}),
        *(("P1.S2.2", MATCH, {"searched": [k for k in SEARCHED["searched"] if k != left]}) for left in SEARCHED["searched"]),
        ("P1.S2.2", NO_MATCH, {"searched": ["name"]}),
        ("P1.S2.1", MATCH, SEARCHED | {"unknown_refs": [TOM.ref]}),
        ("AMB-P1-17", NO_MATCH, SEARCHED | {"address_is_ours": True}),
        ("AMB-P1-17", NO_MATCH, SEARCHED | {"register_stale": True}),
        ("AMB-P1-17", {"outcome": "address_only", "note": "ours"}, SEARCHED),
    ]  # fmt: skip
    for rule, answer, facts in refusals:
        async with refused(house, one.case_id, rule):
            await house.answer(one.case_id, "match_entry", answer, facts=facts)
    assert (await one.walk()).outcome == "D1"


@pytest.mark.req("AMB-P1-5")
@pytest.mark.parametrize(("group", "wrong"), [("New CSO", "NSO"), ("Exit NSO", "CSO")])
async def test_1_3_the_first_question_records_what_the_report_says(
    house: House, group: str, wrong: str
) -> None:
    one = await at(house, "first_question", group=group)
    async with refused(house, one.case_id, "AMB-P1-5"):
        await one.answer("first_question", answers={"reported_status": wrong})
    async with refused(house, one.case_id, "AMB-P1-26"):
        await one.answer("first_question", answers={})


@pytest.mark.req("P1.S4.2", "AMB-P1-22")
async def test_1_4_calls_of_the_future_and_older_statements_are_refused(house: House) -> None:
    now = await house.now()
    await hold(house.database, TOM.ref, "D1P/PEN", said="CSO", said_at=now - timedelta(minutes=1))
    one = await at(house, "live_record")
    assert one.asked == ["match_entry", "why_pending"]
    change = {"said": "NSO", "said_by": "Sam Contact", "office": "Harbourview", "note": "order ended"}
    for said_at, rule in (
        (now - timedelta(minutes=2), "AMB-P1-22"),
        (now - timedelta(minutes=1), "AMB-P1-22"),
        (now + timedelta(hours=1), "AMB-P1-22"),
    ):
        async with refused(house, one.case_id, rule):
            await house.change(one.case_id, "corrections_says", change | {"said_at": said_at.isoformat()})
    await house.change(one.case_id, "corrections_says", change | {"said_at": now.isoformat()})
    assert await house.open_kinds(one.case_id) == {"nso_questions"}


@pytest.mark.req("P1.S4.2", "AMB-P1-22", "P1.S4.N1")
async def test_1_4_a_call_must_have_ended_and_carry_corrections_word(house: House) -> None:
    await hold(
        house.database, TOM.ref, "D1/CUR", said="CSO", said_at=await house.now() - timedelta(minutes=4)
    )
    one = await at(house, "phone_corrections")
    now = await house.now()
    future = (now + timedelta(hours=1)).isoformat()
    async with refused(house, one.case_id, "P1.S4.2"):
        await one.call("CSO", started_at=future, ended_at=future)
    async with refused(house, one.case_id, "AMB-P1-22"):
        earlier = (now - timedelta(hours=1)).isoformat()
        await one.call("NSO", started_at=earlier, ended_at=earlier)
    for malformed in ({"said": None}, {"spoke_with": None}, {"outcome": "voicemail"}, {"note": ""}):
        async with refused(house, one.case_id, None):
            await one.call("CSO", **malformed)
    assert await house.code(TOM.ref) == "D1/CUR"


@pytest.mark.req("P1.S6.1", "P1.S4.N1", "P1.S5.1", "A-C4", "P1.S7.1")
async def test_1_6_and_1_7_the_register_and_corrections_word_rule(house: House) -> None:
    one = await at(house, "live_record")
    async with refused(house, one.case_id, "P1.S6.1"):
        await one.answer("live_record", live=True)
    await one.answer("live_record")
    assert await house.open_kinds(one.case_id) == {"phone_corrections"}
    await one.call("CSO")
    async with refused(house, one.case_id, "P1.S4.N1"):
        await one.answer("final_questions", answers={"order_current": False, "confirmed_how": "call"})
    assert await house.code(TOM.ref) == "D1P/PEN"
    assert (await one.walk()).outcome == "D1"


@pytest.mark.req("P1.S5.b2", "P1.S5.c2", "DEF-6")
@pytest.mark.parametrize(
    ("said", "kind", "rule", "answers"),
    [
        ("NSO", "nso_questions", "P1.S4.N1", {"order_ended": False, "confirmed_how": "call"}),
        ("neither", "invalid_questions", "DEF-6", {"verified_incorrect": False, "difference": "none"}),
    ],
)
async def test_1_5_questions_against_corrections_word_are_refused(
    house: House, said: str, kind: str, rule: str, answers: dict[str, Any]
) -> None:
    one = await at(house, kind, said=said)
    async with refused(house, one.case_id, rule):
        await one.answer(kind, answers=answers)
    async with refused(house, one.case_id, "AMB-P1-26"):
        await one.answer(kind, answers={})
    assert (await house.code(TOM.ref) or "").endswith("/PEN")


@pytest.mark.req("P1.S6.b1")
async def test_1_6_b_the_identity_is_checked_before_the_t441(house: House) -> None:
    one = await at(house, "before_t441_questions", person=LEE)
    answers = {"relation_to_home": "lives in one of our homes", "identity_checked": False}
    async with refused(house, one.case_id, "P1.S6.b1"):
        await one.answer("before_t441_questions", answers=answers)


@pytest.mark.req("P1.S2.1", "TR-15", "AMB-X-6")
async def test_changes_that_do_not_fit_are_refused(house: House) -> None:
    one = await at(house, "match_entry")
    now = (await house.now()).isoformat()
    says = {"said": "NSO", "said_by": "Sam Contact", "office": "Harbourview", "note": "x", "said_at": now}
    link = {"reason": "slip", "asked_by": "Aroha", "said_by": "Sam", "office": "Harbourview", "said_at": now}
    for kind, change, rule in (
        ("corrections_says", says, "P1.S2.1"),
        ("vacated", {"reason": "left", "still_considered": False}, "P1.S2.1"),
        ("correct_link", link | {"no_person_reason": "nobody"}, "TR-15"),
        ("no_such_change", {}, "AMB-X-6"),
        ("withdraw", {"reason": ""}, None),
    ):
        async with refused(house, one.case_id, rule):
            await house.change(one.case_id, kind, change)
    await one.walk(until="live_record")
    for facts, rule in (({"unknown_refs": ["P-NOBODY"]}, "TR-15"), ({}, "TR-15")):
        ref = "P-NOBODY" if facts else TOM.ref
        async with refused(house, one.case_id, rule):
            await house.change(one.case_id, "correct_link", link | {"person_ref": ref}, facts=facts)


@pytest.mark.req("AMB-P1-17")
async def test_1_3_an_occupant_must_be_on_the_register(house: House) -> None:
    one = await at(house, "identify_occupant", person=somebody(3), outcome="address_only")
    async with refused(house, one.case_id, "P1.S2.1"):
        await house.answer(
            one.case_id, "identify_occupant", {"person_ref": "P-NOBODY"}, facts={"unknown_refs": ["P-NOBODY"]}
        )
    async with refused(house, one.case_id, None):
        await house.answer(one.case_id, "identify_occupant", {})


@pytest.mark.req("A-C5", "A-C4")
async def test_1_6_d1_is_not_even_asked_before_corrections_has_spoken(house: House) -> None:
    one = await at(house, "phone_corrections")
    task = await house.task(one.case_id, "phone_corrections")
    body = a_call(await house.now(), None)
    view = await house.answer(one.case_id, "phone_corrections", body)
    assert {t.kind for t in view.open_tasks} == {"phone_corrections"}
    assert view.open_tasks[0].task_id != task.task_id
    assert await house.code(TOM.ref) == "D1P/PEN"
