"""Cursors carry where a page ended, and nothing else is taken for one."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.queries.paging import BadCursor, instant, page_of, read_cursor

AT = datetime(2026, 11, 27, 1, tzinfo=UTC)


def test_a_page_says_where_the_next_begins() -> None:
    """One row too many makes a cursor of the last row shown; the last page has none."""
    page = page_of(["a", "b", "c"], 2, lambda row: [AT, row])
    assert page.items == ["a", "b"]
    assert page.next is not None
    at, last = read_cursor(page.next, 2)
    assert (instant(at), last) == (AT, "b")
    assert page_of(["a", "b"], 2, lambda row: [row]).next is None
    assert page_of([], 2, lambda row: [row]).next is None


@given(st.text(max_size=40))
def test_anything_else_is_no_cursor(text: str) -> None:
    """Whatever is sent, the answer is a BadCursor or a key of the right size, never another error."""
    try:
        key = read_cursor(text, 2)
    except BadCursor:
        return
    assert len(key) == 2


@pytest.mark.parametrize("value", ["yesterday", "2026-11-27T01:00:00"])
def test_an_instant_of_a_cursor_has_a_zone(value: str) -> None:
    """Naive or unreadable instants are refused."""
    with pytest.raises(BadCursor):
        instant(value)
