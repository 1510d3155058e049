"""The line of a Friday run, such as "23 read, 22 resolved, 9 waiting for Corrections", wherever it is shown."""

from dataclasses import dataclass

from api.pages.sessions import Visitor
from models.queries.reports import RunRecord, run_of_case
from models.queries.tasks import TaskRecord
from procedures.report_week import closing_line
from procedures.terms import Procedure
from procedures.visibility import READS_REPORTS


@dataclass(frozen=True)
class RunLine:
    """A run and how far it is."""

    run: RunRecord
    line: str


def line_of(run: RunRecord) -> str:
    """The line it was closed with, else as it stands now."""
    counts = run.counts
    return run.closing_line or closing_line(
        read=counts.read,
        resolved=counts.resolved,
        waiting_for_corrections=counts.waiting_for_corrections,
    )


async def run_of_task(visitor: Visitor, task: TaskRecord) -> RunLine | None:
    """The run that a task belongs to, for those who read reports; None for every other task."""
    caller = visitor.caller
    if task.procedure is not Procedure.INTAKE or not caller.sight.has_any(READS_REPORTS):
        return None
    run = await run_of_case(caller.resources.database, task.case_id)
    return RunLine(run, line_of(run)) if run else None
