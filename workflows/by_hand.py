"""Entries in systems that are worked by hand: a task for each, in order; steps that depend on a code seen wait for it."""

from collections.abc import Awaitable, Callable, Iterable
from typing import TYPE_CHECKING, Any

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from procedures.by_hand import ASKED_OF, EnteredByHand, expectation, expected
    from procedures.case_state import END, CaseState
    from procedures.outside_entry import ByHandState, OutsideEntered, OutsideSystem, PendingEntry
    from procedures.record import Effect, PersonFileCreated
    from procedures.steps import STEPS
    from procedures.tasks import Answer, OpenTask
    from procedures.terms import Procedure, Role

if TYPE_CHECKING:
    from workflows.case_run import CaseRun

_PLACEMENT = frozenset({Procedure.MATCH_VOID, Procedure.OFFER})


class ByHand:
    """Part of every running case; does nothing at all while no system is worked by hand."""

    def __init__(self, case: "CaseRun[Any]") -> None:
        self._case = case

    @property
    def _state(self) -> CaseState:
        state: CaseState | None = self._case.state
        assert state is not None
        return state

    @property
    def _held(self) -> ByHandState:
        return self._state.by_hand

    def _change(self, **values: Any) -> None:
        self._state.by_hand = self._held.model_copy(update=values)

    # -- what the frame of a case calls ------------------------------------------------------------------------

    def follow(self, effects: Iterable[Effect]) -> None:
        """Ask for every entry that these effects bring about; the tasks open with the same turn."""
        if self._case.state is None or not self._held.systems:
            return
        for effect in effects:
            found = expected(effect, file_of=self._held.file_of)
            if isinstance(effect, PersonFileCreated) and not effect.invalid_match:
                self._change(file_of=effect.person_refs[0] if effect.person_refs else "")
            if found and found[0] in self._held.systems:
                self._expect(*found)
                self._open_next()

    def take(self, task: OpenTask, answer: Answer) -> None:
        """Take the answer to a task of this kind; no procedure asks for it, and none has to know."""
        if not isinstance(answer, EnteredByHand):
            return
        entry_id = task.context["entry_id"]
        self._change(pending=tuple(one for one in self._held.pending if one.entry_id != entry_id))
        self._case.add(
            OutsideEntered(
                entry_id=entry_id,
                system=answer.system,
                outside_number=answer.outside_number,
                seen=answer.seen,
            )
        )
        self._open_next()

    async def all_entered(self) -> None:
        """A case does not close before everything is entered; a change that came beside its end is told so."""
        self._case.overtake_changes()
        await self._until(lambda: not self._held.pending)

    @property
    def recorded_step(self) -> str:
        """The step that the record shows: an ended case with entries to be made is not closed yet."""
        if self._state.step == END and self._held.pending:
            return self._held.pending[0].step
        return self._state.step

    # -- what a procedure calls --------------------------------------------------------------------------------

    @property
    def waits(self) -> bool:
        """True while anything has to be entered."""
        return bool(self._held.pending)

    def calculated_in(self, step: str) -> bool:
        """True when this step has calculated and the code is still to be entered: a restart need not ask again."""
        return any(one.step == step for one in self._of_register())

    async def code_seen(self) -> None:
        """Wait until the register shows what was calculated."""
        await self._until(lambda: not self._of_register())

    async def then(self, walk: Callable[[], Awaitable[str]]) -> str:
        """Walk a step once the codes of the steps before it are entered; after the last step only wait."""
        if self._state.step == END:
            await self.all_entered()
            return END
        await self._until(lambda: not self._awaited())
        return await walk()

    # -- parts ---------------------------------------------------------------------------------------------------

    def _awaited(self) -> bool:
        """Codes calculated in another step; a form that is out with Corrections keeps its clock meanwhile."""
        exchange = getattr(self._state, "exchange", None)
        if exchange is not None and exchange.out and not exchange.complete:
            return False
        return any(one.step != self._state.step for one in self._of_register())

    def _of_register(self) -> list[PendingEntry]:
        return [one for one in self._held.pending if one.system is OutsideSystem.PERSON_REGISTER]

    async def _until(self, entered: Callable[[], bool]) -> None:
        while not entered():
            await self._case.aside(await self._case.event())

    def _expect(self, system: OutsideSystem, about: dict[str, Any]) -> None:
        position = self._held.entries + 1
        entry = PendingEntry(
            entry_id=f"{self._state.case_id}-O{position}",
            system=system,
            step=next((ref for ref in STEPS if ref == self._state.step), ASKED_OF[system].step),
            subject=about.get("subject"),
        )
        self._change(pending=(*self._held.pending, entry), entries=position)
        self._case.add(expectation(entry.entry_id, position, system, about))

    def _open_next(self) -> None:
        """Of each system one at a time, in the order in which it happened."""
        placement = self._state.procedure in _PLACEMENT
        first: dict[OutsideSystem, PendingEntry] = {}
        for entry in self._held.pending:
            first.setdefault(entry.system, entry)
        for system, entry in first.items():
            context = {"entry_id": entry.entry_id}
            if entry.subject:
                context["subject"] = entry.subject
            self._case.open(
                ASKED_OF[system],
                step=entry.step,
                role=Role.ADVISOR_PLACEMENT if placement else None,
                context=context,
            )
