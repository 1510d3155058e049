"""A message from the return mailbox, looked at, sorted and put on record once."""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from activities.audit import write_audit
from activities.filing import MESSAGE, NewDocument, StoredDocument, file_document, store_document
from adapters.ports import Attachment, DocumentStore, ReceivedMessage
from adapters.received_pdf import ReceivedPdf, check_pdf
from models.database import Database
from models.tables.case import CaseRecord
from models.tables.mail import CorrectionsContact, ReceivedMail, SecureMessage
from procedures.mail_texts import SHAPES, MailKind
from procedures.refusals import Refused
from procedures.returned_mail import (
    FORM_REFERENCE,
    Evidence,
    MailSort,
    Seen,
    Sorted,
    possible_references,
    sort_mail,
    suggested,
)
from procedures.returned_parts import RETURNED, missing_fields
from procedures.tasks import SYSTEM, By
from procedures.terms import Form

PDF = "application/pdf"
_EXPECTED_BACK = tuple(
    kind.value
    for kind in MailKind
    if {Form.T_441, Form.T_439, Form.L_17_030} & {*SHAPES[kind].forms} or kind is MailKind.T_438_REMINDER
)


@dataclass(frozen=True)
class Senders:
    """Whose word counts for what."""

    agencies: frozenset[str]
    """Domains of participating agencies."""
    our_domain: str
    """Our own mail system reports failed delivery from here or below."""

    def is_agency(self, address: str) -> bool:
        """True for a sender at a participating agency."""
        return address.rpartition("@")[2].lower() in self.agencies

    def may_report_failure(self, address: str) -> bool:
        """True for our own gateway and for an agency's."""
        domain = address.rpartition("@")[2].lower()
        ours = domain == self.our_domain or domain.endswith(f".{self.our_domain}")
        return ours or domain in self.agencies


@dataclass(frozen=True)
class Checked:
    """A PDF that may be kept."""

    content: bytes
    pdf: ReceivedPdf


@dataclass(frozen=True)
class Examined:
    """The attachments of a message: what may be kept, and why the rest may not."""

    usable: tuple[Checked, ...] = ()
    problems: tuple[str, ...] = ()


def message_key(message: ReceivedMessage) -> str:
    """Equal for the same message delivered twice; an id that is used again for other content is another message."""
    parts = (message.message_id, message.sender, message.subject, message.text)
    digest = sha256("\0".join(parts).encode("utf-8", "replace"))
    for attachment in message.attachments:
        digest.update(sha256(attachment.content).digest())
    return digest.hexdigest()


def received_id_of(key: str) -> str:
    """The opaque id of a received message: the same at every repeat."""
    return f"R{key[:16]}"


async def examine(attachments: Iterable[Attachment]) -> Examined:
    """Look at every PDF before anyone keeps it; other attachments are not kept at all (A-B1)."""
    usable: list[Checked] = []
    problems: list[str] = []
    for attachment in attachments:
        if not _claims_to_be_a_pdf(attachment):
            continue
        try:
            pdf = await asyncio.to_thread(check_pdf, attachment.content, our_reference=FORM_REFERENCE)
            usable.append(Checked(attachment.content, pdf))
        except Refused as refused:
            problems.append(refused.reason)
        except Exception as error:  # noqa: BLE001 - whatever a hostile file does, a person must hear of the mail
            problems.append(f"The PDF cannot be looked at ({type(error).__name__}): ask for it on paper.")
    return Examined(tuple(usable), tuple(problems))


def _claims_to_be_a_pdf(attachment: Attachment) -> bool:
    named = attachment.file_name.lower().endswith(".pdf")
    return named or attachment.media_type == PDF or attachment.content[:5] == b"%PDF-"


async def put_on_record(
    database: Database,
    store: DocumentStore,
    message: ReceivedMessage,
    senders: Senders,
    *,
    key: str,
    at: datetime,
) -> str | None:
    """Sort one message and write it down with its documents. None when another reader was faster."""
    received_id = received_id_of(key)
    examined = await examine(message.attachments)
    async with database.transaction() as session:
        spoken_of = await _spoken_of(session, message, examined)
        hint = await _only_open_exchange(session, message.sender)
    rows = {row.mail_id: row for row in spoken_of.values()}
    found = sort_mail(
        Seen(
            evidence=_evidence(message, examined, spoken_of),
            from_agency=senders.is_agency(message.sender),
            from_gateway=senders.may_report_failure(message.sender),
            auto_submitted=message.auto_submitted,
            delivery_failed=message.delivery_report,
            usable_documents=len(examined.usable),
            unfit=bool(examined.problems),
        ),
        {row.mail_id: row.case_id for row in rows.values()},
    )
    named = {row.case_id for row in rows.values()}
    case_id = rows[found.mail_id].case_id if found.mail_id and found.automatic else None
    guess = suggested(named) if named else hint
    documents = await _store(database, store, received_id, message, examined, spoken_of, found)
    values = {
        "received_id": received_id,
        "message_key": key,
        "uid": message.uid,
        "received_at": message.received_at,
        "kind": found.sort.value,
        "mail_id": found.mail_id,
        "case_id": case_id,
        "suggested_case_id": None if case_id else guess,
        "held_case_ids": [] if case_id else sorted(named | ({guess} if guess else set())),
        "problem": " ".join(examined.problems) or None,
        "taken_at": at,
    }
    async with database.transaction() as session:
        new = await insert_received(session, values, documents, by=SYSTEM, at=at)
    return received_id if new else None


