"""1. Identify and record potential matches from the Corrections report."""

from datetime import datetime
from typing import Any, Literal

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.linking import Linked, Linking, LinkRequest
    from activities.recording import Recording
    from activities.searching import Searching
    from procedures import changes, identify
    from procedures.assessment import AssessmentStatus, entry_trigger
    from procedures.calculation import calculated, held_of, recalculated
    from procedures.case_state import END
    from procedures.changes import Change
    from procedures.identify import (
        AnswerBeforeT441,
        AnswerFinalQuestions,
        AnswerFirstQuestion,
        AnswerInvalidQuestions,
        AnswerNsoQuestions,
        CheckLiveRecord,
        CorrectionsUnreachable,
        ExplainPending,
        IdentifyOccupant,
        IdentifyState,
        LinkedPerson,
        MatchEntry,
        PhoneCorrections,
        Statement,
    )
    from procedures.record import (
        AssessmentCalculated,
        EntryResolved,
        NoteWritten,
        NoticeGiven,
        PersonFileCreated,
        StatusConfirmed,
    )
    from procedures.steps import step
    from procedures.tasks import Answer
    from procedures.terms import Channel, ReportGroup, Role, StatusSaid
    from procedures.transitions import AssessmentCode, Trigger
    from workflows.calling import Calling
    from workflows.case_run import Answered, Arrived, CaseRun, Due, Event, Interrupted
    from workflows.options import PATIENT


class CallAgain(Exception):
    """The report contradicts itself about the person: step 4 again (AMB-P1-16)."""


Next = Literal["1.2", "1.3", "1.4", "1.5", "1.6", "1.7", "end"]


class IdentifyRules:
    """The refusals of procedure 1, asked about the case as it stands."""

    def __init__(self) -> None:
        self.case: CaseRun[IdentifyState] | None = None

    def _state(self) -> IdentifyState:
        assert self.case is not None
        assert self.case.state is not None
        return self.case.state

    def check_answer(self, answer: Answer, facts: dict[str, Any], now: datetime) -> None:
        """Raise Refused when a rule forbids the answer."""
        identify.check_answer(self._state(), answer, facts, now)

    def check_change(self, change: Change, facts: dict[str, Any], now: datetime) -> None:
        """Raise Refused when a rule forbids the change."""
        changes.check_change(self._state(), change, facts, now)


