"""A mistake in something that has left: what went out is found in the record, and each recipient gets a short run."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select, or_, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from temporalio import activity

from activities.audit import write_audit
from activities.case_rows import case_row
from activities.running_cases import RunningCases
from models.database import Database
from models.tables.case import CaseRecord
from models.tables.mail import SecureMessage
from models.tables.placement import PaperForm, Viewing
from procedures.correct_sent import CorrectSentState, Mistake, SentItem
from procedures.editions import edition_in_force
from procedures.identify_state import LinkedPerson
from procedures.mail_texts import SHAPES, MailKind
from procedures.proposed_mail import RecipientKind
from procedures.refusals import Refused
from procedures.tasks import By, Frozen
from procedures.terms import Procedure

_ON_ITS_WAY = ("waiting", "sending")
_NEVER_LEFT = ("bounced", "cancelled")
_FAMILY = """
WITH RECURSIVE up AS (
    SELECT case_id, parent_case_id FROM case_record WHERE case_id = :case_id
    UNION
    SELECT c.case_id, c.parent_case_id FROM case_record c
    JOIN up ON c.case_id = up.parent_case_id WHERE c.person_ref = ANY(:refs)
), family AS (
    SELECT case_id FROM up
    UNION
    SELECT c.case_id FROM case_record c
    JOIN family ON c.parent_case_id = family.case_id WHERE c.person_ref = ANY(:refs)
)
SELECT case_id FROM family
"""


class ReportedMistake(Frozen):
    """Something that a case has sent was wrong."""

    follow_up_id: str
    """The same at every repeat; the cases of further recipients count on from it."""
    case_id: str
    mistake: Mistake
    reason: str
    by: By
    mails: tuple[str, ...] = ()
    """Only these of the case's mails; none named: everything that went out."""
    flagged: bool = False
    """The manager has a privacy incident about it already."""


class SentMistakes:
    """Opens the follow-ups of a mistake; nothing that went out is changed."""

    def __init__(self, database: Database, cases: RunningCases) -> None:
        self._database = database
        self._cases = cases

    @activity.defn
    async def report_mistake(self, reported: ReportedMistake, at: datetime) -> list[str]:
        """The cases that follow it up, one per recipient; none when nothing went out, or it is followed up already."""
        return await follow_up(self._database, self._cases, reported, at=at)

    @activity.defn
    async def look_at_sent(self, case_id: str) -> list[SentItem]:
        """The items of a follow-up as they are now; what never left is no longer among them."""
        async with self._database.transaction() as session:
            case = await session.get_one(CaseRecord, case_id)
            held = CorrectSentState.model_validate(case.state).items
            rows = await session.scalars(
                select(SecureMessage).where(SecureMessage.mail_id.in_([one.item_id for one in held]))
            )
            now = {row.mail_id: row for row in rows}
        return [
            _item(now[one.item_id]) if one.item_id in now else one
            for one in held
            if one.item_id not in now or _left(now[one.item_id])
        ]


async def follow_up(
    database: Database, cases: RunningCases, reported: ReportedMistake, *, at: datetime
) -> list[str]:
    """Open and start the follow-ups of a mistake; `at` is UTC. A repeat finds those it opened before."""
    async with database.transaction() as session:
        known = await _opened_before(session, reported.follow_up_id)
        opened = known or await _open(session, reported, at)
    await cases.start_all([(Procedure.CORRECT_SENT.value, case_id) for case_id in opened])
    return opened


async def report_sent_mistake(
    database: Database, cases: RunningCases, reported: ReportedMistake, *, at: datetime
) -> list[str]:
    """A person reports it, also in a case that has ended. Raises Refused("AMB-X-6") when there is nothing to follow up."""
    opened = await follow_up(database, cases, reported, at=at)
    if not opened:
        raise Refused(
            "AMB-X-6", "nothing of this case went out that is not taken back, or followed up already"
        )
    return opened


