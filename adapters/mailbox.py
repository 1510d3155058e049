"""A mailbox read over verified IMAPS: opened with EXAMINE, looked at with PEEK, changed never."""

import asyncio
import imaplib
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import TypeVar

from adapters.message_parts import parse_message
from adapters.ports import Permanent, ReceivedMessage, Transient
from adapters.tls import channel_not_verified, verified_context

_T = TypeVar("_T")
_INTERNAL_DATE = re.compile(rb'INTERNALDATE "([^"]+)"')
_LATER = re.compile(rb"\[(UNAVAILABLE|INUSE|LIMIT|SERVERBUG|CONTACTADMIN)\]")
_MESSAGE_ID = re.compile(r"<[A-Za-z0-9!#$%&'*+/=?^_`{|}~.@-]+>")


@dataclass(frozen=True)
class MailboxAddress:
    """Where a mailbox is and who reads it."""

    host: str
    port: int
    user: str
    password: str
    ca_file: Path
    timeout: float = 30.0
    """Seconds for the connection and for each answer."""

    def __repr__(self) -> str:
        return f"MailboxAddress({self.user} at {self.host}:{self.port})"


class ImapMailbox:
    """The Mailbox port over IMAPS. Nothing, not even the password, is sent over an unverified channel."""

    def __init__(self, address: MailboxAddress) -> None:
        """Raises nothing; the certificate authority file is read at each connection, so it may be renewed."""
        self._address = address

    async def messages(self, *, after_uid: int = 0) -> list[ReceivedMessage]:
        """Messages with a UID above `after_uid`, oldest first.

        Raises Transient (unreachable) or Permanent (login refused, channel not verified, no such mailbox).
        """
        return await self._ask(lambda session: _messages(session, after_uid))

    async def count(self) -> int:
        """How many messages the mailbox holds (PRV-3). Raises as `messages` does."""
        return await self._ask(lambda session: session.exists)

    async def headers_with_id(self, message_id: str) -> list[bytes]:
        """Raw header blocks of the messages with exactly this Message-ID, oldest first. Raises as `messages` does."""
        if not _MESSAGE_ID.fullmatch(message_id):
            raise Permanent(
                "a Message-ID is <name@domain> in plain characters; this one cannot be searched for"
            )
        return await self._ask(lambda session: _headers(session, message_id))

    async def _ask(self, question: Callable[["_Session"], _T]) -> _T:
        return await asyncio.to_thread(self._in_session, question)

    def _in_session(self, question: Callable[["_Session"], _T]) -> _T:
        """Connect, log in, EXAMINE, ask, log out; every failure becomes Transient or Permanent without any text of mail."""
        context = verified_context(self._address.ca_file)
        try:
            connection = imaplib.IMAP4_SSL(
                self._address.host, self._address.port, ssl_context=context, timeout=self._address.timeout
            )
        except (OSError, imaplib.IMAP4.error) as error:
            if channel_not_verified(error):
                raise Permanent(self._say("did not prove who it is: nothing was sent", error)) from None
            raise Transient(self._say("cannot be reached", error)) from None
        try:
            self._log_in(connection)
            return question(_Session(connection))
        except imaplib.IMAP4.abort as error:
            raise Transient(self._say("broke the connection off", error)) from None
        except imaplib.IMAP4.error as error:
            raise Permanent(self._say("refused a command", error)) from None
        except OSError as error:
            raise Transient(self._say("broke the connection off", error)) from None
        finally:
            _close(connection)

    def _log_in(self, connection: imaplib.IMAP4_SSL) -> None:
        try:
            connection.login(self._address.user, self._address.password)
        except imaplib.IMAP4.abort:
            raise
        except imaplib.IMAP4.error as error:
            if _LATER.search(str(error).encode()):
                raise Transient(self._say("asks to come back later", error)) from None
            raise Permanent(self._say("refused the login", error)) from None

    def _say(self, what: str, error: Exception) -> str:
        address = self._address
        return f"mailbox {address.user} at {address.host}:{address.port} {what} ({type(error).__name__})"


class _Session:
    """An examined inbox."""

    def __init__(self, connection: imaplib.IMAP4_SSL) -> None:
        self._connection = connection
        status, data = connection.select("INBOX", readonly=True)  # readonly makes it EXAMINE
        if status != "OK" or not data or data[0] is None:
            raise imaplib.IMAP4.error("EXAMINE refused")
        self.exists = int(data[0])

    def search(self, *criteria: str) -> list[int]:
        status, data = self._connection.uid("SEARCH", *criteria)
        if status != "OK":
            raise imaplib.IMAP4.error("SEARCH refused")
        return sorted(int(uid) for line in data if line for uid in line.split())

    def fetch(self, uid: int, part: str) -> tuple[datetime, bytes] | None:
        """INTERNALDATE (UTC) and `part` of one message; None when it is no longer there."""
        status, data = self._connection.uid("FETCH", str(uid), f"(UID INTERNALDATE BODY.PEEK[{part}])")
        if status != "OK":
            raise imaplib.IMAP4.error("FETCH refused")
        content = next((item[1] for item in data if isinstance(item, tuple)), None)
        described = b" ".join(item[0] if isinstance(item, tuple) else item for item in data if item)
        date = _INTERNAL_DATE.search(described)
        if content is None or date is None:
            return None
        return parsedate_to_datetime(date[1].decode().strip()).astimezone(UTC), content


def _messages(session: _Session, after_uid: int) -> list[ReceivedMessage]:
    if session.exists == 0:
        return []
    # "n:*" always names the last message too, even below n.
    uids = [uid for uid in session.search("UID", f"{after_uid + 1}:*") if uid > after_uid]
    return [parse_message(uid, *fetched) for uid in uids if (fetched := session.fetch(uid, "")) is not None]


def _headers(session: _Session, message_id: str) -> list[bytes]:
    found: list[bytes] = []
    if session.exists == 0:
        return found
    for uid in session.search("HEADER", "Message-ID", f'"{message_id}"'):
        fetched = session.fetch(uid, "HEADER")
        # The search finds parts of words; only the very same id counts.
        if fetched is not None and parse_message(uid, *fetched).message_id == message_id:
            found.append(fetched[1])
    return found


def _close(connection: imaplib.IMAP4_SSL) -> None:
    try:
        connection.logout()
    except (OSError, imaplib.IMAP4.error):
        connection.shutdown()
