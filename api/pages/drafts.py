"""What a person has typed for a task and not yet sent: sealed, and opened for that person alone."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from fastapi import Request

from activities.web import empty_draft, save_draft
from api.pages.forms import Values, check_token, read_form, values_of
from api.pages.sessions import Visitor
from api.problems import Problem
from models.queries import web

NOT_KEPT = frozenset({"key", "seen_version", "assign_to", "assign_reason"})
"""Fields that belong to one showing of the form, not to what was typed."""


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
    caller, subject = visitor.caller, visitor.session.subject
    typed = {name: given for name, given in values.items() if name not in NOT_KEPT}
    sealed = caller.resources.cipher.encrypt(
        json.dumps(typed), table="draft", column="body", row_id=f"{subject}/{task_id}"
    )
    await save_draft(caller.resources.database, subject=subject, task_id=task_id, body=sealed, at=caller.now)


async def drop_draft(visitor: Visitor, task_id: str) -> None:
    """The answer is on record."""
    caller = visitor.caller
    await empty_draft(
        caller.resources.database, subject=visitor.session.subject, task_id=task_id, at=caller.now
    )


async def keep_what_was_typed(request: Request, lapsed: Visitor) -> bool:
    """Keep a form that came after its session was over, if it was shown in that session; True when it is kept."""
    task_id = _draft_of(request.path_params)
    if request.method != "POST" or task_id is None:
        return False
    try:
        form = await read_form(request)
        check_token(lapsed, form)
    except Problem:
        return False
    await keep_draft(lapsed, task_id, values_of(form))
    return True


def _draft_of(path: Mapping[str, str]) -> str | None:
    """What a form at this address is kept under; None for a form that keeps no draft."""
    if {"case_id", "kind"} <= path.keys():
        return change_key(path["case_id"], path["kind"])
    return path.get("task_id")