async def earlier_messages(session: AsyncSession, item_ids: Sequence[str]) -> list[tuple[str, str, datetime]]:
    """Reference, kind and instant (UTC) of those of the items that have left, the oldest first."""
    if not item_ids:
        return []
    rows = await session.execute(
        select(SecureMessage.reference, SecureMessage.kind, SecureMessage.accepted_at).where(
            SecureMessage.mail_id.in_(item_ids),
            SecureMessage.accepted_at.is_not(None),
            SecureMessage.state.not_in(_NEVER_LEFT),
        )
    )
    papers = await session.execute(_handed_over().where(PaperForm.paper_id.in_(item_ids)))
    handed = {paper_id: (case_id, form, held_at) for paper_id, case_id, form, held_at in papers}
    mails = [(reference, kind, at) for reference, kind, at in rows]
    left = [(reference, kind, at) for reference, kind, at in (*mails, *handed.values()) if at]
    return sorted(left, key=lambda one: one[2])


async def _opened_before(session: AsyncSession, follow_up_id: str) -> list[str]:
    rows = await session.scalars(
        select(CaseRecord.case_id)
        .where(
            CaseRecord.procedure == Procedure.CORRECT_SENT.value,
            or_(CaseRecord.case_id == follow_up_id, CaseRecord.case_id.like(f"{follow_up_id}-_")),
        )
        .order_by(CaseRecord.case_id)
    )
    return list(rows)


async def _open(session: AsyncSession, reported: ReportedMistake, at: datetime) -> list[str]:
    about = await session.get_one(CaseRecord, reported.case_id)
    held = about.state.get("person") or await _person_before(session, about.case_id)
    if held is None:
        return []
    person = LinkedPerson.model_validate(held)
    refs = [record.person_ref for record in person.records]
    await session.execute(
        text("SELECT pg_advisory_xact_lock(hashtextextended(:ref, 4))"), {"ref": person.primary}
    )
    groups = await _went_out(session, reported, refs, at)
    opened = []
    for number, items in enumerate(groups, start=1):
        case_id = reported.follow_up_id if number == 1 else f"{reported.follow_up_id}-{number}"
        state = CorrectSentState(
            case_id=case_id,
            procedure=Procedure.CORRECT_SENT,
            edition=edition_in_force(at).name,
            region=about.region,
            step="A",
            person=person,
            about_case_id=about.case_id,
            mistake=reported.mistake,
            reason=reported.reason,
            items=items,
            flags_privacy=number == 1 and reported.mistake.is_a_privacy_incident and not reported.flagged,
        )
        await _write(session, state, about, reported, at)
        opened.append(case_id)
    return opened


async def _person_before(session: AsyncSession, case_id: str) -> dict[str, Any] | None:
    """Whom a case was about before its link was corrected and nobody took their place: its last follow-up knows."""
    person: dict[str, Any] | None = await session.scalar(
        select(CaseRecord.state["person"])
        .where(CaseRecord.parent_case_id == case_id, CaseRecord.procedure == Procedure.CORRECT_SENT.value)
        .order_by(CaseRecord.opened_at.desc())
        .limit(1)
    )
    return person


async def _write(
    session: AsyncSession, state: CorrectSentState, about: CaseRecord, reported: ReportedMistake, at: datetime
) -> None:
    """The row from which the run starts, and who reported what of which messages."""
    await session.execute(
        insert(CaseRecord).values(
            case_row(
                state.model_dump(mode="json"),
                at,
                person_ref=state.person.primary,
                entry_id=about.entry_id,
                parent_case_id=about.case_id,
            )
        )
    )
    for case_id in (about.case_id, state.case_id):
        await write_audit(
            session,
            by=reported.by,
            at=at,
            action="mistake in something sent reported",
            case_id=case_id,
            step="A",
            subject=state.case_id,
            rule="AMB-X-6",
            detail={"mistake": state.mistake.value, "items": [one.item_id for one in state.items]},
            business_key=f"mistake/{state.case_id}/{case_id}",
        )


# -- what went out ---------------------------------------------------------------------------------------------


