"""A received message taken apart in memory, however it was put together; nothing is written anywhere."""

from collections.abc import Iterator
from datetime import datetime
from email import message_from_bytes, policy
from email.message import Message
from email.utils import parseaddr
from typing import Any, cast

from adapters.ports import Attachment, ReceivedMessage

# What the email package raises on headers that nobody should have written.
_MALFORMED = (ValueError, LookupError, TypeError, AttributeError)


def parse_message(uid: int, received_at: datetime, raw: bytes) -> ReceivedMessage:
    """Parse a message. Never fails on a malformed one: what cannot be read is empty, undecodable text is marked.

    `delivery_report` says that delivery *failed*; reports of delay or success, read receipts and absence notes are
    only `auto_submitted`. A failure report's `in_reply_to` is the Message-ID it speaks of.
    """
    try:
        return _received(uid, received_at, message_from_bytes(raw, policy=cast(Any, policy.default)))
    except _MALFORMED:
        return _received(uid, received_at, message_from_bytes(raw, policy=cast(Any, policy.compat32)))


def _received(uid: int, received_at: datetime, message: Message) -> ReceivedMessage:
    null_sender = header(message, "Return-Path") == "<>"
    answered_by_machine = header(message, "Auto-Submitted").partition(";")[0].strip().lower() not in (
        "",
        "no",
    )
    sender = _address(header(message, "From"))
    failed = _reports_failure(message) or (
        null_sender and sender.lower().startswith(("mailer-daemon@", "postmaster@"))
    )
    text, attachments = _content(message)
    return ReceivedMessage(
        uid=uid,
        message_id=header(message, "Message-ID"),
        received_at=received_at,
        sender=sender,
        subject=header(message, "Subject"),
        in_reply_to=header(message, "In-Reply-To") or (_reported_id(message) if failed else "") or None,
        auto_submitted=answered_by_machine or null_sender or message.get_content_type() == "multipart/report",
        delivery_report=failed,
        text=text,
        attachments=attachments,
        references=tuple(header(message, "References").split()),
    )


def header(message: Message, name: str) -> str:
    """A header's text on one line, or "" when it is missing or cannot be read."""
    try:
        return " ".join(str(message.get(name, "")).split())
    except _MALFORMED:
        return ""


def _address(value: str) -> str:
    """The bare address of the first author, its domain in lower case."""
    name, at, domain = parseaddr(value)[1].rpartition("@")
    return f"{name}{at}{domain.lower()}"


def _reports_failure(message: Message) -> bool:
    """True for a delivery report (RFC 3464) that says failed, or does not say what happened."""
    if message.get_content_type() != "multipart/report":
        return False
    statuses = [part for part in message.walk() if part.get_content_type() == "message/delivery-status"]
    actions = [
        header(block, "Action").lower() for status in statuses for block in status.walk() if block["Action"]
    ]
    return bool(statuses) and (not actions or "failed" in actions)


def _reported_id(message: Message) -> str:
    """The Message-ID of the message that a delivery report speaks of."""
    for part in message.walk():
        if part.get_content_type() == "message/rfc822" and isinstance(inner := part.get_payload(), list):
            return header(cast(Message, inner[0]), "Message-ID")
        if part.get_content_type() == "text/rfc822-headers":
            return header(message_from_bytes(_bytes(part), policy=cast(Any, policy.default)), "Message-ID")
    return ""


def _content(message: Message) -> tuple[str, tuple[Attachment, ...]]:
    """The first plain text is the text; every other part is an attachment, so nothing is lost."""
    text: str | None = None
    attachments: list[Attachment] = []
    for part in _leaves(message):
        if text is None and part.get_content_type() == "text/plain" and not _is_file(part):
            text = _text(part)
        else:
            attachments.append(Attachment(_file_name(part), part.get_content_type(), _bytes(part)))
    return text or "", tuple(attachments)


def _leaves(message: Message) -> Iterator[Message]:
    """Parts that hold content; a message inside a message stays whole."""
    payload = message.get_payload()
    if message.get_content_maintype() == "multipart" and isinstance(payload, list):
        for part in payload:
            yield from _leaves(cast(Message, part))
    else:
        yield message


def _is_file(part: Message) -> bool:
    return _file_name(part) != "" or header(part, "Content-Disposition").lower().startswith("attachment")


def _file_name(part: Message) -> str:
    try:
        return part.get_filename() or ""
    except _MALFORMED:
        return ""


def _bytes(part: Message) -> bytes:
    payload = part.get_payload()
    if isinstance(payload, list):
        return b"".join(cast(Message, inner).as_bytes() for inner in payload)
    decoded = part.get_payload(decode=True)
    return decoded if isinstance(decoded, bytes) else b""


def _text(part: Message) -> str:
    charset = part.get_content_charset("utf-8")
    try:
        return _bytes(part).decode(charset, "replace").replace("\r\n", "\n")
    except LookupError:
        return _bytes(part).decode("utf-8", "replace").replace("\r\n", "\n")
