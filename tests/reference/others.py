"""What the cases of one person have to do with each other, in the reference model (AMB-X-4, AMB-X-5, P1.X1, P1.X2)."""

from tests.reference import exchange
from tests.reference.days import at, day_of, friday_of, nth_after
from tests.reference.world import Case, Exchange, Word, World

CEASED = {"NSO": "ceased_nso", "neither": "ceased_not_this_person"}


def tell(world: World, case: Case, word: Word) -> None:
    """Corrections' word, told by the case that heard it to every other open one: CSO ends a pause, all else ends cases."""
    if word.id.startswith(f"{case.name}-"):
        tell_again(world, case, word)


def tell_again(world: World, case: Case, word: Word) -> None:
    """Whoever has not heard it yet."""
    for other in list(world.cases.values()):
        if other.outcome is None and other is not case and (word.id, other.name) not in world.told:
            world.told.add((word.id, other.name))
            _told(world, other, word)


def _told(world: World, case: Case, word: Word) -> None:
    if case.procedure == "I":
        if case.linked and not any(w.id == word.id or w.at > word.at for w in case.said):
            take_word(world, case, word)
    elif word.said != "CSO":
        cease(world, case, word.said)
    else:
        resume(world, case)


def heard(case: Case, word: Word) -> None:
    """A word of Corrections; the ladder of attempts is over."""
    case.said = [*case.said, word]
    case.attempts, case.ladder, case.whom = 0, [], "contact"


def take_word(world: World, case: Case, word: Word) -> None:
    """Procedure 1 goes on at step 5; a form that is out goes on only while the word is CSO."""
    case.cancel(keep=exchange.TASKS if word.said == "CSO" else frozenset())
    if word.said != "CSO":
        case.x.stop()
    heard(case, word)
    case.step = "1.5" if case.newest == case.verbal else "1.4"
    world.walk(case)


def cease(world: World, case: Case, said: str) -> None:
    """Procedures 2 to 4 and the duty end: timers and unsent mail are cancelled, nothing more is disclosed."""
    if case.procedure in "SD":
        return world.end(case, CEASED[said])
    from tests.reference import match

    return match.finish(world, case, "order_ended", CEASED[said])


def named_in_exit_group(world: World, case: Case) -> None:
    """Only indicative: nothing new is disclosed until Corrections confirms; a duty is not paused (AMB-X-5)."""
    days = day_of(world.now)
    for other in list(world.cases.values()):
        if other.outcome is None and other.procedure in "SVO" and other.paused is None:
            other.paused = [at(nth_after(days, n), 9) for n in (2, 3)]
            other.cancel("send_t439")


def resume(world: World, case: Case) -> None:
    """Corrections has confirmed the order: what became due meanwhile is done now."""
    if case.procedure in "SVO" and case.paused is not None:
        case.paused = None
        if case.procedure != "O":
            world.walk(case)


def open_suitability(world: World) -> None:
    """Procedure 2, one at a time, and only for somebody whom a report has named (P1.X1, P2.W2)."""
    named = any(c.procedure == "I" and c.linked and c.reported for c in world.cases.values())
    if named and not world.of("S"):
        world.add("S", "2.1", Exchange("T-439", "T-439+T-442"))


def open_match(world: World) -> None:
    """Procedure 3 waits for the Coordinator Placement's match (P1.X2)."""
    world.add("V", "3.1", Exchange("T-441", "T-441+T-442"))


def code_is_final(world: World, case: Case) -> None:
    """The matches and whatever else is open learn that the code is D1 now."""
    for other in list(world.cases.values()):
        if other.outcome is None and other is not case and other.procedure in "VO":
            world.walk(other)


def open_identify(world: World, step: str, word: str, said: list[Word]) -> None:
    """A later procedure hands back to procedure 1, which alone moves the code; not while one is open."""
    if not any(c.linked for c in world.of("I")):
        world.add(
            "I", step, Exchange("T-441", "T-441"), group="NSO" if word == "NSO" else "CSO", said=said, linked=True,
            reported=False, friday=friday_of(world.now),
        )  # fmt: skip


def tell_of_the_leaving(world: World) -> None:
    """Leaving a home of ours, or the intention, is told with a T-442, once (P2.F4)."""
    told = any(c.procedure == "D" and c.outcome in (None, "sent") for c in world.cases.values())
    if world.lives == "tenant" and not told:
        world.add("D", "A", Exchange("T-442", "T-442"))
