"""People who walk through the pages in browsers of their own, by links, buttons and forms alone."""

import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime

from playwright.async_api import Locator, Page, expect

from procedures.local_time import local
from tests.pages.browser import SHARED

LIMIT = 60_000
"""Milliseconds; machines differ, and a task follows an answer when its case has got there."""
_DATE_PARTS = ("Day", "Month", "Year")

expect.set_options(timeout=LIMIT)


@dataclass
class Walker:
    """One signed-in person with a browser; what the browser complains about is kept."""

    page: Page
    address: str
    complaints: list[str] = field(default_factory=list)

    async def go(self, path: str) -> None:
        """Open a page of the application; nothing of it may fail on the server."""
        answer = await self.page.goto(f"{self.address}{path}")
        assert answer is not None
        assert answer.status < 400, (path, answer.status)

    async def heading(self, words: str | re.Pattern[str]) -> None:
        """The page's main heading says this."""
        await expect(self.page.get_by_role("heading", level=1)).to_have_text(words)

    async def sees(self, *words: str | re.Pattern[str]) -> None:
        """The page says this, in this order or another."""
        for one in words:
            await expect(self.page.locator("main")).to_contain_text(one)

    async def until_seen(self, path: str, words: str) -> None:
        """Open a page again and again until it says this."""
        await self._until(self.page.locator("main").get_by_text(words), path)

    async def follow(self, words: str | re.Pattern[str]) -> None:
        """Follow the first link with these words."""
        await self.page.get_by_role("link", name=words).first.click()

    async def press(self, words: str | re.Pattern[str]) -> None:
        """Press the first button with these words."""
        await self.page.get_by_role("button", name=words).first.click()

    # -- forms -------------------------------------------------------------------------------------------------

    async def write(self, label: str | re.Pattern[str], text: str) -> None:
        """Type into the field with this label."""
        await self.page.get_by_role("textbox", name=label).first.fill(text)

    async def choose(self, question: str | re.Pattern[str], option: str, *, exact: bool = False) -> None:
        """Pick the first answer with these words under this question: buttons, or a list to open."""
        group = self.page.get_by_role("group", name=question)
        listed = self.page.get_by_role("combobox", name=question)
        await expect(group.or_(listed).first).to_be_visible()
        if await listed.count():
            texts = await listed.locator("option").all_inner_texts()
            await listed.select_option(label=next(text for text in texts if option in text))
        else:
            await group.first.get_by_label(option, exact=exact).first.check()

    async def tick(self, label: str | re.Pattern[str]) -> None:
        """Tick or choose what stands beside this label."""
        await self.page.get_by_label(label).first.check()

    async def at(self, question: str | re.Pattern[str], instant: datetime) -> None:
        """Fill in the local date and time of an instant under this question."""
        group, when = self.page.get_by_role("group", name=question).first, local(instant)
        for label, part in zip(_DATE_PARTS, (when.day, when.month, when.year), strict=True):
            await group.get_by_label(label).fill(str(part))
        clock = group.get_by_label("Time")
        if await clock.count():
            await clock.fill(f"{when:%H:%M}")

    # -- tasks -------------------------------------------------------------------------------------------------

    async def open_task(self, title: str, case_id: str) -> None:
        """Find the case's task in one's queues and open it, as soon as it is there."""
        row = self.page.get_by_role("row").filter(has_text=case_id)
        link = row.get_by_role("link", name=title)
        await self._until(link, "/tasks?view=team&sort=newest")
        await link.first.click()
        await self.heading(title)

    async def first_task(self, title: str) -> None:
        """Open the first task with this title that nobody has, as soon as there is one."""
        await self._until(self.page.get_by_role("link", name=title), "/tasks?view=unassigned&sort=newest")
        await self.follow(title)
        await self.heading(title)

    async def fetched(self, words: str | re.Pattern[str]) -> tuple[str, bytes]:
        """The media type and content of what a link leads to, as this browser gets it."""
        href = await self.page.get_by_role("link", name=words).first.get_attribute("href")
        answer = await self.page.request.get(f"{self.address}{href}")
        assert answer.ok, (href, answer.status)
        return answer.headers["content-type"].partition(";")[0], await answer.body()

    async def opens(self, words: str | re.Pattern[str], heading: str | re.Pattern[str]) -> None:
        """A link opens another tab, whose page says this."""
        async with self.page.context.expect_page() as opening:
            await self.follow(words)
        opened = await opening.value
        await expect(opened.get_by_role("heading", name=heading)).to_be_visible()
        await opened.close()

    async def next_in_case(self, title: str) -> None:
        """Go on with what follows in the same case, offered after an answer."""
        await self._until(self.page.get_by_role("link", name=title), None)
        await self.follow(title)
        await self.heading(title)

    async def send(self) -> None:
        """Send the answer, over the page to check it where there is one; it is recorded."""
        check = self.page.get_by_role("button", name="Check your answers")
        if await check.count():
            await check.click()
            await self.heading("Check your answers")
        await self.press("Send the answer")
        await expect(self.page.get_by_role("heading", name="Your answer is recorded")).to_be_visible()

    async def claim(self) -> None:
        """Claim the open task."""
        await self.press("Claim this task")
        await self.sees("You have claimed this task.")

    async def case_id(self) -> str:
        """The case that the page is about."""
        return await self.page.locator("main a[href^='/cases/']").first.inner_text()

    async def _until(self, wanted: Locator, path: str | None) -> None:
        """Load the page, or the one that is open, anew until this is on it: a case gets there in its own time."""
        if path is not None:
            await self.go(path)
        for _ in range(240):
            if await wanted.count():
                return
            await self.page.wait_for_timeout(250)
            await self.page.reload()
        raise AssertionError(f"never on {self.page.url}: {wanted}")


class Browsers:
    """Browsers of several people, each with cookies and storage of its own."""

    def __init__(self, address: str) -> None:
        self.address = address
        self._open = AsyncExitStack()
        self.walkers: list[Walker] = []

    async def __aenter__(self) -> "Browsers":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._open.aclose()

    async def signed_in(self, name: str, path: str = "/", *, width: int = 1280) -> Walker:
        """Somebody of the staff, signed in by the provider's page."""
        walker = await self.signed_out(width=width)
        await walker.page.goto(f"{self.address}{path}")
        await walker.page.get_by_role("button", name=name).click()
        await expect(walker.page.locator(".sp-header__person")).to_contain_text(name)
        return walker

    async def signed_out(self, *, width: int = 1280) -> Walker:
        """A browser in which nobody has signed in yet."""
        walker = await self._open.enter_async_context(_walker(self.address, width))
        self.walkers.append(walker)
        return walker

    def complaints(self) -> list[str]:
        """Errors that any of the browsers reported; that a form was refused is none."""
        said = [text for walker in self.walkers for text in walker.complaints]
        return [text for text in said if "status of 4" not in text]


@asynccontextmanager
async def _walker(address: str, width: int) -> AsyncIterator[Walker]:
    context = await (await SHARED.get()).new_context(viewport={"width": width, "height": 900})
    context.set_default_timeout(LIMIT)
    walker = Walker(await context.new_page(), address)
    walker.page.on("pageerror", lambda error: walker.complaints.append(str(error)))
    walker.page.on(
        "console", lambda said: walker.complaints.append(said.text) if said.type == "error" else None
    )
    try:
        yield walker
    finally:
        await context.close()
