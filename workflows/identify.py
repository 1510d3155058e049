"""1. Identify and record potential matches from the Corrections report."""

from typing import Literal

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.linking import Linked, Linking, LinkRequest
    from activities.recording import Recording
    from activities.searching import Searching
    from procedures import identify
    from procedures.assessment import AssessmentStatus
    from procedures.case_state import END
    from procedures.clocks import ClockKind
    from procedures.form_exchange import ReviewReturn, SendT441
    from procedures.identify import (
        AnswerBeforeT441,
        AnswerFinalQuestions,
        AnswerInvalidQuestions,
        AnswerNsoQuestions,
        CheckLiveRecord,
        CorrectionsUnreachable,
        ExplainPending,
        IdentifyOccupant,
        IdentifyState,
        MatchEntry,
        PhoneCorrections,
        Statement,
    )
    from procedures.record import EntryResolved, NoticeGiven, PersonFileCreated
    from procedures.steps import step
    from procedures.terms import Channel, Occupancy, ReportGroup, Role, StatusSaid
    from procedures.transitions import Trigger
    from workflows.calling import Calling
    from workflows.case_run import Answered, Arrived, CaseRun, Due, Event, Interrupted
    from workflows.form_exchange import FormExchange
    from workflows.identify_changes import EXCHANGE_TASKS, Interruptions
    from workflows.identify_outcome import Outcome
    from workflows.identify_rules import IdentifyRules
    from workflows.match_void_handover import match_follows
    from workflows.mistakes import follow_up_said
    from workflows.options import PATIENT
    from workflows.other_cases import (
        check_suitability_follows,
        named_in_the_exit_group,
        references,
        told_by_corrections,
    )

Next = Literal["1.2", "1.3", "1.4", "1.5", "1.6", "1.7", "end"]


class SaidElsewhere(Exception):
    """Another case of the person recorded a newer word of Corrections: step 5 with it (AMB-X-4)."""


class SaidOnAForm(Exception):
    """A returned form says otherwise than Corrections said by phone: step 4 again (A-C5)."""


class CallAgain(Exception):
    """The report contradicts itself about the person: step 4 again (AMB-P1-16)."""


