"""Secure mail of a rehearsal: a gateway that takes mail at the virtual instant, and the mailbox answers come back to."""

import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from email import message_from_bytes, policy

from adapters.letter_message import guarded
from adapters.message_parts import parse_message
from adapters.ports import GatewayAcceptance, OutgoingMail, Permanent, ReceivedMessage
from workers.embedded.mail_gateway import delivery_report

Clock = Callable[[], Awaitable[datetime]]


@dataclass
class MailboxInMemory:
    """A mailbox whose messages the story puts there."""

    held: list[ReceivedMessage] = field(default_factory=list)

    async def messages(self, *, after_uid: int = 0) -> list[ReceivedMessage]:
        """Everything above the UID, oldest first."""
        return [message for message in self.held if message.uid > after_uid]

    async def count(self) -> int:
        """How many there are."""
        return len(self.held)

    @property
    def next_uid(self) -> int:
        """The number of the next message."""
        return len(self.held) + 1

    def put(self, message: ReceivedMessage) -> None:
        """One more message."""
        self.held.append(message)


@dataclass
class VirtualGateway:
    """The SecureMail port of a rehearsal; the rules of secure mail hold as at the real gateway (A-A6)."""

    domains: frozenset[str]
    clock: Clock
    returns: MailboxInMemory = field(default_factory=MailboxInMemory)
    refuses: int = 0
    """How many of the next mails are refused for good."""
    bounces: int = 0
    """How many of the next mails come back undelivered."""
    taken: list[tuple[OutgoingMail, GatewayAcceptance]] = field(default_factory=list)

    async def send(self, mail: OutgoingMail) -> GatewayAcceptance:
        """Take the message at the virtual instant. Raises Permanent when it refuses."""
        now = await self.clock()
        letter = guarded(mail, self.domains, date=now)
        if self.refuses:
            self.refuses -= 1
            raise Permanent("the gateway refused the message")
        acceptance = GatewayAcceptance(now, secrets.token_hex(6).upper())
        self.taken.append((mail, acceptance))
        if self.bounces:
            self.bounces -= 1
            self._come_back(letter.content, letter.recipients, now)
        return acceptance

    async def find_accepted(self, message_id: str) -> GatewayAcceptance | None:
        """What was said of this message, if it was taken."""
        return next((said for mail, said in self.taken if mail.message_id == message_id), None)

    def _come_back(self, content: bytes, recipients: tuple[str, ...], now: datetime) -> None:
        original = message_from_bytes(content, policy=policy.default)
        report = delivery_report(original, list(recipients), at=now)
        self.returns.put(parse_message(self.returns.next_uid, now, report))
