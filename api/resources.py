"""Everything the API works with, built in workers/wiring.py and passed in whole."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from fastapi import Request
from temporalio.client import Client

from activities.composing import MailHouse
from activities.contacts import Fallback
from activities.deadlines import Deadlines
from activities.delivery import Delivery
from activities.running_cases import RunningCases
from adapters.identity import Actor, SignedIn, SignInAttempt
from adapters.keys import FieldCipher
from adapters.ports import DocumentStore, PersonRegister
from adapters.settings import Settings
from models.database import Database
from procedures.mail_texts import Signature

Check = Callable[[], Awaitable[None]]
"""Returns when the part answers; raises anything when it does not."""


class Verifier(Protocol):
    """Whoever tells a good token from a bad one, and signs people in to the web pages."""

    async def verify(self, token: str, *, nonce: str | None = None) -> Actor:
        """The person a token speaks of. Raises NotSignedIn, or IdentityProviderDown."""
        ...

    async def sign_in_url(self, redirect_uri: str, attempt: SignInAttempt) -> str:
        """Where to send the browser. Raises IdentityProviderDown."""
        ...

    async def exchange(self, code: str, redirect_uri: str, attempt: SignInAttempt) -> SignedIn:
        """The person behind the code that came back. Raises NotSignedIn, or IdentityProviderDown."""
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
    documents: DocumentStore
    checks: Mapping[str, Check] = field(default_factory=dict)
    patience: float = 5.0
    """Seconds a caller waits for its answer to be recorded; after that it is told the command id."""
    under_way: dict[str, asyncio.Task[Any]] = field(default_factory=dict)
    """Deliveries by command id; one that outlives its request goes on, and is joined by the next that asks."""

    @property
    def cases(self) -> RunningCases:
        """The running cases, to start and to tell."""
        return RunningCases(self.temporal)

    @property
    def mail_house(self) -> MailHouse:
        """The agency's side of a message, for asking the guard before a recipient's confirmation is taken."""
        mail = self.settings.mail
        mobile, freephone, main_line, po_box = mail.signature
        return MailHouse(
            sender=mail.address,
            corrections_domains=mail.domains,
            staff_domains=frozenset({mail.agency_domain}),
            signature=Signature(mobile, mail.address, freephone, main_line, po_box),
            fallback=Fallback(mail.corrections_fallback),
        )

    @property
    def delivery(self) -> Delivery:
        """Hands commands to running cases."""
        return Delivery(self.database, self.temporal, self.clock)


def resources_of(request: Request) -> Resources:
    """The resources of the application that serves this request."""
    held: Resources = request.app.state.resources
    return held
