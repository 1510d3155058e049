"""A token counts only when every check holds; a person is what the provider's signed claims say."""

import base64
import hmac
import json
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

from adapters.identity import (
    ALGORITHMS,
    Actor,
    IdentityProviderDown,
    NotSignedIn,
    OpenIdProvider,
    Reason,
    SignInAttempt,
    openid_provider,
)
from adapters.settings import Settings, SettingsError, read_settings
from procedures.terms import Role
from workers.embedded.identity_provider import IdentityProvider
from workers.embedded.identity_server import EmbeddedIdentityProvider, provider_app

ISSUER = "https://id.example"
RSA = RSAKey.generate_key(2048, {"kid": "rsa"})
EC = ECKey.generate_key("P-256", {"kid": "ec"})
STRANGER = ECKey.generate_key("P-256", {"kid": "ec"})


@dataclass
class Agency:
    """An agency's provider: discovery and keys, counted, with a clock that the test moves."""

    keys: list[RSAKey | ECKey] = field(default_factory=lambda: [RSA, EC])
    now: float = 1_800_000_000.0
    fetches: int = 0
    down: bool = False
    issuer: str = ISSUER
    scheme: str = "https"

    def answer(self, request: httpx.Request) -> httpx.Response:
        if self.down:
            raise httpx.ConnectError("down")
        if request.url.path == "/.well-known/openid-configuration":
            endpoints = {
                "authorization_endpoint": "authorize",
                "token_endpoint": "token",
                "jwks_uri": "keys",
            }
            found = {name: f"{self.scheme}://id.example/{path}" for name, path in endpoints.items()}
            return httpx.Response(200, json={"issuer": self.issuer, **found})
        self.fetches += 1
        return httpx.Response(200, json={"keys": [key.as_dict(private=False) for key in self.keys]})

    def claims(self, **changes: Any) -> dict[str, Any]:
        claims = {
            "iss": ISSUER,
            "aud": "placement",
            "sub": "u-17",
            "name": "Tamsin Example",
            "roles": ["advisor-placement", "role-of-another-application"],
            "regions": ["R1", "R2"],
            "exp": self.now + 600,
            "nbf": self.now,
        }
        return {name: value for name, value in {**claims, **changes}.items() if value is not ...}

    def token(self, key: RSAKey | ECKey = EC, algorithm: str = "ES256", **changes: Any) -> str:
        return jwt.encode(
            {"alg": algorithm, "kid": key.kid}, self.claims(**changes), key, algorithms=[algorithm]
        )


@pytest.fixture
def agency() -> Agency:
    return Agency()


@pytest.fixture
async def provider(agency: Agency) -> AsyncIterator[OpenIdProvider]:
    http = httpx.AsyncClient(transport=httpx.MockTransport(agency.answer))
    made = OpenIdProvider(ISSUER, "placement", http=http, clock=lambda: agency.now)
    yield made
    await made.close()


async def refusal(provider: OpenIdProvider, token: str, nonce: str | None = None) -> Reason:
    with pytest.raises(NotSignedIn) as refused:
        await provider.verify(token, nonce=nonce)
    assert "Tamsin" not in str(refused.value)
    return refused.value.reason


async def test_claims_become_an_actor_for_both_algorithms(agency: Agency, provider: OpenIdProvider) -> None:
    """Subject, name, known roles and regions; roles of other applications mean nothing."""
    for key, algorithm in ((RSA, "RS256"), (EC, "ES256")):
        actor = await provider.verify(agency.token(key, algorithm))
        assert actor == Actor(
            "u-17", "Tamsin Example", frozenset({Role.ADVISOR_PLACEMENT}), frozenset({"R1", "R2"})
        )
        assert actor.covers("R1")
        assert not actor.covers("R3")
        assert "Tamsin" not in repr(actor)
    assert (await provider.verify(agency.token(regions=["*"]))).covers("R3")
    assert ALGORITHMS == ["RS256", "ES256"]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"iss": "https://id.example/"}, Reason.ISSUER),
        ({"iss": ...}, Reason.ISSUER),
        ({"aud": "other"}, Reason.AUDIENCE),
        ({"aud": ["other", "placement-2"]}, Reason.AUDIENCE),
        ({"aud": ...}, Reason.AUDIENCE),
        ({"exp": 1_800_000_000 - 30}, Reason.EXPIRED),
        ({"exp": ...}, Reason.CLAIMS),
        ({"exp": "never"}, Reason.CLAIMS),
        ({"exp": True}, Reason.CLAIMS),
        ({"nbf": 1_800_000_000 + 31}, Reason.NOT_YET_VALID),
        ({"nbf": "soon"}, Reason.CLAIMS),
        ({"sub": ...}, Reason.CLAIMS),
        ({"sub": ""}, Reason.CLAIMS),
        ({"sub": 7}, Reason.CLAIMS),
        ({"roles": "administrator"}, Reason.CLAIMS),
        ({"regions": "*"}, Reason.CLAIMS),
        ({"regions": [1]}, Reason.CLAIMS),
    ],
)
async def test_wrong_claim_is_refused_with_its_reason(
    agency: Agency, provider: OpenIdProvider, changes: dict[str, Any], reason: Reason
) -> None:
    """Each claim by itself."""
    assert await refusal(provider, agency.token(**changes)) is reason


