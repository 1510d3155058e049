"""Cases with a form out at Corrections, put straight into the record, for tests of mail, documents and clocks."""

from datetime import UTC, datetime
from typing import Any

from models.tables.mail import Clock, SecureMessage
from procedures.clocks import ClockKind, WorkingDayClock, working_day_clock
from procedures.exchange_state import ConfirmedContact, ExchangeState, RunningClock
from procedures.working_days import Calendar
from tests.api.office import Office, fresh_state

ACCEPTED = datetime(2026, 11, 23, 1, 30, tzinfo=UTC)
"""Monday 23 November 2026, 14:30 local: day 0 of a form that is due by the end of Monday 30 November."""


async def form_out(office: Office, case_id: str, person_ref: str | None = None, **changed: Any) -> str:
    """A case whose T-441 the gateway took on Monday 23 November, its clock running. Answers the mail's id."""
    mail_id, clock_id = f"{case_id}-1", f"{case_id}-K1"
    clock = working_day_clock(ClockKind.T441_RETURN, ACCEPTED, Calendar())
    exchange = _exchange(mail_id, clock_id, clock).model_copy(update=changed)
    state = fresh_state(case_id) | {"exchange": exchange.model_dump(mode="json"), "live": True}
    await office.case(case_id, state=state, step="1.6", person_ref=person_ref or f"P-{case_id}")
    await office.put(
        SecureMessage,
        mail_id=mail_id,
        business_key=mail_id,
        case_id=case_id,
        kind="T-441",
        reference=mail_id,
        message_id=f"<{mail_id}@placement.test>",
        contact_id="harbourview-1",
        contact_version=1,
        recipient_confirmed_by="u-1",
        recipient_confirmed_at=ACCEPTED,
        recipients=["harbourview@corrections.test"],
        copies=[],
        fields={},
        state="accepted",
        attempt=1,
        queue_id="Q1",
        accepted_at=ACCEPTED,
        created_at=ACCEPTED,
    )
    await put_clock(office, clock_id, case_id, clock, mail_id=mail_id)
    return mail_id


async def put_clock(office: Office, clock_id: str, case_id: str, clock: WorkingDayClock, **more: Any) -> None:
    """A clock as a turn writes it."""
    values: dict[str, Any] = {
        "kind": clock.kind.value,
        "calendar": clock.calendar_name.value,
        "calendar_version": clock.calendar_version,
        "started_at": clock.accepted_at,
        "due_at": clock.due_at,
        "acts_at": clock.letter_opens_at,
        "detail": clock.model_dump(mode="json"),
        "set_by": "system",
    }
    await office.put(Clock, **{**values, "clock_id": clock_id, "case_id": case_id, **more})


def _exchange(mail_id: str, clock_id: str, clock: WorkingDayClock) -> ExchangeState:
    return ExchangeState(
        cycle=1,
        contact=ConfirmedContact(contact_id="harbourview-1", version=1, by="u-1", at=ACCEPTED),
        mail_id=mail_id,
        accepted_at=ACCEPTED,
        clocks_set=1,
        clock=RunningClock(
            clock_id=clock_id,
            number=0,
            due_day_opens_at=clock.due_day_opens_at,
            due_at=clock.due_at,
            letter_opens_at=clock.letter_opens_at,
            unread_limit_at=clock.unread_limit_at,
        ),
    )
