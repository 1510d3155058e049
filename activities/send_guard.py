"""What the guard of secure mail would say of a message before a person's confirmation is taken; nothing is written."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from activities.composing import MailHouse, compose
from activities.contacts import directory_entry
from models.database import Database
from models.tables.mail import SecureMessage
from procedures.form_exchange import SendFacts
from procedures.mail_guard import refusals_of
from procedures.mail_texts import SHAPES, MailKind
from procedures.proposed_mail import RecipientConfirmation
from procedures.tasks import By
from procedures.terms import Role

_PROPOSED = "proposed"


@dataclass(frozen=True)
class WantedMail:
    """A message that an answer would send, with the recipient as confirmed in it."""

    case_id: str
    kind: MailKind
    contact_id: str
    contact_version: int
    fields: Mapping[str, Any] = field(default_factory=dict)
    reference: str | None = None
    """What its subject would say; None when only the guard is asked."""


def proposed_row(wanted: WantedMail, *, by: By, at: datetime) -> SecureMessage:
    """An outbox row that is never written: the message as if this person had confirmed its recipient at `at`."""
    return SecureMessage(
        mail_id=_PROPOSED,
        case_id=wanted.case_id,
        kind=wanted.kind.value,
        reference=wanted.reference or f"{wanted.case_id}-0",
        contact_id=wanted.contact_id,
        contact_version=wanted.contact_version,
        recipient_confirmed_by=by.subject,
        recipient_confirmed_at=at,
        fields=dict(wanted.fields),
        created_at=at,
    )


async def send_facts(
    database: Database, house: MailHouse, wanted: WantedMail, *, by: By, at: datetime
) -> SendFacts:
    """Whether the contact is still the confirmed one, and every rule that would refuse the message (PRV-6, DEF-3)."""
    row = proposed_row(wanted, by=by, at=at)
    async with database.transaction() as session:
        held = await directory_entry(session, wanted.contact_id, house.fallback)
        letter = await compose(session, row, at, house)
    confirmed = RecipientConfirmation(
        confirmed_by=by.subject,
        role=Role(by.role),
        confirmed_at=at,
        contact_id=wanted.contact_id,
        contact_version=wanted.contact_version,
        mail_id=_PROPOSED,
        forms=SHAPES[wanted.kind].forms,
    )
    refusals = refusals_of(letter.proposed.model_copy(update={"confirmation": confirmed}))
    return SendFacts(
        contact_unchanged=held is not None and held.version == wanted.contact_version,
        refusals=tuple((refusal.rule, refusal.reason) for refusal in refusals),
    )
