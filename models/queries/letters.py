"""Letters that left by themselves when a clock had run out: what a person who was away looks for first."""

from datetime import datetime

from sqlalchemy import select

from models.database import Database
from models.queries.visible import visible_cases
from models.tables.case import CaseRecord
from models.tables.mail import SecureMessage
from procedures.mail_texts import MailKind
from procedures.tasks import Frozen
from procedures.visibility import Sight


class LetterSent(Frozen):
    """Letter 17-030 of a case; who it is about is with the case (PRV-16)."""

    mail_id: str
    case_id: str
    state: str
    written_at: datetime
    """UTC; it is handed to the gateway at once, and `state` says what became of that."""


async def letters_since(database: Database, sight: Sight, since: datetime, *, most: int) -> list[LetterSent]:
    """The newest letters of the holder's cases that were written after an instant (UTC), the newest first."""
    query = (
        select(SecureMessage)
        .join(CaseRecord, CaseRecord.case_id == SecureMessage.case_id)
        .where(SecureMessage.created_at > since, SecureMessage.kind == MailKind.L_17_030.value)
        .where(visible_cases(sight))
        .order_by(SecureMessage.created_at.desc())
        .limit(most)
    )
    async with database.transaction() as session:
        return [
            LetterSent(mail_id=row.mail_id, case_id=row.case_id, state=row.state, written_at=row.created_at)
            for row in await session.scalars(query)
        ]
