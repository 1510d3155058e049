"""Procedure 3 of the reference model: from a match to the pre-approval, or its withdrawal (30-match-void)."""

from datetime import date, datetime, timedelta

from tests.reference import exchange, others
from tests.reference.days import ZONE, at, day_of, nth_after
from tests.reference.others import heard
from tests.reference.world import Case, Exchange, Refuse, World

WINDOW = timedelta(hours=48)
KEPT = frozenset({"settle_paper", "privacy_incident"})
ASKED_AT_THE_END = {
    "unsuitable": ("entered", "questions"),
    "corrections_disagrees": ("entered", "questions"),
    "not_suitable": ("entered", "questions"),
    "we_disagree": ("entered", "questions", "tell"),
    "no_viewing": ("entered", "questions", "tell"),
    "property_gone": ("entered", "questions", "tell"),
    "match_withdrawn": ("entered", "questions", "tell"),
    "no_longer_applicant": ("entered", "tell"),
    "approval_withdrawn": ("entered", "questions", "tell"),
    "in_error": ("entered", "tell"),
    "not_accepted": ("entered", "questions", "tell"),
    "order_ended": (),
    "died": (),
}
"""AMB-P3-3, AMB-P3-15, AMB-P3-16, AMB-P4-5, AMB-X-4, AMB-X-13: withdrawn is entered, never declined."""
FOR_GOOD = ("order_ended", "died")


def walk(world: World, case: Case) -> None:
    """From step to step, until something is waited for."""
    while case.outcome is None:
        following = _STEPS[case.step](world, case)
        if following is None:
            return
        go_to(case, following)


def go_to(case: Case, following: str) -> None:
    """Another step begins with nothing answered in it."""
    if case.step != following:
        case.done = set()
    case.step = following


def _consider(world: World, case: Case) -> str | None:
    if case.matched:
        case.cancel("await_match")
    case.open("consider_match" if case.matched else "await_match")
    return None


def _weigh(world: World, case: Case) -> str | None:
    """A completed T-441 of the current order, not older than twelve months, or Corrections is asked (P3.S2, AMB-P3-11)."""
    if _t441_held(world) or case.x.complete:
        if (case.asks("send_void_request") or case.x.day0) and not case.x.complete:
            case.cancel("send_void_request", *exchange.TASKS, keep=KEPT)
            case.x.stop()
        case.open("weigh_match")
        return None
    case.cancel("weigh_match")
    exchange.ask_to_send(case, "send_void_request")
    if not case.paused:
        exchange.due(world, case)
    return None


def _t441_held(world: World) -> bool:
    if not world.under_an_order:
        return False
    ended = max((w.at for w in world.words if w.said != "CSO"), default=None)
    return any(
        said == "CSO" and (ended is None or read > ended) and day_of(world.now) <= _a_year_on(read)
        for read, said in world.completed
    )


def _a_year_on(read: datetime) -> date:
    there = read.astimezone(ZONE)
    return there.replace(year=there.year + 1).date()


def _phone(world: World, case: Case) -> str | None:
    case.open("phone_about_property", f"{case.whom} {case.attempts}")
    return None


def _arrange(world: World, case: Case) -> str | None:
    """An appointment within 48 elapsed hours of the call, then questions and the paper (P3.S4.a)."""
    if case.asks("decide_after_failures"):
        return None
    if case.booked_at is None:
        case.open("book_viewing")
        return None
    return all_of(case, ("viewing_questions", "print_t438"), "3.5")


def _view(world: World, case: Case) -> str | None:
    if not case.asks("decide_after_failures"):
        case.open("record_viewing", f"{case.booked_at}")
    return None


def _outcome(world: World, case: Case) -> str | None:
    """Part B signed and stored, both parties agree, D1 and current: the offer (P3.S6, P3.X1)."""
    if not case.approved:
        case.open("record_part_b")
        if not case.chased and case.held_at:
            case.reminders = [at(nth_after(day_of(case.held_at), n), 9) for n in (2, 5, 10)]
            case.chased = True
        return None
    paper = case.paper or "settle_paper" in case.done
    following = all_of(case, ("pre_approval_questions", *(("settle_paper",) if paper else ())), "4")
    if following is None:
        return None
    if case.ending:
        return "3.7"
    if not world.under_an_order:
        case.poll_at = world.now + timedelta(days=1)
        return None
    paused = case.paused
    world.end(case, "offer")
    world.add(
        "O", "4.1", Exchange("T-441", "T-442"), said=case.said, paused=paused, agreed_at=case.agreed_at,
        approved=True, matched=True,
    )  # fmt: skip
    return None


