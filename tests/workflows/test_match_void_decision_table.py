"""Procedure 3, section 4.3: the rules of the decision table that need no virtual time."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from temporalio.testing import WorkflowEnvironment

from adapters.keys import KeyRing
from models.tables.assessment import PhoneCall
from models.tables.placement import PropertyHold, Viewing, VoidMatch
from procedures.tasks import CaseView
from tests.workflows.people import Person
from tests.workflows.placement import NOT_SUITABLE, Placer, applicant, matched
from tests.workflows.running import eventually
from tests.workflows.suitability import Office, shared_office
from workers.embedded.postgres import EmbeddedPostgres

C, W, P, B = "consider_match", "weigh_match", "phone_about_property", "book_viewing"
V, T, R, X = "viewing_questions", "print_t438", "record_viewing", "record_part_b"
A, S, E, Q = "pre_approval_questions", "settle_paper", "enter_withdrawn", "withdrawal_questions"
VIEWED = (C, W, P, B, V, T, R, X)
NO = {"property_may_suit": False}
UNSUITABLE = {"view": "unsuitable"}


@dataclass(frozen=True)
class Rule:
    """A line of the table: what is different, what is asked, and what must come of it."""

    number: str
    asked: tuple[str, ...]
    outcome: str
    branch: str
    claims: tuple[str, ...]
    changed: dict[str, dict[str, Any]] = field(default_factory=dict)
    t441: bool = True

    @property
    def name(self) -> str:
        """As pytest shows it, and the person's name in the story."""
        return f"rule{self.number.replace('/', 'x')}"


RULES = [
    Rule("1", (*VIEWED, A, S), "offer", "a", ("P3.S2.a", "P3.S6.a", "P3.S6.a5")),
    Rule("2", (*VIEWED, E, Q, S), "withdrawn", "a", ("P3.S6.b", "P3.S7.1", "P3.S7.2", "P3.X2"), {X: NOT_SUITABLE}),
    Rule("3", (C, W, P, E, Q), "withdrawn", "a", ("P3.S4.b", "P3.S7.1", "P3.S7.2", "AMB-P3-9"), {P: NO}),
    Rule("4", (C, W, E, Q), "withdrawn", "b", ("P3.S2.b", "AMB-P3-3", "P3.S7.3"), {W: UNSUITABLE}),
    Rule("5/1", (*VIEWED, A, S), "offer", "c", ("P3.S2.c", "P3.S2.c3"), t441=False),
    Rule("5/2", (*VIEWED, E, Q, S), "withdrawn", "c", ("P3.S2.c3", "P3.S6.b"), {X: NOT_SUITABLE}, t441=False),
    Rule("5/3", (C, W, P, E, Q), "withdrawn", "c", ("P3.S2.c3", "P3.S4.b"), {P: NO}, t441=False),
    Rule("6", (C, W, E, Q), "withdrawn", "c", ("P3.S2.c4", "AMB-P3-2"), {W: UNSUITABLE}, t441=False),
    Rule("8", (C, W, P), "ceased_nso", "a", ("AMB-P3-10", "AMB-X-4"), {P: {"said": "NSO", "property_may_suit": None}}),
    Rule(
        "8/other", (C, W, P), "ceased_not_this_person", "a", ("AMB-P3-10",),
        {P: {"said": "neither", "property_may_suit": None}},
    ),
]  # fmt: skip
PEOPLE: dict[str, Person] = {rule.name: applicant(rule.name) for rule in RULES}
Walked = dict[str, tuple[Placer, CaseView | BaseException]]


@pytest.fixture(scope="module")
async def office(
    cluster: EmbeddedPostgres, migrated_template: str, server: WorkflowEnvironment, keys: KeyRing
) -> AsyncIterator[Office]:
    """One house for all lines of the table."""
    async with shared_office(cluster, migrated_template, server, keys, *PEOPLE.values()) as office:
        yield office


@pytest.fixture(scope="module")
async def walked(office: Office) -> Walked:
    """All lines of the table walked at once."""

    async def one(rule: Rule) -> tuple[Placer, CaseView]:
        placer = await matched(office, PEOPLE[rule.name], f"V-{rule.name}", t441=rule.t441)
        placer.changed = dict(rule.changed)
        if not rule.t441:
            await placer.walk(until="send_void_request")
            await placer.request()
        return placer, await placer.walk()

    found = await asyncio.gather(*map(one, RULES), return_exceptions=True)
    for result in found:
        if isinstance(result, BaseException):
            raise result
    return {
        rule.name: result
        for rule, result in zip(RULES, found, strict=True)
        if not isinstance(result, BaseException)
    }


@pytest.mark.parametrize(
    "rule", [pytest.param(rule, marks=pytest.mark.req(*rule.claims), id=rule.name) for rule in RULES]
)
async def test_3_decision_table(walked: Walked, office: Office, rule: Rule) -> None:
    placer, view = walked[rule.name]
    assert isinstance(view, CaseView)
    assert sorted(placer.asked) == sorted(rule.asked)
    assert view.outcome == rule.outcome
    [match] = await placer.rows(VoidMatch)
    ended = "offered" if rule.outcome == "offer" else rule.outcome
    assert (match.branch, match.outcome) == (rule.branch, ended)
    assert bool(await placer.rows(PhoneCall)) is (P in rule.asked)
    assert bool(await placer.rows(Viewing)) is (B in rule.asked)
    live = [hold for hold in await placer.rows(PropertyHold) if hold.released_at is None]
    assert bool(live) is (rule.outcome == "offer")
    assert bool(await office.cases_of(placer.person, "offer")) is (rule.outcome == "offer")
    moved_by_procedure_1 = {"ceased_nso": "D2P/PEN", "ceased_not_this_person": "D1P/PEN"}
    expected = moved_by_procedure_1.get(rule.outcome, "D1/CUR")

    async def code() -> bool | None:
        return True if await office.house.code(placer.person.ref) == expected else None

    await eventually(code, f"the code is not {expected}")
    identified = [case for case in await office.cases_of(placer.person, "identify") if not case.closed_at]
    ceased = rule.outcome.startswith("ceased")
    assert [case.step for case in identified] == (["1.5"] if ceased else [])
    assert ("coordinator-placement", "ordinary_matching") in await placer.notices() or not ceased
