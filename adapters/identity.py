"""Who is asking: verifies tokens of an OpenID provider and signs people in by authorization code with PKCE."""

import asyncio
import base64
import hashlib
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeGuard
from urllib.parse import urlencode, urlsplit

import httpx
from joserfc import jws, jwt
from joserfc.errors import BadSignatureError, JoseError
from joserfc.jwk import ECKey, KeySet, RSAKey

from adapters.ports import Transient
from adapters.settings import Settings, SettingsError
from procedures.terms import Role

ALGORITHMS = ["RS256", "ES256"]
EVERY_REGION = "*"
LEEWAY = 30.0
"""Seconds by which clocks may differ."""
KEYS_LIVE = 3600.0
"""Seconds after which the provider's keys are fetched again."""
REFRESH_PAUSE = 30.0
"""Seconds between two fetches that an unknown key id may cause."""

_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


class Reason(StrEnum):
    """Why a token does not count."""

    MALFORMED = "malformed"
    ALGORITHM = "algorithm"
    UNKNOWN_KEY = "unknown_key"
    SIGNATURE = "signature"
    ISSUER = "issuer"
    AUDIENCE = "audience"
    EXPIRED = "expired"
    NOT_YET_VALID = "not_yet_valid"
    CLAIMS = "claims"
    NONCE = "nonce"
    REFUSED = "refused"


