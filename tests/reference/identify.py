"""Procedure 1 of the reference model: from an entry of the report to D1, D2 or D3 (catalogue, sections 2 and 6)."""

from datetime import timedelta

from tests.reference import exchange, others
from tests.reference.days import at, day_of, nth_after
from tests.reference.others import heard
from tests.reference.world import Case, Refuse, World

PENDING = {"CSO": "D1P", "NSO": "D2P"}


def walk(world: World, case: Case) -> None:
    """From step to step, until something is waited for."""
    while case.outcome is None:
        following = _STEPS[case.step](world, case)
        if following is None:
            return
        case.step = following


def _search(world: World, case: Case) -> str | None:
    case.open("match_entry")
    return None


def _record(world: World, case: Case) -> str | None:
    """None or CLO, PEN, CUR: branches a, b, c of step 3."""
    status = world.held[1] if world.held else "CLO"
    if status == "CUR":
        return "1.4"
    case.open({"CLO": "first_question", "PEN": "why_pending"}[status])
    return None


def _phone(world: World, case: Case) -> str | None:
    case.open("phone_corrections", f"{case.whom} {case.attempts}")
    return None


def _update(world: World, case: Case) -> str | None:
    """CSO -> 6; NSO -> D2; neither -> D3. A final code is shown only after its questions (P1.S5, TR-4 to TR-13)."""
    if case.verbal is None:
        return "1.4"
    word = next(w for w in reversed(case.said) if w.said == case.verbal)
    others.tell(world, case, word)
    if world.held is None or world.held[1] == "CLO":
        said = case.group if case.verbal == "neither" else case.verbal
        world.held, world.confirmed = (PENDING[said or ""], "PEN"), None
    if case.verbal == "CSO":
        world.held = ("D1P", "PEN")
        return "1.6"
    kind = "nso_questions" if case.verbal == "NSO" else "invalid_questions"
    stop(case, kind)
    if not case.asks(kind):
        world.held = _said_otherwise(world, case)
        case.open(kind)
    return None


def _said_otherwise(world: World, case: Case) -> tuple[str, str] | None:
    assert world.held
    code = world.held[0]
    if case.verbal == "NSO":  # a vacated D1 stays until the new assessment (TR-14)
        return world.held if case.vacated and code == "D1" else ("D2P", "PEN")
    return {"D1": ("D1P", "PEN"), "D2": ("D2P", "PEN")}.get(code, world.held)


def _live(world: World, case: Case) -> str | None:
    """Not live: no disclosure. Live: the T-441 out and back, complete; always Corrections' spoken word (A-C5)."""
    if case.live is None:
        case.open("live_record")
        return None
    if case.verbal not in (None, "CSO"):
        return "1.5"
    if case.newest != case.verbal:
        return "1.4"
    confirmed = case.verbal == "CSO"
    if confirmed and (not case.live or case.x.complete):
        stop(case)
        return "1.7"
    if not confirmed:
        _phone(world, case)
    if case.live and (confirmed or case.attempts):
        if case.asked:
            exchange.ask_to_send(case, "send_t441")
        else:
            case.open("before_t441_questions")
    exchange.due(world, case)
    return None


def _final(world: World, case: Case) -> str | None:
    case.open("final_questions")
    return None


_STEPS = {"1.2": _search, "1.3": _record, "1.4": _phone, "1.5": _update, "1.6": _live, "1.7": _final}


def stop(case: Case, *keep: str) -> None:
    """Disclosure ends: nothing of it is asked, no clock runs; what has left stays listed."""
    case.cancel(keep=frozenset(keep))
    case.x.stop()


def answer(world: World, case: Case, kind: str, how: str) -> None:
    """One answer, by the step that asks it."""
    match kind:
        case "match_entry":
            _matched(world, case, how)
        case "first_question":
            if how == "other_group":
                raise Refuse("AMB-P1-5")
            world.held, world.confirmed = (PENDING[case.group], "PEN"), None
            case.step = "1.6" if case.group == "CSO" else "1.4"
        case "why_pending":
            fresh = [w for w in case.said if w.verbal and day_of(w.at) >= (case.friday or day_of(w.at))]
            case.step = "1.5" if fresh else "1.4"
        case "live_record":
            if how == "wrong":
                raise Refuse("P1.S6.1")
            case.live = world.lives != "historic"
        case "before_t441_questions":
            if how == "identity_not_checked":
                raise Refuse("P1.S6.b1")
            case.asked = True
        case "corrections_unreachable":
            pass
        case _:
            _decided(world, case, kind, how)


