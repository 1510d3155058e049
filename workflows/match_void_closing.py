"""Step 3.7 and every other end of a match: withdrawn, never declined, and nobody is excluded from later matches."""

from typing import Literal

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.match_context import MatchContexts
    from procedures import changes
    from procedures.changes import CorrectionsSays
    from procedures.check_suitability import ceased_as
    from procedures.match_void_answers import PlacingQuestions
    from procedures.match_void_changes import closing_tasks, overrides
    from procedures.match_void_endings import CLOSINGS, Ending
    from procedures.match_void_outcome_answers import SettlePaper, TellCorrections
    from procedures.match_void_record import MatchClosed
    from procedures.match_void_state import MatchState
    from procedures.steps import step
    from procedures.terms import Channel, Role, StatusSaid
    from workflows.case_run import Answered, CaseRun
    from workflows.match_void_placing import Placing
    from workflows.match_void_request import VoidRequest
    from workflows.match_void_viewing import KEPT, ViewingRoom
    from workflows.mistakes import follow_up_said
    from workflows.options import PATIENT

Next = Literal["3.1", "3.2", "3.3", "3.4", "3.5", "3.6", "3.7", "end"]


class MatchEndings:
    """How a match ends, whatever ended it; and its last step."""

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

    @property
    def needs_the_property(self) -> bool:
        """To its end a match is about this property."""
        return True

    async def order_ended(self, said: CorrectionsSays, channel: Channel = Channel.VERBAL) -> Next:
        """Procedure 3 stops, procedure 1 has Corrections' word, and the match goes on as any other (AMB-P3-10)."""
        await follow_up_said(self._case, said.said.value)
        await self._placing.others.says(said, channel=channel)
        return self.ceased(said.said)

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

    def ceased(self, said: StatusSaid) -> Next:
        """Disclosure ends, and with it this match."""
        return self.end(
            Ending.ORDER_ENDED, "Corrections has said that disclosure ends", ends_as=ceased_as(said)
        )

    def taken_back(self, change: changes.ApprovalTakenBack) -> None:
        """Corrections has withdrawn its approval (AMB-P4-5)."""
        self._placing.approval_withdrawn(change)

    def back(self, change: changes.StepBack) -> str:
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
