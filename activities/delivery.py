"""Handing a received command to the running case, and what came of it; a command given twice acts once."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Any

from temporalio.client import Client, WorkflowUpdateFailedError, WorkflowUpdateRPCTimeoutOrCancelledError
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from activities.commands import CommandState, NewCommand, held_command, keep_late_command, refuse_command
from models.database import Database
from models.tables.case import CaseRecord, Task
from procedures.tasks import AnswerTask, CaseView, Frozen, ReportChange

_NOT_READY_PAUSE = 0.2
_NOT_READY_TRIES = 10


class Recorded(Frozen):
    """The command is on record; `view` is the case after it, when the case said so."""

    view: CaseView | None


class Waiting(Frozen):
    """Received, not yet recorded: deliver it again, or ask later."""


class RefusedCommand(Frozen):
    """A rule, or something decided earlier, said no."""

    rule: str
    reason: str


class Malformed(Frozen):
    """The case could not read the answer."""

    errors: list[dict[str, Any]]


class Decided(Frozen):
    """The task had been closed before: by whom, when and as what."""

    rule: str
    reason: str
    by: str | None
    at: datetime | None
    what: str
    """Kind of the task, or why it is no longer needed."""
    decision: dict[str, Any]
    """The closed answers of the decision, such as its outcome; never free text."""


class Late(Frozen):
    """The case had ended before: the answer is kept, nothing of it is applied."""

    rule: str
    reason: str


Outcome = Recorded | Waiting | RefusedCommand | Malformed | Decided | Late

_TASK_CLOSED = "AMB-X-3"
_CLOSED_ANSWERS = frozenset({"outcome", "said", "action"})
_ENDED = "NFR-5"
_ENDED_REASON = (
    "the case has ended: your answer is kept for the manager to look at, and nothing of it was applied"
)


class Delivery:
    """Gives commands to cases through Temporal updates; the command id is the update id."""

    def __init__(self, database: Database, client: Client, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._client = client
        self._clock = clock

    async def deliver(self, new: NewCommand) -> Outcome:
        """Give the command to its case and wait until it is recorded or refused.

        Has no bound of its own while the database is away: the caller stops waiting, the update lives on.
        """
        for attempt in range(_NOT_READY_TRIES):
            if attempt:
                await asyncio.sleep(_NOT_READY_PAUSE)
            try:
                return Recorded(view=await self._update(new))
            except WorkflowUpdateFailedError as failed:
                outcome = await self._failed(new, failed)
            except WorkflowUpdateRPCTimeoutOrCancelledError:
                if (present := asyncio.current_task()) and present.cancelling():
                    raise asyncio.CancelledError from None
                return Waiting()
            except RPCError as error:
                return await self._unanswered(new, error)
            if outcome is not None:
                return outcome
        return Waiting()

    async def _update(self, new: NewCommand) -> CaseView:
        handle = self._client.get_workflow_handle(new.case_id)
        kind, _, change = new.kind.partition("/")
        argument: AnswerTask | ReportChange
        if kind == "answer":
            assert new.task_id is not None
            argument = AnswerTask(
                command_id=new.command_id,
                task_id=new.task_id,
                seen_version=new.seen_version,
                by=new.by,
                answer=new.asked,
                facts=new.facts,
            )
        else:
            argument = ReportChange(
                command_id=new.command_id, by=new.by, kind=change, change=new.asked, facts=new.facts
            )
        view: CaseView = await handle.execute_update(kind, argument, id=new.command_id, result_type=CaseView)
        return view

    async def _failed(self, new: NewCommand, failed: WorkflowUpdateFailedError) -> Outcome | None:
        """The refusal, or None when the case is still being read from the record."""
        cause = failed.cause
        if not isinstance(cause, ApplicationError):
            raise failed
        said: dict[str, Any] = (
            cause.details[0] if cause.details and isinstance(cause.details[0], dict) else {}
        )
        match cause.type:
            case "NotReady":
                return None
            case "Refused":
                await self._refuse(new, said["rule"], said["reason"])
                return RefusedCommand(rule=said["rule"], reason=said["reason"])
            case "TaskClosed":
                return await self._closed(new, said["rule"], said["reason"])
            case "AcceptedUpdateCompletedWorkflow":
                return await self._ended(new)
            case "Malformed":
                await self._refuse(new, "malformed", "the answer does not fit the task")
                return Malformed(errors=said.get("errors", []))
            case _:
                raise failed

    async def _closed(self, new: NewCommand, rule: str, reason: str) -> Outcome:
        """The winner's answer may still be on its way into the record: wait for it a little."""
        for _ in range(_NOT_READY_TRIES):
            task = await self._task(new)
            if task is None:
                break
            if task.state != "open":
                return await self._decided(new, task)
            await asyncio.sleep(_NOT_READY_PAUSE)
        if rule == _ENDED:
            return await self._late(new)
        await self._refuse(new, rule, reason)
        return RefusedCommand(rule=rule, reason=reason)

    async def _unanswered(self, new: NewCommand, error: RPCError) -> Outcome:
        """No run takes it: decided meanwhile, ended, or about to be started again from the record."""
        if error.status is not RPCStatusCode.NOT_FOUND and "closing workflow" not in error.message:
            return Waiting()
        return await self._ended(new)

    async def _ended(self, new: NewCommand) -> Outcome:
        held = await held_command(self._database, new.command_id)
        if held is not None and held.state is CommandState.RECORDED:
            return Recorded(view=None)
        task = await self._task(new)
        if task is not None and task.state == "done":
            return await self._decided(new, task)
        if await self._still_open(new.case_id):
            return Waiting()
        return await self._late(new)

    async def _late(self, new: NewCommand) -> Late:
        await keep_late_command(self._database, new, rule=_ENDED, reason=_ENDED_REASON, at=self._clock())
        return Late(rule=_ENDED, reason=_ENDED_REASON)

    async def _task(self, new: NewCommand) -> Task | None:
        if new.task_id is None:
            return None
        async with self._database.transaction() as session:
            return await session.get(Task, new.task_id)

    async def _decided(self, new: NewCommand, task: Task) -> Decided:
        """Who decided what, and when (AMB-X-3)."""
        done = task.state == "done"
        reason = (
            "this task was already answered: look at the case before you act again"
            if done
            else "this task is no longer needed: something else was decided first"
        )
        await self._refuse(new, _TASK_CLOSED, reason)
        return Decided(
            rule=_TASK_CLOSED,
            reason=reason,
            by=task.done_by_name,
            at=task.done_at,
            what=task.kind if done else task.closing_reason or task.kind,
            decision={
                key: value
                for key, value in (task.answer or {}).items()
                if isinstance(value, bool) or key in _CLOSED_ANSWERS
            },
        )

    async def _still_open(self, case_id: str) -> bool:
        async with self._database.transaction() as session:
            case = await session.get(CaseRecord, case_id)
        return case is not None and case.closed_at is None

    async def _refuse(self, new: NewCommand, rule: str, reason: str) -> None:
        await refuse_command(self._database, new, rule=rule, reason=reason, at=self._clock())
