"""Houses whose parts a test stops and starts: worker, PostgreSQL, Temporal with a database file, and a real mail gateway."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

from sqlalchemy import select
from temporalio import activity
from temporalio.api.enums.v1 import EventType
from temporalio.client import Client
from temporalio.testing import WorkflowEnvironment

from activities.composing import MailHouse
from activities.deadlines import Deadlines
from activities.mail_delivery import MailDelivery
from adapters.documents_by_key import DocumentsByKey
from adapters.keys import KeyRing
from adapters.mailbox import ImapMailbox, MailboxAddress
from adapters.search_attributes import DEV_SERVER_TYPES
from adapters.secure_mail import GatewayAddress, GatewayMail
from adapters.settings import read_settings
from adapters.temporal import connect
from models.database import Database
from models.tables.case import TurnRecord
from procedures.clocks import ClockKind, WorkingDayClock
from procedures.mail_texts import Signature
from tests.conftest import Databases, free_port
from tests.workflows.gateway import Gateway, add_contacts
from tests.workflows.people import import_people
from tests.workflows.running import House, InboxInMemory, eventually
from tests.workflows.skipping import Virtual
from workers.embedded.authority import ensure_authority
from workers.embedded.mail_gateway import MailGateway
from workers.embedded.mail_store import GATEWAY_USER, Account, MailStore, mail_passwords, system_clock
from workers.embedded.mailboxes import MailboxServer
from workers.embedded.postgres import EmbeddedPostgres
from workers.embedded.temporal_server import TemporalServer
from workers.migrate import migrate
from workers.wiring import WorkerParts, register_of

ROLES = ("owner", "api", "worker", "loader", "auditor")
DOMAIN = "corrections.test"


async def furnished(
    databases: Databases, keys: KeyRing, client: Client, environment: WorkflowEnvironment
) -> tuple[Virtual, WorkerParts]:
    """People and contacts on record, and what a worker needs; the worker itself is the test's to start and stop."""
    await import_people(databases.loader)
    await add_contacts(databases.owner)
    inbox = InboxInMemory(date(2026, 11, 27))
    gateway = Gateway(databases.worker, environment.get_current_time)
    parts = WorkerParts(
        database=databases.worker,
        client=client,
        keys=keys,
        report_mailbox=inbox,
        register=register_of(databases.worker),
    )
    house = House(client, databases.worker, inbox, keys, environment, databases.loader)
    return Virtual(house, environment, gateway, databases), parts


@asynccontextmanager
async def databases_of(cluster: EmbeddedPostgres) -> AsyncIterator[Databases]:
    """A migrated database on a cluster that the test may stop."""
    name = "placement"
    await asyncio.to_thread(cluster.create_database, name)
    await migrate(cluster.url("owner", name))
    databases = Databases(name, *(Database(cluster.url(role, name), pool_size=4) for role in ROLES))
    try:
        yield databases
    finally:
        await databases.close()


@dataclass
class KillableTemporal:
    """The dev server on a database file, to be killed and started again."""

    part: TemporalServer

    async def start(self) -> None:
        """Start it and wait until it serves."""
        await self.part.start()

        async def serves() -> bool | None:
            return True if await self.part.ready() else None

        await eventually(serves, "Temporal does not serve")

    async def kill(self) -> None:
        """No chance to write anything more."""
        process = self.part._process
        assert process is not None
        os.killpg(process.pid, signal.SIGKILL)
        await process.wait()


@asynccontextmanager
async def killable_temporal(
    home: Path, keys: KeyRing
) -> AsyncIterator[tuple[KillableTemporal, Client, WorkflowEnvironment]]:
    """Server, client and the environment that tells its time."""
    settings = read_settings(
        {
            "PLACEMENT_HOME": str(home),
            "PLACEMENT_TEMPORAL_PORT": str(free_port()),
            "PLACEMENT_TEMPORAL_UI_PORT": str(free_port()),
        }
    )
    temporal = KillableTemporal(TemporalServer(settings, DEV_SERVER_TYPES))
    try:
        await temporal.start()
        client = await connect(settings, keys, identity="test")
        yield temporal, client, WorkflowEnvironment.from_client(client)
    finally:
        await temporal.part.stop()


@dataclass
class RealGateway:
    """The embedded secure mail gateway and its journal, on the machine's clock."""

    gateway: MailGateway
    journal: ImapMailbox
    delivery: MailDelivery

    async def copies(self) -> int:
        """How many messages it has taken."""
        return await self.journal.count()


