"""Secure notices to one's roles, page by page; they name a case, never a person (AMB-A-5)."""

from typing import Annotated
from urllib.parse import urlencode

from fastapi import Depends, Query, Request
from fastapi.responses import RedirectResponse, Response

from api import notices
from api.pages.forms import PostedForm, first, values_of
from api.pages.new_keys import checked_key, new_key
from api.pages.rendering import render
from api.pages.routes import page_router
from api.pages.sessions import Visitor, visitor_with
from procedures.visibility import WORKS_ON_TASKS

router = page_router()
Reader = Annotated[Visitor, Depends(visitor_with(WORKS_ON_TASKS, "read notices"))]


@router.get("/notices")
async def all_notices(
    request: Request,
    visitor: Reader,
    every: bool = False,
    cursor: Annotated[str | None, Query(max_length=512)] = None,
) -> Response:
    """Unread notices, or all of them."""
    page = await notices.notices(visitor.caller, unread=not every, limit=25, cursor=cursor)
    more = {"every": str(every).lower(), "cursor": page.next}
    return render(
        request,
        "notices.html",
        visitor=visitor,
        notices=page.items,
        every=every,
        more=f"/notices?{urlencode(more)}" if page.next else None,
        key=new_key(),
    )


@router.post("/notices")
async def read(visitor: Reader, form: PostedForm) -> Response:
    """A notice was read; the first reader stays on record."""
    values = values_of(form)
    await notices.read(visitor.caller, first(values, "notice"), checked_key(first(values, "key")))
    return RedirectResponse("/notices?every=true" if first(values, "every") else "/notices", 303)
