"""A real Chromium on the application, served on a port of its own: what it shows, and what axe finds wrong with it.

One browser serves the whole test process; every test has contexts of its own, with their own cookies and storage.
"""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import uvicorn
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, BrowserContext, Page, Playwright, async_playwright

from tests.api.office import SPARE, Office, application
from tests.conftest import free_port
from tests.pages.desk import Desk

_ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-quic",
]  # fmt: skip
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
_AXE = Axe().axe_script
_FOUND_WITH_AXE = (
    "async rules => (await axe.run({runOnly: rules, resultTypes: ['violations'], preload: false})).violations"
    ".flatMap(one => one.nodes.map(node => `${one.id}: ${node.target}`))"
)


class SharedBrowser:
    """Started when the first test asks for it; closed by the fixture of the test process."""

    def __init__(self) -> None:
        self._play: Playwright | None = None
        self._browser: Browser | None = None

    async def get(self) -> Browser:
        """The browser. Needs Chromium: `apt-get install chromium`."""
        if self._browser is None:
            chromium = shutil.which("chromium")
            assert chromium, "Chromium is not installed: run `apt-get install chromium`"
            self._play = await async_playwright().start()
            self._browser = await self._play.chromium.launch(executable_path=chromium, args=_ARGUMENTS)
        return self._browser

    async def close(self) -> None:
        """End it, if it was started."""
        if self._browser is not None and self._play is not None:
            await self._browser.close()
            await self._play.stop()
        self._browser = self._play = None


SHARED = SharedBrowser()


@dataclass
class Browsing:
    """A browser and where the application is."""

    browser: Browser
    address: str

    @asynccontextmanager
    async def page(
        self,
        visitor: Desk | None,
        *,
        scheme: Literal["light", "dark"] = "light",
        width: int = 1280,
        failing: bool = False,
        **more: Any,
    ) -> AsyncIterator[Page]:
        """A page of this visitor; one that logs an error, or loads from outside, fails the test.

        With `failing` the server is expected to answer that it fails.
        """
        context = await self.browser.new_context(
            color_scheme=scheme, viewport={"width": width, "height": 900}, base_url=self.address, **more
        )
        if visitor is not None:
            await context.add_cookies([_cookie(visitor, self.address)])
        page = await context.new_page()
        wrong: list[str] = []
        page.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        try:
            yield page
        finally:
            await context.close()
        expected = ("status of 4", "status of 5") if failing else ("status of 4",)
        assert [text for text in wrong if not any(one in text for one in expected)] == []


async def violations(page: Page, *rules: str) -> list[str]:
    """What axe finds wrong, as rule and place; by these rules alone when some are named."""
    if not await page.evaluate("'axe' in window"):
        await page.evaluate(_AXE)
    found: list[str] = await page.evaluate(_FOUND_WITH_AXE, list(rules) or RULES)
    return found


flaws = violations


async def picture(page: Page, name: str) -> None:
    """Keep a picture where PLACEMENT_PICTURES says, if it says so."""
    folder = os.environ.get("PLACEMENT_PICTURES")
    if folder:
        await page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


@asynccontextmanager
async def served(office: Office, port: int | None = None) -> AsyncIterator[str]:
    """The application served on this machine; its address."""
    port = port or free_port()
    app = application(office.resources)
    config = uvicorn.Config(app, host="127.0.0.1", port=port, log_config=None, ws="none", lifespan="on")
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())
    try:
        while not server.started:
            assert not serving.done(), "the application did not start"
            await asyncio.sleep(0.01)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        await serving
        SPARE.append(app)


@asynccontextmanager
async def browsing(office: Office, port: int | None = None) -> AsyncIterator[Browsing]:
    """The application served on this machine, and the browser."""
    async with served(office, port) as address:
        yield Browsing(await SHARED.get(), address)


@asynccontextmanager
async def chromium(visitor: Desk, address: str, **look: Any) -> AsyncIterator[BrowserContext]:
    """A context of the browser, signed in as this visitor."""
    context = await (await SHARED.get()).new_context(**look)
    await context.add_cookies([_cookie(visitor, address)])
    try:
        yield context
    finally:
        await context.close()


def _cookie(visitor: Desk, address: str) -> Any:
    return {"name": "placement", "value": visitor.client.cookies["placement"], "url": address}
