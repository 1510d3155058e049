"""Every page in every state in a real browser: axe, light and dark, narrow, large text, weight, and what may run."""

import re
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from playwright.async_api import Page, Response

from adapters.ports import Transient
from api.pages import home
from api.pages.rendering import POLICY
from procedures.terms import Role
from tests.api.office import MANAGER, Office
from tests.pages.browser import Browsing, browsing, picture, violations
from tests.pages.desk import Desk
from tests.pages.furnishing import furnish
from tests.pages.states import NO_PAGES, STATES, State, routes

MOST_BYTES = 150_000
"""Of one page with all that it loads, as it comes over the wire, when nothing is kept from before."""
WITH_LOOKS = ("color-contrast", "target-size", "link-in-text-block", "scrollable-region-focusable")
"""What can differ in the dark and on a narrow page; axe's other rules look at the page's structure."""
_TOO_WIDE = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
_STICKS_OUT = (
    "[...document.querySelectorAll('body *')].filter(one => one.getBoundingClientRect().right > innerWidth)"
    ".slice(0, 3).map(one => one.outerHTML.slice(0, 90))"
)
_LOADED = (
    "performance.getEntries().filter(one => ['navigation', 'resource'].includes(one.entryType))"
    ".map(one => [new URL(one.name).pathname, one.encodedBodySize])"
)
_INLINE = "document.querySelectorAll('style, [style], script:not([src]), [onclick], [onchange]').length"
PARTS = {
    "tasks": ("/tasks", "/calls", "/commands", "/runs"),
    "cases": ("/cases",),
    "office": ("/office", "/policy", "/exports"),
    "people": ("/",),
}
"""Pages that are looked at together, by the first of these that begins their address."""


def test_every_page_has_its_states() -> None:
    """A new page fails here until it has one."""
    assert set(routes("GET")) == STATES.keys() | NO_PAGES.keys()
    assert not STATES.keys() & NO_PAGES.keys()


@dataclass
class Inspection:
    """Looks at one page after the other; notes what is wrong with which."""

    browser: Browsing
    desks: dict[Role, Desk]
    found: dict[str, list[str]] = field(default_factory=dict)
    heaviest: int = 0

    async def look_at(self, states: Iterable[State], *, failing: bool = False) -> None:
        """All of them, in one window for each role."""
        by_role: dict[Role | None, list[State]] = {}
        for state in states:
            by_role.setdefault(state.role, []).append(state)
        for role, of_role in by_role.items():
            visitor = self.desks[role] if role else None
            async with self.browser.page(visitor, failing=failing) as page:
                for state in of_role:
                    if wrong := await self._look(page, state):
                        self.found[f"{state.name} {role or ''}"] = wrong

    async def _look(self, page: Page, state: State) -> list[str]:
        """Wide and light, then narrow and dark with the menu open, then with text twice as large; nothing folded away."""
        await page.set_viewport_size({"width": 1280, "height": 900})
        await page.emulate_media(color_scheme="light")
        wrong = [*(await reach(page, state)), *(await self._weight(page))]
        await page.locator("details").evaluate_all("all => all.forEach(one => { one.open = true })")
        wrong += await violations(page)
        name = re.sub(r"\W+", "-", f"{state.name} {state.role or ''}").strip("-")
        await picture(page, f"{name} wide")
        await page.set_viewport_size({"width": 320, "height": 800})
        await page.emulate_media(color_scheme="dark")
        await page.locator(".govuk-service-navigation__toggle").evaluate_all(
            "all => all.forEach(one => one.click())"
        )
        wrong += [f"dark, narrow: {one}" for one in await violations(page, *WITH_LOOKS)]
        wrong += await sideways(page, "at 320 pixels")
        await picture(page, f"{name} narrow")
        await page.set_viewport_size({"width": 640, "height": 800})
        await page.evaluate("document.documentElement.style.fontSize = '200%'")
        return wrong + await sideways(page, "with text twice as large")

    async def _weight(self, page: Page) -> list[str]:
        loaded: dict[str, int] = dict(await page.evaluate(_LOADED))
        weight = sum(loaded.values())
        self.heaviest = max(self.heaviest, weight)
        missing = {
            "/static/govuk-frontend.css",
            "/static/govuk-frontend.js",
            "/static/htmx.js",
        } - loaded.keys()
        return [f"{weight} bytes: {loaded}"] if weight > MOST_BYTES or missing else []


