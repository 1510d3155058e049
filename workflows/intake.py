"""Step 1 and Appendix C: the Friday run, from the secure inbox to "23 read, 23 resolved, 4 waiting for Corrections"."""

from datetime import datetime, time, timedelta
from typing import Any

from temporalio import workflow
from temporalio.common import SearchAttributeKey

with workflow.unsafe.imports_passed_through():
    from activities.intake import Intake, RunProgress
    from activities.recording import Recording
    from procedures import intake
    from procedures.case_state import END
    from procedures.changes import Change
    from procedures.editions import parameters_for
    from procedures.intake import (
        ArrangeCover,
        CloseRun,
        ConfirmMissing,
        IntakeState,
        ReportUnreadable,
        ResolveRow,
        ReviewReport,
    )
    from procedures.record import RowResolved, RunChanged
    from procedures.refusals import Refused
    from procedures.report_week import local_instant
    from procedures.steps import step
    from procedures.tasks import Answer
    from workflows.case_run import Answered, Arrived, CaseRun, Due, Event, Interrupted
    from workflows.missing_report import MissingReport
    from workflows.options import PATIENT

_SCHEDULED = SearchAttributeKey.for_datetime("TemporalScheduledStartTime")


@workflow.defn(name="open_friday", failure_exception_types=[Exception])
class OpenFriday:
    """What the schedule starts every Friday at 11:30: it opens the run of its own nominal Friday and ends."""

    @workflow.run
    async def run(self) -> str:
        """The nominal time decides which Friday, so a late or caught-up start belongs to its own week."""
        nominal = workflow.info().typed_search_attributes.get(_SCHEDULED) or workflow.now()
        case_id: str = await workflow.execute_activity_method(
            Intake.open_friday, args=[nominal, workflow.now()], summary="open the Friday run", **PATIENT
        )
        return case_id


class IntakeRules:
    """The refusals of the Friday run."""

    def __init__(self) -> None:
        self.case: CaseRun[IntakeState] | None = None

    def check_answer(self, answer: Answer, facts: dict[str, Any], now: datetime) -> None:
        """Raise Refused when a rule forbids the answer."""
        assert self.case is not None
        assert self.case.state is not None
        intake.check_answer(self.case.state, answer, facts, now)

    def check_change(self, change: Change, facts: dict[str, Any], now: datetime) -> None:
        """A run has no interruptions: it stays open until its rows are resolved."""
        raise Refused("AMB-P1-30", "a Friday run is closed by its own task, when every row is resolved")


