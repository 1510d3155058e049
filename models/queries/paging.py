"""Pages of a list: a cursor says where the last page ended, so that a list that changes skips and repeats nothing."""

import base64
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, and_, or_
from sqlalchemy.orm import InstrumentedAttribute

T = TypeVar("T")

DEFAULT_LIMIT, MOST = 50, 500


class BadCursor(ValueError):
    """The cursor is not one that a list gave out."""


@dataclass(frozen=True)
class Page(Generic[T]):
    """One page, and the cursor of the next one, or None at the end."""

    items: list[T]
    next: str | None


def page_of(rows: Sequence[T], limit: int, key: Callable[[T], list[Any]]) -> Page[T]:
    """A page from `limit + 1` rows at most: the row too many says that there is a next page."""
    shown = list(rows[:limit])
    return Page(shown, _cursor(key(shown[-1])) if len(rows) > limit and shown else None)


def _cursor(key: list[Any]) -> str:
    plain = [value.isoformat() if isinstance(value, datetime) else value for value in key]
    return base64.urlsafe_b64encode(json.dumps(plain, separators=(",", ":")).encode()).decode().rstrip("=")


def read_cursor(cursor: str, size: int) -> list[Any]:
    """The key a page ended with. Raises BadCursor."""
    try:
        key = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except ValueError:
        raise BadCursor("take the cursor from the field next of the last page") from None
    plain = isinstance(key, list) and all(value is None or isinstance(value, str) for value in key)
    if not plain or len(key) != size:
        raise BadCursor("take the cursor from the field next of the last page")
    return list(key)


def instant(value: str | None) -> datetime | None:
    """An instant of a cursor. Raises BadCursor."""
    try:
        read = None if value is None else datetime.fromisoformat(value)
    except ValueError:
        raise BadCursor("take the cursor from the field next of the last page") from None
    if read is not None and read.tzinfo is None:
        raise BadCursor("take the cursor from the field next of the last page")
    return read


def after_due(
    due: InstrumentedAttribute[datetime | None], row_id: InstrumentedAttribute[str], cursor: str
) -> ColumnElement[bool]:
    """Rows behind the cursor in the order due instant (none last), id."""
    at, last = read_cursor(cursor, 2)
    due_at = instant(at)
    if not isinstance(last, str):
        raise BadCursor("take the cursor from the field next of the last page")
    if due_at is None:
        return and_(due.is_(None), row_id > last)
    return or_(due > due_at, and_(due == due_at, row_id > last), due.is_(None))