async def insert_received(
    session: AsyncSession,
    values: Mapping[str, object],
    documents: list[StoredDocument],
    *,
    by: By,
    at: datetime,
) -> bool:
    """The row and its documents in one transaction. False when the message is on record already."""
    kept = [stored.document.document_id for stored in documents]
    forms = [d.document.document_id for d in documents if d.document.form != MESSAGE]
    new = await session.scalar(
        insert(ReceivedMail)
        .values(**values, document_ids=forms)
        .on_conflict_do_nothing()
        .returning(ReceivedMail.received_id)
    )
    if new is None:
        return False
    case_id = values["case_id"]
    for stored in documents:
        await file_document(session, stored, case_id=str(case_id or ""), travelled_with=new, by=by, at=at)
    await write_audit(
        session,
        by=by,
        at=at,
        action="mail received",
        case_id=str(case_id) if case_id else None,
        step="B",
        subject=new,
        detail={"kind": values["kind"], "documents": kept, "held": values["held_case_ids"]},
        business_key=f"received/{new}",
    )
    return True


def form_of(row: SecureMessage | None, pdf: ReceivedPdf) -> str:
    """Which form comes back for a message of ours; of several, the one that has the boxes that were filled in."""
    if row is None:
        return "attachment"
    kind = MailKind(row.kind)
    if kind is MailKind.L_17_030:
        return str(row.fields.get("missing_form", Form.T_441.value))
    if kind is MailKind.T_438_REMINDER:
        return Form.T_438.value
    awaited = [form for form in SHAPES[kind].forms if RETURNED[form]]
    fitting = [form for form in awaited if {*pdf.filled_in} <= {part.key for part in RETURNED[form]}]
    return next((form.value for form in (*fitting, *awaited)), "attachment")


def new_document(document_id: str, form: str, checked: Checked) -> NewDocument:
    """A returned PDF as a document, with what its boxes leave empty; a scan has no boxes to look at."""
    missing: tuple[str, ...] = ()
    if checked.pdf.filled_in and form in set(Form):
        try:
            missing = tuple(missing_fields(Form(form), checked.pdf.filled_in))
        except Refused:  # boxes of another form: a person sees it
            missing = ()
    return NewDocument(document_id, form, "in", PDF, checked.content, checked.pdf.pages, missing)


async def _store(
    database: Database,
    store: DocumentStore,
    received_id: str,
    message: ReceivedMessage,
    examined: Examined,
    spoken_of: Mapping[str, SecureMessage],
    found: Sorted,
) -> list[StoredDocument]:
    """Content first, rows later: content that no row names harms nobody."""
    by_id = {row.mail_id: row for row in spoken_of.values()}
    answered = by_id.get(found.mail_id or "")
    documents = [
        NewDocument(f"{received_id}-{MESSAGE}", MESSAGE, "in", "text/plain", _as_text(message, examined))
    ]
    if found.sort is not MailSort.UNFIT:
        for number, checked in enumerate(examined.usable, start=1):
            row = spoken_of.get(checked.pdf.our_reference or "", answered)
            documents.append(new_document(f"{received_id}-{number}", form_of(row, checked.pdf), checked))
    return [(await store_document(database, store, document))[0] for document in documents]


async def _spoken_of(
    session: AsyncSession, message: ReceivedMessage, examined: Examined
) -> dict[str, SecureMessage]:
    """Messages of ours that this one speaks of, by reference and by Message-ID."""
    references = {*possible_references(message.subject)}
    references |= {checked.pdf.our_reference for checked in examined.usable if checked.pdf.our_reference}
    threads = {*message.references, *((message.in_reply_to,) if message.in_reply_to else ())}
    rows = await session.scalars(
        select(SecureMessage).where(
            SecureMessage.reference.in_(references) | SecureMessage.message_id.in_(threads)
        )
    )
    found: dict[str, SecureMessage] = {}
    for row in rows:
        found |= {row.reference: row, row.message_id: row}
    return found


def _evidence(
    message: ReceivedMessage, examined: Examined, spoken_of: Mapping[str, SecureMessage]
) -> Evidence:
    def ids(words: Iterable[str | None]) -> frozenset[str]:
        return frozenset(spoken_of[word].mail_id for word in words if word and word in spoken_of)

    return Evidence(
        by_subject=ids(possible_references(message.subject)),
        by_thread=ids((message.in_reply_to, *message.references)),
        by_form=ids(checked.pdf.our_reference for checked in examined.usable),
    )


async def _only_open_exchange(session: AsyncSession, sender: str) -> str | None:
    """The case of the only exchange that is open with the contact of this address."""
    cases = await session.scalars(
        select(SecureMessage.case_id)
        .join(CorrectionsContact, CorrectionsContact.contact_id == SecureMessage.contact_id)
        .join(CaseRecord, CaseRecord.case_id == SecureMessage.case_id)
        .where(
            func.lower(CorrectionsContact.secure_address) == sender.lower(),
            SecureMessage.kind.in_(_EXPECTED_BACK),
            SecureMessage.state == "accepted",
            CaseRecord.closed_at.is_(None),
        )
        .distinct()
    )
    return suggested(cases.all())


def _as_text(message: ReceivedMessage, examined: Examined) -> bytes:
    """The mail as the person file keeps it; its forms are documents of their own, the original stays in the mailbox."""
    head = [
        f"From: {message.sender}",
        f"Subject: {message.subject}",
        f"Received: {message.received_at.isoformat()}",
        f"Attachments: {len(message.attachments)}, kept as documents: {len(examined.usable)}",
        *(f"Not kept: {problem}" for problem in examined.problems),
    ]
    return ("\n".join(head) + f"\n\n{message.text}").encode("utf-8", "replace")
