"""Decrypts payloads for the Temporal Web UI: on loopback, for signed-in people of two roles, every decode logged.

How an operator sees decoded summaries after `placement up`:

1. Open http://127.0.0.1:8081/ (PLACEMENT_CODEC_PORT) and sign in as an administrator or auditor.
2. Open the Web UI as http://127.0.0.1:8233/ (not "localhost": the cookie belongs to 127.0.0.1), open its Codec Server
   settings, choose "Use my browser setting and ignore Cluster-level setting", enter http://127.0.0.1:8081, tick
   "Include cross-origin credentials", apply. The browser remembers this; step 1 is needed once every eight hours.

The stack starts the Web UI with `--ui-codec-endpoint`; its server has no flag for the tick, hence step 2. By hand a Bearer
token works: `TEMPORAL_CODEC_AUTH="Bearer $(placement token --role administrator)"` and
`temporal workflow show --codec-endpoint http://127.0.0.1:8081 …`. There is no /encode: nothing is ever sealed here.
An installation can leave this server out: staff read cases in the application. Where operators need it, `placement codec`
runs it behind the agency's TLS proxy, at PLACEMENT_CODEC_ADDRESS, for the Web UI at PLACEMENT_TEMPORAL_UI_ADDRESS alone.
"""

import json
import time
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit

import structlog
from fastapi import FastAPI, HTTPException, Request, Response
from fastapi.responses import JSONResponse
from google.protobuf import json_format
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from temporalio.api.common.v1 import Payload, Payloads

from adapters.codec import EncryptingCodec, PayloadRefused, bound_id_of, is_sealed
from adapters.identity import IdentityProviderDown, NotSignedIn, OpenIdProvider
from adapters.keys import KeyRing
from adapters.settings import Settings
from workers.codec_door import Door, add_sign_in
from workers.loopback import LoopbackServer

LARGEST_BODY = 4 * 1024 * 1024
"""Bytes."""
REQUESTS_PER_MINUTE = 600
"""For each person; the Web UI asks once for every part of every event on the page."""

_NAMED_RUNS = 20

_log = structlog.stdlib.get_logger(__name__)


def codec_app(
    settings: Settings,
    keys: KeyRing,
    provider: OpenIdProvider,
    *,
    clock: Callable[[], float] = time.time,
    per_minute: int = REQUESTS_PER_MINUTE,
) -> FastAPI:
    """POST /decode for the Web UI, and a page to sign in; `clock` gives seconds since 1970."""
    app = FastAPI(openapi_url=None)
    door = Door(provider, clock, per_minute)
    here, ui = settings.codec_address, settings.temporal_ui_address
    _add_decode(
        app, EncryptingCodec(keys, settings.temporal_namespace), settings.temporal_namespace, door, ui
    )
    add_sign_in(app, door, provider, here, ui)
    app.add_middleware(
        CORSMiddleware,
        allow_origins=[ui],
        allow_credentials=True,
        allow_methods=["POST"],
        allow_headers=["content-type", "x-namespace", "authorization", "authorization-extras"],
        max_age=600,
    )
    app.add_middleware(
        TrustedHostMiddleware,
        allowed_hosts=["127.0.0.1", "localhost", urlsplit(here).hostname or "localhost"],
    )

    @app.exception_handler(NotSignedIn)
    async def not_signed_in(request: Request, error: NotSignedIn) -> Response:
        return JSONResponse({"detail": str(error)}, 401)

    @app.exception_handler(IdentityProviderDown)
    async def provider_down(request: Request, error: IdentityProviderDown) -> Response:
        return JSONResponse({"detail": str(error)}, 503)

    @app.middleware("http")
    async def headers(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
        answer = await call_next(request)
        answer.headers["Cache-Control"] = "no-store"
        answer.headers["X-Content-Type-Options"] = "nosniff"
        answer.headers["Referrer-Policy"] = "no-referrer"
        answer.headers["Content-Security-Policy"] = (
            "default-src 'none'; frame-ancestors 'none'; base-uri 'none'"
        )
        return answer

    return app


class CodecServer(LoopbackServer):
    """The codec server on `Settings.codec_host` and `codec_port`: 127.0.0.1 unless told otherwise."""

    def __init__(self, settings: Settings, keys: KeyRing, provider: OpenIdProvider) -> None:
        super().__init__(codec_app(settings, keys, provider), settings.codec_port, settings.codec_host)


def _add_decode(app: FastAPI, codec: EncryptingCodec, namespace: str, door: Door, ui: str) -> None:
    @app.post("/decode")
    async def decode(request: Request) -> Response:
        if request.headers.get("origin", ui) != ui:
            raise HTTPException(403, "Not an origin of the Web UI")
        actor = await door.admit(request)
        if request.headers.get("x-namespace") != namespace:
            raise HTTPException(400, "X-Namespace must name the namespace of this installation")
        payloads = _parse(await _body(request))
        sealed = [payload for payload in payloads if is_sealed(payload)]
        runs = sorted({bound_id_of(payload) for payload in sealed})[:_NAMED_RUNS]
        noted = {"actor": actor.subject, "namespace": namespace, "payloads": len(sealed), "workflows": runs}
        try:
            # What no worker sealed (the SDK's own notes about local activities) goes back as it came.
            opened = [codec.decode_for_reading(p) if is_sealed(p) else p for p in payloads]
        except PayloadRefused as error:
            _log.warning("decoding failed", **noted)
            raise HTTPException(400, str(error)) from None
        _log.info("payloads decoded", **noted, plain=len(payloads) - len(sealed))
        return Response(json_format.MessageToJson(Payloads(payloads=opened)), media_type="application/json")


async def _body(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST_BODY:
            raise HTTPException(413, "At most 4 MB")
    return bytes(body)


def _parse(body: bytes) -> list[Payload]:
    try:
        held: Any = json.loads(body)
        return list(json_format.ParseDict(held, Payloads()).payloads)
    except (ValueError, json_format.ParseError, AttributeError, TypeError):
        raise HTTPException(400, 'The body must be JSON: {"payloads": […]}') from None
