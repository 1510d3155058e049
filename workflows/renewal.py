"""A run whose history has grown long begins anew from the record at any wait; tasks, clocks and commands stay."""

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from temporalio import workflow

if TYPE_CHECKING:
    from workflows.case_run import CaseRun

_A_TASK_OF_ITS_OWN = timedelta(milliseconds=1)


class Renewal:
    """Part of every running case. A case that waits for years, with its reminders and changes, so stays small."""

    def __init__(self, case: "CaseRun[Any]") -> None:
        self._case = case
        self._went_on = False

    def went_on(self) -> None:
        """Something happened in this run: one that has only begun is never renewed, however short the limit."""
        self._went_on = True

    async def at_a_wait(self) -> None:
        """Called at every wait, once the turn is recorded. Nothing may be under way; else the next wait will do."""
        if not self._went_on or not workflow.info().is_continue_as_new_suggested():
            return
        if not workflow.patched("renewed-at-any-wait"):
            return
        await workflow.wait_condition(lambda: workflow.all_handlers_finished() or self._case.something_came())
        if not self._quiet():
            return
        await self._case.write()  # what was remembered without an effect
        await self._case.start_following()
        # As the end of a case: what arrives beside it makes the server refuse the whole task, so it has one of its own.
        await workflow.sleep(_A_TASK_OF_ITS_OWN)
        if self._quiet():
            workflow.continue_as_new(self._case.case_id)

    def _quiet(self) -> bool:
        if self._case.something_came() or self._case.delivering():
            return False
        return workflow.all_handlers_finished()

    # -- the Friday run, as it was released ----------------------------------------------------------------------

    async def before_asking(self) -> None:
        """Go on from the record in a new run, once the history of this one is long and nobody waits for it."""
        if not workflow.info().is_continue_as_new_suggested() or self._case.something_came():
            return
        await self._case.write()
        await workflow.wait_condition(workflow.all_handlers_finished)
        if not self._case.something_came():
            workflow.continue_as_new(self._case.case_id)

    async def after_asking(self) -> None:
        """The same, once what is due has been asked for."""
        if not workflow.info().is_continue_as_new_suggested():
            return
        await self._case.record()
        if workflow.all_handlers_finished() and not self._case.something_came():
            workflow.continue_as_new(self._case.case_id)