async def reach(page: Page, state: State) -> list[str]:
    """Go there; what is wrong with the answer itself: its status, and what it lets run."""
    path = await _call_sheet(page) if state.path == "call sheet" else state.path
    answer = await page.goto(path)
    for label, text in state.fill:
        await page.get_by_role("main").get_by_label(label).first.fill(text)
    if state.press:
        button = page.get_by_role("main").get_by_role("button", name=state.press, exact=True)
        async with page.expect_event("response", lambda one: one.request.is_navigation_request()) as pressed:
            await button.last.click()
        answer = await pressed.value
        await page.wait_for_load_state()
    assert answer is not None
    inline = ["has script or style of its own"] if await page.evaluate(_INLINE) else []
    return [*await _odd(answer, state.status), *inline]


async def _call_sheet(page: Page) -> str:
    await page.goto("/calls")
    path = await page.locator('a[href^="/calls/calls-"]').get_attribute("href")
    assert path is not None
    return path


async def _odd(answer: Response, status: int) -> list[str]:
    headers = await answer.all_headers()
    wrong = [] if answer.status == status else [f"answered with {answer.status}, not {status}"]
    if headers.get("content-security-policy") != POLICY or headers.get("cache-control") != "no-store":
        wrong.append("is not private")
    return [*wrong, *(["is packed together with its token"] if "content-encoding" in headers else [])]


async def sideways(page: Page, when: str) -> list[str]:
    """Whether it scrolls sideways, and what sticks out."""
    if not await page.evaluate(_TOO_WIDE):
        return []
    return [f"scrolls sideways {when}: {await page.evaluate(_STICKS_OUT)}"]


@asynccontextmanager
async def inspecting(office: Office) -> AsyncIterator[Inspection]:
    """A furnished office, inspected; whatever is found fails the test."""
    desks = await furnish(office)
    async with browsing(office) as browser:
        inspection = Inspection(browser, desks)
        yield inspection
        assert inspection.found == {}


def _part(path: str) -> str:
    return next(name for name, starts in PARTS.items() if path.startswith(starts))


@pytest.mark.parametrize("part", PARTS)
async def test_no_page_in_no_state_has_a_flaw(office: Office, part: str) -> None:
    """Axe finds nothing, nothing scrolls sideways, no page is heavy, nothing inline runs, the console is silent."""
    async with inspecting(office) as inspection:
        wanted = (states for path, states in STATES.items() if _part(path) == part)
        await inspection.look_at(state for states in wanted for state in states)
        assert inspection.heaviest > MOST_BYTES / 3, "what is loaded was not counted"


async def test_pages_of_failures_have_no_flaw(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """An address that nobody has, a part that does not answer, a program that fails."""

    def away(*_: Any) -> Any:
        raise Transient("the store does not answer")

    def broken(*_: Any) -> Any:
        raise RuntimeError("made for this test")

    async with inspecting(office) as inspection:
        await inspection.look_at([State("/no/such/page", status=404)])
        monkeypatch.setattr(home, "_tiles", away)
        await inspection.look_at([State("/", status=503)], failing=True)
        monkeypatch.setattr(home, "_tiles", broken)
        await inspection.look_at([State("/", status=500)], failing=True)


@pytest.mark.parametrize("width", [320, 480])
async def test_tabs_and_navigation_take_a_few_lines_of_a_phone(office: Office, width: int) -> None:
    """They wrap, without a script, and each of them is large enough to be touched."""
    desks = await furnish(office)
    async with (
        browsing(office) as browser,
        browser.page(desks[MANAGER], width=width, java_script_enabled=False) as page,
    ):
        await page.goto("/cases/C1")
        for links in (".moj-sub-navigation__link", ".govuk-service-navigation__link"):
            boxes = [await one.bounding_box() for one in await page.locator(links).all()]
            found = [box for box in boxes if box]
            assert len(found) == len(boxes) > 4
            assert all(box["height"] >= 24 and box["x"] + box["width"] <= width for box in found)
            assert len({box["y"] for box in found}) <= len(found) // 2 + 1
        tabs = await page.locator(".moj-sub-navigation").bounding_box()
        assert tabs is not None
        assert tabs["y"] + tabs["height"] < 900, "the content begins below the first screen"
