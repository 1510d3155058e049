"""A desk that sends secure mail: people, cases and contacts on record, a real gateway, and what became of each mail."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from itertools import count
from pathlib import Path
from typing import Any

from sqlalchemy import insert, select, update

from activities.composing import MailHouse
from activities.contacts import ContactDetails, Fallback, add_contact
from activities.mail_delivery import MailDelivery
from activities.recording import Recording
from adapters.documents_by_key import DocumentsByKey
from adapters.keys import FieldCipher, KeyRing
from models.tables.assessment import Assessment
from models.tables.audit import AuditEvent
from models.tables.case import CaseRecord, StaffMember, Task
from models.tables.mail import Document, SecureMessage
from models.tables.report import ReportEntry, ReportMessage, ReportRun
from procedures import EDITION
from procedures.exchange_state import Delivered
from procedures.mail_texts import Signature
from procedures.record import Effect, MailPrepared, MailSettled, PersonFileCreated, Turn
from procedures.tasks import SYSTEM, By
from procedures.terms import ContactKind
from tests.conftest import Databases
from tests.mail_fixtures import MailLab, mail_lab
from tests.workflows.people import Person, hold, import_people
from workers.embedded.mail_store import Account

NOW = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
"""Friday afternoon in New Zealand; six minutes before the gateway's own clock."""
CONFIRMED = NOW - timedelta(minutes=1)
ADVISOR = By(subject="advisor-1", name="Aroha Example", role="advisor-wellbeing-support")
DESK = "desk@corrections.example"
DOMAINS = frozenset({"corrections.example"})
HOUSE = MailHouse(
    sender="wellbeing@placement.test",
    corrections_domains=DOMAINS,
    staff_domains=frozenset({"placement.test"}),
    signature=Signature(
        "000 555 0100", "wellbeing@placement.test", "0800 301 501", "00 555 0100", "PO Box 0, Faketown"
    ),
)
CONTACT = ContactDetails(
    office="Harbourview",
    kind=ContactKind.CONTACT,
    name="Sam Contact",
    secure_address=DESK,
    valid_from=date(2026, 1, 5),
    verified_on=date(2026, 11, 2),
)

_numbers = count(1)


