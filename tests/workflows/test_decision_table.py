"""Procedure 1, section 2.3: every rule of the decision table that ends without a T-441."""

import asyncio
from dataclasses import dataclass

import pytest

from procedures.tasks import CaseView
from tests.workflows.driving import Advisor, reported, somebody
from tests.workflows.people import Person, hold
from tests.workflows.running import House

M, F, C, L, Y = "match_entry", "first_question", "phone_corrections", "live_record", "why_pending"
N, X, Q = "nso_questions", "invalid_questions", "final_questions"


@dataclass(frozen=True)
class Rule:
    """A line of the table: what was there, what Corrections says, and what must come of it."""

    number: str
    before: str | None
    said: str
    asked: tuple[str, ...]
    by: tuple[str, ...]
    code: str
    group: str = "New CSO"
    live: bool = False

    @property
    def name(self) -> str:
        """As pytest shows it."""
        held = (self.before or "none").replace("/", "-")
        return f"{self.number}-{held}-{self.group[:4].strip()}-{self.said}{'-live' if self.live else ''}"

    @property
    def claims(self) -> tuple[str, ...]:
        """Requirements that this line cannot meet any more when they are broken."""
        branch = "a" if F in self.asked else "b" if Y in self.asked else "c"
        end = {"CSO": ("P1.S5.a", "P1.S6.a", "P1.S7.1", "P1.S7.2"), "NSO": (*_of("P1.S5.b", 4), "P1.S5.b")}
        steps = {"a": (*_of("P1.S3.a", 2), "A-C5"), "b": _of("P1.S3.b", 2), "c": ("P1.S4.1", "AMB-P1-19")}
        ids = [f"P1.S3.{branch}", *steps[branch], *end.get(self.said, (*_of("P1.S5.c", 3), "P1.S5.c"))]
        if branch == "a":
            ids += {"CSO": ["P1.S3.a3", "P1.N6"], "NSO": ["AMB-P1-5"], "neither": ["AMB-P1-7"]}[self.said]
        return tuple(dict.fromkeys((*ids, *self.by)))


def _of(group: str, count: int) -> tuple[str, ...]:
    return tuple(f"{group}{number}" for number in range(1, count + 1))


RULES = [
    Rule("2", None, "CSO", (M, F, L, C, Q), ("TR-1", "TR-9"), "D1/CUR"),
    Rule("2", "D1/CLO", "CSO", (M, F, L, C, Q), ("TR-2", "TR-9"), "D1/CUR"),
    Rule("6", None, "NSO", (M, F, C, N), ("TR-3", "TR-5", "TR-6"), "D2/CUR", "Exit NSO"),
    Rule("6", "D2/CLO", "NSO", (M, F, C, N), ("TR-3", "TR-5", "TR-6"), "D2/CUR", "Exit NSO", live=True),
    Rule("7", "D1P/PEN", "CSO", (M, Y, C, L, Q), ("TR-4", "TR-9"), "D1/CUR"),
    Rule("7", "D2P/PEN", "CSO", (M, Y, C, L, Q), ("TR-4", "TR-9"), "D1/CUR"),
    Rule("8", "D1P/PEN", "NSO", (M, Y, C, N), ("TR-5", "TR-6"), "D2/CUR", live=True),
    Rule("8", "D2P/PEN", "NSO", (M, Y, C, N), ("TR-5", "TR-6"), "D2/CUR", "Exit NSO"),
    Rule("9", "D1P/PEN", "neither", (M, Y, C, X), ("TR-7", "TR-7"), "D3/CUR"),
    Rule("9", "D2P/PEN", "neither", (M, Y, C, X), ("TR-7", "TR-7"), "D3/CUR", live=True),
    Rule("10", "D1/CUR", "CSO", (M, C, L, Q), ("TR-10", "TR-9"), "D1/CUR"),
    Rule("10", "D2/CUR", "CSO", (M, C, L, Q), ("TR-13", "TR-9"), "D1/CUR"),
    Rule("10", "D3/CUR", "CSO", (M, C, L, Q), ("TR-13", "TR-9"), "D1/CUR"),
    Rule("11", "D1/CUR", "NSO", (M, C, N), ("TR-11", "TR-6"), "D2/CUR", "Exit NSO"),
    Rule("11", "D2/CUR", "NSO", (M, C, N), ("TR-20", "TR-6"), "D2/CUR"),
    Rule("11", "D3/CUR", "NSO", (M, C, N), ("TR-19", "TR-6"), "D2/CUR"),
    Rule("12", "D1/CUR", "neither", (M, C, X), ("TR-12", "TR-7"), "D3/CUR"),
    Rule("12", "D2/CUR", "neither", (M, C, X), ("TR-12", "TR-7"), "D3/CUR", live=True),
    Rule("12", "D3/CUR", "neither", (M, C, X), ("TR-21",), "D3/CUR"),
    Rule("13", "D1/CUR", "NSO", (M, C, N), ("TR-11", "TR-6"), "D2/CUR", live=True),
    Rule("17", None, "neither", (M, F, L, C, X), ("TR-1", "TR-7", "TR-7"), "D3/CUR"),
    Rule("17", "D3/CLO", "neither", (M, F, L, C, X), ("TR-2", "TR-7", "TR-7"), "D3/CUR", live=True),
    Rule("17", None, "neither", (M, F, C, X), ("TR-3", "TR-7", "TR-7"), "D3/CUR", "Exit NSO"),
]

Walked = dict[str, tuple[Advisor, CaseView | BaseException]]


@pytest.fixture(scope="module")
async def walked(shared_house: House) -> Walked:
    """All lines of the table walked at once, in one report."""
    people = {rule.name: somebody(n, live=rule.live) for n, rule in enumerate(RULES)}
    for rule in RULES:
        if rule.before:
            await hold(shared_house.database, people[rule.name].ref, rule.before)
    advisors = dict(zip(people, await _in_one_report(shared_house, list(people.values())), strict=True))
    for rule in RULES:
        advisors[rule.name].said = rule.said
    views = await asyncio.gather(*(one.walk() for one in advisors.values()), return_exceptions=True)
    return {name: (advisors[name], view) for name, view in zip(advisors, views, strict=True)}


async def _in_one_report(house: House, people: list[Person]) -> list[Advisor]:
    return await reported(house, *people, groups=[rule.group for rule in RULES])


@pytest.mark.parametrize(
    "rule", [pytest.param(rule, marks=pytest.mark.req(*rule.claims), id=rule.name) for rule in RULES]
)
async def test_1_3_decision_table(walked: Walked, shared_house: House, rule: Rule) -> None:
    advisor, view = walked[rule.name]
    if isinstance(view, BaseException):
        raise view
    assert advisor.asked == list(rule.asked)
    earlier = ["earlier"] if rule.before else []
    assert await shared_house.rules(advisor.person.ref) == [*earlier, *rule.by]
    assert await shared_house.code(advisor.person.ref) == rule.code
    assert view.outcome == rule.code.partition("/")[0]
    assert view.open_tasks == []
    assert (await shared_house.case(advisor.case_id)).closed_at
