"""Appendix B, mail that fits no case or two: one task, never filed by a name alone (AMB-X-9)."""

from datetime import datetime
from typing import Any

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.recording import Recording
    from activities.returns import Returns, SortedReturn
    from procedures import sort_mail
    from procedures.case_state import END
    from procedures.changes import Change
    from procedures.refusals import Refused
    from procedures.sort_mail import SortMail, SortMailState
    from procedures.steps import step
    from procedures.tasks import Answer
    from workflows.case_run import CaseRun, Interrupted
    from workflows.options import PATIENT


class SortMailRules:
    """The refusals of the manual queue."""

    def check_answer(self, answer: Answer, facts: dict[str, Any], now: datetime) -> None:
        """Raise Refused when a rule forbids the answer."""
        sort_mail.check_answer(answer, facts)

    def check_change(self, change: Change, facts: dict[str, Any], now: datetime) -> None:
        """A received mail is sorted by its task alone."""
        raise Refused("AMB-X-9", "answer the task: give the mail to a case, or set it aside with the reason")


@workflow.defn(name="sort_mail", failure_exception_types=[Exception])
class SortReceivedMail:
    """One received mail in the manual queue."""

    @workflow.init
    def __init__(self, case_id: str) -> None:
        self.case: CaseRun[SortMailState] = CaseRun(SortMailRules())
        self.case.listen()

    @workflow.run
    async def run(self, case_id: str) -> str:
        """Ask; give the mail to the case named, or on to a person again when that case has ended."""
        state = SortMailState.model_validate(
            await workflow.execute_activity_method(Recording.load_case, case_id, **PATIENT)
        )
        self.case.begin(state)
        while state.step != END:
            try:
                await self.sort(state)
            except Interrupted:
                continue
        await self.case.finish(state.outcome or "sorted")
        return state.outcome or "sorted"

    @step("B")
    async def sort(self, state: SortMailState) -> None:
        """A mail given to a case that has ended is filed all the same; it triggers nothing there (NFR-5)."""
        answered = await self.case.ask(
            SortMail, urgent=state.suggested_case_id is not None, context={"received_id": state.received_id}
        )
        answer = answered.answer
        assert isinstance(answer, SortMail)
        sorted_return: SortedReturn = await workflow.execute_activity_method(
            Returns.sort_return,
            args=[state.received_id, answer.case_id, self.case.now, answered.by],
            summary="B sort a received mail",
            **PATIENT,
        )
        state.outcome = "given" if sorted_return.told else "filed" if answer.case_id else "set aside"
        state.step = END
