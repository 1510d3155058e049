"""A house in which every command is given twice, and once more by another hand; nothing of it may be doubled."""

import json
import uuid
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select, text
from temporalio.api.enums.v1 import EventType
from temporalio.client import WorkflowHistory
from temporalio.exceptions import ApplicationError

from activities.commands import NewCommand, receive_command
from activities.delivery import Decided, Delivery, Late, Malformed, Outcome, Recorded, RefusedCommand
from models.base import Base
from models.queries.cases import case_view
from models.tables.case import Task
from procedures.tasks import By, CaseView
from tests.workflows.running import ADVISOR, MANAGER, House, Said, eventually

NOT_OF_THE_CASE = frozenset({"command", "late_answer", "draft"})
"""What the API keeps of the commands themselves: each attempt is on record."""
_COUNTED = {
    name: "audit_event WHERE NOT refused AND" if name == "audit_event" else f"{name} WHERE"
    for name, table in sorted(Base.metadata.tables.items())
    if "case_id" in table.columns and name not in NOT_OF_THE_CASE
}
_COUNTS = " UNION ALL ".join(
    [
        *(f"SELECT '{name}', count(*) FROM {where} case_id = :case" for name, where in _COUNTED.items()),
        # A review of a home is opened by the sweep, which another story may have set going.
        "SELECT 'cases that follow', count(*) FROM case_record"
        " WHERE parent_case_id = :case AND case_id !~ '-R[0-9]+$'",
        "SELECT 'letters', count(DISTINCT business_key) FROM secure_message WHERE case_id = :case",
    ]
)
_LOOKS_AT_A_GATEWAY_THAT_IS_AWAY = 100
_OFTEN_ENOUGH = 2
_ENDS = ("COMPLETED", "FAILED", "TIMED_OUT", "CANCELED")
COLLEAGUE = By(subject="colleague-9", name="Pania Example", role=ADVISOR.role)


@dataclass
class Given:
    """How often each kind of command was given twice, by the procedure of the case."""

    answers: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    changes: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))


