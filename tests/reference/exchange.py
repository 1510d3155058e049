"""A form out with Corrections in the reference model: sent, five working days, letter 17-030, read, returned (P1.S6.b)."""

from datetime import datetime

from tests.reference.days import at, day_of, nth_after
from tests.reference.world import Case, Exchange, Refuse, Rested, World

TASKS = frozenset(
    {
        "send_t441", "provide_contact", "confirm_letter_recipient", "review_return", "unread_return", "send_failed",
        "corrections_silent", "privacy_incident",
    }
)  # fmt: skip
"""What goes on although Corrections is phoned anew: the form is out already."""
LETTERS = 2
MISSING = {"T-441": "risk_rating_information", "T-439": "suitability"}


def ask_to_send(case: Case, kind: str) -> None:
    """The form is to be sent, unless something stands in the way."""
    if not case.x.out and not case.x.complete and not case.asks("provide_contact", "send_failed"):
        case.open(kind, f"{case.x.cycle + 1}")


def send(world: World, case: Case, how: str) -> None:
    """A person sends the form (P1.S6.b3, P2.S1.3, P3.S2.c1); its acceptance is day 0 (CLK-5WD)."""
    x = case.x
    if how == "no_contact":
        return case.open("provide_contact")
    if how == "directory_changed":
        raise Refuse("PRV-6")
    x.cycle, x.out, x.contact, x.letters, x.letter_to, x.last = x.cycle + 1, True, True, 0, False, "form"
    x.given_up = False
    world.mails.append((case.name, x.mail))
    x.accepted_on = day_of(world.now)
    if case.procedure == "D":
        x.complete = True
    else:
        start(world, x, 0)
    return None


def start(world: World, x: Exchange, number: int) -> None:
    """Five working days from here; reminders that were under way go on."""
    x.day0, x.number, x.days, x.letter_to, x.overdue = day_of(world.now), number, 5, False, None


def instants(case: Case) -> list[datetime]:
    """When the exchange has something to do by itself."""
    x = case.x
    if x.complete or x.day0 is None:
        return []
    return [*([x.remind_at] if x.remind_at else []), x.due_day, x.letter_from, x.read_by]


def due(world: World, case: Case) -> None:
    """What has become due: a recipient is asked for, the letter goes, or waits for an unread return (AMB-P1-9, 10, 29)."""
    x, now = case.x, world.now
    if x.complete or x.given_up or x.day0 is None:
        return
    if x.remind_at and now >= x.remind_at:
        x.remind_at = at(nth_after(day_of(now), 5), 9)
    if now < x.due_day or x.letters > x.number or x.number >= LETTERS:
        return
    confirmed = x.number == 0 or x.letter_to
    if not confirmed:
        case.open("confirm_letter_recipient", f"{x.number + 1} {x.cycle}")
    if now < x.letter_from:
        return
    if not x.unread:
        _letter(world, case, confirmed=confirmed)
    elif now >= x.read_by:
        case.open("unread_return", f"{x.cycle} {x.number} {x.days}")


def _letter(world: World, case: Case, *, confirmed: bool) -> None:
    """Once per cycle and round; with the second the manager takes over (AMB-P1-10)."""
    x, now = case.x, world.now
    if x.number + 1 == LETTERS:
        case.open("corrections_silent", f"{x.cycle}")
    if not confirmed:
        return
    x.letters, before = x.number + 1, (x.day0, x.days)
    x.last = "letter"
    world.mails.append((case.name, "17-030"))
    if x.letters == LETTERS:
        x.remind_at = at(nth_after(day_of(now), 5), 9)
    start(world, x, x.letters)
    x.overdue = before


def comes_back(case: Case, received: str, *, form: bool) -> None:
    """The mailbox brings something: a person reads it, unless the completed form is here already."""
    if case.x.complete:
        return
    case.x.unread.append(received)
    case.x.documents[received] = form
    case.open("review_return", received)


def bounced(case: Case) -> None:
    """Nothing was received, so no clock runs (AMB-X-8)."""
    if case.x.out and not case.x.complete:
        case.x.stop()
        case.open("send_failed", f"{case.x.cycle} {case.x.last} {case.x.letters}")


def wrong_recipient(case: Case) -> None:
    """A privacy incident; the clock is void, sending again starts a new one (AMB-X-7)."""
    x = case.x
    if not x.out:
        raise Refuse("AMB-X-7")
    x.stop()
    case.cancel("confirm_letter_recipient", "corrections_silent", "unread_return")
    case.open("privacy_incident", f"{x.cycle}")
    x.out, x.contact, x.letters, x.letter_to, x.accepted_on, x.rested = False, False, 0, False, None, None


def extend(case: Case, days: int) -> None:
    """More working days from the same day 0, never fewer (NFR-4)."""
    if days <= case.x.days:
        raise Refuse("NFR-4")
    case.cancel("unread_return")
    case.x.days = days


def answered(world: World, case: Case, kind: str, about: str, how: str) -> None:
    """An answer to one of the exchange's own tasks."""
    x = case.x
    match kind:
        case "review_return":
            read(world, case, about, how)
        case "confirm_letter_recipient":
            if how == "directory_changed":
                raise Refuse("PRV-6")
            x.letter_to = True
            if not case.paused:
                due(world, case)
        case "send_failed" if how == "send_again":
            if about.split()[1] == "letter":
                send_letter_again(x)
            else:
                x.out = False
        case "corrections_silent":
            x.given_up, x.remind_at = True, None
        case _:
            pass


def send_letter_again(x: Exchange) -> None:
    """The clock before it has run out long ago, so the letter is due at once, the second one to whom a person confirms."""
    x.letters -= 1
    x.letter_to, x.number = False, x.letters
    x.day0, x.days = x.overdue or (None, x.days)


def read(world: World, case: Case, received: str, how: str) -> None:
    """Fully completed or not: an incomplete form goes back and the clock runs on (P1.S6.b6, AMB-P1-9)."""
    x = case.x
    if how == "half_as_complete":
        raise Refuse("P1.S6.b6")
    if how == "full_as_incomplete":
        raise Refuse("AMB-P1-9")
    x.unread = [r for r in x.unread if r != received]
    if not x.unread:
        case.cancel("unread_return")
    if how == "not_the_form":
        return
    if how == "incomplete":
        if x.contact:
            world.mails.append((case.name, f"{x.form} incomplete"))
        return
    asked = tuple(t for t in case.tasks if t.kind in ("review_return", "send_failed", "corrections_silent"))
    x.rested = Rested(x.day0, x.number, x.days, x.remind_at, asked)
    x.stop()
    case.cancel(
        "confirm_letter_recipient", "corrections_silent", "unread_return", "review_return",
        *(task.kind for task in case.tasks if task.kind.startswith("send_")),
    )  # fmt: skip
    x.complete, x.unread = True, []


def misread(case: Case) -> None:
    """It was no completed form: the chase goes on where it rested, and other returns wait to be read (AMB-X-6)."""
    x = case.x
    x.complete = False
    if x.rested is None:
        return
    x.day0, x.number, x.days, x.remind_at, asked = x.rested
    for task in asked:
        case.open(task.kind, task.about)
    x.unread, x.rested = [t.about for t in asked if t.kind == "review_return"], None
