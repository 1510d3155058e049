"""Commands of a random sequence: what is done to the cases of one person, what the model expects, and what may be tried."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from tests.reference import changes, exchange, identify, match, offer, suitability
from tests.reference.days import friday_of
from tests.reference.world import CLOSED, Case, Exchange, Refuse, World

TAKEN = "taken"
CALLS = ("phone_corrections", "phone_about_property")
_CALL = ("CSO", "nobody", "NSO", "neither", "older", "in_future")
_SEND = ("sent", "no_contact", "directory_changed")
_OF_EXCHANGE = exchange.TASKS - {"send_t441"}
HOWS: dict[str, tuple[str, ...]] = {
    "match_entry": ("match", "match", "match", "no_match", "not_searched"),
    "first_question": ("as_reported", "as_reported", "other_group"),
    "why_pending": ("said",),
    "phone_corrections": ("CSO", *_CALL),
    "corrections_unreachable": ("said",),
    "nso_questions": ("confirmed", "confirmed", "unconfirmed", "unfinished"),
    "invalid_questions": ("confirmed", "confirmed", "unconfirmed", "unfinished"),
    "final_questions": ("considered", "considered", "confirmed", "unconfirmed", "unfinished"),
    "live_record": ("as_registered", "as_registered", "wrong"),
    "before_t441_questions": ("checked", "checked", "identity_not_checked"),
    "send_t441": ("sent", "sent", "before_confirmation", "no_contact", "directory_changed"),
    "provide_contact": ("said",),
    "confirm_letter_recipient": ("confirmed", "confirmed", "directory_changed"),
    "unread_return": ("said",),
    "send_failed": ("send_again", "send_again", "do_not_send"),
    "corrections_silent": ("said",),
    "privacy_incident": ("said",),
    "send_t439": ("sent", "sent", *_SEND, "no_comment", "lives_elsewhere", "other_occupancy"),
    "support_move": ("said", "said", "application_without_consent"),
    "location_outcome": ("as_corrections", "as_corrections", "our_own_view", "no_comment"),
    "send_t442": _SEND,
    "await_match": ("no_longer",),
    "consider_match": ("read",),
    "send_void_request": ("sent", *_SEND),
    "weigh_match": ("suitable", "suitable", "suitable", "unsuitable"),
    "phone_about_property": ("CSO", "CSO", "does_not_agree", *_CALL),
    "book_viewing": ("soon", "soon", "last_minute", "no_slot", "minute_too_late", "before_the_call"),
    "viewing_questions": ("answered", "answered", "unfinished"),
    "print_t438": ("printed",),
    "decide_after_failures": ("try_again", "withdraw"),
    "record_viewing": ("held", "held", "missed", "not_in_person", "another_day"),
    "record_part_b": (
        "suitable", "suitable", "suitable", "not_suitable", "unsigned", "suitable_by_phone", "not_returned",
        "not_stored", "no_reasons", "other_case", "not_in_the_file",
    ),
    "remind_signature": ("sent",),
    "signature_overdue": ("said",),
    "pre_approval_questions": ("answered", "answered", "we_do_not_agree", "unfinished"),
    "settle_paper": ("stored",),
    "enter_withdrawn": ("withdrawn", "declined"),
    "withdrawal_questions": ("answered", "unfinished"),
    "tell_corrections": ("told", "nobody", "in_future"),
    "check_risk_rating": ("none", "none", "update", "new"),
    "act_on_risk_rating": ("said",),
    "make_offer": ("made", "made", "in_future"),
    "show_property": ("shown", "shown", "in_future", "before_the_offer"),
    "persons_answer": (
        "accepted", "accepted", "declined", "withdrawn", "refusal_as_withdrawn", "repair_as_declined",
    ),
    "decide_no_answer": ("wait", "withdraw"),
    "prepare_sign_up": ("prepared",),
    "enter_offer_outcome": ("withdrawn", "declined"),
    "sign_up_held": ("said",),
    "offer_questions": ("accepted", "withdrawn", "declined"),
}  # fmt: skip
"""How each task can be answered, legally and not; what is usual stands more than once."""
CHANGES: dict[str, tuple[str, ...]] = {
    "withdraw": ("",),
    "died": ("",),
    "corrections_says": ("CSO", "NSO", "neither", "older", "in_future"),
    "vacated": ("considered", "not_considered"),
    "wrong_recipient": ("last_mail", "other_mail"),
    "extend_deadline": ("8", "3"),
    "recalculate_deadline": ("",),
    "correct_link": ("nobody",),
    "moved_home": ("",),
    "linked_in_error": ("",),
    "go_back": ("2.2", "2.3"),
    "property_gone": ("",),
    "match_withdrawn": ("",),
    "application_withdrawn": ("",),
    "approval_taken_back": ("",),
    "step_back": ("3.2", "3.3", "3.6", "4.1", "4.2", "4.3"),
}
_COMPLETE = {"T-441": ("CSO", "CSO", "NSO", "neither"), "T-439": ("suitable", "suitable", "not_suitable")}
_READ = ("incomplete", "not_the_form", "half_as_complete", "full_as_incomplete")


@dataclass(frozen=True)
class Command:
    """Something that is done: report, match, answer, twice (at once), late, change, returned, bounced, wait."""

    do: str
    case: str = ""
    kind: str = ""
    how: str = ""

    def __str__(self) -> str:
        return " ".join((self.do, self.case or "-", self.kind or "-", self.how or "-"))

    @classmethod
    def parse(cls, text: str) -> "Command":
        """As it is printed."""
        return cls(*("" if word == "-" else word for word in text.split()))


Due = tuple[datetime, str, Callable[[], None]]
"""When something becomes due, in which case, and what then happens."""
WALKS: dict[str, Callable[[World, Case], None]] = {
    "I": identify.walk, "S": suitability.walk, "V": match.walk, "O": offer.walk, "D": suitability.walk_duty,
}  # fmt: skip


def begin(lives: str, held: tuple[str, str] | None, now: datetime) -> World:
    """Somebody with the code of an earlier year, before the first report."""
    return World(lives, now, held, held[0] if held and held[1] == "CUR" else None, walks=WALKS)


def apply(world: World, command: Command) -> str:
    """What comes of it: taken, or the rule that refuses it; a refusal changes nothing."""
    try:
        _do(world, command)
    except Refuse as refused:
        return refused.rule
    return TAKEN


def _do(world: World, command: Command) -> None:
    case = world.cases.get(command.case)
    match command.do:
        case "report":
            form = Exchange("T-441", "T-441")
            world.add("I", "1.2", form, group=command.how, friday=friday_of(world.now))
        case "match":
            _matched(world)
        case "wait":
            pass
        case "late":
            raise Refuse(CLOSED)
        case _ if case is None:
            raise Refuse(CLOSED)
        case "answer" | "twice":
            _answer(world, case, command)
        case "change":
            changes.change(world, case, command.kind, command.how)
        case _:
            _arrives(world, case, command)


def _arrives(world: World, case: Case, command: Command) -> None:
    """What the mailbox brings; the run of an ended case takes it no more."""
    if case.outcome is not None:
        raise Refuse(CLOSED)
    match command.do:
        case "returned":
            world.returns += 1
            exchange.comes_back(case, f"r{world.returns}", form=command.how == "form")
            if case.step in ("1.6", "2.1", "2.2"):
                world.walk(case)
        case "bounced":
            exchange.bounced(case)
            world.walk(case)


def _matched(world: World) -> None:
    """Somebody under an order, confirmed or pending: a case of procedure 3; anybody else is matched as usual (P3.W1)."""
    if world.held not in (("D1", "CUR"), ("D1P", "PEN")):
        return
    waiting = next((c for c in world.of("V") if not c.matched), None)
    mail = "T-439+T-441+T-442" if world.lives == "tenant" else "T-441+T-442"
    if waiting:
        waiting.matched, waiting.x.mail = True, mail
        world.walk(waiting)
    else:
        world.add("V", "3.1", Exchange("T-441", mail), matched=True)


def _answer(world: World, case: Case, command: Command) -> None:
    kind, how = command.kind, command.how
    task = next((t for t in case.tasks if t.kind == kind), None)
    if task is None:
        raise Refuse(CLOSED)
    place = case.tasks.index(task)
    case.tasks.remove(task)
    try:
        _take(world, case, kind, task.about, how)
    except Refuse:
        case.tasks.insert(place, task)
        raise
    world.walk(case)


def _take(world: World, case: Case, kind: str, about: str, how: str) -> None:
    if kind in CALLS:
        (identify.called if kind == CALLS[0] else match.called)(world, case, how)
    elif kind == "review_return":
        _read(world, case, about, how)
    elif kind in _OF_EXCHANGE:
        exchange.answered(world, case, kind, about, how)
    elif kind in ("send_t441", "send_t442"):
        if kind == "send_t441" and case.verbal != "CSO" and how not in ("no_contact", "before_confirmation"):
            raise Refuse("AMB-P1-6")
        if kind == "send_t441" and case.verbal != "CSO" and how != "no_contact" and not case.attempts:
            raise Refuse("AMB-P1-6")
        exchange.send(world, case, how)
    else:
        procedures = {"I": identify, "S": suitability, "V": match, "O": offer}
        procedures[case.procedure].answer(world, case, kind, how)


def _read(world: World, case: Case, about: str, how: str) -> None:
    complete = how not in ("incomplete", "not_the_form", "full_as_incomplete")
    if complete and case.procedure == "S":
        if not case.x.documents[about]:
            raise Refuse("P2.X1")
        suitability.check_source(case)
    exchange.read(world, case, about, how)
    if not case.x.complete:
        return
    if case.x.form == "T-441":
        world.completed.append((world.now, how))
    if case.procedure == "S":
        suitability.form_says(case, how)
    else:
        (identify if case.procedure == "I" else match).form_says(world, case, how)


# -- time ------------------------------------------------------------------------------------------------------


def advance(world: World, to: datetime) -> None:
    """Time passes to this instant; what becomes due on the way happens."""
    while (event := _next(world)) and event[0] <= to:
        together = [act for instant, _, act in _all_events(world) if instant <= event[0]]
        world.now = max(world.now, event[0])
        for act in together:
            act()
    world.now = max(world.now, to)


def _next(world: World) -> Due | None:
    return min(_all_events(world), key=lambda one: one[:2], default=None)


def _all_events(world: World) -> list[Due]:
    return [one for c in world.cases.values() if c.outcome is None for one in _events(world, c)]


def _events(world: World, case: Case) -> Iterator[Due]:
    """What a case waits for beside people."""
    waits = {"I": case.step == "1.6", "S": not case.paused, "V": not case.paused}
    if waits.get(case.procedure):
        for instant in exchange.instants(case):
            if instant > world.now:
                yield instant, case.name, lambda: exchange.due(world, case)
    if case.poll_at and case.poll_at > world.now:
        yield case.poll_at, case.name, lambda: world.walk(case)
    for instant, act in _reminders(case, world):
        yield instant, case.name, _and_walk(world, case, act)


def _reminders(case: Case, world: World) -> Iterator[tuple[datetime, Callable[[], None]]]:
    """Calls that reached nobody, a window that closes, a signature or an answer that does not come."""
    if case.ladder and case.step in ("1.4", "1.6", "3.3"):
        yield case.ladder[0], lambda: identify.rung(case)
    if case.step == "3.4" and case.asks("book_viewing") and case.agreed_at:
        yield case.agreed_at + match.WINDOW, lambda: match.failed(world, case)
    if case.reminders and case.step == "3.6" and not case.approved:
        yield case.reminders[0], lambda: match.remind(case)
    if case.reminders and case.asks("persons_answer"):
        yield case.reminders[0], lambda: offer.remind(case)


def _and_walk(world: World, case: Case, act: Callable[[], None]) -> Callable[[], None]:
    def both() -> None:
        act()
        world.walk(case)

    return both


def soon_due(world: World, within: timedelta) -> bool:
    """Whether something becomes due that shortly, or has just become so: not a moment to compare at."""
    event = _next(world)
    return event is not None and event[0] <= world.now + within


# -- what may be tried -----------------------------------------------------------------------------------------


def answers(world: World) -> Iterator[Command]:
    """Every answer to what is asked now, legal or not."""
    for case in world.cases.values():
        for kind in dict.fromkeys(t.kind for t in case.tasks):
            hows = (*_COMPLETE[case.x.form], *_READ) if kind == "review_return" else HOWS[kind]
            for how in hows:
                yield Command("answer", case.name, kind, how)


def happenings(world: World) -> Iterator[Command]:
    """What comes from outside: a report, a match, a returned or a bounced mail."""
    yield Command("report", how="CSO")
    yield Command("report", how="NSO")
    if not world.of("O") and all(not c.matched for c in world.of("V")):
        yield Command("match")
    for case in world.cases.values():
        if case.outcome is None and case.x.cycle and case.procedure != "D":
            yield Command("returned", case.name, how="form")
            yield Command("returned", case.name, how="form" if case.procedure != "S" else "reply")
            if case.x.out and case.x.day0 and not case.x.complete:
                yield Command("bounced", case.name)


def interruptions(world: World) -> Iterator[Command]:
    """Every change of every case, open or not, known to its procedure or not."""
    for case in world.cases.values():
        if case.outcome is not None:
            yield Command("change", case.name, "corrections_says", "CSO")
            continue
        for kind, hows in CHANGES.items():
            for how in hows:
                yield Command("change", case.name, kind, how)


def untimely(world: World) -> Iterator[Command]:
    """Answers to what is not asked (before its cause), and to what was asked before (too late)."""
    for case in world.cases.values():
        asked = {t.kind for t in case.tasks}
        for kind in HOWS:
            if kind not in asked:
                yield Command("answer", case.name, kind, HOWS[kind][0])
        yield Command("late", case.name)
