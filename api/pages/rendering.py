"""Pages from templates: the frame's own values, the headers that keep a page private, and words for dates."""

from datetime import date, datetime
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import ChoiceLoader, Environment, PackageLoader, PrefixLoader

from api.pages.assets import Assets
from api.pages.navigation import navigation_for
from api.pages.sessions import Visitor
from api.pages.words import region_words, role_words, sentence
from procedures import EDITION
from procedures.local_time import local, say_date, say_instant
from procedures.steps import STEPS

POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}


def environment(assets: Assets) -> Environment:
    """The templates, with what every one of them may use."""
    made = Environment(
        loader=ChoiceLoader(
            [
                PackageLoader("api", "templates"),
                PrefixLoader({"govuk_frontend_jinja": PackageLoader("govuk_frontend_jinja")}),
            ]
        ),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals.update(asset=assets.address, edition=EDITION, steps=STEPS)
    made.filters.update(
        day=lambda value: say_date(value) if value else "",
        instant=lambda value: say_instant(value) if value else "",
        clock=lambda value: f"{local(value):%H:%M}" if value else "",
        role=role_words,
        region=region_words,
        sentence=sentence,
        shown=shown,
    )
    return made


def shown(value: Any) -> str:
    """A value of the record for people."""
    match value:
        case None | "" | [] | ():
            return "–"
        case bool():
            return "Yes" if value else "No"
        case datetime():
            return say_instant(value)
        case date():
            return say_date(value)
        case list() | tuple():
            return "; ".join(map(shown, value))
        case _:
            return str(value)


def render(
    request: Request,
    template: str,
    *,
    visitor: Visitor | None = None,
    status: int = 200,
    headers: dict[str, str] | None = None,
    step: str | None = None,
    **context: Any,
) -> HTMLResponse:
    """A page. `step` is the step of the procedure it belongs to, shown with a link to the step's own page."""
    templates: Environment = request.app.state.templates
    values = {
        "visitor": visitor,
        "navigation": navigation_for(visitor.caller.sight, request.url.path) if visitor else [],
        "step": STEPS.get(step) if step else None,  # type: ignore[call-overload]
        **context,
    }
    text = templates.get_template(template).render(values)
    return HTMLResponse(text, status_code=status, headers={**HEADERS, **(headers or {})})
