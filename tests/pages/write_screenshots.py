"""Take the pictures of docs/screenshots: `python -m tests.pages.write_screenshots [NAME ...]`.

Invented people in an office that `furnishing.py` fills; a PostgreSQL, a Temporal and a Chromium of its own. Each picture
has few colours, so that a repository can hold it.
"""

import argparse
import asyncio
import sys
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Literal

from PIL import Image

from adapters.keys import KeyRing
from models.database import Database
from procedures.terms import Role
from tests.api.office import AP, AWS, MANAGER, office_of
from tests.conftest import Databases, _throw_away_cluster
from tests.pages.browser import SHARED, Browsing, browsing
from tests.pages.desk import Desk
from tests.pages.furnishing import RUN, furnish
from tests.workflows.people import LEE
from tests.workflows.running import local_environment
from workers.embedded.postgres import EmbeddedPostgres
from workers.entry import leave
from workers.migrate import migrate

FOLDER = Path(__file__).parents[2] / "docs" / "screenshots"
MOST_BYTES = 150_000
_DATABASE = "pictures"


@dataclass(frozen=True)
class Shot:
    """One picture: whose page, at which address, how wide and how much of it (pixels)."""

    path: str
    role: Role = AWS
    width: int = 1280
    height: int = 1100
    scheme: Literal["light", "dark"] = "light"
    at: str = ""
    """A part of the page to scroll to."""


SHOTS = {
    "home": Shot("/", height=900),
    "tasks": Shot("/tasks?view=team", MANAGER),
    "match": Shot("/tasks/C6-1", height=1500, at="h1"),
    "case": Shot("/cases/C1", height=1500),
    "clock": Shot("/cases/C1/clocks", height=1300),
    "mail-preview": Shot("/cases/C1/mail/preview?kind=T-441&contact_id=harbourview-1", height=1400),
    "run": Shot(f"/runs/{RUN}", height=1300),
    "person": Shot(f"/people/{LEE.ref}", height=1500, scheme="dark"),
    "workload": Shot("/office/workload", MANAGER, height=1300),
    "viewing-on-a-phone": Shot("/cases/C500", AP, width=390, height=1100, at="#viewings"),
    "upload-on-a-phone": Shot("/cases/C500/documents?what=T-438", AP, width=390, height=1300, at="#file"),
    "tasks-on-a-phone-in-the-dark": Shot("/tasks?view=team", width=390, height=1200, scheme="dark"),
}


async def take(cluster: EmbeddedPostgres, names: Sequence[str]) -> None:
    """Fill an office and take these pictures of it."""
    cluster.create_database(_DATABASE)
    await migrate(cluster.url("owner", _DATABASE))
    roles = ("owner", "api", "worker", "loader", "auditor")
    databases = Databases(_DATABASE, *(Database(cluster.url(role, _DATABASE)) for role in roles))
    keys = KeyRing.fresh()
    FOLDER.mkdir(exist_ok=True)
    async with (
        await local_environment(keys) as server,
        office_of(databases, server.client, keys) as office,
        browsing(office) as browser,
    ):
        desks = await furnish(office)
        for name in names:
            _keep(name, await _taken(browser, desks[SHOTS[name].role], SHOTS[name]))
            sys.stdout.write(f"{name}\n")
    await SHARED.close()
    await databases.close()


async def _taken(browser: Browsing, visitor: Desk, shot: Shot) -> bytes:
    async with browser.page(visitor, scheme=shot.scheme, width=shot.width) as page:
        await page.set_viewport_size({"width": shot.width, "height": shot.height})
        await page.goto(shot.path)
        if shot.at:
            await page.locator(shot.at).evaluate("one => one.scrollIntoView()")
        taken: bytes = await page.screenshot()
        return taken


def _keep(name: str, taken: bytes) -> None:
    """As a PNG of 128 colours. Raises ValueError for one that is too large to keep."""
    file = FOLDER / f"{name}.png"
    with Image.open(BytesIO(taken)) as picture:
        picture.convert("RGB").quantize(128, dither=Image.Dither.NONE).save(file, "PNG", optimize=True)
    if file.stat().st_size > MOST_BYTES:
        raise ValueError(f"{file.name} has {file.stat().st_size} bytes: show less of the page")


def main() -> int:
    """Exit status 0 when the pictures that are named, or all of them, were taken."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(SHOTS))
    names = parser.parse_args().names or list(SHOTS)
    if unknown := [name for name in names if name not in SHOTS]:
        parser.error(f"there is no picture {', '.join(unknown)}: choose from {', '.join(SHOTS)}")
    try:
        with _throw_away_cluster() as cluster:
            asyncio.run(take(cluster, names))
    except Exception:  # noqa: BLE001 - printed, and the status says so
        traceback.print_exc()
        return 1
    return 0


if __name__ == "__main__":
    leave(main())
