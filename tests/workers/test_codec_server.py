"""The codec server decodes for administrators and auditors at the Web UI, and for nobody else."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
import typer
from google.protobuf import json_format
from structlog.testing import capture_logs
from temporalio.api.common.v1 import Payload, Payloads
from temporalio.converter import WorkflowSerializationContext
from typer.testing import CliRunner

from adapters.codec import EncryptingCodec
from adapters.identity import OpenIdProvider, openid_provider
from adapters.keys import KeyRing
from adapters.settings import Settings, read_settings
from procedures.terms import Role
from workers.codec_server import LARGEST_BODY, CodecServer, codec_app
from workers.embedded.identity_provider import IdentityProvider, TokenRequest
from workers.embedded.identity_server import EmbeddedIdentityProvider, provider_app
from workers.token_command import add_commands

SECRET = "Waiata Example-Person"
PLAIN = Payload(metadata={"encoding": b"json/plain"}, data=json.dumps(SECRET).encode())
UI = "http://127.0.0.1:8233"
CODEC = "http://127.0.0.1:8081"


@dataclass(frozen=True)
class Person:
    """One of this test's staff."""

    subject: str
    name: str
    role: Role
    region: str


STAFF = [Person(f"s-{number}", f"Person {number}", role, "*") for number, role in enumerate(Role)]


@dataclass
class Office:
    """Codec server and identity provider, reached without sockets, with a clock that the test moves."""

    keys: KeyRing
    identity: IdentityProvider
    identity_http: httpx.AsyncClient
    http: httpx.AsyncClient
    now: float = 1_800_000_000.0

    def bearer(self, role: Role) -> dict[str, str]:
        token = self.identity.token(self.identity.person_with(TokenRequest(role=role)))
        return {"Authorization": f"Bearer {token}"}

    async def sealed(self, workflow_id: str = "case-1") -> Payload:
        context = WorkflowSerializationContext("default", workflow_id)
        return (await EncryptingCodec(self.keys, "default").with_context(context).encode([PLAIN]))[0]

    async def decode(self, *payloads: Payload, **headers: str) -> httpx.Response:
        """Ask as the Web UI does."""
        body = json_format.MessageToJson(Payloads(payloads=payloads))
        sent = {"Content-Type": "application/json", "X-Namespace": "default", "Origin": UI, **headers}
        return await self.http.post("/decode?preserveStorageRefs=true", content=body, headers=sent)

    async def sign_in(self, subject: str) -> httpx.Response:
        """Walk through the pages as a browser does."""
        to_provider = await self.http.get("/sign-in")
        location = to_provider.headers["location"]
        picked = await self.identity_http.post(location, data={"subject": subject})
        return await self.http.get(picked.headers["location"])


def house(home: Path, **ports: str) -> Settings:
    return read_settings({"PLACEMENT_HOME": str(home), **ports})


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    settings, made = house(tmp_path), list[Office]()
    identity = IdentityProvider(settings, STAFF, clock=lambda: made[0].now)
    transport = httpx.ASGITransport(provider_app(identity))
    async with httpx.AsyncClient(transport=transport, base_url=settings.oidc_issuer) as identity_http:
        trusted = OpenIdProvider(
            settings.oidc_issuer, "placement", http=identity_http, clock=lambda: made[0].now
        )
        keys = KeyRing.fresh()
        app = codec_app(settings, keys, trusted, clock=lambda: made[0].now, per_minute=5)
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=CODEC) as http:
            made.append(Office(keys, identity, identity_http, http))
            yield made[0]


def text_of(answer: httpx.Response) -> list[str]:
    payloads = json_format.ParseDict(answer.json(), Payloads()).payloads
    return [json.loads(payload.data) for payload in payloads]


async def test_administrator_and_auditor_read_payloads_of_any_run(office: Office) -> None:
    """The bound id comes from the metadata: the Web UI names no workflow."""
    for role in (Role.ADMINISTRATOR, Role.AUDITOR):
        answer = await office.decode(
            await office.sealed("case-1"), await office.sealed("case-2"), **office.bearer(role)
        )
        assert answer.status_code == 200
        assert text_of(answer) == [SECRET, SECRET]
        assert answer.headers["access-control-allow-origin"] == UI
        assert answer.headers["access-control-allow-credentials"] == "true"
        assert answer.headers["cache-control"] == "no-store"


