"""Procedure 1 interrupted: every change at every waiting point, and nothing is ever deleted (AMB-X-6)."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from temporalio.testing import WorkflowEnvironment

from activities.running_cases import RunningCases
from adapters.keys import KeyRing
from models.tables.case import Task
from models.tables.report import ReportEntry
from procedures import changes, identify
from procedures.tasks import CaseView
from procedures.terms import Procedure, ReportGroup
from tests.workflows.driving import LINK, SAYS, Advisor, counts, reported, somebody
from tests.workflows.gateway import CONTACT, SEND_FACTS
from tests.workflows.people import Person, hold
from tests.workflows.running import House, Said, eventually
from tests.workflows.suitability import shared_office
from tests.workflows.waits import unvisited, waits_of, watching
from workers.embedded.postgres import EmbeddedPostgres

WITHOUT_PERSON = ("match_entry", "identify_occupant")
WAITS: dict[str, dict[str, Any]] = {
    "match_entry": {},
    "identify_occupant": {"outcome": "address_only"},
    "first_question": {},
    "why_pending": {"before": "D2P/PEN"},
    "phone_corrections": {"before": "D1/CUR"},
    "corrections_unreachable": {"before": "D1/CUR"},
    "live_record": {},
    "nso_questions": {"said": "NSO"},
    "invalid_questions": {"said": "neither"},
    "before_t441_questions": {"live": True},
    "send_t441": {"live": True},
    "sent": {"live": True},
    "final_questions": {},
}
"""What a case must be given to come to each wait, by the task that is open there; `sent`: the T-441 is out."""
CHANGES: dict[str, tuple[str, dict[str, Any]]] = {
    "withdraw": ("withdraw", {"reason": "opened by mistake"}),
    "died": ("died", {"note": "told by the family"}),
    "says_cso": ("corrections_says", SAYS | {"said": "CSO"}),
    "says_nso": ("corrections_says", SAYS | {"said": "NSO"}),
    "says_neither": ("corrections_says", SAYS | {"said": "neither"}),
    "right_person": ("correct_link", LINK),
    "no_person": ("correct_link", LINK | {"no_person_reason": "nobody on the register"}),
    "still_considered": ("vacated", {"reason": "left", "still_considered": True}),
    "vacated": ("vacated", {"reason": "left", "still_considered": False}),
}
PERSONS = [wait for wait in WAITS if wait not in WITHOUT_PERSON]
DISCLOSING = ("before_t441_questions", "send_t441", "sent")
ELSEWHERE: dict[str, dict[str, Any]] = {
    "told_nso": {"status_said": "NSO", "channel": "verbal", "confirmation_id": "S-elsewhere"},
    "told_exit": {"additional_entry": "entry-elsewhere", "group": ReportGroup.EXIT_NSO.value},
}
"""What another case or the report tells a case whose person is known."""
AT: dict[str, list[str]] = {change: list(WAITS) for change in CHANGES} | dict.fromkeys(ELSEWHERE, PERSONS)
"""Each kind of change at every waiting point."""
COMBINED = [(wait, change) for change, waits in AT.items() for wait in waits]


@dataclass
class Seen:
    """What a case was before and after a change."""

    advisor: Advisor
    kinds: set[str] = field(default_factory=set)
    rows: dict[str, int] = field(default_factory=dict)
    code: str | None = None
    stood: frozenset[tuple[str, int]] = frozenset()
    view: CaseView | Said | None = None
    after: dict[str, int] = field(default_factory=dict)
    code_after: str | None = None


Moved = dict[tuple[str, str], Seen | BaseException]


@pytest.fixture(scope="module")
async def shared_house(
    cluster: EmbeddedPostgres, migrated_template: str, server: WorkflowEnvironment, keys: KeyRing
) -> AsyncIterator[House]:
    """A house with a gateway that takes the T-441."""
    async with shared_office(cluster, migrated_template, server, keys) as office:
        yield office.house


@pytest.fixture(scope="module")
async def moved(shared_house: House) -> Moved:
    """Each combination on a person of its own, all in one week."""
    people: list[Person] = []
    for number, (wait, _) in enumerate(COMBINED):
        people.append(somebody(number, live=WAITS[wait].get("live", False)))
        if before := WAITS[wait].get("before"):
            await hold(shared_house.database, people[-1].ref, before)
    right = {wait: somebody(500 + number) for number, wait in enumerate(WAITS)}
    slots = asyncio.Semaphore(16)

    async def in_turn(story: Coroutine[Any, Any, Seen]) -> Seen:
        async with slots:
            return await story

    with watching() as waits:
        advisors = (await reported(shared_house, *people, *right.values()))[: len(COMBINED)]
        stories = [
            in_turn(_interrupt(shared_house, one, wait, change, right[wait].ref, waits))
            for one, (wait, change) in zip(advisors, COMBINED, strict=True)
        ]
        return dict(zip(COMBINED, await asyncio.gather(*stories, return_exceptions=True), strict=True))


async def _interrupt(
    house: House, one: Advisor, wait: str, change: str, right: str, waits: dict[str, Any]
) -> Seen:
    one.outcome = WAITS[wait].get("outcome", one.outcome)
    one.said = WAITS[wait].get("said", one.said)
    if wait == "corrections_unreachable":
        await one.walk(until="phone_corrections")
        long_ago = (await house.now() - timedelta(days=30)).isoformat()
        await one.call(None, started_at=long_ago, ended_at=long_ago)
        await house.task(one.case_id, wait)
    elif wait == "sent":
        await one.walk(until="send_t441")
        await house.answer(one.case_id, "send_t441", dict(CONTACT), facts=SEND_FACTS)
        await eventually(lambda: _clock_runs(house, one.case_id), "no clock was set")
    else:
        await one.walk(until=wait)
    seen = Seen(one, await house.open_kinds(one.case_id), await counts(house, one.case_id))
    seen.code, seen.stood = await house.code(one.person.ref), waits[one.case_id]
    if change in ELSEWHERE:
        told = ELSEWHERE[change] | {"said_at": (await house.now()).isoformat()}
        assert await RunningCases(house.client).tell(one.case_id, told)
        return seen
    kind, body = CHANGES[change]
    if kind in ("corrections_says", "correct_link"):
        body = body | {"said_at": (await house.now()).isoformat()}
    if change == "right_person":
        body = body | {"person_ref": right}
    try:
        seen.view = await house.change(one.case_id, kind, body)
    except Said as said:
        seen.view = said
    seen.after, seen.code_after = await counts(house, one.case_id), await house.code(one.person.ref)
    return seen


async def _clock_runs(house: House, case_id: str) -> bool | None:
    return True if (await house.case(case_id)).state["exchange"]["clock"] else None


def _seen(moved: Moved, wait: str, change: str) -> Seen:
    seen = moved[wait, change]
    if isinstance(seen, BaseException):
        raise seen
    for table, number in (seen.rows if seen.after else {}).items():
        assert seen.after[table] >= number, f"{table} lost rows"
    return seen


def _claimed(change: str, *ids: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize(
        ("wait", "change"),
        [
            pytest.param(wait, kind, marks=pytest.mark.req(*ids), id=f"{wait}-{kind}")
            for kind in change.split()
            for wait in AT[kind]
        ],
    )


@_claimed("withdraw died", "AMB-X-6", "AMB-X-13")
async def test_1_the_case_ends_and_the_assessment_stays(
    moved: Moved, shared_house: House, wait: str, change: str
) -> None:
    seen = _seen(moved, wait, change)
    outcome = {"withdraw": "withdrawn", "died": "died"}[change]
    assert isinstance(seen.view, CaseView)
    assert (seen.view.outcome, seen.view.open_tasks) == (outcome, [])
    assert seen.code_after == seen.code
    case_id = seen.advisor.case_id
    assert (await shared_house.closed(case_id)).outcome == outcome
    async with shared_house.database.transaction() as session:
        tasks = (await session.scalars(select(Task).where(Task.case_id == case_id))).all()
        entry = (await session.scalars(select(ReportEntry).where(ReportEntry.case_id == case_id))).one()
    assert {task.kind for task in tasks if task.state == "cancelled"} == seen.kinds
    assert all(task.closing_reason for task in tasks if task.state == "cancelled")
    assert entry.outcome == outcome


@_claimed("says_cso says_nso says_neither", "OV-2", "AMB-P1-22", "AMB-P1-7", "P1.S5.1")
async def test_1_5_corrections_new_word_moves_the_case_to_step_5(
    moved: Moved, shared_house: House, wait: str, change: str
) -> None:
    seen = _seen(moved, wait, change)
    if wait in WITHOUT_PERSON:
        assert isinstance(seen.view, Said)
        assert seen.view.rule == "P1.S2.1"
        assert seen.after == seen.rows
        return
    assert isinstance(seen.view, CaseView)
    kinds = {task.kind for task in seen.view.open_tasks}
    goes_on = {"before_t441_questions": {wait}, "send_t441": {wait}, "sent": set(), "final_questions": {wait}}
    expected = {
        "says_cso": goes_on.get(wait, {"live_record"}),
        "says_nso": {"nso_questions"},
        "says_neither": {"invalid_questions"},
    }
    if change == "says_cso" and wait in ("nso_questions", "invalid_questions"):
        assert kinds in ({"live_record"}, {"final_questions"})
    else:
        assert kinds == expected[change]
    held = seen.code or "D1P/PEN"
    pending = f"{held[:2]}P/PEN"
    assert seen.code_after == {"says_cso": "D1P/PEN", "says_nso": "D2P/PEN", "says_neither": pending}[change]
    assert seen.after["confirmation"] == seen.rows["confirmation"] + 1


@_claimed("right_person no_person", "TR-15", "AMB-X-6")
async def test_1_2_a_wrong_link_is_corrected(
    moved: Moved, shared_house: House, wait: str, change: str
) -> None:
    seen = _seen(moved, wait, change)
    if wait in WITHOUT_PERSON:
        assert isinstance(seen.view, Said)
        assert seen.view.rule == "TR-15"
        return
    assert isinstance(seen.view, CaseView)
    pending = (seen.code or "").endswith("/PEN") and not WAITS[wait].get("before", "").endswith("/CUR")
    assert seen.code_after == (None if pending else seen.code)
    rules = await shared_house.rules(seen.advisor.person.ref)
    assert ("TR-15" in rules) == pending
    case = await shared_house.case(seen.advisor.case_id)
    if change == "no_person":
        assert (seen.view.outcome, seen.view.open_tasks) == ("no match", [])
        assert case.closed_at
    else:
        assert [task.kind for task in seen.view.open_tasks] == ["first_question"]
        assert case.person_ref
        assert case.person_ref != seen.advisor.person.ref


@_claimed("still_considered vacated", "P1.S6.N2", "P1.S6.N3", "TR-17", "TR-18", "AMB-P1-21")
async def test_1_6_vacating_never_moves_a_code(
    moved: Moved, shared_house: House, wait: str, change: str
) -> None:
    seen = _seen(moved, wait, change)
    if wait in WITHOUT_PERSON:
        assert isinstance(seen.view, Said)
        assert seen.view.rule == "P1.S2.1"
        return
    assert isinstance(seen.view, CaseView)
    assert seen.code_after == seen.code
    assert seen.after["assessment_version"] == seen.rows["assessment_version"]
    kinds = {task.kind for task in seen.view.open_tasks}
    if wait in DISCLOSING and change == "vacated":
        assert kinds == {"final_questions"}
    else:
        assert kinds == seen.kinds


@_claimed("told_nso told_exit", "AMB-X-4", "AMB-X-6")
async def test_1_4_what_is_said_elsewhere_moves_the_case(
    moved: Moved, shared_house: House, wait: str, change: str
) -> None:
    seen = _seen(moved, wait, change)
    kind = {"told_nso": "nso_questions", "told_exit": "phone_corrections"}[change]
    await shared_house.task(seen.advisor.case_id, kind)
    kept = {"send_t441"} if change == "told_exit" and wait == "send_t441" else set()
    assert await shared_house.open_kinds(seen.advisor.case_id) == {kind} | kept
    assert (await shared_house.case(seen.advisor.case_id)).closed_at is None


@pytest.mark.req("AMB-X-6", "NFR-1")
def test_1_no_waiting_point_is_left_out(moved: Moved) -> None:
    stood = [seen.stood for seen in moved.values() if isinstance(seen, Seen)]
    assert unvisited(waits_of("identify", "identify_changes", "identify_outcome", "calling"), stood) == []
    opened = set[str]().union(*(seen.kinds for seen in moved.values() if isinstance(seen, Seen)))
    assert {answer.kind for answer in identify.ANSWERS} <= opened


@pytest.mark.req("AMB-X-6")
def test_1_no_interruption_is_left_out() -> None:
    known = {kind for kind, change in changes.CHANGES.items() if Procedure.IDENTIFY in change.known_to}
    # What concerns a form that is out is tried where one is out: `test_form_exchange.py`.
    of_the_form = {"wrong_recipient", "extend_deadline", "recalculate_deadline"}
    assert known - {kind for kind, _ in CHANGES.values()} == of_the_form
