"""Procedure 2 on a real server and a real database: both forms out, Corrections' word on the home, and what follows."""

from collections.abc import AsyncIterator
from dataclasses import replace
from itertools import count
from typing import Any

import pytest
from sqlalchemy import select, update
from temporalio.testing import WorkflowEnvironment

from adapters.keys import KeyRing
from models.tables.assessment import Assessment, AssessmentVersion
from models.tables.case import Task
from models.tables.duty import MoveWatch, SuitabilityDecision
from models.tables.mail import Document
from procedures.terms import Occupancy
from tests.workflows.driving import somebody
from tests.workflows.gateway import CONTACT, SEND_FACTS
from tests.workflows.people import Person
from tests.workflows.running import MANAGER, Said, eventually
from tests.workflows.suitability import (
    D1_CUR,
    NOT_SUITABLE,
    SUITABLE,
    Home,
    Office,
    give_a_file,
    shared_office,
)

T441 = {
    "order_status": "CSO",
    "match_circumstances": "None known.",
    "locality_information": "None known.",
    "risk_rating_information": "None.",
    "completed_by": "Sam Contact, Harbourview",
    "completed_on": "2026-12-14",
}
KINDS = [kind for kind in Occupancy if kind.lives_in_a_home]
PEOPLE = [
    *(replace(somebody(n, live=True), occupancy=kind.value) for n, kind in enumerate(KINDS)),
    *(somebody(number, live=True) for number in range(10, 50)),
]
_next = count(len(KINDS))


def someone() -> Person:
    """A person of this module whom no other test has."""
    return PEOPLE[next(_next)]


@pytest.fixture(scope="module")
async def office(
    cluster: Any, migrated_template: str, server: WorkflowEnvironment, keys: KeyRing
) -> AsyncIterator[Office]:
    """A running house with people who live in homes of ours."""
    async with shared_office(cluster, migrated_template, server, keys, *PEOPLE) as office:
        yield office


@pytest.mark.req("P1.X1", "P2.S1.3", "P2.S3.a", "P2.S4.1", "P2.S4.3", "P2.X2", "OV-1")
async def test_2_1_from_the_report_to_a_suitable_home(office: Office) -> None:
    person = someone()
    advisor = await office.report(person)
    await advisor.walk(until="send_t441")
    await office.house.answer(advisor.case_id, "send_t441", dict(CONTACT), facts=SEND_FACTS)
    identified = Home(office, advisor.case_id, person)
    await identified.bring_back()
    await identified.answer("review_return", {"verdict": "complete", "returned": T441})
    view = await advisor.walk()
    assert view.outcome == "D1"
    assert "lives_in_a_home" in await identified.notices()
    following = await office.follower(advisor.case_id, "check_suitability")
    home = Home(office, following.case_id, person)
    await home.send()
    assert [mail.kind for mail in await home.mails()] == ["T-439+T-442"]
    await home.corrections_says()
    view = await home.outcome()
    assert view.outcome == "suitable"
    closed = await office.house.closed(home.case_id)
    assert (closed.outcome, closed.state["walked"]) == ("suitable", ["2.2", "2.3", "2.4", "2.5"])
    assert await home.notices() == ["location_suitable"]
    assert await office.house.code(person.ref) == "D1/CUR"
    assert (await office.house.rules(person.ref))[-2:] == ["TR-16", "TR-16"]


@pytest.mark.req("P2.W1")
@pytest.mark.parametrize("number", range(len(KINDS)), ids=[kind.value for kind in KINDS])
async def test_2_1_each_way_of_living_in_a_home_can_be_checked(office: Office, number: int) -> None:
    home = await office.begin(PEOPLE[number])
    await home.send()
    assert (await home.house.case(home.case_id)).step == "2.2"


