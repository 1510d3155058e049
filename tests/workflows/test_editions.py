"""Two editions side by side on virtual time: old cases finish under the old one, new ones begin under the new."""

from collections.abc import Mapping
from datetime import date, datetime, time
from io import BytesIO
from typing import Any

import pytest
from pypdf import PdfReader
from sqlalchemy import select

from activities.composing import MailHouse, compose, forms_of
from adapters.forms_pdf import render
from adapters.keys import KeyRing
from models.tables.case import CaseRecord
from models.tables.mail import SecureMessage
from procedures import EDITION
from procedures.editions import EDITIONS, Edition, edition
from procedures.local_time import instant_at, say_instant
from procedures.mail_texts import Signature
from procedures.parameters import Parameters
from procedures.question_sets import QUESTION_SETS, Asks, QuestionItem
from tests.api.office import AWS, Office, office_of
from tests.conftest import Databases
from tests.workflows.gateway import CONTACT, SEND_FACTS
from tests.workflows.running import SEARCHED, Said, a_call, eventually
from tests.workflows.skipping import Virtual, virtual

NEXT = "CT-PRO-301 of the test"
OLD_DAY, NEW_DAY = date(2030, 12, 12), date(2030, 12, 13)
"""A Thursday and a Friday; the later edition is in force from the Friday on."""
NEW_ROW = "New CSO,Waiting,Kim,1990-07-08,M,9 Elsewhere Lane,,Faketown,0001,current,CR8,Harbourview"
READ_TWICE = QuestionItem(key="read_twice", text="Was the row read twice?", asks=Asks.YES_NO)
HOUSE = MailHouse(
    sender="wellbeing@placement.test",
    corrections_domains=frozenset({"corrections.test"}),
    staff_domains=frozenset({"placement.test"}),
    signature=Signature("000", "wellbeing@placement.test", "0800", "00", "PO Box 0, Faketown"),
)
FINAL = {"answers": {"order_current": True, "confirmed_how": "call and form"}}


@pytest.fixture(autouse=True)
def later(monkeypatch: pytest.MonkeyPatch) -> None:
    """The later edition gives three working days and asks one question more."""
    first = QUESTION_SETS["identification"]
    asked = first.model_copy(update={"version": 2, "items": (*first.items, READ_TWICE)})
    sets = QUESTION_SETS | {"identification": asked}
    monkeypatch.setitem(
        EDITIONS, NEXT, Edition(NEXT, NEW_DAY, Parameters(return_days=3, letter_answer_days=3), sets)
    )


def at(day: date, hour: int, minute: int = 0) -> datetime:
    """A local wall-clock time as an instant."""
    return instant_at(day, time(hour, minute))


async def shown(v: Virtual, office: Office, case_id: str, kind: str) -> Mapping[str, Any]:
    """The open task of this kind as the API shows it."""
    task = await v.house.task(case_id, kind)
    answer = await office.client(AWS, regions=(task.region,)).get(f"/api/tasks/{task.task_id}")
    found: Mapping[str, Any] = answer.json()
    assert answer.status_code == 200, found
    return found


async def printed(v: Virtual, case_id: str, kind: str) -> str:
    """The text of what a mail of this case carries, made from the record as the delivery makes it."""
    async with v.databases.worker.transaction() as session:
        row = (
            await session.scalars(
                select(SecureMessage).where(SecureMessage.case_id == case_id, SecureMessage.kind == kind)
            )
        ).one()
        letter = await compose(session, row, await v.now(), HOUSE)
        (fields,) = forms_of(row, letter, HOUSE)
    assert f"Procedure {letter.edition}" in letter.proposed.text
    pdf = render(fields, await v.now(), edition(letter.edition))
    text = " ".join(page.extract_text() for page in PdfReader(BytesIO(pdf)).pages)
    return " ".join(f"{text} {letter.proposed.text}".split())


async def until_the_questions(v: Virtual, case_id: str, ref: str) -> None:
    """The row is linked; the first question is open."""
    match = {"outcome": "potential_match", "person_ref": ref, "note": "same person"}
    await v.house.answer(case_id, "match_entry", match, facts=SEARCHED)