async def test_every_other_role_and_everyone_unknown_is_refused(office: Office) -> None:
    """T6: 403 for each other role; 401 without a token, with a forged one and with an expired one."""
    payload = await office.sealed()
    for role in set(Role) - {Role.ADMINISTRATOR, Role.AUDITOR}:
        assert (await office.decode(payload, **office.bearer(role))).status_code == 403
    assert (await office.decode(payload)).status_code == 401
    assert (await office.decode(payload, Authorization="Bearer a.b.c")).status_code == 401
    bearer = office.bearer(Role.AUDITOR)
    office.now += 9 * 3600
    answer = await office.decode(payload, **bearer)
    assert answer.status_code == 401
    assert SECRET not in answer.text


async def test_browser_signed_in_on_the_page_reads_by_cookie_until_it_signs_out(office: Office) -> None:
    """Authorization code, an HttpOnly SameSite cookie, eight hours, sign-out on the server's side."""
    assert "not signed in" in (await office.http.get("/")).text
    done = await office.sign_in("s-6")
    assert done.headers["location"] == "/"
    cookie = next(
        value for value in done.headers.get_list("set-cookie") if value.startswith("placement_codec=")
    )
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert "You are signed in" in (await office.http.get("/")).text
    assert text_of(await office.decode(await office.sealed())) == [SECRET]
    kept = dict(office.http.cookies)
    await office.http.post("/sign-out", headers={"Origin": CODEC})
    office.http.cookies.update(kept)
    assert (await office.decode(await office.sealed())).status_code == 401
    await office.sign_in("s-6")
    office.now += 8 * 3600
    assert (await office.decode(await office.sealed())).status_code == 401


async def test_page_signs_in_readers_only_and_only_the_browser_that_began(office: Office) -> None:
    """No session for other roles, and none for a code that another browser began."""
    assert (await office.sign_in("s-0")).status_code == 403
    to_provider = await office.http.get("/sign-in")
    picked = await office.identity_http.post(to_provider.headers["location"], data={"subject": "s-6"})
    office.http.cookies.clear()
    assert (await office.http.get(picked.headers["location"])).status_code == 400
    query = parse_qs(urlsplit(to_provider.headers["location"]).query)
    assert query["code_challenge_method"] == ["S256"]
    assert (await office.decode(await office.sealed())).status_code == 401


@pytest.mark.parametrize(
    "origin", ["http://localhost:8233", "http://127.0.0.1:8000", "http://elsewhere.example", "null"]
)
async def test_only_the_web_ui_itself_may_ask_from_a_browser(office: Office, origin: str) -> None:
    """T6: exact origin in preflight and request; no wildcard."""
    preflight = {
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,authorization-extras,content-type,x-namespace",
    }
    allowed = await office.http.options("/decode", headers={"Origin": UI, **preflight})
    assert allowed.status_code == 200
    assert allowed.headers["access-control-allow-origin"] == UI
    refused = await office.http.options("/decode", headers={"Origin": origin, **preflight})
    assert refused.status_code == 400
    assert "access-control-allow-origin" not in refused.headers
    headers = {"Origin": origin, **office.bearer(Role.AUDITOR)}
    assert (await office.decode(await office.sealed(), **headers)).status_code == 403


async def test_nothing_is_encrypted_here(office: Office) -> None:
    """T6: /encode does not exist."""
    for path in ("/encode", "/decode/encode"):
        answer = await office.http.post(path, content=b"{}", headers=office.bearer(Role.ADMINISTRATOR))
        assert answer.status_code == 404


