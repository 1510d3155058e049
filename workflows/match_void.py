"""3. Match CSO to a Kāinga Ora void property."""

from datetime import datetime, timedelta
from typing import Any, Literal

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.match_context import MatchContext, MatchContexts
    from activities.recording import Recording
    from procedures import match_void, match_void_changes, offer
    from procedures.changes import Change, CorrectionsSays
    from procedures.editions import parameters_for
    from procedures.form_exchange import ANSWERS as EXCHANGE_ANSWERS
    from procedures.form_exchange import ProvideContact, ReviewReturn, SendFailed
    from procedures.match_void_answers import (
        AnswerViewingQuestions,
        AwaitMatch,
        BookViewing,
        ConsiderMatch,
        PlacingQuestions,
        PrintT438,
        SendVoidRequest,
        WeighMatch,
    )
    from procedures.match_void_endings import Ending
    from procedures.match_void_outcome_answers import (
        AnswerPreApprovalQuestions,
        DecideAfterFailures,
        RecordViewing,
        SettlePaper,
    )
    from procedures.match_void_record import MatchClosed, MatchWeighed
    from procedures.match_void_state import MatchState
    from procedures.returned_parts import Suitability
    from procedures.steps import step
    from procedures.tasks import Answer
    from procedures.terms import Channel
    from procedures.viewing import agreed_call
    from workflows.case_run import Answered, CaseRun, Due, Event
    from workflows.match_void_calls import PropertyCall
    from workflows.match_void_closing import MatchEndings
    from workflows.match_void_placing import Placing
    from workflows.match_void_request import VoidRequest
    from workflows.match_void_viewing import KEPT, ViewingRoom
    from workflows.options import PATIENT
    from workflows.placement_frame import PlacementFrame

_A_DAY = timedelta(days=1)
_FOR_GOOD = (Ending.ORDER_ENDED, Ending.DIED)
Next = Literal["3.1", "3.2", "3.3", "3.4", "3.5", "3.6", "3.7", "end"]


class NoOrder(Exception):
    """A T-441 that came back beside the steps says that there is no current order (AMB-P3-10)."""


class MatchRules:
    """The refusals of procedure 3, asked about the case as it stands."""

    def __init__(self) -> None:
        self.case: CaseRun[MatchState] | None = None

    def _state(self) -> MatchState:
        assert self.case is not None
        assert self.case.state is not None
        return self.case.state

    def check_answer(self, answer: Answer, facts: dict[str, Any], now: datetime) -> None:
        """Raise Refused when a rule forbids the answer."""
        match_void.check_answer(self._state(), answer, facts, now)

    def check_change(self, change: Change, facts: dict[str, Any], now: datetime) -> None:
        """Raise Refused when a rule forbids the change."""
        match_void_changes.check_change(self._state(), change, now)


