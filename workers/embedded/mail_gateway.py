"""A real SMTP gateway over implicit TLS that stands for the agency's secure mail: it journals, then answers."""

import asyncio
import logging
import secrets
import ssl
from collections import deque
from collections.abc import Callable, Collection
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import format_datetime
from enum import Enum, auto
from typing import Any, cast
from weakref import WeakSet

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from workers.embedded.mail_store import GATEWAY_USER, Account, MailStore, system_clock

GATEWAY_NAME = "gateway.placement.test"
MARKER = "[SEEMAIL]"
QUEUE_ID_HEADER = "X-Gateway-Queue-Id"
ACCEPTED_AT_HEADER = "X-Gateway-Accepted-At"
RECIPIENTS_HEADER = "X-Gateway-Recipients"
CORRECTIONS_DOMAINS = ("corrections.example",)


class Fault(Enum):
    """What can go wrong with one message."""

    TRY_LATER = auto()
    """Answered 451, nothing kept."""
    REFUSE = auto()
    """Answered 550, nothing kept."""
    CUT_BEFORE_ACCEPTING = auto()
    """The line breaks after the message was sent; nothing kept."""
    CUT_BEFORE_ANSWERING = auto()
    """Accepted and journalled, but the line breaks before the sender hears of it."""
    CUT_AFTER_ANSWERING = auto()
    """Accepted and answered, then the line breaks."""
    BOUNCE = auto()
    """Accepted; a delivery report comes back to the `returns` mailbox."""


class FaultPlan:
    """One entry for each message to come, in order; None or an empty plan means all goes well."""

    def __init__(self, *faults: Fault | None) -> None:
        self._faults = deque(faults)

    def add(self, *faults: Fault | None) -> None:
        """Plan further messages."""
        self._faults.extend(faults)

    def next(self) -> Fault | None:
        """The fault of the message at hand."""
        return self._faults.popleft() if self._faults else None


