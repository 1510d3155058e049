"""Secure mail of a case over HTTP: what went out and came back, and what a recipient would learn before it goes."""

from datetime import datetime
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query
from fastapi.responses import Response
from pydantic import BaseModel, Field

from activities.contacts import FALLBACK_ID
from activities.mail_preview import preview_form, preview_mail
from activities.send_guard import WantedMail
from api.contacts import fallback_entry
from api.documents import private_file
from api.facts_of_sending import given_by_case
from api.listing import Listing, whole
from api.problems import malformed, unknown
from api.signed_in import Caller, allowed
from api.visibility import visible_case
from models.queries.cases import CaseDetail
from models.queries.contacts import contact
from models.queries.mail import ReceivedRecord, Recipient, SentRecord, received_in_case, sent_in_case
from procedures.local_time import say_instant
from procedures.mail_texts import SHAPES, MailKind
from procedures.proposed_mail import RecipientKind
from procedures.terms import Form
from procedures.visibility import READS_CASES

router = APIRouter(prefix="/api/cases/{case_id}/mail", tags=["mail"])
Reader = Annotated[Caller, Depends(allowed(READS_CASES, "read mail"))]


class MailItem(BaseModel):
    """One mail of the case; its text and forms are documents of the case."""

    id: str
    direction: Literal["out", "in"]
    kind: str = Field(description="Out: a form, letter or notice. In: form, reply, bounce and the like")
    at: datetime = Field(description="Out: when it was written. In: when it reached us")
    local: str
    state: str | None = Field(default=None, description="Out: waiting, sending, accepted, refused, failed, …")
    reference: str | None = Field(default=None, description="What stands in the subject")
    attempt: int | None = None
    recipients: list[str] = Field(default_factory=list)
    recipient: Recipient | None = None
    recipient_confirmed_by: str | None = None
    recipient_confirmed_at: datetime | None = None
    accepted_at: datetime | None = Field(default=None, description="The gateway's own word: day 0 of a clock")
    accepted_local: str | None = None
    queue_id: str | None = None
    settled_at: datetime | None = None
    mail_id: str | None = Field(default=None, description="In: which of our mails it answers")
    document_ids: list[str] = Field(default_factory=list)
    reviewed_by: str | None = None
    reviewed_at: datetime | None = None
    problem: str | None = None


class RefusalShown(BaseModel):
    """A rule that would keep the mail from leaving."""

    rule: str
    reason: str


class FormShown(BaseModel):
    """A form that the mail would carry."""

    form: Form
    pdf: str = Field(description="Where this form is shown as a PDF")


class PreviewShown(BaseModel):
    """Exactly what the recipient would learn. Nothing of it is stored."""

    id: str = Field(description="The reference in the subject")
    to: list[str]
    subject: str
    text: str
    forms: list[FormShown]
    problem: str | None = Field(description="Why a form cannot be filled, and what to correct")
    refusals: list[RefusalShown] = Field(description="What the guard would refuse")


class PreviewQuery(BaseModel):
    """Which mail, and to whom."""

    model_config = {"extra": "forbid"}

    kind: MailKind = Field(examples=["T-441"])
    contact_id: str = Field(min_length=1, max_length=64, examples=["lanternvale-contact"])


class FormQuery(PreviewQuery):
    """Which form of it; the first when left out."""

    form: Form | None = None


@router.get("")
async def mail(caller: Reader, case_id: str) -> Listing[MailItem]:
    """Every mail of the case, out and in, in the order of time."""
    await visible_case(caller, case_id)
    database = caller.resources.database
    sent = [_sent(one) for one in await sent_in_case(database, case_id)]
    received = [_received(one) for one in await received_in_case(database, case_id)]
    return whole(sorted([*sent, *received], key=lambda one: one.at))


@router.get("/preview")
async def preview(caller: Reader, case_id: str, query: Annotated[PreviewQuery, Query()]) -> PreviewShown:
    """What the recipient would learn, before you confirm it. Nothing is stored; the look is audited."""
    case = await visible_case(caller, case_id)
    wanted = await _wanted(caller, case, query)
    shown = await preview_mail(
        caller.resources.database,
        caller.resources.mail_house,
        wanted,
        by=caller.by(READS_CASES),
        at=caller.now,
    )
    asked = {"kind": query.kind.value, "contact_id": query.contact_id}
    return PreviewShown(
        id=wanted.reference or "",
        to=list(shown.to),
        subject=shown.subject,
        text=shown.text,
        forms=[
            FormShown(
                form=form,
                pdf=f"/api/cases/{case_id}/mail/preview.pdf?{urlencode({**asked, 'form': form.value})}",
            )
            for form in shown.forms
        ],
        problem=shown.problem,
        refusals=[RefusalShown(rule=one.rule, reason=one.reason) for one in shown.refusals],
    )


@router.get("/preview.pdf", response_class=Response)
async def preview_pdf(caller: Reader, case_id: str, query: Annotated[FormQuery, Query()]) -> Response:
    """One form of the mail as it would be attached. Nothing is stored; the look is audited."""
    case = await visible_case(caller, case_id)
    wanted = await _wanted(caller, case, query)
    content = await preview_form(
        caller.resources.database,
        caller.resources.mail_house,
        wanted,
        query.form,
        by=caller.by(READS_CASES),
        at=caller.now,
    )
    return private_file(content, "application/pdf", f"{wanted.reference}-preview.pdf")


async def _wanted(caller: Caller, case: CaseDetail, query: PreviewQuery) -> WantedMail:
    if SHAPES[query.kind].recipient is not RecipientKind.CORRECTIONS:
        raise malformed("kind is a mail to Corrections.")
    held = (
        fallback_entry(caller)
        if query.contact_id == FALLBACK_ID
        else await contact(caller.resources.database, query.contact_id)
    )
    if held is None:
        raise unknown("contact")
    fields, reference = given_by_case(case, query.kind)
    return WantedMail(case.case_id, query.kind, held.contact_id, held.version, fields, reference)


def _sent(row: SentRecord) -> MailItem:
    return MailItem(
        id=row.mail_id,
        direction="out",
        at=row.created_at,
        local=say_instant(row.created_at),
        accepted_local=say_instant(row.accepted_at) if row.accepted_at else None,
        **_plain(row, without={"mail_id"}),
    )


def _received(row: ReceivedRecord) -> MailItem:
    return MailItem(
        id=row.received_id,
        direction="in",
        at=row.received_at,
        local=say_instant(row.received_at),
        **_plain(row),
    )


def _plain(
    row: SentRecord | ReceivedRecord, without: frozenset[str] | set[str] = frozenset()
) -> dict[str, Any]:
    same = (MailItem.model_fields.keys() & type(row).model_fields.keys()) - without
    return {name: getattr(row, name) for name in same}
