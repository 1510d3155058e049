"""The Corrections directory: whom at which office to write to, since when, and who verified it."""

import hashlib
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from pydantic import Field, model_validator
from sqlalchemy import or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from temporalio import activity

from activities.audit import write_audit
from models.database import Database
from models.tables.mail import CorrectionsContact, CorrectionsContactVersion
from procedures.local_time import local_date
from procedures.refusals import Refused
from procedures.tasks import By, Frozen
from procedures.terms import ContactKind
from procedures.working_days import CalendarName

FALLBACK_ID = "fallback"
_DETAILS = (
    "office", "kind", "name", "phone", "secure_address", "regions",
    "valid_from", "valid_to", "verified_by", "verified_on", "calendar",
)  # fmt: skip


@dataclass(frozen=True)
class Fallback:
    """The address to use when no local contact is known; unset, sending is blocked (P1.S6.b4, AMB-P1-8)."""

    address: str | None = None

    def entry(self) -> CorrectionsContact | None:
        """The fallback as an entry of the directory; another address is another version. None when unset."""
        if not self.address:
            return None
        return CorrectionsContact(
            contact_id=FALLBACK_ID,
            office="Department of Corrections",
            kind=ContactKind.FALLBACK.value,
            name="Fallback address",
            secure_address=self.address,
            regions=[],
            valid_from=date.min,
            version=int(hashlib.sha256(self.address.encode()).hexdigest()[:7], 16) + 1,
            calendar=CalendarName.NZ_NATIONAL.value,
        )


class ContactDetails(Frozen):
    """What a person enters of a contact."""

    office: str = Field(min_length=1)
    kind: ContactKind
    name: str = Field(min_length=1)
    phone: str | None = None
    secure_address: str | None = Field(
        default=None, pattern=r"^[A-Za-z0-9._+'&=-]{1,64}@[A-Za-z0-9.-]{1,253}$"
    )
    regions: tuple[str, ...] = ()
    valid_from: date
    valid_to: date | None = None
    verified_on: date | None = Field(
        default=None, description="When the details were checked with the office"
    )
    calendar: CalendarName = CalendarName.NZ_NATIONAL

    @model_validator(mode="after")
    def _makes_sense(self) -> "ContactDetails":
        if self.kind is ContactKind.FALLBACK:
            raise ValueError("the fallback address is a setting, not an entry of the directory")
        if self.valid_to and self.valid_to < self.valid_from:
            raise ValueError("valid_to is not before valid_from")
        return self


class ContactNow(Frozen):
    """A contact as the directory has it at an instant."""

    valid: bool
    """In the directory, valid on the local day, and with an address."""
    unchanged: bool
    """Still the version that was confirmed."""
    kind: ContactKind | None
    calendar: str


class Contacts:
    """Reads the directory for the workflows."""

    def __init__(self, database: Database, fallback: Fallback | None = None) -> None:
        self._database = database
        self._fallback = fallback or Fallback()

    @activity.defn
    async def contact_now(self, contact_id: str, version: int, at: datetime) -> ContactNow:
        """Whether a confirmed contact may still be written to, and the calendar of its office (PRV-6, CAL-NZ-7)."""
        async with self._database.transaction() as session:
            held = await directory_entry(session, contact_id, self._fallback)
        if held is None:
            return ContactNow(
                valid=False, unchanged=False, kind=None, calendar=CalendarName.NZ_NATIONAL.value
            )
        return ContactNow(
            valid=_valid(held, local_date(at)),
            unchanged=held.version == version,
            kind=ContactKind(held.kind),
            calendar=held.calendar,
        )

    @activity.defn
    async def service_manager_for(self, contact_id: str, at: datetime) -> str | None:
        """The valid service manager of the contact's office, the last verified first; None when there is none."""
        today = local_date(at)
        async with self._database.transaction() as session:
            office = select(CorrectionsContact.office).where(CorrectionsContact.contact_id == contact_id)
            found = await session.scalars(
                select(CorrectionsContact)
                .where(
                    CorrectionsContact.office == office.scalar_subquery(),
                    CorrectionsContact.kind == ContactKind.SERVICE_MANAGER.value,
                    CorrectionsContact.valid_from <= today,
                    or_(CorrectionsContact.valid_to.is_(None), CorrectionsContact.valid_to >= today),
                )
                .order_by(CorrectionsContact.verified_on.desc().nulls_last(), CorrectionsContact.contact_id)
            )
            return next((held.contact_id for held in found if held.secure_address), None)


async def directory_entry(
    session: AsyncSession, contact_id: str, fallback: Fallback
) -> CorrectionsContact | None:
    """The entry as it is now, the configured fallback among them; None when there is none."""
    if contact_id == FALLBACK_ID:
        return fallback.entry()
    return await session.get(CorrectionsContact, contact_id)


def _valid(held: CorrectionsContact, today: date) -> bool:
    begun, over = held.valid_from <= today, held.valid_to is not None and held.valid_to < today
    return begun and not over and bool(held.secure_address)


async def add_contact(
    database: Database, contact_id: str, details: ContactDetails, *, by: By, at: datetime
) -> bool:
    """Enter a contact. False when this id is in the directory already: replace it instead."""
    if contact_id == FALLBACK_ID:
        raise Refused("AMB-P1-8", "the fallback address is a setting, not an entry of the directory")
    async with database.transaction() as session:
        new = await session.scalar(
            insert(CorrectionsContact)
            .values(contact_id=contact_id, version=1, **_values(details, by))
            .on_conflict_do_nothing()
            .returning(CorrectionsContact.contact_id)
        )
        if new is None:
            return False
        await _audit(session, "contact added", contact_id, 1, by, at)
    return True


async def replace_contact(
    database: Database,
    contact_id: str,
    details: ContactDetails,
    *,
    seen_version: int,
    by: By,
    at: datetime,
) -> int:
    """Change a contact: the old details are kept, and whoever had confirmed them must confirm anew (PRV-6).

    Returns the new version. Raises Refused (AMB-X-3) when it is not in the directory as seen.
    """
    async with database.transaction() as session:
        held = await session.get(CorrectionsContact, contact_id, with_for_update=True)
        if held is None or held.version != seen_version:
            raise Refused("AMB-X-3", "somebody has changed this contact: look at it again")
        await session.execute(
            insert(CorrectionsContactVersion).values(
                contact_id=contact_id,
                version=held.version,
                details={name: _plain(getattr(held, name)) for name in _DETAILS},
                replaced_by=by.subject,
                replaced_at=at,
            )
        )
        version = held.version + 1
        await session.execute(
            update(CorrectionsContact)
            .where(CorrectionsContact.contact_id == contact_id)
            .values(version=version, **_values(details, by))
        )
        await _audit(session, "contact changed", contact_id, version, by, at)
    return version


def _values(details: ContactDetails, by: By) -> dict[str, Any]:
    return details.model_dump() | {
        "kind": details.kind.value,
        "calendar": details.calendar.value,
        "regions": list(details.regions),
        "verified_by": by.subject if details.verified_on else None,
    }


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


async def _audit(
    session: AsyncSession, action: str, contact_id: str, version: int, by: By, at: datetime
) -> None:
    await write_audit(
        session,
        by=by,
        at=at,
        action=action,
        subject=contact_id,
        step="A",
        detail={"version": version},
        business_key=f"contact/{contact_id}/{version}",
    )
