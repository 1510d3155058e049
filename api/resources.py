"""Everything the API works with, built in workers/wiring.py and passed in whole."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from fastapi import Request
from temporalio.client import Client

from activities.deadlines import Deadlines
from activities.delivery import Delivery
from activities.running_cases import RunningCases
from adapters.identity import Actor
from adapters.keys import FieldCipher
from adapters.ports import PersonRegister
from adapters.settings import Settings
from models.database import Database

Check = Callable[[], Awaitable[None]]
"""Returns when the part answers; raises anything when it does not."""


class Verifier(Protocol):
    """Whoever tells a good token from a bad one."""

    async def verify(self, token: str, *, nonce: str | None = None) -> Actor:
        """The person a token speaks of. Raises NotSignedIn, or IdentityProviderDown."""
        ...


@dataclass(frozen=True)
class Resources:
    """One set per process. `database` works under the role api; `clock` gives the present instant (UTC)."""

    database: Database
    temporal: Client
    register: PersonRegister
    identity: Verifier
    cipher: FieldCipher
    clock: Callable[[], datetime]
    settings: Settings
    deadlines: Deadlines
    checks: Mapping[str, Check] = field(default_factory=dict)
    patience: float = 5.0
    """Seconds a caller waits for its answer to be recorded; after that it is told the command id."""
    under_way: set[asyncio.Task[Any]] = field(default_factory=set)
    """Deliveries that outlived their request."""

    @property
    def cases(self) -> RunningCases:
        """The running cases, to start and to tell."""
        return RunningCases(self.temporal)

    @property
    def delivery(self) -> Delivery:
        """Hands commands to running cases."""
        return Delivery(self.database, self.temporal, self.clock)


def resources_of(request: Request) -> Resources:
    """The resources of the application that serves this request."""
    held: Resources = request.app.state.resources
    return held
