"""Handing an outbox row to the mail gateway: never missed, never twice, and never past the guard."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncConnection
from temporalio import activity

from activities import outbox
from activities.composing import Letter, MailHouse, compose, forms_of
from activities.filing import MESSAGE, NewDocument, StoredDocument, store_document
from adapters.forms_pdf import render
from adapters.ports import (
    Attachment,
    DocumentStore,
    GatewayAcceptance,
    OutgoingMail,
    Permanent,
    SecureMail,
    Transient,
)
from models.database import Database
from models.tables.audit import AuditEvent
from models.tables.mail import SecureMessage
from procedures.editions import edition
from procedures.exchange_state import Delivered
from procedures.mail_guard import Refusal, refusals_of

PDF = "application/pdf"
JOURNAL_PAUSES = (0.0, 2.0, 5.0)
"""Seconds before each look into the journal: the gateway may still be taking what a dead attempt gave it."""

_LOCK = "hashtextextended('secure_message/' || :mail_id, 0)"


@dataclass(frozen=True)
class _Ready:
    """A message that may leave: what is sent, and what of it is filed."""

    mail: OutgoingMail
    documents: tuple[StoredDocument, ...]


class MailDelivery:
    """Sends outbox rows; one attempt at a time per message, whatever dies on the way."""

    def __init__(
        self,
        database: Database,
        mail: SecureMail,
        store: DocumentStore,
        house: MailHouse,
        *,
        journal_pauses: Sequence[float] = JOURNAL_PAUSES,
    ) -> None:
        self._database = database
        self._mail = mail
        self._store = store
        self._house = house
        self._journal_pauses = journal_pauses

    @activity.defn
    async def deliver(self, mail_id: str, at: datetime) -> Delivered:
        """Send one message, or say why it does not go; `at` (UTC) is the instant of the guard and of the form.

        Raises Transient when gateway, journal, store or another attempt say "later"; a repeat goes on from there.
        Raises LookupError when the record has no such message.
        """
        async with self._only_attempt(mail_id) as lock:
            row = await self._row(mail_id)
            settled = _settled(row)
            if settled is not None:
                return settled
            if row.state == "sending":
                found = await self._in_the_journal(row)
                if found is not None:
                    return await self._accepted(row, found, at, found_in_journal=True)
            if await self._cancelled_meanwhile(row):
                return await self._cancelled(row, at)
            try:
                return await self._attempt(row, at, lock)
            except Permanent as error:
                await outbox.fail(self._database, row, str(error), at)
                return _outcome(row, "failed", problem=str(error))

    async def _attempt(self, row: SecureMessage, at: datetime, lock: AsyncConnection) -> Delivered:
        async with self._database.transaction() as session:
            letter = await compose(session, row, at, self._house)
        refusals = refusals_of(letter.proposed)
        if refusals:
            return await self._refused(row, refusals, at)
        ready = await self._ready(row, letter, at)
        attempt = await outbox.reserve(self._database, row, ready.mail.to, ready.documents, at)
        if attempt is None:
            return _settled(await self._row(row.mail_id)) or _outcome(row, "cancelled")
        await _still_ours(lock)
        acceptance = await self._mail.send(ready.mail)
        return await self._accepted(row, acceptance, at, found_in_journal=False)

    async def _ready(self, row: SecureMessage, letter: Letter, at: datetime) -> _Ready:
        """Render each form once: a message that is sent again carries the very documents of its first attempt."""
        documents, attachments = [], []
        for fields in forms_of(row, letter, self._house):
            content = await asyncio.to_thread(render, fields, at, edition(letter.edition))
            form = fields.form.value
            stored, kept = await store_document(
                self._database,
                self._store,
                NewDocument(f"{row.mail_id}-{form}", form, "out", PDF, content),
            )
            documents.append(stored)
            attachments.append(Attachment(f"{form} {row.reference}.pdf", PDF, kept))
        proposed = letter.proposed
        mail = OutgoingMail(
            message_id=row.message_id,
            sender=self._house.sender,
            to=tuple(address for address in proposed.addresses if address not in letter.copies),
            cc=letter.copies,
            subject=proposed.subject,
            text=proposed.text,
            classification=proposed.classification.value if proposed.classification else "",
            attachments=tuple(attachments),
        )
        written, _ = await store_document(
            self._database,
            self._store,
            NewDocument(f"{row.mail_id}-{MESSAGE}", MESSAGE, "out", "text/plain", _as_text(mail)),
        )
        return _Ready(mail, (*documents, written))

    # -- outcomes --------------------------------------------------------------------------------------------

    async def _accepted(
        self, row: SecureMessage, acceptance: GatewayAcceptance, at: datetime, *, found_in_journal: bool
    ) -> Delivered:
        await outbox.accept(self._database, row, acceptance, at, found_in_journal=found_in_journal)
        return _outcome(row, "accepted", accepted_at=acceptance.accepted_at, queue_id=acceptance.queue_id)

    async def _refused(self, row: SecureMessage, refusals: tuple[Refusal, ...], at: datetime) -> Delivered:
        await outbox.refuse(self._database, row, refusals, at)
        return _outcome(
            row,
            "refused",
            rule=refusals[0].rule,
            problem=" ".join(f"{refusal.rule}: {refusal.reason}" for refusal in refusals),
        )

    async def _cancelled(self, row: SecureMessage, at: datetime) -> Delivered:
        await outbox.cancel(self._database, row, at)
        return _outcome(row, "cancelled")

    # -- what is known ---------------------------------------------------------------------------------------

    async def _row(self, mail_id: str) -> SecureMessage:
        async with self._database.transaction() as session:
            row = await session.get(SecureMessage, mail_id)
        if row is None:
            raise LookupError("the record has no such message")
        return row

    async def _cancelled_meanwhile(self, row: SecureMessage) -> bool:
        """A cancellation does not overtake an attempt under way; it is on record, and holds once the attempt is over."""
        async with self._database.transaction() as session:
            event = await session.scalar(
                select(AuditEvent.event_id).where(
                    AuditEvent.case_id == row.case_id,
                    AuditEvent.subject == row.mail_id,
                    AuditEvent.action == outbox.CANCELLED,
                )
            )
        return event is not None

    async def _in_the_journal(self, row: SecureMessage) -> GatewayAcceptance | None:
        """Did the gateway take it from the attempt that died? Only a clear no lets the message go again."""
        for pause in self._journal_pauses:
            if pause:
                await asyncio.sleep(pause)
            try:
                found = await self._mail.find_accepted(row.message_id)
            except Permanent as error:
                raise Transient(f"the journal cannot be asked, so nothing is sent: {error}") from None
            if found is not None:
                return found
        return None

    @asynccontextmanager
    async def _only_attempt(self, mail_id: str) -> AsyncIterator[AsyncConnection]:
        """A lock on a connection of its own, which dies with this process. Raises Transient while another has it."""
        async with self._database.engine.connect() as plain:
            connection = await plain.execution_options(isolation_level="AUTOCOMMIT")
            known = {"mail_id": mail_id}
            if not await connection.scalar(text(f"SELECT pg_try_advisory_lock({_LOCK})"), known):
                raise Transient("another attempt to send this message is under way")
            try:
                yield connection
            finally:
                await _unlock(connection, known)


async def _unlock(connection: AsyncConnection, known: dict[str, str]) -> None:
    try:
        await connection.execute(text(f"SELECT pg_advisory_unlock({_LOCK})"), known)
    except BaseException:
        await connection.invalidate()
        raise


async def _still_ours(lock: AsyncConnection) -> None:
    """The lock ends with its connection: a message is never handed over after it was lost."""
    await lock.execute(text("SELECT 1"))


def _settled(row: SecureMessage) -> Delivered | None:
    if row.state == "cancelled":
        return _outcome(row, "cancelled")
    if row.accepted_at is not None:
        return _outcome(row, "accepted", accepted_at=row.accepted_at, queue_id=row.queue_id)
    return None


def _outcome(
    row: SecureMessage, state: Literal["accepted", "refused", "failed", "cancelled"], **known: Any
) -> Delivered:
    nothing: dict[str, Any] = {"accepted_at": None, "queue_id": None, "rule": None, "problem": None}
    return Delivered(mail_id=row.mail_id, state=state, **nothing | known)


def _as_text(mail: OutgoingMail) -> bytes:
    """The mail as the person file keeps it; its attachments are documents of their own."""
    names = "; ".join(attachment.file_name for attachment in mail.attachments)
    head = (
        f"From: {mail.sender}",
        f"To: {', '.join(mail.to)}",
        f"Subject: {mail.subject}",
        f"Message-ID: {mail.message_id}",
        f"Attached: {names or 'nothing'}",
    )
    return ("\n".join(head) + f"\n\n{mail.text}").encode()
