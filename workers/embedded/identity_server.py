"""The embedded OpenID Connect provider on the network: pick a person, get a real signed token; loopback only."""

import time
from collections.abc import Awaitable, Callable, Sequence
from html import escape
from typing import Annotated, Any
from urllib.parse import urlencode, urlsplit

from fastapi import FastAPI, Form, HTTPException, Query, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse
from starlette.middleware.trustedhost import TrustedHostMiddleware

from adapters.settings import Settings
from procedures.terms import Role
from workers.embedded.identity_provider import (
    LOOPBACK,
    NATIONAL,
    AuthorizationRequest,
    IdentityProvider,
    StaffMember,
    TokenRequest,
)
from workers.loopback import LoopbackServer

_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; frame-ancestors 'none'; base-uri 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}
_STYLE = """
body { font: 1.1rem/1.5 system-ui, sans-serif; max-width: 40rem; margin: 2rem auto; padding: 0 1rem; color: #0b0c0c }
li { margin: .5rem 0; list-style: none } ul { padding: 0 }
button { font: inherit; text-align: left; width: 100%; padding: .75rem 1rem; border: 2px solid #0b0c0c;
  background: #fff; cursor: pointer }
button:hover { background: #eef } button:focus { outline: 4px solid #fd0; outline-offset: 0 }
"""


class EmbeddedIdentityProvider(LoopbackServer):
    """The provider as a server on `Settings.oidc_port`, 127.0.0.1 only."""

    def __init__(
        self, settings: Settings, staff: Sequence[StaffMember], *, clock: Callable[[], float] = time.time
    ) -> None:
        """Raises SettingsError in production."""
        super().__init__(provider_app(IdentityProvider(settings, staff, clock=clock)), settings.oidc_port)


def provider_app(provider: IdentityProvider) -> FastAPI:
    """Discovery, keys, the page to pick a person, tokens, and tokens for the command line."""
    app = FastAPI(openapi_url=None)
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=list(LOOPBACK))

    @app.middleware("http")
    async def headers(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
        answer = await call_next(request)
        for name, value in _HEADERS.items():
            answer.headers.setdefault(name, value)
        return answer

    _add_discovery(app, provider)
    _add_page(app, provider)
    _add_tokens(app, provider)
    return app


def _add_discovery(app: FastAPI, provider: IdentityProvider) -> None:
    @app.get("/.well-known/openid-configuration")
    async def discovery() -> dict[str, Any]:
        return _discovery(provider.issuer)

    @app.get("/jwks")
    async def keys() -> dict[str, Any]:
        return provider.public_keys


def _add_page(app: FastAPI, provider: IdentityProvider) -> None:
    @app.get("/style.css")
    async def style() -> Response:
        return Response(_STYLE, media_type="text/css")

    @app.get("/authorize")
    async def pick(asked: Annotated[AuthorizationRequest, Query()]) -> HTMLResponse:
        provider.check(asked)
        return HTMLResponse(_page(list(provider.staff.values()), asked))

    @app.post("/authorize")
    async def picked(
        subject: Annotated[str, Form()], asked: Annotated[AuthorizationRequest, Query()]
    ) -> Response:
        provider.check(asked)
        answer = urlencode({"code": provider.grant(subject, asked), "state": asked.state})
        joint = "&" if urlsplit(asked.redirect_uri).query else "?"
        return RedirectResponse(f"{asked.redirect_uri}{joint}{answer}", 303)


def _add_tokens(app: FastAPI, provider: IdentityProvider) -> None:
    @app.post("/token")
    async def token(
        grant_type: Annotated[str, Form()],
        code: Annotated[str, Form()],
        client_id: Annotated[str, Form()],
        redirect_uri: Annotated[str, Form()],
        code_verifier: Annotated[str, Form()],
    ) -> dict[str, Any]:
        if grant_type != "authorization_code":
            raise HTTPException(400, "unsupported_grant_type")
        return provider.redeem(code, client_id, redirect_uri, code_verifier)

    @app.get("/userinfo")
    async def user_info(request: Request) -> dict[str, Any]:
        scheme, _, bearer = request.headers.get("authorization", "").partition(" ")
        return provider.user_info(bearer if scheme.lower() == "bearer" else "")

    @app.post("/embedded/token")
    async def embedded_token(request: Request, wanted: TokenRequest) -> Response:
        # No page may ask for one: browsers name the page they act for, the command line does not.
        if "origin" in request.headers or "sec-fetch-site" in request.headers:
            raise HTTPException(403, "For the command line only")
        person = provider.person_with(wanted)
        national = {"regions": [NATIONAL]} if wanted.region == NATIONAL else {}
        return JSONResponse({"access_token": provider.token(person, **national)})


def _discovery(issuer: str) -> dict[str, Any]:
    return {
        "issuer": issuer,
        "authorization_endpoint": f"{issuer}/authorize",
        "token_endpoint": f"{issuer}/token",
        "userinfo_endpoint": f"{issuer}/userinfo",
        "jwks_uri": f"{issuer}/jwks",
        "response_types_supported": ["code"],
        "grant_types_supported": ["authorization_code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["ES256"],
        "token_endpoint_auth_methods_supported": ["none"],
        "code_challenge_methods_supported": ["S256"],
        "claims_supported": ["sub", "name", "roles", "regions"],
    }


def _page(staff: Sequence[StaffMember], asked: AuthorizationRequest) -> str:
    action = escape(f"/authorize?{urlencode(asked.model_dump())}")
    people = "".join(
        f'<li><button name="subject" value="{escape(person.subject)}"><strong>{escape(person.name)}</strong><br>'
        f"{escape(person.role.replace('-', ' '))}, {_region(person.region)}</button></li>"
        for person in staff
        if person.role is not Role.MACHINE
    )
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Sign in: who are you today?</title>'
        '<meta name="viewport" content="width=device-width"><link rel="stylesheet" href="/style.css"></head>'
        "<body><main><h1>Who are you today?</h1><p>These people are invented. Pick one to sign in.</p>"
        f'<form method="post" action="{action}"><ul>{people}</ul></form></main></body></html>'
    )


def _region(code: str) -> str:
    return "all regions" if code == "*" else f"region {escape(code)}"
