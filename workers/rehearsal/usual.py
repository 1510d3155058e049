"""What people usually answer: a situation writes down only what matters in its story."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from procedures.local_time import local_date
from procedures.returned_parts import missing_fields
from procedures.terms import Form
from workers.rehearsal.people import CONTACT, OFFICE, SERVICE_MANAGER, Person

SPOKE_WITH = "Ngaire Tuhoro"
ON_PAPER = f"{SPOKE_WITH}, {OFFICE}"


@dataclass
class Scene:
    """What somebody at a desk knows when they answer."""

    person: Person
    now: datetime
    """UTC."""
    says: str = "CSO"
    """What Corrections says of the person on the phone."""
    group: str = "New CSO"
    """Section of the report in which the person was last named."""
    versions: Mapping[str, int] = field(default_factory=dict)
    """Version of each contact of the directory."""
    form: Form = Form.T_441
    returned: Mapping[str, Any] = field(default_factory=dict)
    """What Corrections filled in on the form that came back last."""
    scan: str | None = None
    """Document id of the scanned T-438."""
    context: Mapping[str, Any] = field(default_factory=dict)
    """Of the task."""
    state: Mapping[str, Any] = field(default_factory=dict)
    """What the case remembers."""
    mail_id: str | None = None
    """What the case sent last."""


def usual_answer(kind: str, scene: Scene, given: Mapping[str, Any]) -> dict[str, Any]:
    """The whole answer to a task of this kind: what is given, completed with what is usual."""
    made = _ANSWERS[kind](scene) if kind in _ANSWERS else {}
    if kind in _CALLS:
        made = _call_as_given(made, given)
    return _merged(made, given)


def knows(kind: str) -> bool:
    """Whether a task of this kind has a usual answer."""
    return kind in _ANSWERS


def usual_change(
    kind: str, scene: Scene, given: Mapping[str, Any], fields: Mapping[str, Any]
) -> dict[str, Any]:
    """The whole change: what is given, completed with what is usual of the fields that it has."""
    said_at = (scene.now - timedelta(minutes=2)).isoformat()
    usual = {
        "reason": "As talked about in the team.",
        "note": "As talked about on the phone.",
        "said_by": SPOKE_WITH,
        "asked_by": "Rewi Parekura",
        "office": OFFICE,
        "said_at": said_at,
        "mail_id": scene.mail_id,
        "still_considered": False,
        "working_days": 5,
    }
    return {name: value for name, value in usual.items() if name in fields} | dict(given)


def completed_form(form: Form, manner: str, given: Mapping[str, Any], scene: Scene) -> dict[str, Any]:
    """What Corrections writes into a form that it returns in this manner."""
    today = local_date(scene.now).isoformat()
    signature = {"completed_by": ON_PAPER, "completed_on": today}
    match form:
        case Form.T_441:
            parts: dict[str, Any] = {
                "order_status": "CSO",
                "match_circumstances": "None beyond the usual.",
                "locality_information": "No schools or playgrounds within sight.",
                "risk_rating_information": "Medium.",
            } | signature
            left_out = "risk_rating_information" if manner == "incomplete" else None
        case Form.T_438:
            suitable = manner == "signed suitable"
            parts = {
                "suitability": "suitable" if suitable else "not_suitable",
                "signed": True,
                "signed_by": ON_PAPER,
                "signed_on": today,
            } | ({} if suitable else {"reasons": "A playground is being built next door."})
            left_out = None
        case _:
            said = "not_suitable" if manner == "not suitable" else "suitable"
            parts = {"suitability": said, "comment": "None."} | signature
            left_out = "suitability" if manner == "incomplete" else None
    if given.get("order_status") in ("NSO", "neither"):
        parts = {"order_status": "NSO"} | signature
    return {key: value for key, value in (parts | dict(given)).items() if key != left_out}


def _merged(made: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    answers = {**made.get("answers", {}), **given.get("answers", {})}
    return {**made, **given, **({"answers": answers} if answers else {})}


# -- parts of answers ----------------------------------------------------------------------------------------------


def _contact(scene: Scene, contact: str = CONTACT) -> dict[str, Any]:
    version = scene.versions.get(contact, 1)
    return {"contact_id": contact, "contact_version": version, "recipient_confirmed": True}


def _call(scene: Scene) -> dict[str, Any]:
    """A call that ended two minutes ago."""
    return {
        "outcome": "answered",
        "started_at": (scene.now - timedelta(minutes=6)).isoformat(),
        "ended_at": (scene.now - timedelta(minutes=2)).isoformat(),
        "spoke_with": SPOKE_WITH,
        "office": OFFICE,
        "said": scene.says,
        "note": "Asked about the order; the details were read back.",
    }


def _call_as_given(made: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """A call that nobody answered says nothing; one without a current order says nothing of the property."""
    left_out: set[str] = set()
    if given.get("outcome", "answered") != "answered":
        left_out = {"spoke_with", "office", "said", "property_may_suit"}
    elif given.get("said", made.get("said")) != "CSO":
        left_out = {"property_may_suit"}
    return {name: value for name, value in made.items() if name not in left_out}


def _match(scene: Scene) -> dict[str, Any]:
    records = scene.person.records
    match scene.person.outcome:
        case "potential_match":
            return {
                "outcome": "potential_match",
                "person_ref": records[0].ref,
                "duplicates": [record.ref for record in records[1:]],
                "note": "Name and address agree.",
            }
        case "address_only":
            return {
                "outcome": "address_only",
                "note": "The address is ours, the name is not on the register.",
            }
        case "no_match":
            return {"outcome": "no_match", "note": "Nobody by this name, address or date of birth."}


def _occupant(scene: Scene) -> dict[str, Any]:
    primary = scene.person.primary
    return {"person_ref": primary.ref} if primary else {"no_record_reason": "Nobody there is meant."}


def _live(scene: Scene) -> dict[str, Any]:
    primary = scene.person.primary
    live = primary is not None and primary.record_state == "live"
    return {"live": live, "evidence": "As the register shows it."}


def _before_t441(scene: Scene) -> dict[str, Any]:
    primary = scene.person.primary
    lives = primary is not None and primary.property_ref
    why = "lives in one of our homes" if lives else "is being considered for one of our homes"
    return {"answers": {"relation_to_home": why, "identity_checked": True}}


def _review(scene: Scene) -> dict[str, Any]:
    if missing_fields(scene.form, scene.returned):
        return {"verdict": "incomplete", "returned": dict(scene.returned), "recipient_confirmed": True}
    return {"verdict": "complete", "returned": dict(scene.returned)}


def _t439(scene: Scene) -> dict[str, Any]:
    primary = scene.person.primary
    return _contact(scene) | {
        "occupancy": primary.occupancy if primary else None,
        "answers": {"lives_there": True, "household": "As the register shows it."},
        "comment": "Talked about with Corrections on the phone.",
    }


def _part_b(scene: Scene) -> dict[str, Any]:
    today = local_date(scene.now).isoformat()
    return dict(scene.returned) | {
        "returned_on": today,
        "document_id": scene.scan,
        "note": "Signed on paper.",
    }


def _viewing(scene: Scene) -> dict[str, Any]:
    booked = (scene.state.get("viewing") or {}).get("starts_at")
    return {
        "held_at": booked or scene.now.isoformat(),
        "corrections_present": SPOKE_WITH,
        "in_person_at_the_property": True,
        "note": "Walked through the property together.",
    }


def _booking(scene: Scene) -> dict[str, Any]:
    return {
        "starts_at": (scene.now + timedelta(hours=1)).isoformat(),
        "with_corrections": SPOKE_WITH,
        "diaried": True,
        "note": "We meet at the gate.",
    }


def _fixed(**body: Any) -> Callable[[Scene], dict[str, Any]]:
    return lambda scene: dict(body)


_COMMENT = {"comment": "As talked about with Corrections."}
_BY_PHONE = "By phone, details read back."
_CALLS = frozenset({"phone_corrections", "phone_about_property", "tell_corrections"})

_ANSWERS: dict[str, Callable[[Scene], dict[str, Any]]] = {
    "match_entry": _match,
    "identify_occupant": _occupant,
    "first_question": lambda scene: {
        "answers": {"reported_status": "CSO" if scene.group == "New CSO" else "NSO"}
    },
    "why_pending": _fixed(reason="The call is still to be made."),
    "phone_corrections": _call,
    "corrections_unreachable": _fixed(arranged="The service manager rings back."),
    "nso_questions": _fixed(answers={"order_ended": True, "confirmed_how": _BY_PHONE}),
    "invalid_questions": _fixed(
        answers={"verified_incorrect": True, "difference": "The date of birth is another one."}
    ),
    "live_record": _live,
    "before_t441_questions": _before_t441,
    "send_t441": _contact,
    "confirm_letter_recipient": lambda scene: _contact(
        scene, SERVICE_MANAGER if scene.context.get("round", 1) > 1 else CONTACT
    ),
    "review_return": _review,
    "corrections_silent": _fixed(end_reminders_because="The service manager was met in person."),
    "unread_return": _fixed(arranged="A colleague reads it now."),
    "send_failed": _fixed(action="send_again", note="The gateway works again."),
    "mail_waiting": _fixed(service_desk_reference="SD-1"),
    "privacy_incident": _fixed(actions_taken="The recipient has destroyed the mail; the privacy team knows."),
    "provide_contact": _fixed(note="A verified contact was entered."),
    "final_questions": _fixed(answers={"order_current": True, "confirmed_how": _BY_PHONE}),
    "send_t439": _t439,
    "support_move": _fixed(
        support="We meet Corrections about alternatives.",
        options=["private_rental_or_boarding"],
        person_happy=False,
        household_happy="not_applicable",
        corrections_supports=False,
    ),
    "location_outcome": lambda scene: (
        {
            "answers": {"corrections_answer": scene.state.get("suitability")},
        }
        | _COMMENT
    ),
    "save_documents": _fixed(note="Filed by hand."),
    "review_move": _fixed(outcome="still_living_there", note="Corrections goes on looking."),
    "send_t442": _contact,
    "tell_of_mistake": lambda scene: _contact(scene) | {"tell_corrections": True},
    "consider_match": _fixed(t365_read=True, note="A quiet street."),
    "weigh_match": _fixed(view="suitable", reasons="Nothing in the T-441 speaks against the locality."),
    "send_void_request": _contact,
    "phone_about_property": lambda scene: _call(scene) | {"property_may_suit": True},
    "book_viewing": _booking,
    "viewing_questions": _fixed(answers={"corrections_agrees": True, "agreed_with": SPOKE_WITH}, **_COMMENT),
    "print_t438": _fixed(copies=1),
    "record_viewing": _viewing,
    "record_part_b": _part_b,
    "remind_signature": _contact,
    "pre_approval_questions": _fixed(answers={"corrections_approves": True, "we_agree": True}, **_COMMENT),
    "file_documents": _fixed(note="Filed by hand."),
    "settle_paper": _fixed(method="stored"),
    "enter_withdrawn": _fixed(outcome="withdrawn"),
    "withdrawal_questions": _fixed(answers={"why_withdrawn": "Corrections does not agree."}, **_COMMENT),
    "tell_corrections": lambda scene: {name: said for name, said in _call(scene).items() if name != "said"},
    "check_risk_rating": _fixed(action="none", safe_work_plan=False, note="No rating is shown."),
    "make_offer": lambda scene: {"offered_at": scene.now.isoformat(), "note": "Offer letter handed over."},
    "show_property": lambda scene: {"shown_at": scene.now.isoformat(), "note": "Shown to the household."},
    "persons_answer": _fixed(accepted=True, note="Likes the place."),
    "prepare_sign_up": _fixed(prepared=True),
    "enter_offer_outcome": _fixed(outcome="declined"),
    "offer_questions": _fixed(
        answers={"offer_outcome": "accepted", "corrections_told": f"{SPOKE_WITH}, today."}, **_COMMENT
    ),
}
