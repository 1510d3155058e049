"""Every interruption at every waiting point of procedures 3 and 4; each case is begun there from the record."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from sqlalchemy import update
from temporalio.testing import WorkflowEnvironment

from adapters.keys import KeyRing
from models.tables.assessment import Assessment
from models.tables.mail import SecureMessage
from models.tables.placement import PropertyHold, Viewing, VoidMatch
from procedures import form_exchange, match_void, offer
from procedures.changes import CHANGES
from procedures.terms import Procedure
from tests.workflows.cloning import Template, at_once
from tests.workflows.people import Person
from tests.workflows.placement import Placer, applicant, file_now, offer_said
from tests.workflows.placement_points import POINTS, ROUTES, Point, along, recorded
from tests.workflows.running import Said, eventually
from tests.workflows.suitability import Office, shared_office
from tests.workflows.waits import Seen, unvisited, waits_of, watching
from workers.embedded.postgres import EmbeddedPostgres

WITHDRAWN, CEASED, DIED = "withdrawn", "ceased_nso", "died"


@dataclass(frozen=True)
class Interruption:
    """What happens, and how the case ends by it; None: it goes on."""

    name: str
    ends: str | None
    claims: tuple[str, ...]
    change: str | None = None
    body: Mapping[str, Any] = field(default_factory=dict)
    told: Mapping[str, Any] = field(default_factory=dict)
    questions: bool = True


SAYS = {"said_by": "Sam Contact", "office": "Harbourview", "note": "By phone."}
INTERRUPTIONS = [
    Interruption("says_cso", None, ("AMB-X-4",), "corrections_says", {"said": "CSO"} | SAYS),
    Interruption("says_nso", CEASED, ("AMB-X-4", "AMB-P3-10", "AMB-P4-7"), "corrections_says", {"said": "NSO"} | SAYS),
    Interruption(
        "says_neither", "ceased_not_this_person", ("AMB-X-4",), "corrections_says", {"said": "neither"} | SAYS
    ),
    Interruption("told_nso", CEASED, ("AMB-X-4", "AMB-P4-7"), told={"status_said": "NSO"}),
    Interruption("exit_entry", None, ("AMB-X-5",), told={"exit_entry": "entry-1"}),
    Interruption("property_gone", WITHDRAWN, ("AMB-P3-15",), "property_gone", {"what": "let", "note": "Let."}),
    Interruption("told_gone", WITHDRAWN, ("AMB-P3-15",), told={"property_gone": "withdrawn"}),
    Interruption("match_withdrawn", WITHDRAWN, ("P3.X2",), "match_withdrawn", {"reason": "Entered twice."}),
    Interruption(
        "application_withdrawn", WITHDRAWN, ("AMB-P3-16",), "application_withdrawn", {"reason": "Withdrew."},
        questions=False,
    ),
    Interruption(
        "left", WITHDRAWN, ("AMB-P3-16",), "vacated", {"reason": "Prison.", "still_considered": False},
        questions=False,
    ),
    Interruption("moved", None, ("AMB-P3-16",), "vacated", {"reason": "Moved.", "still_considered": True}),
    Interruption("died", DIED, ("AMB-X-13",), "died", {"note": "Died."}),
    Interruption("approval_taken_back", WITHDRAWN, ("AMB-P4-5",), "approval_taken_back", {"said_by": "S", "reason": "r"}),
    Interruption("withdrawn", WITHDRAWN, ("AMB-X-6",), "withdraw", {"reason": "Opened in error."}, questions=False),
    Interruption("wrong_person", WITHDRAWN, ("AMB-X-6",), "linked_in_error", {"reason": "Another person."}, questions=False),
    Interruption("told_code", None, ("P3.W1",), told={"code_now": "D1"}),
    Interruption("wrong_recipient", None, ("AMB-X-7",), "wrong_recipient", {"note": "Other office."}),
    Interruption("extended", None, ("NFR-4",), "extend_deadline", {"working_days": 9, "reason": "Closed."}),
    Interruption("counted_again", None, ("NFR-4",), "recalculate_deadline", {"reason": "A new closure."}),
    Interruption("another_home", None, ("AMB-X-6",), "moved_home", {"reason": "Exchanged homes."}),
]  # fmt: skip


CLOCK_RUNS = ("chased", "held")
COUNTED_ANEW = ("extended", "counted_again")
ABOUT_THE_FORM = ("wrong_recipient", *COUNTED_ANEW)


def refused_there(point: Point, what: Interruption) -> str | None:
    """The rule that refuses it there."""
    match what.name:
        case "approval_taken_back" if not point.approved:
            return "AMB-P4-5"
        case "wrong_recipient" if point.name not in CLOCK_RUNS:
            return "AMB-X-7"
        case name if name in COUNTED_ANEW and point.name not in CLOCK_RUNS:
            return "NFR-4"
        case "another_home":
            return "AMB-X-6"
        case _:
            return None


def goes_on(point: Point, what: Interruption) -> bool:
    """A case that is ending already is ended otherwise only by the end of the order or a death."""
    if what.ends is None:
        return True
    if what.name == "told_gone" and point.accepted:
        return True
    return point.ending and what.ends == WITHDRAWN


def asked_after(point: Point, what: Interruption) -> set[str]:
    """The tasks that are open once the interruption is taken, when it ends the case."""
    paper = {"settle_paper"} if point.paper else set()
    if what.ends != WITHDRAWN:
        return paper
    if point.offer:
        held = {"sign_up_held"} if point.accepted and what.name == "approval_taken_back" else set()
        return {"enter_offer_outcome", "tell_corrections"} | held
    tell = {"tell_corrections"} if point.agreed else set()
    questions = {"withdrawal_questions"} if what.questions else set()
    incident = {"privacy_incident"} & point.opens
    return {"enter_withdrawn"} | tell | questions | paper | incident


def in_letters(number: int) -> str:
    """A name for a number: surnames have no digits."""
    return "".join(chr(ord("a") + int(digit)) for digit in f"{number:04d}")


CELLS = [(point, what) for point in POINTS for what in INTERRUPTIONS]
PEOPLE = {
    (point.name, what.name): applicant(f"x{in_letters(number)}") for number, (point, what) in enumerate(CELLS)
}
FIRST: dict[str, Person] = {route: applicant(f"first{route}") for route in ROUTES}


@pytest.fixture(scope="module")
async def office(
    cluster: EmbeddedPostgres, migrated_template: str, server: WorkflowEnvironment, keys: KeyRing
) -> AsyncIterator[Office]:
    """One house for the whole matrix."""
    everybody = (*PEOPLE.values(), *FIRST.values())
    async with shared_office(cluster, migrated_template, server, keys, *everybody) as office:
        yield office


@dataclass
class Cell:
    """One cell of the matrix, after the interruption and after the end."""

    placer: Placer
    stood: frozenset[tuple[str, int]]
    before: set[str]
    refused: str | None
    after: set[str]
    outcome: str | None
    paused: bool = False


@dataclass
class Matrix:
    """Every cell, and where the cases stood that were walked to the points."""

    cells: dict[tuple[str, str], Any]
    walked: list[frozenset[tuple[str, int]]]


@pytest.fixture(scope="module")
async def seen(office: Office) -> Matrix:
    """The whole matrix."""
    templates: dict[str, Template] = {}
    with watching() as waits:
        for held in await asyncio.gather(*(along(office, route, FIRST[route], waits) for route in FIRST)):
            templates |= held
        walked = [found.stood for found in templates.values()]
        templates |= recorded(templates)
        groups = [group for point in POINTS for group in in_turn(point)]
        told = await at_once(8, *(one_cell(office, templates, waits, *group) for group in groups))
    cells: dict[tuple[str, str], Any] = {}
    for (point, *happening), found in zip(groups, told, strict=True):
        for number, what in enumerate(happening):
            cells[point.name, what.name] = found if isinstance(found, BaseException) else found[number]
    return Matrix(cells, walked)


def in_turn(point: Point) -> list[tuple[Any, ...]]:
    """What happens to one case there: each that changes something to one of its own; a pause comes last."""
    harmless = [
        what
        for what in INTERRUPTIONS
        if refused_there(point, what) or (goes_on(point, what) and what.name not in ABOUT_THE_FORM)
    ]
    harmless.sort(key=lambda what: what.name == "exit_entry")
    others = [(point, what) for what in INTERRUPTIONS if what not in harmless]
    return [*others, (point, *harmless)]


async def stand(office: Office, placer: Placer, point: Point, waits: Seen) -> frozenset[tuple[str, int]]:
    """Where in the code the case waits, once everything that must be open there is open."""
    if point.name == "held":
        await office.house.task(placer.case_id, "unread_return")
        await placer.tell({"returned": f"r-{placer.case_id}", "documents": [], "received_at": None})
    for kind in point.opens:
        await office.house.task(placer.case_id, kind)

    async def waiting() -> frozenset[tuple[str, int]] | None:
        return waits.get(placer.case_id)

    return await eventually(waiting, f"{point.name}: it does not wait")


async def as_usual(office: Office, placer: Placer, point: Point) -> None:
    """What a case behind the point would wait for has come: the file, or the final code."""
    if point.name == "offer_filing":
        await file_now(office, f"{placer.case_id}-loose")
    if point.name == "offer_uncoded":
        async with office.databases.worker.transaction() as session:
            of_person = Assessment.person_ref == placer.person.ref
            await session.execute(update(Assessment).where(of_person).values(code="D1", status="CUR"))


async def one_cell(
    office: Office, templates: dict[str, Template], waits: Seen, point: Point, *happening: Interruption
) -> list[Cell]:
    """Begin there, interrupt, and answer whatever is asked until the case has ended or waits again as before.

    What changes nothing happens to the same case, one after the other.
    """
    person = PEOPLE[point.name, happening[0].name]
    placer = await templates[point.name].clone(office, person, f"V{person.ref}")
    stood = await stand(office, placer, point, waits)
    return [await one_interruption(office, placer, stood, point, what) for what in happening]


async def one_interruption(
    office: Office, placer: Placer, stood: frozenset[tuple[str, int]], point: Point, what: Interruption
) -> Cell:
    """One of them, to its end."""
    before = await office.house.open_kinds(placer.case_id)
    try:
        await interrupt(office, placer, what)
    except Said as said:
        return Cell(placer, stood, before, said.rule, await office.house.open_kinds(placer.case_id), None)
    if goes_on(point, what):
        after = await taken(office, placer, what)
        case = await office.house.case(placer.case_id)
        return Cell(placer, stood, before, None, after, case.outcome, case.state["paused"] is not None)
    wanted = asked_after(point, what)
    here = f"{point.name}, {what.name}"
    await eventually(lambda: open_now(office, placer, wanted), f"{here}: other tasks than {wanted}")
    if "sign_up_held" in wanted:
        await office.house.answer(placer.case_id, "sign_up_held", {"arranged": "Told."})
    placer.changed = {"enter_offer_outcome": {"outcome": "withdrawn"}} | offer_said("withdrawn")
    await as_usual(office, placer, point)
    view = await placer.walk()
    return Cell(placer, stood, before, None, wanted, view.outcome)


async def interrupt(office: Office, placer: Placer, what: Interruption) -> None:
    """Report it, or tell it as another case does."""
    if what.change is None:
        await placer.tell(dict(what.told))
        return
    body = dict(what.body)
    if what.change == "corrections_says":
        body["said_at"] = (await office.house.now()).isoformat()
    if what.change == "wrong_recipient":
        state = (await office.house.case(placer.case_id)).state
        body["mail_id"] = state["exchange"]["mail_id"] or "none"
    await placer.change(what.change, **body)


async def taken(office: Office, placer: Placer, what: Interruption) -> set[str]:
    """What is open after something that changes nothing; a pause shows in what the case then refuses."""
    if what.name == "exit_entry":
        role = ("advisor-placement", "paused_call_corrections")

        async def paused() -> bool | None:
            return True if role in await placer.notices() else None

        await eventually(paused, "the case did not pause")
    return await office.house.open_kinds(placer.case_id)


async def open_now(office: Office, placer: Placer, wanted: set[str]) -> bool | None:
    """True when exactly these are open, or the case has ended when nothing is wanted."""
    if not wanted:
        return True if (await office.house.case(placer.case_id)).closed_at else None
    return True if await office.house.open_kinds(placer.case_id) == wanted else None


@pytest.mark.parametrize(
    ("point", "what"),
    [
        pytest.param(point, what, marks=pytest.mark.req(*what.claims), id=f"{point.name}-{what.name}")
        for point, what in CELLS
    ],
)
async def test_3_and_4_interruption(office: Office, seen: Matrix, point: Point, what: Interruption) -> None:
    cell = seen.cells[point.name, what.name]
    if isinstance(cell, BaseException):
        raise cell
    assert point.opens <= cell.before
    if rule := refused_there(point, what):
        assert (cell.refused, cell.after) == (rule, cell.before)
        return
    assert cell.refused is None
    case = await office.house.case(cell.placer.case_id)
    if what.name == "wrong_recipient":  # its clock is void, and with it what only the clock had asked
        now = {"privacy_incident", "send_void_request"} | (cell.before & {"review_return"})
        assert (cell.after, case.closed_at) == (now, None)
        return
    if goes_on(point, what):
        # By a clock that was counted anew, and is not over, nothing lies unread for too long (AMB-P1-29).
        asked = cell.before - ({"unread_return"} if what.name in COUNTED_ANEW else set())
        assert (cell.after, case.closed_at) == (asked, None)
        assert cell.paused is (what.name == "exit_entry")
        return
    assert cell.outcome == what.ends
    base = Placer(office, case.case_id.partition("-")[0], cell.placer.person, "")
    matches = [match.outcome for match in await base.rows(VoidMatch)]
    assert matches == [what.ends] * point.matched
    assert all(hold.released_at for hold in await base.rows(PropertyHold))
    viewings = await base.rows(Viewing)
    assert all(v.state in ("held", "missed", "cancelled") for v in viewings)
    assert [m.state for m in await cell.placer.rows(SecureMessage) if m.state == "waiting"] == []
    notices = [kind for _, kind in await cell.placer.notices()]
    assert ("ordinary_matching" in notices) is (what.ends in (CEASED, "ceased_not_this_person"))


@pytest.mark.req("AMB-X-6", "NFR-1")
def test_3_and_4_no_waiting_point_and_no_kind_of_task_is_left_out(seen: Matrix) -> None:
    cells = [cell for cell in seen.cells.values() if isinstance(cell, Cell)]
    waits = waits_of(
        "match_void",
        "match_void_calls",
        "match_void_closing",
        "match_void_placing",
        "match_void_viewing",
        "offer",
        "offer_closing",
    )
    assert unvisited(waits, [*seen.walked, *(cell.stood for cell in cells)]) == []
    asked = {one.kind for one in (*match_void.ANSWERS, *offer.ANSWERS, *form_exchange.ANSWERS)}
    opened = set[str]().union(*(cell.before | cell.after for cell in cells))
    # The T-441 is procedure 1's; a mail that waits for the gateway stands at the wait of a mail that was taken.
    assert asked - opened == {"send_t441", "mail_waiting"}


@pytest.mark.req("AMB-X-6")
def test_3_and_4_no_interruption_is_left_out() -> None:
    placing = {Procedure.MATCH_VOID, Procedure.OFFER}
    known = {kind for kind, change in CHANGES.items() if placing & change.known_to}
    # Back to an earlier step is a step of its own: `test_3_6_a_mistake_goes_back_to_the_named_step`.
    assert known - {what.change for what in INTERRUPTIONS} == {"step_back"}
