"""Procedure 4, section 5.3: the rules of the decision table that need no virtual time."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from sqlalchemy import select
from temporalio.testing import WorkflowEnvironment

from adapters.keys import KeyRing
from models.tables.assessment import AssessmentVersion, PhoneCall
from models.tables.mail import SecureMessage
from models.tables.placement import Offer, PropertyHold, RiskRating, VoidMatch, VoidProperty
from procedures.tasks import CaseView
from tests.workflows.people import Person
from tests.workflows.placement import REFUSES, Placer, applicant, offer_said, offered
from tests.workflows.suitability import Office, shared_office
from workers.embedded.postgres import EmbeddedPostgres

R, T, M, S, P = "check_risk_rating", "act_on_risk_rating", "make_offer", "show_property", "persons_answer"
C, U, E, Q = "tell_corrections", "prepare_sign_up", "enter_offer_outcome", "offer_questions"
PULLED_OUT = REFUSES | {
    "outcome": "withdrawn",
    "reason_kind": "agency",
    "reason": "The property needs repair.",
}
UPDATE: dict[str, Any] = {"rating": "high", "action": "update", "basis": "T-441 of an earlier case"}
PLAN: dict[str, Any] = {"safe_work_plan": True, "safe_work_plan_document": "D-PLAN"}


@dataclass(frozen=True)
class Rule:
    """A line of the table: what is different, what is asked, and what must come of it."""

    number: str
    asked: tuple[str, ...]
    outcome: str
    claims: tuple[str, ...]
    changed: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """As pytest shows it, and the person's name in the story."""
        return f"offer{self.number.replace('/', 'x')}"


RULES = [
    Rule("2", (R, M, S, P, C, U, Q), "accepted", ("P4.S3.a", "P4.S3.a1", "P4.S3.a2", "P4.S3.a4", "P4.S4.1")),
    Rule("3", (R, T, M, S, P, C, U, Q), "accepted", ("P4.S1.a", "P4.S1.N2", "P4.S3.a"), {R: UPDATE | PLAN}),
    Rule("4", (R, M, S, P, E, C, Q), "declined", ("P4.S3.b", "P4.S3.b1", "P4.S3.b3", "P4.S3.b4", "AMB-P4-12"),
         {P: REFUSES, E: {"outcome": "declined"}} | offer_said("declined")),
    Rule("5", (R, M, S, P, E, C, Q), "withdrawn", ("P4.S3.b", "P4.S3.b1", "P4.S3.b2", "P4.S4.1"),
         {P: PULLED_OUT, E: {"outcome": "withdrawn"}} | offer_said("withdrawn")),
    Rule("5/new", (R, T, M, S, P, E, C, Q), "withdrawn", ("P4.S1.a",),
         {R: {"action": "new", "basis": "T-441"}, P: PULLED_OUT, E: {"outcome": "withdrawn"}} | offer_said("withdrawn")),
]  # fmt: skip
PEOPLE: dict[str, Person] = {rule.name: applicant(rule.name) for rule in RULES}
Walked = dict[str, tuple[Placer, CaseView]]


@pytest.fixture(scope="module")
async def shared(
    cluster: EmbeddedPostgres, migrated_template: str, server: WorkflowEnvironment, keys: KeyRing
) -> AsyncIterator[Office]:
    """One house for all lines of the table."""
    async with shared_office(cluster, migrated_template, server, keys, *PEOPLE.values()) as office:
        yield office


@pytest.fixture(scope="module")
async def walked(shared: Office) -> Walked:
    """All lines of the table walked at once."""

    async def one(rule: Rule) -> tuple[Placer, CaseView]:
        placer = await offered(shared, PEOPLE[rule.name], f"V-{rule.name}")
        placer.changed = dict(rule.changed)
        return placer, await placer.walk()

    found = await asyncio.gather(*map(one, RULES))
    return {rule.name: result for rule, result in zip(RULES, found, strict=True)}


@pytest.mark.parametrize(
    "rule", [pytest.param(rule, marks=pytest.mark.req(*rule.claims), id=rule.name) for rule in RULES]
)
async def test_4_decision_table(walked: Walked, shared: Office, rule: Rule) -> None:
    placer, view = walked[rule.name]
    assert sorted(placer.asked) == sorted(rule.asked)
    assert view.outcome == rule.outcome
    accepted = rule.outcome == "accepted"
    [row] = await placer.rows(Offer)
    assert (row.outcome, row.answer) == (rule.outcome, "accepted" if accepted else "not_accepted")
    assert row.shown_at > row.offered_at
    assert (row.reason is None, row.policy_reference is None) == (accepted, accepted)
    assert (row.entered_by == "coordinator-1") is not accepted
    [call] = await placer.rows(PhoneCall)
    assert call.answers == {"offer_outcome": rule.outcome}
    notices = await placer.notices()
    assert (("housing-support-manager", "offer_accepted") in notices) is accepted
    assert (("manager-housing-wellbeing-support", "offer_accepted_copy") in notices) is accepted
    assert (("coordinator-placement", "property_back_to_matching") in notices) is not accepted
    assert [m.kind for m in await placer.rows(SecureMessage)] == (["offer_accepted"] if accepted else [])
    async with shared.databases.worker.transaction() as session:
        version = (
            await session.scalars(
                select(AssessmentVersion).where(
                    AssessmentVersion.case_id == placer.case_id, AssessmentVersion.rule == "TR-16"
                )
            )
        ).one()
        match = await session.scalar(select(VoidMatch).where(VoidMatch.property_ref == placer.property_ref))
        home = await session.get_one(VoidProperty, placer.property_ref)
        holds = (
            await session.scalars(select(PropertyHold).where(PropertyHold.property_ref == home.property_ref))
        ).all()
    assert (version.question_set, version.code) == ("offer", "D1")
    assert match is not None
    assert match.outcome == rule.outcome
    assert home.state == ("let" if accepted else "void")
    assert [hold.released_at is not None for hold in holds] == [True]
    ratings = await placer.rows(RiskRating)
    assert [r.done is not None for r in sorted(ratings, key=lambda r: r.rating_id)] == (
        [False, True] if T in rule.asked else [False]
    )
    assert any(r.safe_work_plan_document == "D-PLAN" for r in ratings) is (rule.number == "3")
    assert await shared.house.code(placer.person.ref) == "D1/CUR"