@pytest.mark.req("P2.S1.1", "P2.S1.2", "P2.S1.5", "P2.W1", "TR-16", "AMB-P2-1", "PRV-6")
async def test_2_1_what_is_refused_sends_nothing(office: Office) -> None:
    home = await office.begin(someone())
    answers = {"lives_there": False, "household": "nobody"}
    wrong: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
        ("P2.S1.5", {"comment": ""}, {}),
        ("AMB-P1-26", {"answers": {"lives_there": True}}, {}),
        ("P2.W1", {"answers": answers}, {}),
        ("P2.W1", {}, {"occupancy": "none"}),
        ("P2.S1.1", {"occupancy": "boarder"}, {}),
        ("TR-16", {}, {"code": "D1P", "status": "PEN"}),
        ("TR-16", {}, {"code": "D2", "status": "CUR"}),
        ("PRV-6", {}, {"contact_unchanged": False}),
    ]
    for rule, answer, facts in wrong:
        with pytest.raises(Said) as refused:
            await home.answer("send_t439", home.forms(**answer), home.send_facts(**facts))
        assert refused.value.rule == rule
    assert await home.mails() == []
    await home.answer("send_t439", home.forms(t442_facts="Lives there."), home.send_facts())
    [mail] = await home.mails()
    assert (mail.kind, mail.fields) == ("T-439+T-442", {"facts": "Lives there."})
    await eventually(home.clock, "no clock was set")
    clock = (await home.house.case(home.case_id)).state["exchange"]["clock"]
    async with office.databases.worker.transaction() as session:
        version = await session.scalar(
            select(AssessmentVersion)
            .where(AssessmentVersion.case_id == home.case_id)
            .order_by(AssessmentVersion.version.desc())
        )
    assert version
    assert (version.question_set, version.rule, version.code) == ("location", "TR-16", "D1")
    assert version.comment == "Lives there since last winter."
    assert clock["number"] == 0


@pytest.mark.req("P2.S3.1", "AMB-P1-9", "P2.X1")
async def test_2_2_an_incomplete_form_does_not_advance_and_a_reply_without_one_decides_nothing(
    office: Office,
) -> None:
    home = await office.begin(someone())
    await home.send()
    await home.bring_back()
    partly = SUITABLE | {"suitability": ""}
    with pytest.raises(Said) as refused:
        await home.answer("review_return", {"verdict": "complete", "returned": partly})
    assert refused.value.rule == "P1.S6.b6"
    back = {"verdict": "incomplete", "returned": partly, "recipient_confirmed": True}
    await home.answer("review_return", back)
    assert (await home.house.case(home.case_id)).step == "2.2"
    assert [mail.kind for mail in await home.mails()] == ["T-439+T-442", "T-439 incomplete"]
    await home.tell({"unread_reply": "reply-1"})
    with pytest.raises(Said) as refused:
        await home.answer("review_return", {"verdict": "complete", "returned": SUITABLE})
    assert refused.value.rule == "P2.X1"
    await home.answer("review_return", {"verdict": "not_the_form", "note": "a covering note"})
    document_id = await home.bring_back()
    await home.answer("review_return", {"verdict": "complete", "returned": SUITABLE})
    async with office.databases.worker.transaction() as session:
        decided = (
            await session.scalars(
                select(SuitabilityDecision).where(SuitabilityDecision.case_id == home.case_id)
            )
        ).one()
    assert (decided.suitability, decided.documents) == ("suitable", [document_id])


@pytest.mark.req(
    "P2.S3.b", "P2.S3.b1", "P2.S3.b2", "P2.S3.b4", "P2.S3.b5", "P2.S3.b6", "AMB-P2-5", "AMB-P2-6"
)
async def test_2_3_not_suitable_supports_informs_calculates_and_watches(office: Office) -> None:
    home = await office.begin(someone())
    await home.send()
    await home.corrections_says(NOT_SUITABLE)
    assert await home.house.open_kinds(home.case_id) == {"support_move"}
    await home.support(options=["contact_with_msd", "boarding_with_a_family", "private_rental_or_boarding"])
    assert await home.house.open_kinds(home.case_id) == {"location_outcome"}
    view = await home.outcome("not_suitable")
    assert view.outcome == "not_suitable"
    assert await home.notices() == ["location_not_suitable"]
    assert await home.house.rules(home.person.ref) == ["earlier", "TR-16", "TR-16"]
    async with office.databases.worker.transaction() as session:
        watch = await session.get(MoveWatch, home.case_id)
        task = await session.scalar(
            select(Task).where(Task.case_id == home.case_id, Task.kind == "support_move")
        )
        decided = await session.scalar(
            select(SuitabilityDecision).where(SuitabilityDecision.case_id == home.case_id)
        )
    assert watch
    assert watch.ended_at is None
    assert task
    assert task.answer
    assert len(task.answer["options"]) == 3
    assert task.answer["support"]
    assert decided
    assert decided.documents
    await home.house.closed(home.case_id)


@pytest.mark.req("P2.S3.b3")
async def test_2_3_a_transfer_application_needs_all_three(office: Office) -> None:
    home = await office.begin(someone())
    await home.send()
    await home.corrections_says(NOT_SUITABLE)
    for lacking in (
        {"person_happy": False},
        {"household_happy": "no"},
        {"corrections_supports": False},
        {"household_happy": "not_applicable"},
    ):
        with pytest.raises(Said) as refused:
            await home.support(**lacking)
        assert refused.value.rule == "P2.S3.b3"
    await home.support(lives_alone=True, household_happy="not_applicable")
    assert await home.house.open_kinds(home.case_id) == {"location_outcome"}


