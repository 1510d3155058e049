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

from activities.composing import MailHouse
from activities.contacts import Contacts, Fallback
from activities.deadlines import Deadlines
from activities.duplicates import Duplicates
from activities.duties import Duties
from activities.intake import Intake
from activities.linking import Linking
from activities.mail_delivery import MailDelivery
from activities.match_context import MatchContexts
from activities.received import Senders
from activities.recording import Recording
from activities.returns import Returns
from activities.running_cases import TASK_QUEUE, RunningCases
from activities.searching import Searching
from activities.sent_mistakes import SentMistakes
from activities.tidings import Tidings
from activities.viewings import Viewings
from adapters.documents_by_key import DocumentsByKey
from adapters.identity import openid_provider
from adapters.keys import FieldCipher, KeyRing, load_keys
from adapters.mailbox import ImapMailbox, MailboxAddress
from adapters.person_register import RegisterTables
from adapters.ports import DocumentStore, Mailbox, PersonRegister, SecureMail
from adapters.production_record import refuse_unfit_record
from adapters.secure_mail import GatewayAddress, GatewayMail
from adapters.settings import Settings, SettingsError
from adapters.temporal import connect
from api.resources import Resources
from models.database import Database
from procedures.mail_texts import Signature
from procedures.outside_entry import OutsideSystem
from workers.embedded.authority import Authority
from workers.embedded.mail_store import GATEWAY_USER, Account, mail_passwords
from workers.migrate import database_url
from workers.processes import StackError
from workflows.registered import WORKFLOWS

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
    post: "Post | None" = None
    """Everything that leaves and comes back; without it the worker sends and takes no mail."""
    by_hand: frozenset[OutsideSystem] = frozenset()
    """Outside systems in which a person makes the entries."""


@dataclass(frozen=True)
class Post:
    """The agency's secure mail: the gateway, the return mailbox, the store of documents, and its own particulars."""

    secure_mail: SecureMail
    returns: Mailbox
    documents: DocumentStore
    house: MailHouse
    senders: Senders


def register_of(database: Database) -> PersonRegister:
    """The register of persons on our own tables."""
    return RegisterTables(database)


def wall_clock() -> datetime:
    """Where now enters: the machine's clock, UTC."""
    return datetime.fromtimestamp(time.time(), UTC)


async def temporal_of(settings: Settings, keys: KeyRing, *, identity: str, metrics: bool = False) -> Client:
    """A client that is connected. Raises StackError when Temporal does not answer."""
    try:
        return await connect(settings, keys, identity=identity, metrics=metrics)
    except RuntimeError as error:
        raise StackError(f"Temporal at {settings.temporal_address} does not answer: is it up?") from error


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
        domains=mail.domains | {mail.agency_domain},
        starttls=mail.smtp_starttls,
    )
    return GatewayMail(gateway, mailbox_of(settings, Account.JOURNAL), wall_clock)


def documents_of(settings: Settings, keys: KeyRing) -> DocumentStore:
    """The store of documents: encrypted files of this installation."""
    return DocumentsByKey(settings.documents, keys)


def fallback_of(settings: Settings) -> Fallback:
    """The fallback address, if one is set (AMB-P1-8)."""
    return Fallback(settings.mail.corrections_fallback)


def post_of(settings: Settings, keys: KeyRing) -> Post:
    """Everything that leaves and comes back. Raises SettingsError when production lacks a setting."""
    mail = settings.mail
    address = _given("PLACEMENT_MAIL_ADDRESS", mail.address)
    mobile, freephone, main_line, po_box = mail.signature
    return Post(
        secure_mail=secure_mail_of(settings),
        returns=mailbox_of(settings, Account.RETURNS),
        documents=documents_of(settings, keys),
        house=MailHouse(
            sender=address,
            corrections_domains=mail.domains,
            staff_domains=frozenset({mail.agency_domain}),
            signature=Signature(mobile, address, freephone, main_line, po_box),
            fallback=fallback_of(settings),
        ),
        senders=Senders(agencies=mail.domains, our_domain=mail.agency_domain),
    )


def returns_of(parts: WorkerParts, post: Post) -> Returns:
    """What reads the return mailbox: `take_new(at)` once a minute, and `sort_return` as an activity."""
    return Returns(parts.database, post.returns, post.documents, RunningCases(parts.client), post.senders)


