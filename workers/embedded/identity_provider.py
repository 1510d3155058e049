"""What the embedded OpenID Connect provider knows and signs: synthetic people, codes, tokens.

Written here because the small providers on offer make new keys at each start and know no roles or regions.
"""

import base64
import hashlib
import hmac
import json
import os
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

from fastapi import HTTPException
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey
from pydantic import BaseModel

from adapters.settings import Settings, SettingsError
from procedures.terms import Role

TOKEN_LIVES = 8 * 3600
"""Seconds."""
CODE_LIVES = 60
"""Seconds between picking a person and fetching the token."""

LOOPBACK = ("127.0.0.1", "localhost")


class StaffMember(Protocol):
    """One synthetic person of the office."""

    @property
    def subject(self) -> str:
        """Opaque and stable."""
        ...

    @property
    def name(self) -> str:
        """Invented."""
        ...

    @property
    def role(self) -> Role:
        """The one role this person has."""
        ...

    @property
    def region(self) -> str:
        """Region code, or "*" for all of them."""
        ...


class AuthorizationRequest(BaseModel, frozen=True):
    """What an application asks for; only code with PKCE (S256), only back to this computer."""

    response_type: str
    client_id: str
    redirect_uri: str
    code_challenge: str
    code_challenge_method: str
    state: str = ""
    nonce: str = ""
    scope: str = "openid"


NATIONAL = "*"
"""The region of a token that covers all regions."""


class TokenRequest(BaseModel, frozen=True):
    """Which person the command line wants to be: a role, and a region if it matters."""

    role: Role
    region: str | None = None


@dataclass(frozen=True)
class _Grant:
    person: StaffMember
    asked: AuthorizationRequest
    until: float


class IdentityProvider:
    """What the provider knows: its people, its signing key and the codes that wait to be fetched."""

    def __init__(
        self,
        settings: Settings,
        staff: Sequence[StaffMember],
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`clock` gives seconds since 1970. Raises SettingsError in production."""
        if settings.production:
            raise SettingsError("The embedded identity provider does not run in production")
        self.issuer, self.audience = settings.oidc_issuer, settings.oidc_audience
        self.staff = {person.subject: person for person in staff}
        self._key = _signing_key(settings.keys / "identity-provider.json")
        self._clock = clock
        self._grants: dict[str, _Grant] = {}

    @property
    def public_keys(self) -> dict[str, Any]:
        """The key set that applications verify tokens with."""
        return {"keys": [{**self._key.as_dict(private=False), "use": "sig", "alg": "ES256"}]}

    def check(self, asked: AuthorizationRequest) -> None:
        """Raises HTTPException (400) unless the request may be answered; nothing is ever sent to another host."""
        target = urlsplit(asked.redirect_uri)
        if asked.client_id != self.audience:
            raise HTTPException(400, "Unknown client_id")
        if target.scheme != "http" or target.hostname not in LOOPBACK or target.username or target.fragment:
            raise HTTPException(400, "redirect_uri must be an http address of this computer")
        if asked.response_type != "code" or asked.code_challenge_method != "S256" or not asked.code_challenge:
            raise HTTPException(400, "Only response_type=code with an S256 code_challenge is offered")

    def grant(self, subject: str, asked: AuthorizationRequest) -> str:
        """A code for the person picked, good once and for a minute."""
        person = self.staff.get(subject)
        if person is None:
            raise HTTPException(400, "No such person")
        now = self._clock()
        self._grants = {code: grant for code, grant in self._grants.items() if grant.until > now}
        code = secrets.token_urlsafe(32)
        self._grants[code] = _Grant(person, asked, now + CODE_LIVES)
        return code

    def redeem(self, code: str, client_id: str, redirect_uri: str, verifier: str) -> dict[str, Any]:
        """Tokens for a code. Raises HTTPException (400) when any part of it does not fit; the code is spent anyway."""
        grant = self._grants.pop(code, None)
        digest = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        if (
            grant is None
            or self._clock() >= grant.until
            or (client_id, redirect_uri) != (grant.asked.client_id, grant.asked.redirect_uri)
            or not hmac.compare_digest(digest, grant.asked.code_challenge)
        ):
            raise HTTPException(400, "invalid_grant")
        return {
            "access_token": self.token(grant.person),
            "id_token": self.token(grant.person, nonce=grant.asked.nonce),
            "token_type": "Bearer",
            "expires_in": TOKEN_LIVES,
        }

    def token(self, person: StaffMember, **more: str | list[str]) -> str:
        """A signed token for one person, good for eight hours."""
        now = int(self._clock())
        claims = {
            "iss": self.issuer,
            "aud": self.audience,
            "sub": person.subject,
            "name": person.name,
            "roles": [person.role],
            "regions": [person.region],
            "iat": now,
            "nbf": now,
            "exp": now + TOKEN_LIVES,
            "jti": secrets.token_hex(8),
            **more,
        }
        return jwt.encode({"alg": "ES256", "kid": self._key.kid}, claims, self._key, algorithms=["ES256"])

    def person_with(self, wanted: TokenRequest) -> StaffMember:
        """The first person of a role, in a region if one is given (* is any). Raises HTTPException (404)."""
        of_role = [person for person in self.staff.values() if person.role is wanted.role]
        for person in of_role:
            if wanted.region in (None, NATIONAL, person.region):
                return person
        regions = ", ".join(sorted({person.region for person in of_role})) or "none"
        raise HTTPException(404, f"No person of role {wanted.role} there; regions with one: {regions}")

    def user_info(self, token: str) -> dict[str, Any]:
        """Claims of a token that this provider signed. Raises HTTPException (401)."""
        try:
            claims = jwt.decode(token, self._key, algorithms=["ES256"]).claims
        except (JoseError, ValueError):
            raise HTTPException(401, "invalid_token") from None
        if claims["exp"] <= self._clock():
            raise HTTPException(401, "invalid_token")
        return {name: claims[name] for name in ("sub", "name", "roles", "regions")}


def _signing_key(path: Path) -> ECKey:
    try:
        return ECKey.import_key(json.loads(path.read_text()))
    except FileNotFoundError:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    key = ECKey.generate_key("P-256", auto_kid=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(key.as_dict(private=True), file)
    return key
