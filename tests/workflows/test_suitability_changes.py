"""Procedure 2: every interruption at every waiting point, and what the report or another case of the person says."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from temporalio.testing import WorkflowEnvironment

from activities.deadlines import Deadlines
from activities.duties import due_reviews
from activities.running_cases import RunningCases
from activities.tidings import Tidings
from adapters.keys import KeyRing
from models.tables.case import CaseRecord
from models.tables.duty import Tiding
from models.tables.mail import Clock
from procedures import check_suitability, form_exchange
from procedures.changes import CHANGES
from procedures.terms import Procedure
from tests.workflows.driving import somebody
from tests.workflows.gateway import CONTACT
from tests.workflows.home_points import (
    ANSWERED,
    CLOCK_RUNS,
    MAIL_OUT,
    OPENS,
    POINTS,
    is_paused,
    reviewing,
    sending,
    supporting,
)
from tests.workflows.running import Said, eventually
from tests.workflows.suitability import Home, Office, shared_office
from tests.workflows.waits import Seen, unvisited, waits_of, watching
from tests.workflows.watching import review, watch_of

SAYS = {"said_by": "Sam Contact", "office": "Harbourview", "note": "Told on the phone."}


@dataclass(frozen=True)
class Interruption:
    """A change, how the case ends by it (None: it goes on), and at which points it is refused, by which rule."""

    kind: str
    change: dict[str, Any]
    ends: str | None
    follows: str | None = None
    applies_at: frozenset[str] = frozenset(POINTS)
    refused_by: str = ""
    claims: tuple[str, ...] = ()
    name: str = ""
    told: bool = False
    """Another case or the report brings it, not a person."""


INTERRUPTIONS = [
    Interruption(
        "status_said", {"status_said": "NSO"}, "ceased_nso", claims=("AMB-X-4",), name="told_nso", told=True
    ),
    Interruption(
        "exit_entry", {"exit_entry": "entry"}, None, claims=("AMB-X-5",), name="told_exit", told=True
    ),
    Interruption("withdraw", {"reason": "opened twice"}, "withdrawn", claims=("AMB-X-6",)),
    Interruption("died", {"note": "told by the family"}, "died", claims=("AMB-X-13",)),
    Interruption(
        "corrections_says",
        SAYS | {"said": "NSO"},
        "ceased_nso",
        "identify",
        claims=("AMB-P2-10", "AMB-X-4"),
        name="nso",
    ),
    Interruption(
        "corrections_says", SAYS | {"said": "neither"}, "ceased_not_this_person", "identify", name="neither"
    ),
    Interruption("corrections_says", SAYS | {"said": "CSO"}, None, name="cso"),
    Interruption(
        "vacated",
        {"reason": "gave the home back", "still_considered": False},
        "ceased_vacated",
        "disclose_change",
        claims=("AMB-P2-11", "P2.F4"),
    ),
    Interruption(
        "moved_home",
        {"reason": "exchanged homes"},
        "moved",
        "check_suitability",
        claims=("AMB-P2-12", "P2.F4"),
    ),
    Interruption("considered_for_void", {"note": "the transfer list has a home"}, None, "match_void"),
    Interruption(
        "linked_in_error", {"reason": "another person"}, "recorded_in_error", "identify", claims=("AMB-X-6",)
    ),
    Interruption(
        "wrong_recipient",
        {"note": "another office"},
        None,
        None,
        frozenset(MAIL_OUT),
        "AMB-X-7",
        ("AMB-X-7",),
    ),
    Interruption(
        "extend_deadline",
        {"working_days": 8, "reason": "office closed"},
        None,
        None,
        frozenset(CLOCK_RUNS),
        "NFR-4",
        ("NFR-4",),
    ),
    Interruption(
        "recalculate_deadline", {"reason": "a new closure"}, None, None, frozenset(CLOCK_RUNS), "NFR-4"
    ),
    Interruption(
        "go_back",
        {"to_step": "2.2", "asked_by": "Aroha Example", "reason": "read wrongly"},
        None,
        None,
        frozenset(ANSWERED),
        "AMB-X-6",
        ("AMB-X-6",),
    ),
    Interruption(
        "correct_link",
        {
            "reason": "wrong",
            "asked_by": "Aroha Example",
            "said_by": "Sam Contact",
            "office": "Harbourview",
            "no_person_reason": "nobody",
        },
        None,
        None,
        frozenset(),
        "AMB-X-6",
    ),
    Interruption("property_gone", {"what": "let", "note": "let"}, None, None, frozenset(), "AMB-X-6"),
]
MATRIX = {f"{point}-{one.name or one.kind}": (point, one) for point in POINTS for one in INTERRUPTIONS}
PEOPLE = {name: somebody(100 + n, live=True) for n, name in enumerate(MATRIX)}
WALKERS = [somebody(50 + n, live=True) for n in range(len(POINTS))]
OTHERS = [somebody(n, live=True) for n in range(20)]


@dataclass
class Result:
    """One pair: where the case stood, what it said, and what is open afterwards."""

    home: Home
    open_before: set[str]
    stood: frozenset[tuple[str, int]]
    refused: BaseException | None = None


@pytest.fixture(scope="module")
async def office(
    cluster: Any, migrated_template: str, server: WorkflowEnvironment, keys: KeyRing
) -> AsyncIterator[Office]:
    """A running house with one person for each pair."""
    everybody = [*PEOPLE.values(), *WALKERS, *OTHERS]
    async with shared_office(cluster, migrated_template, server, keys, *everybody) as office:
        yield office


@pytest.fixture(scope="module")
async def results(office: Office) -> dict[str, Result]:
    """Every pair, a few at a time: each point is walked to once, its cases go on from the record, then interrupted."""
    gate = asyncio.Semaphore(8)
    walked: dict[str, Home] = {}
    for point, person in zip(POINTS, WALKERS, strict=True):
        walked[point] = await office.begin(person)
        await POINTS[point](walked[point])
    with watching() as seen:

        async def one(name: str) -> Result:
            async with gate:
                return await _interrupted(walked[MATRIX[name][0]], name, seen)

        return dict(zip(MATRIX, await asyncio.gather(*map(one, MATRIX)), strict=True))


async def _interrupted(walked: Home, name: str, seen: Seen) -> Result:
    point, interruption = MATRIX[name]
    home = await walked.office.copy(walked, PEOPLE[name])
    opened = await eventually(lambda: _waits(home, seen, OPENS.get(point, ())), f"{point}: it does not wait")
    result = Result(home, opened, seen[home.case_id])
    if interruption.told:
        await home.tell(interruption.change)
        return result
    change = dict(interruption.change)
    if interruption.kind in ("corrections_says", "correct_link"):
        change["said_at"] = (await home.house.now()).isoformat()
    if interruption.kind == "wrong_recipient":
        state = (await home.house.case(home.case_id)).state
        change["mail_id"] = state["exchange"]["mail_id"] or "none"
    try:
        await home.change(interruption.kind, change)
    except Said as refused:
        result.refused = refused
    return result


async def _waits(home: Home, seen: Seen, wanted: Iterable[str]) -> set[str] | None:
    """Kinds of its open tasks, once these are among them; a case that goes on has no rows of the earlier ones."""
    kinds = {task.kind for task in (await home.house.view(home.case_id)).open_tasks}
    return kinds if home.case_id in seen and kinds.issuperset(wanted) else None


@pytest.mark.req("AMB-X-6", "NFR-1")
async def test_2_no_waiting_point_and_no_kind_of_task_is_left_out(results: dict[str, Result]) -> None:
    stood = [result.stood for result in results.values()]
    assert unvisited(waits_of("check_suitability", "suitability_changes"), stood) == []
    asked = {answer.kind for answer in (*check_suitability.ANSWERS, *form_exchange.ANSWERS)}
    opened = set[str]().union(*(result.open_before for result in results.values()))
    # The T-441 is procedure 1's; a mail that waits for the gateway stands at the wait of a mail that was taken.
    assert asked - opened == {"send_t441", "mail_waiting"}


@pytest.mark.req("AMB-X-6")
def test_2_no_interruption_is_left_out() -> None:
    known = {kind for kind, change in CHANGES.items() if Procedure.CHECK_SUITABILITY in change.known_to}
    assert known <= {one.kind for one in INTERRUPTIONS if not one.told}


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=pytest.mark.req("AMB-X-6", *MATRIX[name][1].claims)) for name in MATRIX],
)
async def test_2_2_every_interruption_at_every_waiting_point(
    office: Office, results: dict[str, Result], name: str
) -> None:
    point, interruption = MATRIX[name]
    home, refused = results[name].home, results[name].refused
    if point not in interruption.applies_at:
        assert isinstance(refused, Said)
        assert refused.rule == interruption.refused_by
        assert (await home.house.case(home.case_id)).closed_at is None
        return
    assert refused is None
    if interruption.name == "told_exit":
        assert await eventually(lambda: is_paused(home), "the case did not pause")
    if interruption.ends is None:
        assert (await home.house.case(home.case_id)).closed_at is None
        if interruption.follows:
            await office.follower(home.case_id, interruption.follows)
        return
    case = await home.house.closed(home.case_id)
    assert case.outcome == interruption.ends
    await _nothing_is_left(home)
    if interruption.follows:
        await office.follower(home.case_id, interruption.follows)
    if interruption.ends in ("died", "withdrawn", "ceased_vacated", "moved"):
        assert await home.house.code(home.person.ref) == "D1/CUR"


async def _nothing_is_left(home: Home) -> None:
    """No task, no unsent mail, no running clock; what was recorded is still there."""
    assert await home.house.open_kinds(home.case_id) == set()
    async with home.office.databases.worker.transaction() as session:
        clocks = await session.scalars(
            select(Clock).where(Clock.case_id == home.case_id, Clock.stopped_at.is_(None))
        )
        assert clocks.all() == []
    assert [mail for mail in await home.mails() if mail.state in ("waiting", "sending")] == []


# -- another case of the person, and the report ---------------------------------------------------------------


@pytest.mark.req("AMB-X-5", "AMB-X-4", "P1.S5.b")
async def test_2_2_an_exit_entry_pauses_and_corrections_word_ceases(office: Office) -> None:
    person = OTHERS[0]
    home = await office.begin(person)
    await sending(home)
    advisor = await office.report(person, "Exit NSO")
    advisor.said = "NSO"
    await advisor.walk(until="phone_corrections")
    await eventually(lambda: is_paused(home), "the case did not pause")
    assert await home.house.open_kinds(home.case_id) == set()
    assert await home.notices() == ["paused_call_corrections"]
    assert await home.house.code(person.ref) == "D1/CUR"
    await advisor.answer("phone_corrections")
    assert (await home.house.closed(home.case_id)).outcome == "ceased_nso"
    assert (await advisor.walk()).outcome == "D2"
    assert await home.house.code(person.ref) == "D2/CUR"
    assert await home.mails() == []


@pytest.mark.req("AMB-X-5", "TR-10")
async def test_2_2_a_confirmed_order_ends_the_pause_and_the_due_date_is_unchanged(office: Office) -> None:
    person = OTHERS[1]
    home = await office.begin(person)
    await home.send()
    due = (await home.clock())["due_at"]
    advisor = await office.report(person, "Exit NSO")
    await advisor.walk(until="phone_corrections")
    await eventually(lambda: is_paused(home), "the case did not pause")
    assert (await home.clock())["due_at"] == due
    await advisor.answer("phone_corrections")
    await eventually(lambda: _goes_on(home), "the pause did not end")
    assert (await home.clock())["due_at"] == due
    assert await home.house.code(person.ref) == "D1P/PEN"
    await home.corrections_says()
    answer = {"answers": {"corrections_answer": "suitable"}, "comment": "As Corrections wrote."}
    with pytest.raises(Said) as refused:
        await home.answer("location_outcome", answer, {"code": "D1P", "status": "PEN"})
    assert refused.value.rule == "P2.S4.4"


async def _goes_on(home: Home) -> bool | None:
    return True if await is_paused(home) is None else None


@pytest.mark.req("AMB-X-5")
async def test_2_1_paused_nothing_new_is_disclosed(office: Office) -> None:
    home = await office.begin(OTHERS[2])
    task = await home.house.task(home.case_id, "send_t439")
    await home.tell({"exit_entry": "entry-exit"})
    await eventually(lambda: is_paused(home), "the case did not pause")
    assert (await home.house.view(home.case_id)).open_tasks == []
    assert task.state == "open"
    await home.tell({"status_said": "CSO"})
    await eventually(lambda: _goes_on(home), "the pause did not end")
    await home.send()


@pytest.mark.req("AMB-X-4")
async def test_2_2_what_corrections_says_here_reaches_an_open_case_of_procedure_1(office: Office) -> None:
    person = OTHERS[3]
    home = await office.begin(person)
    await home.send()
    advisor = await office.report(person)
    await advisor.walk(until="phone_corrections")
    now = await office.house.now()
    await home.change("corrections_says", SAYS | {"said": "NSO", "said_at": now.isoformat()})
    assert (await home.house.closed(home.case_id)).outcome == "ceased_nso"
    await office.house.task(advisor.case_id, "nso_questions")
    assert await office.house.code(person.ref) == "D2P/PEN"
    assert len(await office.cases_of(person, "identify")) == 1
    assert (await advisor.walk()).outcome == "D2"


@pytest.mark.req("AMB-X-4")
async def test_2_2_a_tiding_that_nobody_could_take_is_told_until_it_is(office: Office) -> None:
    home = await office.begin(OTHERS[4])
    await home.send()
    tidings = Tidings(office.databases.worker, RunningCases(office.house.client))
    now = await office.house.now()
    async with office.databases.worker.transaction() as session:
        lost = CaseRecord(
            case_id="C-LOST",
            procedure="identify",
            edition="test",
            region="harbourview",
            person_ref=home.person.ref,
            step="1.4",
            waiting_for="nobody",
            turn=1,
            state={},
            opened_at=now,
        )
        session.add(lost)
        await session.flush()
        for number, case_id in enumerate((home.case_id, "C-LOST")):
            session.add(
                Tiding(
                    tiding_id=f"news/{number}",
                    from_case_id="C-OTHER",
                    case_id=case_id,
                    what={"status_said": "NSO"},
                    written_at=now,
                )
            )
    assert await tidings.tell_waiting(now) == 1
    assert (await home.house.closed(home.case_id)).outcome == "ceased_nso"
    async with office.databases.worker.transaction() as session:
        waiting = await session.get_one(Tiding, "news/1")
        assert waiting.told_at is None
        lost = await session.get_one(CaseRecord, "C-LOST")
        lost.closed_at = now
    assert await tidings.tell_waiting(now) == 1
    async with office.databases.worker.transaction() as session:
        assert (await session.get_one(Tiding, "news/1")).outcome == "ended"


@pytest.mark.req("AMB-P1-16", "P2.W2")
async def test_1_7_a_second_entry_opens_no_second_case_of_procedure_2(office: Office) -> None:
    person = OTHERS[5]
    home = await office.begin(person)
    await home.send()
    advisor = await office.report(person)
    await advisor.walk(until="send_t441")
    await office.house.answer(
        advisor.case_id, "send_t441", dict(CONTACT), facts={"contact_unchanged": True, "refusals": []}
    )
    identified = Home(office, advisor.case_id, person)
    await identified.bring_back()
    returned = {
        "order_status": "CSO",
        "match_circumstances": "None.",
        "locality_information": "None.",
        "risk_rating_information": "None.",
        "completed_by": "Sam Contact",
        "completed_on": "2026-12-14",
    }
    await identified.answer("review_return", {"verdict": "complete", "returned": returned})
    assert (await advisor.walk()).outcome == "D1"
    assert [case.case_id for case in await office.cases_of(person, "check_suitability")] == [home.case_id]


# -- the watch over a move ----------------------------------------------------------------------------------------


@pytest.mark.req("AMB-P2-5")
async def test_2_3_the_review_comes_again_until_corrections_says_suitable(office: Office) -> None:
    home = await office.begin(OTHERS[6])
    first = home.case_id
    await reviewing(home)
    view = await home.answer("review_move", {"outcome": "still_living_there", "note": "Viewed two homes."})
    assert view.outcome == "still_living_there"
    await home.house.closed(home.case_id)
    watch = await watch_of(home)
    assert (watch.watch_id, watch.ended_at, watch.review_case_id) == (first, None, None)
    await review(home)
    assert home.case_id == f"{first}-R2"
    await home.answer(
        "review_move", {"outcome": "ask_corrections_again", "note": "The household has changed."}
    )
    await home.send()
    await home.corrections_says()
    assert (await home.outcome()).outcome == "suitable"
    await home.house.closed(home.case_id)
    assert (await watch_of(home)).ended_because == "found suitable"


@pytest.mark.req("AMB-P2-5", "P2.F4")
async def test_2_3_a_move_found_at_the_review_is_told_and_ends_the_watch(office: Office) -> None:
    home = await office.begin(OTHERS[7])
    await reviewing(home)
    moved = {"outcome": "moved", "moved_to": "elsewhere", "note": "Moved to a private rental."}
    view = await home.answer("review_move", moved)
    assert view.outcome == "ceased_vacated"
    duty = await office.follower(home.case_id, "disclose_change")
    assert duty.state["kind"] == "accommodation_change"
    await home.house.closed(home.case_id)
    assert (await watch_of(home)).ended_at


@pytest.mark.req("AMB-P2-5")
async def test_2_3_an_unanswered_review_is_reminded_of_and_none_begins_twice(office: Office) -> None:
    home = await office.begin(OTHERS[8])
    await reviewing(home)
    case_id = home.case_id
    arguments = (
        office.databases.worker,
        RunningCases(office.house.client),
        Deadlines(office.databases.worker),
    )
    later = await office.house.now() + timedelta(days=90)
    assert await due_reviews(*arguments, later) == 0
    await due_reviews(*arguments, later + timedelta(days=90))
    assert (await watch_of(home)).review_case_id == case_id

    async def reminded() -> bool | None:
        return True if "move_review_unanswered" in await home.notices() else None

    await eventually(reminded, "nobody was reminded")


@pytest.mark.req("AMB-P2-5")
async def test_2_3_the_watch_ends_with_the_order(office: Office) -> None:
    home = await office.begin(OTHERS[9])
    await supporting(home)
    await home.support()
    await home.outcome("not_suitable")
    await home.house.closed(home.case_id)
    advisor = await office.report(home.person, "Exit NSO")
    advisor.said = "NSO"
    assert (await advisor.walk()).outcome == "D2"
    await due_reviews(
        office.databases.worker,
        RunningCases(office.house.client),
        Deadlines(office.databases.worker),
        await office.house.now() + timedelta(days=90),
    )
    watch = await watch_of(home)
    assert (watch.ended_because, watch.review_case_id) == ("the order ended", None)
