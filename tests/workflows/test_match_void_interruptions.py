"""Every interruption at every waiting point of procedures 3 and 4; each case is begun there from the record."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from temporalio.testing import WorkflowEnvironment

from adapters.keys import KeyRing
from models.tables.mail import SecureMessage
from models.tables.placement import PropertyHold, Viewing, VoidMatch
from tests.workflows.cloning import Template, at_once, template
from tests.workflows.people import Person
from tests.workflows.placement import Placer, applicant, matched, offer_said
from tests.workflows.running import Said, eventually
from tests.workflows.suitability import Office, shared_office
from workers.embedded.postgres import EmbeddedPostgres

WITHDRAWN, CEASED, DIED = "withdrawn", "ceased_nso", "died"
NO_SLOT = {
    "starts_at": None,
    "with_corrections": None,
    "diaried": False,
    "no_slot_because": "Nobody can come.",
}
REFUSED = {
    "accepted": False, "outcome": "declined", "reason_kind": "own_refusal", "reason": "Too far.",
    "policy_reference": "CT-GDL-006",
}  # fmt: skip


@dataclass(frozen=True)
class Point:
    """Where a case waits. `until` is the task that is open there."""

    name: str
    until: str
    offer: bool = False
    agreed: bool = False
    paper: bool = False
    approved: bool = False
    accepted: bool = False
    ending: bool = False
    route: str = "straight"
    """Points of one route are passed one after the other by the same case."""
    changed: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


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


UNSUITABLE = {"weigh_match": {"view": "unsuitable"}}
NOT_ACCEPTED = {"persons_answer": REFUSED}
SAYS = {"said_by": "Sam Contact", "office": "Harbourview", "note": "By phone."}
POINTS = [
    Point("considering", "consider_match"),
    Point("weighing", "weigh_match"),
    Point("asking", "send_void_request", route="asking"),
    Point("phoning", "phone_about_property"),
    Point("booking", "book_viewing", agreed=True),
    Point("booked", "viewing_questions", agreed=True),
    Point("viewing", "record_viewing", agreed=True, paper=True),
    Point("signing", "record_part_b", agreed=True, paper=True),
    Point("approving", "pre_approval_questions", agreed=True, paper=True, approved=True),
    Point("deciding", "decide_after_failures", agreed=True, route="deciding", changed={"book_viewing": NO_SLOT}),
    Point("withdrawing", "enter_withdrawn", ending=True, route="withdrawing", changed=UNSUITABLE),
    Point("rating", "check_risk_rating", offer=True, approved=True),
    Point(
        "acting", "act_on_risk_rating", offer=True, approved=True, route="acting",
        changed={"check_risk_rating": {"rating": "high", "action": "update", "basis": "T-441"}},
    ),
    Point("offering", "make_offer", offer=True, approved=True),
    Point("showing", "show_property", offer=True, approved=True),
    Point("answering", "persons_answer", offer=True, approved=True),
    Point("accepting", "prepare_sign_up", offer=True, approved=True, accepted=True),
    Point(
        "refusing", "enter_offer_outcome", offer=True, approved=True, ending=True, route="refusing",
        changed=NOT_ACCEPTED,
    ),
    Point("closing", "offer_questions", offer=True, approved=True, accepted=True),
]  # fmt: skip
INTERRUPTIONS = [
    Interruption("says_cso", None, ("AMB-X-4",), "corrections_says", {"said": "CSO"} | SAYS),
    Interruption("says_nso", CEASED, ("AMB-X-4", "AMB-P3-10", "AMB-P4-7"), "corrections_says", {"said": "NSO"} | SAYS),
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
]  # fmt: skip


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
    return {"enter_withdrawn"} | tell | questions | paper


CELLS = [(point, what) for point in POINTS for what in INTERRUPTIONS]
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
PEOPLE = {
    (point.name, what.name): applicant(f"x{_LETTERS[n // 26]}{_LETTERS[n % 26]}")
    for n, (point, what) in enumerate(CELLS)
}
FIRST: dict[str, Person] = {point.route: applicant(f"first{point.route}") for point in POINTS}


@pytest.fixture(scope="module")
async def office(
    cluster: EmbeddedPostgres, migrated_template: str, server: WorkflowEnvironment, keys: KeyRing
) -> AsyncIterator[Office]:
    """One house for the whole matrix."""
    everybody = (*PEOPLE.values(), *FIRST.values())
    async with shared_office(cluster, migrated_template, server, keys, *everybody) as office:
        yield office


async def along(office: Office, route: str) -> dict[str, Template]:
    """One case that passes every point of the route as the document has it."""
    placer = await matched(office, FIRST[route], f"VF-{route}", t441=route != "asking")
    held: dict[str, Template] = {}
    for point in (point for point in POINTS if point.route == route):
        if point.offer and "-" not in placer.case_id:
            await placer.walk()
            placer = await placer.offer()
        placer.changed = {kind: dict(fields) for kind, fields in point.changed.items()}
        await placer.walk(until=point.until)
        held[point.name] = await template(placer, t441=route != "asking")
    return held


Seen = dict[tuple[str, str], Any]


@dataclass
class Cell:
    """One cell of the matrix, after the interruption and after the end."""

    placer: Placer
    before: set[str]
    refused: str | None
    after: set[str]
    outcome: str | None


@pytest.fixture(scope="module")
async def seen(office: Office) -> Seen:
    """The whole matrix."""
    by_name: dict[str, Template] = {}
    for held in await asyncio.gather(*(along(office, route) for route in FIRST)):
        by_name |= held
    cells = await at_once(8, *(one_cell(office, by_name, point, what) for point, what in CELLS))
    return {(p.name, w.name): cell for (p, w), cell in zip(CELLS, cells, strict=True)}


async def one_cell(office: Office, templates: dict[str, Template], point: Point, what: Interruption) -> Cell:
    """Begin there, interrupt, and answer whatever is asked until the case has ended or waits again as before."""
    key = (point.name, what.name)
    placer = await templates[point.name].clone(
        office, PEOPLE[key], f"V-{point.name}-{what.name.replace('_', '-')}"
    )
    before = await office.house.open_kinds(placer.case_id)
    try:
        await interrupt(office, placer, what)
    except Said as said:
        return Cell(placer, before, said.rule, await office.house.open_kinds(placer.case_id), None)
    if goes_on(point, what):
        after = await taken(office, placer, point, what)
        return Cell(placer, before, None, after, (await office.house.case(placer.case_id)).outcome)
    wanted = asked_after(point, what)
    await eventually(lambda: open_now(office, placer, wanted), f"{key}: other tasks than {wanted}")
    if "sign_up_held" in wanted:
        await office.house.answer(placer.case_id, "sign_up_held", {"arranged": "Told."})
    placer.changed = {"enter_offer_outcome": {"outcome": "withdrawn"}} | offer_said("withdrawn")
    view = await placer.walk()
    return Cell(placer, before, None, wanted, view.outcome)


async def interrupt(office: Office, placer: Placer, what: Interruption) -> None:
    """Report it, or tell it as another case does."""
    if what.change is None:
        await placer.tell(dict(what.told))
        return
    body = dict(what.body)
    if what.change == "corrections_says":
        body["said_at"] = (await office.house.now()).isoformat()
    await placer.change(what.change, **body)


async def taken(office: Office, placer: Placer, point: Point, what: Interruption) -> set[str]:
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
async def test_3_and_4_interruption(office: Office, seen: Seen, point: Point, what: Interruption) -> None:
    cell = seen[point.name, what.name]
    if isinstance(cell, BaseException):
        raise cell
    assert point.until in cell.before
    if what.name == "approval_taken_back" and not point.approved:
        assert (cell.refused, cell.after) == ("AMB-P4-5", cell.before)
        return
    assert cell.refused is None
    case = await office.house.case(cell.placer.case_id)
    if goes_on(point, what):
        assert (cell.after, case.closed_at) == (cell.before, None)
        assert (case.state["paused"] is not None) is (what.name == "exit_entry")
        return
    assert cell.outcome == what.ends
    base = Placer(office, case.case_id.partition("-")[0], cell.placer.person, "")
    [match] = await base.rows(VoidMatch)
    assert match.outcome == what.ends
    assert all(hold.released_at for hold in await base.rows(PropertyHold))
    viewings = await base.rows(Viewing)
    assert all(v.state in ("held", "missed", "cancelled") for v in viewings)
    assert [m.state for m in await cell.placer.rows(SecureMessage) if m.state == "waiting"] == []
    notices = [kind for _, kind in await cell.placer.notices()]
    assert ("ordinary_matching" in notices) is (what.ends == CEASED)
