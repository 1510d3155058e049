"""Documents of a case: listed, opened one at a time, and filed when they came by another way than our mailbox."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import Query, Request
from fastapi.responses import RedirectResponse, Response

from activities.scans import Paper
from adapters.received_pdf import SIZE_LIMIT
from api.documents import DocumentItem, documents, file_upload
from api.pages.answer_fields import Choice, FieldKind, FormField
from api.pages.answer_form import first_values
from api.pages.answer_reading import FieldError, first_by_name, read_answer
from api.pages.case_frame import CaseFrame, CaseReader, frame_of, render_case
from api.pages.forms import Values, check_token, values_of
from api.pages.routes import page_router
from api.pages.sessions import Visitor
from api.problems import Problem
from api.uploads import MOST_FILES, form_of, paper_of
from api.visibility import visible_case
from models.queries.cases import CaseDetail
from procedures.exchange_state import ExchangeState
from procedures.mail_texts import missing_labels
from procedures.refusals import Refused
from procedures.terms import Form

router = page_router()
_MOST_FIELDS = 10
_CAMERA_PAGES = 3
"""Pages that may be photographed on the spot; a T-438 has fewer."""
_NOTHING = "Choose the PDF to file, or photograph each page of the paper."
RETURNED = "returned"
"""What is uploaded is a form that Corrections was asked for by mail."""
_PAPERS = {
    Paper.T_438: "T-438, signed by Corrections",
    Paper.T_365: "T-365",
    Paper.SAFE_WORK_PLAN: "SS-FRM-010, safe work plan",
    Paper.OTHER: "Another paper of this case",
}


@dataclass(frozen=True)
class UploadForm:
    """What is asked of whoever files a document; the file itself is a part of its own."""

    fields: list[FormField]


@dataclass(frozen=True)
class Listed:
    """A document with the words for what it still lacks."""

    item: DocumentItem
    missing: tuple[str, ...]


@router.get("/cases/{case_id}/documents")
async def listed(
    request: Request,
    visitor: CaseReader,
    case_id: str,
    scope: Annotated[Literal["case", "file"], Query()] = "case",
    what: str = "",
) -> Response:
    """The documents of the case, or of the person's whole file; `what` is what a link says is to be filed."""
    frame = await frame_of(visitor, case_id, "documents")
    return await _show(request, visitor, frame, scope=scope, values={"what": [what]} if what else None)


@router.post("/cases/{case_id}/documents")
async def upload(request: Request, visitor: CaseReader, case_id: str) -> Response:
    """File one paper: a PDF, or photographs of its pages. What is wrong is said at the top and beside its field."""
    case = await visible_case(visitor.caller, case_id)
    try:
        form = await form_of(request, most=SIZE_LIMIT, fields=_MOST_FIELDS, files=MOST_FILES)
    except Problem as problem:
        if problem.status != 413:
            raise
        return await _again(request, visitor, case_id, {}, [_of_file(problem.body.detail)], 413)
    try:
        check_token(visitor, form)
        values, content = values_of(form), await paper_of(form)
    except Refused as refusal:
        return await _again(
            request, visitor, case_id, values_of(form), [_of_file(refusal.reason)], 409, "A-B1"
        )
    finally:
        await form.close()
    reading = read_answer(_fields(case), values)
    errors = list(reading.errors) if content else [_of_file(_NOTHING), *reading.errors]
    at = _received_at(reading.body, visitor.caller.now)
    if at > visitor.caller.now:
        errors.append(
            FieldError("When it reached us lies in the future", "received_at", "#field-received_at-day")
        )
    if errors:
        return await _again(request, visitor, case_id, values, errors, 422)
    paper = None if reading.body["what"] == RETURNED else Paper(reading.body["what"])
    try:
        await file_upload(visitor.caller, case, content, received_at=at, paper=paper)
    except Refused as refusal:
        return await _again(request, visitor, case_id, values, [_of_file(refusal.reason)], 409, refusal.rule)
    except Problem as problem:
        if problem.status != 409:
            raise
        errors = [_of_file(problem.body.detail)]
        return await _again(request, visitor, case_id, values, errors, 409, problem.body.rule)
    return RedirectResponse(f"/cases/{case_id}?said={'filed' if paper else 'returned'}", 303)


def _fields(case: CaseDetail) -> list[FormField]:
    """A return is offered only while a form is out with Corrections."""
    out = ExchangeState.model_validate(case.state.get("exchange") or {}).out
    returned = (Choice(RETURNED, "A form that came back from Corrections"),) if out else ()
    papers = tuple(Choice(paper.value, text) for paper, text in _PAPERS.items())
    return [
        FormField(("what",), FieldKind.ONE_OF, "What it is", required=True, choices=(*returned, *papers)),
        FormField(
            ("received_at",),
            FieldKind.INSTANT,
            "When it reached us",
            "For a form that came back; now when left empty",
        ),
    ]


def _received_at(body: dict[str, Any], now: datetime) -> datetime:
    given = body.get("received_at")
    return datetime.fromisoformat(given) if given else now


def _of_file(text: str) -> FieldError:
    return FieldError(text[:1].upper() + text[1:], "file", "#field-file")


async def _again(
    request: Request,
    visitor: Visitor,
    case_id: str,
    values: Values,
    errors: list[FieldError],
    status: int,
    rule: str | None = None,
) -> Response:
    frame = await frame_of(visitor, case_id, "documents")
    return await _show(request, visitor, frame, values=values, errors=errors, status=status, rule=rule)


async def _show(
    request: Request,
    visitor: Visitor,
    frame: CaseFrame,
    *,
    scope: Literal["case", "file"] = "case",
    values: Values | None = None,
    errors: list[FieldError] | None = None,
    status: int = 200,
    rule: str | None = None,
) -> Response:
    held = (await documents(visitor.caller, frame.case.case_id, scope)).items
    form = UploadForm(_fields(frame.case))
    return render_case(
        request,
        visitor,
        frame,
        "documents",
        status=status,
        listed=[Listed(one, _missing(one)) for one in reversed(held)],
        scope=scope,
        form=form,
        values=values if values is not None else first_values(form, visitor.caller.now),
        errors=errors or [],
        errors_by_name=first_by_name(errors),
        rule=rule,
        most=SIZE_LIMIT // 1024 // 1024,
        pages=_CAMERA_PAGES,
    )


def _missing(document: DocumentItem) -> tuple[str, ...]:
    if document.form not in set(Form):
        return tuple(document.missing)
    return missing_labels(Form(document.form), tuple(document.missing))
