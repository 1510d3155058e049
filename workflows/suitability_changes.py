"""What happens beside the steps of procedure 2: interruptions at any waiting point, never deleting anything."""

from datetime import datetime
from typing import Literal

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.duties import Duties
    from procedures import changes
    from procedures.check_suitability import CheckSuitabilityState, SendT439, ceased_as, following_number
    from procedures.clocks import ClockKind
    from procedures.duty_record import WatchEnded
    from procedures.form_exchange import ReviewReturn
    from procedures.terms import Procedure, Role, StatusSaid
    from workflows.case_run import CaseRun, Interrupted
    from workflows.exchange_clock import ExchangeClock
    from workflows.form_exchange import FormExchange
    from workflows.match_void_handover import considered_meanwhile
    from workflows.mistakes import follow_up_on
    from workflows.options import PATIENT
    from workflows.other_cases import OtherCases


class Ceased(Exception):
    """Something that happened elsewhere ends the case."""

    def __init__(self, outcome: str, reason: str) -> None:
        super().__init__(outcome)
        self.outcome = outcome
        self.reason = reason


class Interruptions:
    """Answers each change with the step at which the case goes on."""

    def __init__(
        self, case: CaseRun[CheckSuitabilityState], exchange: FormExchange[CheckSuitabilityState]
    ) -> None:
        self._case = case
        self._exchange = exchange
        self.others = OtherCases(case)

    @property
    def state(self) -> CheckSuitabilityState:
        """What the case remembers."""
        assert self._case.state is not None
        return self._case.state

    async def handle(self, interruption: Interrupted) -> str:
        """The next step after a change (AMB-X-6)."""
        change = interruption.change
        await follow_up_on(self._case, interruption)
        if await self._exchange.changed(change, interruption.by):
            return self.state.step
        match change:
            case changes.Withdraw():
                self.others.note(change.reason)
                return self.end("withdrawn", "the case was withdrawn")
            case changes.Died():
                self.others.note(change.note)
                return self.end("died", "the person has died")
            case changes.CorrectionsSays():
                return await self._says(change)
            case changes.Vacated():
                return await self.moved(change.reason, another_home=False)
            case changes.MovedHome():
                return await self.moved(change.reason, another_home=True)
            case changes.ConsideredForVoid():
                await considered_meanwhile(self._case, self.others, change.note)
                return self.state.step
            case changes.LinkedInError():
                await self.others.linked_in_error(change.reason)
                return self.end("recorded_in_error", "the wrong person was linked")
            case changes.GoBack():
                return await self._go_back(change)
            case _:
                raise TypeError(f"procedure 2 knows no change {change.kind}")

    def end(self, outcome: str, reason: str) -> Literal["end"]:
        """The case ends: timers and unsent mail are cancelled, what has left stays listed (AMB-X-4)."""
        self._case.cancel(reason)
        self._exchange.stop(reason)
        if outcome.startswith("ceased"):
            self.others.tell(Role.MANAGER_HOUSING_WELLBEING_SUPPORT, "suitability_ceased")
        if self.state.watch_id and outcome != "withdrawn":
            self._case.add(WatchEnded(watch_id=self.state.watch_id, reason=reason))
        self.state.outcome = outcome
        return "end"

    # -- the person has moved --------------------------------------------------------------------------------

    async def moved(self, reason: str, *, another_home: bool) -> Literal["end"]:
        """Corrections is told with a T-442; the code stays; a new home of ours is a new case (AMB-P2-11, 12)."""
        state = self.state
        self.others.note(reason)
        now = await self.others.person_again()
        await self.others.tell_of_the_leaving(reason)
        if another_home:
            following = CheckSuitabilityState(
                case_id=following_number(state.case_id, "S"),
                procedure=Procedure.CHECK_SUITABILITY,
                edition=state.edition,
                region=state.region,
                step="2.1",
                entry_id=state.entry_id,
                friday=state.friday,
                person=now,
            )
            self._case.hand_over(following, person_ref=now.primary, entry_id=state.entry_id)
            return self.end("moved", "the person has moved to another of our homes")
        state.vacated = True
        return self.end("ceased_vacated", "the person has left the home")

    # -- what Corrections says -------------------------------------------------------------------------------

    async def _says(self, change: changes.CorrectionsSays) -> str:
        """Corrections' word; the code itself is moved by a case of procedure 1 alone."""
        await self.others.says(change)
        if change.said is StatusSaid.CSO:
            self.resume()
            return self.state.step
        return self.end(ceased_as(change.said), "Corrections has said that disclosure ends")

    # -- the Exit group of the report --------------------------------------------------------------------------

    async def pause(self) -> None:
        """Only indicative: no new disclosure until Corrections confirms; due dates are unchanged (AMB-X-5)."""
        if self.state.paused:
            return
        self.state.paused = await workflow.execute_activity_method(
            Duties.pause, args=[self._case.now, self.state.edition], **PATIENT
        )
        self._case.cancel("paused until Corrections confirms the status", SendT439.kind)
        self.others.tell(Role.ADVISOR_WELLBEING_SUPPORT, "paused_call_corrections")

    def resume(self) -> None:
        """Corrections has confirmed the order."""
        if self.state.paused:
            self.state.paused = None
            self.others.tell(Role.ADVISOR_WELLBEING_SUPPORT, "pause_ended")

    def next_instant(self) -> datetime | None:
        """When the next one comes in while the case is paused (UTC)."""
        pause = self.state.paused
        if pause is None:
            return None
        return (pause.service_manager_at, pause.manager_at, None)[pause.told]

    def still_paused(self) -> None:
        """Corrections has not confirmed: the service manager is called, then the manager takes it up (AMB-X-5)."""
        pause = self.state.paused
        assert pause is not None
        if pause.told == 0:
            self.others.tell(Role.ADVISOR_WELLBEING_SUPPORT, "paused_call_service_manager")
        else:
            self.others.tell(Role.MANAGER_HOUSING_WELLBEING_SUPPORT, "paused_unconfirmed")
        self.state.paused = pause.model_copy(update={"told": pause.told + 1})

    # -- mistakes ------------------------------------------------------------------------------------------------

    async def _go_back(self, change: changes.GoBack) -> str:
        """A new record that moves the case to the named earlier step; what was recorded stays (AMB-X-6)."""
        state = self.state
        self.others.note(change.reason)
        self._case.cancel("a mistake is corrected")
        state.supported = False
        if change.to_step == "2.3":
            return "2.3"
        await self._read_again()
        return "2.2"

    async def _read_again(self) -> None:
        """The returned form is read once more, and what chased Corrections goes on from its own day 0."""
        state, exchange = self.state, self._exchange
        documents, state.source_documents, state.suitability = list(state.source_documents), (), None
        rested = state.exchange.rested
        if rested and workflow.patched("the-chase-goes-on"):
            await exchange.misread(rested)
        else:
            await self._clock_of_the_form()
        again = f"again-{state.turn}"
        exchange.change(unread=(*state.exchange.unread, again))
        exchange.open(ReviewReturn, {"received_id": again, "documents": documents})

    async def _clock_of_the_form(self) -> None:
        """A record of an earlier release does not say what rested."""
        exchange = self._exchange
        exchange.change(complete=False, returned={})
        if exchange.state.mail_id and exchange.state.accepted_at:
            clock = ExchangeClock(exchange, ClockKind.T439_RETURN)
            await clock.start(0, exchange.state.mail_id, exchange.state.accepted_at)
