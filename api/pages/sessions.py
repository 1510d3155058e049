"""Who looks at a page: a session behind an opaque cookie, with the rights of the token it was begun with."""

import hashlib
import hmac
import secrets
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Annotated

from fastapi import Depends, Request
from fastapi.responses import Response

from activities.web import begin_session, end_session, touch_session
from adapters.identity import Actor, SignedIn
from api.resources import Resources, resources_of
from api.signed_in import Caller
from models.queries.cover import standing_in
from models.queries.web import SessionRecord, last_seen, session
from procedures.local_time import utc
from procedures.terms import Role

LONGEST = timedelta(hours=8)
"""Elapsed hours after which one signs in again, whatever one did."""
IDLE = timedelta(minutes=60)
"""Elapsed minutes without doing anything."""
_TOUCH_EVERY = timedelta(minutes=1)


@dataclass(frozen=True)
class Visitor:
    """A person in a browser. `caller` is what the JSON API has; `csrf` belongs in every form."""

    caller: Caller
    session: SessionRecord
    csrf: str = field(repr=False)

    @property
    def name(self) -> str:
        """As the token says."""
        return self.session.name

    def is_over(self) -> bool:
        """True when the session has ended, run out, or nobody did anything for too long."""
        held, now = self.session, self.caller.now
        return held.ended_at is not None or now >= held.expires_at or now >= held.seen_at + IDLE


class SignInNeeded(Exception):
    """Nobody is signed in; `lapsed` is whose session it was, to keep what they had typed."""

    def __init__(self, lapsed: Visitor | None = None) -> None:
        super().__init__("sign in")
        self.lapsed = lapsed


def cookie_name(resources: Resources) -> str:
    """Bound to this host and to TLS where there is TLS."""
    return "__Host-placement" if resources.settings.production else "placement"


async def begin(request: Request, signed: SignedIn, answer: Response) -> None:
    """Begin a session and hand its cookie to the browser."""
    resources, actor = resources_of(request), signed.actor
    now, token = resources.clock(), secrets.token_urlsafe(32)
    new = SessionRecord(
        session_id=_digest(token),
        subject=actor.subject,
        name=actor.name,
        roles=sorted(role.value for role in actor.roles),
        regions=sorted(actor.regions),
        began_at=now,
        seen_at=now,
        expires_at=min(now + LONGEST, utc(datetime.fromtimestamp(signed.expires_at, now.tzinfo))),
        ended_at=None,
        last_here_at=await last_seen(resources.database, actor.subject),
    )
    await begin_session(resources.database, new, by=Caller(actor, resources).by())
    answer.set_cookie(
        cookie_name(resources),
        token,
        httponly=True,
        samesite="lax",
        secure=resources.settings.production or request.url.scheme == "https",
        path="/",
    )


async def end(request: Request, visitor: Visitor, answer: Response) -> None:
    """Sign out."""
    caller = visitor.caller
    await end_session(caller.resources.database, visitor.session.session_id, by=caller.by(), at=caller.now)
    secure = caller.resources.settings.production
    answer.delete_cookie(
        cookie_name(caller.resources), path="/", httponly=True, samesite="lax", secure=secure
    )


async def found_visitor(request: Request) -> Visitor | None:
    """Whose cookie it is, also when the session is over; None for no cookie or one nobody was given."""
    resources = resources_of(request)
    token = request.cookies.get(cookie_name(resources))
    held = await session(resources.database, _digest(token)) if token else None
    if token is None or held is None:
        return None
    known = {role.value for role in Role}
    actor = Actor(
        held.subject,
        held.name,
        frozenset(Role(role) for role in held.roles if role in known),
        frozenset(held.regions),
    )
    posts = await standing_in(resources.database, actor.subject, resources.clock())
    return Visitor(Caller(actor, resources, posts), held, _csrf(token))


async def watcher(request: Request) -> Visitor:
    """The visitor, without taking the request for something the person did. Raises SignInNeeded."""
    found = await found_visitor(request)
    if found is None or found.is_over():
        raise SignInNeeded(found)
    return found


async def visitor(found: Annotated[Visitor, Depends(watcher)]) -> Visitor:
    """The signed-in visitor. Raises SignInNeeded."""
    caller = found.caller
    if caller.now - found.session.seen_at >= _TOUCH_EVERY:
        await touch_session(caller.resources.database, found.session.session_id, at=caller.now)
    return found


SignedInVisitor = Annotated[Visitor, Depends(visitor)]


def visitor_with(
    roles: Iterable[Role], what: str, *, own: bool = False
) -> Callable[[Visitor], Awaitable[Visitor]]:
    """A dependency: the visitor, turned away (403, on record) without one of the roles. `what` completes "may not …".

    `own`: a role somebody stands in for is not enough.
    """
    entitled = frozenset(roles)

    async def check(found: SignedInVisitor) -> Visitor:
        await found.caller.require(entitled, what, own=own)
        return found

    return check


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _csrf(token: str) -> str:
    """Only who holds the cookie can make it, and it tells nothing about the cookie."""
    return hmac.new(token.encode(), b"form", hashlib.sha256).hexdigest()
