"""Who may decode: the codec server's sign-in page, its sessions, roles and limits."""

import hashlib
import secrets
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import structlog
from fastapi import FastAPI, HTTPException, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from adapters.identity import Actor, OpenIdProvider, SignInAttempt
from procedures.terms import Role

READERS = frozenset({Role.ADMINISTRATOR, Role.AUDITOR})

_SESSION, _ATTEMPT = "placement_codec", "placement_codec_attempt"

_log = structlog.stdlib.get_logger(__name__)


@dataclass(frozen=True)
class _Session:
    actor: Actor
    until: float


class Door:
    """Who may decode: people of two roles, by Bearer token or by a cookie, and how often."""

    def __init__(self, provider: OpenIdProvider, clock: Callable[[], float], per_minute: int) -> None:
        self._provider, self._clock, self._per_minute = provider, clock, per_minute
        self._sessions: dict[str, _Session] = {}
        self._asked: dict[str, deque[float]] = {}

    def open_session(self, actor: Actor, until: float) -> str:
        """A new session's secret; only its digest is kept."""
        now = self._clock()
        self._sessions = {key: held for key, held in self._sessions.items() if held.until > now}
        secret = secrets.token_urlsafe(32)
        self._sessions[_digest(secret)] = _Session(actor, until)
        return secret

    def close_session(self, request: Request) -> None:
        """Forget the session of this browser."""
        self._sessions.pop(_digest(request.cookies.get(_SESSION, "")), None)

    def by_cookie(self, request: Request) -> Actor | None:
        """The person whose cookie came, if it still counts."""
        held = self._sessions.get(_digest(request.cookies.get(_SESSION, "")))
        return held.actor if held is not None and held.until > self._clock() else None

    async def admit(self, request: Request) -> Actor:
        """The person asking.

        Raises HTTPException (401 unknown, 403 role, 429 too often), NotSignedIn or IdentityProviderDown.
        """
        scheme, _, bearer = request.headers.get("authorization", "").partition(" ")
        actor = self.by_cookie(request)
        if scheme.lower() == "bearer":
            actor = await self._provider.verify(bearer)
        if actor is None:
            raise HTTPException(401, "Sign in at the codec server's own page first")
        if not actor.roles & READERS:
            _log.warning("decoding refused", actor=actor.subject, status=403)
            raise HTTPException(403, "Only administrators and auditors may decode")
        self._count(actor)
        return actor

    def _count(self, actor: Actor) -> None:
        now, asked = self._clock(), self._asked.setdefault(actor.subject, deque())
        while asked and asked[0] <= now - 60:
            asked.popleft()
        if len(asked) >= self._per_minute:
            _log.warning("decoding refused", actor=actor.subject, status=429)
            raise HTTPException(429, "Too many requests; wait a minute", {"Retry-After": "60"})
        asked.append(now)


def add_sign_in(app: FastAPI, door: Door, provider: OpenIdProvider, here: str, ui: str) -> None:
    """The page `/`, and sign-in and sign-out of one browser by authorization code; `here` and `ui` are addresses."""
    secure = here.startswith("https://")

    @app.get("/")
    async def state(request: Request) -> HTMLResponse:
        actor = door.by_cookie(request)
        if actor is None:
            return _page('<p>You are not signed in.</p><p><a href="/sign-in">Sign in</a></p>')
        return _page(
            f'<p>You are signed in. Now open the <a href="{ui}">Web UI</a>, click the glasses icon, choose '
            f"“Use my browser setting”, enter {here} and tick “Include cross-origin credentials”.</p>"
            '<form method="post" action="/sign-out"><button>Sign out</button></form>'
        )

    @app.get("/sign-in")
    async def sign_in() -> Response:
        attempt = SignInAttempt.begin()
        answer = RedirectResponse(await provider.sign_in_url(f"{here}/signed-in", attempt), 303)
        value = f"{attempt.state}.{attempt.nonce}.{attempt.verifier}"
        answer.set_cookie(
            _ATTEMPT, value, max_age=600, path="/signed-in", secure=secure, httponly=True, samesite="lax"
        )
        return answer

    @app.get("/signed-in")
    async def signed_in(request: Request, code: str = "", state: str = "") -> Response:
        parts = request.cookies.get(_ATTEMPT, "").split(".")
        if len(parts) != 3 or not secrets.compare_digest(parts[0].encode(), state.encode()):
            raise HTTPException(400, "This sign-in was not begun in this browser; start again")
        done = await provider.exchange(code, f"{here}/signed-in", SignInAttempt(*parts))
        if not done.actor.roles & READERS:
            raise HTTPException(403, "Only administrators and auditors may decode")
        answer = RedirectResponse("/", 303)
        secret = door.open_session(done.actor, done.expires_at)
        answer.set_cookie(_SESSION, secret, secure=secure, httponly=True, samesite="strict")
        answer.delete_cookie(_ATTEMPT, path="/signed-in")
        return answer

    @app.post("/sign-out")
    async def sign_out(request: Request) -> Response:
        if request.headers.get("origin", here) != here:
            raise HTTPException(403, "Not from here")
        door.close_session(request)
        answer = RedirectResponse("/", 303)
        answer.delete_cookie(_SESSION)
        return answer


def _page(content: str) -> HTMLResponse:
    return HTMLResponse(
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Codec server</title></head>'
        f"<body><main><h1>Codec server</h1>{content}</main></body></html>"
    )


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
