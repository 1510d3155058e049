"""Procedure 1 on a real server and a real database, driven as the API drives it."""

from tests.workflows.people import import_people
from tests.workflows.running import SEARCHED, House, a_call


async def test_1_3_a_historic_person_from_row_to_d1(house: House) -> None:
    await import_people(house.loader)
    house.inbox.deliver(
        "New CSO,Tester,Tom,1980-01-02,M,1 Made Up Road,,Faketown,0001,current,CR1,Harbourview"
    )
    await house.open_friday()
    case_id = await house.case_of("Tester")
    facts = SEARCHED
    await house.answer(
        case_id,
        "match_entry",
        {"outcome": "potential_match", "person_ref": "P-HIST", "note": "same"},
        facts=facts,
    )
    await house.answer(case_id, "first_question", {"answers": {"reported_status": "CSO"}})
    assert await house.code("P-HIST") == "D1P/PEN"
    await house.answer(
        case_id,
        "live_record",
        {"live": False, "evidence": "former tenant"},
        facts={"record_state": "historic", "occupancy": "none"},
    )
    assert await house.open_kinds(case_id) == {"phone_corrections"}
    await house.answer(case_id, "phone_corrections", a_call(await house.now()))
    view = await house.answer(
        case_id, "final_questions", {"answers": {"order_current": True, "confirmed_how": "call"}}
    )
    assert view.outcome == "D1"
    assert await house.code("P-HIST") == "D1/CUR"
    assert (await house.closed(case_id)).outcome == "D1"
