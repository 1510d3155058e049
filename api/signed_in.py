"""Who is asking, checked on every call: token, roles, regions."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import Depends
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from activities.audit import record_refusal
from adapters.identity import Actor
from api.problems import Problem, not_allowed
from api.resources import Resources, resources_of
from models.queries.cover import standing_in
from procedures.tasks import By
from procedures.terms import Role
from procedures.visibility import Post, Sight

_bearer = HTTPBearer(auto_error=False, description="A token of the agency's OpenID provider")


@dataclass(frozen=True)
class Caller:
    """A signed-in person or machine, with what it may see and what it works with."""

    actor: Actor
    resources: Resources
    stands_in: frozenset[Post] = frozenset()
    """The posts the caller stands in for at this moment (AMB-X-2)."""

    @property
    def sight(self) -> Sight:
        """What roles and regions let the caller see."""
        return Sight(self.actor.roles, self.actor.regions, self.stands_in)

    @property
    def now(self) -> datetime:
        """The present instant (UTC)."""
        return self.resources.clock()

    def by(
        self, entitled: Iterable[Role] = (), *, first: Role | None = None, region: str | None = None
    ) -> By:
        """Who acts, in the role that is entitled to: `first` if the caller has it, else another of `entitled`.

        Whoever stands in acts in the role of the post; with a region, in a role that reaches there.
        """
        sight, wanted = self.sight, frozenset(entitled)
        reaches = {role for role in Role if sight.may({role}, region)} if region else sight.held_roles
        held = (
            sorted(self.actor.roles & wanted & reaches)
            or sorted(wanted & reaches)
            or sorted(self.actor.roles)
        )
        role = first if first in reaches else next(iter(held), None)
        if self.stands_in and not wanted:
            return self._reading_as(role)
        return By(subject=self.actor.subject, name=self.actor.name, role=role.value if role else "none")

    def _reading_as(self, role: Role | None) -> By:
        """Who reads or is turned away, with the posts the person stands in for: the record shows by what right."""
        posts = ", ".join(f"{post.role.value} {post.region}" for post in sorted(self.stands_in))
        said = f"{role.value if role else 'none'}, standing in as {posts}"
        return By(subject=self.actor.subject, name=self.actor.name, role=said)

    async def require(self, roles: Iterable[Role], what: str, *, own: bool = False) -> None:
        """Raise a 403 problem, and record the refusal, unless the caller has one of the roles (`own`: not standing in)."""
        if not (self.sight.own if own else self.sight).has_any(roles):
            await self.record_refusal(what)
            raise not_allowed(what)

    async def record_refusal(
        self, what: str, *, subject: str | None = None, case_id: str | None = None, rule: str = "PRV-19"
    ) -> None:
        """Keep on record that the caller was turned away."""
        await record_refusal(
            self.resources.database,
            by=self.by(),
            at=self.now,
            action=f"refused: {what}",
            rule=rule,
            subject=subject,
            case_id=case_id,
        )


async def signed_in(
    resources: Annotated[Resources, Depends(resources_of)],
    credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
) -> Caller:
    """The caller of this request. Raises a 401 problem without a valid token."""
    if credentials is None:
        raise Problem(
            401,
            "not-signed-in",
            "Sign in and send the token as Authorization: Bearer.",
            headers={"WWW-Authenticate": "Bearer"},
        )
    actor = await resources.identity.verify(credentials.credentials)
    return Caller(actor, resources, await standing_in(resources.database, actor.subject, resources.clock()))


SignedIn = Annotated[Caller, Depends(signed_in)]


def allowed(roles: Iterable[Role], what: str, *, own: bool = False) -> Callable[[Caller], Awaitable[Caller]]:
    """A dependency: the signed-in caller, turned away without one of the roles. `what` completes "may not …".

    `own`: a role somebody stands in for is not enough, because every region is concerned.
    """
    entitled = frozenset(roles)

    async def check(caller: SignedIn) -> Caller:
        await caller.require(entitled, what, own=own)
        return caller

    return check