class MailGateway:
    """SMTPS on loopback: AUTH required, allow-listed recipient domains, no message without [SEEMAIL] (A-A6)."""

    def __init__(
        self,
        store: MailStore,
        password: str,
        context: ssl.SSLContext,
        port: int,
        *,
        domains: Collection[str] = CORRECTIONS_DOMAINS,
        clock: Callable[[], datetime] = system_clock,
        faults: FaultPlan | None = None,
        starttls: bool = False,
    ) -> None:
        """Port 0 takes a free one. `starttls` begins in the clear and insists on the upgrade; else TLS at once."""
        self.port = port
        self.faults = faults or FaultPlan()
        self._context = context
        self._starttls = starttls
        self._handler = _Handler(store, password, domains, clock, self.faults)
        self._server: asyncio.Server | None = None
        self._connections: WeakSet[_Smtp] = WeakSet()

    async def start(self) -> None:
        """Listen. Raises OSError when the port is taken."""
        # The library logs recipients at INFO and every line at DEBUG, and warns of its own old attribute.
        logging.getLogger("mail.log").setLevel(logging.ERROR)
        self._server = await asyncio.get_running_loop().create_server(
            self._connection, "127.0.0.1", self.port, ssl=None if self._starttls else self._context
        )
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Cut every connection and stop listening. An unanswered message may or may not have been journalled."""
        if self._server is None:
            return
        self._server.close()
        for connection in list(self._connections):
            connection.cut()
        await self._server.wait_closed()
        self._server = None

    def _connection(self) -> "_Smtp":
        connection = _Smtp(self._handler, self._context if self._starttls else None)
        self._connections.add(connection)
        return connection


class _Smtp(SMTP):
    def __init__(self, handler: "_Handler", starttls_context: ssl.SSLContext | None) -> None:
        super().__init__(
            handler,
            hostname=GATEWAY_NAME,
            ident="secure mail",
            tls_context=starttls_context,
            require_starttls=starttls_context is not None,
            auth_required=True,
            authenticator=handler.authenticate,
        )
        # The library knows of STARTTLS only; without it our socket was TLS from the first byte.
        self._auth_require_tls = starttls_context is not None

    def cut(self) -> None:
        if self.transport is not None:
            cast(asyncio.Transport, self.transport).abort()


class _Handler:
    def __init__(
        self,
        store: MailStore,
        password: str,
        domains: Collection[str],
        clock: Callable[[], datetime],
        faults: FaultPlan,
    ) -> None:
        self._store = store
        self._password = password.encode()
        self._domains = {domain.lower() for domain in domains}
        self._clock = clock
        self._faults = faults

    def authenticate(
        self, _server: SMTP, _session: Session, _envelope: Envelope, _way: str, data: Any
    ) -> AuthResult:
        known = (
            isinstance(data, LoginPassword)
            and secrets.compare_digest(data.login, GATEWAY_USER.encode())
            and secrets.compare_digest(data.password, self._password)
        )
        return AuthResult(success=known, handled=False)

    async def handle_RCPT(
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address.rpartition("@")[2].lower() not in self._domains:
            return "550 5.7.1 #4A - NOT SEEMail: the recipient's domain does not take part"
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: _Smtp, _session: Session, envelope: Envelope) -> str:
        content = envelope.original_content or b""
        headers = message_from_bytes(content, policy=policy.default)
        if MARKER not in str(headers["Subject"] or ""):
            return f"550 5.7.1 #1A - NOT SEEMail: the subject has no {MARKER}"
        match self._faults.next():
            case Fault.TRY_LATER:
                return "451 4.7.1 try again later"
            case Fault.REFUSE:
                return "550 5.7.1 message refused"
            case Fault.CUT_BEFORE_ACCEPTING:
                return await _hang_up(server)
            case fault:
                return await self._accept(server, envelope, content, headers, fault)

    async def handle_exception(self, error: Exception) -> str:
        """The disk is full, for example: nothing was accepted, and nothing of the error is told."""
        logging.getLogger(__name__).error("the gateway could not take a message: %s", type(error).__name__)
        return "451 4.3.0 local error, try again later"

    async def _accept(
        self, server: _Smtp, envelope: Envelope, content: bytes, headers: EmailMessage, fault: Fault | None
    ) -> str:
        queue_id = secrets.token_hex(6).upper()
        accepted_at = self._clock()
        stamp = accepted_at.isoformat(timespec="microseconds")
        trace = (
            f"Return-Path: <{envelope.mail_from}>\r\n{QUEUE_ID_HEADER}: {queue_id}\r\n"
            f"{ACCEPTED_AT_HEADER}: {stamp}\r\n{RECIPIENTS_HEADER}: {', '.join(envelope.rcpt_tos)}\r\n"
        )
        await asyncio.to_thread(
            self._store.deliver, Account.JOURNAL, trace.encode() + content, received_at=accepted_at
        )
        answer = f"250 2.0.0 accepted; queue id {queue_id} at {stamp}"
        if fault is Fault.CUT_BEFORE_ANSWERING:
            return await _hang_up(server)
        if fault is Fault.CUT_AFTER_ANSWERING:
            await server.push(answer)
            return await _hang_up(server, politely=True)
        if fault is Fault.BOUNCE:
            report = delivery_report(headers, envelope.rcpt_tos, at=accepted_at)
            await asyncio.to_thread(self._store.deliver, Account.RETURNS, report, received_at=accepted_at)
        return answer


async def _hang_up(server: _Smtp, *, politely: bool = False) -> str:
    """Break the line; politely sends what is already written first. The library then cancels the caller."""
    assert server.transport is not None
    if politely:
        server.transport.close()
    else:
        server.cut()
    await asyncio.get_running_loop().create_future()
    raise AssertionError("unreachable")


def delivery_report(original: EmailMessage, recipients: list[str], *, at: datetime) -> bytes:
    """A failed-delivery report (RFC 3464) on a message; only the headers of the original come back."""
    status = "".join(
        f"\r\nFinal-Recipient: rfc822; {recipient}\r\nAction: failed\r\nStatus: 5.1.1\r\n"
        for recipient in recipients
    )
    returned = "".join(
        f"{name}: {original[name]}\r\n" for name in ("From", "To", "Subject", "Message-ID") if original[name]
    )
    boundary = secrets.token_hex(16)
    return (
        "Return-Path: <>\r\n"
        f"Date: {format_datetime(at)}\r\n"
        f"From: Mail Delivery System <mailer-daemon@{GATEWAY_NAME}>\r\n"
        f"To: {original['From']}\r\n"
        "Subject: Undelivered Mail Returned to Sender\r\n"
        f"Message-ID: <{secrets.token_hex(12)}@{GATEWAY_NAME}>\r\n"
        "Auto-Submitted: auto-replied\r\n"
        "MIME-Version: 1.0\r\n"
        f'Content-Type: multipart/report; report-type=delivery-status; boundary="{boundary}"\r\n\r\n'
        f"--{boundary}\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n"
        "The message could not be delivered: unknown recipient.\r\n"
        f"--{boundary}\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; {GATEWAY_NAME}\r\n"
        f"{status}\r\n--{boundary}\r\nContent-Type: text/rfc822-headers\r\n\r\n{returned}\r\n--{boundary}--\r\n"
    ).encode()
