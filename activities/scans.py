"""Papers that somebody scanned into a person's file: looked at like everything from outside, kept once, told to no case."""

import asyncio
from datetime import datetime
from enum import StrEnum
from hashlib import sha256

from activities.filing import NewDocument, file_document, store_document
from adapters.ports import DocumentStore
from adapters.received_pdf import check_pdf
from models.database import Database
from procedures.returned_mail import FORM_REFERENCE
from procedures.tasks import By


class Paper(StrEnum):
    """What is scanned. A form that Corrections was asked for by mail is a return, not a paper."""

    T_438 = "T-438"
    T_365 = "T-365"
    SAFE_WORK_PLAN = "SS-FRM-010"
    OTHER = "other"


async def file_scan(
    database: Database,
    store: DocumentStore,
    *,
    case_id: str,
    paper: Paper,
    content: bytes,
    by: By,
    at: datetime,
) -> str:
    """File a scan of the case; the same content again is the same document. Returns the document id.

    Raises Refused (A-B1) for what must not be kept, Transient when the store cannot be reached.
    """
    pdf = await asyncio.to_thread(check_pdf, content, our_reference=FORM_REFERENCE)
    key = sha256(f"scan/{case_id}/{paper}/{pdf.sha256}".encode()).hexdigest()
    new = NewDocument(f"S{key[:16]}", paper.value, "in", "application/pdf", content, pdf.pages)
    stored, _ = await store_document(database, store, new)
    async with database.transaction() as session:
        await file_document(session, stored, case_id=case_id, travelled_with=None, by=by, at=at)
    return new.document_id
