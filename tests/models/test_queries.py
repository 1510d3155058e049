"""Queries of the read side that other rooms rely on."""

from datetime import UTC, date, datetime

from sqlalchemy import insert

from activities.intake import run_progress
from models.queries.people import assessments_of_person, key_details_of, lives_alone
from models.queries.reports import run
from models.tables.assessment import Assessment
from models.tables.case import CaseRecord
from models.tables.report import ReportEntry, ReportMessage, ReportRun
from procedures import EDITION
from tests.conftest import Databases
from tests.workflows.people import KIM, LEE, TOM, import_people

AT = datetime(2026, 11, 27, 1, tzinfo=UTC)


async def test_1_1_the_counts_shown_are_the_counts_that_close_a_run(databases: Databases) -> None:
    """The API's read and resolved agree with what the workflow of the run uses."""
    case = {
        "procedure": "identify", "edition": EDITION, "region": "R01", "step": "1.3", "waiting_for": "x",
        "turn": 1, "state": {}, "opened_at": AT,
    }  # fmt: skip
    row = {
        "run_id": "2026-11-27", "message_key": "m", "errors": [], "notes": [], "region": "R01",
        "contradictory": False, "absent_from_correction": False,
    }  # fmt: skip
    async with databases.owner.transaction() as session:
        await session.execute(
            insert(CaseRecord),
            [case | {"case_id": "R"}, case | {"case_id": "C1"}, case | {"case_id": "C2", "closed_at": AT}],
        )
        await session.execute(
            insert(ReportRun).values(
                run_id="2026-11-27", friday=date(2026, 11, 27), case_id="R", state="received", opened_at=AT
            )
        )
        await session.execute(
            insert(ReportMessage).values(
                message_key="m", run_id="2026-11-27", received_at=AT, content_digest="d", read=5, accepted=3,
                rejected=1, repeated=1, unknown_columns=[], staged_at=AT,
            )
        )  # fmt: skip
        for number, (state, outcome, case_id) in enumerate(
            (
                ("accepted", "potential_match", "C1"),
                ("accepted", "no_match", "C2"),
                ("accepted", None, None),
                ("set_aside", "set_aside", None),
                ("repeated", None, None),
            )
        ):
            values = {"entry_id": f"E{number}", "row_number": number, "state": state}
            await session.execute(
                insert(ReportEntry).values(**row, **values, outcome=outcome, case_id=case_id)
            )
    held = await run(databases.api, "2026-11-27")
    assert held is not None
    async with databases.worker.transaction() as session:
        progress = await run_progress(session, "2026-11-27")
    shown = held.counts
    assert (shown.read, shown.resolved, shown.waiting_for_corrections) == (5, 4, 1)
    assert (progress.read, progress.resolved, progress.waiting_for_corrections) == (5, 4, 1)


async def test_2_3_who_lives_alone(databases: Databases) -> None:
    """Somebody else in the home, nobody else, and no home at all."""
    await import_people(databases.loader)
    assert not await lives_alone(databases.api, LEE.ref)
    assert not await lives_alone(databases.api, KIM.ref)
    assert not await lives_alone(databases.api, TOM.ref)


async def test_key_details_show_the_pending_code_and_the_last_confirmed(databases: Databases) -> None:
    """While a person is verified anew the last confirmed code stands beside the pending one (TR-10)."""
    async with databases.owner.transaction() as session:
        await session.execute(
            insert(Assessment).values(
                number="A-1", person_ref="P-1", code="D1P", status="PEN", version=3, confirmed_code="D1",
                confirmed_at=AT, opened_at=AT,
            )
        )  # fmt: skip
    held = await assessments_of_person(databases.api, "P-1")
    assert key_details_of(held) == "D1P, pending; last confirmed D1 on Friday 27 November 2026"
    assert key_details_of([]) == "no current CSO assessment"
