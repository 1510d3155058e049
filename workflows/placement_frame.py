"""The frame of a match and of an offer: step after step to the end, and what happens beside the steps."""

from collections.abc import Awaitable, Callable
from typing import Any, Generic, Protocol, TypeVar

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from procedures import changes
    from procedures.case_state import END
    from procedures.match_void_changes import ending_of, reason_of
    from procedures.match_void_endings import Ending
    from procedures.match_void_state import PlacingState
    from procedures.terms import StatusSaid
    from workflows.case_run import CaseRun, Interrupted
    from workflows.form_exchange import FormExchange
    from workflows.match_void_placing import Placing, Told
    from workflows.mistakes import follow_up_on, follow_up_said

S = TypeVar("S", bound=PlacingState)


class Endings(Protocol):
    """What match and offer do each in their own way; the step to go on with is the answer."""

    @property
    def needs_the_property(self) -> bool:
        """Whether the case ends when the property is no longer void."""
        ...

    async def order_ended(self, said: changes.CorrectionsSays) -> str:
        """Corrections has said here that there is no order, or that it is not the person."""
        ...

    def ceased(self, said: StatusSaid) -> str:
        """It has said so in another case, which has told the others."""
        ...

    def back(self, change: changes.StepBack) -> str:
        """A mistake is corrected."""
        ...

    def taken_back(self, change: changes.ApprovalTakenBack) -> None:
        """Corrections has withdrawn its approval."""
        ...

    def end(self, ending: Ending, reason: str) -> str:
        """The case ends otherwise than by an accepted offer."""
        ...

    async def release(self) -> None:
        """What becomes of the property when the case is over."""
        ...


class PlacementFrame(Generic[S]):
    """Composed of the case's own parts; it decides nothing itself."""

    def __init__(
        self, case: CaseRun[S], placing: Placing[S], exchange: FormExchange[S], endings: Endings
    ) -> None:
        self._case = case
        self._placing = placing
        self._exchange = exchange
        self._endings = endings

    async def to_the_end(self, walk: Callable[[], Awaitable[str]]) -> str:
        """Walk the steps from where the case stands; answers its outcome."""
        state = self._placing.state
        while state.step != END:
            try:
                self._go_to(await walk())
            except Interrupted as interruption:
                self._go_to(await self._changed(interruption))
            except Told as told:
                self._go_to(await self._told(told.what))
        await self._endings.release()
        await self._case.finish(state.outcome or "ended")
        return state.outcome or "ended"

    def _go_to(self, following: str) -> None:
        state = self._placing.state
        if following != state.step:
            state.done = ()
        state.go_on_to(following)

    async def _changed(self, interruption: Interrupted) -> str:
        """The next step after a change (AMB-X-6)."""
        change, state = interruption.change, self._placing.state
        await follow_up_on(self._case, interruption)
        if await self._exchange.changed(change, interruption.by):
            return state.step
        match change:
            case changes.CorrectionsSays(said=StatusSaid.CSO):
                await self._placing.others.says(change)
                await self._placing.resume()
                return state.step
            case changes.CorrectionsSays():
                return await self._endings.order_ended(change)
            case changes.StepBack():
                return self._endings.back(change)
            case changes.ApprovalTakenBack():
                self._endings.taken_back(change)
            case changes.LinkedInError():
                await self._placing.others.linked_in_error(change.reason)
            case changes.Vacated():
                await self._placing.tell_of_the_leaving(change.reason)
            case _:
                pass
        ending = ending_of(change)
        if ending is None:
            self._placing.note(reason_of(change))
            return state.step
        return self._endings.end(ending, reason_of(change))

    async def _told(self, what: dict[str, Any]) -> str:
        """What another case or the list of void properties has brought."""
        match what:
            case {"status_said": said}:
                await follow_up_said(self._case, said)
                return self._endings.ceased(StatusSaid(said))
            case {"property_gone": how} if self._endings.needs_the_property:
                return self._endings.end(Ending.PROPERTY_GONE, f"the property is {how}")
            case _:
                return self._placing.state.step