@asynccontextmanager
async def real_gateway(folder: Path, databases: Databases, keys: KeyRing) -> AsyncIterator[RealGateway]:
    """Gateway and mailboxes over TLS, and the real delivery activity that hands mail to them."""
    authority = ensure_authority(folder / "keys", now=system_clock())
    passwords = mail_passwords(folder / "keys")
    store = MailStore(folder / "mail", folder / "keys")
    context = authority.server_context()
    gateway = MailGateway(store, passwords[GATEWAY_USER], context, 0, domains=(DOMAIN,))
    mailboxes = MailboxServer(store, passwords, context, 0)
    await mailboxes.start()
    await gateway.start()
    journal = ImapMailbox(
        MailboxAddress(
            "localhost", mailboxes.port, Account.JOURNAL, passwords[Account.JOURNAL], authority.ca_file
        )
    )
    address = GatewayAddress(
        "localhost",
        gateway.port,
        GATEWAY_USER,
        passwords[GATEWAY_USER],
        authority.ca_file,
        frozenset({DOMAIN}),
        timeout=10,
    )
    agency = MailHouse(
        sender="wellbeing@placement.test",
        corrections_domains=frozenset({DOMAIN}),
        staff_domains=frozenset({"placement.test"}),
        signature=Signature(
            "000 555 0100", "wellbeing@placement.test", "0800 301 501", "00 555 0100", "PO Box 0"
        ),
    )
    documents = DocumentsByKey(folder / "documents", keys)
    mail = GatewayMail(address, journal, system_clock)
    delivery = MailDelivery(databases.worker, mail, documents, agency, journal_pauses=(0.0, 0.2))
    try:
        yield RealGateway(gateway, journal, delivery)
    finally:
        await gateway.stop()
        await mailboxes.stop()


@dataclass
class SoonDue:
    """Counts every clock as it is counted, but lets the first letter go some seconds from now: a test can wait for that."""

    deadlines: Deadlines
    wait: timedelta
    at: datetime | None = None
    """When the first letter may go (UTC), once the clock was asked for."""

    @activity.defn
    async def form_clock(
        self, kind: ClockKind, accepted_at: datetime, calendar: str | None, edition: str, days: int | None
    ) -> WorkingDayClock:
        """As Deadlines.form_clock."""
        counted = await self.deadlines.form_clock(kind, accepted_at, calendar, edition, days)
        if kind is ClockKind.LETTER_ANSWER:
            return counted
        self.at = system_clock() + self.wait
        return counted.model_copy(update={"letter_opens_at": self.at})

    async def passed(self) -> bool | None:
        """True once the machine's clock is past the instant."""
        return True if self.at is not None and system_clock() > self.at else None


async def run_of(client: Client, case_id: str) -> tuple[str | None, str]:
    """Run id and status of the case's run."""
    described = await client.get_workflow_handle(case_id).describe()
    return described.run_id, described.status.name if described.status else "NONE"


async def timers_standing(client: Client, case_id: str) -> list[datetime]:
    """When each timer fires that was started and has neither fired nor been cancelled (UTC)."""
    standing: dict[int, datetime] = {}
    async for event in client.get_workflow_handle(case_id).fetch_history_events():
        match event.event_type:
            case EventType.EVENT_TYPE_TIMER_STARTED:
                wait = event.timer_started_event_attributes.start_to_fire_timeout.ToTimedelta()
                begun = event.event_time.ToDatetime(tzinfo=system_clock().tzinfo)
                standing[event.event_id] = begun + wait
            case EventType.EVENT_TYPE_TIMER_FIRED:
                del standing[event.timer_fired_event_attributes.started_event_id]
            case EventType.EVENT_TYPE_TIMER_CANCELED:
                del standing[event.timer_canceled_event_attributes.started_event_id]
    return list(standing.values())


def stands_for(timers: list[datetime], instant: datetime) -> bool:
    """One timer, that fires at this instant: never earlier, later by no more than its writing took."""
    return len(timers) == 1 and timedelta(0) <= timers[0] - instant < timedelta(minutes=1)


async def turns_of(databases: Databases, command_id: str) -> int:
    """How many turns were written for one command."""
    async with databases.worker.transaction() as session:
        found = await session.scalars(select(TurnRecord).where(TurnRecord.command_id == command_id))
        return len(found.all())
