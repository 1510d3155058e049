"""Steps 1.3, 1.5 and 1.7 on the assessment: every move by the transition table, on all records of the person."""

from typing import Any

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.linking import Linking
    from procedures.assessment import AssessmentStatus, entry_trigger
    from procedures.calculation import calculated, held_of, recalculated
    from procedures.identify import (
        AnswerBeforeT441,
        AnswerFinalQuestions,
        AnswerFirstQuestion,
        AnswerInvalidQuestions,
        AnswerNsoQuestions,
        IdentifyState,
        LinkedPerson,
    )
    from procedures.record import PersonFileCreated
    from procedures.terms import ReportGroup, StatusSaid
    from procedures.transitions import AssessmentCode, Trigger
    from workflows.case_run import CaseRun
    from workflows.options import PATIENT
    from workflows.other_cases import references, told_by_corrections


class Outcome:
    """The assessment of the person a case is about. Questions already open have their calculation behind them."""

    def __init__(self, case: CaseRun[IdentifyState]) -> None:
        self._case = case

    @property
    def state(self) -> IdentifyState:
        """What the case remembers."""
        assert self._case.state is not None
        return self._case.state

    @property
    def person(self) -> LinkedPerson:
        """The linked person; there is one from the end of step 1.2 on."""
        assert self.state.person is not None
        return self.state.person

    def calculate(self, trigger: Trigger, evidence: dict[str, Any] | None = None, **given: Any) -> None:
        """Apply the transition table to all records; a final code rests on the newest statement. Raises Refused."""
        newest = self.state.statements[-1].confirmation_id if self.state.statements else None
        known = self.state.evidence().model_copy(update=evidence or {})
        self.state.person, effects = calculated(self.person, trigger, known, confirmation_id=newest, **given)
        self._case.add(*effects)

    async def first_question(self) -> None:
        """3.a: create the assessment, answer the first question, calculate."""
        answered = await self._case.ask(AnswerFirstQuestion)
        answer = answered.answer
        assert isinstance(answer, AnswerFirstQuestion)
        self.calculate(
            entry_trigger(self.state.group),
            question_set=AnswerFirstQuestion.question_set,
            answers=answer.answers,
            comment=answer.comment,
        )

    def create_if_none(self, said: StatusSaid) -> None:
        """Contradictory or address-only entries are called about first; the assessment then begins as said."""
        if self.person.held.status not in (None, AssessmentStatus.CLO.value):
            return
        group = ReportGroup.EXIT_NSO if said is StatusSaid.NSO else ReportGroup.NEW_CSO
        self.calculate(
            entry_trigger(self.state.group if said is StatusSaid.NEITHER else group),
            comment="Created after Corrections' confirmation",
        )

    def before_t441(self, answer: AnswerBeforeT441) -> None:
        """6.b1 and b2: answers up to the T-441, calculated; the code stays D1P."""
        self.state.person, effects = recalculated(
            self.person,
            "P1.S6.b2",
            question_set="before_t441",
            answers=answer.answers,
            comment=answer.comment,
        )
        self._case.add(*effects)
        self.state.asked_before_t441 = True

    def final_questions(self, answer: AnswerFinalQuestions) -> None:
        """7: D1P becomes D1; a D1 whose record became live stays D1 all the time (AMB-P1-15)."""
        given: dict[str, Any] = {"answers": answer.answers, "comment": answer.comment}
        if self.person.held.code == AssessmentCode.D1:
            self.state.person, effects = recalculated(
                self.person, "AMB-P1-15", question_set="after_t441", **given
            )
            self._case.add(*effects)
        else:
            self.calculate(Trigger.FINAL_QUESTIONS, question_set=AnswerFinalQuestions.question_set, **given)

    async def no_supervision_order(self) -> None:
        """5.b: D2P, questions, D2; a vacated D1 gets a new assessment instead (P1.S6.N4)."""
        held = held_of(self.person.held)
        vacated_d1 = self.state.vacated and held is not None and held.code is AssessmentCode.D1
        if not vacated_d1 and not self.state.open_task(AnswerNsoQuestions.kind):
            self.calculate(Trigger.SAID_NSO, comment="Corrections: NSO")
        answered = await self._case.ask(AnswerNsoQuestions)
        answer = answered.answer
        assert isinstance(answer, AnswerNsoQuestions)
        numbers: tuple[str, ...] = ()
        if vacated_d1:
            numbers = tuple(
                await workflow.execute_activity_method(
                    Linking.new_numbers, len(self.person.records), summary="1.5 new number", **PATIENT
                )
            )
        self.calculate(
            Trigger.ORDER_ENDED_AFTER_VACATING if vacated_d1 else Trigger.NSO_QUESTIONS,
            question_set=AnswerNsoQuestions.question_set,
            answers=answer.answers,
            comment=answer.comment,
            new_numbers=numbers,
        )

    async def invalid_match(self) -> None:
        """5.c: verified by Corrections as incorrect, questions, D3; the person file says so (AMB-A-4)."""
        held = held_of(self.person.held)
        again = held is not None and held.code is AssessmentCode.D3
        if not again and not self.state.open_task(AnswerInvalidQuestions.kind):
            self.calculate(Trigger.SAID_NEITHER, comment="Corrections: not this person")
        answered = await self._case.ask(AnswerInvalidQuestions)
        answer = answered.answer
        assert isinstance(answer, AnswerInvalidQuestions)
        self.calculate(
            Trigger.SAID_NEITHER if again else Trigger.INVALID_QUESTIONS,
            question_set=AnswerInvalidQuestions.question_set,
            answers=answer.answers,
            comment=answer.comment,
        )
        self._case.add(
            PersonFileCreated(
                entry_id=self.state.entry_id, person_refs=[self.person.primary], invalid_match=True
            )
        )
        await self._tell_again()

    async def _tell_again(self) -> None:
        """A match entered while the code was still pending has not heard that this is not the person (AMB-X-4)."""
        if workflow.patched("told-again-with-d3"):
            await self._case.write()
            word = next(one for one in reversed(self.state.statements) if one.said is StatusSaid.NEITHER)
            await told_by_corrections(self.state.case_id, references(self.person), word)
