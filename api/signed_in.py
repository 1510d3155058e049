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
from procedures.tasks import By
from procedures.terms import Role
from procedures.visibility import Sight

_bearer = HTTPBearer(auto_error=False, description="A token of the agency's OpenID provider")


@dataclass(frozen=True)
class Caller:
    """A signed-in person or machine, with what it may see and what it works with."""

    actor: Actor
    resources: Resources

    @property
    def sight(self) -> Sight:
        """What roles and regions let the caller see."""
        return Sight(self.actor.roles, self.actor.regions)

    @property
    def now(self) -> datetime:
        """The present instant (UTC)."""
        return self.resources.clock()

    def by(self, entitled: Iterable[Role] = (), *, first: Role | None = None) -> By:
        """Who acts, in the role that is entitled to: `first` if the caller has it, else another of `entitled`."""
        held = sorted(self.actor.roles & frozenset(entitled)) or sorted(self.actor.roles)
        role = first if first in self.actor.roles else next(iter(held), None)
        return By(subject=self.actor.subject, name=self.actor.name, role=role.value if role else "none")

    async def require(self, roles: Iterable[Role], what: str) -> None:
        """Raise a 403 problem, and record the refusal, unless the caller has one of the roles."""
        if not self.sight.has_any(roles):
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
    return Caller(await resources.identity.verify(credentials.credentials), resources)


SignedIn = Annotated[Caller, Depends(signed_in)]


def allowed(roles: Iterable[Role], what: str) -> Callable[[Caller], Awaitable[Caller]]:
    """A dependency: the signed-in caller, turned away without one of the roles. `what` completes "may not …"."""
    entitled = frozenset(roles)

    async def check(caller: SignedIn) -> Caller:
        await caller.require(entitled, what)
        return caller

    return check
