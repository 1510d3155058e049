"""The worker as a process: it settles the schedule, takes up what is open, and ends drained; production starts strict."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from sqlalchemy import insert
from temporalio.client import WorkflowExecutionStatus
from temporalio.testing import WorkflowEnvironment

from adapters.keys import load_keys
from adapters.settings import Settings, SettingsError, read_settings
from adapters.temporal import connect
from models.tables.case import CaseRecord
from procedures import EDITION
from procedures.case_state import END
from procedures.intake import IntakeState
from procedures.report_week import report_week
from procedures.terms import Procedure
from tests.conftest import Databases, free_port
from tests.workflows.running import eventually, local_environment
from workers.embedded.mail_store import Account
from workers.embedded.postgres import EmbeddedPostgres
from workers.schedule import SCHEDULE_ID
from workers.wiring import mailbox_of, secure_mail_of
from workers.worker import run_worker

FRIDAY = datetime(2026, 11, 20, tzinfo=UTC).date()


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[WorkflowEnvironment]:
    environment = await local_environment(load_keys(read_settings({"PLACEMENT_HOME": str(tmp_path)})))
    yield environment
    await environment.shutdown()


def _settings(home: Path, server: WorkflowEnvironment, database_url: str) -> Settings:
    return read_settings(
        {
            "PLACEMENT_HOME": str(home),
            "DATABASE_URL": database_url,
            "PLACEMENT_TEMPORAL_ADDRESS": server.client.service_client.config.target_host,
            "PLACEMENT_METRICS_PORT": str(free_port()),
        }
    )


async def test_a_worker_settles_the_schedule_takes_up_open_cases_and_ends_drained(
    tmp_path: Path, server: WorkflowEnvironment, cluster: EmbeddedPostgres, databases: Databases
) -> None:
    """An open case whose run was lost goes on as soon as a worker starts; told to stop, the worker returns."""
    settings = _settings(tmp_path, server, cluster.url("worker", databases.name))
    await _open_ended_run(databases)
    stop = asyncio.Event()
    running = asyncio.create_task(run_worker(settings, stop))
    try:
        client = await connect(settings, load_keys(settings), identity="test")
        handle = client.get_workflow_handle("R-2026-11-20")

        async def completed() -> bool | None:
            if running.done():
                running.result()
            runs = [run async for run in client.list_workflows("WorkflowId = 'R-2026-11-20'")]
            return True if any(run.status is WorkflowExecutionStatus.COMPLETED for run in runs) else None

        await eventually(completed, "the open case was not taken up")
        assert await handle.result() == "worked"
        described = await client.get_schedule_handle(SCHEDULE_ID).describe()
        assert described.schedule.spec.time_zone_name == "Pacific/Auckland"
        async with httpx.AsyncClient(trust_env=False) as http:
            metrics = await http.get(f"http://127.0.0.1:{settings.metrics_port}/metrics")
        assert "temporal_num_pollers" in metrics.text
    finally:
        stop.set()
        async with asyncio.timeout(60):
            await running


async def _open_ended_run(databases: Databases) -> None:
    """A Friday run at its end that the record still shows as open, as after a crash before its last transaction."""
    week = report_week(FRIDAY, lambda _: True)
    state = IntakeState(
        case_id="R-2026-11-20",
        procedure=Procedure.INTAKE,
        edition=EDITION,
        region="national",
        step=END,
        outcome="worked",
        run_id="2026-11-20",
        friday=FRIDAY,
        opens_at=week.opens_at,
        review_due_at=week.review_due_at,
        alarm_from=week.alarm_from,
        turn=3,
    )
    async with databases.worker.transaction() as session:
        await session.execute(
            insert(CaseRecord).values(
                case_id=state.case_id,
                procedure=state.procedure.value,
                edition=EDITION,
                region=state.region,
                step=state.step,
                waiting_for="nobody",
                turn=state.turn,
                state=state.model_dump(mode="json"),
                opened_at=week.opens_at,
            )
        )


# -- mail in production -----------------------------------------------------------------------------

MAIL = {
    "PLACEMENT_SMTP_HOST": "gateway.agency.example",
    "PLACEMENT_SMTP_USER": "placement",
    "PLACEMENT_IMAP_HOST": "mail.agency.example",
    "PLACEMENT_JOURNAL_USER": "journal",
    "PLACEMENT_MAIL_DOMAINS": "Corrections.example, courts.example",
}
FILES = ("PLACEMENT_SMTP_PASSWORD_FILE", "PLACEMENT_JOURNAL_PASSWORD_FILE", "PLACEMENT_MAIL_CA")


def _production(folder: Path, *without: str) -> Settings:
    secret = folder / "secret"
    secret.write_text("word\n")
    environment = {**MAIL, **dict.fromkeys(FILES, str(secret)), "PLACEMENT_MODE": "production"}
    return read_settings({name: value for name, value in environment.items() if name not in without})


def test_production_mail_is_read_from_the_environment(tmp_path: Path) -> None:
    settings = _production(tmp_path)
    secure_mail_of(settings)
    assert settings.mail.domains == {"corrections.example", "courts.example"}
    assert repr(mailbox_of(settings, Account.JOURNAL)._address) == (
        "MailboxAddress(journal at mail.agency.example:8993)"
    )
    assert mailbox_of(settings, Account.JOURNAL)._address.password == "word"


@pytest.mark.parametrize("missing", [*MAIL, *FILES])
def test_production_refuses_to_start_without_a_mail_setting(tmp_path: Path, missing: str) -> None:
    """No embedded default stands in for a gateway, a mailbox, a password, an authority or the allow-list."""
    settings = _production(tmp_path, missing)
    with pytest.raises(SettingsError, match=missing):
        secure_mail_of(settings)


def test_a_password_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    settings = _production(tmp_path)
    (tmp_path / "secret").unlink()
    with pytest.raises(SettingsError, match="PLACEMENT_SMTP_PASSWORD_FILE"):
        secure_mail_of(settings)


@pytest.mark.parametrize("wrong", ["corrections", "a@corrections.example", "x.example;y.example"])
def test_a_wrong_mail_domain_is_named(wrong: str) -> None:
    with pytest.raises(SettingsError, match="PLACEMENT_MAIL_DOMAINS"):
        read_settings({"PLACEMENT_MAIL_DOMAINS": wrong})