class NotSignedIn(Exception):
    """No valid proof of identity; `reason` says which check failed, never what the token held."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(f"Sign in again ({reason})")
        self.reason = reason


class IdentityProviderDown(Transient):
    """The provider cannot be reached or gives no usable answer: nobody can be let in, try later."""


@dataclass(frozen=True)
class Actor:
    """A signed-in person or machine. `subject` is opaque and may be logged; `name` may not."""

    subject: str
    name: str = field(repr=False)
    roles: frozenset[Role]
    regions: frozenset[str]
    """Region codes; "*" stands for all of them."""

    def covers(self, region: str) -> bool:
        """Whether this person may act for a region."""
        return EVERY_REGION in self.regions or region in self.regions


@dataclass(frozen=True)
class SignInAttempt:
    """What one browser must bring back to prove that it began this sign-in."""

    state: str
    nonce: str
    verifier: str = field(repr=False)

    @classmethod
    def begin(cls) -> "SignInAttempt":
        """New random values."""
        return cls(*(secrets.token_urlsafe(32) for _ in range(3)))


@dataclass(frozen=True)
class SignedIn:
    """A finished sign-in."""

    actor: Actor
    expires_at: float
    """Seconds since 1970: when the proof ends."""


class OpenIdProvider:
    """One provider, found by its issuer address; its keys are kept and fetched again when they must be."""

    def __init__(
        self,
        issuer: str,
        audience: str,
        *,
        client_secret: str | None = None,
        http: httpx.AsyncClient | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`audience` is also the client id; `clock` gives seconds since 1970. Close it with `close`."""
        self._issuer, self._audience, self._client_secret = issuer, audience, client_secret
        # Proxies of the environment do not serve this computer's own loopback.
        loopback = urlsplit(issuer).hostname in _LOOPBACK
        self._http = http or httpx.AsyncClient(timeout=5, trust_env=not loopback)
        self._clock = clock
        self._refreshing = asyncio.Lock()
        self._metadata: dict[str, Any] | None = None
        self._keys: dict[str, RSAKey | ECKey] = {}
        self._fetched_at = float("-inf")

    async def verify(self, token: str, *, nonce: str | None = None) -> Actor:
        """The person a token speaks of. Raises NotSignedIn with the reason, or IdentityProviderDown."""
        return _actor(await self._claims(token, nonce))

    async def sign_in_url(self, redirect_uri: str, attempt: SignInAttempt) -> str:
        """Where to send the browser. Raises IdentityProviderDown."""
        digest = hashlib.sha256(attempt.verifier.encode()).digest()
        query = {
            "response_type": "code",
            "client_id": self._audience,
            "redirect_uri": redirect_uri,
            "scope": "openid profile",
            "state": attempt.state,
            "nonce": attempt.nonce,
            "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
        }
        return f"{(await self._discover())['authorization_endpoint']}?{urlencode(query)}"

    async def exchange(self, code: str, redirect_uri: str, attempt: SignInAttempt) -> SignedIn:
        """Turn the code that came back into a person; the caller has compared `state`.

        Raises NotSignedIn when the provider refuses the code or its token fails a check.
        """
        form = {
            "grant_type": "authorization_code",
            "client_id": self._audience,
            "code": code,
            "redirect_uri": redirect_uri,
            "code_verifier": attempt.verifier,
        }
        if self._client_secret is not None:
            form["client_secret"] = self._client_secret
        endpoint = (await self._discover())["token_endpoint"]
        try:
            answer = await self._http.post(endpoint, data=form)
        except httpx.HTTPError:
            raise IdentityProviderDown("The identity provider does not answer") from None
        if 400 <= answer.status_code < 500:
            raise NotSignedIn(Reason.REFUSED)
        token = _object(answer).get("id_token")
        if not isinstance(token, str):
            raise NotSignedIn(Reason.MALFORMED)
        claims = await self._claims(token, attempt.nonce)
        return SignedIn(_actor(claims), float(claims["exp"]))

    async def close(self) -> None:
        """Give connections back."""
        await self._http.aclose()

    async def _claims(self, token: str, nonce: str | None) -> dict[str, Any]:
        algorithm, key_id = _header(token)
        if algorithm not in ALGORITHMS:
            raise NotSignedIn(Reason.ALGORITHM)
        key = await self._key(key_id)
        try:
            claims = jwt.decode(token, key, algorithms=ALGORITHMS).claims
        except BadSignatureError:
            raise NotSignedIn(Reason.SIGNATURE) from None
        except (JoseError, ValueError):
            raise NotSignedIn(Reason.MALFORMED) from None
        self._check(claims, nonce)
        return claims

    def _check(self, claims: Mapping[str, Any], nonce: str | None) -> None:
        now, audience = self._clock(), claims.get("aud")
        expires, starts = claims.get("exp"), claims.get("nbf", 0)
        if claims.get("iss") != self._issuer:
            raise NotSignedIn(Reason.ISSUER)
        if self._audience not in (audience if isinstance(audience, list) else [audience]):
            raise NotSignedIn(Reason.AUDIENCE)
        if not _is_time(expires) or not _is_time(starts):
            raise NotSignedIn(Reason.CLAIMS)
        if now >= expires + LEEWAY:
            raise NotSignedIn(Reason.EXPIRED)
        if now < starts - LEEWAY:
            raise NotSignedIn(Reason.NOT_YET_VALID)
        if nonce is not None and claims.get("nonce") != nonce:
            raise NotSignedIn(Reason.NONCE)

    async def _key(self, key_id: str) -> RSAKey | ECKey:
        age = self._clock() - self._fetched_at
        if age > KEYS_LIVE or (key_id not in self._keys and age > REFRESH_PAUSE):
            await self._fetch_keys(self._fetched_at)
        try:
            return self._keys[key_id]
        except KeyError:
            raise NotSignedIn(Reason.UNKNOWN_KEY) from None

    async def _fetch_keys(self, seen: float) -> None:
        async with self._refreshing:
            if self._fetched_at != seen:
                return  # another request fetched them meanwhile
            held = await self._get((await self._discover())["jwks_uri"])
            try:
                keys = KeySet.import_key_set(held).keys  # type: ignore[arg-type]
            except (JoseError, ValueError, KeyError, TypeError):
                raise IdentityProviderDown("The identity provider's keys are unusable") from None
            self._keys = {key.kid: key for key in keys if key.kid and isinstance(key, RSAKey | ECKey)}
            self._fetched_at = self._clock()

    async def _discover(self) -> dict[str, Any]:
        if self._metadata is None:
            found = await self._get(f"{self._issuer.rstrip('/')}/.well-known/openid-configuration")
            endpoints = [found.get(name) for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")]
            scheme = f"{urlsplit(self._issuer).scheme}://"
            if found.get("issuer") != self._issuer or not all(
                isinstance(endpoint, str) and endpoint.startswith(scheme) for endpoint in endpoints
            ):
                raise IdentityProviderDown(
                    "The identity provider describes another issuer or unsafe addresses"
                )
            self._metadata = found
        return self._metadata

    async def _get(self, url: str) -> dict[str, Any]:
        try:
            return _object((await self._http.get(url)).raise_for_status())
        except httpx.HTTPError:
            raise IdentityProviderDown("The identity provider does not answer") from None


def openid_provider(settings: Settings, http: httpx.AsyncClient | None = None) -> OpenIdProvider:
    """The provider of this installation. Raises SettingsError when production names one without TLS."""
    if settings.production and not settings.oidc_issuer.startswith("https://"):
        raise SettingsError("PLACEMENT_OIDC_ISSUER must begin with https:// in production")
    return OpenIdProvider(
        settings.oidc_issuer, settings.oidc_audience, client_secret=settings.oidc_client_secret, http=http
    )


def _header(token: str) -> tuple[str, str]:
    try:
        header = jws.extract_compact(token.encode()).headers()
        algorithm, key_id = header["alg"], header.get("kid", "")
    except (JoseError, ValueError, KeyError):
        raise NotSignedIn(Reason.MALFORMED) from None
    if not isinstance(algorithm, str) or not isinstance(key_id, str):
        raise NotSignedIn(Reason.MALFORMED)
    return algorithm, key_id


def _actor(claims: Mapping[str, Any]) -> Actor:
    subject, name = claims.get("sub"), claims.get("name", "")
    if not isinstance(subject, str) or not subject or not isinstance(name, str):
        raise NotSignedIn(Reason.CLAIMS)
    known = set(Role)
    # An agency's provider may carry roles of other applications: they mean nothing here.
    roles = frozenset(Role(role) for role in _texts(claims, "roles") if role in known)
    return Actor(subject, name, roles, frozenset(_texts(claims, "regions")))


def _texts(claims: Mapping[str, Any], name: str) -> list[str]:
    texts = claims.get(name, [])
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise NotSignedIn(Reason.CLAIMS)
    return texts


def _is_time(value: Any) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _object(answer: httpx.Response) -> dict[str, Any]:
    try:
        held = answer.json()
    except ValueError:
        held = None
    if not answer.is_success or not isinstance(held, dict):
        raise IdentityProviderDown("The identity provider gives no usable answer")
    return held