@workflow.defn(name="identify", failure_exception_types=[Exception])
class Identify:
    """One entry of the report, from the search to a recorded code."""

    @workflow.init
    def __init__(self, case_id: str) -> None:
        self.case: CaseRun[IdentifyState] = CaseRun(rules := IdentifyRules())
        rules.case = self.case
        self.case.aside = self._take_note_of
        self.calling = Calling(self.case, lambda: self.state)
        self.case.listen()

    @property
    def state(self) -> IdentifyState:
        """What the case remembers; read from the record when the run begins."""
        assert self.case.state is not None
        return self.case.state

    @workflow.run
    async def run(self, case_id: str) -> str:
        """Walk the steps of the document from where the record says the case stands."""
        self.case.begin(
            IdentifyState.model_validate(
                await workflow.execute_activity_method(Recording.load_case, case_id, **PATIENT)
            )
        )
        while self.state.step != END:
            try:
                self.state.step = await self._walk()
            except Interrupted as interruption:
                self.state.step = await self._interrupted(interruption)
            except CallAgain:
                self.case.cancel("the report contradicts itself")
                self.state.step = "1.4"
        await self.case.finish(self.state.outcome or "ended")
        return self.state.outcome or "ended"

    async def _walk(self) -> Next:
        match self.state.step:
            case "1.2":
                return await self.search_the_register()
            case "1.3":
                return await self.record_the_status()
            case "1.4":
                return await self.phone_corrections()
            case "1.5":
                return await self.update_the_assessment()
            case "1.6":
                return await self.check_for_a_live_record()
            case "1.7":
                return await self.answer_the_final_questions()
            case other:
                raise ValueError(f"procedure 1 has no step {other}")

    # -- the steps, in the order of the document ---------------------------------------------------------

    @step("1.2")
    async def search_the_register(self) -> Next:
        """Search on name, address and date of birth separately; a person decides who it is."""
        if self.state.entry_id:
            await workflow.execute_activity_method(
                Searching.search_entry,
                args=[self.state.entry_id, self.state.case_id, self.case.now],
                summary="1.2 three searches",
                **PATIENT,
            )
        answered = await self.case.ask(MatchEntry)
        answer = answered.answer
        assert isinstance(answer, MatchEntry)
        self._note(answer.note)
        if answer.outcome == "potential_match":
            assert answer.person_ref is not None
            return await self._link(answer.person_ref, answer.duplicates)
        self.case.add(PersonFileCreated(entry_id=self.state.entry_id, person_refs=[]))
        self._resolve_entry(answer.outcome)
        if answer.outcome == "no_match":
            return self._end("no match")
        self.state.address_only = True
        self._notify(Role.MANAGER_HOUSING_WELLBEING_SUPPORT, "address_only")
        return "1.4"

    @step("1.3")
    async def record_the_status(self) -> Next:
        """Person file; then no or closed assessment -> 6, pending -> 5, current -> next step."""
        if self.state.person is None:
            return await self._identify_occupant()
        person = self.state.person
        self.case.add(
            PersonFileCreated(
                entry_id=self.state.entry_id,
                person_refs=[
                    person.primary,
                    *(r.person_ref for r in person.records if r.person_ref != person.primary),
                ],
            )
        )
        if self.state.contradictory and self.state.verbal is None:
            return "1.4"
        if self.state.verbal is not None and person.held.status is None:
            return "1.5"
        following = identify.after_recording(
            AssessmentStatus(person.held.status) if person.held.status else None
        )
        match following:
            case "1.6":
                await self._first_question()
                return "1.6" if self.state.group is ReportGroup.NEW_CSO else "1.4"
            case "1.5":
                await self.case.ask(ExplainPending)
                fresh = identify.confirmation_is_fresh(self.state.statements, self.state.friday)
                return "1.5" if fresh else "1.4"
            case "1.4":
                return "1.4"

    @step("1.4")
    async def phone_corrections(self) -> Next:
        """Only Corrections determines the status; nobody there is an attempt, tried again daily."""
        before = len(self.state.statements)
        while len(self.state.statements) == before:
            self.calling.open()
            event = await self.case.event(until=self.calling.next_instant())
            match event:
                case Answered(answer=PhoneCorrections()):
                    await self.calling.handle(event)
                case Due():
                    self.calling.escalate()
                case Answered() | Arrived():
                    self._take_note_of(event)
        return "1.3" if self.state.person is None else "1.5"

    @step("1.5")
    async def update_the_assessment(self) -> Next:
        """Confirmed CSO -> 6; NSO -> questions, D2, end; neither -> questions, D3, end."""
        said = self.state.verbal
        assert said is not None
        await self._create_if_none(said)
        match identify.after_confirmation(said):
            case "1.6":
                self._calculate(Trigger.SAID_CSO, comment="Corrections: CSO")
                return "1.6"
            case "nso":
                return await self._no_supervision_order()
            case "invalid":
                return await self._invalid_match()

    @step("1.6")
    async def check_for_a_live_record(self) -> Next:
        """Not live -> 7 without disclosure; live -> T-441 to Corrections and back, then 7."""
        if self.state.live is None:
            answered = await self.case.ask(CheckLiveRecord)
            assert isinstance(answered.answer, CheckLiveRecord)
            self.state.live = answered.answer.live
            self._note(answered.answer.evidence)
        while True:
            if self.state.verbal not in (None, StatusSaid.CSO):
                self.case.cancel("Corrections has said otherwise")
                return "1.5"
            if self._ready_for_the_final_questions():
                self.case.cancel("no longer needed")
                return "1.7"
            self._open_what_is_missing()
            event = await self.case.event(until=self.calling.next_instant())
            match event:
                case Answered(answer=PhoneCorrections()):
                    await self.calling.handle(event)
                case Answered(answer=AnswerBeforeT441() as answer):
                    self._calculate_before_t441(answer)
                case Due():
                    self.calling.escalate()
                case Answered() | Arrived():
                    self._take_note_of(event)

    @step("1.7")
    async def answer_the_final_questions(self) -> Next:
        """Questions, calculate; Key Details displays D1; then who must be told (What happens next?)."""
        answered = await self.case.ask(AnswerFinalQuestions)
        answer = answered.answer
        assert isinstance(answer, AnswerFinalQuestions)
        self._calculate(
            Trigger.FINAL_QUESTIONS,
            question_set=AnswerFinalQuestions.question_set,
            answers=answer.answers,
            comment=answer.comment,
        )
        self.state.considered_for_void = answer.considered_for_void
        person = self._person()
        if person.occupancy.lives_in_a_home and self.state.live and not self.state.vacated:
            self._notify(Role.MANAGER_HOUSING_WELLBEING_SUPPORT, "lives_in_a_home")
        if answer.considered_for_void:
            self._notify(Role.ADVISOR_PLACEMENT, "considered_for_void")
        return self._end("D1")

    # -- parts of steps ------------------------------------------------------------------------------------

    async def _link(self, primary: str, duplicates: tuple[str, ...]) -> Next:
        linked: Linked = await workflow.execute_activity_method(
            Linking.link_person,
            LinkRequest(
                case_id=self.state.case_id,
                primary=primary,
                duplicates=duplicates,
                region=self.state.region,
            ),
            summary="1.2 link",
            **PATIENT,
        )
        if linked.joins:
            await workflow.execute_activity_method(
                Linking.entry_joins,
                args=[self.state.entry_id, linked.joins, self.state.group.value],
                summary="1.2 join",
                **PATIENT,
            )
            self._resolve_entry("joined")
            return self._end("joined")
        self.state.person = linked.person
        if linked.last_statement and not self.state.statements:
            self.state.statements = (linked.last_statement,)
        self._resolve_entry("potential_match")
        return "1.3"

    async def _identify_occupant(self) -> Next:
        """An address of ours, nobody on record: after the call, the record is created or identified (AMB-P1-17)."""
        answered = await self.case.ask(IdentifyOccupant)
        answer = answered.answer
        assert isinstance(answer, IdentifyOccupant)
        if answer.person_ref is None:
            self._note(answer.no_record_reason or "")
            return self._end("no record at the address")
        return await self._link(answer.person_ref, answer.duplicates)

    async def _first_question(self) -> None:
        answered = await self.case.ask(AnswerFirstQuestion)
        answer = answered.answer
        assert isinstance(answer, AnswerFirstQuestion)
        self._calculate(
            entry_trigger(self.state.group),
            question_set=AnswerFirstQuestion.question_set,
            answers=answer.answers,
            comment=answer.comment,
        )

    async def _create_if_none(self, said: StatusSaid) -> None:
        """Contradictory or address-only entries are called about first; the assessment then begins as said."""
        held = self._person().held
        if held.status not in (None, AssessmentStatus.CLO.value):
            return
        group = ReportGroup.EXIT_NSO if said is StatusSaid.NSO else ReportGroup.NEW_CSO
        self._calculate(
            entry_trigger(self.state.group if said is StatusSaid.NEITHER else group),
            comment="Created after Corrections' confirmation",
        )

    async def _no_supervision_order(self) -> Next:
        held = held_of(self._person().held)
        vacated_d1 = self.state.vacated and held is not None and held.code is AssessmentCode.D1
        if not vacated_d1:
            self._calculate(Trigger.SAID_NSO, comment="Corrections: NSO")
        answered = await self.case.ask(AnswerNsoQuestions)
        answer = answered.answer
        assert isinstance(answer, AnswerNsoQuestions)
        numbers: tuple[str, ...] = ()
        if vacated_d1:
            count = len(self._person().records)
            numbers = tuple(await workflow.execute_activity_method(Linking.new_numbers, count, **PATIENT))
        self._calculate(
            Trigger.ORDER_ENDED_AFTER_VACATING if vacated_d1 else Trigger.NSO_QUESTIONS,
            question_set=AnswerNsoQuestions.question_set,
            answers=answer.answers,
            comment=answer.comment,
            new_numbers=numbers,
        )
        return self._end("D2")

    async def _invalid_match(self) -> Next:
        held = held_of(self._person().held)
        again = held is not None and held.code is AssessmentCode.D3
        if not again:
            self._calculate(Trigger.SAID_NEITHER, comment="Corrections: not this person")
        answered = await self.case.ask(AnswerInvalidQuestions)
        answer = answered.answer
        assert isinstance(answer, AnswerInvalidQuestions)
        self._calculate(
            Trigger.SAID_NEITHER if again else Trigger.INVALID_QUESTIONS,
            question_set=AnswerInvalidQuestions.question_set,
            answers=answer.answers,
            comment=answer.comment,
        )
        self.case.add(
            PersonFileCreated(
                entry_id=self.state.entry_id, person_refs=[self._person().primary], invalid_match=True
            )
        )
        return self._end("D3")

    def _ready_for_the_final_questions(self) -> bool:
        if self.state.verbal is not StatusSaid.CSO:
            return False
        return not self.state.live or self.state.exchange.complete

    def _open_what_is_missing(self) -> None:
        """The call; and for a live person the questions before the T-441, then the T-441 itself (AMB-P1-6)."""
        confirmed = self.state.verbal is StatusSaid.CSO
        if not confirmed:
            self.calling.open()
        if (
            self.state.live
            and (confirmed or self.state.calling.attempts)
            and not self.state.asked_before_t441
        ):
            self.case.open(AnswerBeforeT441)

    def _calculate_before_t441(self, answer: AnswerBeforeT441) -> None:
        self.state.person, effects = recalculated(
            self._person(),
            "P1.S6.b2",
            question_set="before_t441",
            answers=answer.answers,
            comment=answer.comment,
        )
        self.case.add(*effects)
        self.state.asked_before_t441 = True

    def _calculate(self, trigger: Trigger, **given: Any) -> None:
        """Apply the transition table to all records of the person; a final code rests on the newest statement."""
        newest = self.state.statements[-1].confirmation_id if self.state.statements else None
        effects: list[AssessmentCalculated]
        self.state.person, effects = calculated(
            self._person(), trigger, self.state.evidence(), confirmation_id=newest, **given
        )
        self.case.add(*effects)

    def _person(self) -> LinkedPerson:
        assert self.state.person is not None
        return self.state.person

    def _note(self, text: str) -> None:
        self.state.notes += 1
        self.case.add(NoteWritten(note_id=f"{self.state.case_id}-N{self.state.notes}", text=text))

    def _notify(self, role: Role, kind: str) -> None:
        self.case.add(
            NoticeGiven(
                notice_id=f"{self.state.case_id}-{kind}", role=role, region=self.state.region, kind=kind
            )
        )

    def _resolve_entry(self, outcome: str) -> None:
        if self.state.entry_id:
            self.case.add(EntryResolved(entry_id=self.state.entry_id, outcome=outcome))

    def _end(self, outcome: str) -> Next:
        self.state.outcome = outcome
        return "end"

    # -- what happens beside the steps ---------------------------------------------------------------------

    def _take_note_of(self, event: Event) -> None:
        """The manager arranged a call; or the report names the person once more, in the other group."""
        match event:
            case Answered(answer=CorrectionsUnreachable() as answer):
                self._note(answer.arranged)
            case Arrived(what={"additional_entry": _, "group": group}) if group != self.state.group.value:
                self._note(f"The report names the person in group {group} as well: call Corrections.")
                raise CallAgain
            case _:
                pass

    async def _interrupted(self, interruption: Interrupted) -> Next:
        """A change at a waiting point: open tasks are cancelled, nothing is deleted (AMB-X-6)."""
        change = interruption.change
        match change:
            case changes.Withdraw():
                self._note(change.reason)
                self._resolve_entry("withdrawn")
                return self._end("withdrawn")
            case changes.Died():
                self._note(change.note)
                return self._end("died")
            case changes.CorrectionsSays():
                self.case.cancel("Corrections has said something new")
                self._stated(change.said, change.said_by, change.office, change.said_at, change.note)
                return "1.5"
            case changes.CorrectLink():
                self.case.cancel("the wrong person was linked")
                return await self._correct_link(change)
            case changes.Vacated():
                return self._vacated(change)
            case _:
                raise TypeError(f"procedure 1 knows no change {change.kind}")

    def _stated(self, said: StatusSaid, said_by: str, office: str, said_at: datetime, note: str) -> None:
        confirmation_id = f"{self.state.case_id}-S{len(self.state.statements) + 1}"
        self.case.add(
            StatusConfirmed(
                confirmation_id=confirmation_id,
                person_ref=self.state.person.primary if self.state.person else None,
                said_by=said_by,
                office=office,
                channel=Channel.VERBAL,
                status_said=said,
                said_at=said_at,
                note=note,
            )
        )
        statement = Statement(
            confirmation_id=confirmation_id, said=said, channel=Channel.VERBAL, said_at=said_at
        )
        self.state.statements = (*self.state.statements, statement)

    async def _correct_link(self, change: changes.CorrectLink) -> Next:
        """TR-15: the assessment closes as recorded in error, and the right person is linked."""
        self._note(change.reason)
        self._stated(StatusSaid.NEITHER, change.said_by, change.office, change.said_at, change.reason)
        if self._person().held.status:
            evidence = self.state.evidence().model_copy(
                update={
                    "manager_approval": True,
                    "right_person_linked": change.person_ref is not None,
                    "no_right_person_reason": change.no_person_reason or "",
                }
            )
            _, effects = calculated(
                self._person(),
                Trigger.LINKED_TO_WRONG_PERSON,
                evidence,
                comment="recorded in error",
                confirmation_id=self.state.statements[-1].confirmation_id,
            )
            self.case.add(*effects)
        self._forget_person()
        if change.person_ref is None:
            self._note(change.no_person_reason or "")
            self._resolve_entry("no_match")
            return self._end("no match")
        await self.case.write()
        return await self._link(change.person_ref, change.duplicates)

    def _forget_person(self) -> None:
        self.state.person = None
        self.state.statements = ()
        self.state.live = None
        self.state.asked_before_t441 = False
        self.state.vacated = False

    def _vacated(self, change: changes.Vacated) -> Next:
        """The code does not move. Not considered for another home: disclosure stops (AMB-P1-21)."""
        self._note(change.reason)
        if not change.still_considered:
            self.case.cancel("the person has left the home")
            self.state.vacated = True
            if self.state.live:
                self.state.live = False
        step_now: Next = self.state.step  # type: ignore[assignment]
        return step_now
