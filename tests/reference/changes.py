"""Interruptions in the reference model: what each does to a case of each procedure, never deleting anything."""

from datetime import datetime, timedelta

from tests.reference import exchange, identify, match, others
from tests.reference.world import CLOSED, Case, Exchange, Refuse, Word, World

ENDINGS = {
    "withdraw": "in_error",
    "linked_in_error": "in_error",
    "died": "died",
    "property_gone": "property_gone",
    "match_withdrawn": "match_withdrawn",
    "application_withdrawn": "no_longer_applicant",
    "approval_taken_back": "approval_withdrawn",
}
"""How a change ends a match or an offer."""
KNOWN = {
    "correct_link": "I",
    "moved_home": "S",
    "go_back": "S",
    "linked_in_error": "SVOD",
    "property_gone": "VO",
    "match_withdrawn": "VO",
    "application_withdrawn": "VO",
    "approval_taken_back": "VO",
    "step_back": "VO",
}
"""Which procedures know a change that not all know (AMB-X-6)."""


def change(world: World, case: Case, kind: str, how: str) -> None:
    """One change, at any waiting point."""
    if case.outcome is not None:
        raise Refuse(CLOSED)
    check(world, case, kind, how)
    if kind in ("extend_deadline", "recalculate_deadline"):
        if kind == "extend_deadline":
            exchange.extend(case, int(how))
    elif kind == "wrong_recipient":
        exchange.wrong_recipient(case)
    elif kind == "corrections_says":
        says(world, case, how)
    else:
        {"I": _identify, "S": _suitability, "D": _duty, "V": _placing, "O": _placing}[case.procedure](
            world, case, kind, how
        )
    world.walk(case)


def check(world: World, case: Case, kind: str, how: str) -> None:
    """What is refused before anything happens."""
    procedure = case.procedure
    if procedure not in KNOWN.get(kind, procedure):
        raise Refuse("AMB-X-6")
    _check_words(world, case, kind, how)
    if kind == "step_back":
        _check_back(case, how)
    if kind == "approval_taken_back" and (not case.approved or case.taken_back):
        raise Refuse("AMB-P4-5")
    match kind:
        case "extend_deadline" | "recalculate_deadline" if case.x.day0 is None:
            raise Refuse("NFR-4")
        case "wrong_recipient" if how == "other_mail" or not case.x.out:
            raise Refuse("AMB-X-7")
        case "vacated" if procedure == "I" and not case.linked:
            raise Refuse("P1.S2.1")
        case "vacated" | "withdraw" if procedure == "D":
            raise Refuse({"vacated": "P2.F4", "withdraw": "P2.F5"}[kind])
        case "correct_link" if not case.linked:
            raise Refuse("TR-15")
        case "go_back" if not (case.x.complete or case.suitability) or how > case.step:
            raise Refuse("AMB-X-6")


def _check_words(world: World, case: Case, kind: str, how: str) -> None:
    if kind not in ("corrections_says", "correct_link"):
        return
    moment = said_at(world, case, how)
    if moment > world.now:
        raise Refuse("AMB-P1-22")
    if case.procedure in "IVO" and any(moment < w.at for w in case.said):
        raise Refuse("AMB-P1-22")
    if kind == "corrections_says" and case.procedure == "I" and not case.linked:
        raise Refuse("P1.S2.1")


def _check_back(case: Case, to: str) -> None:
    reached = {
        "3.3": case.view == "suitable",
        "3.6": case.held_at is not None,
        "4.3": case.shown_at is not None,
    }
    if to[0] != {"V": "3", "O": "4"}[case.procedure] or to > case.step or not reached.get(to, True):
        raise Refuse("AMB-X-6")
    if case.ending in match.FOR_GOOD:
        raise Refuse("AMB-X-6")


def said_at(world: World, case: Case, how: str) -> datetime:
    """When Corrections said it: two minutes ago, or before everything this case knows of."""
    if how == "older" and case.said:
        return min(w.at for w in case.said) - timedelta(minutes=1)
    return world.now + (timedelta(hours=1) if how == "in_future" else -timedelta(minutes=2))


