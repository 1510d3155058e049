"""A browser at a desk: a session put straight into the record, its cookie, and forms posted with its token."""

import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx

from models.tables.web import WebSession
from procedures.terms import Role
from tests.api.office import Office


@dataclass
class Desk:
    """One signed-in visitor."""

    client: httpx.AsyncClient
    csrf: str
    subject: str

    async def get(self, path: str) -> httpx.Response:
        """A page."""
        return await self.client.get(path)

    async def post(self, path: str, **fields: Any) -> httpx.Response:
        """A form, as the browser sends it; a name with a dot is given in a dictionary."""
        values = {**fields.pop("more", {}), **fields}
        return await self.client.post(path, data={"csrf": self.csrf, **values})


async def desk(
    office: Office, *roles: Role, regions: tuple[str, ...] = ("R01",), subject: str = "", cookie: str = ""
) -> Desk:
    """A desk of somebody with these roles."""
    subject = subject or f"u-{roles[0].value if roles else 'nobody'}"
    cookie = cookie or f"cookie-of-{subject}"
    await office.put(
        WebSession,
        session_id=hashlib.sha256(cookie.encode()).hexdigest(),
        subject=subject,
        name=f"{subject.title()} Example",
        roles=[role.value for role in roles],
        regions=list(regions),
        began_at=office.now,
        seen_at=office.now,
        expires_at=office.now + timedelta(hours=8),
        ended_at=None,
        last_here_at=None,
    )
    client = office.client()
    client.cookies.set("placement", cookie)
    return Desk(client, hmac.new(cookie.encode(), b"form", hashlib.sha256).hexdigest(), subject)


def words(page: httpx.Response) -> str:
    """What a page says, without its marks and with single blanks."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.text))


def hidden(page: httpx.Response, name: str) -> str:
    """The value of a hidden field."""
    found = re.search(rf'<input type="hidden" name="{re.escape(name)}" value="([^"]*)"', page.text)
    assert found, f"the page has no field {name}"
    return found[1]
