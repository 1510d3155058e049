"""What a clock does next by itself, in words; the clock itself decides nothing here (steps 1.6, 2.2, 3.2 and 3.4)."""

from datetime import datetime

from procedures.exchange_state import ExchangeState
from procedures.local_time import local, local_date, say_date, say_instant
from procedures.steps import step

VIEWING_WINDOW = "viewing window"
_LETTERS = 2


@step("1.6")
def next_of_exchange(exchange: ExchangeState, now: datetime) -> str | None:
    """What follows if nobody does anything; None when no clock of the exchange runs."""
    clock = exchange.clock
    if clock is None or exchange.complete:
        return None
    form = exchange.form.value
    if exchange.chase_closed:
        return (
            f"Nothing: the manager has ended the reminders. The case waits for the completed {form}; "
            "silence is never consent."
        )
    if clock.number >= _LETTERS:
        if exchange.next_reminder_at is None:
            return f"The manager has the case; it waits for the completed {form}."
        return (
            f"The manager is reminded {_from(exchange.next_reminder_at)}, and every five working days after."
        )
    when = _from(clock.letter_opens_at)
    name = "Letter 17-030" if clock.number == 0 else "The second letter 17-030"
    if exchange.rounds > clock.number:
        return (
            f"{name} is written and goes as soon as the gateway takes it; its own five working days follow."
        )
    if exchange.unread:
        return (
            f"{name} is held: something that came back is unread. Read it; at {say_instant(clock.unread_limit_at)} "
            "the manager is asked."
        )
    needs = _needs_a_recipient(exchange, clock.number)
    if now >= clock.letter_opens_at:
        waits = "once somebody has confirmed its recipient" if needs else "now"
        return f"{name} goes {waits}, unless the completed {form} comes first."
    condition = ", once somebody has confirmed its recipient" if needs else ""
    return (
        f"{name} goes {when}{condition}, unless the completed {form} comes by the end of "
        f"{say_date(local_date(clock.due_at))} or something that came back is still unread."
    )


@step("3.4")
def next_of_viewing(closes_at: datetime, now: datetime) -> str:
    """What follows when the 48 elapsed hours are over."""
    if now > closes_at:
        return "The window is closed: phone Corrections again for a new one."
    return (
        f"After {say_instant(closes_at)} no viewing may begin: a new call to Corrections opens a new window."
    )


def explain_viewing(call_ended_at: datetime, closes_at: datetime) -> list[str]:
    """The viewing window in sentences."""
    return [
        f"Corrections agreed by phone; the call ended {say_instant(call_ended_at)}.",
        "48 elapsed hours from then: nights, weekends and holidays count.",
        f"The viewing must start by {say_instant(closes_at)}.",
    ]


def _needs_a_recipient(exchange: ExchangeState, number: int) -> bool:
    """The second letter goes to somebody else than the form did: a person names and confirms them (PRV-6)."""
    return number > 0 and exchange.letter_contact is None


def _from(instant: datetime) -> str:
    there = local(instant)
    return f"{say_date(there.date())} from {there:%H:%M}"