def worker_parts(settings: Settings, keys: KeyRing, database: Database, client: Client) -> WorkerParts:
    """What the worker of this installation needs; `database` works under the role worker."""
    return WorkerParts(
        database=database,
        client=client,
        keys=keys,
        report_mailbox=mailbox_of(settings, Account.REPORT),
        register=register_of(database),
        post=post_of(settings, keys),
        by_hand=settings.by_hand,
    )


@asynccontextmanager
async def api_resources(settings: Settings) -> AsyncIterator[Resources]:
    """What the API of this installation works with; it starts while Temporal or the provider is away."""
    keys = load_keys(settings)
    database = Database(database_url(settings, "api"), for_pages=True)
    identity = openid_provider(settings)
    client = await connect(settings, keys, identity=f"api-{os.getpid()}", lazy=True)
    try:
        if settings.production:
            await refuse_unfit_record(database, "api")
        yield Resources(
            database=database,
            temporal=client,
            register=register_of(database),
            identity=identity,
            cipher=FieldCipher(keys),
            clock=wall_clock,
            settings=settings,
            deadlines=Deadlines(database),
            documents=documents_of(settings, keys),
            checks={
                "database": partial(_database_answers, database),
                "temporal": partial(_temporal_answers, client),
                "person register": partial(_register_is_there, database),
                "report mailbox": partial(_mailbox_answers, mailbox_of(settings, Account.REPORT)),
            },
        )
    finally:
        await identity.close()
        await database.close()


async def _database_answers(database: Database) -> None:
    async with database.transaction() as session:
        await session.execute(text("SELECT 1"))


async def _register_is_there(database: Database) -> None:
    if await register_of(database).as_of() is None:
        raise LookupError("the register has not been imported yet")


async def _mailbox_answers(mailbox: Mailbox) -> None:
    await mailbox.count()


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
    recording = Recording(parts.database, FieldCipher(parts.keys), parts.by_hand)
    searching = Searching(parts.database, parts.register)
    contacts = Contacts(parts.database, parts.post.house.fallback if parts.post else None)
    linking = Linking(parts.database, cases)
    intake = Intake(parts.database, parts.report_mailbox, cases, deadlines)
    duties = Duties(parts.database, deadlines)
    tidings = Tidings(parts.database, cases)
    matches = MatchContexts(parts.database, cases)
    viewings = Viewings(deadlines)
    mistakes = SentMistakes(parts.database, cases)
    return [
        recording.load_case,
        recording.record_turn,
        searching.search_entry,
        linking.link_person,
        Duplicates(parts.database).mirror_duplicate,
        linking.new_numbers,
        linking.entry_joins,
        deadlines.call_ladder,
        deadlines.week_times,
        contacts.contact_now,
        contacts.service_manager_for,
        *_post_activities(parts),
        deadlines.form_clock,
        deadlines.count_again,
        deadlines.next_reminder,
        duties.next_review,
        duties.soft_target,
        duties.pause,
        duties.person_again,
        duties.already_told,
        duties.report_entry_of,
        duties.unfiled,
        tidings.spread,
        tidings.open_case,
        mistakes.report_mistake,
        mistakes.look_at_sent,
        matches.match_context,
        matches.hold_property,
        matches.release_property,
        matches.approval_of,
        viewings.reminders,
        intake.open_friday,
        intake.read_mailbox,
        intake.start_entries,
        intake.progress,
        intake.cover_is_needed,
        intake.other_advisors,
    ]


def _post_activities(parts: WorkerParts) -> Sequence[Callable[..., Any]]:
    if parts.post is None:
        return []
    post = parts.post
    delivery = MailDelivery(parts.database, post.secure_mail, post.documents, post.house)
    return [delivery.deliver, returns_of(parts, post).sort_return]


def worker_of(parts: WorkerParts, *, instead: Sequence[Callable[..., Any]] = (), **options: Any) -> Worker:
    """The worker of every workflow and activity; a programming error fails its run instead of hanging it.

    `instead` are activities that take the place of those of the same name: tests inject faults with them.
    """
    replaced = {activity.__name__ for activity in instead}
    kept = [activity for activity in activities_of(parts) if activity.__name__ not in replaced]
    restrictions = SandboxRestrictions.default.with_passthrough_modules(*PASSED_THROUGH)
    return Worker(
        parts.client,
        task_queue=TASK_QUEUE,
        workflows=WORKFLOWS,
        activities=[*kept, *instead],
        workflow_runner=SandboxedWorkflowRunner(restrictions=restrictions),
        **options,
    )