async def until_sent(v: Virtual, case_id: str, first: Mapping[str, Any]) -> None:
    """From the first question to a T-441 that is out."""
    answer = v.house.answer
    await answer(case_id, "first_question", {"answers": dict(first)})
    facts = {"record_state": "live", "occupancy": "tenant"}
    await answer(case_id, "live_record", {"live": True, "evidence": "the register"}, facts=facts)
    await answer(case_id, "phone_corrections", a_call(await v.now()))
    before = {"relation_to_home": "lives in one of our homes", "identity_checked": True}
    await answer(case_id, "before_t441_questions", {"answers": before})
    await answer(case_id, "send_t441", dict(CONTACT), facts=SEND_FACTS)
    await eventually(lambda: _due(v, case_id), "no clock was set")


async def _due(v: Virtual, case_id: str) -> str | None:
    clock = (await v.house.case(case_id)).state["exchange"]["clock"]
    return say_instant(datetime.fromisoformat(clock["letter_opens_at"])) if clock else None


@pytest.mark.req("AMB-X-11", "AMB-P1-26")
async def test_old_cases_finish_under_the_old_edition_and_new_ones_begin_under_the_new(
    databases: Databases, keys: KeyRing
) -> None:
    async with (
        virtual(databases, keys, start=at(OLD_DAY, 15)) as v,
        office_of(databases, v.environment.client, keys) as office,
    ):
        old = await v.case()
        await until_the_questions(v, old, "P-LIVE")
        await v.until(at(NEW_DAY, 13))
        new = await v.case(NEW_ROW)
        await until_the_questions(v, new, "P-APPLY")

        task = await shown(v, office, old, "first_question")
        assert task["edition"] == EDITION
        assert task["answer_schema"]["properties"]["answers"]["title"] == "identification/1"
        task = await shown(v, office, new, "first_question")
        assert task["edition"] == NEXT
        assert task["answer_schema"]["properties"]["answers"]["title"] == "identification/2"
        with pytest.raises(Said, match="read_twice"):
            await v.house.answer(new, "first_question", {"answers": {"reported_status": "CSO"}})

        await until_sent(v, old, {"reported_status": "CSO"})
        await until_sent(v, new, {"reported_status": "CSO", "read_twice": True})
        assert await _due(v, old) == "Monday 23 December 2030, 09:00"
        assert await _due(v, new) == "Thursday 19 December 2030, 09:00"
        for case_id, name, days in ((old, EDITION, "five"), (new, NEXT, "three")):
            text = await printed(v, case_id, "T-441")
            assert f"Procedure {name}" in text
            assert text.count(f"within {days} working days") == 2

        await v.until(at(date(2030, 12, 19), 9, 1))
        await eventually(lambda: _letter(v), "no letter")
        assert f"Procedure {NEXT}" in await printed(v, new, "17-030")
        assert (await v.gateway.kinds()).count("17-030") == 1


@pytest.mark.req("AMB-X-11", "AMB-P1-26")
async def test_1_7_the_case_that_follows_begins_under_the_edition_of_its_own_day(
    databases: Databases, keys: KeyRing
) -> None:
    async with virtual(databases, keys, start=at(OLD_DAY, 15)) as v:
        case_id = await v.case_with_t441()
        await v.until(at(NEW_DAY, 13))
        await v.returned(case_id)
        parts = ("match_circumstances", "locality_information", "risk_rating_information")
        complete = dict.fromkeys(parts, "None.") | {
            "order_status": "CSO",
            "completed_by": "Sam Contact, Harbourview",
            "completed_on": "2030-12-13",
        }
        await v.house.answer(case_id, "review_return", {"verdict": "complete", "returned": complete})
        await v.house.answer(case_id, "final_questions", FINAL)
        ended = await v.house.closed(case_id)
        following = await eventually(lambda: _following(v, case_id), "no case follows")
        assert (ended.edition, ended.state["edition"]) == (EDITION, EDITION)
        assert (following.procedure, following.edition) == ("check_suitability", NEXT)
        assert following.state["edition"] == NEXT


async def _letter(v: Virtual) -> bool | None:
    return True if "17-030" in await v.gateway.kinds() else None


async def _following(v: Virtual, case_id: str) -> CaseRecord | None:
    async with v.databases.owner.transaction() as session:
        found: CaseRecord | None = await session.scalar(
            select(CaseRecord).where(CaseRecord.parent_case_id == case_id)
        )
        return found
