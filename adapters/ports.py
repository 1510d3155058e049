"""What the house needs from the outside world: one Protocol per system. Adapters are built in workers/wiring.py alone."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol


class Transient(Exception):
    """The outside system could not be reached or asked to try later: retry."""


class Permanent(Exception):
    """The outside system refused for good: a person must act."""


# -- report inbox and return mailbox (IMAPS, read-only) ---------------------------------------------


@dataclass(frozen=True)
class Attachment:
    """A file in a received message, in memory only."""

    file_name: str
    media_type: str
    content: bytes


@dataclass(frozen=True)
class ReceivedMessage:
    """A message as the mailbox holds it; reading it changes nothing there."""

    uid: int
    message_id: str
    received_at: datetime
    """When the mailbox took it (IMAP INTERNALDATE), UTC."""
    sender: str
    subject: str
    in_reply_to: str | None
    auto_submitted: bool
    """True for auto-replies and bounces (Auto-Submitted other than no, or a delivery report)."""
    delivery_report: bool
    text: str
    attachments: tuple[Attachment, ...]
    references: tuple[str, ...] = ()
    """Message-IDs of the thread it says it belongs to."""


class Mailbox(Protocol):
    """A mailbox opened with EXAMINE: nothing is deleted, flagged, saved or logged (P1.S1.N4, N5)."""

    async def messages(self, *, after_uid: int = 0) -> list[ReceivedMessage]:
        """Messages with a UID above `after_uid`, oldest first. Raises Transient when unreachable."""
        ...

    async def count(self) -> int:
        """How many messages the mailbox holds; must never fall (PRV-3)."""
        ...


# -- person register (Kotahi) ------------------------------------------------------------------------


@dataclass(frozen=True)
class SearchHit:
    """One register person found by one search, with the reason in one line."""

    person_ref: str
    score: float
    """0 to 1; 1 is an exact hit on the field searched."""
    reason: str


@dataclass(frozen=True)
class RegisterPerson:
    """A person as the register holds it."""

    person_ref: str
    surname: str
    given_names: str
    date_of_birth: date | None
    gender: str | None
    address: str
    suburb: str
    town: str
    postcode: str
    area_office: str
    record_state: str
    occupancy: str
    property_ref: str | None
    household_ref: str | None
    other_names: tuple[str, ...]
    former_addresses: tuple[str, ...]
    updated_at: datetime | None
    absent_since: datetime | None
    """When an import first came without this person (the record is flagged, never deleted)."""


class PersonRegister(Protocol):
    """Kotahi's register of persons, read for searches (P1.S2)."""

    async def search_name(self, term: str, *, limit: int = 50) -> list[SearchHit]:
        """Full name, % as wildcard; macrons, hyphens, swapped names and close spellings are found."""
        ...

    async def search_address(self, term: str, *, limit: int = 50) -> list[SearchHit]:
        """Address of present and former homes, % as wildcard."""
        ...

    async def search_date_of_birth(self, born: date, *, limit: int = 50) -> list[SearchHit]:
        """Date of birth; day and month swapped is found and says so."""
        ...

    async def is_one_of_our_homes(self, address: str) -> bool:
        """True when the address is one of the agency's properties (AMB-P1-17)."""
        ...

    async def person(self, person_ref: str) -> RegisterPerson | None:
        """The record of one person, or None."""
        ...

    async def persons(self, person_refs: list[str]) -> dict[str, RegisterPerson]:
        """The records of several persons by reference; unknown references are left out."""
        ...

    async def as_of(self) -> datetime | None:
        """When the register's data were last brought up to date (UTC), or None before the first import."""
        ...


# -- secure mail (SEEMail / Secure Government Email) ----------------------------------------------------


@dataclass(frozen=True)
class OutgoingMail:
    """One message for the gateway. Only the attachments and `text` travel encrypted; the subject is opaque."""

    message_id: str
    """Stable over retries; derived from the outbox row."""
    sender: str
    to: tuple[str, ...]
    cc: tuple[str, ...]
    subject: str
    text: str
    classification: str
    attachments: tuple[Attachment, ...]


@dataclass(frozen=True)
class GatewayAcceptance:
    """The gateway's word that it has the message; its instant is day 0 of the clock."""

    accepted_at: datetime
    queue_id: str


class SecureMail(Protocol):
    """The agency's mail gateway over verified TLS; nothing leaves without it."""

    async def send(self, mail: OutgoingMail) -> GatewayAcceptance:
        """Hand the message over. Raises Transient (try later) or Permanent (5xx, TLS not verified)."""
        ...

    async def find_accepted(self, message_id: str) -> GatewayAcceptance | None:
        """Ask the gateway's journal whether it already took this Message-ID. Raises Transient when unreachable."""
        ...


# -- document store (Objective) ---------------------------------------------------------------------------


class DocumentStore(Protocol):
    """Access-restricted storage; references are opaque, content is encrypted at rest."""

    async def put(self, content: bytes) -> str:
        """Store content once; the same content gives a new opaque reference each time. Returns the reference."""
        ...

    async def get(self, reference: str) -> bytes:
        """Read content back. Raises Permanent when the reference is unknown or the content was altered."""
        ...
