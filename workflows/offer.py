"""4. Offer property and action outcome."""

from datetime import datetime
from typing import Any, Literal

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.recording import Recording
    from activities.viewings import Viewings
    from procedures import offer
    from procedures.changes import Change
    from procedures.clocks import ClockKind
    from procedures.disclose_change import SendT442
    from procedures.editions import parameters_for
    from procedures.match_void_outcome_answers import SettlePaper, TellCorrections
    from procedures.match_void_record import MatchClosed, OfferChanged, OfferMade, RiskRatingChecked
    from procedures.offer_answers import (
        ActOnRiskRating,
        AnswerOfferQuestions,
        CheckRiskRating,
        DecideNoAnswer,
        EnterOfferOutcome,
        MakeOffer,
        PrepareSignUp,
        RecordPersonsAnswer,
        ShowProperty,
        SignUpHeld,
    )
    from procedures.offer_state import OfferState, RatingCheck
    from procedures.steps import step
    from procedures.tasks import Answer
    from procedures.terms import Role
    from workflows.case_run import Answered, CaseRun
    from workflows.form_exchange import FormExchange
    from workflows.match_void_placing import Placing
    from workflows.offer_closing import OfferEndings
    from workflows.options import PATIENT
    from workflows.placement_frame import PlacementFrame

Next = Literal["4.1", "4.2", "4.3", "4.4", "end"]


class OfferRules:
    """The refusals of procedure 4, asked about the case as it stands."""

    def __init__(self) -> None:
        self.case: CaseRun[OfferState] | None = None

    def _state(self) -> OfferState:
        assert self.case is not None
        assert self.case.state is not None
        return self.case.state

    def check_answer(self, answer: Answer, facts: dict[str, Any], now: datetime) -> None:
        """Raise Refused when a rule forbids the answer."""
        offer.check_answer(self._state(), answer, facts, now)

    def check_change(self, change: Change, facts: dict[str, Any], now: datetime) -> None:
        """Raise Refused when a rule forbids the change."""
        offer.check_change(self._state(), change, now)


