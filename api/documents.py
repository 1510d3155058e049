"""Documents over HTTP: what a case holds, the content for one reader at a time, and forms that came by another way."""

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, Field
from starlette.datastructures import FormData

from activities.filing import read_document
from activities.returns import upload_return
from activities.scans import Paper, file_scan
from adapters.received_pdf import SIZE_LIMIT
from api.known import audit_read
from api.listing import Listing, whole
from api.problems import malformed, refused
from api.signed_in import Caller, allowed
from api.task_actions import IdempotencyKey
from api.uploads import MOST_FILES, form_of, paper_of
from api.visibility import visible_case, visible_document
from models.queries.cases import CaseDetail
from models.queries.documents import DocumentRecord, document, documents_of_case, documents_of_received
from procedures.exchange_state import ExchangeState
from procedures.local_time import say_instant
from procedures.visibility import READS_CASES

router = APIRouter(tags=["documents"])
Reader = Annotated[Caller, Depends(allowed(READS_CASES, "read documents"))]


class DocumentItem(DocumentRecord):
    """A document without its content; read that at `GET /api/documents/{id}`."""

    id: str
    stored_local: str


class Uploaded(BaseModel):
    """What became of an upload: a return is read and judged by a task of its case."""

    id: str = Field(examples=["R0f3a9c2b7d61e845"])
    documents: list[DocumentItem]


FORM: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {
                        "file": {
                            "type": "string",
                            "format": "binary",
                            "description": "A PDF, or once for each page a photograph (JPEG or PNG)",
                        },
                        "received_at": {
                            "type": "string",
                            "format": "date-time",
                            "description": "When it reached us; now when left out",
                        },
                        "paper": {
                            "type": "string",
                            "enum": [paper.value for paper in Paper],
                            "description": "For a scanned paper; leave it out for a form that comes back from Corrections",
                        },
                    },
                }
            }
        },
    }
}


@router.get("/api/cases/{case_id}/documents")
async def documents(
    caller: Reader,
    case_id: str,
    scope: Annotated[
        Literal["case", "file"], Query(description="This case's alone, or the person's whole file")
    ] = "case",
) -> Listing[DocumentItem]:
    """Documents of a case, in and out, as they were stored. The read is audited."""
    await visible_case(caller, case_id)
    held = await documents_of_case(caller.resources.database, case_id, whole_file=scope == "file")
    await audit_read(caller, "list of documents", case_id, case_id=case_id)
    return whole([shown_document(one) for one in held])


@router.post("/api/cases/{case_id}/documents", response_model=Uploaded, status_code=201, openapi_extra=FORM)
async def upload(
    request: Request,
    caller: Annotated[Caller, Depends(allowed(READS_CASES, "file documents"))],
    case_id: str,
    command_id: IdempotencyKey,
) -> Response:
    """File a form that Corrections returned by another way, or a scanned paper. The file's name is not kept."""
    case = await visible_case(caller, case_id)
    form = await form_of(request, most=SIZE_LIMIT, files=MOST_FILES)
    try:
        content = await paper_of(form)
        if not content:
            raise malformed("Send the PDF, or a photograph of each page, in the form field `file`.")
        received_at, paper = _received_at(form, caller), _paper(form)
    finally:
        await form.close()
    uploaded = await file_upload(caller, case, content, received_at=received_at, paper=paper)
    return JSONResponse(uploaded.model_dump(mode="json"), status_code=201)


async def file_upload(
    caller: Caller, case: CaseDetail, content: bytes, *, received_at: datetime, paper: Paper | None
) -> Uploaded:
    """File a scanned paper, or without `paper` a form that came back. Raises Refused (A-B1, AMB-X-9), a 409 problem."""
    case_id = case.case_id
    database, store, by = caller.resources.database, caller.resources.documents, caller.by(READS_CASES)
    if paper is not None:
        new_id = await file_scan(
            database, store, case_id=case_id, paper=paper, content=content, by=by, at=caller.now
        )
        filed = [one for one in [await document(database, new_id)] if one]
    else:
        _check_something_is_out(case)
        new_id = await upload_return(
            database,
            store,
            caller.resources.cases,
            case_id=case_id,
            content=content,
            received_at=received_at,
            by=by,
            at=caller.now,
        )
        filed = await documents_of_received(database, new_id)
    return Uploaded(id=new_id, documents=[shown_document(one) for one in filed])


@router.get("/api/documents/{document_id}", response_class=Response)
async def content(
    caller: Reader,
    document_id: str,
    why: Annotated[
        str | None, Query(max_length=64, pattern=r"^[a-z0-9_ -]*$", description="For the audit")
    ] = None,
) -> Response:
    """The content, for your eyes: never cached, audited before it is given out (PRV-18)."""
    await visible_document(caller, document_id)
    held = await read_document(
        caller.resources.database,
        caller.resources.documents,
        document_id,
        by=caller.by(READS_CASES),
        at=caller.now,
        why=why,
    )
    ending = {"application/pdf": "pdf", "text/plain": "txt"}.get(held.media_type, "bin")
    return private_file(held.content, held.media_type, f"{document_id}.{ending}")


def private_file(content: bytes, media_type: str, name: str) -> Response:
    """Content for one reader: shown in place under an opaque name, never cached, and never run."""
    if media_type == "text/plain":
        media_type = "text/plain; charset=utf-8"
    return Response(
        content,
        media_type=media_type,
        headers={
            "Cache-Control": "no-store",
            "Content-Disposition": f'inline; filename="{name}"',
            "Content-Security-Policy": "default-src 'none'; object-src 'self'; style-src 'unsafe-inline'; "
            "frame-ancestors 'self'",
        },
    )


def shown_document(held: DocumentRecord) -> DocumentItem:
    """A document as listed."""
    return DocumentItem(id=held.document_id, stored_local=say_instant(held.stored_at), **held.model_dump())


def _check_something_is_out(case: CaseDetail) -> None:
    exchange = case.state.get("exchange")
    if exchange is None or not ExchangeState.model_validate(exchange).out:
        raise refused("AMB-X-9", "This case has sent no form: choose the case that asked Corrections for it.")


def _received_at(form: FormData, caller: Caller) -> datetime:
    given = form.get("received_at")
    if given is None or given == "":
        return caller.now
    try:
        at = datetime.fromisoformat(str(given))
    except ValueError:
        raise malformed("received_at is an instant such as 2026-11-27T14:00:00+13:00.") from None
    if at.tzinfo is None:
        raise malformed("received_at needs its time zone, such as 2026-11-27T14:00:00+13:00.")
    if at > caller.now:
        raise malformed("received_at lies in the future.")
    return at


def _paper(form: FormData) -> Paper | None:
    given = form.get("paper")
    if given is None or given == "":
        return None
    if given not in set(Paper):
        raise malformed(f"paper is one of: {', '.join(Paper)}.")
    return Paper(str(given))
