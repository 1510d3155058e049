"""What the embedded house begins with: synthetic register, staff, contacts, void properties, the last Friday's report."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta

import structlog
from sqlalchemy.dialects.postgresql import insert
from temporalio.client import Client

from activities.deadlines import Deadlines
from activities.intake import open_run
from activities.running_cases import RunningCases
from activities.void_properties import import_voids
from adapters.keys import load_keys
from adapters.mailbox import ImapMailbox
from adapters.register_import import import_register
from adapters.settings import Settings
from models.database import Database
from models.tables.case import StaffMember
from models.tables.cover import Deputy
from models.tables.mail import CorrectionsContact
from models.tables.register import RegisterAreaOffice
from procedures.local_time import local_date
from procedures.report_week import REPORT_AVAILABLE, last_opened_friday, local_instant
from procedures.tasks import SYSTEM
from workers.embedded import cast
from workers.embedded.mail_store import Account, MailStore
from workers.migrate import database_url
from workers.processes import StackError
from workers.wiring import mailbox_of, temporal_of, wall_clock

REFRESH_EVERY = timedelta(hours=6)
"""How often the register is brought up to date while the house is up; an old one may not be searched."""

VOIDS_AS_OF = datetime(2026, 1, 5, tzinfo=UTC)
"""The day of the synthetic list of void properties: a list that somebody imports later is never overwritten by it."""

DEPUTIES_FROM = datetime(2026, 1, 5, tzinfo=UTC)
"""Since when the synthetic deputies stand in."""

_log = structlog.stdlib.get_logger(__name__)


async def load_register(loader: Database, clock: Callable[[], datetime], also: Sequence[str] = ()) -> None:
    """The register through the real import, as of now; the cast's area offices keep the region codes of its staff.

    `also` are further lines of the file.
    """
    offices = [{"name": name, "region_code": code} for name, code in cast.AREA_OFFICES.items()]
    async with loader.transaction() as session:
        await session.execute(insert(RegisterAreaOffice).values(offices).on_conflict_do_nothing())
    lines = [*cast.register_csv().decode().splitlines(keepends=True), *also]
    report = await import_register(loader, lines, as_of=clock(), clock=clock)
    if report.bad:
        raise StackError(f"{len(report.bad)} rows of the synthetic register are bad: reinstall the package")


async def load_people(database: Database) -> None:
    """Staff as the cast has them now; contacts and deputies only where they are missing: staff may have changed them."""
    staff = [
        {
            "subject": person.subject,
            "name": person.name,
            "role": person.role.value,
            "region": person.region,
            "mail_address": person.email,
            "active": True,
        }
        for person in cast.staff()
    ]
    contacts = [
        {
            "contact_id": contact.contact_id,
            "office": contact.office,
            "kind": contact.kind.value,
            "name": contact.name,
            "phone": contact.phone,
            "secure_address": contact.secure_address,
            "regions": list(contact.regions),
            "valid_from": contact.valid_from,
            "version": 1,
        }
        for contact in cast.corrections_contacts()
    ]
    written = insert(StaffMember).values(staff)
    changed = {name: written.excluded[name] for name in ("name", "region", "mail_address")}
    async with database.transaction() as session:
        await session.execute(written.on_conflict_do_update(index_elements=["subject", "role"], set_=changed))
        await session.execute(insert(CorrectionsContact).values(contacts).on_conflict_do_nothing())
        await session.execute(insert(Deputy).values(_deputies()).on_conflict_do_nothing())


def _deputies() -> list[dict[str, object]]:
    return [
        {
            "deputy_id": f"cast-{post.role.value}-{post.region}",
            "role": post.role.value,
            "region": post.region,
            "subject": subject,
            "first_day": local_date(DEPUTIES_FROM),
            "recorded_by": SYSTEM.subject,
            "recorded_at": DEPUTIES_FROM,
        }
        for post, subject in cast.deputies().items()
    ]


async def load_voids(database: Database) -> None:
    """The list of void properties through the real import; the area offices must be there already."""
    lines = cast.voids_csv().decode().splitlines(keepends=True)
    done = await import_voids(database, lines, as_of=VOIDS_AS_OF)
    if done.bad:
        raise StackError(f"{len(done.bad)} rows of the synthetic void list are bad: reinstall the package")


async def deliver_report(store: MailStore, mailbox: ImapMailbox, friday: date) -> bool:
    """The report of a Friday into the mailbox, as of 11:30 local, unless it is there. Whether it was delivered now."""
    message = cast.report_message(friday)
    if await mailbox.headers_with_id(str(message["Message-ID"])):
        return False
    received_at = local_instant(friday, REPORT_AVAILABLE)
    await asyncio.to_thread(store.deliver, Account.REPORT, message.as_bytes(), received_at=received_at)
    return True


async def open_last_friday(
    database: Database, client: Client, store: MailStore, mailbox: ImapMailbox, at: datetime
) -> str:
    """Report and run of the most recent Friday that has opened; a repeat changes nothing. The run's case number."""
    friday = last_opened_friday(at)
    delivered = await deliver_report(store, mailbox, friday)
    cases = RunningCases(client)
    case_id = await open_run(database, cases, Deadlines(database), friday=friday, at=at)
    if delivered:
        await cases.tell(case_id, {"report": "delivered"})
    return case_id


class SeedingPart:
    """Not a server: seeds at the start, then keeps the register fresh and brings each Friday's report."""

    name = "Synthetic people and report"
    ports: Mapping[str, int] = {}
    addresses: Mapping[str, str] = {}

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._keeping: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Seed once; everything that is there already stays as it is."""
        await self._seed()
        self._keeping = asyncio.create_task(self._keep_fresh())

    async def ready(self) -> bool:
        """True once seeded."""
        return self._keeping is not None

    async def stop(self) -> None:
        """Stop waiting for the next turn."""
        if self._keeping is not None:
            self._keeping.cancel()
            await asyncio.gather(self._keeping, return_exceptions=True)
            self._keeping = None

    async def _seed(self) -> None:
        settings = self._settings
        store = MailStore(settings.home / "mail", settings.keys)
        loader = Database(database_url(settings, "loader"), pool_size=1)
        worker = Database(database_url(settings, "worker"), pool_size=1)
        try:
            await load_register(loader, wall_clock)
            await load_people(worker)
            await load_voids(worker)
            client = await temporal_of(settings, load_keys(settings), identity="seeding")
            mailbox = mailbox_of(settings, Account.REPORT)
            await open_last_friday(worker, client, store, mailbox, wall_clock())
        finally:
            await loader.close()
            await worker.close()

    async def _keep_fresh(self) -> None:
        while True:
            await asyncio.sleep((next_turn(now := wall_clock()) - now).total_seconds())
            try:
                await self._seed()
            except Exception:  # noqa: BLE001 - whatever it was, the next turn tries again
                _log.exception("seeding failed and is tried again")


def next_turn(now: datetime) -> datetime:
    """When to seed again (UTC): in a few hours, or at 11:30 on a Friday that comes before."""
    opening = local_instant(last_opened_friday(now) + timedelta(days=7), REPORT_AVAILABLE)
    return min(now + REFRESH_EVERY, opening)
