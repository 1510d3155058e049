"""Secure mail (SEEMail, or its successor Secure Government Email) through the agency's gateway over verified TLS."""

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from pathlib import Path
from typing import Protocol

import aiosmtplib

from adapters.letter_message import GuardedMail, guarded
from adapters.message_parts import header
from adapters.ports import GatewayAcceptance, OutgoingMail, Permanent, Transient
from adapters.tls import channel_not_verified, verified_context

QUEUE_ID_HEADER = "X-Gateway-Queue-Id"
ACCEPTED_AT_HEADER = "X-Gateway-Accepted-At"
_QUEUE_ID = re.compile(r"(?:queue id|queued as|InternalId=)\s*([A-Za-z0-9.-]+)", re.IGNORECASE)
_ACCEPTED_AT = re.compile(r"\bat (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d))")


@dataclass(frozen=True)
class GatewayAddress:
    """Where the gateway is, who sends, and to which agencies."""

    host: str
    port: int
    user: str
    password: str
    ca_file: Path
    domains: frozenset[str]
    """Participating agencies' mail domains, exact, lower case (A-A1)."""
    starttls: bool = False
    """False: TLS from the first byte. True: begin in the clear and go on only after STARTTLS."""
    helo_name: str = "client.invalid"
    """Said in HELO in place of this machine's name."""
    timeout: float = 60.0
    """Seconds for the connection and for each answer."""

    def __repr__(self) -> str:
        return f"GatewayAddress({self.host}:{self.port})"


class Journal(Protocol):
    """The mailbox in which the gateway keeps a copy of all it accepted."""

    async def headers_with_id(self, message_id: str) -> list[bytes]:
        """Raw header blocks of the copies with this Message-ID, oldest first."""
        ...


class GatewayMail:
    """The SecureMail port: SMTP over verified TLS, one message per connection, all recipients or none."""

    def __init__(self, gateway: GatewayAddress, journal: Journal, clock: Callable[[], datetime]) -> None:
        """`clock` (UTC) dates the message's Date header, and the acceptance only if neither gateway nor journal does."""
        self._gateway = gateway
        self._journal = journal
        self._clock = clock

    async def send(self, mail: OutgoingMail) -> GatewayAcceptance:
        """Hand the message over.

        Raises Permanent when a rule of secure mail forbids it (A-A6), the gateway refuses (5xx) or cannot prove who it
        is; Transient on 4xx, timeout or a broken line. After Transient the gateway may have the message:
        ask `find_accepted` before sending again.
        """
        letter = guarded(mail, self._gateway.domains, date=self._clock())
        client = aiosmtplib.SMTP(
            hostname=self._gateway.host,
            port=self._gateway.port,
            local_hostname=self._gateway.helo_name,
            timeout=self._gateway.timeout,
            use_tls=not self._gateway.starttls,
            start_tls=self._gateway.starttls,
            tls_context=await asyncio.to_thread(verified_context, self._gateway.ca_file),
        )
        try:
            answer = await self._hand_over(client, letter)
            await _leave(client)
        except (OSError, aiosmtplib.SMTPException) as error:
            raise self._failure(error) from None
        finally:
            client.close()
        return await self._acceptance(mail.message_id, answer)

    async def find_accepted(self, message_id: str) -> GatewayAcceptance | None:
        """The first acceptance of this Message-ID in the gateway's journal, or None. Raises Transient or Permanent."""
        copies = await self._journal.headers_with_id(message_id)
        return _stamped(copies[0]) if copies else None

    async def _hand_over(self, client: aiosmtplib.SMTP, letter: GuardedMail) -> str:
        await client.connect()
        if client.get_transport_info("ssl_object") is None:
            raise Permanent(self._say("is not on TLS: nothing was sent"))
        await client.login(self._gateway.user, self._gateway.password)
        await client.mail(letter.sender)
        for recipient in letter.recipients:
            await client.rcpt(recipient)
        return (await client.data(letter.content)).message

    async def _acceptance(self, message_id: str, answer: str) -> GatewayAcceptance:
        queue_id = _QUEUE_ID.search(answer)
        accepted_at = _ACCEPTED_AT.search(answer)
        if queue_id and accepted_at:
            return GatewayAcceptance(datetime.fromisoformat(accepted_at[1]).astimezone(UTC), queue_id[1])
        try:
            journalled = await self.find_accepted(message_id)
        except (Transient, Permanent):  # the message has gone: a silent journal must not make it go twice
            journalled = None
        if journalled is not None:
            return journalled
        return GatewayAcceptance(self._clock().astimezone(UTC), queue_id[1] if queue_id else "not told")

    def _failure(self, error: Exception) -> Transient | Permanent:
        if channel_not_verified(error) or channel_not_verified(error.__cause__):
            return Permanent(self._say("did not prove who it is: nothing was sent"))
        if isinstance(error, aiosmtplib.SMTPResponseException):
            kind = Transient if 400 <= error.code < 500 else Permanent
            return kind(self._say(f"answered {error.code}"))
        if isinstance(error, OSError):
            return Transient(self._say(f"cannot be reached ({type(error).__name__})"))
        # What is left: STARTTLS or AUTH is not offered, or the gateway does not speak SMTP.
        return Permanent(self._say("does not offer what secure mail needs: nothing was sent"))

    def _say(self, what: str) -> str:
        return f"the mail gateway {self._gateway.host}:{self._gateway.port} {what}"


async def _leave(client: aiosmtplib.SMTP) -> None:
    """Say goodbye; the message is accepted already, so nothing that goes wrong here matters."""
    try:
        await client.quit()
    except (OSError, aiosmtplib.SMTPException):
        return


def _stamped(headers: bytes) -> GatewayAcceptance:
    """What the gateway wrote on its journal copy. Raises Permanent when it wrote nothing."""
    copy = message_from_bytes(headers, policy=policy.default)
    queue_id, accepted_at = header(copy, QUEUE_ID_HEADER), header(copy, ACCEPTED_AT_HEADER)
    try:
        return GatewayAcceptance(datetime.fromisoformat(accepted_at).astimezone(UTC), queue_id)
    except ValueError:
        raise Permanent(
            "the gateway's journal copy carries no acceptance time: look at the journal"
        ) from None