def says(world: World, case: Case, how: str) -> None:
    """Corrections states the status anew (OV-2, AMB-P1-22, AMB-X-4)."""
    said = "CSO" if how == "older" else how
    word = world.state(case, said, said_at(world, case, how))
    if case.procedure == "I":
        return _heard_again(case, word)
    others.tell(world, case, word)
    if said == "CSO":
        return others.resume(world, case)
    others.open_identify(world, "1.5", said, [word])
    return others.cease(world, case, said)


def _heard_again(case: Case, word: Word) -> None:
    if word.said == "CSO":
        case.cancel(keep=exchange.TASKS)
    else:
        identify.stop(case)
    others.heard(case, word)
    case.step = "1.5"


def _identify(world: World, case: Case, kind: str, how: str) -> None:
    match kind:
        case "withdraw":
            world.end(case, "withdrawn")
        case "died":
            world.end(case, "died")
        case "vacated" if how == "not_considered":
            case.cancel("before_t441_questions", *exchange.TASKS)
            case.x.stop()
            case.vacated = True
            case.live = False if case.live else case.live
        case "correct_link":
            _nobody(world, case)


def _nobody(world: World, case: Case) -> None:
    """The wrong person was linked, and no right one is known: a pending assessment closes as recorded in error (TR-15).

    One that was confirmed before stays, pending, and Corrections is phoned about the person anew (TR-10, AMB-X-6).
    """
    word = world.state(case, "neither", world.now - timedelta(minutes=2))
    pending = world.held if world.held and world.held[1] == "PEN" else None
    if pending and not world.confirmed:
        world.held = (pending[0], "CLO")
        others.tell(world, case, word)
    case.linked = False
    world.end(case, "no match")
    if pending and world.confirmed:
        others.open_identify(world, "1.4", {"D2": "NSO"}.get(world.confirmed, "CSO"), [])


def _suitability(world: World, case: Case, kind: str, how: str) -> None:
    match kind:
        case "withdraw" | "died":
            world.end(case, {"withdraw": "withdrawn"}.get(kind, kind))
        case "vacated":
            world.end(case, "ceased_vacated")
            others.tell_of_the_leaving(world)
        case "moved_home":
            world.end(case, "moved")
            others.tell_of_the_leaving(world)
            world.add("S", "2.1", Exchange("T-439", "T-439+T-442"))
        case "linked_in_error":
            world.end(case, "recorded_in_error")
            others.open_identify(world, "1.4", "CSO", [])
        case "go_back":
            _go_back(world, case, how)


def _go_back(world: World, case: Case, to: str) -> None:
    """What was recorded stays; the returned form is read once more, the clock runs on from its day 0 (AMB-X-6)."""
    case.cancel()
    case.supported, case.step = False, to
    if to == "2.2":
        case.suitability = None
        exchange.misread(case)
        exchange.comes_back(case, f"again-{len(case.x.documents)}", form=True)


def _duty(world: World, case: Case, kind: str, how: str) -> None:
    if kind == "died":
        world.end(case, "died")
    elif kind == "linked_in_error":
        world.end(case, "recorded_in_error")
        others.open_identify(world, "1.4", "CSO", [])


def _placing(world: World, case: Case, kind: str, how: str) -> None:
    ending = ENDINGS.get(kind)
    if kind == "vacated":
        others.tell_of_the_leaving(world)
        ending = "no_longer_applicant" if how == "not_considered" else None
    if kind == "linked_in_error":
        others.open_identify(world, "1.4", "CSO", [])
    if kind == "approval_taken_back":
        case.taken_back = True
    if kind == "step_back":
        _step_back(case, how)
    elif ending:
        match.finish(world, case, ending, "died" if ending == "died" else "withdrawn")


def _step_back(case: Case, to: str) -> None:
    """Back to the named step; what was recorded stays (AMB-X-6, AMB-P4-11)."""
    case.cancel(keep=match.KEPT)
    case.ending, case.ends_as, case.done = None, None, set()
    if case.procedure == "V":
        case.approved = case.taken_back = False
        if to != "3.6":
            case.booked_at, case.held_at, case.reminders, case.chased = None, None, [], False
        if to == "3.2":
            case.view = None
    else:
        case.accepted, case.chosen, case.reminders, case.chased = False, None, [], False
        case.rated = None if to == "4.1" else case.rated
    case.step = to
