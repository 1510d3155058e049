"""Procedure 4 of the reference model: through the gate of the signed T-438 to an accepted, withdrawn or declined offer."""

from datetime import datetime, timedelta

from tests.reference import others
from tests.reference.days import at, day_of, nth_after
from tests.reference.match import ASKED_AT_THE_END, FOR_GOOD, KEPT, all_of, go_to
from tests.reference.world import Case, Refuse, World


def walk(world: World, case: Case) -> None:
    """From step to step, until something is waited for."""
    while case.outcome is None:
        following = _STEPS[case.step](world, case)
        if following is None:
            return
        go_to(case, following)


def _rating(world: World, case: Case) -> str | None:
    """Before any meeting (P4.S1)."""
    if case.rated in ("none", "done"):
        return "4.2"
    case.open("act_on_risk_rating" if case.rated else "check_risk_rating")
    return None


def _offer(world: World, case: Case) -> str | None:
    """Offered, then shown (P4.S2)."""
    case.open("show_property" if case.offered_at else "make_offer")
    return None


def _act(world: World, case: Case) -> str | None:
    """Yes or no, and what each asks (P4.S3); no answer is asked after, nothing is automatic (AMB-P4-4)."""
    if case.ending is None and not case.accepted:
        if not case.reminders and not case.chased and case.shown_at:
            ask_after(case, case.shown_at)
        case.open("persons_answer")
        return None
    if case.ending is None:
        return all_of(case, ("tell_corrections", "prepare_sign_up"), "4.4")
    asked = ASKED_AT_THE_END[case.ending]
    kinds = (
        *(("enter_offer_outcome",) if "entered" in asked else ()),
        *(("tell_corrections",) if "tell" in asked else ()),
        *(("sign_up_held",) if case.accepted and case.ending == "approval_withdrawn" else ()),
    )
    if all_of(case, kinds, "4.4") is None:
        return None
    if "questions" in asked:
        return "4.4"
    world.end(case, case.ends_as or "withdrawn")
    return None


def _keep(world: World, case: Case) -> str | None:
    """Questions on both outcomes; they wait while the person is verified anew (P4.S4, TR-16)."""
    if "offer_questions" not in case.done and not case.asks("offer_questions"):
        if not world.under_an_order:
            case.poll_at = world.now + timedelta(days=1)
            return None
        case.open("offer_questions")
    if "offer_questions" in case.done:
        accepted = case.accepted and case.ending is None
        world.end(case, case.chosen or "")
        if accepted:  # from the tenancy's start on; a move out of a home of ours is told (AMB-P4-9)
            others.tell_of_the_leaving(world)
    return None


_STEPS = {"4.1": _rating, "4.2": _offer, "4.3": _act, "4.4": _keep}


def ask_after(case: Case, since: datetime) -> None:
    """After two working days, and after five the advisor decides."""
    case.reminders, case.chased = [at(nth_after(day_of(since), n), 9) for n in (2, 5)], True


def remind(case: Case) -> None:
    """The advisor is reminded, then asked to decide."""
    case.reminders.pop(0)
    if not case.reminders:
        case.open("decide_no_answer")


def finish(world: World, case: Case, ending: str, ends_as: str) -> None:
    """Whatever ends an offer from outside withdraws it; a decision that stands is not overtaken (AMB-P4-1)."""
    if case.ending is None or (ending in FOR_GOOD and case.ending not in FOR_GOOD):
        case.cancel(keep=KEPT)
        case.ending, case.ends_as, case.done = ending, ends_as, set()
        if "entered" in ASKED_AT_THE_END[ending]:
            case.chosen = "withdrawn"
        go_to(case, "4.3")
    world.walk(case)


def answer(world: World, case: Case, kind: str, how: str) -> None:
    """One answer of procedure 4; the offer does not go on while an Exit entry is unconfirmed (AMB-X-5)."""
    if case.paused and kind in (
        "check_risk_rating", "act_on_risk_rating", "make_offer", "show_property", "persons_answer",
    ):  # fmt: skip
        raise Refuse("AMB-X-5")
    if kind in ("make_offer", "show_property"):
        _check_gate(case, kind)
    if how == "in_future":
        raise Refuse(
            {"make_offer": "P4.S2.1", "show_property": "P4.S2.2", "tell_corrections": "P3.S3.1"}[kind]
        )
    match kind:
        case "check_risk_rating":
            case.rated = how
        case "act_on_risk_rating":
            case.rated = "done"
        case "make_offer":
            case.offered_at = world.now
        case "show_property":
            _shown(world, case, how)
        case "persons_answer":
            _answered(world, case, how)
        case "decide_no_answer":
            _decided(world, case, how)
        case _:
            _closing(world, case, kind, how)


def _check_gate(case: Case, kind: str) -> None:
    """No meeting before the rating check, no offer on an approval that was taken back (P4.S1.1, P4.N1, AMB-P4-5)."""
    if case.rated not in ("none", "done"):
        raise Refuse("P4.S1.1")
    if kind == "make_offer" and case.taken_back:
        raise Refuse("AMB-P4-5")


def _closing(world: World, case: Case, kind: str, how: str) -> None:
    """What is entered and answered is what the advisor has chosen, the questions of a D1 (P4.S3.b1, P4.S4.1, TR-16)."""
    if kind == "offer_questions" and not world.under_an_order:
        raise Refuse("TR-16")
    rules = {"enter_offer_outcome": "P4.S3.b1", "offer_questions": "P4.S4.1"}
    if kind in rules and how != case.chosen:
        raise Refuse(rules[kind])
    if not (kind == "tell_corrections" and how == "nobody"):
        case.done.add(kind)


def _shown(world: World, case: Case, how: str) -> None:
    if how == "before_the_offer":
        raise Refuse("P4.S2.2")
    case.shown_at = world.now
    go_to(case, "4.3")


def _answered(world: World, case: Case, how: str) -> None:
    """Accepted; or declined by the person, or withdrawn for any other reason (AMB-P4-1)."""
    if how in ("refusal_as_withdrawn", "repair_as_declined"):
        raise Refuse("AMB-P4-1")
    case.cancel("decide_no_answer")
    if how == "accepted":
        case.accepted, case.chosen = True, "accepted"
        world.mails.append((case.name, "offer_accepted"))
        return
    _not_accepted(case, "declined" if how == "declined" else "withdrawn")


def _not_accepted(case: Case, outcome: str) -> None:
    case.ending = case.ends_as = "not_accepted"
    case.ends_as = case.chosen = outcome
    case.cancel(keep=KEPT)


def _decided(world: World, case: Case, how: str) -> None:
    if how == "wait":
        ask_after(case, world.now)
    else:
        _not_accepted(case, "withdrawn")
