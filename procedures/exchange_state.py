"""What a case remembers of a form that is out with Corrections."""

from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from procedures.case_state import CaseState
from procedures.tasks import Frozen, OpenTask
from procedures.terms import Form


class Delivered(Frozen):
    """What became of handing one mail to the gateway."""

    mail_id: str
    state: Literal["accepted", "refused", "failed", "cancelled"]
    accepted_at: datetime | None
    """The gateway's own word (UTC); day 0 of the clock."""
    queue_id: str | None
    rule: str | None
    problem: str | None


class ConfirmedContact(Frozen):
    """A recipient that a person confirmed against the directory (A-A4, PRV-6)."""

    contact_id: str
    version: int
    by: str
    at: datetime


class RunningClock(Frozen):
    """The clock that runs now; `number` 0 waits for the form, 1 and 2 for an answer to the first and second letter."""

    clock_id: str
    number: int
    due_day_opens_at: datetime
    """09:00 local on the due day: whatever the letter still needs is asked for by then."""
    due_at: datetime
    letter_opens_at: datetime
    unread_limit_at: datetime
    days: int | None = None
    """Working days it counts; None in records of earlier releases."""


class Rested(Frozen):
    """What chased Corrections when the completed form came; it goes on when that turns out to be a mistake (AMB-X-6)."""

    clock: RunningClock | None
    next_reminder_at: datetime | None
    sending: tuple[str, ...]
    """Mails that were with the gateway; most were cancelled, one may have left at that very moment."""
    asked: tuple[OpenTask, ...]
    """What people were asked about it: another return, a mail that did not leave, Corrections' silence."""


class ExchangeState(Frozen):
    """One form out and back, between two waits (UTC instants)."""

    form: Form = Form.T_441
    cycle: int = 0
    """How often the form was sent; a bounce or a wrong recipient makes another cycle with a clock of its own."""
    contact: ConfirmedContact | None = None
    letter_contact: ConfirmedContact | None = None
    """Whom the next letter goes to, when the contact's own confirmation does not cover it."""
    mail_id: str | None = None
    accepted_at: datetime | None = None
    sending: dict[str, datetime] = Field(default_factory=dict)
    """Mails given to the gateway and not settled yet, with when they were written."""
    told_waiting: tuple[str, ...] = ()
    """Mails of which people know that the gateway has not taken them."""
    letters: dict[str, int] = Field(default_factory=dict)
    """Mail id of each 17-030 with its round."""
    clock: RunningClock | None = None
    overdue: RunningClock | None = None
    """The clock whose end the last letter told of; a letter that bounced is about it again (AMB-X-8)."""
    sent_again: int = 0
    """How many letters went again after a bounce, each under an id of its own."""
    clocks_set: int = 0
    unread: tuple[str, ...] = ()
    """Returned mail that nobody has reviewed: while there is any, no letter leaves (AMB-P1-29)."""
    read: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    """What the last returned form still lacked (AMB-P1-9)."""
    complete: bool = False
    returned: dict[str, Any] = Field(default_factory=dict)
    """What Corrections filled in on the completed form."""
    rested: Rested | None = None
    """None while nothing is complete, and in records of earlier releases."""
    chase_closed: bool = False
    """The manager has ended the reminders, with a reason (AMB-P1-10)."""
    next_reminder_at: datetime | None = None
    reminders: int = 0

    @property
    def out(self) -> bool:
        """True while a form is with the gateway or with Corrections."""
        return self.mail_id is not None

    @property
    def rounds(self) -> int:
        """How many letters were written in this cycle."""
        return max(self.letters.values(), default=0)


class ExchangingState(CaseState):
    """A case that sends a form and waits for it."""

    exchange: ExchangeState = ExchangeState()
