"""What comes back from Corrections: held for a person to read, and what the reading brings about (AMB-P1-9, AMB-P1-11)."""

from typing import TYPE_CHECKING, Any

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from procedures.answers import answer_type
    from procedures.exchange_state import ExchangeState, Rested
    from procedures.form_exchange import (
        ConfirmLetterRecipient,
        CorrectionsSilent,
        MailWaiting,
        ReviewReturn,
        SendFailed,
        UnreadReturn,
        what_is_missing,
    )
    from procedures.record import DocumentReviewed, MailSettled
    from procedures.tasks import OpenTask
    from workflows.case_run import Answered, CaseRun
    from workflows.exchange_clock import ExchangeClock

if TYPE_CHECKING:
    from workflows.form_exchange import FormExchange

_ASKED_AGAIN = frozenset({ReviewReturn.kind, SendFailed.kind, CorrectionsSilent.kind})
"""What the clock does not ask by itself when it goes on."""


class FormReturns:
    """Part of an exchange: every return is read by a person before anything follows from it."""

    def __init__(self, exchange: "FormExchange[Any]", clock: ExchangeClock) -> None:
        self._exchange = exchange
        self._clock = clock

    @property
    def _case(self) -> CaseRun[Any]:
        return self._exchange.case

    @property
    def _state(self) -> ExchangeState:
        return self._exchange.state

    def reviewed(self, event: Answered, answer: ReviewReturn) -> None:
        """A person has read it: complete, back to Corrections with what is missing, or not the form at all."""
        received_id = event.task.context["received_id"]
        documents: list[str] = event.task.context.get("documents", [])
        self._no_longer_unread(received_id)
        missing = what_is_missing(self._state.form, answer) if answer.verdict == "incomplete" else ()
        if answer.verdict != "not_the_form":
            for document_id in documents:
                self._case.add(
                    DocumentReviewed(
                        document_id=document_id, complete=answer.verdict == "complete", missing=list(missing)
                    )
                )
        if answer.note:
            self._exchange.note(event, answer.note)
        if answer.verdict == "complete":
            self._completed(answer.returned)
        elif missing and self._state.contact:
            self._exchange.change(missing=missing)
            self._exchange.prepare(
                f"{self._state.form.value} incomplete",
                self._state.contact.model_copy(update={"by": event.by.subject, "at": self._case.now}),
                f"back-{event.task.task_id.rsplit('-', 1)[-1]}",
                {"missing_parts": list(missing)},
            )

    def _completed(self, returned: dict[str, Any]) -> None:
        """Fully completed: all chasers end at once, a letter that has not left never leaves (AMB-P1-11)."""
        rested = self._at_rest()
        for mail_id in self._state.sending:
            self._case.add(
                MailSettled(mail_id=mail_id, state="cancelled", reason="the completed form has come")
            )
        self._clock.stop("the completed form has come")
        if workflow.patched("a-completed-form-is-not-sent-again"):
            self._case.cancel("the completed form has come", self._exchange.send_kind)
        self._case.cancel(
            "the completed form has come",
            ConfirmLetterRecipient.kind,
            CorrectionsSilent.kind,
            UnreadReturn.kind,
            ReviewReturn.kind,
            SendFailed.kind,
            MailWaiting.kind,
        )
        self._exchange.change(
            complete=True, returned=returned, rested=rested, sending={}, unread=(), missing=()
        )

    def _at_rest(self) -> Rested:
        return Rested(
            clock=self._state.clock,
            next_reminder_at=self._state.next_reminder_at,
            sending=tuple(self._state.sending),
            asked=tuple(task for task in self._tasks() if task.kind in _ASKED_AGAIN),
        )

    async def misread(self, rested: Rested) -> None:
        """It was no completed form: all that chased Corrections goes on, and other returns wait to be read (AMB-X-6)."""
        self._exchange.change(complete=False, returned={}, rested=None)
        await self._clock.go_on(rested)
        # The gateway is asked what became of them: cancelled in time, or gone all the same.
        self._exchange.change(sending=dict.fromkeys(rested.sending, self._case.now))
        for task in rested.asked:
            self._exchange.open(answer_type(task.kind), task.context, task.due_at)
        unread = (t.context["received_id"] for t in rested.asked if t.kind == ReviewReturn.kind)
        self._exchange.change(unread=tuple(unread))

    def came(self, received_id: str, documents: list[str], received_at: str | None) -> None:
        """Told twice changes nothing; a reply that a person has found to hold the form gets its documents."""
        known = self._review_of(received_id)
        if received_id in self._state.read or (known and not documents) or self._state.complete:
            return
        if known:
            self._case.withdraw_task(known, "the mail was given to this case with its documents")
        else:
            self._exchange.change(unread=(*self._state.unread, received_id))
        self._exchange.open(
            ReviewReturn,
            {"received_id": received_id, "documents": documents, "received_at": received_at},
        )

    def sorted_elsewhere(self, received_id: str) -> None:
        """A person gave the mail to another case, or set it aside: this case waits for it no longer."""
        task = self._review_of(received_id)
        if task:
            self._case.withdraw_task(task, "the mail belongs elsewhere")
        self._no_longer_unread(received_id)

    def _review_of(self, received_id: str) -> OpenTask | None:
        reviews = (t for t in self._tasks() if t.kind == ReviewReturn.kind)
        return next((t for t in reviews if t.context.get("received_id") == received_id), None)

    def _tasks(self) -> list[OpenTask]:
        assert self._case.state is not None
        return list(self._case.state.tasks.values())

    def _no_longer_unread(self, received_id: str) -> None:
        self._exchange.change(
            unread=tuple(r for r in self._state.unread if r != received_id),
            read=(*self._state.read, received_id),
        )
        if not self._state.unread:
            self._case.cancel("everything returned has been read", UnreadReturn.kind)
