"""The mail gateway and the directory of workflow tests: mail is taken at once, at the server's time, or fails as told."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select, update
from temporalio import activity
from temporalio.exceptions import ApplicationError

from models.database import Database
from models.tables.mail import CorrectionsContact, SecureMessage
from procedures.exchange_state import Delivered

CONTACT = {"contact_id": "contact-1", "contact_version": 1, "recipient_confirmed": True}
SERVICE_MANAGER = {"contact_id": "manager-1", "contact_version": 1, "recipient_confirmed": True}
SEND_FACTS = {"contact_unchanged": True, "refusals": []}


@dataclass
class Gateway:
    """Takes mail in place of the delivery activity. `answers` decides about the next mails, oldest first."""

    database: Database
    now: Callable[[], Awaitable[datetime]]
    answers: list[str] = field(default_factory=list)
    """accepted (default), refused, failed, or away: away raises, and the mail is tried again."""
    sent: list[tuple[str, datetime]] = field(default_factory=list)
    """Mail id and acceptance of everything taken."""

    @activity.defn(name="deliver")
    async def deliver(self, mail_id: str, at: datetime) -> Delivered:
        """One row, once: cancelled and accepted rows are left alone."""
        async with self.database.transaction() as session:
            row = await session.get_one(SecureMessage, mail_id, with_for_update=True)
            if row.state in ("cancelled", "accepted"):
                return self._said(mail_id, row.state, row.accepted_at)
            answer = self.answers.pop(0) if self.answers else "accepted"
            if answer == "away":
                raise ApplicationError("the gateway cannot be reached", type="Transient")
            row.state = answer
            row.accepted_at = await self.now() if answer == "accepted" else None
            if answer == "accepted":
                assert row.accepted_at is not None
                self.sent.append((mail_id, row.accepted_at))
            return self._said(mail_id, answer, row.accepted_at)

    @staticmethod
    def _said(mail_id: str, state: Any, accepted_at: datetime | None) -> Delivered:
        return Delivered(
            mail_id=mail_id,
            state=state,
            accepted_at=accepted_at,
            queue_id="Q1" if accepted_at else None,
            rule="PRV-5" if state == "refused" else None,
            problem=None if state in ("accepted", "cancelled") else "not taken",
        )

    async def kinds(self) -> list[str]:
        """Kind of each mail taken, in order."""
        async with self.database.transaction() as session:
            kind_of = {row.mail_id: row.kind for row in await session.scalars(select(SecureMessage))}
        return [kind_of[mail_id] for mail_id, _ in self.sent]


async def add_contacts(database: Database, calendar: str = "nz-national") -> None:
    """A contact and the service manager of one office."""
    async with database.transaction() as session:
        for contact_id, kind in (("contact-1", "contact"), ("manager-1", "service_manager")):
            session.add(
                CorrectionsContact(
                    contact_id=contact_id,
                    office="Harbourview",
                    kind=kind,
                    name="Sam Contact",
                    phone=None,
                    secure_address=f"{contact_id}@corrections.test",
                    regions=[],
                    valid_from=date(2026, 1, 1),
                    valid_to=None,
                    verified_by="manager-1",
                    verified_on=date(2026, 1, 1),
                    version=1,
                )
            )


async def change_contact(database: Database) -> None:
    """The directory has a newer version of the contact."""
    async with database.transaction() as session:
        await session.execute(
            update(CorrectionsContact).where(CorrectionsContact.contact_id == "contact-1").values(version=2)
        )


def hours(count: float) -> timedelta:
    """Elapsed hours."""
    return timedelta(hours=count)
