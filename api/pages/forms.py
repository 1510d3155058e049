"""Posted forms: read once, bounded, and taken only with the token of the session they were shown to."""

import hmac
from typing import Annotated

from fastapi import Depends, Request
from starlette.datastructures import FormData, UploadFile

from api.pages.sessions import SignedInVisitor, Visitor
from api.problems import Problem

MOST_BYTES = 512 * 1024
MOST_FIELDS = 1000
CSRF = "csrf"

Values = dict[str, list[str]]
"""A form as typed: every value of each field, in order."""


async def read_form(request: Request) -> FormData:
    """The form of a request. Raises a 413 problem for one that is too large."""
    if int(request.headers.get("content-length", "0") or "0") > MOST_BYTES:
        raise Problem(413, "too-large", "The form is too large: shorten what you wrote.")
    return await request.form(max_fields=MOST_FIELDS, max_files=0)


def is_plain_form(request: Request) -> bool:
    """True for a form without files."""
    return request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded")


def check_token(visitor: Visitor, form: FormData) -> None:
    """Raise a 403 problem unless the form was shown in this session."""
    given = form.get(CSRF)
    if not isinstance(given, str) or not hmac.compare_digest(given, visitor.csrf):
        raise Problem(
            403, "form", "This form was not shown in this session. Open the page again, then send the form."
        )


async def posted_form(request: Request, visitor: SignedInVisitor) -> FormData:
    """A dependency: the posted form of the visitor."""
    form = await read_form(request)
    check_token(visitor, form)
    return form


PostedForm = Annotated[FormData, Depends(posted_form)]


def values_of(form: FormData) -> Values:
    """What was typed, without the form's own token."""
    values: Values = {}
    for name, value in form.multi_items():
        if name != CSRF and not isinstance(value, UploadFile):
            values.setdefault(name, []).append(value)
    return values


def first(values: Values, name: str) -> str:
    """The first value of a field, without surrounding blanks; empty when there is none."""
    return next(iter(values.get(name, ())), "").strip()
