"""A local page to read what went out and to answer as Corrections would; loopback only, synthetic people only."""

import asyncio
import secrets
import socket
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path
from typing import Annotated
from urllib.parse import quote

import uvicorn
from fastapi import FastAPI, Form, HTTPException, Request, UploadFile
from fastapi.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from jinja2 import Environment, FileSystemLoader
from starlette.middleware.trustedhost import TrustedHostMiddleware

from adapters.message_parts import header, parse_message
from adapters.ports import Attachment
from workers.embedded.mail_gateway import ACCEPTED_AT_HEADER, QUEUE_ID_HEADER
from workers.embedded.mail_store import Account, MailStore, StoredMessage, system_clock

COMPLETED = "Tēnā koe\n\nThe form is completed and attached.\n\nNgā mihi\nCorrections"
LARGEST_FORM = 10 * 1024 * 1024
_PAGES = Path(__file__).parent / "mail_pages"
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}


@dataclass(frozen=True)
class Letter:
    """One accepted message as the page shows it."""

    uid: int
    accepted_at: str
    queue_id: str
    message_id: str
    sender: str
    to: str
    cc: str
    subject: str
    text: str
    files: tuple[Attachment, ...]


class MailPage:
    """The page as a server on 127.0.0.1."""

    def __init__(self, store: MailStore, port: int, *, clock: Callable[[], datetime] = system_clock) -> None:
        """Port 0 takes a free one; `clock` (UTC) dates the answers."""
        self.port = port
        config = uvicorn.Config(
            mail_page(store, clock), log_config=None, access_log=False, server_header=False, lifespan="off"
        )
        self._server = _Server(config)
        self._serving: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Listen. Raises OSError when the port is taken."""
        listener = socket.create_server(("127.0.0.1", self.port))
        self.port = listener.getsockname()[1]
        self._serving = asyncio.create_task(self._server.serve(sockets=[listener]))

    async def stop(self) -> None:
        """Answer what is being asked, then stop listening."""
        if self._serving is None:
            return
        self._server.should_exit = True
        await self._serving
        self._serving = None


class _Server(uvicorn.Server):
    """Leaves the signals of the process alone: the stack decides when to stop."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def mail_page(store: MailStore, clock: Callable[[], datetime] = system_clock) -> FastAPI:
    """The page over a store: `/` lists the journal, `/letters/{uid}` shows one, with its files and an answer form."""
    app = FastAPI(openapi_url=None)
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=["127.0.0.1", "localhost"])
    pages = Environment(loader=FileSystemLoader(_PAGES), autoescape=True)

    @app.middleware("http")
    async def guard(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
        """Forms of other sites are refused; every answer carries the headers."""
        answer = await call_next(request) if _from_here(request) else PlainTextResponse("refused", 403)
        for name, value in _HEADERS.items():
            answer.headers.setdefault(name, value)
        return answer

    @app.get("/")
    async def journal(answered: bool = False) -> HTMLResponse:
        letters = [_letter(stored) for stored in reversed(store.messages(Account.JOURNAL))]
        return HTMLResponse(pages.get_template("journal.html").render(letters=letters, answered=answered))

    @app.get("/style.css")
    async def style() -> Response:
        return Response((_PAGES / "style.css").read_bytes(), media_type="text/css")

    @app.get("/letters/{uid}")
    async def letter(uid: int) -> HTMLResponse:
        page = pages.get_template("letter.html")
        return HTMLResponse(page.render(letter=_find(store, uid), completed=COMPLETED))

    @app.get("/letters/{uid}/files/{number}")
    async def file(uid: int, number: int) -> Response:
        files = _find(store, uid).files
        if not 0 <= number < len(files):
            raise HTTPException(404)
        return _file(files[number])

    @app.post("/letters/{uid}/answer")
    async def answer(
        uid: int, text: Annotated[str, Form()] = COMPLETED, form: UploadFile | None = None
    ) -> RedirectResponse:
        pdf = await form.read(LARGEST_FORM + 1) if form is not None else b""
        if pdf and (len(pdf) > LARGEST_FORM or not pdf.startswith(b"%PDF-")):
            raise HTTPException(422, "The form must be a PDF of at most 10 MB.")
        message = corrections_answer(_find(store, uid), text, pdf, at=clock())
        await asyncio.to_thread(store.deliver, Account.RETURNS, message)
        return RedirectResponse("/?answered=true", 303)

    return app


def corrections_answer(letter: Letter, text: str, pdf: bytes, *, at: datetime) -> bytes:
    """The reply Corrections would send to `letter`, dated `at` (UTC); `pdf` may be empty."""
    sender = letter.to.partition(",")[0]
    message = EmailMessage(policy=policy.SMTP)
    message["From"] = sender
    message["To"] = letter.sender
    message["Subject"] = f"RE: {letter.subject}"
    message["Date"] = format_datetime(at)
    message["Message-ID"] = f"<{secrets.token_hex(16)}@{sender.rpartition('@')[2]}>"
    message["In-Reply-To"] = letter.message_id
    message["References"] = letter.message_id
    message.set_content(text.replace("\r\n", "\n"))
    if pdf:
        message.add_attachment(pdf, maintype="application", subtype="pdf", filename="completed-form.pdf")
    return message.as_bytes()


def _from_here(request: Request) -> bool:
    if request.method in ("GET", "HEAD"):
        return True
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site == "same-origin"
    origin = request.headers.get("origin")
    return origin is None or origin == f"http://{request.headers.get('host')}"


def _find(store: MailStore, uid: int) -> Letter:
    try:
        return _letter(store.message(Account.JOURNAL, uid))
    except FileNotFoundError:
        raise HTTPException(404) from None


def _letter(stored: StoredMessage) -> Letter:
    headers = message_from_bytes(stored.content, policy=policy.default)
    parsed = parse_message(stored.uid, stored.received_at, stored.content)
    return Letter(
        uid=stored.uid,
        accepted_at=header(headers, ACCEPTED_AT_HEADER),
        queue_id=header(headers, QUEUE_ID_HEADER),
        message_id=parsed.message_id,
        sender=parsed.sender,
        to=header(headers, "To"),
        cc=header(headers, "Cc"),
        subject=parsed.subject,
        text=parsed.text,
        files=parsed.attachments,
    )


def _file(attachment: Attachment) -> Response:
    """A PDF opens in the browser; anything else is only saved."""
    is_pdf = attachment.media_type == "application/pdf"
    name = quote(attachment.file_name or "unnamed", safe="")
    headers = {"Content-Disposition": f"{'inline' if is_pdf else 'attachment'}; filename*=UTF-8''{name}"}
    if is_pdf:  # the browser's own viewer needs its styles
        headers["Content-Security-Policy"] = (
            "default-src 'none'; object-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'none'"
        )
    media_type = "application/pdf" if is_pdf else "application/octet-stream"
    return Response(attachment.content, media_type=media_type, headers=headers)
