"""Every mail and document, in and out, is kept in the person's file and nowhere else (A-B1, A-B5)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from sqlalchemy import or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from activities.audit import record_access, write_audit
from adapters.ports import DocumentStore
from models.database import Database
from models.tables.case import CaseRecord
from models.tables.mail import Document, PersonFile, PersonFileName
from models.tables.report import ReportEntry
from procedures.tasks import By

MESSAGE = "message"
"""What a document is that holds the mail itself."""


class NoSuchDocument(LookupError):
    """There is no document of this id."""


@dataclass(frozen=True)
class NewDocument:
    """A document to file; `document_id` is the same at every repeat."""

    document_id: str
    form: str
    """A form's number, `message` for the mail itself, or `attachment`."""
    direction: str
    """in, out or internal."""
    media_type: str
    content: bytes
    pages: int | None = None
    missing: tuple[str, ...] = ()
    """What the form seems to lack; whether it is complete, a person says (P1.S6.b6)."""


@dataclass(frozen=True)
class StoredDocument:
    """A document whose content the store already has."""

    document: NewDocument
    storage_reference: str


@dataclass(frozen=True)
class ReadDocument:
    """A document's content, for the eyes of one reader."""

    content: bytes
    media_type: str
    form: str
    case_id: str
    file_id: str | None


async def store_document(
    database: Database, store: DocumentStore, document: NewDocument
) -> tuple[StoredDocument, bytes]:
    """Give the content to the store once, before any row names it; a repeat gives what was kept the first time.

    Raises Transient when the store cannot be reached, Permanent when kept content was altered.
    """
    async with database.transaction() as session:
        held = await session.get(Document, document.document_id)
    if held is not None:
        return StoredDocument(document, held.storage_reference), await store.get(held.storage_reference)
    return StoredDocument(document, await store.put(document.content)), document.content


async def file_document(
    session: AsyncSession,
    stored: StoredDocument,
    *,
    case_id: str,
    travelled_with: str | None,
    by: By,
    at: datetime,
) -> None:
    """One row per document, in the file of the case's person; without a file yet it waits for `file_later`."""
    document = stored.document
    file_id = await file_of_case(session, case_id) if case_id else None
    new = await session.scalar(
        insert(Document)
        .values(
            document_id=document.document_id,
            case_id=case_id,
            file_id=file_id,
            form=document.form,
            direction=document.direction,
            media_type=document.media_type,
            storage_reference=stored.storage_reference,
            digest=sha256(document.content).hexdigest(),
            pages=document.pages,
            missing=list(document.missing),
            message_id=travelled_with,
            stored_at=at,
            stored_by=by.subject,
        )
        .on_conflict_do_nothing()
        .returning(Document.document_id)
    )
    if new:
        await _audit(session, "document filed", document.document_id, case_id, file_id, by, at)


async def file_later(
    session: AsyncSession, document_ids: Sequence[str], *, case_id: str, by: By, at: datetime
) -> None:
    """Documents of a mail that a person has sorted go into the file of its case (AMB-X-9)."""
    file_id = await file_of_case(session, case_id)
    for document_id in document_ids:
        moved = await session.scalar(
            update(Document)
            .where(Document.document_id == document_id, Document.case_id == "")
            .values(case_id=case_id, file_id=file_id)
            .returning(Document.document_id)
        )
        if moved:
            await _audit(session, "document filed", document_id, case_id, file_id, by, at)


async def file_of_case(session: AsyncSession, case_id: str) -> str | None:
    """The green file of the case's person, by any of their references, else by the report entry."""
    case = await session.get(CaseRecord, case_id)
    if case is None:
        return None
    if case.person_ref:
        found = await session.scalar(
            select(PersonFileName.file_id).where(PersonFileName.person_ref == case.person_ref)
        )
        if found:
            return found
    entries = select(ReportEntry.entry_id).where(
        or_(ReportEntry.case_id == case_id, ReportEntry.entry_id == case.entry_id)
    )
    by_entry = await session.scalar(
        select(PersonFile.file_id).where(PersonFile.entry_id.in_(entries)).order_by(PersonFile.created_at)
    )
    if by_entry is None and case.parent_case_id:
        return await file_of_case(session, case.parent_case_id)
    return by_entry


async def read_document(
    database: Database, store: DocumentStore, document_id: str, *, by: By, at: datetime, why: str | None
) -> ReadDocument:
    """Read a document; every read is audited before the content is given out (PRV-18).

    Whether the reader may is the caller's question. Raises NoSuchDocument, Transient or Permanent.
    """
    async with database.transaction() as session:
        row = await session.get(Document, document_id)
    if row is None:
        raise NoSuchDocument("there is no such document")
    await record_access(
        database, by=by, at=at, what="document", subject=document_id, case_id=row.case_id or None, why=why
    )
    return ReadDocument(
        content=await store.get(row.storage_reference),
        media_type=row.media_type,
        form=row.form,
        case_id=row.case_id,
        file_id=row.file_id,
    )


async def _audit(
    session: AsyncSession,
    action: str,
    document_id: str,
    case_id: str,
    file_id: str | None,
    by: By,
    at: datetime,
) -> None:
    await write_audit(
        session,
        by=by,
        at=at,
        action=action,
        case_id=case_id or None,
        step="B",
        subject=document_id,
        detail={"file": file_id},
        business_key=f"document/{document_id}/{case_id or 'unsorted'}",
    )