async def test_every_decode_is_logged_with_who_where_and_how_many(office: Office) -> None:
    """T6: subject, namespace, count and opaque runs; failures and refusals too; never what was read."""
    plain = Payload(metadata={"encoding": b"json/plain"}, data=b"{}")
    altered = await office.sealed("case-3")
    altered.data = altered.data[:-1] + b"\0"
    with capture_logs() as logs:
        await office.decode(await office.sealed("case-2"), plain, **office.bearer(Role.AUDITOR))
        await office.decode(altered, **office.bearer(Role.AUDITOR))
        await office.decode(altered, **office.bearer(Role.ADVISOR_PLACEMENT))
    decoded, failed, refused = logs
    auditor = office.identity.person_with(TokenRequest(role=Role.AUDITOR)).subject
    assert decoded["event"] == "payloads decoded"
    assert (decoded["actor"], decoded["namespace"], decoded["payloads"], decoded["plain"]) == (
        auditor,
        "default",
        1,
        1,
    )
    assert decoded["workflows"] == ["case-2"]
    assert (failed["event"], failed["workflows"]) == ("decoding failed", ["case-3"])
    assert (refused["event"], refused["status"]) == ("decoding refused", 403)
    assert SECRET not in str(logs)


async def test_altered_misplaced_or_oversized_content_is_refused(office: Office) -> None:
    """Other namespace, changed bound id, unknown key, no JSON, over 4 MB."""
    bearer = office.bearer(Role.AUDITOR)
    assert (
        await office.decode(await office.sealed(), **{**bearer, "X-Namespace": "other"})
    ).status_code == 400
    moved = await office.sealed()
    moved.metadata["bound-id"] = b"case-2"
    answer = await office.decode(moved, **bearer)
    assert answer.status_code == 400
    assert SECRET not in answer.text
    for body, status in ((b"no json", 400), (b"[1]", 400), (b"x" * (LARGEST_BODY + 1), 413)):
        headers = {"X-Namespace": "default", **bearer}
        assert (await office.http.post("/decode", content=body, headers=headers)).status_code == status


async def test_person_who_asks_too_often_waits_a_minute(office: Office) -> None:
    """Five a minute in this test; another person is not slowed."""
    payload, bearer = await office.sealed(), office.bearer(Role.AUDITOR)
    for _ in range(5):
        assert (await office.decode(payload, **bearer)).status_code == 200
    answer = await office.decode(payload, **bearer)
    assert answer.status_code == 429
    assert answer.headers["retry-after"] == "60"
    assert (await office.decode(payload, **office.bearer(Role.ADMINISTRATOR))).status_code == 200
    office.now += 61
    assert (await office.decode(payload, **bearer)).status_code == 200


async def test_token_command_and_both_servers_on_real_ports(
    tmp_path: Path, unused_tcp_port_factory: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`placement token` prints a token that the codec server takes; a role nobody has says so."""
    oidc, codec = str(unused_tcp_port_factory()), str(unused_tcp_port_factory())
    ports = {"PLACEMENT_OIDC_PORT": oidc, "PLACEMENT_CODEC_PORT": codec}
    settings = house(tmp_path, **ports)
    for name, value in ports.items():
        monkeypatch.setenv(name, value)
    assert "start `placement up`" in await command("--role", "auditor")
    keys, provider = KeyRing.fresh(), openid_provider(settings)
    servers = [EmbeddedIdentityProvider(settings, STAFF), CodecServer(settings, keys, provider)]
    for server in servers:
        await server.start()
    try:
        token = (await command("--role", "auditor", "--region", "*")).strip()
        assert "regions with one: *" in await command("--role", "auditor", "--region", "R9")
        context = WorkflowSerializationContext("default", "case-1")
        (sealed,) = await EncryptingCodec(keys, "default").with_context(context).encode([PLAIN])
        async with httpx.AsyncClient(trust_env=False) as http:
            answer = await http.post(
                f"http://127.0.0.1:{codec}/decode",
                content=json_format.MessageToJson(Payloads(payloads=[sealed])),
                headers={"X-Namespace": "default", "Authorization": f"Bearer {token}"},
            )
        assert text_of(answer) == [SECRET]
    finally:
        for server in servers:
            await server.stop()
        await provider.close()


async def command(*arguments: str) -> str:
    """Run `placement token` in a thread, so that the servers of this loop can answer; what it printed or raised."""
    app = typer.Typer()
    app.callback()(lambda: None)
    add_commands(app)
    result = await asyncio.to_thread(CliRunner().invoke, app, ["token", *arguments])
    return result.output if result.exit_code == 0 else str(result.exception)
