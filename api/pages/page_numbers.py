"""The pages of a list, for the pagination component."""

from typing import Any


def page_numbers(address: str, page: int, total: int, size: int) -> dict[str, Any]:
    """Links to the pages around this one; empty when all fits on one. `address` already has a query."""
    last = max(1, -(-total // size))
    if last == 1:
        return {}
    around = sorted({1, last, *range(max(1, page - 1), min(last, page + 1) + 1)})
    items: list[dict[str, Any]] = []
    for number, before in zip(around, [0, *around], strict=False):
        if number - before > 1:
            items.append({"ellipsis": True})
        items.append({"number": number, "href": f"{address}&page={number}", "current": number == page})
    pages: dict[str, Any] = {"items": items}
    if page > 1:
        pages["previous"] = {"href": f"{address}&page={page - 1}"}
    if page < last:
        pages["next"] = {"href": f"{address}&page={page + 1}"}
    return pages
