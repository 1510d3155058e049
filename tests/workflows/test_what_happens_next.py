"""What happens next? after procedure 1: both procedures at once, one of them, or waiting for a match."""

from datetime import date, time

import pytest
from sqlalchemy import select

from adapters.keys import KeyRing
from models.tables.case import CaseRecord
from procedures.local_time import instant_at
from tests.conftest import Databases
from tests.workflows.skipping import Virtual, virtual
from tests.workflows.test_form_exchange import review

WEDNESDAY = instant_at(date(2030, 12, 11), time(10))
APPLICANT_ROW = "New CSO,Waiting,Kim,1990-07-08,F,9 Elsewhere Lane,,Faketown,0001,current,CR8,Harbourview"


async def to_d1(v: Virtual, case_id: str, *, considered: bool) -> list[CaseRecord]:
    """Send the T-441, take it back complete, answer the final questions; the cases that follow."""
    await v.send(case_id)
    await v.returned(case_id)
    await review(v, case_id, "complete")
    final = {
        "answers": {"order_current": True, "confirmed_how": "call and form"},
        "considered_for_void": considered,
    }
    await v.house.answer(case_id, "final_questions", final)
    await v.house.closed(case_id)
    async with v.databases.owner.transaction() as session:
        cases = await session.scalars(select(CaseRecord).where(CaseRecord.parent_case_id == case_id))
        return sorted(cases, key=lambda case: case.procedure)


@pytest.mark.req("AMB-P1-24", "P1.X1", "P1.X2")
async def test_1_7_somebody_who_lives_here_and_is_considered_goes_on_in_both(
    databases: Databases, keys: KeyRing
) -> None:
    async with virtual(databases, keys, start=WEDNESDAY) as v:
        following = await to_d1(v, await v.case_before_t441(), considered=True)
        assert [case.procedure for case in following] == ["check_suitability", "match_void"]
        assert {case.person_ref for case in following} == {"P-LIVE"}
        assert await v.house.code("P-LIVE") == "D1/CUR"


@pytest.mark.req("AMB-P1-23")
async def test_1_7_an_applicant_without_a_match_waits_at_d1(databases: Databases, keys: KeyRing) -> None:
    async with virtual(databases, keys, start=WEDNESDAY) as v:
        case_id = await v.case_before_t441(APPLICANT_ROW, "P-APPLY", "applicant")
        assert await to_d1(v, case_id, considered=False) == []
        assert await v.house.code("P-APPLY") == "D1/CUR"
