"""The one place that builds everything a process needs; tests build the same with other parts."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from temporalio.client import Client
from temporalio.worker import Worker
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

from activities.deadlines import Deadlines
from activities.intake import Intake
from activities.linking import Linking
from activities.recording import Recording
from activities.running_cases import TASK_QUEUE, RunningCases
from activities.searching import Searching
from adapters.keys import FieldCipher, KeyRing
from adapters.person_register import RegisterTables
from adapters.ports import Mailbox, PersonRegister
from models.database import Database
from workflows import WORKFLOWS

PASSED_THROUGH = ("procedures", "activities", "adapters", "models", "pydantic", "sqlalchemy", "holidays")
"""Modules the workflow sandbox shares with the process: pure code, and types of activities that are only named."""


@dataclass(frozen=True)
class WorkerParts:
    """What a worker needs of the outside world."""

    database: Database
    client: Client
    keys: KeyRing
    report_mailbox: Mailbox
    register: PersonRegister


def register_of(database: Database) -> PersonRegister:
    """The register of persons on our own tables."""
    return RegisterTables(database)


def activities_of(parts: WorkerParts) -> Sequence[Callable[..., Any]]:
    """Every activity, built once with its dependencies."""
    cases = RunningCases(parts.client)
    deadlines = Deadlines(parts.database)
    recording = Recording(parts.database, FieldCipher(parts.keys))
    searching = Searching(parts.database, parts.register)
    linking = Linking(parts.database, cases)
    intake = Intake(parts.database, parts.report_mailbox, cases, deadlines)
    return [
        recording.load_case,
        recording.record_turn,
        searching.search_entry,
        linking.link_person,
        linking.new_numbers,
        linking.entry_joins,
        deadlines.call_ladder,
        deadlines.week_times,
        intake.open_friday,
        intake.read_mailbox,
        intake.start_entries,
        intake.progress,
        intake.cover_is_needed,
    ]


def worker_of(parts: WorkerParts, **options: Any) -> Worker:
    """The worker of every workflow and activity; a programming error fails its run instead of hanging it."""
    restrictions = SandboxRestrictions.default.with_passthrough_modules(*PASSED_THROUGH)
    return Worker(
        parts.client,
        task_queue=TASK_QUEUE,
        workflows=WORKFLOWS,
        activities=activities_of(parts),
        workflow_runner=SandboxedWorkflowRunner(restrictions=restrictions),
        **options,
    )
