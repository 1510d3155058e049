"""What comes back from Corrections: taken once, told to its case, or left to a person who sorts mail."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from temporalio import activity
from temporalio.service import RPCError

from activities.audit import write_audit
from activities.case_rows import case_row
from activities.filing import file_later, store_document
from activities.received import (
    Checked,
    Senders,
    form_of,
    insert_received,
    message_key,
    new_document,
    put_on_record,
    received_id_of,
)
from activities.running_cases import RunningCases
from adapters.ports import DocumentStore, Mailbox, ReceivedMessage
from adapters.received_pdf import check_pdf
from models.database import Database
from models.tables.case import CaseRecord
from models.tables.mail import ReceivedMail, SecureMessage
from procedures.editions import edition_in_force
from procedures.refusals import Refused
from procedures.returned_mail import FORM_REFERENCE, MailSort
from procedures.sort_mail import SortMailState
from procedures.tasks import SYSTEM, By, Frozen
from procedures.terms import Procedure
from procedures.visibility import NATIONAL

_ENDED = "the case had ended when this came"


class SortedReturn(Frozen):
    """What became of a mail that a person sorted."""

    told: bool
    """False: the case has ended, or there is none; the documents are filed all the same."""


class Returns:
    """Reads the return mailbox without changing it; every message is taken exactly once."""

    def __init__(
        self,
        database: Database,
        mailbox: Mailbox,
        store: DocumentStore,
        cases: RunningCases,
        senders: Senders,
    ) -> None:
        self._database = database
        self._mailbox = mailbox
        self._store = store
        self._cases = cases
        self._senders = senders

    async def take_new(self, at: datetime) -> int:
        """Tell what an earlier reading left untold, then take what is new. Returns how many were taken.

        Raises Transient when mailbox or store cannot be reached; the next call goes on from there.
        """
        for received_id in await self._untold():
            await tell(self._database, self._cases, received_id, at)
        taken = 0
        for message in await self._unseen():
            key = message_key(message)
            if await self._known(key, message.uid):
                continue
            new = await put_on_record(self._database, self._store, message, self._senders, key=key, at=at)
            if new:
                taken += 1
                await tell(self._database, self._cases, new, at)
        return taken

    @activity.defn
    async def sort_return(
        self, received_id: str, case_id: str | None, at: datetime, by: By | None = None
    ) -> SortedReturn:
        """A person gave the mail to a case, or set it aside (None). Idempotent."""
        row = await self._sorted(received_id, case_id, by or SYSTEM, at)
        told = bool(case_id) and await self._cases.tell(str(case_id), _news(row))
        for held in row.held_case_ids:
            if held != case_id:
                await self._cases.tell(held, {"sorted": received_id})
        return SortedReturn(told=told)

    async def _sorted(self, received_id: str, case_id: str | None, by: By, at: datetime) -> ReceivedMail:
        async with self._database.transaction() as session:
            row = await session.get_one(ReceivedMail, received_id, with_for_update=True)
            if case_id:
                if row.mail_id is None or not await _is_of(session, row.mail_id, case_id):
                    bounced = row.kind == MailSort.BOUNCE.value
                    row.mail_id = None if bounced else await _last_sent(session, case_id)
                row.case_id = case_id
                ids = [*row.document_ids, f"{received_id}-message"]
                await file_later(session, ids, case_id=case_id, by=by, at=at)
            row.reviewed_at, row.reviewed_by = row.reviewed_at or at, row.reviewed_by or by.subject
            await write_audit(
                session,
                by=by,
                at=at,
                action="mail given to a case" if case_id else "mail set aside",
                case_id=case_id,
                step="B",
                subject=received_id,
                business_key=f"sorted/{received_id}/{case_id or 'aside'}",
            )
        return row

    async def _untold(self) -> Sequence[str]:
        async with self._database.transaction() as session:
            rows = await session.scalars(
                select(ReceivedMail.received_id)
                .where(ReceivedMail.told_at.is_(None))
                .order_by(ReceivedMail.taken_at, ReceivedMail.uid)
            )
            return rows.all()

    async def _unseen(self) -> list[ReceivedMessage]:
        """From the last message on; from the beginning when the mailbox has numbered its messages anew."""
        async with self._database.transaction() as session:
            last = await session.scalar(
                select(ReceivedMail).where(ReceivedMail.uid > 0).order_by(ReceivedMail.uid.desc()).limit(1)
            )
        if last is None:
            return await self._mailbox.messages()
        messages = await self._mailbox.messages(after_uid=last.uid - 1)
        if messages and messages[0].uid == last.uid and message_key(messages[0]) == last.message_key:
            return messages[1:]
        return await self._mailbox.messages()

    async def _known(self, key: str, uid: int) -> bool:
        """Taken before, under whatever number; the newest number is where the next reading begins."""
        async with self._database.transaction() as session:
            known = await session.scalar(
                update(ReceivedMail)
                .where(ReceivedMail.message_key == key)
                .values(uid=uid)
                .returning(ReceivedMail.received_id)
            )
        return known is not None


async def upload_return(
    database: Database,
    store: DocumentStore,
    cases: RunningCases,
    *,
    case_id: str,
    content: bytes,
    received_at: datetime,
    by: By,
    at: datetime,
    file_name: str = "",
) -> str:
    """A returned form that came by another way, uploaded by an advisor who names the case. Returns the received id.

    `received_at` (UTC) is when it reached us. The file name is not kept: it may hold a person's name. The same file for
    the same case is one return. Raises Refused (A-B1 unfit, AMB-X-9 the form of another case).
    """
    del file_name
    pdf = await asyncio.to_thread(check_pdf, content, our_reference=FORM_REFERENCE)
    key = sha256(f"upload/{case_id}/{pdf.sha256}".encode()).hexdigest()
    received_id = received_id_of(key)
    async with database.transaction() as session:
        answered = await session.scalar(
            select(SecureMessage).where(SecureMessage.reference == (pdf.our_reference or ""))
        )
        if answered is not None and answered.case_id != case_id:
            raise Refused("AMB-X-9", "this form carries the reference of another case: look at both")
        mail_id = answered.mail_id if answered else await _last_sent(session, case_id)
        answered = answered or (await session.get(SecureMessage, mail_id) if mail_id else None)
    document = new_document(f"{received_id}-1", form_of(answered, pdf), Checked(content, pdf))
    stored, _ = await store_document(database, store, document)
    values = {
        "received_id": received_id,
        "message_key": key,
        "uid": 0,
        "received_at": received_at,
        "kind": MailSort.FORM.value,
        "mail_id": mail_id,
        "case_id": case_id,
        "held_case_ids": [],
        "taken_at": at,
    }
    async with database.transaction() as session:
        await insert_received(session, values, [stored], by=by, at=at)
    try:
        await tell(database, cases, received_id, at)
    except RPCError:  # on record and not told: the next reading of the mailbox tells it
        return received_id
    return received_id


async def tell(database: Database, cases: RunningCases, received_id: str, at: datetime) -> None:
    """Tell the case of a return; when there is none, or it has ended, a person sorts it (AMB-X-9). Idempotent."""
    async with database.transaction() as session:
        row = await session.get_one(ReceivedMail, received_id)
    if row.told_at is not None:
        return
    problem = row.problem
    if row.case_id is None:
        await _leave_to_a_person(database, cases, row, at)
    elif not await cases.tell(row.case_id, _news(row)):
        problem = _ENDED
        await _leave_to_a_person(database, cases, row, at)
    async with database.transaction() as session:
        await session.execute(
            update(ReceivedMail)
            .where(ReceivedMail.received_id == received_id)
            .values(told_at=at, problem=problem)
        )


def _news(row: ReceivedMail) -> dict[str, Any]:
    """What its case hears: opaque ids and an instant."""
    if row.kind == MailSort.BOUNCE.value and row.mail_id:
        return {"bounced": row.mail_id, "received_id": row.received_id}
    if row.document_ids:
        return {
            "returned": row.received_id,
            "mail_id": row.mail_id,
            "documents": row.document_ids,
            "received_at": row.received_at.isoformat(),
        }
    return {"unread_reply": row.received_id, "mail_id": row.mail_id}


async def _leave_to_a_person(
    database: Database, cases: RunningCases, row: ReceivedMail, at: datetime
) -> None:
    """A case of the manual queue; no letter leaves over what is unread (AMB-P1-29)."""
    case_id = f"M-{row.received_id}"
    async with database.transaction() as session:
        guess = await session.get(CaseRecord, row.suggested_case_id or row.case_id or "")
        state = SortMailState(
            case_id=case_id,
            procedure=Procedure.SORT_MAIL,
            edition=edition_in_force(at).name,
            region=guess.region if guess else NATIONAL,
            step="B",
            received_id=row.received_id,
            suggested_case_id=row.suggested_case_id,
        )
        await session.execute(
            insert(CaseRecord).values(case_row(state.model_dump(mode="json"), at)).on_conflict_do_nothing()
        )
    for held in row.held_case_ids:
        await cases.tell(held, {"unread_reply": row.received_id, "mail_id": row.mail_id})
    await cases.start(Procedure.SORT_MAIL.value, case_id)


async def _is_of(session: AsyncSession, mail_id: str, case_id: str) -> bool:
    row = await session.get(SecureMessage, mail_id)
    return row is not None and row.case_id == case_id


async def _last_sent(session: AsyncSession, case_id: str) -> str | None:
    """The message of the case that was last taken by the gateway: the one that an unmarked return answers."""
    mail_id: str | None = await session.scalar(
        select(SecureMessage.mail_id)
        .where(SecureMessage.case_id == case_id, SecureMessage.accepted_at.is_not(None))
        .order_by(SecureMessage.accepted_at.desc())
        .limit(1)
    )
    return mail_id