def _decided(world: World, case: Case, kind: str, how: str) -> None:
    if how in ("unconfirmed", "unfinished"):
        rules = {"nso_questions": "P1.S4.N1", "invalid_questions": "DEF-6", "final_questions": "P1.S4.N1"}
        raise Refuse(rules[kind] if how == "unconfirmed" else "AMB-P1-26")
    match kind:
        case "nso_questions":
            world.held, world.confirmed = ("D2", "CUR"), "D2"
            world.end(case, "D2")
        case "invalid_questions":
            world.held, world.confirmed = ("D3", "CUR"), "D3"
            others.tell_again(world, case, next(w for w in reversed(case.said) if w.said == "neither"))
            world.end(case, "D3")
        case "final_questions":
            _confirmed(world, case, considered=how == "considered")


def _confirmed(world: World, case: Case, *, considered: bool) -> None:
    """D1; then procedure 2 for whoever lives in a home, procedure 3 for whoever is considered for one (P1.X1, X2)."""
    world.held, world.confirmed = ("D1", "CUR"), "D1"
    world.end(case, "D1")
    if world.lives == "tenant" and case.live and not case.vacated:
        others.open_suitability(world)
    matches = world.of("V")
    if matches:
        others.code_is_final(world, case)
    elif considered:
        others.open_match(world)


def _matched(world: World, case: Case, how: str) -> None:
    if how == "not_searched":
        raise Refuse("P1.S2.2")
    if how == "no_match":
        return world.end(case, "no match")
    other = next((c for c in world.of("I") if c is not case and c.linked), None)
    if case.group == "NSO":
        others.named_in_exit_group(world, case)
    case.linked = True
    if other:
        world.end(case, "joined")
        return _named_again(world, other, case.group)
    case.step = "1.3"
    spoken = [w for w in world.words if w.verbal]
    last = max(spoken, key=lambda w: w.at, default=None)
    if last and last.said != "neither" and day_of(last.at) >= (case.friday or day_of(last.at)):
        case.said = [last]
    return None


def _named_again(world: World, case: Case, group: str) -> None:
    """Both groups name the person: Corrections is called, no code by itself (AMB-P1-16)."""
    if group != case.group:
        case.cancel(keep=exchange.TASKS)
        case.step = "1.4"
        world.walk(case)


def called(world: World, case: Case, how: str) -> None:
    """Corrections said something, or nobody was there: tried daily, service manager, manager (P1.S4, AMB-P1-28)."""
    if how == "in_future":
        raise Refuse("P1.S4.2")
    moment = world.now - timedelta(minutes=2)
    if how != "nobody" and ((how == "older" and case.said) or any(moment < w.at for w in case.said)):
        raise Refuse("AMB-P1-22")
    if how == "nobody":
        if not case.attempts:
            case.ladder = [at(nth_after(day_of(moment), n), 9) for n in (2, 5)]
        case.attempts += 1
        return
    heard(case, world.state(case, "CSO" if how == "older" else how, moment))
    case.cancel("corrections_unreachable")
    if case.step == "1.4":
        case.step = "1.5"


def rung(case: Case) -> None:
    """Nobody was reached: the service manager is called next, then the manager arranges it."""
    case.ladder.pop(0)
    case.cancel("phone_corrections", "phone_about_property")
    if not case.ladder:
        case.open("corrections_unreachable")
    case.whom = "service_manager"


def form_says(world: World, case: Case, said: str) -> None:
    """The completed T-441 says otherwise: no final code before Corrections is phoned (A-C5, AMB-P1-7)."""
    if said == "CSO":
        return
    heard(case, world.state(case, said, world.now, verbal=False))
    if case.newest != case.verbal:
        case.cancel(keep=exchange.TASKS)
        case.step = "1.4"
