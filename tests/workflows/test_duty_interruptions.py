"""The standing duty: every interruption at every waiting point, each on the duty of a person of its own."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from temporalio.testing import WorkflowEnvironment

from adapters.keys import KeyRing
from procedures import disclose_change
from procedures.changes import CHANGES
from procedures.form_exchange import ProvideContact, SendFailed
from procedures.tasks import Answer
from procedures.terms import Procedure
from procedures.watch import DutyKind
from tests.workflows.driving import SAYS, somebody
from tests.workflows.running import Said
from tests.workflows.stories.disclose_change import duty_of
from tests.workflows.suitability import Home, Office, send_t442, shared_office
from tests.workflows.waits import Seen, unvisited, waits_of, watching
from workers.embedded.postgres import EmbeddedPostgres


async def _proposing(duty: Home) -> None:
    await duty.house.task(duty.case_id, "propose_risk_disclosure")


async def _deciding(duty: Home) -> None:
    await duty.answer("propose_risk_disclosure", {"facts": "Visitors at night.", "reason": "For safety."})


async def _sending(duty: Home) -> None:
    await duty.house.task(duty.case_id, "send_t442")


async def _unsent(duty: Home) -> None:
    await duty.answer("send_t442", {"no_contact_known": True})


async def _failed(duty: Home) -> None:
    await send_t442(duty)
    await duty.house.task(duty.case_id, "send_failed")


async def _under_way(duty: Home) -> None:
    await send_t442(duty)


@dataclass(frozen=True)
class Point:
    """Where a duty waits, and what the gateway says of each mail on the way there."""

    reach: Callable[[Home], Awaitable[None]]
    opens: str | None
    kind: DutyKind = DutyKind.HOUSEHOLD_CHANGE
    gateway: str | None = None


POINTS = {
    "proposing": Point(_proposing, "propose_risk_disclosure", DutyKind.RISK_CHANGE),
    "deciding": Point(_deciding, "approve_risk_disclosure", DutyKind.RISK_CHANGE),
    "sending": Point(_sending, "send_t442"),
    "unsent": Point(_unsent, "provide_contact"),
    "failed": Point(_failed, "send_failed", gateway="failed"),
    "under_way": Point(_under_way, None, gateway="away"),
}
MAIL_OUT = ("failed", "under_way")


@dataclass(frozen=True)
class Interruption:
    """What happens; how the duty ends by it (None: it goes on), or the rule that refuses it."""

    change: str | None
    body: Mapping[str, Any]
    ends: str | None = None
    refused: str | None = None
    claims: tuple[str, ...] = ("AMB-X-6",)


INTERRUPTIONS = {
    "withdraw": Interruption("withdraw", {"reason": "opened twice"}, refused="P2.F5", claims=("P2.F5",)),
    "says_cso": Interruption("corrections_says", SAYS | {"said": "CSO"}, claims=("AMB-X-4",)),
    "says_nso": Interruption("corrections_says", SAYS | {"said": "NSO"}, "ceased_nso", claims=("AMB-X-4",)),
    "says_neither": Interruption(
        "corrections_says", SAYS | {"said": "neither"}, "ceased_not_this_person", claims=("AMB-X-4",)
    ),
    "vacated": Interruption("vacated", {"reason": "left", "still_considered": False}, "ceased_vacated"),
    "died": Interruption("died", {"note": "told by the family"}, "died", claims=("AMB-X-13",)),
    "linked_in_error": Interruption("linked_in_error", {"reason": "another person"}, "recorded_in_error"),
    "wrong_recipient": Interruption("wrong_recipient", {"note": "another office"}, claims=("AMB-X-7",)),
    "extended": Interruption("extend_deadline", {"working_days": 9, "reason": "r"}, refused="NFR-4"),
    "counted_again": Interruption("recalculate_deadline", {"reason": "r"}, refused="NFR-4"),
    "property_gone": Interruption("property_gone", {"what": "let", "note": "n"}, refused="AMB-X-6"),
    "told_nso": Interruption(None, {"status_said": "NSO"}, "ceased_nso", claims=("AMB-X-4",)),
    "told_exit": Interruption(None, {"exit_entry": "entry"}, claims=("AMB-X-5",)),
}
CELLS = [(point, what) for point in POINTS for what in INTERRUPTIONS]
PEOPLE = {cell: somebody(7000 + number, live=True) for number, cell in enumerate(CELLS)}


@dataclass
class Cell:
    """One duty: where it stood, and what became of it."""

    duty: Home
    stood: frozenset[tuple[str, int]]
    before: set[str]
    rule: str | None = None
    after: set[str] = field(default_factory=set)


@pytest.fixture(scope="module")
async def office(
    cluster: EmbeddedPostgres, migrated_template: str, server: WorkflowEnvironment, keys: KeyRing
) -> AsyncIterator[Office]:
    """A house with one person for each cell."""
    async with shared_office(cluster, migrated_template, server, keys, *PEOPLE.values()) as office:
        yield office


@pytest.fixture(scope="module")
async def cells(office: Office) -> dict[tuple[str, str], Any]:
    """Point after point, because the gateway says the same to all mails of a point."""
    found: dict[tuple[str, str], Any] = {}
    gate = asyncio.Semaphore(8)
    with watching() as seen:

        async def one(point: str, what: str) -> Cell:
            async with gate:
                return await _interrupted(office, point, what, seen)

        for point, given in POINTS.items():
            office.gateway.answers = [given.gateway] * 100_000 if given.gateway else []
            told = await asyncio.gather(*(one(point, what) for what in INTERRUPTIONS), return_exceptions=True)
            found |= {(point, what): cell for what, cell in zip(INTERRUPTIONS, told, strict=True)}
    return found


async def _interrupted(office: Office, point: str, name: str, seen: Seen) -> Cell:
    duty = await duty_of(office, PEOPLE[point, name], POINTS[point].kind)
    await POINTS[point].reach(duty)
    cell = Cell(duty, seen[duty.case_id], await office.house.open_kinds(duty.case_id))
    what = INTERRUPTIONS[name]
    if what.change is None:
        await duty.tell(dict(what.body))
    else:
        try:
            await duty.change(what.change, dict(what.body) | await _more(duty, what.change))
        except Said as said:
            cell.rule = said.rule
    cell.after = await office.house.open_kinds(duty.case_id)
    return cell


async def _more(duty: Home, change: str) -> dict[str, str]:
    match change:
        case "corrections_says":
            return {"said_at": (await duty.house.now()).isoformat()}
        case "wrong_recipient":
            state = (await duty.house.case(duty.case_id)).state
            return {"mail_id": state["exchange"]["mail_id"] or "none"}
        case _:
            return {}


@pytest.mark.parametrize(
    ("point", "name"),
    [
        pytest.param(point, name, marks=pytest.mark.req(*INTERRUPTIONS[name].claims), id=f"{point}-{name}")
        for point, name in CELLS
    ],
)
async def test_2_5_interruption_of_a_duty(
    office: Office, cells: dict[tuple[str, str], Any], point: str, name: str
) -> None:
    cell, what = cells[point, name], INTERRUPTIONS[name]
    if isinstance(cell, BaseException):
        raise cell
    opens = POINTS[point].opens
    assert cell.before == ({opens} if opens else set())
    refused = "AMB-X-7" if name == "wrong_recipient" and point not in MAIL_OUT else what.refused
    assert cell.rule == refused
    if what.ends is None:
        incident = {"privacy_incident"} if name == "wrong_recipient" and not refused else set()
        assert cell.after - {"send_t442"} == (cell.before | incident) - {"send_t442"}
        assert (await office.house.case(cell.duty.case_id)).closed_at is None
        return
    assert (await office.house.closed(cell.duty.case_id)).outcome == what.ends
    assert await office.house.open_kinds(cell.duty.case_id) == set()
    assert [mail for mail in await cell.duty.mails() if mail.state in ("waiting", "sending")] == []
    assert [mail for mail in await cell.duty.mails() if mail.state == "accepted"] == []


@pytest.mark.req("AMB-X-6", "NFR-1")
def test_2_5_no_waiting_point_and_no_interruption_is_left_out(cells: dict[tuple[str, str], Any]) -> None:
    stood = [cell for cell in cells.values() if isinstance(cell, Cell)]
    assert unvisited(waits_of("disclose_change"), [cell.stood for cell in stood]) == []
    asked: tuple[type[Answer], ...] = (*disclose_change.ANSWERS, ProvideContact, SendFailed)
    assert {one.kind for one in asked} <= set[str]().union(*(cell.before for cell in stood))
    known = {kind for kind, change in CHANGES.items() if Procedure.DISCLOSE_CHANGE in change.known_to}
    assert known <= {what.change for what in INTERRUPTIONS.values()}
