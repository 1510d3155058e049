"""Secure mail of a case: where each message stands, and exactly what a recipient would learn before anything leaves."""

from typing import Annotated

from fastapi import Query, Request
from fastapi.responses import Response

from api.mail import FormQuery, PreviewQuery, mail, preview, preview_pdf
from api.pages.answer_reading import FieldError
from api.pages.case_frame import CaseFrame, CaseReader, frame_of, render_case
from api.pages.routes import page_router
from api.pages.sessions import Visitor
from api.pages.words import sentence
from models.queries import happenings, reports
from procedures.local_time import local_date
from procedures.mail_texts import SHAPES, MailKind
from procedures.proposed_mail import RecipientKind

router = page_router()

STATES = {
    "waiting": "Written, waits to leave",
    "sending": "Being handed to the gateway",
    "accepted": "Accepted by the gateway",
    "refused": "Refused: it did not leave",
    "failed": "Could not be handed over",
    "cancelled": "Cancelled before it left",
    "bounced": "Came back undelivered",
    "wrong_recipient": "Went to the wrong recipient",
}
"""What a state of the outbox means to people."""
RECEIVED = {
    "form": "A form came back",
    "reply": "A reply without a usable form",
    "unfit": "Something came that must not be kept",
    "auto_reply": "An automatic reply",
    "bounce": "A message came back undelivered",
    "stranger": "Mail from outside the agencies",
    "unmatched": "Mail that fits no case",
    "ambiguous": "Mail that fits several cases",
}
_WRONG = frozenset({"refused", "failed", "bounced", "wrong_recipient", "unfit", "bounce"})


@router.get("/cases/{case_id}/mail")
async def listed(request: Request, visitor: CaseReader, case_id: str) -> Response:
    """What went out and came back, the newest first, and the question for a preview."""
    frame = await frame_of(visitor, case_id, "mail")
    return await _show(request, visitor, frame)


@router.get("/cases/{case_id}/mail/preview")
async def shown(
    request: Request,
    visitor: CaseReader,
    case_id: str,
    kind: Annotated[str, Query(max_length=32)] = "",
    contact_id: Annotated[str, Query(max_length=64)] = "",
) -> Response:
    """The message as it would leave now, with every form it would carry. Nothing is stored; the look is audited."""
    frame = await frame_of(visitor, case_id, "mail preview")
    kinds, contacts = _kinds(), await _contacts(visitor, frame)
    errors = []
    if kind not in kinds:
        errors.append(FieldError("Choose which message", "kind", "#preview-kind"))
    if contact_id not in contacts:
        errors.append(FieldError("Choose to whom", "contact_id", "#preview-contact"))
    if errors:
        return await _show(request, visitor, frame, chosen=(kind, contact_id), errors=errors)
    query = PreviewQuery(kind=MailKind(kind), contact_id=contact_id)
    found = await preview(visitor.caller, case_id, query)
    return render_case(
        request,
        visitor,
        frame,
        "mail",
        template="cases/preview.html",
        preview=found,
        kind=kind,
        contact_id=contact_id,
        recipient=contacts[contact_id],
    )


@router.get("/cases/{case_id}/mail/preview.pdf")
async def form(visitor: CaseReader, case_id: str, query: Annotated[FormQuery, Query()]) -> Response:
    """One form of the message, as the recipient would have it."""
    return await preview_pdf(visitor.caller, case_id, query)


async def _show(
    request: Request,
    visitor: Visitor,
    frame: CaseFrame,
    *,
    chosen: tuple[str, str] = ("", ""),
    errors: list[FieldError] | None = None,
) -> Response:
    held = (await mail(visitor.caller, frame.case.case_id)).items
    return render_case(
        request,
        visitor,
        frame,
        "mail",
        status=422 if errors else 200,
        listed=list(reversed(held)),
        states=STATES,
        received=RECEIVED,
        wrong=_WRONG,
        kinds=_kinds(),
        contacts=await _contacts(visitor, frame),
        chosen=chosen,
        errors=errors or [],
        errors_by_name={one.name: one.text for one in errors or []},
    )


def _kinds() -> dict[str, str]:
    """The messages that go to Corrections."""
    wanted = (kind for kind, shape in SHAPES.items() if shape.recipient is RecipientKind.CORRECTIONS)
    return {kind.value: _kind_words(kind) for kind in wanted}


def _kind_words(kind: MailKind) -> str:
    said = kind.value.replace("+", " and ")
    return said[:1].upper() + said[1:]


async def _contacts(visitor: Visitor, frame: CaseFrame) -> dict[str, str]:
    """Whom at Corrections a message of this case may go to: the office of the report, else those of the region."""
    caller, case = visitor.caller, frame.case
    entry = await reports.entry(caller.resources.database, case.entry_id) if case.entry_id else None
    found = await happenings.contacts(
        caller.resources.database,
        office=entry.corrections_office if entry else None,
        region=case.region,
        today=local_date(caller.now),
    )
    fallback = caller.resources.mail_house.fallback.entry()
    if fallback is not None:
        found.append(happenings.contact_record(fallback))
    return {
        one.contact_id: f"{one.name}, {one.office} ({sentence(one.kind).lower()})"
        for one in found
        if one.secure_address
    }
