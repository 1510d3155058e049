"""The waiting points of procedures 3 and 4: how a case comes to each, or what its record says there."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from models.base import Base
from models.tables.mail import Document
from models.tables.placement import PropertyHold, VoidMatch
from tests.workflows.cloning import Template, template
from tests.workflows.gateway import CONTACT, SEND_FACTS
from tests.workflows.people import Person
from tests.workflows.placement import MANAGER, PLACER, Placer, matched
from tests.workflows.running import eventually
from tests.workflows.suitability import Office
from tests.workflows.waits import Seen

LONG_AGO = "2026-01-05T00:00:00Z"
NO_SLOT: dict[str, Any] = {
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
    """Nothing: it waits for somebody else."""
    offer: bool = False
    agreed: bool = False
    paper: bool = False
    approved: bool = False
    accepted: bool = False
    ending: bool = False
    route: str = "straight"
    """Points of one route are passed one after the other by the same case."""
    changed: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    also: tuple[str, ...] = ()
    """Tasks that are open beside it."""
    matched: bool = True

    @property
    def opens(self) -> set[str]:
        """Every task that must be open there."""
        return {kind for kind in (self.until, *self.also) if kind}


UNSUITABLE = {"weigh_match": {"view": "unsuitable"}}
NOT_ACCEPTED = {"persons_answer": REFUSED}
POINTS = [
    Point("considering", "consider_match"),
    Point("weighing", "weigh_match"),
    Point("asking", "send_void_request", route="asking"),
    Point("unsent", "provide_contact", route="asking"),
    Point("chased", "corrections_silent", route="asking", also=("confirm_letter_recipient",)),
    Point("awry", "send_failed", route="asking", also=("privacy_incident",)),
    Point("phoning", "phone_about_property"),
    Point("booking", "book_viewing", agreed=True),
    Point("booked", "viewing_questions", agreed=True),
    Point("viewing", "record_viewing", agreed=True, paper=True),
    Point("signing", "record_part_b", agreed=True, paper=True),
    Point("approving", "pre_approval_questions", agreed=True, paper=True, approved=True),
    Point("missed", "decide_after_failures", agreed=True, paper=True, route="missed"),
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
    Point("held", "review_return", route="", also=("unread_return", "confirm_letter_recipient")),
    Point("unmatched", "await_match", route="", matched=False),
    Point("unreached", "phone_about_property", route="", also=("corrections_unreachable",)),
    Point("queued", "", route=""),
    Point("lapsed", "decide_after_failures", agreed=True, route=""),
    Point("unsigned", "record_part_b", agreed=True, paper=True, route="", also=("remind_signature", "signature_overdue")),
    Point("filing", "file_documents", agreed=True, approved=True, route=""),
    Point("uncoded", "", agreed=True, approved=True, route=""),
    Point("undecided", "persons_answer", offer=True, approved=True, route="", also=("decide_no_answer",)),
    Point("offer_filing", "file_documents", offer=True, approved=True, accepted=True, route=""),
    Point("offer_uncoded", "", offer=True, approved=True, accepted=True, route=""),
]  # fmt: skip
"""Those without a route differ from another point only in what the record says."""
ROUTES = tuple(dict.fromkeys(point.route for point in POINTS if point.route))


async def along(office: Office, route: str, person: Person, waits: Seen) -> dict[str, Template]:
    """One case that passes every point of the route as the document has it."""
    placer = await matched(office, person, f"VF-{route}", t441=route != "asking")
    held: dict[str, Template] = {}
    for point in (point for point in POINTS if point.route == route):
        placer = await reach(placer, point)
        held[point.name] = await template(placer, t441=route != "asking")
        held[point.name].stood = waits[placer.case_id]
    return held


async def reach(placer: Placer, point: Point) -> Placer:
    """The case, or the offer that followed it, at this point of its route."""
    if point.offer and "-" not in placer.case_id:
        await placer.walk()
        placer = await placer.offer()
    placer.changed = {kind: dict(fields) for kind, fields in point.changed.items()}
    if point.name in LED:
        await LED[point.name](placer)
    else:
        await placer.walk(until=point.until)
    return placer


async def _unsent(placer: Placer) -> None:
    await placer.office.house.answer(
        placer.case_id, "send_void_request", {"no_contact_known": True}, facts=SEND_FACTS, by=PLACER
    )
    await placer.office.house.task(placer.case_id, "provide_contact")


async def _sent(placer: Placer) -> None:
    house = placer.office.house
    await house.answer(placer.case_id, "provide_contact", {"note": "Entered and verified."}, by=MANAGER)
    await house.answer(placer.case_id, "send_void_request", dict(CONTACT), facts=SEND_FACTS, by=PLACER)
    await eventually(placer.clock, "no clock was set")


async def _awry(placer: Placer) -> None:
    mail_id = (await placer.office.house.case(placer.case_id)).state["exchange"]["mail_id"]
    await placer.tell({"bounced": mail_id})
    await placer.office.house.task(placer.case_id, "send_failed")
    await placer.change("wrong_recipient", mail_id=mail_id, note="Other office.")


async def _missed(placer: Placer) -> None:
    await placer.walk(until="book_viewing")
    await placer.answer("book_viewing", **NO_SLOT)
    await placer.walk(until="record_viewing")
    await placer.answer("record_viewing", held_at=None, missed_because="Corrections did not come.")
    await placer.office.house.task(placer.case_id, "decide_after_failures")


LED: dict[str, Callable[[Placer], Awaitable[None]]] = {
    "unsent": _unsent,
    "chased": _sent,
    "awry": _awry,
    "missed": _missed,
}
"""Where usual answers do not lead; `chased` goes on from a record in which everything is long ago."""


def recorded(held: dict[str, Template]) -> dict[str, Template]:
    """The points that are reached by what the record says."""
    done = {"done": ["pre_approval_questions", "settle_paper"], "papers": []}
    answered = {"done": ["offer_questions"]}
    agreed = held["booking"].state["agreed"]
    no_match = {"property_ref": None, "match_id": None, "match_date": None}
    calling = {"attempts": [LONG_AGO], "service_manager_at": LONG_AGO, "manager_at": LONG_AGO}
    return {
        "chased": held["chased"].differing({"exchange": _long_ago(held["chased"].state["exchange"])}),
        "held": held["chased"].differing(
            {"exchange": _long_ago(held["chased"].state["exchange"]) | {"unread": ["r-0"]}}
        ),
        "unmatched": held["considering"].differing(no_match, without=VoidMatch),
        "unreached": held["phoning"].differing({"calling": held["phoning"].state["calling"] | calling}),
        "queued": _behind_another(held["phoning"].differing({"holds_property": False})),
        "lapsed": held["booking"].differing({"agreed": agreed | {"closes_at": LONG_AGO}, "failures": 1}),
        "unsigned": held["signing"].differing({"reminders": [LONG_AGO] * 3, "reminded": 0}),
        "filing": _with_a_document(held["approving"].differing(done)),
        "uncoded": held["approving"].differing(done, code="D1P/PEN"),
        "undecided": held["answering"].differing({"reminders": [LONG_AGO] * 2, "reminded": 0}),
        "offer_filing": _with_a_document(held["closing"].differing(answered)),
        "offer_uncoded": held["closing"].differing(answered, code="D1P/PEN"),
    }


def _long_ago(exchange: dict[str, Any]) -> dict[str, Any]:
    """The first letter's five working days are over as well."""
    clock = {key: LONG_AGO if key.endswith("_at") else value for key, value in exchange["clock"].items()}
    return exchange | {"clock": clock | {"number": 1}}


def _behind_another(found: Template) -> Template:
    """Another case has the property."""
    rows: list[tuple[type[Base], dict[str, Any]]] = [
        (table, row | {"case_id": f"OTHER-{row['case_id']}"} if table is PropertyHold else row)
        for table, row in found.rows
    ]
    return Template(found.placer, rows, found.t441)


def _with_a_document(found: Template) -> Template:
    """Something that came in is in no file."""
    loose = next(row for table, row in found.rows if table is Document)
    case_id = found.placer.case_id
    document = loose | {"document_id": f"{case_id}-loose", "case_id": case_id, "file_id": None}
    return Template(found.placer, [*found.rows, (Document, document)], found.t441)