async def test_clocks_may_differ_by_less_than_half_a_minute(agency: Agency, provider: OpenIdProvider) -> None:
    """Both ends of the leeway."""
    await provider.verify(agency.token(exp=agency.now - 29))
    await provider.verify(agency.token(nbf=agency.now + 30))


def by_hand(algorithm: str, claims: dict[str, Any], secret: bytes | None) -> str:
    """A token that no library would make: without a signature, or HS256 with a secret."""
    parts = [json.dumps(part).encode() for part in ({"alg": algorithm, "kid": "rsa"}, claims)]
    signed = b".".join(base64.urlsafe_b64encode(part).rstrip(b"=") for part in parts)
    mac = b"" if secret is None else hmac.digest(secret, signed, "sha256")
    return (signed + b"." + base64.urlsafe_b64encode(mac).rstrip(b"=")).decode()


async def test_forged_and_confused_tokens_are_refused(agency: Agency, provider: OpenIdProvider) -> None:
    """No algorithm, the public key used as a shared secret, another key under a known id, altered claims, no token."""
    claims = agency.claims()
    unsigned, confused = by_hand("none", claims, None), by_hand("HS256", claims, RSA.as_pem(private=False))
    other_kind = jwt.encode({"alg": "PS256", "kid": "rsa"}, claims, RSA, algorithms=["PS256"])
    for token in (confused, unsigned, other_kind):
        assert await refusal(provider, token) is Reason.ALGORITHM
    assert await refusal(provider, agency.token(STRANGER)) is Reason.SIGNATURE
    head, _, signature = agency.token().split(".")
    body = agency.token(roles=["administrator"]).split(".")[1]
    assert await refusal(provider, f"{head}.{body}.{signature}") is Reason.SIGNATURE
    crossed = jwt.encode({"alg": "ES256", "kid": "rsa"}, agency.claims(), EC, algorithms=["ES256"])
    assert await refusal(provider, crossed) is Reason.MALFORMED
    for token in ("", "a.b.c", "āā.b.c", agency.token()[:40]):
        assert await refusal(provider, token) is Reason.MALFORMED


async def test_nonce_must_be_the_one_of_this_sign_in(agency: Agency, provider: OpenIdProvider) -> None:
    """A token of another sign-in cannot be replayed."""
    await provider.verify(agency.token(nonce="n-1"), nonce="n-1")
    assert await refusal(provider, agency.token(nonce="n-2"), nonce="n-1") is Reason.NONCE
    assert await refusal(provider, agency.token(), nonce="n-1") is Reason.NONCE


async def test_new_key_of_the_provider_is_fetched_without_letting_strangers_hammer_it(
    agency: Agency, provider: OpenIdProvider
) -> None:
    """An unknown key id causes a fetch, at most every half minute; keys the provider dropped end within the hour."""
    await provider.verify(agency.token())
    new = ECKey.generate_key("P-256", {"kid": "new"})
    agency.keys = [new]
    for _ in range(5):
        assert await refusal(provider, agency.token(new)) is Reason.UNKNOWN_KEY
    assert agency.fetches == 1
    agency.now += 31
    await provider.verify(agency.token(new))
    assert agency.fetches == 2
    assert await refusal(provider, agency.token(EC)) is Reason.UNKNOWN_KEY
    agency.keys = [EC]
    agency.now += 3601
    assert await refusal(provider, agency.token(new)) is Reason.UNKNOWN_KEY


