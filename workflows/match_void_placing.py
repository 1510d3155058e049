"""What match and offer do alike: waiting, asking several things at once, calculating, and pausing for an Exit entry."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Any, Generic, TypeVar

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.duties import Duties
    from procedures.assessment import transition
    from procedures.calculation import held_of
    from procedures.changes import ApprovalTakenBack
    from procedures.match_void import case_evidence
    from procedures.match_void_answers import PlacingQuestions
    from procedures.match_void_outcome_answers import FileDocuments, SettlePaper, TellCorrections
    from procedures.match_void_record import ApprovalWithdrawn, CaseQuestionsAnswered, PaperSettled
    from procedures.match_void_state import PlacingState
    from procedures.record import CallMade
    from procedures.refusals import Refused
    from procedures.steps import StepRef
    from procedures.tasks import Answer
    from procedures.terms import CallOutcome, Role, StatusSaid
    from procedures.transitions import Trigger
    from workflows.case_run import Answered, Arrived, CaseRun, Due, Event
    from workflows.form_exchange import FormExchange
    from workflows.options import PATIENT
    from workflows.other_cases import OtherCases

S = TypeVar("S", bound=PlacingState)
Take = Callable[[Answered], Awaitable[None]]


_NEWS = frozenset({"status_said", "code_now", "property_gone", "matched", "property_free"})


class Told(Exception):
    """Something that happened elsewhere changes this case: what Corrections said, or that the property is gone."""

    def __init__(self, what: dict[str, Any]) -> None:
        super().__init__("told")
        self.what = what


class Placing(Generic[S]):
    """The part of a placement case that does not depend on its step."""

    def __init__(self, case: CaseRun[S], exchange: FormExchange[S]) -> None:
        self._case = case
        self._exchange = exchange
        self.others = OtherCases(case)
        self.handled: Callable[[Event], None] = lambda event: None
        """What a procedure makes of an answer about its form that came beside its steps."""
        case.aside = self._aside

    @property
    def state(self) -> S:
        """What the case remembers."""
        assert self._case.state is not None
        return self._case.state

    def note(self, text: str) -> None:
        """Detailed notes of the case."""
        self.others.note(text)

    # -- waiting ---------------------------------------------------------------------------------------------

    async def event(self, *mine: type[Answer], until: datetime | None = None) -> Event:
        """The next answer to one of these, or the instant; everything else is taken aside. Raises Told."""
        while True:
            wanted = [until, self._pause_instant()]
            if not self.state.paused:
                wanted.append(self._exchange.next_instant())
            event = await self._case.event(until=min((i for i in wanted if i), default=None))
            match event:
                case Answered() if isinstance(event.answer, mine):
                    return event
                case Due() if until and self._case.now >= until:
                    return event
                case _:
                    await self._aside(event)

    async def all_of(
        self,
        asked: Sequence[type[Answer]],
        take: Take,
        *,
        step: StepRef,
        until: datetime | None = None,
        due_at: datetime | None = None,
    ) -> bool:
        """Ask these at once and wait until each is answered; False when the instant comes first."""
        while missing := [one for one in asked if one.kind not in self.state.done]:
            for one in missing:
                self._case.open(one, step=step, due_at=due_at)
            event = await self.event(*missing, until=until)
            if not isinstance(event, Answered):
                return False
            await take(event)
            if not _reached_nobody(event.answer):
                self.state.done = (*self.state.done, event.task.kind)
        return True

    async def _aside(self, event: Event) -> None:
        match event:
            case Due() if self.state.paused:
                self._still_paused()
            case Due():
                await self._exchange.due()
            case Arrived(what={"exit_entry": _}):
                await self._pause()
            case Arrived(what={"status_said": StatusSaid.CSO.value}):
                await self.resume()
            case Arrived(what=what) if what.keys() & _NEWS:
                raise Told(what)
            case _:
                await self._exchange.handle(event)
                self.handled(event)

    # -- the Exit group of the report (AMB-X-5) ------------------------------------------------------------------

    async def _pause(self) -> None:
        if self.state.paused is None:
            self.state.paused = await workflow.execute_activity_method(
                Duties.pause, args=[self._case.now, self.state.edition], **PATIENT
            )
            self.others.tell(Role.ADVISOR_PLACEMENT, "paused_call_corrections")

    async def resume(self) -> None:
        """Corrections has confirmed the order; what became due meanwhile is done now."""
        if self.state.paused:
            self.state.paused = None
            await self._exchange.due()

    def _pause_instant(self) -> datetime | None:
        pause = self.state.paused
        return (pause.service_manager_at, pause.manager_at, None)[pause.told] if pause else None

    def _still_paused(self) -> None:
        pause, instant = self.state.paused, self._pause_instant()
        if pause is None or instant is None or self._case.now < instant:
            return
        if pause.told == 0:
            self.others.tell(Role.ADVISOR_PLACEMENT, "paused_call_service_manager")
        else:
            self.others.tell(Role.MANAGER_HOUSING_WELLBEING_SUPPORT, "paused_unconfirmed")
        self.state.paused = pause.model_copy(update={"told": pause.told + 1})

    # -- what answers do -----------------------------------------------------------------------------------------

    async def refresh(self) -> None:
        """The person's codes as they are now; another case may have moved them."""
        self.state.person = await self.others.person_again()

    def calculate(self, answer: PlacingQuestions) -> None:
        """The answers, calculated: a new version with the code that is there (TR-16); the comment is the note."""
        assert answer.question_set is not None
        self.note(answer.comment)
        self._case.add(
            CaseQuestionsAnswered(
                number=self.state.person.held.number,
                rule="TR-16",
                question_set=answer.question_set,
                answers=answer.answers,
                comment=answer.comment,
            )
        )

    @property
    def may_calculate(self) -> bool:
        """D1, or D1P while a match is open: the only codes that take answers (TR-16)."""
        try:
            transition(
                held_of(self.state.person.held), Trigger.CASE_QUESTIONS, case_evidence(self.state.procedure)
            )
        except Refused:
            return False
        return True

    def call_made(self, event: Answered, said: dict[str, Any]) -> str:
        """A call to Corrections, answered or not; its note is a note of the case."""
        answer: Any = event.answer
        self.state.calls += 1
        call_id = f"{self.state.case_id}-L{self.state.calls}"
        self._case.add(
            CallMade(
                call_id=call_id,
                outcome=answer.outcome,
                spoke_with=answer.spoke_with,
                office=answer.office,
                started_at=answer.started_at,
                ended_at=answer.ended_at,
                answers=said,
                note=answer.note,
            )
        )
        return call_id

    def settle_papers(self, answer: SettlePaper) -> None:
        """Every printed form of the case is stored or destroyed (AMB-P3-14)."""
        for paper_id in self.state.papers:
            self._case.add(PaperSettled(paper_id=paper_id, method=answer.method))
        self.state.papers = ()

    def approval_withdrawn(self, change: ApprovalTakenBack) -> None:
        """The signed T-438 stays in the file, and counts no longer (AMB-P4-5)."""
        approval = self.state.approval
        assert approval is not None
        self.state.approval = approval.model_copy(update={"withdrawn": True})
        self._case.add(ApprovalWithdrawn(approval_id=approval.approval_id, reason=change.reason))

    async def tell_of_the_leaving(self, facts: str) -> None:
        """Leaving a home of ours, or the intention to; the call does not replace the T-442 (P2.F4)."""
        if self.state.person.occupancy.lives_in_a_home:
            await self.others.tell_of_the_leaving(facts)

    async def everything_is_filed(self, step: StepRef) -> None:
        """Nothing received about the person is outside the secure folder (P3.S6.a4, P4.S4.2)."""
        while await workflow.execute_activity_method(Duties.unfiled, self.state.case_id, **PATIENT):
            self._case.open(FileDocuments, step=step)
            event = await self.event(FileDocuments)
            assert isinstance(event, Answered)
            assert isinstance(event.answer, FileDocuments)
            self.note(event.answer.note)


def _reached_nobody(answer: Answer) -> bool:
    return isinstance(answer, TellCorrections) and answer.outcome is not CallOutcome.ANSWERED
