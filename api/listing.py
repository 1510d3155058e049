"""Lists: items, and the cursor of the next page."""

from collections.abc import Callable
from typing import Annotated, Generic, TypeVar

from fastapi import Query
from pydantic import BaseModel, Field

from models.queries.paging import DEFAULT_LIMIT, MOST, Page

T = TypeVar("T")
R = TypeVar("R")

Limit = Annotated[int, Query(ge=1, le=MOST, description="How many items a page holds")]
Cursor = Annotated[str | None, Query(description="The field next of the last page", max_length=512)]

__all__ = ["DEFAULT_LIMIT", "Cursor", "Limit", "Listing", "listed", "whole"]


class Listing(BaseModel, Generic[T]):
    """One page of a list."""

    items: list[T]
    next: str | None = Field(default=None, description="Cursor of the next page, or null at the end")


def listed(page: Page[R], show: Callable[[R], T]) -> Listing[T]:
    """A page as it is shown."""
    return Listing(items=[show(item) for item in page.items], next=page.next)


def whole(items: list[T]) -> Listing[T]:
    """A list that has no further page."""
    return Listing(items=items, next=None)
