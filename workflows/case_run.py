"""One running case, whatever its procedure: tasks opened and answered, interruptions, and one record per turn."""

from collections import deque
from collections.abc import Awaitable, Callable, Container
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Generic, Protocol, TypeVar

from temporalio import workflow
from temporalio.exceptions import ApplicationError

with workflow.unsafe.imports_passed_through():
    from procedures.answers import answer_type
    from procedures.by_hand import BY_HAND, EnteredByHand, check_entry
    from procedures.case_state import CaseState
    from procedures.changes import CHANGES, Change
    from procedures.editions import edition_in_force
    from procedures.record import CaseOpened, Effect, TaskClosed, TaskOpened, Turn
    from procedures.steps import StepRef
    from procedures.tasks import SYSTEM, Answer, AnswerTask, By, CaseView, OpenTask, ReportChange
    from procedures.terms import Role
    from workflows.by_hand import ByHand
    from workflows.events import Answered, Arrived, Due, Event, Interrupted, nobody_waits
    from workflows.operator_view import show
    from workflows.refusal import parsed, refusal, refusing
    from workflows.renewal import Renewal
    from workflows.turn import write_turn

__all__ = ["Answered", "Arrived", "CaseRules", "CaseRun", "Due", "Event", "Interrupted"]

S = TypeVar("S", bound=CaseState)


class CaseRules(Protocol):
    """What a procedure lends to its running case: its refusals."""

    def check_answer(self, answer: Answer, facts: dict[str, Any], now: datetime) -> None:
        """Raise Refused when a rule forbids the answer."""
        ...

    def check_change(self, change: Change, facts: dict[str, Any], now: datetime) -> None:
        """Raise Refused when a rule forbids the change."""
        ...