async def test_provider_out_of_reach_lets_nobody_in_and_is_not_a_refusal(
    agency: Agency, provider: OpenIdProvider
) -> None:
    """Down is down: the caller may try later, and nothing is trusted meanwhile."""
    agency.down = True
    with pytest.raises(IdentityProviderDown):
        await provider.verify(agency.token())
    agency.down = False
    await provider.verify(agency.token())


@pytest.mark.parametrize("change", [{"issuer": "https://other.example"}, {"scheme": "http"}])
async def test_discovery_of_another_issuer_or_without_tls_is_not_believed(
    agency: Agency, provider: OpenIdProvider, change: dict[str, str]
) -> None:
    """The description must be of the issuer asked for, and its addresses as safe as its own."""
    for name, value in change.items():
        setattr(agency, name, value)
    with pytest.raises(IdentityProviderDown):
        await provider.verify(agency.token())


def test_production_needs_an_issuer_with_tls() -> None:
    """Keys fetched in clear could be anybody's."""
    with pytest.raises(SettingsError, match="PLACEMENT_OIDC_ISSUER"):
        openid_provider(read_settings({"PLACEMENT_MODE": "production"}))


# -- the embedded provider ---------------------------------------------------------------------------


@dataclass(frozen=True)
class Person:
    """One of this test's staff."""

    subject: str
    name: str
    role: Role
    region: str


STAFF = [
    Person("s-1", "Moana <Example>", Role.ADVISOR_WELLBEING_SUPPORT, "R1"),
    Person("s-2", "Idris Example", Role.ADVISOR_WELLBEING_SUPPORT, "R2"),
    Person("s-3", "Solveig Example", Role.AUDITOR, "*"),
]
BACK = "http://127.0.0.1:8000/signed-in"


@dataclass
class House:
    """The embedded provider reached without a socket, and an application that trusts it."""

    settings: Settings
    http: httpx.AsyncClient
    application: OpenIdProvider
    attempt: SignInAttempt = field(default_factory=SignInAttempt.begin)
    now: float = field(default_factory=time.time)

    async def pick(self, subject: str, **changes: str) -> httpx.Response:
        url = await self.application.sign_in_url(BACK, self.attempt)
        query = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
        return await self.http.post("/authorize", params={**query, **changes}, data={"subject": subject})

    async def code(self, subject: str) -> str:
        answer = await self.pick(subject)
        assert answer.status_code == 303
        back = urlsplit(answer.headers["location"])
        query = parse_qs(back.query)
        assert f"{back.scheme}://{back.netloc}{back.path}" == BACK
        assert query["state"] == [self.attempt.state]
        return query["code"][0]


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    settings = read_settings({"PLACEMENT_HOME": str(tmp_path)})
    made: list[House] = []
    provider = IdentityProvider(settings, STAFF, clock=lambda: made[0].now)
    transport = httpx.ASGITransport(provider_app(provider))
    async with httpx.AsyncClient(transport=transport, base_url=settings.oidc_issuer) as http:
        application = OpenIdProvider(
            settings.oidc_issuer, settings.oidc_audience, http=http, clock=lambda: made[0].now
        )
        made.append(House(settings, http, application))
        yield made[0]


async def test_person_picked_on_the_page_is_signed_in(house: House) -> None:
    """Authorization code with PKCE, state and nonce, from the page to the actor."""
    page = await house.http.get(await house.application.sign_in_url(BACK, house.attempt))
    assert "Moana &lt;Example&gt;" in page.text
    assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
    done = await house.application.exchange(await house.code("s-1"), BACK, house.attempt)
    assert done.actor == Actor(
        "s-1", "Moana <Example>", frozenset({Role.ADVISOR_WELLBEING_SUPPORT}), frozenset({"R1"})
    )
    assert done.expires_at == int(house.now) + 8 * 3600


async def test_code_is_good_once_for_a_minute_for_who_began(house: House) -> None:
    """A used, late or stolen code gives nothing."""
    code = await house.code("s-1")
    await house.application.exchange(code, BACK, house.attempt)
    stolen, late = await house.code("s-1"), await house.code("s-1")
    for spoiled, attempt in ((code, house.attempt), (stolen, SignInAttempt.begin())):
        with pytest.raises(NotSignedIn) as refused:
            await house.application.exchange(spoiled, BACK, attempt)
        assert refused.value.reason is Reason.REFUSED
    house.now += 60
    with pytest.raises(NotSignedIn):
        await house.application.exchange(late, BACK, house.attempt)