def all_of(case: Case, kinds: tuple[str, ...], following: str) -> str | None:
    """Asked at once; the next step when each is answered."""
    missing = [kind for kind in kinds if kind not in case.done]
    for kind in missing:
        case.open(kind)
    return None if missing else following


def _withdraw(world: World, case: Case) -> str | None:
    """Entered as withdrawn, questions, the call to Corrections if it had agreed, the paper (P3.S7)."""
    assert case.ending
    asked = ASKED_AT_THE_END[case.ending]
    may_calculate = world.held in (("D1", "CUR"), ("D1P", "PEN"))
    kinds = (
        *(("enter_withdrawn",) if "entered" in asked else ()),
        *(("withdrawal_questions",) if "questions" in asked and may_calculate else ()),
        *(("tell_corrections",) if "tell" in asked and case.agreed_at else ()),
        *(("settle_paper",) if case.paper else ()),
    )
    if all_of(case, kinds, "end"):
        world.end(case, case.ends_as or "withdrawn")
    return None


_STEPS = {
    "3.1": _consider, "3.2": _weigh, "3.3": _phone, "3.4": _arrange, "3.5": _view, "3.6": _outcome, "3.7": _withdraw,
}  # fmt: skip


def finish(world: World, case: Case, ending: str, ends_as: str) -> None:
    """The match ends, unless it is ending already for a reason that stands; the offer's own end is its module's."""
    if case.procedure == "O":
        from tests.reference import offer

        return offer.finish(world, case, ending, ends_as)
    if case.ending is None or (ending in FOR_GOOD and case.ending not in FOR_GOOD):
        case.cancel(keep=KEPT)
        case.x.stop()
        if case.held_at is None:
            case.booked_at = None
        case.ending, case.ends_as = ending, ends_as
    go_to(case, "3.7")
    world.walk(case)
    return None


def answer(world: World, case: Case, kind: str, how: str) -> None:
    """One answer of procedure 3; what would disclose something new waits while an Exit entry is unconfirmed."""
    if case.paused and kind in ("send_void_request", "book_viewing", "print_t438", "remind_signature"):
        raise Refuse("AMB-X-5")
    match kind:
        case "await_match":
            world.end(case, "not_considered")
        case "consider_match":
            go_to(case, "3.2")
        case "send_void_request":
            exchange.send(world, case, how)
        case "weigh_match":
            case.view = how
            go_to(case, "3.3")
            if how == "unsuitable":
                finish(world, case, "unsuitable", "withdrawn")
        case "book_viewing" | "decide_after_failures" | "record_viewing" | "record_part_b":
            _about_the_viewing(world, case, kind, how)
        case _:
            _small(world, case, kind, how)


def _about_the_viewing(world: World, case: Case, kind: str, how: str) -> None:
    match kind:
        case "book_viewing":
            _booked(world, case, how)
        case "record_viewing":
            _viewed(world, case, how)
        case "record_part_b":
            _part_b(world, case, how)
        case _ if how == "withdraw":
            finish(world, case, "no_viewing", "withdrawn")
        case _:
            go_to(case, "3.3")


def _small(world: World, case: Case, kind: str, how: str) -> None:
    if how == "unfinished":
        raise Refuse("AMB-P1-26")
    match kind:
        case "print_t438":
            case.paper = True
        case "settle_paper":
            case.paper = False
        case "enter_withdrawn" if how == "declined":
            raise Refuse("P3.S7.1")
        case "remind_signature":
            world.mails.append((case.name, "T-438 reminder"))
            return None
        case "tell_corrections" if how == "in_future":
            raise Refuse("P3.S3.1")
        case "tell_corrections" if how == "nobody":
            return None
        case "pre_approval_questions" if how == "we_do_not_agree":
            case.done.add(kind)
            return finish(world, case, "we_disagree", "withdrawn")
    case.done.add(kind)
    return None