@pytest.mark.req("P2.S4.2", "P2.X1")
async def test_2_4_comments_are_needed_and_the_answer_is_corrections_own(office: Office) -> None:
    home = await office.begin(someone())
    await home.send()
    await home.corrections_says()
    with pytest.raises(Said) as refused:
        await home.outcome(comment="")
    assert refused.value.rule == "P2.S4.2"
    with pytest.raises(Said) as refused:
        await home.outcome("not_suitable")
    assert refused.value.rule == "P2.X1"
    assert (await home.outcome()).outcome == "suitable"


@pytest.mark.req("P2.S4.4", "TR-16", "AMB-P2-9")
async def test_2_4_waits_while_the_person_is_verified_anew(office: Office) -> None:
    home = await office.begin(someone())
    await home.send()
    await home.corrections_says()
    answer = {"answers": {"corrections_answer": "suitable"}, "comment": "As Corrections wrote."}
    for code, status in (("D1P", "PEN"), ("D2P", "PEN"), ("D2", "CUR"), ("D3", "CUR")):
        with pytest.raises(Said) as refused:
            await home.answer("location_outcome", answer, {"code": code, "status": status})
        assert refused.value.rule == "P2.S4.4"
    await _set_code(office, home.person, "D1P", "PEN")
    # the record has changed between the reading of the facts and the answer: it is asked again, and nothing is added
    await home.answer("location_outcome", answer, D1_CUR)
    assert await home.house.open_kinds(home.case_id) == {"location_outcome"}
    assert await home.house.rules(home.person.ref) == ["earlier", "TR-16"]
    await _set_code(office, home.person, "D1", "CUR")
    assert (await home.answer("location_outcome", answer, D1_CUR)).outcome == "suitable"


async def _set_code(office: Office, person: Person, code: str, status: str) -> None:
    async with office.databases.worker.transaction() as session:
        await session.execute(
            update(Assessment).where(Assessment.person_ref == person.ref).values(code=code, status=status)
        )


@pytest.mark.req("P2.S5.1", "P2.S3.b6")
@pytest.mark.parametrize("returned", [SUITABLE, NOT_SUITABLE], ids=["suitable", "not_suitable"])
async def test_2_5_nothing_closes_before_every_document_is_in_the_file(
    office: Office, returned: dict[str, Any]
) -> None:
    home = await office.begin(someone())
    await home.send()
    document_id = await home.bring_back(filed=False)
    await home.answer("review_return", {"verdict": "complete", "returned": returned})
    if returned is NOT_SUITABLE:
        await home.support()
    await home.outcome(returned["suitability"])
    assert await home.house.open_kinds(home.case_id) == {"save_documents"}
    note = {"note": "Filed by hand."}
    with pytest.raises(Said) as refused:
        await home.answer("save_documents", note, {"unfiled": [document_id]})
    assert refused.value.rule == "P2.S5.1"
    await home.answer("save_documents", note)
    assert await home.house.open_kinds(home.case_id) == {"save_documents"}
    await give_a_file(office, home.person)
    async with office.databases.worker.transaction() as session:
        await session.execute(
            update(Document).where(Document.document_id == document_id).values(file_id=f"F-{home.person.ref}")
        )
    view = await home.answer("save_documents", note)
    assert view.outcome == returned["suitability"]


@pytest.mark.req("AMB-X-6")
async def test_2_3_a_form_that_was_read_wrongly_is_read_again(office: Office) -> None:
    home = await office.begin(someone())
    await home.send()
    await home.corrections_says()
    back = {"to_step": "2.2", "asked_by": "Aroha Example", "reason": "The box was read wrongly."}
    await home.change("go_back", back)
    assert await home.house.open_kinds(home.case_id) == {"review_return"}
    assert (await home.house.case(home.case_id)).state["exchange"]["clock"]
    await home.answer("review_return", {"verdict": "complete", "returned": NOT_SUITABLE})
    assert await home.house.open_kinds(home.case_id) == {"support_move"}
    async with office.databases.worker.transaction() as session:
        decided = await session.scalars(
            select(SuitabilityDecision)
            .where(SuitabilityDecision.case_id == home.case_id)
            .order_by(SuitabilityDecision.recorded_at)
        )
        assert [one.suitability for one in decided] == ["suitable", "not_suitable"]


async def test_2_1_tasks_belong_to_the_advisor(office: Office) -> None:
    home = await office.begin(someone())
    task = await home.house.task(home.case_id, "send_t439")
    assert task.role == "advisor-wellbeing-support"
    view = await home.answer("send_t439", home.forms(), home.send_facts(), by=MANAGER)
    assert view.step == "2.2"
