"""A running house for workflow tests: real PostgreSQL, a real Temporal server, a report, and people who answer."""

import asyncio
import shutil
import sys
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import select
from temporalio.client import Client, WorkflowQueryFailedError, WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError
from temporalio.testing import WorkflowEnvironment

from activities.deadlines import Deadlines
from activities.intake import open_run
from activities.running_cases import RunningCases
from adapters.keys import KeyRing
from adapters.ports import Attachment, ReceivedMessage
from adapters.search_attributes import ALL, ensure_search_attributes
from adapters.temporal import data_converter
from models.database import Database
from models.tables.assessment import Assessment, AssessmentVersion
from models.tables.case import CaseRecord, Task
from models.tables.report import ReportEntry
from procedures.outside_entry import OutsideSystem
from procedures.report_week import REPORT_AVAILABLE, local_instant, nominal_friday
from procedures.tasks import AnswerTask, By, CaseView, ReportChange
from tests.databases import Databases
from workers.wiring import WorkerParts, register_of, worker_of

ADVISOR = By(subject="advisor-1", name="Aroha Example", role="advisor-wellbeing-support")
MANAGER = By(subject="manager-1", name="Mere Example", role="manager-housing-wellbeing-support")
FRIDAY = date(2026, 11, 27)
_taken: set[date] = set()
_PATIENCE = 180
"""Seconds until something that does not come is missed; a busy machine takes its time."""
_AT_ONCE = (
    # It looks for timers a second ahead, and so lets a short one take that long; each end of a case has one.
    "--dynamic-config-value", 'history.timerProcessorMaxTimeShift="10ms"',
    # A run that was begun anew does so again a second later at the earliest.
    "--dynamic-config-value", 'history.workflowIdReuseMinimalInterval="0s"',
)  # fmt: skip
"""What a server would make a test wait for."""
T = TypeVar("T")
HEADINGS = (
    "Group,Surname,Given names,Date of birth,Gender,Address,Suburb,Town,Postcode,Order status,"
    "Corrections reference,Corrections office"
)


def tool(name: str) -> str:
    """A server's binary beside the interpreter or on PATH."""
    beside = Path(sys.executable).parent / name
    found = str(beside) if beside.exists() else shutil.which(name)
    assert found, f"{name} is missing: run `make install`"
    return found


@dataclass
class InboxInMemory:
    """A mailbox whose messages a test decides."""

    friday: date = FRIDAY
    """The week whose reports are delivered."""
    held: list[ReceivedMessage] = field(default_factory=list)

    async def messages(self, *, after_uid: int = 0) -> list[ReceivedMessage]:
        """Everything above the UID."""
        return [m for m in self.held if m.uid > after_uid]

    async def count(self) -> int:
        """How many there are."""
        return len(self.held)

    def deliver(self, rows: str, *, received_at: datetime | None = None) -> None:
        """One report message with these CSV lines under the report's headings."""
        self.deliver_file(f"{HEADINGS}\n{rows}\n".encode(), received_at=received_at)

    def deliver_file(
        self, content: bytes, *, received_at: datetime | None = None, message_id: str | None = None
    ) -> None:
        """One report message with this file, each a minute after the one before."""
        number = len(self.held) + 1
        self.held.append(
            ReceivedMessage(
                uid=number,
                message_id=message_id or f"<report-{number}@corrections.test>",
                received_at=received_at
                or local_instant(self.friday, REPORT_AVAILABLE) + timedelta(minutes=number),
                sender="notifications@corrections.test",
                subject="Indicative Notification Report",
                in_reply_to=None,
                auto_submitted=False,
                delivery_report=False,
                text="",
                attachments=(Attachment("report.csv", "text/csv", content),),
            )
        )