@dataclass
class CaseRun(Generic[S]):
    """The frame around a procedure's steps. Built in `@workflow.init`, because messages may come before `run` starts."""

    rules: CaseRules
    state: S | None = None
    _answers: dict[str, AnswerTask] = field(default_factory=dict)
    _changes: deque[ReportChange] = field(default_factory=deque)
    _arrivals: deque[dict[str, Any]] = field(default_factory=deque)
    _effects: list[Effect] = field(default_factory=list)
    _command_id: str | None = None
    _by: By = SYSTEM
    _action: str = "went on"
    _step: str | None = None
    """Where the present turn began: the answered task's step, or the case's own."""
    _settled: set[str] = field(default_factory=set)
    _following: list[tuple[str, str]] = field(default_factory=list)
    _overtaken: set[str] = field(default_factory=set)
    _shown: tuple[Any, ...] = ()
    aside: Callable[[Event], Awaitable[None]] = nobody_waits
    """What a procedure does with an event that comes while one answer is waited for."""
    recorded: Callable[[], None] = lambda: None
    """What a procedure begins once the record holds the turn, such as handing a mail to the gateway."""

    delivering: Callable[[], bool] = lambda: False
    """True while a mail is with the gateway: the run waits for its word."""

    def __post_init__(self) -> None:
        self.by_hand = ByHand(self)
        self.renewal = Renewal(self)

    def listen(self) -> None:
        """Register the messages of a case: answers and changes as updates, arrivals as a signal."""
        workflow.set_update_handler("answer", self._take_answer, validator=self._check_answer)
        workflow.set_update_handler("change", self._take_change, validator=self._check_change)
        workflow.set_signal_handler("arrived", self._take_arrival)
        workflow.set_query_handler("view", self._view)

    # -- what a step does ------------------------------------------------------------------------------

    def begin(self, state: S) -> None:
        """Take the state from the record: fresh, or where the case stood before a restart."""
        self.state = state

    @property
    def now(self) -> datetime:
        """The only clock (UTC)."""
        return workflow.now()

    @property
    def case_id(self) -> str:
        """The case's number."""
        return self._present().case_id

    @property
    def by(self) -> By:
        """Who began the present turn."""
        return self._by

    def add(self, *effects: Effect) -> None:
        """Write these with the present turn."""
        self._effects.extend(effects)
        self.by_hand.follow(effects)

    def open(
        self,
        asked: type[Answer],
        *,
        due_at: datetime | None = None,
        urgent: bool = False,
        context: dict[str, Any] | None = None,
        region: str | None = None,
        step: StepRef | None = None,
        role: Role | None = None,
    ) -> OpenTask:
        """Open a task of this kind, or find the one already open with the same context (after a restart)."""
        state = self._present()
        wanted = context or {}
        for task in state.tasks.values():
            if task.kind == asked.kind and task.context == wanted:
                return task
        state.tasks_opened += 1
        task = OpenTask(
            task_id=f"{state.case_id}-{state.tasks_opened}",
            kind=asked.kind,
            step=step or asked.step,
            role=role or asked.role,
            region=region or state.region,
            due_at=due_at,
            urgent=urgent,
            context=wanted,
        )
        state.tasks[task.task_id] = task
        self.add(TaskOpened(task=task))
        return task

    def cancel(self, reason: str, *kinds: str, keep: Container[str] = ()) -> None:
        """Close open tasks (of these kinds, or all but those to keep) that are no longer needed.

        What is entered by hand is needed whatever happens: the record says it, so the other system must.
        """
        state = self._present()
        for task in list(state.tasks.values()):
            if task.kind in BY_HAND or task.kind in keep:
                continue
            if not kinds or task.kind in kinds:
                self.withdraw_task(task, reason)

    def withdraw_task(self, task: OpenTask, reason: str) -> None:
        """Close one open task that is no longer needed; an answer to it that is on its way is told so."""
        del self._present().tasks[task.task_id]
        self._overtake(task.task_id)
        self.add(TaskClosed(task_id=task.task_id, kind=task.kind, reason=reason))

    async def ask(
        self,
        asked: type[Answer],
        *,
        due_at: datetime | None = None,
        urgent: bool = False,
        context: dict[str, Any] | None = None,
    ) -> Answered:
        """Open one task and wait for its answer. Raises Interrupted when a change comes instead."""
        task = self.open(asked, due_at=due_at, urgent=urgent, context=context)
        while True:
            event = await self.event()
            if isinstance(event, Answered) and event.task.task_id == task.task_id:
                return event
            await self.aside(event)

    async def event(self, *, until: datetime | None = None) -> Event:
        """Record the turn, then wait for the next answer, arrival or instant. Raises Interrupted on a change."""
        await self.record()
        await self.renewal.at_a_wait()
        self.renewal.went_on()
        timeout = None if until is None else until - self.now
        if not self.something_came():
            if timeout is not None and timeout <= timedelta(0):
                return Due(self.now)
            try:
                await workflow.wait_condition(self.something_came, timeout=timeout)
            except TimeoutError:
                if not self.something_came():
                    return Due(self.now)
        return self._next()

    async def record(self) -> None:
        """Write everything since the last wait in one transaction, then let the waiting answer return."""
        if self._effects or self._command_id:
            await self.write()
        if self._command_id:
            self._settled.add(self._command_id)
        self._command_id, self._by, self._action, self._step = None, SYSTEM, "went on", None
        self.recorded()

    def arrive(self, what: dict[str, Any]) -> None:
        """Something of the case's own has come back, such as the gateway's word about a mail."""
        self._arrivals.append(what)

    def hand_over(self, state: CaseState, *, person_ref: str | None, entry_id: str | None) -> None:
        """Open another case with this turn, under the edition of its own day; it runs once the record holds the row."""
        state = state.model_copy(update={"edition": edition_in_force(self.now).name})
        self.add(
            CaseOpened(
                case_id=state.case_id,
                procedure=state.procedure,
                person_ref=person_ref,
                entry_id=entry_id,
                state=state.model_dump(mode="json"),
            )
        )
        self._following.append((state.procedure.value, state.case_id))

    async def start_following(self) -> None:
        """Children that outlive this run; one that was lost here is started by the reconciler from its row."""
        following, self._following = self._following, []
        for procedure, case_id in following:
            await workflow.start_child_workflow(
                procedure, case_id, id=case_id, parent_close_policy=workflow.ParentClosePolicy.ABANDON
            )

    def overtake_changes(self) -> None:
        """Changes accepted beside the end of the case: their senders are told, and nothing of them is applied."""
        while self._changes:
            self._overtaken.add(self._changes.popleft().command_id)

    async def finish(self, outcome: str) -> None:
        """End the case: cancel what is open, record, and wait until every answer has returned."""
        state = self._present()
        state.outcome = outcome
        self.cancel("the case has ended")
        await self.by_hand.all_entered()
        self._action = self._action if self._command_id else "ended"
        if not (self._effects or self._command_id):
            await self.write()  # an end that nothing else comes with, such as the word of another case
        await self.record()
        await self.start_following()
        await workflow.wait_condition(workflow.all_handlers_finished)
        # The server refuses an end beside which something arrives, and with it everything of the same workflow task: the
        # last answer, already on record, would be lost. So the end is a task of its own.
        await workflow.sleep(timedelta(milliseconds=1))

    # -- one turn --------------------------------------------------------------------------------------

    async def write(self) -> None:
        """Write what the turn has so far; the answer that began it still waits."""
        state = self._present()
        state.turn += 1
        state.settle(self._command_id)
        person = getattr(state, "person", None)
        turn = Turn(
            case_id=state.case_id,
            number=state.turn,
            step=self._step or state.step,
            next_step=self.by_hand.recorded_step,
            at=self.now,
            by=self._by,
            command_id=self._command_id,
            action=self._action,
            effects=self._effects,
            state=state.model_dump(mode="json"),
            waiting_for=state.waiting_for,
            due_at=state.due_at,
            outcome=state.outcome,
            person_ref=person.primary if person else None,
        )
        self._effects = []
        await write_turn(turn)
        self._shown = show(state, self._shown)

    def something_came(self) -> bool:
        """An answer, a change or an arrival waits to be taken."""
        return bool(self._answers or self._changes or self._arrivals)

    def _next(self) -> Event:
        state = self._present()
        if self._changes:
            report = self._changes.popleft()
            change = CHANGES[report.kind].model_validate(report.change)
            self._begin_turn(report.command_id, report.by, change.title, state.step)
            raise Interrupted(change, report.by, report.command_id)
        if self._answers:
            task_id, command = next(iter(self._answers.items()))
            del self._answers[task_id]
            task = state.tasks.pop(task_id)
            answer = answer_type(task.kind).model_validate(command.answer)
            self._begin_turn(command.command_id, command.by, answer.title, task.step)
            self.add(TaskClosed(task_id=task_id, kind=task.kind, answer=answer.model_dump(mode="json")))
            self.by_hand.take(task, answer)
            return Answered(task, answer, command.by, command.command_id)
        return Arrived(self._arrivals.popleft())

    def _overtake(self, task_id: str) -> None:
        """An answer that was accepted beside something faster: its sender is told, and nothing of it is applied."""
        command = self._answers.pop(task_id, None)
        if command:
            self._overtaken.add(command.command_id)

    def _begin_turn(self, command_id: str, by: By, action: str, step: str) -> None:
        self._command_id, self._by, self._action, self._step = command_id, by, action, step

    def _present(self) -> S:
        if self.state is None:
            raise ApplicationError("the case is being read from the record", type="NotReady")
        return self.state

    # -- messages --------------------------------------------------------------------------------------

    def _check_answer(self, command: AnswerTask) -> None:
        state = self._present()
        if command.command_id in state.settled:
            return
        task = state.tasks.get(command.task_id)
        if task is None or command.task_id in self._answers:
            raise refusal("AMB-X-3", "this task is no longer open", kind="TaskClosed")
        answer = parsed(lambda: answer_type(task.kind).model_validate(command.answer))
        if isinstance(answer, EnteredByHand):
            refusing(lambda: check_entry(answer, command.facts))
        else:
            refusing(lambda: self.rules.check_answer(answer, command.facts, self.now))

    async def _take_answer(self, command: AnswerTask) -> CaseView:
        if command.command_id in self._present().settled:
            return self._view()
        self._answers[command.task_id] = command
        return await self._until_recorded(command.command_id)

    def _check_change(self, report: ReportChange) -> None:
        if report.command_id in self._present().settled:
            return
        if self._present().outcome is not None:
            raise refusal("NFR-5", "the case has ended", kind="TaskClosed")
        if report.kind not in CHANGES:
            raise refusal("AMB-X-6", "there is no such change")
        change = parsed(lambda: CHANGES[report.kind].model_validate(report.change))
        refusing(lambda: self.rules.check_change(change, report.facts, self.now))

    async def _take_change(self, report: ReportChange) -> CaseView:
        if report.command_id in self._present().settled:
            return self._view()
        self._changes.append(report)
        return await self._until_recorded(report.command_id)

    def _take_arrival(self, what: dict[str, Any]) -> None:
        self._arrivals.append(what)

    def _view(self) -> CaseView:
        return self._present().view()

    async def _until_recorded(self, command_id: str) -> CaseView:
        await workflow.wait_condition(lambda: command_id in self._settled or command_id in self._overtaken)
        if command_id in self._overtaken:
            raise refusal("AMB-X-3", "something else was decided first", kind="TaskClosed")
        self._settled.discard(command_id)
        return self._present().view()
