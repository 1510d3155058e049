"""The clock of a form that is out: letter 17-030 on working day 6, a second one, then reminders (AMB-P1-9, 10, 29)."""

from datetime import datetime
from typing import TYPE_CHECKING, Any

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.contacts import ContactNow, Contacts
    from activities.deadlines import Deadlines
    from procedures.clocks import ClockKind, WorkingDayClock
    from procedures.exchange_state import ConfirmedContact, Rested, RunningClock
    from procedures.form_exchange import ConfirmLetterRecipient, CorrectionsSilent, UnreadReturn
    from procedures.local_time import local_date
    from procedures.record import ClockSet, ClockStopped
    from workflows.options import PATIENT

if TYPE_CHECKING:
    from workflows.form_exchange import FormExchange

LETTERS = 2
"""The first letter to the contact, the second to the service manager."""


class ExchangeClock:
    """Decides what is due of an exchange; the exchange does it."""

    def __init__(self, exchange: "FormExchange[Any]", return_clock: ClockKind) -> None:
        self._exchange = exchange
        self._return_clock = return_clock

    def next_instant(self) -> datetime | None:
        """The next instant at which something becomes due, in the future (UTC)."""
        state, now = self._exchange.state, self._exchange.case.now
        clock = state.clock
        if state.complete:
            return None
        wanted = [state.next_reminder_at]
        if clock:
            wanted += [clock.due_day_opens_at, clock.letter_opens_at, clock.unread_limit_at]
        return min((instant for instant in wanted if instant and instant > now), default=None)

    async def start(self, number: int, mail_id: str, accepted_at: datetime) -> None:
        """A new clock from the gateway's acceptance; the one before has done its work."""
        state = self._exchange.state
        reminder, before = state.next_reminder_at, state.clock
        self.stop("the letter has gone" if number else "sent again")
        contact = state.letter_contact if number and state.letter_contact else state.contact
        calendar = await self._calendar(contact)
        kind = ClockKind.LETTER_ANSWER if number else self._return_clock
        clock: WorkingDayClock = await workflow.execute_activity_method(
            Deadlines.form_clock,
            args=[kind, accepted_at, calendar, self._edition(), None],
            summary="five working days",
            **PATIENT,
        )
        self._set(clock, number, mail_id)
        self._exchange.change(
            letter_contact=None, next_reminder_at=reminder, overdue=before if number else None
        )

    async def due(self) -> None:
        """Do what has become due: ask for a recipient, hold or write a letter, remind."""
        state, now = self._exchange.state, self._exchange.case.now
        clock = state.clock
        if state.complete or state.chase_closed or clock is None:
            return
        if state.next_reminder_at and now >= state.next_reminder_at:
            await self._remind()
        if now < clock.due_day_opens_at or state.rounds > clock.number or clock.number >= LETTERS:
            return
        recipient = await self._recipient(clock.number)
        if recipient is None:
            self._exchange.open(
                ConfirmLetterRecipient,
                {"round": clock.number + 1, "cycle": state.cycle},
                clock.letter_opens_at,
            )
        if now < clock.letter_opens_at:
            return
        if state.unread:
            self._hold(clock, now)
        else:
            await self._write_letter(clock, recipient)

    async def extend(self, working_days: int, reason: str) -> None:
        """More working days from the same day 0 (NFR-4)."""
        await self._replace(working_days, reason)

    async def recalculate(self, reason: str) -> None:
        """The same day 0 counted with the calendar as it is now (CAL-NZ-11)."""
        await self._replace(None, reason)

    def stop(self, reason: str) -> None:
        """The clock ends; a clock that is over is not stopped twice."""
        clock = self._exchange.state.clock
        if clock:
            self._exchange.case.add(ClockStopped(clock_id=clock.clock_id, reason=reason))
            self._exchange.change(clock=None, next_reminder_at=None)

    async def go_on(self, rested: Rested) -> None:
        """The completed form was none: the clock that rested counts on from its own day 0, as do the reminders."""
        if rested.clock is None:
            return
        self._exchange.change(clock=rested.clock)
        await self._replace(None, "the returned form is read again")
        self._exchange.change(next_reminder_at=rested.next_reminder_at)

    def again(self) -> None:
        """A letter has bounced and is to go again: what it was about is overdue as before (AMB-X-8)."""
        state = self._exchange.state
        if state.clock is None and state.overdue and workflow.patched("letter-again-after-a-bounce"):
            self._exchange.change(clock=state.overdue, sent_again=state.sent_again + 1)

    # -- parts -------------------------------------------------------------------------------------------------------

    async def _write_letter(self, clock: RunningClock, recipient: ConfirmedContact | None) -> None:
        """Once per cycle and round. The manager learns of the first letter already, and takes over with the second."""
        state = self._exchange.state
        number = clock.number + 1
        if number == LETTERS:
            self._exchange.open(CorrectionsSilent, {"cycle": state.cycle})
        if recipient is None:
            return
        assert state.accepted_at is not None
        mail_id = self._exchange.prepare(
            "17-030",
            recipient,
            f"{state.cycle}-17030-{number}" + (f"-again-{state.sent_again}" if state.sent_again else ""),
            {
                "missing_form": state.form.value,
                "sent_on": local_date(state.accepted_at).isoformat(),
                "due_on": local_date(clock.due_at).isoformat(),
                "missing_parts": list(state.missing),
                "round": number,
            },
        )
        self._exchange.change(letters={**state.letters, mail_id: number})
        self._exchange.notify("letter_17_030", state.cycle * 10 + number)
        if number == LETTERS:
            await self._schedule_reminder()

    def _hold(self, clock: RunningClock, now: datetime) -> None:
        """Never dropped, and never sent over an unread return (AMB-P1-29)."""
        if now >= clock.unread_limit_at:
            self._exchange.open(UnreadReturn, {"clock_id": clock.clock_id})

    async def _recipient(self, number: int) -> ConfirmedContact | None:
        """First letter: the contact confirmed with the form, if unchanged. Second: whom a person confirmed anew."""
        state = self._exchange.state
        if state.letter_contact:
            return state.letter_contact
        if number > 0 or state.contact is None:
            return None
        contact = await self._contact(state.contact)
        return state.contact if contact.valid and contact.unchanged else None

    async def _remind(self) -> None:
        """Corrections is not called silent while its answer lies unread with us: then that is what the manager hears."""
        state = self._exchange.state
        self._exchange.change(reminders=state.reminders + 1)
        kind = "return_still_unread" if state.unread else "corrections_still_silent"
        self._exchange.notify(kind, state.reminders + 1)
        await self._schedule_reminder()

    async def _schedule_reminder(self) -> None:
        following: datetime = await workflow.execute_activity_method(
            Deadlines.next_reminder, args=[self._exchange.case.now, self._edition()], **PATIENT
        )
        self._exchange.change(next_reminder_at=following)

    async def _replace(self, working_days: int | None, reason: str) -> None:
        state = self._exchange.state
        assert state.clock is not None
        old = state.clock
        clock: WorkingDayClock = await workflow.execute_activity_method(
            Deadlines.count_again, args=[old.clock_id, working_days, self._edition()], **PATIENT
        )
        self._set(clock, old.number, None, supersedes=old.clock_id, reason=reason)
        if self._exchange.asks(UnreadReturn) and workflow.patched("one-unread-return-is-asked-about"):
            self._exchange.case.cancel(reason, UnreadReturn.kind)

    def _set(
        self,
        clock: WorkingDayClock,
        number: int,
        mail_id: str | None,
        *,
        supersedes: str | None = None,
        reason: str | None = None,
    ) -> None:
        state = self._exchange.state
        clock_id = f"{self._exchange.case_id}-K{state.clocks_set + 1}"
        self._exchange.case.add(
            ClockSet(
                clock_id=clock_id,
                kind=clock.kind.value,
                mail_id=mail_id,
                calendar=clock.calendar_name.value,
                calendar_version=clock.calendar_version,
                started_at=clock.accepted_at,
                due_at=clock.due_at,
                acts_at=clock.letter_opens_at,
                detail=clock.model_dump(mode="json"),
                supersedes=supersedes,
                reason=reason,
            )
        )
        self._exchange.change(
            clocks_set=state.clocks_set + 1,
            clock=RunningClock(
                clock_id=clock_id,
                number=number,
                due_day_opens_at=clock.due_day_opens_at,
                due_at=clock.due_at,
                letter_opens_at=clock.letter_opens_at,
                unread_limit_at=clock.unread_limit_at,
                days=len(clock.counted),
            ),
        )

    async def _contact(self, contact: ConfirmedContact) -> ContactNow:
        known: ContactNow = await workflow.execute_activity_method(
            Contacts.contact_now,
            args=[contact.contact_id, contact.version, self._exchange.case.now],
            **PATIENT,
        )
        return known

    async def _calendar(self, contact: ConfirmedContact | None) -> str | None:
        return None if contact is None else (await self._contact(contact)).calendar

    def _edition(self) -> str:
        state = self._exchange.case.state
        assert state is not None
        edition: str = state.edition
        return edition
