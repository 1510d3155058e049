"""Two thousand rows of one Friday: staged, each with a case, and each case started."""

import pytest
from sqlalchemy import func, select
from temporalio.testing import ActivityEnvironment

from activities.deadlines import Deadlines
from activities.intake import Intake, open_run
from activities.running_cases import RunningCases
from adapters.keys import KeyRing
from models.tables.case import CaseRecord
from models.tables.report import ReportEntry
from procedures.report_week import nominal_friday
from tests.conftest import Databases
from tests.workflows.driving import somebody
from tests.workflows.running import InboxInMemory, skipping_environment

ROWS = 2000


@pytest.mark.req("AMB-P1-30")
async def test_1_1_two_thousand_rows_are_accounted_for_and_started(
    databases: Databases, keys: KeyRing
) -> None:
    async with await skipping_environment(keys) as environment:
        now = await environment.get_current_time()
        inbox = InboxInMemory(nominal_friday(now))
        inbox.deliver("\n".join(somebody(number).row() for number in range(ROWS)))
        cases, deadlines = RunningCases(environment.client), Deadlines(databases.worker)
        run_case = await open_run(databases.worker, cases, deadlines, friday=inbox.friday, at=now)
        intake = Intake(databases.worker, inbox, cases, deadlines)
        run_id, world = run_case.removeprefix("R-"), ActivityEnvironment()
        beats: list[object] = []
        world.on_heartbeat = lambda *details: beats.append(details)
        assert await intake.read_mailbox(run_id, now) == 1
        assert await world.run(intake.start_entries, run_id) == ROWS
        assert len(beats) >= ROWS // 50
        assert await world.run(intake.start_entries, run_id) == 0
        progress = await intake.progress(run_id)
        assert (progress.read, progress.resolved, progress.rejected_rows) == (ROWS, 0, [])
        async with databases.worker.transaction() as session:
            cases_of_rows = await session.scalar(
                select(func.count())
                .select_from(CaseRecord)
                .join(ReportEntry, ReportEntry.case_id == CaseRecord.case_id)
                .where(ReportEntry.state == "accepted", CaseRecord.step == "1.2")
            )
        assert cases_of_rows == ROWS
