"""The guard and the envelope of secure mail: what may leave, and how it is written down."""

import re
from dataclasses import dataclass
from datetime import datetime
from email import policy
from email.message import EmailMessage
from email.utils import format_datetime

from adapters.ports import OutgoingMail, Permanent

MARKER = "[SEEMAIL]"
CLASSIFICATION_HEADER = "X-Agency-Classification"
"""The agency's own choice: no public standard names such a header."""

_ADDRESS = re.compile(r"[A-Za-z0-9._+'&=-]{1,64}@[A-Za-z0-9.-]{1,253}")
"""No %, no !, no quoted or non-ASCII local part: nothing that a relay could read as a route."""
_MESSAGE_ID = re.compile(r"<[A-Za-z0-9._=+-]{1,120}@[A-Za-z0-9.-]{1,120}>")
# Seven-bit, so that no gateway on the way has to re-code the message.
_WRITE = policy.SMTP.clone(cte_type="7bit")
# The Message-ID must stay on one line as given.
_HEADERS = _WRITE.clone(max_line_length=998)


@dataclass(frozen=True)
class GuardedMail:
    """A message that may leave: envelope and content."""

    sender: str
    recipients: tuple[str, ...]
    content: bytes


def guarded(mail: OutgoingMail, domains: frozenset[str], *, date: datetime) -> GuardedMail:
    """Check the rules of secure mail and write the message.

    Raises Permanent without naming any recipient or subject: no [SEEMAIL] (A-A6, PRV-5), no recipient, a domain that
    does not take part (A-A1), an address that a relay could misread, an unusable Message-ID or header.
    """
    recipients = tuple(dict.fromkeys((*mail.to, *mail.cc)))
    if MARKER not in mail.subject:
        raise Permanent(f"refused before sending: the subject carries no {MARKER} (A-A6)")
    if not mail.to:
        raise Permanent("refused before sending: there is no recipient")
    if not all(_ADDRESS.fullmatch(address) for address in (mail.sender, *recipients)):
        raise Permanent("refused before sending: an address is not a plain name@domain (A-A4)")
    if not all(address.rpartition("@")[2].lower() in domains for address in recipients):
        raise Permanent("refused before sending: a recipient's domain is not on the list of agencies (A-A1)")
    if not _MESSAGE_ID.fullmatch(mail.message_id):
        raise Permanent("refused before sending: the Message-ID is not <name@domain>")
    try:
        content = _written(mail, date).as_bytes(policy=_HEADERS)
    except (ValueError, LookupError):
        raise Permanent("refused before sending: a header or an attachment cannot be written down") from None
    return GuardedMail(mail.sender, recipients, content)


def _written(mail: OutgoingMail, date: datetime) -> EmailMessage:
    message = EmailMessage(policy=_WRITE)
    message["From"] = mail.sender
    message["To"] = ", ".join(mail.to)
    if mail.cc:
        message["Cc"] = ", ".join(mail.cc)
    message["Subject"] = mail.subject
    message["Message-ID"] = mail.message_id
    message["Date"] = format_datetime(date)
    message["Auto-Submitted"] = "auto-generated"
    message[CLASSIFICATION_HEADER] = mail.classification
    message.set_content(mail.text, charset="utf-8")
    for attachment in mail.attachments:
        main, _, sub = attachment.media_type.partition("/")
        message.add_attachment(
            attachment.content, maintype=main, subtype=sub or "octet-stream", filename=attachment.file_name
        )
    return message