@dataclass
class CarefulHouse(House):
    """Delivers as the API does: received on record, then given to the case by its id."""

    given: Given = field(default_factory=Given)

    async def answer_task(
        self,
        case_id: str,
        task_id: str,
        answer: dict[str, Any],
        *,
        facts: dict[str, Any] | None = None,
        by: By = ADVISOR,
        command_id: str | None = None,
    ) -> CaseView:
        """The answer, the same command again, and the same answer by a colleague, who is told who was faster.

        In each procedure the first few answers of a kind: a story walks many steps that others have walked.
        """
        async with self.database.transaction() as session:
            kind = await session.scalar(select(Task.kind).where(Task.task_id == task_id))
        seen = self.given.answers[(await self.case(case_id)).procedure]
        if kind is None or seen[kind] >= _OFTEN_ENOUGH:
            return await super().answer_task(
                case_id, task_id, answer, facts=facts, by=by, command_id=command_id
            )
        new = NewCommand(
            command_id=command_id or str(uuid.uuid4()),
            case_id=case_id,
            task_id=task_id,
            kind="answer",
            asked=_as_sent(answer),
            facts=facts or {},
            by=by,
            seen_version=None,
        )
        view, counts = await self._twice(new)
        async with self.database.transaction() as session:
            task = await session.get_one(Task, task_id)
        late = await self._deliver(NewCommand(**{**vars(new), "command_id": _other(new), "by": COLLEAGUE}))
        assert isinstance(late, Decided), late
        assert (late.rule, late.by, late.at, late.what) == ("AMB-X-3", by.name, task.done_at, task.kind)
        await self._none_doubled(counts, case_id, f"the answer {task.kind}")
        seen[kind] += 1
        return view

    async def change(
        self,
        case_id: str,
        kind: str,
        change: dict[str, Any],
        *,
        facts: dict[str, Any] | None = None,
        by: By = MANAGER,
    ) -> CaseView:
        """The change and the same command again; by another hand it is another change, or comes too late."""
        new = NewCommand(
            command_id=str(uuid.uuid4()),
            case_id=case_id,
            task_id=None,
            kind=f"change/{kind}",
            asked=_as_sent(change),
            facts=facts or {},
            by=by,
            seen_version=None,
        )
        view, counts = await self._twice(new)
        held = await self.case(case_id)
        if held.closed_at:
            late = await self._deliver(NewCommand(**{**vars(new), "command_id": _other(new)}))
            assert isinstance(late, Late | RefusedCommand), late
        await self._none_doubled(counts, case_id, f"the change {kind}")
        self.given.changes[held.procedure][kind] += 1
        return view

    async def _twice(self, new: NewCommand) -> tuple[CaseView, dict[str, int]]:
        """The case after it, and its rows once the first has come to rest."""
        first = await self._deliver(new)
        if not isinstance(first, Recorded):
            raise _said(first)
        counts = await self._counts(new.case_id)
        again = await self._deliver(new)
        assert isinstance(again, Recorded), again
        assert again.view in (None, first.view)
        view = first.view or await case_view(self.database, new.case_id)
        assert view is not None
        return view, counts

    async def _deliver(self, new: NewCommand) -> Outcome:
        now = await self.now()
        await receive_command(self.database, new, at=now)
        return await Delivery(self.database, self.client, lambda: now).deliver(new)

    async def _none_doubled(self, before: dict[str, int], case_id: str, by: str) -> None:
        now = await self._counts(case_id)
        more = {name: (before[name], now[name]) for name in now if now[name] != before[name]}
        assert not more, f"{by} again has changed the rows of {case_id}: {more}"

    async def _counts(self, case_id: str) -> dict[str, int]:
        """Rows of the case by table, once what the command set going has come to rest."""
        run = self.client.get_workflow_handle(case_id)
        looked: list[dict[str, int]] = []

        async def at_rest() -> bool | None:
            busy = _under_way(await run.fetch_history())
            looked.append(await self._counted(case_id))
            if busy and len(looked) < _LOOKS_AT_A_GATEWAY_THAT_IS_AWAY:
                return None
            return True if len(looked) > 1 and looked[-1] == looked[-2] else None

        await eventually(at_rest, "the case does not come to rest")
        return looked[-1]

    async def _counted(self, case_id: str) -> dict[str, int]:
        async with self.database.transaction() as session:
            rows = (await session.execute(text(_COUNTS), {"case": case_id})).all()
        return {name: number for name, number in rows}


def _under_way(history: WorkflowHistory) -> bool:
    """A task of the run, or an activity, that has begun and not ended."""
    kinds = Counter(EventType.Name(event.event_type).removeprefix("EVENT_TYPE_") for event in history.events)
    begun = kinds["WORKFLOW_TASK_SCHEDULED"] + kinds["ACTIVITY_TASK_SCHEDULED"]
    return begun > sum(kinds[f"{what}_TASK_{end}"] for what in ("WORKFLOW", "ACTIVITY") for end in _ENDS)


def careful(house: House) -> CarefulHouse:
    """The same house, with every command given twice."""
    return CarefulHouse(**vars(house))


def _as_sent(body: dict[str, Any]) -> dict[str, Any]:
    """As JSON has it."""
    read: dict[str, Any] = json.loads(json.dumps(body))
    return read


def _other(new: NewCommand) -> str:
    return f"{new.command_id}-other"


def _said(outcome: Outcome) -> Said:
    """A refusal as the plain house tells it."""
    match outcome:
        case RefusedCommand() | Late() | Decided():
            kind = "Refused" if isinstance(outcome, RefusedCommand) else "TaskClosed"
            cause = ApplicationError(
                f"{outcome.rule}: {outcome.reason}",
                {"rule": outcome.rule, "reason": outcome.reason},
                type=kind,
            )
        case Malformed():
            cause = ApplicationError("malformed", {"errors": outcome.errors}, type="Malformed")
        case _:
            cause = ApplicationError(f"not recorded: {outcome}", type="NotRecorded")
    return Said(cause)
