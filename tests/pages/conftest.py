"""The fixtures of the API's tests serve the pages as well; the browser ends with the test process."""

from collections.abc import AsyncIterator

import pytest

from tests.api.conftest import friday, house, keys, office, server
from tests.pages.browser import SHARED
from tests.pages.stack import stack

__all__ = ["friday", "house", "keys", "office", "one_browser", "server", "stack"]


@pytest.fixture(scope="session", autouse=True)
async def one_browser() -> AsyncIterator[None]:
    """Close the browser, if any test has started it."""
    yield
    await SHARED.close()
