"""A person who uses the keyboard alone: every stop of the focus can be seen, and none of them holds it."""

import re
from dataclasses import dataclass, field
from typing import Any

from playwright.async_api import Page, expect

_HERE = """() => {
  const one = document.activeElement
  if (!one || one === document.body) return null
  const parts = () => [one, ...(one.labels || [])].flatMap(each => [null, '::before'].map(part => {
    const look = getComputedStyle(each, part)
    const edge = look.borderWidth === '0px' ? '' : look.borderColor
    const line = look.outlineStyle === 'none' ? '' : look.outline
    return [line, look.boxShadow, look.backgroundColor, look.borderWidth, edge]
  }))
  const held = JSON.stringify(parts()), box = one.getBoundingClientRect()
  const named = one.innerText || (one.labels && one.labels[0] && one.labels[0].innerText) || one.value || ''
  const shown = box.width > 1 && box.height > 1 && box.bottom > 0 && box.top < innerHeight
  const what = `${one.tagName.toLowerCase()}#${one.id || '-'} ${named.trim().slice(0, 60)}`
  one.blur()
  const left = JSON.stringify(parts())
  one.focus({preventScroll: true})
  return {text: named.trim(), what, shown, marked: held !== left, tag: one.tagName, id: one.id, kind: one.type || ''}
}"""
"""Where the focus is, and whether the eye can tell: the element, or its label's mark, looks otherwise without it."""


@dataclass
class Keyboard:
    """Tab, Enter, Space, arrows and letters on one page after another; what was wrong at a stop is kept."""

    page: Page
    wrong: list[str] = field(default_factory=list)

    async def stop(self, key: str = "Tab") -> dict[str, Any] | None:
        """Go one stop on (or back, by Shift+Tab); where the focus is then. None between the page's end and beginning."""
        await self.page.keyboard.press(key)
        return await self.look()

    async def look(self) -> dict[str, Any] | None:
        """Where the focus is. A stop that cannot be seen is wrong."""
        here: dict[str, Any] | None = await self.page.evaluate(_HERE)
        if here is not None and not (here["shown"] and here["marked"]):
            self.wrong.append(f"{self.page.url}: {here['what']} {'' if here['shown'] else 'is out of sight'}")
        return here

    async def to(self, words: str, *, most: int = 150) -> None:
        """Tab on until the focus is on what says this."""
        for _ in range(most):
            here = await self.stop()
            if here is not None and re.search(words, here["text"]):
                return
        raise AssertionError(f"the keyboard never reached {words} on {self.page.url}")

    async def press(self, words: str) -> None:
        """Go to what says this, and press Enter."""
        await self.to(words)
        await self.page.keyboard.press("Enter")

    async def write(self, words: str, text: str) -> None:
        """Go to the field with this label, and type."""
        await self.to(words)
        await self.page.keyboard.type(text)

    async def skip(self) -> None:
        """The first stop of a page leads past its header: the next one is in the main part."""
        here = await self.stop()
        assert here is not None
        assert here["text"] == "Skip to main content"
        await self.page.keyboard.press("Enter")
        await self.stop()
        assert await self.page.evaluate("document.activeElement.closest('main') !== null")

    async def heading(self, words: str | re.Pattern[str]) -> None:
        """The page's main heading says this, and its scripts run."""
        await expect(self.page.get_by_role("heading", level=1)).to_have_text(words)
        await self.page.wait_for_load_state()

    async def round_trip(self, *, most: int = 400) -> int:
        """Through the whole page and back to its beginning: nothing keeps the focus. The number of stops."""
        await self.page.evaluate("document.activeElement.blur(); scrollTo(0, 0)")
        seen: list[str] = []
        for _ in range(most):
            here = await self.stop()
            if here is None or (seen and here["text"] == "Skip to main content"):
                return len(seen)
            seen.append(here["what"])
        raise AssertionError(f"{self.page.url} keeps the focus: {seen[-3:]}")