async def _went_out(
    session: AsyncSession, reported: ReportedMistake, refs: Sequence[str], at: datetime
) -> list[tuple[SentItem, ...]]:
    """By recipient, the oldest first; what is taken back, or asked about in an open follow-up, is not asked again."""
    case_ids = [reported.case_id]
    if reported.mistake is Mistake.WRONG_PERSON:
        case_ids = list(
            await session.scalars(text(_FAMILY), {"case_id": reported.case_id, "refs": list(refs)})
        )
    done = await _followed_up(session, refs, reported.mistake)
    rows = await session.scalars(
        select(SecureMessage)
        .where(SecureMessage.case_id.in_(case_ids), SecureMessage.created_at <= at)
        .order_by(SecureMessage.created_at, SecureMessage.mail_id)
    )
    found = [_item(row) for row in rows if _left(row)]
    if not reported.mails:
        found += await _on_paper(session, case_ids)
    wanted = [
        one
        for one in found
        if one.item_id not in done and (not reported.mails or one.item_id in reported.mails)
    ]
    return _by_recipient(wanted)


def _by_recipient(items: Collection[SentItem]) -> list[tuple[SentItem, ...]]:
    """What went to no contact of the directory is listed with the first recipient."""
    groups: dict[str, list[SentItem]] = {}
    loose = [one for one in items if one.contact_id is None]
    for one in items:
        if one.contact_id is not None:
            groups.setdefault(one.contact_id, []).append(one)
    if not groups:
        return [tuple(loose)] if loose else []
    first, *others = groups.values()
    return [(*first, *loose), *map(tuple, others)]


def _left(row: SecureMessage) -> bool:
    """It left, or may be leaving at this moment."""
    if row.state in _NEVER_LEFT:
        return False
    return row.accepted_at is not None or row.state in _ON_ITS_WAY


def _item(row: SecureMessage) -> SentItem:
    return SentItem(
        item_id=row.mail_id,
        case_id=row.case_id,
        kind=row.kind,
        reference=row.reference,
        contact_id=row.contact_id,
        went_at=row.accepted_at,
        to_staff=SHAPES[MailKind(row.kind)].recipient is RecipientKind.STAFF,
    )


async def _on_paper(session: AsyncSession, case_ids: Sequence[str]) -> list[SentItem]:
    """The T-438 that Corrections was handed at a viewing; its reference is the case's number (P3.S4.a6)."""
    rows = await session.execute(_handed_over().where(PaperForm.case_id.in_(case_ids)))
    papers = {
        paper_id: SentItem(
            item_id=paper_id, case_id=case_id, kind=form, reference=case_id, went_at=held_at, on_paper=True
        )
        for paper_id, case_id, form, held_at in rows
    }
    return list(papers.values())


def _handed_over() -> Select[str, str, str, datetime | None]:
    return (
        select(PaperForm.paper_id, PaperForm.case_id, PaperForm.form, Viewing.held_at)
        .join(Viewing, Viewing.case_id == PaperForm.case_id)
        .where(Viewing.state == "held", PaperForm.printed_at <= Viewing.held_at)
        .order_by(PaperForm.printed_at, Viewing.held_at)
    )


async def _followed_up(session: AsyncSession, refs: Sequence[str], mistake: Mistake) -> set[str]:
    """Items that a notice has taken back, or that an open follow-up of the same mistake asks about."""
    rows = await session.execute(
        select(CaseRecord.case_id, CaseRecord.closed_at, CaseRecord.state).where(
            CaseRecord.procedure == Procedure.CORRECT_SENT.value, CaseRecord.person_ref.in_(refs)
        )
    )
    asked, ids = set[str](), []
    for case_id, closed_at, state in rows:
        ids.append(case_id)
        if closed_at is None and state["mistake"] == mistake.value:
            asked |= {one["item_id"] for one in state["items"]}
    notices = await session.scalars(
        select(SecureMessage.fields).where(
            SecureMessage.case_id.in_(ids),
            SecureMessage.kind == MailKind.CORRECTION.value,
            SecureMessage.state.in_([*_ON_ITS_WAY, "accepted"]),
        )
    )
    return asked.union(*(_taken_back(fields) for fields in notices))


def _taken_back(fields: dict[str, Any]) -> set[str]:
    return set(fields.get("corrects", ()))
