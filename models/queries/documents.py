"""Documents of a case and of a person's file, without their content; and who sees them."""

from datetime import datetime

from sqlalchemy import or_, select

from models.database import Database
from models.queries.visible import visible_cases
from models.tables.case import CaseRecord
from models.tables.mail import Document, PersonFile, PersonFileName, ReceivedMail
from procedures.tasks import Frozen
from procedures.visibility import SEARCHES_THE_REGISTER, Sight


class DocumentRecord(Frozen):
    """A document as it stands in the record."""

    document_id: str
    case_id: str
    file_id: str | None
    form: str
    direction: str
    media_type: str
    pages: int | None
    complete: bool | None
    missing: list[str]
    message_id: str | None
    stored_at: datetime
    stored_by: str


async def document(database: Database, document_id: str) -> DocumentRecord | None:
    """One document, or None."""
    async with database.transaction() as session:
        row = await session.get(Document, document_id)
        return _record(row) if row else None


async def documents_of_case(
    database: Database, case_id: str, *, whole_file: bool = False
) -> list[DocumentRecord]:
    """The documents of a case in the order they were stored; with `whole_file` all of its person's file."""
    which = Document.case_id == case_id
    if whole_file:
        file_of_person = (
            select(PersonFileName.file_id)
            .join(CaseRecord, CaseRecord.person_ref == PersonFileName.person_ref)
            .where(CaseRecord.case_id == case_id)
        )
        which = or_(which, Document.file_id.in_(file_of_person))
    async with database.transaction() as session:
        rows = await session.scalars(
            select(Document).where(which).order_by(Document.stored_at, Document.document_id)
        )
        return [_record(row) for row in rows]


async def sees_document(database: Database, sight: Sight, held: DocumentRecord) -> bool:
    """Whoever sees a case of the person may read the person's file; an unsorted mail, whoever sees its sorting (PRV-9).

    The file of an invalid match is for the advisors of procedure 1 and the manager alone (AMB-A-4).
    """
    of_case = CaseRecord.case_id.in_([held.case_id or f"M-{held.message_id}"])
    person = select(PersonFileName.person_ref).where(PersonFileName.file_id == held.file_id)
    async with database.transaction() as session:
        file = await session.get(PersonFile, held.file_id) if held.file_id else None
        if file and file.invalid_match and not sight.has_any(SEARCHES_THE_REGISTER):
            return False
        found = await session.scalar(
            select(CaseRecord.case_id)
            .where(visible_cases(sight), or_(of_case, CaseRecord.person_ref.in_(person)))
            .limit(1)
        )
    return found is not None


async def documents_of_received(database: Database, received_id: str) -> list[DocumentRecord]:
    """What came with one received mail: the mail itself and its forms."""
    async with database.transaction() as session:
        mail = await session.get(ReceivedMail, received_id)
        if mail is None:
            return []
        wanted = [*mail.document_ids, f"{received_id}-message"]
        rows = await session.scalars(
            select(Document).where(Document.document_id.in_(wanted)).order_by(Document.document_id)
        )
        return [_record(row) for row in rows]


def _record(row: Document) -> DocumentRecord:
    return DocumentRecord(**{name: getattr(row, name) for name in DocumentRecord.model_fields})
