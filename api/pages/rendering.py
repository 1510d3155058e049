"""Pages from templates: the frame's own values, the headers that keep a page private, and words for dates."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import ChoiceLoader, Environment, PackageLoader, PrefixLoader

from api.pages.answer_fields import FormField
from api.pages.answer_reading import FieldError
from api.pages.assets import Assets
from api.pages.forms import Values, first
from api.pages.navigation import navigation_for
from api.pages.sessions import Visitor
from api.pages.words import occupancy_words, phrase_of, region_words, role_words, sentence, waits_words
from api.resources import resources_of
from procedures.editions import edition_in_force
from procedures.local_time import local, say_date, say_instant
from procedures.report_values import in_report_order
from procedures.steps import STEPS
from procedures.visibility import READS_CASES

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


def _choice_items(field: FormField) -> list[dict[str, str]]:
    return [{"value": choice.value, "text": choice.text} for choice in field.choices]


def _date_items(field: FormField, values: Values, error: object) -> list[dict[str, str]]:
    """Day, month and year of a date field for the component."""
    wrong = " govuk-input--error" if error else ""
    return [
        {
            "name": part,
            "id": f"{field.html_id}-{part}",
            "classes": f"govuk-input--width-{4 if part == 'year' else 2}{wrong}",
            "value": first(values, f"{field.name}-{part}"),
        }
        for part in ("day", "month", "year")
    ]


def _error_list(errors: Sequence[FieldError]) -> list[dict[str, str]]:
    return [{"text": one.text, "href": one.href} if one.href else {"text": one.text} for one in errors]


_FORM_PARTS = {
    "choice_items": _choice_items,
    "date_items": _date_items,
    "error_list": _error_list,
    "phrase": lambda value: phrase_of(shown(value)),
}
"""What the form macros call."""


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
    made.globals.update(asset=assets.address, steps=STEPS, **_FORM_PARTS)
    made.filters.update(
        day=lambda value: say_date(value) if value else "",
        instant=lambda value: say_instant(value) if value else "",
        clock=lambda value: f"{local(value):%H:%M}" if value else "",
        role=role_words,
        region=region_words,
        sentence=sentence,
        occupancy=occupancy_words,
        report_order=in_report_order,
        prose=lambda text: text[:1].upper() + text[1:],
        shown=shown,
        phrase=phrase_of,
        term=_term,
        waits=waits_words,
    )
    return made


def _term(term: str) -> str:
    """What was searched for; a date as people write it."""
    try:
        return shown(date.fromisoformat(term))
    except ValueError:
        return term


def shown(value: Any) -> str:
    """A value of the record for people; a date without its weekday."""
    match value:
        case None | "" | [] | ():
            return "–"
        case bool():
            return "Yes" if value else "No"
        case datetime():
            return say_instant(value)
        case date():
            return say_date(value).partition(" ")[2]
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
    edition: str | None = None,
    **context: Any,
) -> HTMLResponse:
    """A page. `step` is the step of the procedure it belongs to, shown with a link to the step's own page.

    `edition` is that of the case a page is about (AMB-X-11); else the edition in force is shown. Empty: none is.
    """
    templates: Environment = request.app.state.templates
    values = {
        "edition": edition_in_force(resources_of(request).clock()).name if edition is None else edition,
        "visitor": visitor,
        "navigation": navigation_for(visitor.caller.sight, request.url.path) if visitor else [],
        "header_search": visitor is not None and visitor.caller.sight.has_any(READS_CASES),
        "step": STEPS.get(step) if step else None,  # type: ignore[call-overload]
        **context,
    }
    text = templates.get_template(template).render(values)
    return HTMLResponse(text, status_code=status, headers={**HEADERS, **(headers or {})})
