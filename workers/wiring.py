"""The one place that builds everything a process needs; tests build the same with other parts."""

import os
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import text
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import Client
from temporalio.worker import Worker
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

from activities.deadlines import Deadlines
from activities.intake import Intake
from activities.linking import Linking
from activities.recording import Recording
from activities.running_cases import TASK_QUEUE, RunningCases
from activities.searching import Searching
from adapters.identity import openid_provider
from adapters.keys import FieldCipher, KeyRing, load_keys
from adapters.mailbox import ImapMailbox, MailboxAddress
from adapters.person_register import RegisterTables
from adapters.ports import Mailbox, PersonRegister
from adapters.secure_mail import GatewayAddress, GatewayMail
from adapters.settings import Settings, SettingsError
from adapters.temporal import connect
from api.resources import Resources
from models.database import Database
from workers.embedded.authority import Authority
from workers.embedded.mail_store import GATEWAY_USER, Account, mail_passwords
from workers.migrate import database_url
from workflows import WORKFLOWS

PASSED_THROUGH = ("procedures", "activities", "adapters", "models", "pydantic", "sqlalchemy", "holidays")
"""Modules the workflow sandbox shares with the process: pure code, and types of activities that are only named."""

_ANSWERS_WITHIN = timedelta(seconds=3)


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


def wall_clock() -> datetime:
    """Where now enters: the machine's clock, UTC."""
    return datetime.fromtimestamp(time.time(), UTC)


def mailbox_of(settings: Settings, account: Account) -> ImapMailbox:
    """One of the three mailboxes, read-only. Raises SettingsError when production lacks a setting."""
    mail = settings.mail
    user, password_file = {
        Account.REPORT: (mail.report_user, mail.report_password_file),
        Account.RETURNS: (mail.returns_user, mail.returns_password_file),
        Account.JOURNAL: (mail.journal_user, mail.journal_password_file),
    }[account]
    name = f"PLACEMENT_{account.name}"
    return ImapMailbox(
        MailboxAddress(
            host=_given("PLACEMENT_IMAP_HOST", mail.imap_host),
            port=settings.imap_port,
            user=_given(f"{name}_USER", user),
            password=_password(settings, f"{name}_PASSWORD_FILE", password_file, account),
            ca_file=_mail_authority(settings),
        )
    )


def secure_mail_of(settings: Settings) -> GatewayMail:
    """The gateway. Raises SettingsError when production lacks a setting."""
    mail = settings.mail
    if not mail.domains:
        raise SettingsError("PLACEMENT_MAIL_DOMAINS must name the mail domains letters may go to")
    gateway = GatewayAddress(
        host=_given("PLACEMENT_SMTP_HOST", mail.smtp_host),
        port=settings.smtp_port,
        user=_given("PLACEMENT_SMTP_USER", mail.smtp_user),
        password=_password(settings, "PLACEMENT_SMTP_PASSWORD_FILE", mail.smtp_password_file, GATEWAY_USER),
        ca_file=_mail_authority(settings),
        domains=mail.domains,
        starttls=mail.smtp_starttls,
    )
    return GatewayMail(gateway, mailbox_of(settings, Account.JOURNAL), wall_clock)


def worker_parts(settings: Settings, keys: KeyRing, database: Database, client: Client) -> WorkerParts:
    """What the worker of this installation needs; `database` works under the role worker."""
    return WorkerParts(
        database=database,
        client=client,
        keys=keys,
        report_mailbox=mailbox_of(settings, Account.REPORT),
        register=register_of(database),
    )


@asynccontextmanager
async def api_resources(settings: Settings) -> AsyncIterator[Resources]:
    """What the API of this installation works with; it starts while Temporal or the provider is away."""
    keys = load_keys(settings)
    database = Database(database_url(settings, "api"))
    identity = openid_provider(settings)
    client = await connect(settings, keys, identity=f"api-{os.getpid()}", lazy=True)
    try:
        yield Resources(
            database=database,
            temporal=client,
            register=register_of(database),
            identity=identity,
            cipher=FieldCipher(keys),
            clock=wall_clock,
            settings=settings,
            deadlines=Deadlines(database),
            checks={
                "database": partial(_database_answers, database),
                "temporal": partial(_temporal_answers, client),
            },
        )
    finally:
        await identity.close()
        await database.close()


async def _database_answers(database: Database) -> None:
    async with database.transaction() as session:
        await session.execute(text("SELECT 1"))


async def _temporal_answers(client: Client) -> None:
    request = DescribeNamespaceRequest(namespace=client.namespace)
    await client.workflow_service.describe_namespace(request, timeout=_ANSWERS_WITHIN)


def _given(name: str, value: str) -> str:
    if not value:
        raise SettingsError(f"{name} must be set in production")
    return value


def _password(settings: Settings, name: str, file: Path | None, embedded_user: str) -> str:
    if file is None and not settings.production:
        return mail_passwords(settings.keys)[embedded_user]
    if file is None:
        raise SettingsError(f"{name} must name the file that holds the password")
    try:
        return file.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise SettingsError(f"{name} cannot be read: {error.strerror}") from None


def _mail_authority(settings: Settings) -> Path:
    if settings.mail.ca_file is not None:
        return settings.mail.ca_file
    if settings.production:
        raise SettingsError("PLACEMENT_MAIL_CA must name the authority of gateway and mailboxes")
    return Authority(settings.keys).ca_file


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