@workflow.defn(name="offer", failure_exception_types=[Exception])
class OfferProperty:
    """One offer of one property, from the rating check to its outcome."""

    @workflow.init
    def __init__(self, case_id: str) -> None:
        self.case: CaseRun[OfferState] = CaseRun(rules := OfferRules())
        rules.case = self.case
        self.exchange: FormExchange[OfferState] = FormExchange(
            self.case,
            "4.3",
            ClockKind.INFORMATION_RETURN,
            SendT442,
            mail_kind="T-442",
            role=Role.ADVISOR_PLACEMENT,
        )
        self.placing = Placing(self.case, self.exchange)
        self.endings = OfferEndings(self.case, self.placing, self.exchange)
        self.frame = PlacementFrame(self.case, self.placing, self.exchange, self.endings)
        self.case.listen()

    @property
    def state(self) -> OfferState:
        """What the case remembers; read from the record when the run begins."""
        assert self.case.state is not None
        return self.case.state

    @workflow.run
    async def run(self, case_id: str) -> str:
        """Walk the steps of the document from where the record says the case stands."""
        self.case.begin(
            OfferState.model_validate(
                await workflow.execute_activity_method(Recording.load_case, case_id, **PATIENT)
            )
        )
        return await self.frame.to_the_end(self._walk)

    async def _walk(self) -> Next:
        match self.state.step:
            case "4.1":
                return await self.check_the_risk_rating()
            case "4.2":
                return await self.offer_and_show()
            case "4.3":
                return await self.action_the_answer()
            case "4.4":
                return await self.answer_and_keep()
            case other:
                raise ValueError(f"procedure 4 has no step {other}")

    # -- the steps, in the order of the document ---------------------------------------------------------

    @step("4.1")
    async def check_the_risk_rating(self) -> Next:
        """Before any meeting: is there a rating, does it need anything, is a Safe Work Plan required?"""
        if self.state.rating is None:
            answer = await self._asked(CheckRiskRating)
            assert isinstance(answer, CheckRiskRating)
            self._rated(answer)
        assert self.state.rating is not None
        if not self.state.rating.done:
            acted = await self._asked(ActOnRiskRating)
            assert isinstance(acted, ActOnRiskRating)
            self._acted(acted)
        return "4.2"

    @step("4.2")
    async def offer_and_show(self) -> Next:
        """CT-PRO-001: 5.5 Offer property, then 5.6 Show property."""
        await self.endings.look_at_the_approval()
        assert self.state.property_ref is not None
        if self.state.offered_at is None:
            made = await self._asked(MakeOffer)
            assert isinstance(made, MakeOffer)
            assert self.state.approval is not None
            self.placing.note(made.note)
            self.state.offered_at = made.offered_at
            self.case.add(
                OfferMade(
                    offer_id=self.state.offer_id,
                    person_ref=self.state.person.primary,
                    property_ref=self.state.property_ref,
                    approval_id=self.state.approval.approval_id,
                    offered_at=made.offered_at,
                )
            )
        shown = await self._asked(ShowProperty)
        assert isinstance(shown, ShowProperty)
        self.placing.note(shown.note)
        self.state.shown_at = shown.shown_at
        self.case.add(OfferChanged(offer_id=self.state.offer_id, shown_at=shown.shown_at))
        return "4.3"

    @step("4.3")
    async def action_the_answer(self) -> Next:
        """Yes: Housing Support Manager, Corrections, sign-up. No: withdrawn or declined, Corrections, back to matching."""
        if self.state.ending is None and not self.state.accepted:
            await self._until_answered()
        if self.state.ending is None:
            wanted: tuple[type[Answer], ...] = (TellCorrections, PrepareSignUp)
        else:
            wanted = offer.closing_tasks(self.state)
        await self.placing.all_of(wanted, self._taken, step="4.3")
        return self.endings.after_closing()

    @step("4.4")
    async def answer_and_keep(self) -> Next:
        """On both outcomes: questions, calculate; everything is in the secure file; the process ends."""
        answered = await self.endings.until_confirmed(AnswerOfferQuestions)
        if answered:
            await self._taken(answered)
            self.state.done = (*self.state.done, answered.task.kind)
        await self.placing.all_of((AnswerOfferQuestions,), self._taken, step="4.4")
        await self.placing.everything_is_filed("4.4")
        outcome = self.state.kotahi_outcome
        assert outcome is not None
        self.case.add(MatchClosed(match_case_id=self.state.match_case_id, outcome=outcome))
        if self.state.accepted and self.state.ending is None:
            await self.endings.begin_the_standing_duty()
        self.state.outcome = outcome
        return "end"

    # -- parts of steps ------------------------------------------------------------------------------------

    async def _asked(self, asked: type[Answer]) -> Answer:
        self.case.open(asked)
        event = await self.placing.event(asked)
        assert isinstance(event, Answered)
        return event.answer

    def _rated(self, answer: CheckRiskRating) -> None:
        state = self.state
        state.rating_checks += 1
        state.rating = RatingCheck(
            rating_id=f"{state.case_id}-R{state.rating_checks}",
            action=answer.action,
            done=answer.action == "none",
        )
        self.placing.note(answer.note)
        self.case.add(
            RiskRatingChecked(
                rating_id=state.rating.rating_id,
                person_ref=state.person.primary,
                rating=answer.rating,
                action=answer.action,
                basis=answer.basis,
                safe_work_plan=answer.safe_work_plan,
                safe_work_plan_document=answer.safe_work_plan_document,
            )
        )

    def _acted(self, answer: ActOnRiskRating) -> None:
        state = self.state
        assert state.rating is not None
        state.rating = state.rating.model_copy(update={"done": True})
        self.case.add(
            RiskRatingChecked(
                rating_id=f"{state.rating.rating_id}-done",
                person_ref=state.person.primary,
                rating=answer.rating,
                action=state.rating.action,
                basis="SS-GDL-110, CT-PRO-300" if answer.risk_register_applies else "SS-GDL-110",
                done=answer.done,
                safe_work_plan=False,
            )
        )

    async def _until_answered(self) -> None:
        """Reminder after two working days, after five the advisor decides; nothing by itself (AMB-P4-4)."""
        state = self.state
        if not state.reminders:
            assert state.shown_at is not None
            await self._ask_after(state.shown_at)
        while True:
            self.case.open(RecordPersonsAnswer)
            upcoming = state.reminders[state.reminded] if state.reminded < len(state.reminders) else None
            event = await self.placing.event(RecordPersonsAnswer, DecideNoAnswer, until=upcoming)
            match event:
                case Answered(answer=RecordPersonsAnswer() as answer):
                    self.case.cancel("the person has answered", DecideNoAnswer.kind)
                    return self.endings.answered(answer)
                case Answered(answer=DecideNoAnswer() as decided):
                    self.placing.note(decided.reason)
                    if decided.policy_reference:
                        return self.endings.not_accepted(
                            "withdrawn", decided.reason, decided.policy_reference, answer="no_answer"
                        )
                    await self._ask_after(self.case.now)
                case _:
                    self._remind()

    async def _ask_after(self, since: datetime) -> None:
        """When the answer is asked after: counted from the showing, or from the decision to wait on."""
        parameters = parameters_for(self.state.edition)
        days = [parameters.offer_reminder_days, parameters.offer_decide_days]
        reminders: list[datetime] = await workflow.execute_activity_method(
            Viewings.reminders, args=[since, days, self.state.edition], summary="4.3 reminders", **PATIENT
        )
        self.state.reminders, self.state.reminded = tuple(reminders), 0

    def _remind(self) -> None:
        self.state.reminded += 1
        self.placing.others.tell(Role.ADVISOR_PLACEMENT, "no_answer_to_the_offer", self.state.reminded)
        if self.state.reminded == len(self.state.reminders):
            self.case.open(DecideNoAnswer, urgent=True)

    async def _taken(self, event: Answered) -> None:
        match event.answer:
            case TellCorrections():
                outcome = self.state.kotahi_outcome
                self.placing.call_made(event, {"offer_outcome": outcome} if outcome else {})
            case EnterOfferOutcome() as answer:
                self.endings.entered(answer.outcome)
            case SignUpHeld() as answer:
                self.placing.note(answer.arranged)
            case SettlePaper() as answer:
                self.placing.settle_papers(answer)
            case AnswerOfferQuestions() as answer:
                self.placing.calculate(answer)
            case _:
                pass
