"""Procedure 2 of the reference model, and the duty to tell Corrections of a change (20-check-suitability)."""

from tests.reference import exchange
from tests.reference.world import Case, Refuse, World


def walk(world: World, case: Case) -> None:
    """What the step asks; the exchange does what is due, unless an Exit entry is unconfirmed (AMB-X-5)."""
    match case.step:
        case "2.1" | "2.2":
            if case.paused:
                return
            exchange.ask_to_send(case, "send_t439")
            if case.step == "2.2":
                exchange.due(world, case)
        case "2.3":
            if case.suitability == "not_suitable" and not case.supported:
                case.open("support_move")
            else:
                case.step = "2.4"
                walk(world, case)
        case "2.4":
            case.open("location_outcome")


def walk_duty(world: World, case: Case) -> None:
    """Only a sent T-442 fulfils the duty (P2.F5)."""
    if case.x.complete:
        world.end(case, "sent")
    else:
        exchange.ask_to_send(case, "send_t442")


def answer(world: World, case: Case, kind: str, how: str) -> None:
    """One answer of procedure 2."""
    match kind:
        case "send_t439":
            _send(world, case, how)
        case "support_move":
            if how == "application_without_consent":
                raise Refuse("P2.S3.b3")
            case.supported = True
        case "location_outcome":
            _outcome(world, case, how)


def _send(world: World, case: Case, how: str) -> None:
    """Both forms or none, with the questions and detailed comments (P2.S1)."""
    if how != "no_contact":
        if not world.under_an_order:
            raise Refuse("TR-16")
        rules = {"no_comment": "P2.S1.5", "lives_elsewhere": "P2.W1", "other_occupancy": "P2.S1.1"}
        if how in rules:
            raise Refuse(rules[how])
    exchange.send(world, case, how)
    if case.x.out:
        case.step = "2.2"


def _outcome(world: World, case: Case, how: str) -> None:
    """D1 and CUR are shown, and the answer is Corrections' own (P2.S4.2 to 4, P2.X1)."""
    if not world.under_an_order:
        raise Refuse("P2.S4.4")
    if how == "no_comment":
        raise Refuse("P2.S4.2")
    if how == "our_own_view":
        raise Refuse("P2.X1")
    assert case.suitability
    world.end(case, case.suitability)


def check_source(case: Case) -> None:
    """Suitability is read from a document of Corrections, never from a reply without one (P2.X1)."""
    if any(not case.x.documents[t.about] for t in case.tasks if t.kind == "review_return"):
        raise Refuse("P2.X1")


def form_says(case: Case, said: str) -> None:
    """The completed T-439 is here: Corrections alone decides (P2.S3.1)."""
    case.suitability, case.step = said, "2.3"
