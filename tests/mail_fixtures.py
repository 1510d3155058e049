"""Mail on real sockets for the tests: the embedded servers, and listeners that write down every byte they get."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from adapters.mailbox import ImapMailbox, MailboxAddress
from adapters.ports import Attachment, OutgoingMail
from adapters.secure_mail import GatewayAddress, GatewayMail
from workers.embedded.authority import Authority, ensure_authority
from workers.embedded.mail_gateway import CORRECTIONS_DOMAINS, FaultPlan, MailGateway
from workers.embedded.mail_store import GATEWAY_USER, Account, MailStore, mail_passwords, system_clock
from workers.embedded.mailboxes import MailboxServer

GATEWAY_TIME = datetime(2026, 11, 20, 4, 5, 6, 789000, tzinfo=UTC)
"""What the gateway's clock says."""
OUR_TIME = datetime(2031, 1, 1, tzinfo=UTC)
"""What our own clock says: far away, so that a test sees whose word was taken."""
PDF = b"%PDF-1.7\r\n\x00\xff\r.\r\n..\r\n" + bytes(range(256)) * 40 + b"\r\n%%EOF"


@dataclass
class MailLab:
    """The embedded mail system, running."""

    authority: Authority
    store: MailStore
    passwords: dict[str, str]
    mailboxes: MailboxServer
    gateway: MailGateway
    faults: FaultPlan

    def mailbox_address(self, account: Account) -> MailboxAddress:
        return MailboxAddress(
            "localhost",
            self.mailboxes.port,
            account,
            self.passwords[account],
            self.authority.ca_file,
            timeout=10,
        )

    def mailbox(self, account: Account) -> ImapMailbox:
        return ImapMailbox(self.mailbox_address(account))

    def gateway_address(self, **changes: Any) -> GatewayAddress:
        address = GatewayAddress(
            host="localhost",
            port=self.gateway.port,
            user=GATEWAY_USER,
            password=self.passwords[GATEWAY_USER],
            ca_file=self.authority.ca_file,
            domains=frozenset({"corrections.example"}),
            timeout=10,
        )
        return replace(address, **changes)

    def secure_mail(self, **changes: Any) -> GatewayMail:
        return GatewayMail(self.gateway_address(**changes), self.mailbox(Account.JOURNAL), lambda: OUR_TIME)


@asynccontextmanager
async def mail_lab(
    folder: Path,
    *,
    writable: bool = False,
    starttls: bool = False,
    domains: Collection[str] = CORRECTIONS_DOMAINS,
) -> AsyncIterator[MailLab]:
    """Start the mail system under `folder` and stop it at the end; started twice on one folder it keeps its mail."""
    keys = folder / "keys"
    authority = ensure_authority(keys, now=system_clock())
    passwords = mail_passwords(keys)
    store = MailStore(folder / "mail", keys, clock=lambda: GATEWAY_TIME)
    faults = FaultPlan()
    context = authority.server_context()
    mailboxes = MailboxServer(store, passwords, context, 0, writable=writable)
    gateway = MailGateway(
        store,
        passwords[GATEWAY_USER],
        context,
        0,
        clock=lambda: GATEWAY_TIME,
        faults=faults,
        starttls=starttls,
        domains=domains,
    )
    await mailboxes.start()
    await gateway.start()
    try:
        yield MailLab(authority, store, passwords, mailboxes, gateway, faults)
    finally:
        await gateway.stop()
        await mailboxes.stop()


def letter(message_id: str = "<letter-1@placement.test>", **changes: Any) -> OutgoingMail:
    """A letter with macrons, a PDF and an opaque subject."""
    mail = OutgoingMail(
        message_id=message_id,
        sender="wellbeing@placement.test",
        to=("desk@corrections.example",),
        cc=(),
        subject="[SEEMAIL] IN-CONFIDENCE - Ref 7F3K-22Q9",
        text="Tēnā koe\n.\nKāinga: Ōtāhuhu Road\n..dots\nNgā mihi",
        classification="IN-CONFIDENCE",
        attachments=(Attachment("T-441 Tēnā.pdf", "application/pdf", PDF),),
    )
    return replace(mail, **changes)


@dataclass
class ByteLog:
    """A listening socket that writes down what reaches it; on TLS, what the other side trusted it with."""

    port: int = 0
    received: bytearray = field(default_factory=bytearray)
    connections: int = 0

    def secrets_seen(self, *secrets: str) -> list[str]:
        """Which of the words were sent, in the clear or as base64 of a login."""
        return [secret for secret in secrets if secret.encode() in self.received]


@asynccontextmanager
async def byte_log(
    greeting: bytes, answers: Sequence[tuple[bytes, bytes]] = (), context: ssl.SSLContext | None = None
) -> AsyncIterator[ByteLog]:
    """Listen, greet, and answer each line that begins with a known word; unknown lines get no answer."""
    log = ByteLog()
    tasks: set[asyncio.Task[None]] = set()

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        log.connections += 1
        writer.write(greeting)
        while line := await reader.readline():
            log.received += line
            for word, answer in answers:
                if line.upper().startswith(word):
                    writer.write(answer)

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            await converse(reader, writer)
        except OSError:
            return
        finally:
            writer.transport.abort()

    server = await asyncio.start_server(connected, "127.0.0.1", 0, ssl=context)
    log.port = server.sockets[0].getsockname()[1]
    try:
        yield log
    finally:
        server.close()
        # To the end of every connection: a byte that is still on its way counts too.
        await asyncio.wait_for(asyncio.gather(*tasks), 30)


def wrong_context(folder: Path, authority: Authority, kind: str) -> ssl.SSLContext:
    """A server's TLS with a certificate that must not be believed: expired, early, another name, another authority."""
    now = system_clock()
    hour = timedelta(hours=1)
    start, end = now - hour, now + hour
    names: tuple[str, ...] = ("localhost", "127.0.0.1")
    if kind == "expired":
        start, end = now - 2 * hour, now - hour
    elif kind == "not yet valid":
        start, end = now + hour, now + 2 * hour
    elif kind == "another name":
        names = ("mail.elsewhere.example",)
    elif kind == "another authority":
        authority = ensure_authority(folder / "stranger", now=now)
    pem = folder / "wrong.pem"
    pem.write_bytes(authority.issue(names, not_before=start, not_after=end))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    return context


WRONG_CERTIFICATES = ("expired", "not yet valid", "another name", "another authority")