@dataclass
class House:
    """What a test drives."""

    client: Client
    database: Database
    inbox: InboxInMemory
    keys: KeyRing
    environment: WorkflowEnvironment
    loader: Database

    async def open_friday(self, friday: date | None = None) -> str:
        """Open the run and start its workflow, as the schedule does; by default that of this house's own Friday."""
        return await open_run(
            self.database,
            RunningCases(self.client),
            Deadlines(self.database),
            friday=friday or self.inbox.friday,
            at=await self.environment.get_current_time(),
        )

    async def look_again(self) -> None:
        """Tell this Friday's run that a message came, as the gateway's door does."""
        assert await RunningCases(self.client).tell(f"R-{self.inbox.friday}", {"report": "posted"})

    async def now(self) -> datetime:
        """The clock of the server."""
        return await self.environment.get_current_time()

    async def case_of(self, surname: str) -> str:
        """The case number of the report entry with this surname."""
        return await eventually(lambda: self._case_of(surname), f"no entry named {surname}")

    async def _case_of(self, surname: str) -> str | None:
        async with self.database.transaction() as session:
            case_id: str | None = await session.scalar(
                select(ReportEntry.case_id).where(ReportEntry.surname == surname)
            )
            return case_id

    async def task(self, case_id: str, kind: str) -> Task:
        """The open task of this kind, once it is there."""
        return await eventually(lambda: self._task(case_id, kind), f"no open task {kind}")

    async def _task(self, case_id: str, kind: str) -> Task | None:
        async with self.database.transaction() as session:
            task: Task | None = await session.scalar(
                select(Task).where(Task.case_id == case_id, Task.kind == kind, Task.state == "open")
            )
            return task

    async def open_kinds(self, case_id: str) -> set[str]:
        """Kinds of the open tasks of a case."""
        async with self.database.transaction() as session:
            rows = await session.scalars(
                select(Task.kind).where(Task.case_id == case_id, Task.state == "open")
            )
            return set(rows)

    async def answer(
        self,
        case_id: str,
        kind: str,
        answer: dict[str, Any],
        *,
        facts: dict[str, Any] | None = None,
        by: By = ADVISOR,
        command_id: str | None = None,
    ) -> CaseView:
        """Answer the open task of this kind as the API would. Raises Said when it is refused."""
        task = await self.task(case_id, kind)
        return await self.answer_task(
            case_id, task.task_id, answer, facts=facts, by=by, command_id=command_id
        )

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
        """Answer this task, open or not. Raises Said when it is refused."""
        command = AnswerTask(
            command_id=command_id or str(uuid.uuid4()),
            task_id=task_id,
            by=by,
            answer=answer,
            facts=facts or {},
        )
        return await self.update(case_id, "answer", command, command.command_id)

    async def change(
        self,
        case_id: str,
        kind: str,
        change: dict[str, Any],
        *,
        facts: dict[str, Any] | None = None,
        by: By = MANAGER,
    ) -> CaseView:
        """Report a change as the API would. Raises Said when it is refused."""
        report = ReportChange(
            command_id=str(uuid.uuid4()), by=by, kind=kind, change=change, facts=facts or {}
        )
        return await self.update(case_id, "change", report, report.command_id)

    async def update(self, case_id: str, name: str, message: Any, update_id: str) -> CaseView:
        """One update, as the API gives it: again while the case is read from the record; refusals come as Said."""

        async def give() -> CaseView | None:
            try:
                view: CaseView = await self.client.get_workflow_handle(case_id).execute_update(
                    name, message, id=update_id, result_type=CaseView
                )
                return view
            except WorkflowUpdateFailedError as failed:
                cause = failed.cause
                assert isinstance(cause, ApplicationError), cause
                if cause.type == "NotReady":
                    return None
                raise Said(cause) from None

        return await eventually(give, "the case took nothing")

    async def until(self, instant: datetime) -> None:
        """Let virtual time pass to this instant; timers on the way fire."""
        await self.environment.sleep(instant - await self.now())

    async def view(self, case_id: str) -> CaseView:
        """The case as the running workflow sees it, once it has read the record."""
        handle = self.client.get_workflow_handle(case_id)

        async def look() -> CaseView | None:
            with suppress(WorkflowQueryFailedError):
                view: CaseView = await handle.query("view", result_type=CaseView)
                return view
            return None

        return await eventually(look, "the case does not run")

    async def something_open(self, case_id: str) -> None:
        """Wait until the case asks something of a person, or has ended."""

        async def look() -> bool | None:
            return True if await self.open_kinds(case_id) or (await self.case(case_id)).closed_at else None

        await eventually(look, "the case asks nothing")

    async def case(self, case_id: str) -> CaseRecord:
        """The case as recorded."""
        async with self.database.transaction() as session:
            return await session.get_one(CaseRecord, case_id)

    async def closed(self, case_id: str) -> CaseRecord:
        """The case, once it has ended."""

        async def look() -> CaseRecord | None:
            case = await self.case(case_id)
            return case if case.closed_at else None

        return await eventually(look, "the case did not end")

    async def code(self, person_ref: str) -> str | None:
        """Code and status of the person's open assessment, as D1/CUR."""
        async with self.database.transaction() as session:
            row = await session.scalar(
                select(Assessment).where(Assessment.person_ref == person_ref, Assessment.status != "CLO")
            )
            return f"{row.code}/{row.status}" if row else None

    async def assessments(self, person_ref: str) -> list[Assessment]:
        """Every assessment of the person, the oldest first."""
        async with self.database.transaction() as session:
            rows = await session.scalars(
                select(Assessment).where(Assessment.person_ref == person_ref).order_by(Assessment.opened_at)
            )
            return list(rows)

    async def rules(self, person_ref: str) -> list[str]:
        """The rules by which the person's assessments moved, in order."""
        async with self.database.transaction() as session:
            rows = await session.scalars(
                select(AssessmentVersion.rule)
                .join(Assessment, Assessment.number == AssessmentVersion.number)
                .where(Assessment.person_ref == person_ref)
                .order_by(AssessmentVersion.calculated_at, AssessmentVersion.version)
            )
            return list(rows)