@workflow.defn(name="identify", failure_exception_types=[Exception])
class Identify:
    """One entry of the report, from the search to a recorded code."""

    @workflow.init
    def __init__(self, case_id: str) -> None:
        self.case: CaseRun[IdentifyState] = CaseRun(rules := IdentifyRules())
        rules.case = self.case
        self.case.aside = self._aside
        self.calling = Calling(self.case, lambda: self.state)
        self.exchange: FormExchange[IdentifyState] = FormExchange(
            self.case, "1.6", ClockKind.T441_RETURN, SendT441, mail_kind="T-441"
        )
        self.outcome = Outcome(self.case)
        self.interruptions = Interruptions(self.case, self.outcome, self.exchange, self._link)
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
        while self.state.step != END or self.case.by_hand.waits:
            try:
                self.state.go_on_to(await self.case.by_hand.then(self._walk))
            except Interrupted as interruption:
                self.state.go_on_to(await self.interruptions.handle(interruption))
            except SaidElsewhere:
                on_a_form = self.state.newest is not self.state.verbal  # phoned first
                self.state.step, self.state.outcome = "1.4" if on_a_form else "1.5", None
            except SaidOnAForm:
                self.state.step, self.state.outcome = "1.4", None
            except CallAgain:
                self.case.cancel("the report contradicts itself", keep=EXCHANGE_TASKS)
                self.state.step, self.state.outcome = "1.4", None
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
        self.state.person = None  # a link whose turn was never recorded does not count after a restart
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
        self.interruptions.note(answer.note)
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
        others = [r.person_ref for r in person.records if r.person_ref != person.primary]
        if not self.state.tasks:  # else the step is walked once more, with its question open
            self.case.add(
                PersonFileCreated(entry_id=self.state.entry_id, person_refs=[person.primary, *others])
            )
        status = AssessmentStatus(person.held.status) if person.held.status else None
        if self.state.contradictory or self.state.address_only:
            return "1.4" if self.state.verbal is None else "1.5"
        match identify.after_recording(status):
            case "1.6":
                await self.outcome.first_question()
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
        while not self._spoken(before):
            self.calling.open()
            event = await self.case.event(until=self.calling.next_instant())
            match event:
                case Answered(answer=PhoneCorrections()):
                    await self.calling.handle(event)
                case Due():
                    self.calling.escalate()
                case _:
                    await self._aside(event)
        return "1.3" if self.state.person is None else "1.5"

    @step("1.5")
    async def update_the_assessment(self) -> Next:
        """Confirmed CSO -> 6; NSO -> questions, D2, end; neither -> questions, D3, end. Contradictory -> 4 (AMB-P1-22)."""
        said = self.state.verbal
        if said is None:
            return "1.4"
        spoken = next(one for one in reversed(self.state.statements) if one.said is said)
        # One that another case recorded has been told to the others by that case.
        if spoken.confirmation_id.startswith(f"{self.state.case_id}-"):
            await told_by_corrections(self.state.case_id, references(self.state.person), spoken)
        self.outcome.create_if_none(said)
        match identify.after_confirmation(said):
            case "1.6":
                self.outcome.calculate(Trigger.SAID_CSO, comment="Corrections: CSO")
                return "1.6"
            case "nso":
                self.interruptions.stop_disclosure(
                    "Corrections: no supervision order", AnswerNsoQuestions.kind
                )
                await self.outcome.no_supervision_order()
                if self.outcome.person.occupancy is Occupancy.APPLICANT:  # matched like anybody else (P1.X3)
                    self._notify(Role.COORDINATOR_PLACEMENT, "ordinary_matching")
                return self._end("D2")
            case "invalid":
                await follow_up_said(self.case, said.value)
                self.interruptions.stop_disclosure(
                    "Corrections: not this person", AnswerInvalidQuestions.kind
                )
                await self.outcome.invalid_match()
                return self._end("D3")

    @step("1.6")
    async def check_for_a_live_record(self) -> Next:
        """Not live -> 7 without disclosure; live -> T-441 to Corrections and back, then 7."""
        if self.state.live is None:
            answered = await self.case.ask(CheckLiveRecord)
            assert isinstance(answered.answer, CheckLiveRecord)
            self.state.live = answered.answer.live
            self.interruptions.note(answered.answer.evidence)
        while True:
            if self.state.verbal not in (None, StatusSaid.CSO):
                return "1.5"
            if self.state.newest is not self.state.verbal:
                return "1.4"
            if self._ready_for_the_final_questions():
                self.interruptions.stop_disclosure("no longer needed")
                return "1.7"
            self._open_what_is_missing()
            await self.exchange.due()
            await self._one_event_of_disclosure()

    @step("1.7")
    async def answer_the_final_questions(self) -> Next:
        """Questions, calculate; Key Details displays D1; then who must be told (What happens next?)."""
        if not self.case.by_hand.calculated_in("1.7"):
            answered = await self.case.ask(AnswerFinalQuestions)
            answer = answered.answer
            assert isinstance(answer, AnswerFinalQuestions)
            self.outcome.final_questions(answer)
            self.state.considered_for_void = answer.considered_for_void
        await self.case.by_hand.code_seen()
        lives = self.outcome.person.occupancy.lives_in_a_home
        if lives and self.state.live and not self.state.vacated:
            self._notify(Role.MANAGER_HOUSING_WELLBEING_SUPPORT, "lives_in_a_home")
            await check_suitability_follows(self.case)
        if self.state.considered_for_void:
            self._notify(Role.ADVISOR_PLACEMENT, "considered_for_void")
        await match_follows(self.case, considered=self.state.considered_for_void)
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
        if linked.joins and not await self._joins(linked.joins):
            return await self._link(primary, duplicates)
        if self.state.group is ReportGroup.EXIT_NSO and self.state.entry_id:
            await named_in_the_exit_group(self.state.case_id, (primary, *duplicates), self.state.entry_id)
        if linked.joins:
            self._resolve_entry("joined")
            return self._end("joined")
        self.state.person = linked.person
        if not self.state.statements:
            self.state.statements = self._still_said(linked.last_statement)
        self._resolve_entry("potential_match")
        return "1.3"

    async def _joins(self, case_id: str) -> bool:
        """The person's open case takes the entry; False when it has ended in the meantime."""
        joined: bool = self.state.entry_id is None or await workflow.execute_activity_method(
            Linking.entry_joins,
            args=[self.state.entry_id, case_id, self.state.group.value],
            summary="1.2 join",
            **PATIENT,
        )
        return joined

    def _still_said(self, last: Statement | None) -> tuple[Statement, ...]:
        """What Corrections said in another case this week holds here; *neither* was said of another row (AMB-P1-6)."""
        if last is None or last.said is StatusSaid.NEITHER:
            return ()
        return (last,) if identify.confirmation_is_fresh((last,), self.state.friday) else ()

    async def _identify_occupant(self) -> Next:
        """An address of ours, nobody on record: after the call, the record is created or identified (AMB-P1-17)."""
        answered = await self.case.ask(IdentifyOccupant)
        answer = answered.answer
        assert isinstance(answer, IdentifyOccupant)
        if answer.person_ref is None:
            self.interruptions.note(answer.no_record_reason or "")
            return self._end("no record at the address")
        return await self._link(answer.person_ref, answer.duplicates)

    def _ready_for_the_final_questions(self) -> bool:
        if self.state.verbal is not StatusSaid.CSO:
            return False
        return not self.state.live or self.state.exchange.complete

    def _open_what_is_missing(self) -> None:
        """The call; and for a live person the questions before the T-441, then the T-441 itself (AMB-P1-6)."""
        confirmed = self.state.verbal is StatusSaid.CSO
        if not confirmed:
            self.calling.open()
        if not self.state.live or not (confirmed or self.state.calling.attempts):
            return
        if not self.state.asked_before_t441:
            self.case.open(AnswerBeforeT441)
        elif not self.case.by_hand.calculated_in("1.6"):
            self.exchange.open_tasks()

    async def _one_event_of_disclosure(self) -> None:
        wanted = (self.calling.next_instant(), self.exchange.next_instant())
        event = await self.case.event(until=min((i for i in wanted if i), default=None))
        match event:
            case Answered(answer=PhoneCorrections()):
                await self.calling.handle(event)
            case Answered(answer=AnswerBeforeT441() as answer):
                self.outcome.before_t441(answer)
            case Due(at=now):
                if (ladder := self.calling.next_instant()) and ladder <= now:
                    self.calling.escalate()
            case _:
                await self._aside(event)

    async def _aside(self, event: Event) -> None:
        """What is not the answer waited for: the exchange's, a manager's word, or the report naming the person again."""
        await self.exchange.handle(event)
        match event:
            case Answered(answer=ReviewReturn(verdict="complete") as answer):
                if (said := StatusSaid(answer.returned["order_status"])) is not StatusSaid.CSO:
                    self.interruptions.stated_on_the_form(said, answer.returned["completed_by"])
                    self._call_about_the_form()
            case Answered(answer=CorrectionsUnreachable() as answer):
                self.interruptions.note(answer.arranged)
            case Arrived(what={"status_said": _} as what) if self.interruptions.told(what):
                raise SaidElsewhere
            case Arrived(what={"additional_entry": _, "group": group}) if group != self.state.group.value:
                self.interruptions.note(
                    f"The report names the person in group {group} as well: call Corrections."
                )
                raise CallAgain
            case _:
                pass

    def _call_about_the_form(self) -> None:
        """No final code before Corrections has said it: questions already asked are withdrawn, one call is asked."""
        if self.state.newest is self.state.verbal or not workflow.patched("a-form-says-otherwise"):
            return
        self.case.cancel("the returned form says otherwise", keep=EXCHANGE_TASKS)
        if self.state.step in ("1.5", "1.7"):
            raise SaidOnAForm

    def _spoken(self, before: int) -> bool:
        """A word by phone since then; what came on a form meanwhile is no call (A-C5)."""
        since = self.state.statements[before:]
        if since and not any(one.channel is Channel.VERBAL for one in since):
            return not workflow.patched("a-form-says-otherwise")
        return bool(since)

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
