"""The answers and changes of random sequences as the API would hand them on: the answer, and the facts read beside it."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from tests.reference.changes import said_at
from tests.reference.days import day_of
from tests.reference.exchange import MISSING
from tests.reference.match import viewing_at
from tests.reference.world import Case, World

Body = tuple[dict[str, Any], dict[str, Any]]
SIGNED = "Sam Contact, Harbourview"
CONTACT = {"contact_id": "contact-1", "contact_version": 1, "recipient_confirmed": True}
MANAGER = {"contact_id": "manager-1", "contact_version": 1, "recipient_confirmed": True}
_SAID: dict[str, dict[str, Any]] = {
    "why_pending": {"reason": "The call is still to be made."},
    "corrections_unreachable": {"arranged": "The service manager rings back."},
    "provide_contact": {"note": "A verified contact was entered."},
    "unread_return": {"arranged": "A colleague reads it now."},
    "corrections_silent": {"end_reminders_because": "The service manager was met."},
    "privacy_incident": {"actions_taken": "The privacy team knows."},
    "await_match": {"no_longer_considered_because": "Found a home elsewhere."},
    "consider_match": {"t365_read": True, "note": "A quiet street."},
    "print_t438": {"copies": 1},
    "signature_overdue": {"arranged": "Rang the office."},
    "settle_paper": {"method": "stored"},
    "act_on_risk_rating": {"rating": "medium", "done": "Two people attend.", "risk_register_applies": True},
    "prepare_sign_up": {"prepared": True},
    "sign_up_held": {"arranged": "The Housing Support Manager knows."},
}
"""Answers that say one thing only."""
_COMMENT = {"comment": "As talked about with Corrections."}
_QUESTIONS: dict[str, dict[str, Any]] = {
    "nso_questions": {"order_ended": True, "confirmed_how": "by phone"},
    "invalid_questions": {"verified_incorrect": True, "difference": "another date of birth"},
    "final_questions": {"order_current": True, "confirmed_how": "by phone"},
    "before_t441_questions": {"relation_to_home": "lives in one of our homes", "identity_checked": True},
    "viewing_questions": {"corrections_agrees": True, "agreed_with": "Sam Contact"},
    "pre_approval_questions": {"corrections_approves": True, "we_agree": True},
    "withdrawal_questions": {"why_withdrawn": "Not suitable."},
}
_PLACING = ("viewing_questions", "pre_approval_questions", "withdrawal_questions")


def answer_body(world: World, case: Case, kind: str, how: str, refs: dict[str, Any]) -> Body:
    """The whole answer; `refs` names what the house knows it by: the person, and the scan of a paper."""
    if kind in _SAID:
        return dict(_SAID[kind]), {}
    if kind in _QUESTIONS:
        return _questions(kind, how), {}
    return _BODIES[kind](world, case, how, refs)


def _questions(kind: str, how: str) -> dict[str, Any]:
    answers = dict(_QUESTIONS[kind])
    first = next(iter(answers))
    match how:
        case "unconfirmed":
            answers[first] = False
        case "identity_not_checked":
            answers["identity_checked"] = False
        case "we_do_not_agree":
            answers["we_agree"] = False
        case "unfinished":
            answers.popitem()
    body: dict[str, Any] = {"answers": answers} | (_COMMENT if kind in _PLACING else {})
    return body | ({"considered_for_void": True} if how == "considered" else {})


def _match(world: World, case: Case, how: str, refs: dict[str, Any]) -> Body:
    facts = {"searched": ["name"] if how == "not_searched" else ["name", "address", "date_of_birth"]}
    if how == "no_match":
        return {"outcome": "no_match", "note": "nobody"}, facts
    return {"outcome": "potential_match", "person_ref": refs["person"], "note": "same person"}, facts


def _first(world: World, case: Case, how: str, refs: dict[str, Any]) -> Body:
    other = {"CSO": "NSO", "NSO": "CSO"}
    return {"answers": {"reported_status": other[case.group] if how == "other_group" else case.group}}, {}


def _live(world: World, case: Case, how: str, refs: dict[str, Any]) -> Body:
    live = world.lives != "historic"
    occupancy = world.lives if live else "none"
    facts = {"record_state": "live" if live else "historic", "occupancy": occupancy}
    return {"live": live != (how == "wrong"), "evidence": "as the register shows"}, facts


def _call(world: World, case: Case, how: str, refs: dict[str, Any]) -> Body:
    ended = world.now + (timedelta(hours=1) if how == "in_future" else -timedelta(minutes=2))
    if how == "older" and case.said:
        ended = min(w.at for w in case.said) - timedelta(minutes=1)
    call: dict[str, Any] = {
        "outcome": "no_answer" if how == "nobody" else "answered",
        "started_at": (ended - timedelta(minutes=4)).isoformat(),
        "ended_at": ended.isoformat(),
        "note": "Asked about the order; details read back.",
    }
    if how == "nobody":
        return call, {}
    return call | {"spoke_with": "Sam Contact", "office": "Harbourview"}, {}


def _status_call(world: World, case: Case, how: str, refs: dict[str, Any]) -> Body:
    call, facts = _call(world, case, how, refs)
    said = how if how in ("NSO", "neither") else "CSO"
    return call | ({} if how == "nobody" else {"said": said}), facts


def _property_call(world: World, case: Case, how: str, refs: dict[str, Any]) -> Body:
    call, facts = _status_call(world, case, how, refs)
    suits = {"property_may_suit": how != "does_not_agree"} if call.get("said") == "CSO" else {}
    return call | suits, facts


def _sending(world: World, case: Case, how: str, refs: dict[str, Any]) -> Body:
    facts = {"contact_unchanged": how != "directory_changed", "refusals": []}
    if how == "no_contact":
        return {"no_contact_known": True}, facts
    before = {"before_confirmation": True} if how == "before_confirmation" else {}
    return dict(CONTACT) | before, facts


def _letter(world: World, case: Case, how: str, refs: dict[str, Any]) -> Body:
    body, facts = _sending(world, case, how, refs)
    return body | (MANAGER if case.x.number else {}), facts


def _send_t439(world: World, case: Case, how: str, refs: dict[str, Any]) -> Body:
    body, facts = _sending(world, case, how, refs)
    code, status = world.held or (None, None)
    facts |= {"code": code, "status": status, "occupancy": world.lives}
    if how == "no_contact":
        return body, facts
    return body | {
        "occupancy": "boarder" if how == "other_occupancy" else world.lives,
        "answers": {"lives_there": how != "lives_elsewhere", "household": "nobody else"},
        "comment": "" if how == "no_comment" else "Lives there since last winter.",
    }, facts


def _review(world: World, case: Case, how: str, refs: dict[str, Any]) -> Body:
    form = case.x.form
    said = {"T-441": "order_status", "T-439": "suitability"}[form]
    first = {"T-441": "CSO", "T-439": "suitable"}[form]
    returned: dict[str, Any] = {
        said: how if how in ("CSO", "NSO", "neither", "suitable", "not_suitable") else first,
        "completed_by": SIGNED,
        "completed_on": day_of(world.now).isoformat(),
    }
    if form == "T-441" and returned[said] == "CSO":
        returned |= {name: "None known." for name in ("match_circumstances", "locality_information")}
        returned["risk_rating_information"] = "Medium."
    if how == "not_the_form":
        return {"verdict": "not_the_form"}, {}
    if how in ("incomplete", "half_as_complete"):
        returned.pop(MISSING[form])
    if how in ("incomplete", "full_as_incomplete"):
        return {"verdict": "incomplete", "returned": returned, "recipient_confirmed": True}, {}
    return {"verdict": "complete", "returned": returned}, {}


def _part_b(world: World, case: Case, how: str, refs: dict[str, Any]) -> Body:
    today = day_of(world.now).isoformat()
    if how in ("not_suitable", "no_reasons"):
        said: dict[str, Any] = {
            "suitability": "not_suitable",
            "by_phone": True,
            "note": "Said after the viewing.",
        }
        return said | ({"reasons": "A playground next door."} if how == "not_suitable" else {}), {}
    body: dict[str, Any] = {
        "suitability": "suitable", "signed": how != "unsigned", "signed_by": SIGNED, "signed_on": today,
        "returned_on": None if how == "not_returned" else today, "by_phone": how == "suitable_by_phone",
        "document_id": None if how == "not_stored" else refs["scan"], "note": "Signed at the property.",
    }  # fmt: skip
    facts = {"form": "T-438", "of_this_case": how != "other_case", "in_person_file": how != "not_in_the_file"}
    return body, facts


def _support(world: World, case: Case, how: str, refs: dict[str, Any]) -> Body:
    taken = how == "application_without_consent"
    return {
        "support": "Met Corrections about alternatives.", "options": ["contact_with_msd"], "person_happy": not taken,
        "household_happy": "yes", "corrections_supports": True, "transfer_application": taken,
    }, {"lives_alone": False}  # fmt: skip


def _location(world: World, case: Case, how: str, refs: dict[str, Any]) -> Body:
    other = {"suitable": "not_suitable", "not_suitable": "suitable"}
    said = case.suitability or "suitable"
    code, status = world.held or (None, None)
    body = {
        "answers": {"corrections_answer": other[said] if how == "our_own_view" else said},
        "comment": "" if how == "no_comment" else "As Corrections wrote.",
    }
    return body, {"code": code, "status": status}


def _book(world: World, case: Case, how: str, refs: dict[str, Any]) -> Body:
    if how == "no_slot":
        return {"no_slot_because": "The office is closed.", "note": "Rang twice."}, {}
    starts = viewing_at(world, case, how)
    return {
        "starts_at": starts.isoformat(), "with_corrections": "Sam Contact", "diaried": True, "note": "At the gate.",
    }, {}  # fmt: skip


def _viewing(world: World, case: Case, how: str, refs: dict[str, Any]) -> Body:
    if how == "missed":
        return {"missed_because": "Nobody came.", "note": "Waited half an hour."}, {}
    held = case.booked_at or world.now
    held += timedelta(hours=13) if how == "another_day" else timedelta(0)
    return {
        "held_at": held.isoformat(), "corrections_present": "Sam Contact", "note": "Walked through.",
        "in_person_at_the_property": how != "not_in_person",
    }, {}  # fmt: skip


def _rating(world: World, case: Case, how: str, refs: dict[str, Any]) -> Body:
    body: dict[str, Any] = {"action": how, "safe_work_plan": False, "note": "Looked it up."}
    rating = {"rating": "high"} if how == "update" else {}
    return body | rating | ({} if how == "none" else {"basis": "T-441"}), {}


def _moment(name: str) -> Callable[[World, Case, str, dict[str, Any]], Body]:
    def body(world: World, case: Case, how: str, refs: dict[str, Any]) -> Body:
        moment = world.now + (timedelta(hours=1) if how == "in_future" else timedelta(0))
        if how == "before_the_offer":
            moment = (case.offered_at or moment) - timedelta(minutes=1)
        return {name: moment.isoformat(), "note": "As arranged."}, {}

    return body


def _persons_answer(world: World, case: Case, how: str, refs: dict[str, Any]) -> Body:
    if how == "accepted":
        return {"accepted": True, "note": "Likes it."}, {}
    refuses = how in ("declined", "refusal_as_withdrawn")
    return {
        "accepted": False, "outcome": "declined" if how in ("declined", "repair_as_declined") else "withdrawn",
        "reason_kind": "own_refusal" if refuses else "property", "reason": "As told.", "note": "Rang.",
        "policy_reference": "CT-GDL-006",
    }, {}  # fmt: skip


def _no_answer(world: World, case: Case, how: str, refs: dict[str, Any]) -> Body:
    return {"decision": how, "reason": "As told."} | (
        {"policy_reference": "CT-GDL-006"} if how == "withdraw" else {}
    ), {}


def _told(world: World, case: Case, how: str, refs: dict[str, Any]) -> Body:
    return _call(world, case, how, refs)


def _offer_questions(world: World, case: Case, how: str, refs: dict[str, Any]) -> Body:
    code, status = world.held or (None, None)
    body = {"answers": {"offer_outcome": how, "corrections_told": "Sam Contact"}} | _COMMENT
    return body, {"code": code, "status": status}


_BODIES: dict[str, Callable[[World, Case, str, dict[str, Any]], Body]] = {
    "match_entry": _match,
    "first_question": _first,
    "live_record": _live,
    "phone_corrections": _status_call,
    "phone_about_property": _property_call,
    "send_t441": _sending,
    "send_t442": _sending,
    "send_void_request": _sending,
    "remind_signature": lambda world, case, how, refs: (
        dict(CONTACT),
        {"contact_unchanged": True, "refusals": []},
    ),
    "confirm_letter_recipient": _letter,
    "send_t439": _send_t439,
    "review_return": _review,
    "send_failed": lambda world, case, how, refs: ({"action": how, "note": "Seen to."}, {}),
    "support_move": _support,
    "location_outcome": _location,
    "weigh_match": lambda world, case, how, refs: ({"view": how, "reasons": "The T-441."}, {}),
    "book_viewing": _book,
    "decide_after_failures": lambda world, case, how, refs: ({"decision": how, "reason": "As told."}, {}),
    "record_viewing": _viewing,
    "record_part_b": _part_b,
    "enter_withdrawn": lambda world, case, how, refs: ({"outcome": how}, {}),
    "tell_corrections": _told,
    "check_risk_rating": _rating,
    "make_offer": _moment("offered_at"),
    "show_property": _moment("shown_at"),
    "persons_answer": _persons_answer,
    "decide_no_answer": _no_answer,
    "enter_offer_outcome": lambda world, case, how, refs: ({"outcome": how}, {}),
    "offer_questions": _offer_questions,
}


def change_body(world: World, case: Case, kind: str, how: str, mail_id: str | None) -> Body:
    """The whole change; `mail_id` is what the case sent last."""
    said = {
        "said_by": "Sam Contact",
        "office": "Harbourview",
        "said_at": said_at(world, case, how).isoformat(),
    }
    why = {"reason": "As talked about in the team."}
    slip = {"asked_by": "Aroha Example"}
    match kind:
        case "died":
            return {"note": "The hospital rang."}, {}
        case "corrections_says":
            word = how if how in ("NSO", "neither") else "CSO"
            return {"said": word, "note": "Rang back."} | said, {}
        case "vacated":
            return why | {"still_considered": how == "considered"}, {}
        case "wrong_recipient":
            sent = mail_id if how == "last_mail" and mail_id else "none"
            return {"mail_id": sent, "note": "Wrong office."}, {}
        case "extend_deadline":
            return why | {"working_days": int(how)}, {}
        case "correct_link":
            return why | slip | said | {"no_person_reason": "Nobody of ours is meant."}, {}
        case "go_back" | "step_back":
            return why | slip | {"to_step": how}, {}
        case "property_gone":
            return {"what": "withdrawn", "note": "Needs repair."}, {}
        case "approval_taken_back":
            return why | {"said_by": "Sam Contact"}, {}
        case _:
            return why, {}
