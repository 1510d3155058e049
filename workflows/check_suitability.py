"""2. Check the current property is suitable."""

from datetime import datetime
from typing import Any, Literal

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.duties import Duties
    from activities.recording import Recording
    from procedures import check_suitability
    from procedures.assessment import AssessmentCode, AssessmentStatus
    from procedures.case_state import END
    from procedures.changes import Change
    from procedures.check_suitability import (
        AnswerLocationOutcome,
        CheckSuitabilityState,
        ReviewMove,
        SaveDocuments,
        SendT439,
        SupportMove,
    )
    from procedures.clocks import ClockKind
    from procedures.duty_record import MoveWatched, SuitabilityDecided
    from procedures.form_exchange import ProvideContact, ReviewReturn, SendFailed
    from procedures.match_void_record import CaseQuestionsAnswered
    from procedures.returned_parts import Suitability
    from procedures.steps import step
    from procedures.tasks import Answer
    from procedures.terms import Role, StatusSaid
    from workflows.case_run import Answered, Arrived, CaseRun, Due, Event, Interrupted
    from workflows.form_exchange import FormExchange
    from workflows.mistakes import follow_up_said
    from workflows.options import PATIENT
    from workflows.suitability_changes import Ceased, Interruptions

Next = Literal["2.1", "2.2", "2.3", "2.4", "2.5", "end"]
_MANAGER = Role.MANAGER_HOUSING_WELLBEING_SUPPORT


class SuitabilityRules:
    """The refusals of procedure 2, asked about the case as it stands."""

    def __init__(self) -> None:
        self.case: CaseRun[CheckSuitabilityState] | None = None

    def _state(self) -> CheckSuitabilityState:
        assert self.case is not None
        assert self.case.state is not None
        return self.case.state

    def check_answer(self, answer: Answer, facts: dict[str, Any], now: datetime) -> None:
        """Raise Refused when a rule forbids the answer."""
        check_suitability.check_answer(self._state(), answer, facts)

    def check_change(self, change: Change, facts: dict[str, Any], now: datetime) -> None:
        """Raise Refused when a rule forbids the change."""
        check_suitability.check_change(self._state(), change, now)


