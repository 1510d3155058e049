"""How the runs of open cases stand in Temporal beside the record: which is missing, has ended, or makes no progress."""

import asyncio
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from sqlalchemy import select
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.service import RPCError, RPCStatusCode

from models.database import Database
from models.tables.case import CaseRecord
from procedures.tasks import Frozen

MANY_ATTEMPTS = 3
"""More attempts of one activity than this, and the case is on the stuck list."""

_AT_ONCE = 16
_RUNNING = WorkflowExecutionStatus.RUNNING


class Trouble(StrEnum):
    """Why a case makes no progress."""

    NO_RUN = "no_run"
    RUN_FAILED = "run_failed"
    RUN_ENDED = "run_ended"
    PROGRAM_FAILS = "program_fails"
    ACTIVITY_FAILS = "activity_fails"


WHAT_TO_DO = {
    Trouble.NO_RUN: "The case is open but does not run: it is started from the record within two minutes.",
    Trouble.RUN_FAILED: (
        "The run of this case has failed. It is tried again at most once an hour; look at the error in the Temporal "
        "Web UI, then start it again with `placement case restart`."
    ),
    Trouble.RUN_ENDED: (
        "The run of this case was ended while the case is open. It is started again within the hour, or now with "
        "`placement case restart`."
    ),
    Trouble.PROGRAM_FAILS: (
        "The program fails at this step and tries again. Nothing is lost: the case goes on by itself once a corrected "
        "version runs; look at the error in the Temporal Web UI."
    ),
    Trouble.ACTIVITY_FAILS: (
        "Something this case needs does not answer: look whether the database, the mail gateway, the mailboxes and the "
        "document store are up. The case goes on by itself."
    ),
}


class OpenCase(Frozen):
    """A case that the record says is open."""

    case_id: str
    procedure: str
    step: str
    region: str
    turn: int
    opened_at: datetime


class StuckCase(Frozen):
    """A case that needs somebody's eye, in plain words and without personal data."""

    case_id: str
    procedure: str
    step: str
    region: str
    trouble: Trouble
    since: datetime | None
    """When the failed run ended or the attempts began (UTC), as far as Temporal says."""
    attempts: int | None
    what_to_do: str


@dataclass(frozen=True)
class Run:
    """The newest run of a case as Temporal describes it."""

    status: WorkflowExecutionStatus | None
    """None: there is no run."""
    started_at: datetime | None = None
    trouble: Trouble | None = None
    since: datetime | None = None
    attempts: int | None = None

    @property
    def runs(self) -> bool:
        """Whether it is running, in trouble or not."""
        return self.status is _RUNNING


class CaseRuns:
    """Compares the record with Temporal. Reads only."""

    def __init__(self, database: Database, client: Client) -> None:
        self._database = database
        self._client = client

    async def open_cases(self) -> list[OpenCase]:
        """Every case that the record says is open."""
        columns = [getattr(CaseRecord, name) for name in OpenCase.model_fields]
        query = select(*columns).where(CaseRecord.closed_at.is_(None)).order_by(CaseRecord.case_id)
        async with self._database.transaction() as session:
            rows = (await session.execute(query)).all()
        return [OpenCase(**row._mapping) for row in rows]

    async def is_open(self, case_id: str) -> bool:
        """Whether the record says so at this moment."""
        query = select(CaseRecord.case_id).where(
            CaseRecord.case_id == case_id, CaseRecord.closed_at.is_(None)
        )
        async with self._database.transaction() as session:
            return await session.scalar(query) is not None

    async def shown_running(self) -> set[str]:
        """Ids that visibility shows as running: a hint that saves describing each; it may lag by seconds."""
        return {run.id async for run in self._client.list_workflows("ExecutionStatus = 'Running'")}

    async def describe(self, case_id: str) -> Run:
        """The newest run of a case, from its history and not from visibility."""
        try:
            described = await self._client.get_workflow_handle(case_id).describe()
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return Run(None, trouble=Trouble.NO_RUN)
            raise
        if described.status is not _RUNNING:
            failed = described.status in (WorkflowExecutionStatus.FAILED, WorkflowExecutionStatus.TIMED_OUT)
            trouble = Trouble.RUN_FAILED if failed else Trouble.RUN_ENDED
            return Run(described.status, described.start_time, trouble, described.close_time)
        raw = described.raw_description
        task = raw.pending_workflow_task
        if task.attempt > 1:
            since = task.original_scheduled_time.ToDatetime(UTC)
            return Run(_RUNNING, described.start_time, Trouble.PROGRAM_FAILS, since, task.attempt)
        worst = max(raw.pending_activities, key=lambda activity: activity.attempt, default=None)
        if worst is not None and worst.attempt > MANY_ATTEMPTS:
            return Run(_RUNNING, described.start_time, Trouble.ACTIVITY_FAILS, None, worst.attempt)
        return Run(_RUNNING, described.start_time)

    async def describe_all(self, case_ids: Collection[str]) -> dict[str, Run]:
        """The newest run of each, a few at a time."""
        gate = asyncio.Semaphore(_AT_ONCE)

        async def one(case_id: str) -> tuple[str, Run]:
            async with gate:
                return case_id, await self.describe(case_id)

        return dict(await asyncio.gather(*map(one, case_ids)))

    async def stuck(self) -> list[StuckCase]:
        """Open cases that make no progress, in the order of their numbers."""
        cases = await self.open_cases()
        runs = await self.describe_all([case.case_id for case in cases])
        found = [(case, runs[case.case_id]) for case in cases]
        return [
            StuckCase(
                case_id=case.case_id,
                procedure=case.procedure,
                step=case.step,
                region=case.region,
                trouble=run.trouble,
                since=run.since,
                attempts=run.attempts,
                what_to_do=WHAT_TO_DO[run.trouble],
            )
            for case, run in found
            if run.trouble is not None and (run.runs or await self.is_open(case.case_id))
        ]
