"""Step 3.7 and every other end of a match: withdrawn, never declined, and nobody is excluded from later matches."""

from typing import Literal

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.match_context import MatchContexts
    from procedures import changes
    from procedures.changes import CorrectionsSays
    from procedures.check_suitability import ceased_as
    from procedures.match_void_answers import PlacingQuestions
    from procedures.match_void_changes import closing_tasks, ending_of, overrides, reason_of
    from procedures.match_void_endings import CLOSINGS, Ending
    from procedures.match_void_outcome_answers import SettlePaper, TellCorrections
    from procedures.match_void_record import ApprovalWithdrawn, MatchClosed
    from procedures.match_void_state import MatchState
    from procedures.steps import step
    from procedures.terms import Channel, Role, StatusSaid
    from workflows.case_run import Answered, CaseRun, Interrupted
    from workflows.match_void_placing import Placing
    from workflows.match_void_request import VoidRequest
    from workflows.match_void_viewing import KEPT, ViewingRoom
    from workflows.options import PATIENT

Next = Literal["3.1", "3.2", "3.3", "3.4", "3.5", "3.6", "3.7", "end"]


class MatchEndings:
    """Answers each change with the step at which the match goes on, and walks the last step."""

    def __init__(
        self,
        case: CaseRun[MatchState],
        placing: Placing[MatchState],
        exchange: VoidRequest,
        viewing: ViewingRoom,
    ) -> None:
        self._case = case
        self._placing = placing
        self._exchange = exchange
        self._viewing = viewing

    @property
    def state(self) -> MatchState:
        """What the case remembers."""
        return self._placing.state

    # -- what happens beside the steps -------------------------------------------------------------------------

    async def handle(self, interruption: Interrupted) -> str:
        """The next step after a change (AMB-X-6)."""
        change = interruption.change
        if await self._exchange.changed(change, interruption.by):
            return self.state.step
        match change:
            case CorrectionsSays(said=StatusSaid.CSO):
                await self._placing.others.says(change)
                await self._placing.resume()
                return self.state.step
            case CorrectionsSays():
                return await self.order_ended(change)
            case changes.StepBack():
                return self._back(change)
            case changes.ApprovalTakenBack():
                self._taken_back(change)
            case changes.LinkedInError():
                await self._placing.others.linked_in_error(change.reason)
            case changes.Vacated():
                await self._placing.tell_of_the_leaving(change.reason)
            case _:
                pass
        ending = ending_of(change)
        if ending is None:
            self._placing.note(reason_of(change))
            return self.state.step
        return self.end(ending, reason_of(change))

    async def told(self, what: dict[str, str]) -> str:
        """What another case or the list of void properties has brought."""
        match what:
            case {"status_said": said}:
                return self._ceased(StatusSaid(said), "Corrections has said that disclosure ends")
            case {"property_gone": how}:
                return self.end(Ending.PROPERTY_GONE, f"the property is {how}")
            case _:
                return self.state.step

    async def order_ended(self, said: CorrectionsSays, channel: Channel = Channel.VERBAL) -> Next:
        """Procedure 3 stops, procedure 1 has Corrections' word, and the match goes on as any other (AMB-P3-10)."""
        await self._placing.others.says(said, channel=channel)
        return self._ceased(said.said, "Corrections has said that disclosure ends")

    # -- ends --------------------------------------------------------------------------------------------------

    def end(self, ending: Ending, reason: str, *, ends_as: str | None = None) -> Next:
        """Timers and unsent mail are cancelled, an appointment too; what has left stays listed."""
        self._placing.note(reason)
        if overrides(self.state, ending):
            self._case.cancel(reason, keep=KEPT)
            self._exchange.stop(reason)
            self._viewing.cancel("cancelled", reason)
            self.state.ending = ending
            self.state.ends_as = ends_as or CLOSINGS[ending].outcome
        return "3.7"

    @step("3.7")
    async def withdraw_the_match(self) -> Next:
        """Entered as withdrawn, questions answered and calculated, notes; the property goes back to matching."""
        await self._placing.refresh()
        state = self.state
        wanted = closing_tasks(state, may_calculate=self._placing.may_calculate)
        await self._placing.all_of(wanted, self._taken, step="3.7")
        assert state.ending is not None
        assert state.ends_as is not None
        self._case.add(MatchClosed(match_case_id=state.case_id, outcome=state.ends_as))
        ordinary = state.ending is Ending.ORDER_ENDED
        news = "ordinary_matching" if ordinary else "property_back_to_matching"
        self._placing.others.tell(Role.COORDINATOR_PLACEMENT, news)
        state.outcome = state.ends_as
        return "end"

    async def release(self) -> None:
        """The property is free for the next match; a case that waited for it goes on (AMB-P3-12)."""
        if self.state.holds_property:
            await workflow.execute_activity_method(
                MatchContexts.release_property,
                args=[self.state.case_id, self.state.property_ref, False, self._case.now],
                summary="release the property",
                **PATIENT,
            )

    # -- parts -------------------------------------------------------------------------------------------------

    async def _taken(self, event: Answered) -> None:
        match event.answer:
            case PlacingQuestions() as answer:
                self._placing.calculate(answer)
            case TellCorrections():
                self._placing.call_made(event, {"told": self.state.ends_as})
            case SettlePaper() as answer:
                self._placing.settle_papers(answer)
            case _:
                pass

    def _ceased(self, said: StatusSaid, reason: str) -> Next:
        return self.end(Ending.ORDER_ENDED, reason, ends_as=ceased_as(said))

    def _taken_back(self, change: changes.ApprovalTakenBack) -> None:
        approval = self.state.approval
        assert approval is not None
        self.state.approval = approval.model_copy(update={"withdrawn": True})
        self._case.add(ApprovalWithdrawn(approval_id=approval.approval_id, reason=change.reason))

    def _back(self, change: changes.StepBack) -> str:
        """Back to the named step; what was recorded stays, and what is outside already is listed (AMB-X-6)."""
        state = self.state
        self._placing.note(f"{change.reason} Already outside: {self._outside()}.")
        self._placing.others.tell(Role.MANAGER_HOUSING_WELLBEING_SUPPORT, "corrected_follow_up")
        self._case.cancel("a mistake is corrected", keep=KEPT)
        state.ending, state.ends_as, state.done, state.approval = None, None, (), None
        if change.to_step != "3.6":
            self._viewing.cancel("cancelled", "a mistake is corrected")
            state.viewing, state.reminders, state.reminded = None, (), 0
        if change.to_step == "3.2":
            state.ko_view = None
        return change.to_step

    def _outside(self) -> str:
        mails = [mail for mail in (self.state.exchange.mail_id, *self.state.exchange.letters) if mail]
        return f"{len(mails)} mails ({', '.join(mails) or 'none'}) and {self.state.calls} calls"
