"""What a person has typed for a task and not yet sent: sealed, and opened for that person alone."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from fastapi import Request

from activities.web import empty_draft, save_draft
from api.pages.forms import Values, check_token, is_plain_form, read_form, values_of
from api.pages.sessions import Visitor
from api.problems import Problem
from models.queries import web

NOT_KEPT = frozenset(
    {"key", "seen_version", "assign_to", "assign_reason", "although_away", "file", "photo", "shown"}
)
"""Fields that belong to one showing of the form, not to what was typed."""
AGAIN = "again"
"""What a form without a draft of its own is kept under when its session is over: it is shown to be sent again."""
ACTION = "again-to"
"""In such a form: where it was going."""
_NEVER_KEPT = frozenset({"/search", "/sign-out"})
"""What was searched for is not kept (PRV-16)."""


@dataclass(frozen=True)
class Kept:
    """A draft as its author sees it."""

    values: Values
    saved_at: datetime


def change_key(case_id: str, kind: str) -> str:
    """What the draft of an interruption of a case is kept under."""
    return f"{case_id}/{kind}"


async def kept_draft(visitor: Visitor, task_id: str) -> Kept | None:
    """The visitor's draft for a task, or None."""
    resources, subject = visitor.caller.resources, visitor.session.subject
    held = await web.draft(resources.database, subject, task_id)
    if held is None:
        return None
    text = resources.cipher.decrypt(held.body, table="draft", column="body", row_id=f"{subject}/{task_id}")
    values: Values = json.loads(text)
    return Kept(values, held.saved_at)


async def keep_draft(visitor: Visitor, task_id: str, values: Values) -> None:
    """Keep what the visitor has typed, in the place of what was kept before."""
    await _keep(visitor, task_id, {name: given for name, given in values.items() if name not in NOT_KEPT})


async def _keep(visitor: Visitor, key: str, values: Values) -> None:
    caller, subject = visitor.caller, visitor.session.subject
    sealed = caller.resources.cipher.encrypt(
        json.dumps(values), table="draft", column="body", row_id=f"{subject}/{key}"
    )
    await save_draft(caller.resources.database, subject=subject, task_id=key, body=sealed, at=caller.now)


async def drop_draft(visitor: Visitor, task_id: str) -> None:
    """The answer is on record."""
    caller = visitor.caller
    await empty_draft(
        caller.resources.database, subject=visitor.session.subject, task_id=task_id, at=caller.now
    )


async def keep_what_was_typed(request: Request, lapsed: Visitor) -> str | None:
    """Keep a form that came after its session was over, if it was shown in that session.

    Answers what it is kept under; None when nothing is kept.
    """
    if request.method != "POST" or not is_plain_form(request) or request.url.path in _NEVER_KEPT:
        return None
    try:
        form = await read_form(request)
        check_token(lapsed, form)
    except Problem:
        return None
    key, values = draft_of(request.path_params), values_of(form)
    if key is None:
        await _keep(lapsed, AGAIN, {**values, ACTION: [request.url.path]})
        return AGAIN
    if values.keys() - NOT_KEPT:  # a button, or a page that only confirms, leaves what was kept before
        await keep_draft(lapsed, key, values)
    return key if await kept_draft(lapsed, key) else None


def draft_of(path: Mapping[str, str]) -> str | None:
    """What a form at this address is kept under; None for a form that keeps no draft."""
    if {"case_id", "kind"} <= path.keys():
        return change_key(path["case_id"], path["kind"])
    return path.get("task_id")