@workflow.defn(name="check_suitability", failure_exception_types=[Exception])
class CheckSuitability:
    """The home of one person, from both forms to Corrections' word on it; a review of a move begins at step 3."""

    @workflow.init
    def __init__(self, case_id: str) -> None:
        self.case: CaseRun[CheckSuitabilityState] = CaseRun(rules := SuitabilityRules())
        rules.case = self.case
        self.exchange: FormExchange[CheckSuitabilityState] = FormExchange(
            self.case, "2.2", ClockKind.T439_RETURN, SendT439, mail_kind="T-439+T-442"
        )
        self.exchange.waits = lambda: self.state.paused is not None
        self.interruptions = Interruptions(self.case, self.exchange)
        self.others = self.interruptions.others
        self.case.listen()

    @property
    def state(self) -> CheckSuitabilityState:
        """What the case remembers; read from the record when the run begins."""
        assert self.case.state is not None
        return self.case.state

    @workflow.run
    async def run(self, case_id: str) -> str:
        """Walk the steps of the document from where the record says the case stands."""
        self.case.begin(
            CheckSuitabilityState.model_validate(
                await workflow.execute_activity_method(Recording.load_case, case_id, **PATIENT)
            )
        )
        while self.state.step != END:
            try:
                self.state.go_on_to(await self._walk())
            except Interrupted as interruption:
                self.state.go_on_to(await self.interruptions.handle(interruption))
            except Ceased as ceased:
                self.state.go_on_to(self.interruptions.end(ceased.outcome, ceased.reason))
        await self.case.finish(self.state.outcome or "ended")
        return self.state.outcome or "ended"

    async def _walk(self) -> Next:
        match self.state.step:
            case "2.1":
                return await self.send_both_forms()
            case "2.2":
                return await self.wait_for_the_t439()
            case "2.3" if self.state.reviewing:
                return await self.review_the_move()
            case "2.3":
                return await self.act_on_the_answer()
            case "2.4":
                return await self.answer_and_calculate()
            case "2.5":
                return await self.save_everything()
            case other:
                raise ValueError(f"procedure 2 has no step {other}")

    # -- the steps, in the order of the document ---------------------------------------------------------

    @step("2.1")
    async def send_both_forms(self) -> Next:
        """T-439 and T-442 in one secure message, and the questions with detailed comments."""
        while not self.state.exchange.out:
            self._open_sending()
            await self._one_event()
        return "2.2"

    @step("2.2")
    async def wait_for_the_t439(self) -> Next:
        """Back fully completed -> next step; not within five working days -> letter 17-030, and wait on (AMB-P2-3)."""
        while not self.state.exchange.complete:
            self._open_sending()
            if not self.state.paused:
                await self.exchange.due()
            await self._one_event()
        returned = self.state.exchange.returned
        self.state.suitability = Suitability(returned["suitability"])
        self.case.add(
            SuitabilityDecided(
                person_ref=self.state.person.primary,
                property_ref=self.state.person.property_ref,
                suitability=self.state.suitability,
                comment=returned.get("comment") or "",
                said_by=returned["completed_by"],
                documents=list(self.state.source_documents),
            )
        )
        return "2.3"

    @step("2.3")
    async def act_on_the_answer(self) -> Next:
        """Suitable -> next step; not suitable -> support Corrections, inform the manager, then steps 4 and 5."""
        said = self.state.suitability
        assert said is not None
        match check_suitability.after_answer(said):
            case "support":
                if not self.state.supported:
                    await self._support_the_move()
                self.others.tell(_MANAGER, "location_not_suitable")
            case "2.4":
                self.others.tell(_MANAGER, "location_suitable")
        return "2.4"

    @step("2.4")
    async def answer_and_calculate(self) -> Next:
        """Questions with detailed comments, calculate; D1 and CUR are displayed, or the step waits (TR-16)."""
        while True:
            answered = await self._ask(AnswerLocationOutcome)
            answer = answered.answer
            assert isinstance(answer, AnswerLocationOutcome)
            self.state.person = await self.others.person_again()
            held = self.state.person.held
            if (held.code, held.status) == (AssessmentCode.D1, AssessmentStatus.CUR):
                break
        self._add_answers("location_outcome", answer.answers, answer.comment)
        return "2.5"

    @step("2.5")
    async def save_everything(self) -> Next:
        """Every received document has a stored copy in the person's file before the case closes."""
        while await workflow.execute_activity_method(Duties.unfiled, self.state.case_id, **PATIENT):
            answered = await self._ask(SaveDocuments)
            assert isinstance(answered.answer, SaveDocuments)
            self.others.note(answered.answer.note)
        said = self.state.suitability
        assert said is not None
        if said is Suitability.NOT_SUITABLE:
            await self._watch_the_move()
        self.state.outcome = said.value
        return "end"

    @step("2.3")
    async def review_the_move(self) -> Next:
        """Every 20 working days: still there -> watch on; moved -> T-442; else ask Corrections again (AMB-P2-5)."""
        answered = await self._ask(ReviewMove)
        answer = answered.answer
        assert isinstance(answer, ReviewMove)
        self.others.note(answer.note)
        self.state.reviewing = False
        match answer.outcome:
            case "still_living_there":
                await self._watch_the_move()
                self.state.outcome = "still_living_there"
                return "end"
            case "moved":
                return await self.interruptions.moved(
                    answer.note, another_home=answer.moved_to == "another_home_of_ours"
                )
            case "ask_corrections_again":
                self.state.person = await self.others.person_again()
                return "2.1"

    # -- parts of steps ------------------------------------------------------------------------------------

    async def _support_the_move(self) -> None:
        answered = await self._ask(SupportMove)
        answer = answered.answer
        assert isinstance(answer, SupportMove)
        self.others.note(answer.support)
        if answer.transfer_application:
            self.others.note(
                "An application for the Business Initiated Transfer register was taken (CT-728)."
            )
        self.state.supported = True

    async def _watch_the_move(self) -> None:
        """A row, not a waiting run: a short review begins in 20 working days."""
        state = self.state
        review = state.model_copy(
            update={
                "tasks": {},
                "tasks_opened": 0,
                "settled": (),
                "walked": (),
                "turn": 0,
                "notes": 0,
                "statements": 0,
                "followers": 0,
                "suitability": None,
                "supported": False,
                "source_documents": (),
                "exchange": CheckSuitabilityState.model_fields["exchange"].default,
            }
        )
        self.case.add(
            MoveWatched(
                watch_id=state.watch_id or state.case_id,
                person_ref=state.person.primary,
                property_ref=state.person.property_ref,
                region=state.region,
                next_review_at=await workflow.execute_activity_method(
                    Duties.next_review, args=[self.case.now, state.edition], **PATIENT
                ),
                state=review.model_dump(mode="json"),
            )
        )

    def _open_sending(self) -> None:
        """Step 1 is asked as itself; everything else of the exchange belongs to step 2. Paused: nothing is disclosed."""
        exchange, state = self.state.exchange, self.state
        if state.paused:
            return
        blocked = any(state.open_task(kind.kind) for kind in (ProvideContact, SendFailed))
        if not exchange.out and not exchange.complete and not blocked:
            self.case.open(SendT439, context={"cycle": exchange.cycle + 1})
        elif exchange.out:
            self.exchange.open_tasks()

    async def _one_event(self) -> None:
        event = await self.case.event(until=self._next_instant())
        await self._aside(event)

    async def _ask(self, asked: type[Answer]) -> Answered:
        """Open one task and wait for its answer; what else comes meanwhile is taken aside."""
        task = self.case.open(asked)
        while True:
            event = await self.case.event(until=self.interruptions.next_instant())
            if isinstance(event, Answered) and event.task.task_id == task.task_id:
                return event
            await self._aside(event)

    def _next_instant(self) -> datetime | None:
        """While paused no letter leaves, and its due dates are unchanged (AMB-X-5)."""
        paused = self.state.paused
        return self.interruptions.next_instant() if paused else self.exchange.next_instant()

    async def _aside(self, event: Event) -> None:
        match event:
            case Answered(answer=SendT439() as answer):
                await self.exchange.handle(event)
                if self.state.exchange.out:
                    self._add_answers("location", answer.answers, answer.comment)
            case Answered(answer=ReviewReturn(verdict="complete")):
                self.state.source_documents = tuple(event.task.context.get("documents", ()))
                await self.exchange.handle(event)
            case Due() if self.state.paused:
                self.interruptions.still_paused()
            case Due():
                pass  # the loop that waits for the exchange does what is due
            case Arrived(what={"status_said": said}):
                await self._told(StatusSaid(said))
            case Arrived(what={"exit_entry": _}):
                await self.interruptions.pause()
            case Arrived(what={"register_shows_move": _}):
                self.others.tell(Role.ADVISOR_WELLBEING_SUPPORT, "register_shows_move")
            case Arrived(what={"review_reminder": number}):
                self.others.tell(_MANAGER, "move_review_unanswered", number)
            case _:
                await self.exchange.handle(event)

    async def _told(self, said: StatusSaid) -> None:
        """Procedure 1 has Corrections' word: CSO ends a pause, anything else ends the case (AMB-X-4)."""
        if said is not StatusSaid.CSO:
            await follow_up_said(self.case, said.value)
            raise Ceased(check_suitability.ceased_as(said), "Corrections has said that disclosure ends")
        if self.state.paused:
            self.interruptions.resume()

    def _add_answers(self, question_set: str, answers: dict[str, Any], comment: str) -> None:
        """A new version of the assessment; the code is not touched (TR-16)."""
        self.case.add(
            CaseQuestionsAnswered(
                number=self.state.person.held.number,
                rule="TR-16",
                question_set=question_set,
                answers=answers,
                comment=comment,
            )
        )
