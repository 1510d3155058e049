"""A form out to Corrections and back: sending, the five-working-day clock, letter 17-030, returns (steps 1.6, 2.1, 2.2)."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from procedures import changes
    from procedures.clocks import ClockKind
    from procedures.exchange_state import ConfirmedContact, Delivered, ExchangeState, ExchangingState, Rested
    from procedures.form_exchange import (
        ConfirmLetterRecipient,
        CorrectionsSilent,
        MailWaiting,
        PrivacyIncident,
        ProvideContact,
        ReviewReturn,
        SendFailed,
        SendForm,
        UnreadReturn,
    )
    from procedures.record import (
        MailPrepared,
        MailSettled,
        NoteWritten,
        NoticeGiven,
    )
    from procedures.steps import StepRef
    from procedures.tasks import Answer, By
    from procedures.terms import Role
    from workflows.case_run import Answered, Arrived, CaseRun, Event
    from workflows.exchange_clock import ExchangeClock
    from workflows.form_returns import FormReturns
    from workflows.mail_handover import MailHandover

S = TypeVar("S", bound=ExchangingState)
_MANAGER = Role.MANAGER_HOUSING_WELLBEING_SUPPORT
_WAITING_LONG = timedelta(hours=1)


class FormExchange(Generic[S]):
    """Works on `state.exchange` of a case; every method can be called again after a restart."""

    def __init__(
        self,
        case: CaseRun[S],
        step: StepRef,
        return_clock: ClockKind,
        send: type[SendForm],
        *,
        mail_kind: str,
        role: Role | None = None,
    ) -> None:
        """`send` is the task that sends the form, `mail_kind` what goes out; `role` owns the tasks if not their own."""
        self._case = case
        self._step = step
        self._send = send
        self._mail_kind = mail_kind
        self._role = role
        self._gateway = MailHandover(case, step, lambda: self.state.sending)
        self._clock = ExchangeClock(self, return_clock)
        self._returns = FormReturns(self, self._clock)
        self.waits: Callable[[], bool] = lambda: False
        """Whether nothing new is disclosed at present (AMB-X-5)."""
        case.recorded = self._gateway.begin

    # -- what the clock and the letters use ------------------------------------------------------------------

    @property
    def case(self) -> CaseRun[S]:
        """The running case."""
        return self._case

    @property
    def state(self) -> ExchangeState:
        """What is remembered of the exchange."""
        assert self._case.state is not None
        return self._case.state.exchange

    @property
    def case_id(self) -> str:
        """The case's number."""
        assert self._case.state is not None
        return self._case.state.case_id

    def change(self, **values: Any) -> None:
        """Remember something new."""
        assert self._case.state is not None
        self._case.state.exchange = self.state.model_copy(update=values)

    def notify(self, kind: str, number: int) -> None:
        """A secure notice to the manager, once per kind and number."""
        assert self._case.state is not None
        self._case.add(
            NoticeGiven(
                notice_id=f"{self.case_id}-{kind}-{number}",
                role=_MANAGER,
                region=self._case.state.region,
                kind=kind,
            )
        )

    def open(
        self,
        asked: type[Answer],
        context: dict[str, Any],
        due_at: datetime | None = None,
        *,
        urgent: bool = True,
    ) -> None:
        """A task of the exchange: the manager's stay the manager's, the others belong to the owner of the step."""
        role = self._role if asked.role is not _MANAGER else None
        self._case.open(asked, urgent=urgent, due_at=due_at, step=self._step, role=role, context=context)

    def prepare(self, kind: str, contact: ConfirmedContact, key: str, fields: Mapping[str, Any]) -> str:
        """Write an outbox row with the present turn; it is handed to the gateway once the turn is recorded."""
        mail_id = f"{self.case_id}-{key}"
        self._case.add(
            MailPrepared(
                mail_id=mail_id,
                business_key=f"{self.case_id}/{self.state.form.value}/{key}",
                kind=kind,
                reference=mail_id,
                contact_id=contact.contact_id,
                contact_version=contact.version,
                confirmed_by=contact.by,
                confirmed_at=contact.at,
                fields=dict(fields),
            )
        )
        self.change(sending={**self.state.sending, mail_id: self._case.now})
        return mail_id

    # -- what a step calls -------------------------------------------------------------------------------------

    @property
    def send_kind(self) -> str:
        """The kind of task by which a person sends the form."""
        return self._send.kind

    def open_tasks(self) -> None:
        """Open what the exchange needs of a person now."""
        state = self.state
        if not state.out and not state.complete and not self.asks(ProvideContact, SendFailed):
            self.open(self._send, {"cycle": state.cycle + 1}, urgent=False)

    def next_instant(self) -> datetime | None:
        """When the exchange wants to be woken (UTC)."""
        waiting = [
            since + _WAITING_LONG
            for mail_id, since in self.state.sending.items()
            if mail_id not in self.state.told_waiting
        ]
        return min((i for i in (*waiting, self._clock.next_instant()) if i), default=None)

    async def due(self) -> None:
        """Do what has become due by now: a mail that waits long, a letter, a reminder. Doing it again does nothing."""
        for mail_id, since in self.state.sending.items():
            if since + _WAITING_LONG <= self._case.now and mail_id not in self.state.told_waiting:
                self.open(MailWaiting, {"mail_id": mail_id})
                self.change(told_waiting=(*self.state.told_waiting, mail_id))
        await self._clock.due()

    async def handle(self, event: Event) -> None:
        """Take an answer or arrival that belongs to the exchange; others are left alone."""
        match event:
            case Answered():
                await self._answered(event)
            case Arrived(what={"delivered": delivered}):
                await self._delivered(Delivered.model_validate(delivered))
            case Arrived(what={"bounced": mail_id}):
                self._bounced(mail_id)
            case Arrived(what={"returned": received_id} as what):
                self._returns.came(received_id, what.get("documents", []), what.get("received_at"))
            case Arrived(what={"unread_reply": received_id}):
                self._returns.came(received_id, [], None)
            case Arrived(what={"sorted": received_id}):
                self._returns.sorted_elsewhere(received_id)
            case _:
                pass

    async def changed(self, change: changes.Change, by: By) -> bool:
        """Take a change that concerns the exchange alone. False when it is somebody else's."""
        match change:
            case changes.WrongRecipient():
                self._wrong_recipient(change)
            case changes.ExtendDeadline():
                await self._clock.extend(change.working_days, change.reason)
            case changes.RecalculateDeadline():
                await self._clock.recalculate(change.reason)
            case _:
                return False
        return True

    async def misread(self, rested: Rested) -> None:
        """The form that ended the chase was none: the chase goes on where it rested (AMB-X-6)."""
        await self._returns.misread(rested)

    def stop(self, reason: str) -> None:
        """Disclosure ends: unsent mail is cancelled, the clock stops; what has left stays listed (AMB-X-4)."""
        for mail_id in self.state.sending:
            self._case.add(MailSettled(mail_id=mail_id, state="cancelled", reason=reason))
        self._clock.stop(reason)
        self.change(sending={})
        self._gateway.give_up()

    # -- answers -------------------------------------------------------------------------------------------------

    async def _answered(self, event: Answered) -> None:
        match event.answer:
            case SendForm() as answer:
                self._send_form(answer, event.by)
            case ConfirmLetterRecipient() as answer:
                await self._letter_goes_to(
                    self._confirmed(answer.contact_id, answer.contact_version, event.by)
                )
            case ReviewReturn() as answer:
                self._returns.reviewed(event, answer)
            case SendFailed() as answer:
                self._after_failure(event, answer)
            case CorrectionsSilent() as answer:
                self.change(chase_closed=True, next_reminder_at=None)
                self.note(event, answer.end_reminders_because)
            case UnreadReturn() as answer:
                self.note(event, answer.arranged)
            case ProvideContact() as answer:
                self.note(event, answer.note)
            case PrivacyIncident() as answer:
                self.note(event, answer.actions_taken)
            case MailWaiting() as answer:
                self.note(event, f"Service Desk call {answer.service_desk_reference}")
            case _:
                pass

    async def _letter_goes_to(self, contact: ConfirmedContact) -> None:
        self.change(letter_contact=contact)
        if not (self.waits() and workflow.patched("letter-waits-while-paused")):
            await self._clock.due()

    def _send_form(self, answer: SendForm, by: By) -> None:
        if answer.no_contact_known:
            self.open(ProvideContact, {})
            self.notify("no_contact_known", self.state.cycle + 1)
            return
        assert answer.contact_id is not None
        assert answer.contact_version is not None
        contact = self._confirmed(answer.contact_id, answer.contact_version, by)
        cycle = self.state.cycle + 1
        self.change(contact=contact, cycle=cycle, letters={}, accepted_at=None, letter_contact=None)
        if self.state.chase_closed and workflow.patched("a-form-sent-anew-is-chased-anew"):
            self.change(chase_closed=False)
        mail_id = self.prepare(self._mail_kind, contact, f"{cycle}", answer.mail_fields())
        self.change(mail_id=mail_id)

    def _after_failure(self, event: Answered, answer: SendFailed) -> None:
        self.note(event, answer.note)
        mail_id = event.task.context["mail_id"]
        if answer.action == "send_again" and mail_id in self.state.letters:
            letters = {k: v for k, v in self.state.letters.items() if k != mail_id}
            self.change(letters=letters, letter_contact=None, contact=self.state.contact)
            self._clock.again()
        elif answer.action == "send_again":
            self.change(mail_id=None, accepted_at=None)

    # -- arrivals ------------------------------------------------------------------------------------------------

    async def _delivered(self, delivered: Delivered) -> None:
        self._gateway.settled(delivered.mail_id)
        awaited = delivered.mail_id in self.state.sending
        self.change(sending={k: v for k, v in self.state.sending.items() if k != delivered.mail_id})
        if not self.state.sending:
            self._case.cancel("the gateway has taken the mail", MailWaiting.kind)
        match delivered.state:
            case "accepted":
                assert delivered.accepted_at is not None
                await self._accepted(delivered.mail_id, delivered.accepted_at)
            case "refused" | "failed":
                self.open(
                    SendFailed,
                    {
                        "mail_id": delivered.mail_id,
                        "rule": delivered.rule,
                        "problem": delivered.problem,
                    },
                )
            case "cancelled" if awaited and workflow.patched("the-chase-goes-on"):
                self._never_left(delivered.mail_id)
            case "cancelled":
                pass

    def _never_left(self, mail_id: str) -> None:
        """Cancelled for a form that was none after all: a letter is written again, the form is to be sent anew (AMB-X-6)."""
        if mail_id in self.state.letters:
            letters = {k: v for k, v in self.state.letters.items() if k != mail_id}
            self.change(letters=letters, sent_again=self.state.sent_again + 1)
        elif mail_id == self.state.mail_id:
            self.change(mail_id=None, accepted_at=None)

    async def _accepted(self, mail_id: str, accepted_at: datetime) -> None:
        """The gateway's acceptance is day 0; of the form, or of a letter for its own answer."""
        if self.state.complete:
            return
        if mail_id == self.state.mail_id:
            self.change(accepted_at=accepted_at)
            await self._clock.start(0, mail_id, accepted_at)
        elif mail_id in self.state.letters:
            await self._clock.start(self.state.letters[mail_id], mail_id, accepted_at)

    def _bounced(self, mail_id: str) -> None:
        """Nothing was received, so no clock runs (AMB-X-8); a person decides about sending again."""
        if mail_id not in (self.state.mail_id, *self.state.letters):
            return
        self._case.add(MailSettled(mail_id=mail_id, state="bounced", reason="came back undelivered"))
        if not self.state.complete:
            self._clock.stop("the mail bounced: nothing was received")
            self.open(SendFailed, {"mail_id": mail_id, "rule": "AMB-X-8", "problem": "came back undelivered"})

    def _wrong_recipient(self, change: changes.WrongRecipient) -> None:
        self._case.add(
            MailSettled(mail_id=change.mail_id, state="wrong_recipient", reason="sent to the wrong recipient")
        )
        self._clock.stop("sent to the wrong recipient: the clock is void")
        self._case.cancel(
            "the clock is void", ConfirmLetterRecipient.kind, CorrectionsSilent.kind, UnreadReturn.kind
        )
        self.notify("privacy_incident", self.state.cycle)
        self.open(PrivacyIncident, {"mail_id": change.mail_id})
        self._case.add(NoteWritten(note_id=f"{change.mail_id}-wrong", text=change.note))
        self.change(
            mail_id=None, accepted_at=None, contact=None, letters={}, letter_contact=None, rested=None
        )

    # -- small things ----------------------------------------------------------------------------------------------

    def _confirmed(self, contact_id: str, version: int, by: By) -> ConfirmedContact:
        return ConfirmedContact(contact_id=contact_id, version=version, by=by.subject, at=self._case.now)

    def asks(self, *asked: type[Answer]) -> bool:
        """Whether a task of one of these kinds is open."""
        assert self._case.state is not None
        kinds = {one.kind for one in asked}
        return any(task.kind in kinds for task in self._case.state.tasks.values())

    def note(self, event: Answered, text: str) -> None:
        """Notes that an answer brings."""
        self._case.add(NoteWritten(note_id=f"{event.task.task_id}-note", text=text))