@workflow.defn(name="intake", failure_exception_types=[Exception])
class IntakeRun:
    """The national run of one Friday."""

    @workflow.init
    def __init__(self, case_id: str) -> None:
        self.case: CaseRun[IntakeState] = CaseRun(rules := IntakeRules())
        rules.case = self.case
        self.missing = MissingReport(self.case)
        self.case.listen()
        self.next_look: datetime | None = None

    @property
    def state(self) -> IntakeState:
        """What the run remembers."""
        assert self.case.state is not None
        return self.case.state

    @workflow.run
    async def run(self, case_id: str) -> str:
        """Read, ask, and go on reading until a person closes the run."""
        self.case.begin(
            IntakeState.model_validate(
                await workflow.execute_activity_method(Recording.load_case, case_id, **PATIENT)
            )
        )
        if self.state.step != END:
            await self.review_the_report()
        await self.case.finish(self.state.outcome or "worked")
        return self.state.outcome or "worked"

    @step("1.1")
    async def review_the_report(self) -> None:
        """The report is read as soon as it is there; whoever starts the process is recorded."""
        if not (self.state.started or self.state.no_report):
            self.case.open(ReviewReport, due_at=self.state.review_due_at)
        await self._read()
        while self.state.step != END:
            await self.case.renewal.before_asking()
            self._ask_what_is_due()
            await self.case.renewal.after_asking()
            try:
                event = await self.case.event(until=self._next_instant())
            except Interrupted:
                continue
            await self._handle(event)

    async def _handle(self, event: Event) -> None:
        if await self.missing.take(event):
            return
        match event:
            case Answered(answer=ReviewReport() as answer):
                self._started(event, answer)
            case Answered(answer=ResolveRow() as answer):
                await self._resolve(event, answer)
            case Answered(answer=CloseRun()):
                await self._close()
            case Due() if self._cover_is_due():
                await self._ask_for_cover()
            case Due() if self._week_is_over():
                await self._end_without_report()
            case Arrived() | Due():
                await self._read()
            case _:
                pass

    def _started(self, event: Answered, answer: ReviewReport) -> None:
        self.state.started = True
        self.case.cancel("the process was started", ArrangeCover.kind)
        self.case.add(
            RunChanged(
                run_id=self.state.run_id,
                values={
                    "started_by": event.by.subject,
                    "started_by_name": event.by.name,
                    "started_at": self.case.now.isoformat(),
                },
            )
        )

    async def _resolve(self, event: Answered, answer: ResolveRow) -> None:
        entry_id = event.task.context["entry_id"]
        if answer.action == "set_aside":
            self.case.add(RowResolved(entry_id=entry_id, state="set_aside", reason=answer.reason))
            return
        self.case.add(
            RowResolved(entry_id=entry_id, state="accepted", values=answer.values(), reason=answer.reason)
        )
        await self.case.write()
        await self._start_entries()

    async def _close(self) -> None:
        progress = await self._progress()
        if progress.resolved < progress.read:
            return  # a row has come since the answer was given: the task is asked again
        self.missing.stop("the report has come and is worked")
        self.state.step = END
        self.state.outcome = "worked"
        self.case.add(
            RunChanged(
                run_id=self.state.run_id,
                values={
                    "state": "worked",
                    "closed_at": self.case.now.isoformat(),
                    "closing_line": progress.line,
                },
            )
        )

    async def _read(self) -> None:
        """Look into the mailbox; what is new becomes entries, and each entry a case."""
        await workflow.execute_activity_method(
            Intake.read_mailbox,
            args=[self.state.run_id, self.case.now],
            summary="1.1 read the mailbox",
            **PATIENT,
        )
        progress = await self._progress()
        if progress.readable:
            if not self.state.received:
                self.state.received = True
                self.missing.came()
            await self._start_entries()
        if not progress.unreadable:
            self.case.cancel("a report that can be read has come", ReportUnreadable.kind)
        for key in progress.unreadable:
            if key not in self.state.unreadable:
                self.state.unreadable = (*self.state.unreadable, key)
                self.missing.reopen("missing")
                self.case.open(ReportUnreadable, urgent=True, context={"message_key": key})
        for entry_id in progress.rejected_rows:
            self.case.open(ResolveRow, due_at=self.state.review_due_at, context={"entry_id": entry_id})
        poll = parameters_for(self.state.edition).report_poll
        every = timedelta(hours=1) if self.state.received or self.state.no_report else poll
        self.next_look = self.case.now + every

    async def _start_entries(self) -> None:
        await workflow.execute_activity_method(
            Intake.start_entries,
            self.state.run_id,
            start_to_close_timeout=timedelta(minutes=30),
            heartbeat_timeout=timedelta(minutes=1),
            summary="1.1 start one case per entry",
        )

    async def _progress(self) -> RunProgress:
        progress: RunProgress = await workflow.execute_activity_method(
            Intake.progress, self.state.run_id, **PATIENT
        )
        return progress

    def _ask_what_is_due(self) -> None:
        now = self.case.now
        if self.state.received:
            self.case.open(CloseRun)
        elif self.state.ask_again_at is not None and now >= self.state.ask_again_at:
            self.missing.ask_corrections()
        elif now >= self.state.alarm_from and not self.state.missing_asked:
            self.state.missing_asked = True
            self.case.open(ConfirmMissing, urgent=True, due_at=now + timedelta(minutes=30))

    def _cover_is_due(self) -> bool:
        return self._cover_may_be_missing() and self.case.now >= self._cover_by()

    def _cover_may_be_missing(self) -> bool:
        return not (self.state.started or self.state.cover_asked or self.state.no_report)

    def _week_ends(self) -> datetime | None:
        """Until when a run that was closed without a report looks on; None for every other."""
        friday = self.state.friday + timedelta(days=7)
        return local_instant(friday, time(0)) if self.state.no_report else None

    def _week_is_over(self) -> bool:
        ends = self._week_ends()
        return ends is not None and self.case.now >= ends

    def _cover_by(self) -> datetime:
        """12:00 on the Friday, or when the run is worked after a holiday (AMB-P1-18)."""
        noon = local_instant(self.state.friday, parameters_for(self.state.edition).cover_by)
        return max(noon, self.state.alarm_from)

    async def _end_without_report(self) -> None:
        """A last look, for what came in the last hour of the week."""
        await self._read()
        if self.state.no_report:
            self.state.step, self.state.outcome = END, "no_report"

    async def _ask_for_cover(self) -> None:
        self.state.cover_asked = True
        if await workflow.execute_activity_method(Intake.cover_is_needed, self.case.now, **PATIENT):
            self.case.open(ArrangeCover, urgent=True)

    def _next_instant(self) -> datetime | None:
        alarm = self.state.alarm_from
        wanted = [self.next_look, self.state.ask_again_at, self._week_ends()]
        if self._cover_may_be_missing():
            wanted.append(self._cover_by())
        if not self.state.received and not self.state.missing_asked and alarm > self.case.now:
            wanted.append(alarm)
        return min((instant for instant in wanted if instant), default=None)
