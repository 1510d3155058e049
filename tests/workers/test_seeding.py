"""What the embedded house begins with: everything once, however often it is seeded."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import func, select, update

from activities.void_properties import import_voids
from adapters.keys import KeyRing
from adapters.mailbox import ImapMailbox, MailboxAddress
from models.tables.case import StaffMember, Task
from models.tables.cover import Deputy
from models.tables.mail import CorrectionsContact
from models.tables.placement import VoidProperty
from models.tables.register import RegisterAreaOffice, RegisterPerson
from models.tables.report import ReportEntry, ReportRun
from procedures.report_week import PACIFIC_AUCKLAND
from tests.conftest import Databases
from tests.workflows.running import eventually, local_environment
from workers.embedded import cast
from workers.embedded.authority import ensure_authority
from workers.embedded.mail_store import Account, MailStore, mail_passwords, system_clock
from workers.embedded.mailboxes import MailboxServer
from workers.embedded.seeding import (
    deliver_report,
    load_people,
    load_register,
    load_voids,
    next_turn,
    open_last_friday,
)
from workers.wiring import WorkerParts, register_of, worker_of

SUNDAY = datetime(2026, 11, 29, 2, 0, tzinfo=UTC)
FRIDAY = date(2026, 11, 27)


@dataclass(frozen=True)
class Post:
    """A running mailbox server, its storage and a client of the report mailbox."""

    store: MailStore
    mailbox: ImapMailbox


@pytest.fixture
async def post(tmp_path: Path) -> AsyncIterator[Post]:
    authority = ensure_authority(tmp_path, now=system_clock())
    store, passwords = MailStore(tmp_path / "mail", tmp_path), mail_passwords(tmp_path)
    server = MailboxServer(store, passwords, authority.server_context(), 0)
    await server.start()
    address = MailboxAddress(
        "127.0.0.1", server.port, Account.REPORT, passwords[Account.REPORT], authority.ca_file
    )
    yield Post(store, ImapMailbox(address))
    await server.stop()


def _clock(at: datetime) -> datetime:
    return at


async def test_the_register_is_as_of_now_and_its_regions_are_those_of_the_staff(databases: Databases) -> None:
    """Work is routed to people who exist; the second import changes nothing but how fresh the register is."""
    register = register_of(databases.worker)
    for at in (SUNDAY, SUNDAY + timedelta(hours=6)):
        await load_register(databases.loader, partial(_clock, at))
        assert await register.as_of() == at
    async with databases.worker.transaction() as session:
        assert await session.scalar(select(func.count()).select_from(RegisterPerson)) == 64
        offices = await session.execute(select(RegisterAreaOffice.name, RegisterAreaOffice.region_code))
        assert {name: code for name, code in offices} == cast.AREA_OFFICES
    assert {person.region for person in cast.staff()} == set(cast.AREA_OFFICES.values())


async def test_people_are_there_once_and_what_staff_changed_stays(databases: Databases) -> None:
    await load_people(databases.worker)
    contact = cast.corrections_contacts()[0]
    async with databases.owner.transaction() as session:
        await session.execute(
            update(CorrectionsContact)
            .where(CorrectionsContact.contact_id == contact.contact_id)
            .values(phone="00 555 0999", version=2)
        )
        await session.execute(update(StaffMember).values(name="Somebody Else"))
    await load_people(databases.worker)
    async with databases.worker.transaction() as session:
        held = await session.get_one(CorrectionsContact, contact.contact_id)
        assert (held.phone, held.version) == ("00 555 0999", 2)
        assert await session.scalar(select(func.count()).select_from(CorrectionsContact)) == 8
        staff = {row.subject: row.name for row in await session.scalars(select(StaffMember))}
        deputies = {(row.role, row.region): row.subject for row in await session.scalars(select(Deputy))}
    assert staff == {person.subject: person.name for person in cast.staff()}
    assert deputies == {(post.role.value, post.region): who for post, who in cast.deputies().items()}


async def test_3_1_void_properties_are_there_and_a_later_list_stays(databases: Databases) -> None:
    """What somebody imported after the synthetic list is not undone by the next seeding."""
    await load_register(databases.loader, lambda: SUNDAY)
    await load_voids(databases.worker)
    later = [
        "property_ref,address,area_office,state,notes\n",
        "PR-7101,5 Empty Row,Lanternvale,let,Let now.\n",
    ]
    await import_voids(databases.worker, later, as_of=SUNDAY)
    await load_voids(databases.worker)
    async with databases.worker.transaction() as session:
        homes = {home.property_ref: home for home in await session.scalars(select(VoidProperty))}
        lived_in = set(await session.scalars(select(RegisterPerson.property_ref)))
    assert homes["PR-7101"].state == "let"
    assert {home.region for home in homes.values()} == set(cast.AREA_OFFICES.values())
    assert len({ref for ref, home in homes.items() if home.state == "void"} - lived_in) >= 4
    assert "PR-7026" in lived_in


async def test_1_1_the_report_of_a_friday_arrives_once_in_its_own_week(post: Post) -> None:
    assert await deliver_report(post.store, post.mailbox, FRIDAY)
    assert not await deliver_report(post.store, post.mailbox, FRIDAY)
    (message,) = await post.mailbox.messages()
    received = message.received_at.astimezone(PACIFIC_AUCKLAND)
    assert (received.date(), received.hour, received.minute) == (FRIDAY, 11, 30)
    assert await deliver_report(post.store, post.mailbox, FRIDAY + timedelta(days=7))
    assert await post.mailbox.count() == 2


async def test_1_1_seeding_opens_the_last_friday_and_its_tasks_appear_by_themselves(
    databases: Databases, post: Post
) -> None:
    """One task per accepted row, and none twice after a second seeding."""
    keys = KeyRing.fresh()
    server = await local_environment(keys)
    try:
        await load_register(databases.loader, lambda: SUNDAY)
        parts = WorkerParts(
            databases.worker, server.client, keys, post.mailbox, register_of(databases.worker)
        )
        async with worker_of(parts):
            for _ in range(2):
                case_id = await open_last_friday(
                    databases.worker, server.client, post.store, post.mailbox, SUNDAY
                )
                assert case_id == "R-2026-11-27"
                assert await eventually(lambda: _match_tasks(databases), "not every row has its task") == 22
        async with databases.worker.transaction() as session:
            assert list(await session.scalars(select(ReportRun.friday))) == [FRIDAY]
            assert await session.scalar(select(func.count()).select_from(ReportEntry)) == 23
    finally:
        await server.shutdown()


async def _match_tasks(databases: Databases) -> int | None:
    """How many rows wait to be matched, once all 22 do."""
    query = select(func.count()).select_from(Task).where(Task.kind == "match_entry", Task.state == "open")
    async with databases.worker.transaction() as session:
        count = await session.scalar(query) or 0
    return count if count >= 22 else None


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        pytest.param(SUNDAY, SUNDAY + timedelta(hours=6), id="the register stays fresh"),
        pytest.param(
            datetime(2026, 12, 3, 20, 0, tzinfo=UTC), datetime(2026, 12, 3, 22, 30, tzinfo=UTC), id="next Friday"
        ),
    ],
)  # fmt: skip
def test_seeding_takes_its_next_turn_in_time_for_the_friday(now: datetime, expected: datetime) -> None:
    assert next_turn(now) == expected
