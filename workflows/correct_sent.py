"""Appendix A, something already sent was wrong: one recipient, one decision, and a notice when Corrections must be told."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Literal

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.recording import Recording
    from activities.sent_mistakes import SentMistakes
    from procedures import correct_sent
    from procedures.case_state import END
    from procedures.changes import Change
    from procedures.clocks import ClockKind
    from procedures.correct_sent import CorrectSentState, SendNotice, TellOfMistake
    from procedures.form_exchange import PrivacyIncident, ProvideContact, SendFailed
    from procedures.mail_texts import MailKind
    from procedures.record import NoteWritten
    from procedures.steps import step
    from procedures.tasks import Answer
    from workflows.case_run import Answered, CaseRun, Event, Interrupted
    from workflows.form_exchange import FormExchange
    from workflows.mistakes import follow_up_on
    from workflows.options import PATIENT

_FIRST_LOOK = timedelta(minutes=1)
_DOUBLED_AT_MOST = 6
"""Looks at mail that is still on its way: after one minute, two, four, and then every hour or so."""
Next = Literal["A", "end"]


class Notice(FormExchange[CorrectSentState]):
    """A notice that Corrections need not answer: no clock, and it is done once the gateway has taken it."""

    async def _accepted(self, mail_id: str, accepted_at: datetime) -> None:
        if mail_id == self.state.mail_id:
            self.change(accepted_at=accepted_at, complete=True)


class CorrectionRules:
    """The refusals of the follow-up, asked about the case as it stands."""

    def __init__(self) -> None:
        self.case: CaseRun[CorrectSentState] | None = None

    def _state(self) -> CorrectSentState:
        assert self.case is not None
        assert self.case.state is not None
        return self.case.state

    def check_answer(self, answer: Answer, facts: dict[str, Any], now: datetime) -> None:
        """Raise Refused when a rule forbids the answer."""
        correct_sent.check_answer(self._state(), answer, facts)

    def check_change(self, change: Change, facts: dict[str, Any], now: datetime) -> None:
        """Raise Refused when a rule forbids the change."""
        correct_sent.check_change(self._state(), change)


@workflow.defn(name="correct_sent", failure_exception_types=[Exception])
class CorrectSent:
    """What one recipient has of one mistake: from what went out to a sent notice, or to a reason why there is none."""

    @workflow.init
    def __init__(self, case_id: str) -> None:
        self.case: CaseRun[CorrectSentState] = CaseRun(rules := CorrectionRules())
        rules.case = self.case
        self.exchange = Notice(
            self.case, "A", ClockKind.INFORMATION_RETURN, SendNotice, mail_kind=MailKind.CORRECTION.value
        )
        self.case.listen()

    @property
    def state(self) -> CorrectSentState:
        """What the case remembers; read from the record when the run begins."""
        assert self.case.state is not None
        return self.case.state

    @workflow.run
    async def run(self, case_id: str) -> str:
        """From where the record says the case stands."""
        self.case.begin(
            CorrectSentState.model_validate(
                await workflow.execute_activity_method(Recording.load_case, case_id, **PATIENT)
            )
        )
        while self.state.step != END:
            try:
                self.state.go_on_to(await self.tell_corrections())
            except Interrupted as interruption:
                await self._went_to_another(interruption)
        await self.case.finish(self.state.outcome or "ended")
        return self.state.outcome or "ended"

    @step("A")
    async def tell_corrections(self) -> Next:
        """What went out, the privacy incident for the manager, the decision, the notice (AMB-X-6, AMB-X-7)."""
        await self._until_nothing_is_on_its_way()
        if not self.state.items:
            return self._end("nothing_left")
        self._begin()
        while self.state.decision is None:
            exchange = self.state.exchange
            blocked = any(self.state.open_task(kind.kind) for kind in (ProvideContact, SendFailed))
            if not exchange.out and not blocked:
                listed = [one.item_id for one in self.state.items]
                self.case.open(
                    TellOfMistake,
                    urgent=self.state.mistake.is_a_privacy_incident,
                    context={"about": self.state.about_case_id, "items": listed},
                )
            await self.exchange.due()
            await self._take(await self.case.event(until=self.exchange.next_instant()))
            if self.state.exchange.complete:
                self.state.decision = "told"
        while self.state.open_task(PrivacyIncident.kind):
            await self._take(await self.case.event())
        return self._end(self.state.decision)

    async def _went_to_another(self, interruption: Interrupted) -> None:
        """The notice itself had the wrong recipient: that is followed up, and the decision is open again (AMB-X-7)."""
        await follow_up_on(self.case, interruption)
        await self.exchange.changed(interruption.change, interruption.by)
        self.exchange.change(complete=False)
        self.state.decision = None

    # -- parts ---------------------------------------------------------------------------------------------------

    async def _until_nothing_is_on_its_way(self) -> None:
        """A mail that was with the gateway when the mistake was reported: it leaves, or it never does."""
        while any(one.went_at is None for one in self.state.items):
            self.state.items = tuple(
                await workflow.execute_activity_method(
                    SentMistakes.look_at_sent, self.state.case_id, summary="what has left", **PATIENT
                )
            )
            if any(one.went_at is None for one in self.state.items):
                wait = _FIRST_LOOK * 2 ** min(self.state.looked, _DOUBLED_AT_MOST)
                self.state.looked += 1
                await self._take(await self.case.event(until=self.case.now + wait))

    def _begin(self) -> None:
        """Once: the reason into the notes, the incident to the manager."""
        if self.state.begun:
            return
        self.state.begun = True
        self.case.add(NoteWritten(note_id=f"{self.state.case_id}-why", text=self.state.reason))
        if self.state.flags_privacy:
            self.exchange.open(PrivacyIncident, {"mail_id": self.state.items[0].item_id})
            self.exchange.notify("disclosed_in_error", 1)

    async def _take(self, event: Event) -> None:
        match event:
            case Answered(answer=TellOfMistake(tell_corrections=False) as answer):
                self.state.decision = "not_told"
                assert answer.not_told_because is not None
                self.case.add(NoteWritten(note_id=f"{event.task.task_id}-note", text=answer.not_told_because))
            case Answered(answer=TellOfMistake() as answer):
                sent = answer.as_sent(correct_sent.mail_fields(self.state, answer))
                await self.exchange.handle(replace(event, answer=sent))
            case Answered(answer=SendFailed(action="do_not_send")):
                await self.exchange.handle(event)
                self.exchange.change(mail_id=None, accepted_at=None)
            case _:
                await self.exchange.handle(event)

    def _end(self, outcome: str) -> Next:
        self.state.outcome = outcome
        return "end"