@pytest.mark.parametrize(
    "changes",
    [
        {"redirect_uri": "https://elsewhere.example/"},
        {"redirect_uri": "http://127.0.0.1@elsewhere.example/"},
        {"redirect_uri": "http://127.0.0.1.elsewhere.example/"},
        {"client_id": "other"},
        {"response_type": "token"},
        {"code_challenge_method": "plain"},
    ],
)
async def test_code_never_leaves_this_computer_and_never_goes_without_pkce(
    house: House, changes: dict[str, str]
) -> None:
    """An authorization request that asks for less safety is refused."""
    assert (await house.pick("s-1", **changes)).status_code == 400


async def test_unknown_person_cannot_be_picked(house: House) -> None:
    """Only the people of the list."""
    assert (await house.pick("s-9")).status_code == 400


async def test_tokens_survive_a_restart_of_the_provider(house: House) -> None:
    """The signing key is kept, 0600; a token made before is good after."""
    before = IdentityProvider(house.settings, STAFF)
    token = before.token(STAFF[0])
    after = IdentityProvider(house.settings, STAFF)
    assert before.public_keys == after.public_keys
    assert "d" not in after.public_keys["keys"][0]
    assert (await house.application.verify(token)).subject == "s-1"
    key = house.settings.keys / "identity-provider.json"
    assert key.stat().st_mode & 0o777 == 0o600


async def test_user_info_answers_to_a_valid_token_only(house: House) -> None:
    """Name, roles and regions for a token; 401 without, or after eight hours."""
    answer = await house.http.post("/embedded/token", json={"role": "auditor"})
    bearer = {"Authorization": f"Bearer {answer.json()['access_token']}"}
    info = (await house.http.get("/userinfo", headers=bearer)).json()
    assert info == {"sub": "s-3", "name": "Solveig Example", "roles": ["auditor"], "regions": ["*"]}
    assert (await house.http.get("/userinfo")).status_code == 401
    house.now += 8 * 3600
    assert (await house.http.get("/userinfo", headers=bearer)).status_code == 401


async def test_command_line_gets_a_token_by_role_and_region_and_a_web_page_does_not(house: House) -> None:
    """Region is respected, a missing person says what there is, a browser is refused, another host name too."""
    wanted = {"role": "advisor-wellbeing-support", "region": "R2"}
    answer = await house.http.post("/embedded/token", json=wanted)
    assert (await house.application.verify(answer.json()["access_token"])).subject == "s-2"
    missing = await house.http.post("/embedded/token", json={**wanted, "region": "R9"})
    assert missing.status_code == 404
    assert "R1, R2" in missing.json()["detail"]
    page = {"Origin": "http://elsewhere.example"}
    assert (await house.http.post("/embedded/token", json=wanted, headers=page)).status_code == 403
    rebound = {"Host": "elsewhere.example"}
    assert (await house.http.post("/embedded/token", json=wanted, headers=rebound)).status_code == 400


def test_embedded_provider_does_not_start_in_production(tmp_path: Path) -> None:
    """It gives a token to whoever asks."""
    settings = read_settings({"PLACEMENT_HOME": str(tmp_path), "PLACEMENT_MODE": "production"})
    with pytest.raises(SettingsError, match="production"):
        EmbeddedIdentityProvider(settings, STAFF)


async def test_provider_serves_on_a_real_port_of_loopback(tmp_path: Path, unused_tcp_port: int) -> None:
    """Started, asked through a real socket with the default client, stopped."""
    settings = read_settings({"PLACEMENT_HOME": str(tmp_path), "PLACEMENT_OIDC_PORT": str(unused_tcp_port)})
    server = EmbeddedIdentityProvider(settings, STAFF)
    await server.start()
    application = openid_provider(settings)
    try:
        token = IdentityProvider(settings, STAFF).token(STAFF[2])
        assert (await application.verify(token)).roles == {Role.AUDITOR}
    finally:
        await server.stop()
    stranger = openid_provider(settings)
    with pytest.raises(IdentityProviderDown):
        await stranger.verify(token)
    await stranger.close()
    await application.close()