@dataclass
class MailOffice:
    """One fresh record beside a running mail system."""

    databases: Databases
    lab: MailLab
    store: DocumentsByKey
    keys: KeyRing
    folder: Path
    house: MailHouse = HOUSE
    turns: dict[str, int] = field(default_factory=dict)

    @property
    def delivery(self) -> MailDelivery:
        """The activity, over the real gateway."""
        mail = self.lab.secure_mail(domains=DOMAINS | {"placement.test"})
        pauses = (0.0, 0.2, 0.4)
        return MailDelivery(self.databases.worker, mail, self.store, self.house, journal_pauses=pauses)

    async def deliver(self, mail_id: str, at: datetime = NOW) -> Delivered:
        """Send one row."""
        return await self.delivery.deliver(mail_id, at)

    # -- what is on record --------------------------------------------------------------------------------

    async def case(
        self,
        person: Person | None,
        held: str | None = "D1P/PEN",
        *,
        procedure: str = "identify",
        **state: Any,
    ) -> str:
        """A case of this person, who holds an assessment; with a report entry and the green file."""
        number = next(_numbers)
        case_id = f"CASE{number:04}"
        entry_id = await self._entry(case_id, person, number) if person else None
        async with self.databases.worker.transaction() as session:
            await session.execute(
                insert(CaseRecord).values(
                    case_id=case_id, procedure=procedure, edition=EDITION, region="R01",
                    person_ref=person.ref if person else None, entry_id=entry_id, step="1.6",
                    waiting_for="Corrections", turn=0, state=state, opened_at=NOW,
                )
            )  # fmt: skip
        if person:
            await self.turn(case_id, PersonFileCreated(entry_id=entry_id, person_refs=[person.ref]), **state)
        if person and held:
            await hold(self.databases.worker, person.ref, held)
        return case_id

    async def _entry(self, case_id: str, person: Person, number: int, group: str = "New CSO") -> str:
        run_id, key = f"2020-01-{number % 27 + 1:02}", f"key-{number}"
        async with self.databases.worker.transaction() as session:
            await session.execute(
                insert(CaseRecord).values(
                    case_id=f"RUN{number}", procedure="intake", edition=EDITION, region="national",
                    step="1.1", waiting_for="nobody", turn=0, state={}, opened_at=NOW,
                )
            )  # fmt: skip
            await session.execute(
                insert(ReportRun).values(
                    run_id=run_id, friday=date(2020, 1, number % 27 + 1), case_id=f"RUN{number}",
                    state="received", opened_at=NOW,
                )
            )  # fmt: skip
            await session.execute(
                insert(ReportMessage).values(
                    message_key=key, run_id=run_id, received_at=NOW, content_digest="", read=1, accepted=1,
                    rejected=0, repeated=0, unknown_columns=[], staged_at=NOW,
                )
            )  # fmt: skip
            await session.execute(
                insert(ReportEntry).values(
                    entry_id=f"E{number}", run_id=run_id, message_key=key, row_number=1, state="accepted",
                    group=group, surname=person.surname, errors=[], notes=[], region="R01",
                    corrections_reference=f"PRN-{person.ref}", case_id=case_id,
                )
            )  # fmt: skip
        return f"E{number}"

    async def exit_entry(self, case_id: str, person: Person) -> None:
        """The report names the person in the group whose order has ceased."""
        await self._entry(case_id, person, next(_numbers), "Exit NSO")

    async def staff(self, subject: str, *, active: bool = True, role: str = ADVISOR.role) -> None:
        """Somebody who works here."""
        async with self.databases.owner.transaction() as session:
            session.add(
                StaffMember(
                    subject=subject, name=f"Staff {subject}", role=role, region="R01",
                    mail_address=f"{subject}@placement.test", active=active,
                )
            )  # fmt: skip

    async def turn(self, case_id: str, *effects: Effect, by: By = ADVISOR, **state: Any) -> None:
        """Record effects as a turn of the case."""
        number = self.turns[case_id] = self.turns.get(case_id, 0) + 1
        async with self.databases.worker.transaction() as session:
            held = await session.get_one(CaseRecord, case_id)
        await Recording(self.databases.worker, FieldCipher(self.keys)).record_turn(
            Turn(
                case_id=case_id, number=number, step="1.6", next_step="1.6", at=NOW, by=by,
                command_id=None, action="went on",
                effects=list(effects), state=held.state | state, waiting_for="Corrections", due_at=None,
                outcome=None,
                person_ref=held.person_ref,
            )
        )  # fmt: skip

    async def prepare(
        self,
        case_id: str,
        kind: str = "T-441",
        *,
        key: str = "1",
        contact_id: str | None = "desk",
        version: int = 1,
        by: By = ADVISOR,
        confirmed: datetime | None = CONFIRMED,
        fresh: int = 0,
        fields: dict[str, Any] | None = None,
        **more: Any,
    ) -> str:
        """An outbox row, written with a decision; answers the mail id. `fresh` tells one confirmation from another."""
        mail_id = f"{case_id}-{key}"
        confirmed = confirmed - timedelta(seconds=fresh) if confirmed else None
        prepared = MailPrepared(
            mail_id=mail_id, business_key=f"{case_id}/{kind}/{key}", kind=kind, reference=mail_id,
            contact_id=contact_id, contact_version=version if contact_id else None,
            confirmed_by=ADVISOR.subject if confirmed and contact_id else None,
            confirmed_at=confirmed if contact_id else None, fields=(fields or {}) | more,
        )  # fmt: skip
        await self.turn(case_id, prepared, by=by)
        return mail_id

    async def cancel(self, case_id: str, mail_id: str) -> None:
        """The case says that the mail shall not go."""
        await self.turn(
            case_id, MailSettled(mail_id=mail_id, state="cancelled", reason="the form has come"), by=SYSTEM
        )

    async def answered_task(self, case_id: str, task_id: str, *, approved: bool) -> str:
        """A privacy check that the manager has answered."""
        async with self.databases.worker.transaction() as session:
            await session.execute(
                insert(Task).values(
                    task_id=task_id, case_id=case_id, kind="privacy_check", step="2.1", region="R01", state="done",
                    procedure="check_suitability", role="manager-housing-wellbeing-support", context={}, opened_at=NOW,
                    version=1, answer={"approved": approved},
                )
            )  # fmt: skip
        return task_id

    async def recode(self, person: Person, code: str) -> None:
        """Another outcome of the person's assessment."""
        async with self.databases.worker.transaction() as session:
            await session.execute(
                update(Assessment).where(Assessment.person_ref == person.ref).values(code=code)
            )

    # -- what became of it --------------------------------------------------------------------------------

    async def row(self, mail_id: str) -> SecureMessage:
        """The outbox row."""
        async with self.databases.worker.transaction() as session:
            return await session.get_one(SecureMessage, mail_id)

    async def documents(self, travelled_with: str) -> dict[str, Document]:
        """The documents of a mail, by form."""
        async with self.databases.worker.transaction() as session:
            rows = await session.scalars(select(Document).where(Document.message_id == travelled_with))
            return {row.form: row for row in rows}

    async def events(self, subject: str, action: str) -> Sequence[AuditEvent]:
        """Audit events about a mail."""
        async with self.databases.worker.transaction() as session:
            rows = await session.scalars(
                select(AuditEvent).where(AuditEvent.subject == subject, AuditEvent.action == action)
            )
            return rows.all()

    def journal(self, mail_id: str) -> list[EmailMessage]:
        """What the gateway took of this mail."""
        everything = (
            message_from_bytes(stored.content, policy=policy.default)
            for stored in self.lab.store.messages(Account.JOURNAL)
        )
        return [message for message in everything if message["Message-ID"] == f"<{mail_id}@placement.test>"]

    def with_fallback(self, address: str) -> None:
        """Configure the fallback address."""
        self.house = replace(self.house, fallback=Fallback(address))


async def add_contact_of_kind(office: MailOffice, contact_id: str, kind: ContactKind, address: str) -> None:
    """Another entry of the same office in the directory."""
    details = CONTACT.model_copy(update={"kind": kind, "secure_address": address})
    await add_contact(office.databases.api, contact_id, details, by=ADVISOR, at=NOW)


@asynccontextmanager
async def running_lab(folder: Path) -> AsyncIterator[MailLab]:
    """The embedded mail system, which also takes mail to our own staff."""
    async with mail_lab(folder, domains=(*DOMAINS, "placement.test")) as lab:
        yield lab


async def open_office(databases: Databases, lab: MailLab, folder: Path, *others: Person) -> MailOffice:
    """People imported, one contact in the directory."""
    await import_people(databases.loader, *others)
    await add_contact(databases.api, "desk", CONTACT, by=ADVISOR, at=NOW)
    keys = KeyRing.fresh()
    return MailOffice(databases, lab, DocumentsByKey(folder / "documents", keys), keys, folder)
