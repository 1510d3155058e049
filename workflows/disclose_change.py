"""2 and 4, What happens next: Corrections is told of a change with form T-442."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.duties import Duties
    from activities.recording import Recording
    from procedures import changes, disclose_change
    from procedures.case_state import END
    from procedures.changes import Change
    from procedures.check_suitability import ceased_as
    from procedures.clocks import ClockKind
    from procedures.disclose_change import (
        ApproveRiskDisclosure,
        DiscloseChangeState,
        ProposeRiskDisclosure,
        SendT442,
    )
    from procedures.exchange_state import ConfirmedContact
    from procedures.form_exchange import ProvideContact, SendFailed
    from procedures.steps import step
    from procedures.tasks import Answer
    from procedures.terms import StatusSaid
    from procedures.watch import DutyKind
    from workflows.case_run import Answered, Arrived, CaseRun, Due, Event, Interrupted
    from workflows.form_exchange import FormExchange
    from workflows.mistakes import follow_up_on, follow_up_said
    from workflows.options import PATIENT
    from workflows.other_cases import OtherCases
    from workflows.suitability_changes import Ceased

Next = Literal["A", "end"]


class OneWay(FormExchange[DiscloseChangeState]):
    """A form that Corrections need not return: no clock, and it is done once the gateway has taken it."""

    def prepare(self, kind: str, contact: ConfirmedContact, key: str, fields: Mapping[str, Any]) -> str:
        """What the change says goes into the form, unless the advisor said it otherwise."""
        state = self.case.state
        assert state is not None
        return super().prepare(kind, contact, key, {**disclose_change.mail_fields(state), **fields})

    async def _accepted(self, mail_id: str, accepted_at: datetime) -> None:
        if mail_id == self.state.mail_id:
            self.change(accepted_at=accepted_at, complete=True)


class DisclosureRules:
    """The refusals of the duty, asked about the case as it stands."""

    def __init__(self) -> None:
        self.case: CaseRun[DiscloseChangeState] | None = None

    def _state(self) -> DiscloseChangeState:
        assert self.case is not None
        assert self.case.state is not None
        return self.case.state

    def check_answer(self, answer: Answer, facts: dict[str, Any], now: datetime) -> None:
        """Raise Refused when a rule forbids the answer."""
        disclose_change.check_answer(self._state(), answer, facts)

    def check_change(self, change: Change, facts: dict[str, Any], now: datetime) -> None:
        """Raise Refused when a rule forbids the change."""
        disclose_change.check_change(self._state(), change, now)


@workflow.defn(name="disclose_change", failure_exception_types=[Exception])
class DiscloseChange:
    """One change: from awareness to a sent T-442, or to a privacy check that forbids it."""

    @workflow.init
    def __init__(self, case_id: str) -> None:
        self.case: CaseRun[DiscloseChangeState] = CaseRun(rules := DisclosureRules())
        rules.case = self.case
        self.exchange = OneWay(self.case, "A", ClockKind.INFORMATION_RETURN, SendT442, mail_kind="T-442")
        self.others = OtherCases(self.case)
        self.case.listen()

    @property
    def state(self) -> DiscloseChangeState:
        """What the case remembers; read from the record when the run begins."""
        assert self.case.state is not None
        return self.case.state

    @workflow.run
    async def run(self, case_id: str) -> str:
        """From where the record says the case stands."""
        self.case.begin(
            DiscloseChangeState.model_validate(
                await workflow.execute_activity_method(Recording.load_case, case_id, **PATIENT)
            )
        )
        if self.state.target_at is None:
            self.state.target_at = await workflow.execute_activity_method(
                Duties.soft_target, args=[self.state.aware_on, self.state.edition], **PATIENT
            )
        while self.state.step != END:
            try:
                self.state.go_on_to(await self._walk())
            except Interrupted as interruption:
                self.state.go_on_to(await self._interrupted(interruption))
            except Ceased as ceased:
                self.state.go_on_to(self._end(ceased.outcome, ceased.reason))
        await self.case.finish(self.state.outcome or "ended")
        return self.state.outcome or "ended"

    async def _walk(self) -> Next:
        if self.state.kind is DutyKind.RISK_CHANGE and self.state.privacy_check is None:
            return await self.check_privacy()
        return await self.send_the_t442()

    @step("A")
    async def check_privacy(self) -> Next:
        """F3 is subject to privacy law: the advisor proposes, the manager approves or refuses (AMB-P2-15)."""
        if not self.state.proposed:
            proposal = (await self._ask(ProposeRiskDisclosure)).answer
            assert isinstance(proposal, ProposeRiskDisclosure)
            self.state.facts = proposal.facts
            self.state.proposed = True
            self.others.note(proposal.reason)
        decided = await self._ask(ApproveRiskDisclosure)
        assert isinstance(decided.answer, ApproveRiskDisclosure)
        self.others.note(decided.answer.reason)
        if not decided.answer.approved:
            return self._end("not_sent", "the privacy check does not allow it")
        self.state.privacy_check = decided.task.task_id
        return "A"

    @step("A")
    async def send_the_t442(self) -> Next:
        """Only a sent T-442 fulfils the duty (P2.F5, P4.F5)."""
        while not self.state.exchange.complete:
            exchange = self.state.exchange
            blocked = any(self.state.open_task(kind.kind) for kind in (ProvideContact, SendFailed))
            if not exchange.out and not blocked:
                self.case.open(SendT442, due_at=self.state.target_at, context={"cycle": exchange.cycle + 1})
            await self.exchange.due()
            await self._aside(await self.case.event(until=self.exchange.next_instant()))
        return self._end("sent", "Corrections has been told")

    # -- parts ---------------------------------------------------------------------------------------------------

    async def _ask(self, asked: type[Answer]) -> Answered:
        task = self.case.open(asked, due_at=self.state.target_at)
        while True:
            event = await self.case.event()
            if isinstance(event, Answered) and event.task.task_id == task.task_id:
                return event
            await self._aside(event)

    async def _aside(self, event: Event) -> None:
        match event:
            case Due():
                pass  # the loop that waits for the exchange does what is due
            case Arrived(what={"status_said": said}) if said != StatusSaid.CSO.value:
                await follow_up_said(self.case, said)
                raise Ceased(ceased_as(StatusSaid(said)), "Corrections has said that disclosure ends")
            case _:
                await self.exchange.handle(event)

    async def _interrupted(self, interruption: Interrupted) -> str:
        """A pause does not stop a duty (AMB-X-5); the end of the order, a death or a mistake do."""
        change = interruption.change
        await follow_up_on(self.case, interruption)
        if await self.exchange.changed(change, interruption.by):
            return self.state.step
        match change:
            case changes.CorrectionsSays():
                await self.others.says(change)
                if change.said is StatusSaid.CSO:
                    return self.state.step
                return self._end(ceased_as(change.said), "Corrections has said that disclosure ends")
            case changes.Died():
                self.others.note(change.note)
                return self._end("died", "the person has died")
            case changes.Vacated():
                self.others.note(change.reason)
                return self._end("ceased_vacated", "the duty ended when the person left the home")
            case changes.LinkedInError():
                await self.others.linked_in_error(change.reason)
                return self._end("recorded_in_error", "the wrong person was linked")
            case _:
                raise TypeError(f"the duty knows no change {change.kind}")

    def _end(self, outcome: str, reason: str) -> Next:
        self.case.cancel(reason)
        self.exchange.stop(reason)
        self.state.outcome = outcome
        return "end"