def called(world: World, case: Case, how: str) -> None:
    """Status and property in one call: agreed, not agreed, or no order any more (P3.S3, P3.S4, AMB-P3-10)."""
    if how == "in_future":
        raise Refuse("P3.S3.1")
    moment = world.now - timedelta(minutes=2)
    if how != "nobody" and ((how == "older" and case.said) or any(moment < w.at for w in case.said)):
        raise Refuse("AMB-P1-22")
    if how == "nobody":
        if not case.attempts:
            case.ladder = [at(nth_after(day_of(moment), n), 9) for n in (2, 5)]
        case.attempts += 1
        return None
    case.cancel("corrections_unreachable")
    said = how if how in others.CEASED else "CSO"
    if said != "CSO":
        word = world.state(case, said, moment)
        others.tell(world, case, word)
        others.open_identify(world, "1.5", said, [word])
        return finish(world, case, "order_ended", others.CEASED[said])
    heard(case, world.state(case, "CSO", moment))
    case.paused = None
    if how == "does_not_agree":
        return finish(world, case, "corrections_disagrees", "withdrawn")
    case.agreed_at = moment
    go_to(case, "3.4")
    return None


def form_says(world: World, case: Case, said: str) -> None:
    """The completed T-441 says that there is no current order: procedure 1 phones first (AMB-P3-10, A-C5)."""
    if said == "CSO" or case.ending in FOR_GOOD:
        return
    word = world.state(case, said, world.now, verbal=False)
    others.tell(world, case, word)
    others.open_identify(world, "1.4", said, [word])
    finish(world, case, "order_ended", others.CEASED[said])


def _booked(world: World, case: Case, how: str) -> None:
    """The appointment starts within 48 elapsed hours of the end of the call, and after it (P3.S4.a3, AMB-P3-4)."""
    assert case.agreed_at
    if how == "no_slot":
        return failed(world, case)
    starts = viewing_at(world, case, how)
    if not case.agreed_at <= starts <= case.agreed_at + WINDOW:
        raise Refuse("P3.S4.a3")
    case.booked_at = starts
    return None


def viewing_at(world: World, case: Case, how: str) -> datetime:
    """When the viewing would start."""
    assert case.agreed_at
    match how:
        case "last_minute":
            return case.agreed_at + WINDOW
        case "minute_too_late":
            return case.agreed_at + WINDOW + timedelta(minutes=1)
        case "before_the_call":
            return case.agreed_at - timedelta(minutes=1)
        case _:
            return world.now + timedelta(minutes=4)


def failed(world: World, case: Case) -> None:
    """A new call and new 48 hours; after two failures a person decides (AMB-P3-5)."""
    case.booked_at = None
    case.cancel(keep=KEPT)
    case.failures += 1
    if case.failures >= 2:
        case.open("decide_after_failures", f"{case.failures}")
    else:
        go_to(case, "3.3")


def _viewed(world: World, case: Case, how: str) -> None:
    """In person, at the property, with Corrections, at the appointed time (P3.S5.1)."""
    assert case.booked_at
    if how == "missed":
        return failed(world, case)
    if how != "held" or case.booked_at > world.now + timedelta(minutes=5):
        raise Refuse("P3.S5.1")
    case.held_at = case.booked_at
    go_to(case, "3.6")
    return None


def _part_b(world: World, case: Case, how: str) -> None:
    """Suitable: signed, returned, stored. Not suitable: reasons (P3.S5.2, P3.S6)."""
    rules = {
        "unsigned": "P3.S5.2", "suitable_by_phone": "P3.S5.2", "not_returned": "P3.S6.a1", "not_stored": "P3.S6.a2",
        "no_reasons": "P3.S6.b", "other_case": "AMB-P4-6", "not_in_the_file": "P3.S6.a2",
    }  # fmt: skip
    if how in rules:
        raise Refuse(rules[how])
    case.cancel("remind_signature", "signature_overdue")
    case.approved = True
    if how == "not_suitable":
        finish(world, case, "not_suitable", "withdrawn")


def remind(case: Case) -> None:
    """After 2, 5 and 10 working days without a signature: the advisor, Corrections by mail, the manager (AMB-P3-7)."""
    case.reminders.pop(0)
    if len(case.reminders) == 1:
        case.open("remind_signature")
    elif not case.reminders:
        case.open("signature_overdue")
