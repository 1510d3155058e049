"""A form that was sent after its session was over: what was typed is still there, to be sent once."""

from fastapi import Request
from fastapi.responses import RedirectResponse, Response

from api.pages.drafts import ACTION, AGAIN, kept_draft
from api.pages.rendering import render
from api.pages.routes import page_router
from api.pages.sessions import SignedInVisitor

router = page_router()


@router.get(f"/{AGAIN}")
async def again(request: Request, visitor: SignedInVisitor) -> Response:
    """Send it again, with the key of its first showing: what has been recorded meanwhile is not recorded twice."""
    kept = await kept_draft(visitor, AGAIN)
    if kept is None:
        return RedirectResponse("/", 303)
    values = {name: given for name, given in kept.values.items() if name != ACTION}
    return render(request, "again.html", visitor=visitor, values=values, action=kept.values[ACTION][0])
