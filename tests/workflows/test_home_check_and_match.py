"""A person whose home is, or was, checked is considered for a void property: a match linked to that check (P2.X4)."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import select
from temporalio.testing import WorkflowEnvironment

from adapters.keys import KeyRing
from models.queries.progress import linked_by_rule, linked_cases
from models.tables.case import CaseLink
from procedures.terms import Role
from procedures.visibility import Sight
from tests.workflows.driving import somebody
from tests.workflows.people import Person
from tests.workflows.placement import add_void, enter, follower_of
from tests.workflows.running import ADVISOR, eventually
from tests.workflows.suitability import NOT_SUITABLE, Home, Office, shared_office
from workers.embedded.postgres import EmbeddedPostgres

PEOPLE = [somebody(number, live=True) for number in range(940, 960)]
MANAGER = Sight(frozenset({Role.MANAGER_HOUSING_WELLBEING_SUPPORT}), frozenset({"*"}))
ADVISORS = Sight(frozenset({Role.ADVISOR_WELLBEING_SUPPORT}), frozenset({"*"}))


@pytest.fixture(scope="module")
async def office(
    cluster: EmbeddedPostgres, migrated_template: str, server: WorkflowEnvironment, keys: KeyRing
) -> AsyncIterator[Office]:
    """One office; each test has people and a property of its own."""
    async with shared_office(cluster, migrated_template, server, keys, *PEOPLE) as office:
        yield office


@pytest.fixture
def person() -> Person:
    """Somebody nobody else's test is about."""
    return PEOPLE.pop()


async def links(office: Office, case_id: str) -> dict[str, str]:
    """What a rule links with the case."""
    return await linked_by_rule(office.databases.api, case_id)


async def seen_beside(office: Office, case_id: str, sight: Sight) -> set[str]:
    """The linked cases that somebody sees beside a case."""
    return {
        one.case_id
        for one in await linked_cases(office.databases.api, sight, await office.house.case(case_id))  # type: ignore[arg-type]
    }


async def match_of(office: Office, person: Person) -> str:
    """The coordinator's match; answers the case of procedure 3."""
    entered = await enter(office, person, await add_void(office, f"V-{person.ref}"))
    [case_id] = entered.cases
    return case_id


async def _checked(home: Home, said: str) -> None:
    await home.send()
    if said == "suitable":
        await home.corrections_says()
    else:
        await home.corrections_says(NOT_SUITABLE)
        await home.support()
    await home.outcome(said)
    await home.house.closed(home.case_id)


@pytest.mark.req("P2.X4")
async def test_2_considered_for_a_void_opens_a_match_beside_the_check(office: Office, person: Person) -> None:
    home = await office.begin(person)
    await home.send()
    view = await home.change("considered_for_void", {"note": "The transfer list has a home."})
    assert (view.step, view.outcome) == ("2.2", None)
    match = await follower_of(office, person, "match_void")
    assert (match.case_id, match.parent_case_id) == (f"{home.case_id}-V1", home.case_id)
    assert await links(office, home.case_id) == {match.case_id: "P2.X4"}
    assert await links(office, match.case_id) == {home.case_id: "P2.X4"}
    await office.house.task(match.case_id, "await_match")
    assert "considered_for_void" in await home.notices()
    # Said again, and matched by the coordinator: it is the same case.
    await home.change("considered_for_void", {"note": "Said again."})
    assert await match_of(office, person) == match.case_id
    assert len(await office.cases_of(person, "match_void")) == 1
    await home.corrections_says()
    await home.outcome()
    assert (await office.house.closed(home.case_id)).outcome == "suitable"


@pytest.mark.req("P2.X4", "P3.W1")
async def test_3_1_the_coordinators_match_is_linked_to_the_check_that_is_open(
    office: Office, person: Person
) -> None:
    home = await office.begin(person)
    await home.send()
    match = await match_of(office, person)
    assert await links(office, match) == {home.case_id: "P2.X4"}
    assert await seen_beside(office, match, MANAGER) == {home.case_id}
    assert match in await seen_beside(office, home.case_id, MANAGER)
    assert await seen_beside(office, home.case_id, ADVISORS) == set()


@pytest.mark.req("P2.X4")
@pytest.mark.parametrize("said", ["suitable", "not_suitable"])
async def test_3_1_a_match_is_linked_to_a_check_that_has_ended_or_is_watched(
    office: Office, person: Person, said: str
) -> None:
    home = await office.begin(person)
    await _checked(home, said)
    match = await match_of(office, person)
    assert await links(office, match) == {home.case_id: "P2.X4"}
    async with office.databases.worker.transaction() as session:
        [link] = await session.scalars(select(CaseLink).where(CaseLink.case_id == match))
    assert (link.linked_case_id, link.rule) == (home.case_id, "P2.X4")


@pytest.mark.req("P2.X4")
@pytest.mark.parametrize("end", ["withdraw", "linked_in_error", "moved_home"])
async def test_3_1_a_check_that_says_nothing_of_the_home_is_not_linked(
    office: Office, person: Person, end: str
) -> None:
    home = await office.begin(person)
    await office.house.something_open(home.case_id)
    await home.change(end, {"reason": "As it was found."})
    await office.house.closed(home.case_id)
    match = await match_of(office, person)
    followed = await office.cases_of(person, "check_suitability")
    expected = {followed[-1].case_id: "P2.X4"} if end == "moved_home" else {}
    assert await links(office, match) == expected
    assert home.case_id not in expected


@pytest.mark.req("P2.X4", "P1.X1", "P1.X2")
async def test_1_7_check_and_match_that_follow_procedure_1_together_are_linked(
    office: Office, person: Person
) -> None:
    one = await office.report(person)
    await one.walk(until="before_t441_questions")
    await one.answer("before_t441_questions")
    contact = {"contact_id": "contact-1", "contact_version": 1, "recipient_confirmed": True}
    facts = {"contact_unchanged": True, "refusals": []}
    await office.house.answer(one.case_id, "send_t441", contact, facts=facts)
    home = Home(office, one.case_id, person)
    await eventually(home.clock, "no clock was set")
    await home.tell({"returned": "r-1", "documents": [], "received_at": None})
    returned = {
        "order_status": "CSO",
        "match_circumstances": "None known.",
        "locality_information": "None known.",
        "risk_rating_information": "none",
        "completed_by": "Sam Contact, Harbourview",
        "completed_on": "2026-11-20",
    }
    review = {"verdict": "complete", "returned": returned}
    await office.house.answer(one.case_id, "review_return", review, by=ADVISOR)
    await one.answer("final_questions", considered_for_void=True)
    await office.house.closed(one.case_id)
    match = await follower_of(office, person, "match_void")
    [check] = await office.cases_of(person, "check_suitability")
    assert await links(office, match.case_id) == {check.case_id: "P2.X4"}
