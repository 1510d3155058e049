"""The application in this process and visitors signed in at it; no page that is measured asks a Temporal server."""

import hashlib
import hmac
import secrets
import tempfile
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import httpx
from sqlalchemy import insert, text, update

from activities.deadlines import Deadlines
from adapters.documents_by_key import DocumentsByKey
from adapters.keys import FieldCipher, KeyRing
from adapters.settings import read_settings
from api.app import create_app
from api.resources import Resources, Verifier
from bench.scale_pages import Asker, Page, Samples
from models.database import Database
from models.tables.mail import PersonFile
from models.tables.web import WebSession
from workers.wiring import register_of

NOW = datetime(2026, 11, 27, 1, tzinfo=UTC)
"""Friday 27 November 2026, 14:00 local: the instant as of which a record is filled."""


@dataclass
class Desk:
    """A browser of somebody who has signed in."""

    client: httpx.AsyncClient
    csrf: str

    async def ask(self, page: Page, held: Samples, turn: int) -> float:
        """The page, in milliseconds. Raises RuntimeError when it does not answer with a page."""
        address = held.filled(page.address, turn)
        posted = {name: held.filled(value, turn) for name, value in page.posted.items()}
        began = time.perf_counter()
        if posted:
            answer = await self.client.post(address, data={"csrf": self.csrf, **posted})
        else:
            answer = await self.client.get(address)
        taken = (time.perf_counter() - began) * 1000
        if answer.status_code != 200:
            raise RuntimeError(f"{page.name} for {page.asker}: {answer.status_code}")
        return taken


@asynccontextmanager
async def application(database: Database) -> AsyncIterator[tuple[Any, FieldCipher]]:
    """The application as it is, over this database as the role api has it, and the keys of its person files."""
    keys = KeyRing.fresh()
    with tempfile.TemporaryDirectory() as folder:
        resources = Resources(
            database=database,
            temporal=cast(Any, None),
            register=register_of(database),
            identity=cast(Verifier, None),
            cipher=FieldCipher(keys),
            clock=lambda: NOW,
            settings=read_settings({}),
            deadlines=Deadlines(database),
            documents=DocumentsByKey(Path(folder), keys),
        )
        yield create_app(resources), resources.cipher


async def signed_in(owner: Database, asgi: Any, asker: Asker) -> Desk:
    """A desk of this person, last here a day ago."""
    cookie = f"cookie-of-{asker.subject}-{secrets.token_hex(8)}"
    async with owner.transaction() as session:
        await session.execute(
            insert(WebSession).values(
                session_id=hashlib.sha256(cookie.encode()).hexdigest(),
                subject=asker.subject,
                name=f"{asker.subject} Example",
                roles=[asker.role.value],
                regions=list(asker.regions),
                began_at=NOW,
                seen_at=NOW,
                expires_at=NOW + timedelta(hours=8),
                last_here_at=NOW - timedelta(days=1),
            )
        )
    client = httpx.AsyncClient(
        transport=httpx.ASGITransport(asgi),
        base_url="http://placement.test",
        headers={"accept": "text/html"},
    )
    client.cookies.set("placement", cookie)
    return Desk(client, hmac.new(cookie.encode(), b"form", hashlib.sha256).hexdigest())


async def seal(owner: Database, cipher: FieldCipher, persons: Iterable[str]) -> None:
    """Titles that the keys of this run open, for the files of persons who are looked at."""
    found = text("SELECT file_id FROM person_file_reference WHERE person_ref = :ref")
    async with owner.transaction() as session:
        for person_ref in persons:
            file_id = await session.scalar(found, {"ref": person_ref})
            if file_id is None:
                continue
            title = cipher.encrypt("An invented title", table="person_file", column="title", row_id=file_id)
            await session.execute(update(PersonFile).where(PersonFile.file_id == file_id).values(title=title))