class Said(Exception):
    """A refusal, with its rule."""

    def __init__(self, cause: ApplicationError) -> None:
        super().__init__(cause.message)
        self.kind = cause.type
        detail = cause.details[0] if cause.details else {}
        self.rule = detail.get("rule") if isinstance(detail, dict) else None


async def eventually(look: Callable[[], Awaitable[T | None]], complaint: str) -> T:
    """Look again until something is there, less and less often; a generous limit, because machines differ."""
    pause = 0.01
    try:
        async with asyncio.timeout(_PATIENCE):
            while True:
                found = await look()
                if found is not None:
                    return found
                await asyncio.sleep(pause)
                pause = min(pause * 1.5, 0.2)
    except TimeoutError as late:
        raise AssertionError(complaint) from late


def own_friday(latest: date) -> date:
    """This Friday or one before that no other test of the process has: a server knows each week's run by its Friday."""
    while latest in _taken:
        latest -= timedelta(weeks=1)
    _taken.add(latest)
    return latest


@asynccontextmanager
async def running(
    databases: Databases,
    environment: WorkflowEnvironment,
    keys: KeyRing,
    *,
    ends: bool = True,
    by_hand: frozenset[OutsideSystem] = frozenset(),
    **options: Any,
) -> AsyncIterator[House]:
    """A worker on this database and server, until the block ends; then every run is terminated, if it `ends` so.

    Each house works a past Friday of its own, because the ids of runs are the same in every database.
    """
    last_week = nominal_friday(await environment.get_current_time()) - timedelta(weeks=1)
    inbox = InboxInMemory(own_friday(last_week))
    parts = WorkerParts(
        database=databases.worker,
        client=environment.client,
        keys=keys,
        report_mailbox=inbox,
        register=register_of(databases.worker),
        by_hand=by_hand,
    )
    try:
        async with worker_of(parts, **options):
            yield House(environment.client, databases.worker, inbox, keys, environment, databases.loader)
    finally:
        if ends:
            await _terminate_all(environment.client)


async def _terminate_all(client: Client) -> None:
    with suppress(RPCError):  # the virtual server cannot list, and ends with its test
        async for run in client.list_workflows("ExecutionStatus = 'Running'"):
            with suppress(RPCError):
                await client.get_workflow_handle(run.id).terminate()


@asynccontextmanager
async def on_virtual_time(databases: Databases, keys: KeyRing, start: datetime) -> AsyncIterator[House]:
    """A running house on a fresh server whose clock jumps, moved to `start`, which is in the future."""
    async with await skipping_environment(keys) as environment:
        await ensure_search_attributes(environment.client)
        await environment.sleep(start - await environment.get_current_time())
        async with running(databases, environment, keys) as house:
            yield house


async def local_environment(keys: KeyRing, *options: str) -> WorkflowEnvironment:
    """A real server in memory, started with these options."""
    return await WorkflowEnvironment.start_local(
        dev_server_existing_path=tool("temporal"),
        dev_server_extra_args=[*_AT_ONCE, *options],
        identity="tests",
        data_converter=data_converter(keys, "default"),
        search_attributes=list(ALL),
    )


async def skipping_environment(keys: KeyRing) -> WorkflowEnvironment:
    """A server whose clock jumps to the next timer when nothing else happens."""
    return await WorkflowEnvironment.start_time_skipping(
        test_server_existing_path=tool("temporal-test-server"), data_converter=data_converter(keys, "default")
    )


def a_call(now: datetime, said: str | None = "CSO", **changed: Any) -> dict[str, Any]:
    """An answered call that ended just now; `said=None` makes it an attempt that reached nobody."""
    call: dict[str, Any] = {
        "outcome": "answered" if said else "no_answer",
        "started_at": (now - timedelta(minutes=6)).isoformat(),
        "ended_at": (now - timedelta(minutes=2)).isoformat(),
        "note": "Asked about the order; details read back.",
    }
    if said:
        call |= {"spoke_with": "Sam Contact", "office": "Harbourview", "said": said}
    return call | changed


SEARCHED = {"searched": ["name", "address", "date_of_birth"]}
"""Facts of an entry whose three searches are recorded."""