@workflow.defn(name="match_void", failure_exception_types=[Exception])
class MatchVoid:
    """One person and one void property, from the match to a signed pre-approval or the end of the match."""

    @workflow.init
    def __init__(self, case_id: str) -> None:
        self.case: CaseRun[MatchState] = CaseRun(rules := MatchRules())
        rules.case = self.case
        self.exchange = VoidRequest(self.case)
        self.exchange.waits = lambda: self.state.paused is not None
        self.placing = Placing(self.case, self.exchange)
        self.placing.handled = self._read_aside
        self.call = PropertyCall(self.case, self.placing)
        self.viewing = ViewingRoom(self.case, self.placing, self.exchange)
        self.endings = MatchEndings(self.case, self.placing, self.exchange, self.viewing)
        self.frame = PlacementFrame(self.case, self.placing, self.exchange, self.endings)
        self.case.listen()

    @property
    def state(self) -> MatchState:
        """What the case remembers; read from the record when the run begins."""
        assert self.case.state is not None
        return self.case.state

    @workflow.run
    async def run(self, case_id: str) -> str:
        """Walk the steps of the document from where the record says the case stands."""
        self.case.begin(
            MatchState.model_validate(
                await workflow.execute_activity_method(Recording.load_case, case_id, **PATIENT)
            )
        )
        return await self.frame.to_the_end(self._walk)

    async def _walk(self) -> Next:
        try:
            return await self._present_step()
        except NoOrder:
            said = self.exchange.no_order
            assert said is not None
            return await self.endings.order_ended(said, Channel.T_441)

    async def _present_step(self) -> Next:
        match self.state.step:
            case "3.1":
                return await self.consider_the_match()
            case "3.2":
                return await self.weigh_the_match()
            case "3.3":
                return await self.phone_corrections()
            case "3.4":
                return await self.arrange_the_viewing()
            case "3.5":
                return await self.view_the_property()
            case "3.6":
                return await self.action_the_outcome()
            case "3.7":
                return await self.endings.withdraw_the_match()
            case other:
                raise ValueError(f"procedure 3 has no step {other}")

    # -- the steps, in the order of the document ---------------------------------------------------------

    @step("3.1")
    async def consider_the_match(self) -> Next:
        """The Coordinator Placement's match, with the details on the T-365."""
        await self._read_context()
        if self.state.property_ref is None:
            self.case.open(AwaitMatch)
            event = await self.placing.event(AwaitMatch)
            assert isinstance(event, Answered)
            assert isinstance(event.answer, AwaitMatch)
            self.placing.note(event.answer.no_longer_considered_because)
            self.state.outcome = "not_considered"
            return "end"
        self.case.cancel("the match is entered", AwaitMatch.kind)
        self.case.open(ConsiderMatch, context={"match_id": self.state.match_id})
        event = await self.placing.event(ConsiderMatch)
        assert isinstance(event, Answered)
        assert isinstance(event.answer, ConsiderMatch)
        self.placing.note(event.answer.note)
        return "3.2"

    @step("3.2")
    async def weigh_the_match(self) -> Next:
        """A completed T-441 held: suitable -> 3, unsuitable -> withdrawn. None held: ask Corrections, then decide."""
        if self.state.ko_view is None:
            await self._read_context()
        asked_for = match_void.branch_of(self.state, self.case.now) == "c"
        if asked_for and not self.state.exchange.complete:
            self.exchange.about(literal=parameters_for(self.state.edition).void_request_literal)
            self.case.cancel("no completed T-441 is held", WeighMatch.kind)
            self.case.add(MatchWeighed(branch="c"))
            await self._information_from_corrections()
            if (said := self.exchange.no_order) is not None:
                return await self.endings.order_ended(said, Channel.T_441)
        if not asked_for:
            self._ask_no_longer()
        self.case.open(WeighMatch)
        event = await self.placing.event(WeighMatch)
        assert isinstance(event, Answered)
        answer = event.answer
        assert isinstance(answer, WeighMatch)
        self.state.ko_view = answer.view
        branch = "c" if asked_for else match_void.branch_of(self.state, self.case.now)
        self.case.add(MatchWeighed(branch=branch, ko_view=answer.view, reasons=answer.reasons))
        self.placing.note(answer.reasons)
        return "3.3" if answer.view == "suitable" else self.endings.end(Ending.UNSUITABLE, "unsuitable")

    @step("3.3")
    async def phone_corrections(self) -> Next:
        """Status and suitability of the property for this person, in one call; one case at a time per property."""
        if not await self._property_is_held():
            return self.endings.end(Ending.PROPERTY_GONE, "the property is no longer void")
        call, call_id = await self.call.until_answered()
        assert call.said is not None
        following = match_void.after_call(call.said, call.property_may_suit)
        if following == "order_ended":
            assert call.spoke_with is not None
            assert call.office is not None
            return await self.endings.order_ended(
                CorrectionsSays(
                    said=call.said,
                    said_by=call.spoke_with,
                    office=call.office,
                    said_at=call.ended_at,
                    note=call.note,
                )
            )
        self.call.confirmed(call, call_id)
        await self.placing.resume()
        if following == "3.7":
            return self.endings.end(Ending.CORRECTIONS_DISAGREES, "Corrections does not agree")
        self.state.agreed = agreed_call(call_id, call.ended_at, self.state.edition)
        self.viewing.start_window()
        return "3.4"

    @step("3.4")
    async def arrange_the_viewing(self) -> Next:
        """Appointment within 48 hours, application record, questions, T-438 on paper, notes; no slot -> a new call."""
        if self.state.open_task(DecideAfterFailures.kind):
            return self._after_failure(await self.viewing.decide())
        agreed = self.state.agreed
        assert agreed is not None
        if self.state.viewing is None:
            self.case.open(BookViewing, urgent=True, due_at=agreed.closes_at)
            event = await self.placing.event(BookViewing, until=agreed.closes_at)
            if isinstance(event, Due):
                return self._after_failure(await self.viewing.failed("the 48 hours are over"))
            assert isinstance(event, Answered)
            answer = event.answer
            assert isinstance(answer, BookViewing)
            self.placing.note(answer.note)
            if answer.no_slot_because:
                return self._after_failure(await self.viewing.failed(answer.no_slot_because))
            self.viewing.book(answer)
        await self.placing.all_of((AnswerViewingQuestions, PrintT438), self._taken, step="3.4")
        return "3.5"

    @step("3.5")
    async def view_the_property(self) -> Next:
        """In person at the property, with Corrections; missed -> a new call and new 48 hours."""
        if self.state.open_task(DecideAfterFailures.kind):
            return self._after_failure(await self.viewing.decide())
        viewing = self.state.viewing
        assert viewing is not None
        self.case.open(RecordViewing, due_at=viewing.starts_at, context={"viewing_id": viewing.viewing_id})
        event = await self.placing.event(RecordViewing)
        assert isinstance(event, Answered)
        answer = event.answer
        assert isinstance(answer, RecordViewing)
        self.placing.note(answer.note)
        if answer.missed_because:
            return self._after_failure(await self.viewing.failed(answer.missed_because))
        self.viewing.held(answer)
        return "3.6"

    @step("3.6")
    async def action_the_outcome(self) -> Next:
        """Signed and suitable -> questions, folder, offer; not suitable -> 7. Either party's no ends the match."""
        if self.state.approval is None:
            part_b = await self.viewing.until_part_b()
            self.placing.note(part_b.note)
            self.viewing.record_part_b(part_b)
            if part_b.suitability is Suitability.NOT_SUITABLE:
                return self.endings.end(Ending.NOT_SUITABLE, "not suitable, for the reasons on the T-438")
        papers = (SettlePaper,) if self.state.papers or SettlePaper.kind in self.state.done else ()
        await self.placing.all_of((AnswerPreApprovalQuestions, *papers), self._taken, step="3.6")
        if self.state.ending:
            return "3.7"
        await self.placing.everything_is_filed("3.6")
        await self._until_confirmed()
        following = offer.opening(self.state, self.case.now)
        self.case.add(MatchClosed(match_case_id=self.state.case_id, outcome="offered"))
        self.case.hand_over(following, person_ref=self.state.person.primary, entry_id=None)
        self.state.holds_property = False  # the offer has it now
        self.state.outcome = "offer"
        return "end"

    # -- parts of steps ------------------------------------------------------------------------------------

    async def _read_context(self) -> None:
        context: MatchContext = await workflow.execute_activity_method(
            MatchContexts.match_context, self.state.case_id, summary="3.1 context", **PATIENT
        )
        for name in MatchContext.model_fields:
            setattr(self.state, name, getattr(context, name))

    async def _information_from_corrections(self) -> None:
        """Steps 1 to 3 of procedure 2: sent, five working days, letter 17-030, received and fully completed."""
        if not self.state.paused:
            await self.exchange.due()
        while not self.state.exchange.complete:
            blocked = any(self.state.open_task(one.kind) for one in (ProvideContact, SendFailed))
            if not self.state.exchange.out and not blocked:
                self.case.open(SendVoidRequest, context={"cycle": self.state.exchange.cycle + 1})
            await self.exchange.handle(await self.placing.event(SendVoidRequest, *EXCHANGE_ANSWERS))
            if self._is_overdue() and workflow.patched("letter-after-a-read-return"):
                await self.exchange.due()

    def _read_aside(self, event: Event) -> None:
        """Whatever the step, Corrections' word on the form counts, unless the match is ending for good already."""
        match event:
            case Answered(answer=ReviewReturn(verdict="complete")) if self.state.ending not in _FOR_GOOD:
                if self.exchange.no_order is not None and workflow.patched("no-order-read-beside-a-step"):
                    raise NoOrder
            case _:
                pass

    def _is_overdue(self) -> bool:
        """What an unread return or a bounce held back is due as soon as it was read or decided (AMB-P1-29, AMB-X-8)."""
        clock = self.state.exchange.clock
        overdue = clock is not None and clock.letter_opens_at <= self.case.now
        return overdue and not self.state.paused and not self.state.exchange.complete

    def _ask_no_longer(self) -> None:
        """A completed T-441 has come by procedure 1 meanwhile: the request, and the chasing of it, are over (P3.S2.a)."""
        exchange = self.state.exchange
        asks = self.state.open_task(SendVoidRequest.kind)
        if (
            (asks or exchange.clock)
            and not exchange.complete
            and workflow.patched("t441-came-by-procedure-1")
        ):
            over = (SendVoidRequest.kind, *(one.kind for one in EXCHANGE_ANSWERS))
            self.case.cancel("a completed T-441 is held", *over, keep=KEPT)
            self.exchange.stop("a completed T-441 is held")

    async def _property_is_held(self) -> bool:
        """One live pre-approval per property: a second case waits for its turn (AMB-P3-12). False: it is gone."""
        while not self.state.holds_property:
            taken = await workflow.execute_activity_method(
                MatchContexts.hold_property,
                args=[self.state.case_id, self.state.property_ref, self.case.now],
                summary="3.3 hold the property",
                **PATIENT,
            )
            if taken == "gone":
                return False
            self.state.holds_property = taken == "held"
            if taken == "wait":
                self.placing.others.tell(WeighMatch.role, "property_has_another_match", 0)
                await self.placing.event()
        return True

    def _after_failure(self, following: Literal["3.3", "3.7"]) -> Next:
        if following == "3.3":
            return "3.3"
        return self.endings.end(Ending.NO_VIEWING, "no viewing came about")

    async def _taken(self, event: Answered) -> None:
        match event.answer:
            case AnswerPreApprovalQuestions() as answer:
                self.placing.calculate(answer)
                if answer.answers["we_agree"] is not True:
                    self.endings.end(Ending.WE_DISAGREE, "we do not agree")
                    self.state.done = (*self.state.done, SettlePaper.kind)
            case PlacingQuestions() as answer:
                self.placing.calculate(answer)
            case PrintT438() as answer:
                self.viewing.print(answer)
            case SettlePaper() as answer:
                self.placing.settle_papers(answer)
            case _:
                pass

    async def _until_confirmed(self) -> None:
        """The offer needs D1 and current; a pending code waits for procedure 1 (P3.W1, TR-16)."""
        await self.placing.refresh()
        while not self.state.confirmed_cso:
            tomorrow = self.case.now + _A_DAY
            await self.placing.event(until=tomorrow)
            await self.placing.refresh()
