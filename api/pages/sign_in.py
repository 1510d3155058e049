"""Signing in at the agency's OpenID provider and out again."""

import hmac
import json
import re
from typing import Annotated
from urllib.parse import quote

from fastapi import Query, Request
from fastapi.responses import RedirectResponse, Response

from adapters.identity import NotSignedIn, SignInAttempt
from adapters.keys import Tampered, UnknownKey
from api.pages import sessions
from api.pages.forms import check_token, read_form
from api.pages.rendering import render
from api.pages.routes import page_router
from api.resources import Resources, resources_of

router = page_router()
BACK = "/sign-in/back"
_ATTEMPT = "placement-sign-in"
_ATTEMPT_LIVES = 600
"""Seconds between leaving for the provider and coming back."""
_OURS = re.compile(r"/[A-Za-z0-9_./?=&%,:+*~-]*")


@router.get("/sign-in")
async def to_provider(
    request: Request,
    next_page: Annotated[str, Query(alias="next", max_length=600)] = "/",
    kept: bool | None = None,
) -> Response:
    """Send the browser to the provider; what it must bring back goes along in a sealed cookie.

    With `kept` a form came after its session: its answer stays here and says so, with a link to go on by.
    """
    if kept is not None:
        on = f"/sign-in?next={quote(_local(next_page))}"
        return render(request, "session_over.html", status=401, on=on, kept=kept)
    resources, attempt = resources_of(request), SignInAttempt.begin()
    url = await resources.identity.sign_in_url(_redirect(request, resources), attempt)
    answer = RedirectResponse(url, 303, headers={"Cache-Control": "no-store"})
    held = {"nonce": attempt.nonce, "verifier": attempt.verifier, "next": _local(next_page)}
    sealed = resources.cipher.encrypt(
        json.dumps(held), table="web_session", column="attempt", row_id=attempt.state
    )
    answer.set_cookie(
        _ATTEMPT,
        f"{attempt.state}.{sealed.hex()}",
        max_age=_ATTEMPT_LIVES,
        httponly=True,
        samesite="lax",
        secure=resources.settings.production,
        path=BACK,
    )
    return answer


@router.get(BACK)
async def back(request: Request, code: str = "", state: str = "") -> Response:
    """The browser comes back: compare, exchange the code, begin a session."""
    resources = resources_of(request)
    try:
        attempt, target = _attempt(request, resources, state)
        signed = await resources.identity.exchange(code, _redirect(request, resources), attempt)
    except (NotSignedIn, Tampered, UnknownKey, ValueError, KeyError):
        return render(request, "sign_in_failed.html", status=401)
    answer = RedirectResponse(target, 303, headers={"Cache-Control": "no-store"})
    await sessions.begin(request, signed, answer)
    answer.delete_cookie(_ATTEMPT, path=BACK)
    return answer


@router.post("/sign-out")
async def sign_out(request: Request) -> Response:
    """End the session."""
    answer = RedirectResponse("/signed-out", 303)
    found = await sessions.found_visitor(request)
    if found is not None:
        check_token(found, await read_form(request))
        await sessions.end(request, found, answer)
    return answer


@router.get("/signed-out")
async def signed_out(request: Request) -> Response:
    """Where signing out ends."""
    return render(request, "signed_out.html")


def _redirect(request: Request, resources: Resources) -> str:
    scheme = "https" if resources.settings.production else request.url.scheme
    return f"{scheme}://{request.url.netloc}{BACK}"


def _attempt(request: Request, resources: Resources, state: str) -> tuple[SignInAttempt, str]:
    """Raises ValueError, Tampered or KeyError when this browser did not begin this sign-in."""
    begun, _, sealed = request.cookies.get(_ATTEMPT, "").partition(".")
    if not begun or not hmac.compare_digest(begun, state):
        raise ValueError("another sign-in")
    held = json.loads(
        resources.cipher.decrypt(bytes.fromhex(sealed), table="web_session", column="attempt", row_id=begun)
    )
    return SignInAttempt(begun, held["nonce"], held["verifier"]), _local(held["next"])


def _local(target: str) -> str:
    """A page of ours, whatever was asked for."""
    return target if _OURS.fullmatch(target) and not target.startswith(("//", "/sign-")) else "/"
