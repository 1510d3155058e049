"""Reporting that something has happened to a case: a form made from the change's own type, checked before it is sent."""

import hashlib
import json
import re
from dataclasses import dataclass, replace
from typing import Any

from fastapi import Request
from fastapi.responses import RedirectResponse, Response
from pydantic import ValidationError

from activities.commands import CommandReused
from activities.delivery import Late, Malformed, Outcome, Recorded, Waiting
from api.answering import problem_of, report_change
from api.pages import change_people
from api.pages.answer_fields import Choice, FieldKind, FormField, fields_of
from api.pages.answer_form import first_values, said
from api.pages.answer_reading import (
    FieldError,
    Reading,
    errors_of_problem,
    first_by_name,
    plain_words,
    read_answer,
)
from api.pages.case_frame import CaseFrame, CaseReader, frame_of, render_case
from api.pages.change_people import refs_of
from api.pages.drafts import change_key, drop_draft, keep_draft, kept_draft
from api.pages.forms import PostedForm, Values, first, values_of
from api.pages.new_keys import checked_key, new_key
from api.pages.requirements import named
from api.pages.routes import page_router
from api.pages.sessions import Visitor
from api.problems import Problem, not_allowed, plain_errors, refused, unknown
from api.visibility import visible_case
from models.queries.cases import CaseDetail
from models.queries.mail import sent_in_case
from procedures.changes import CHANGES, Change
from procedures.local_time import say_instant
from procedures.steps import STEPS

router = page_router()
_REUSED = "Something else was sent from this page before. Look at it again, then send it."
_IDS = re.compile(r"\s*\((?:[A-Z][A-Z0-9]*[-.][\w.-]+(?:, )?)+\)")
"""Ids of rules in the description of a change: shown apart from it."""


@dataclass(frozen=True)
class ChangeForm:
    """What is asked of whoever reports a change."""

    change: type[Change]
    fields: list[FormField]

    @property
    def meaning(self) -> str:
        """What the change does to the case."""
        return _IDS.sub("", (self.change.__doc__ or "").strip().partition("\n")[0])


@router.get("/cases/{case_id}/changes/{kind}")
async def ask(request: Request, visitor: CaseReader, case_id: str, kind: str) -> Response:
    """The form of one kind of change."""
    held, kept = (
        await visible_case(visitor.caller, case_id),
        await kept_draft(visitor, change_key(case_id, kind)),
    )
    form = await _form(visitor, held, kind, kept.values if kept else {})
    values = kept.values if kept else first_values(form, visitor.caller.now)
    return await _show(request, visitor, case_id, form, values)


@router.post("/cases/{case_id}/changes/{kind}")
async def fill(
    request: Request, visitor: CaseReader, posted: PostedForm, case_id: str, kind: str
) -> Response:
    """The filled form: kept, then shown again with what is wrong, or on to the check."""
    values = values_of(posted)
    form = await _form(visitor, await visible_case(visitor.caller, case_id), kind, values)
    await keep_draft(visitor, change_key(case_id, kind), values)
    reading = _judged(form, read_answer(form.fields, values))
    if reading.errors:
        return await _show(request, visitor, case_id, form, values, reading.errors, status=422)
    return RedirectResponse(f"/cases/{case_id}/changes/{kind}/check", 303)


@router.post("/cases/{case_id}/changes/{kind}/search")
async def search(
    request: Request, visitor: CaseReader, posted: PostedForm, case_id: str, kind: str
) -> Response:
    """Search the register for whom the change names; what was typed so far stays in the form."""
    held, typed = await visible_case(visitor.caller, case_id), values_of(posted)
    await _form(visitor, held, kind, {})
    values, errors, message = await change_people.search(visitor, held, typed)
    await keep_draft(visitor, change_key(case_id, kind), values)
    form = await _form(visitor, held, kind, values)
    status = 422 if errors else 200
    return await _show(request, visitor, case_id, form, values, errors, status=status, message=message)


@router.get("/cases/{case_id}/changes/{kind}/check")
async def check(request: Request, visitor: CaseReader, case_id: str, kind: str) -> Response:
    """Check what is about to be recorded."""
    held, kept = (
        await visible_case(visitor.caller, case_id),
        await kept_draft(visitor, change_key(case_id, kind)),
    )
    form = await _form(visitor, held, kind, kept.values if kept else {})
    if kept is None:
        return RedirectResponse(f"/cases/{case_id}/changes/{kind}", 303)
    return await _check_page(request, visitor, case_id, form, kept.values)


@router.post("/cases/{case_id}/changes/{kind}/check")
async def send(
    request: Request, visitor: CaseReader, posted: PostedForm, case_id: str, kind: str
) -> Response:
    """What was checked goes to the case, if it is still what was shown."""
    held = await visible_case(visitor.caller, case_id)
    await _change(visitor, held, kind)
    sent, kept = values_of(posted), await kept_draft(visitor, change_key(case_id, kind))
    if kept is None:  # sent twice: the first has gone to the case
        return RedirectResponse(f"/cases/{case_id}", 303)
    form = await _form(visitor, held, kind, kept.values)
    if first(sent, "shown") != _digest(kept.values):
        return await _check_page(request, visitor, case_id, form, kept.values, changed=True)
    reading = _judged(form, read_answer(form.fields, kept.values))
    key = checked_key(first(sent, "key"))
    try:
        outcome = await report_change(visitor.caller, held, kind=kind, command_id=key, body=reading.body)
    except CommandReused:
        error = [FieldError(_REUSED)]
        return await _show(request, visitor, case_id, form, kept.values, error, status=409)
    except Problem as problem:
        if problem.status != 422:
            raise
        errors = errors_of_problem(form.fields, problem.body.errors or (), problem.body.detail)
        return await _show(request, visitor, case_id, form, kept.values, errors, status=422)
    return await _after(request, visitor, held, form, outcome, kept.values, key)


async def _after(
    request: Request,
    visitor: Visitor,
    held: CaseDetail,
    form: ChangeForm,
    outcome: Outcome,
    values: Values,
    key: str,
) -> Response:
    case_id = held.case_id
    match outcome:
        case Recorded():
            await drop_draft(visitor, change_key(case_id, form.change.kind))
            return RedirectResponse(f"/cases/{case_id}?said=reported", 303)
        case Waiting():
            await drop_draft(visitor, change_key(case_id, form.change.kind))
            return RedirectResponse(f"/commands/{key}", 303)
        case Malformed():
            errors = errors_of_problem(form.fields, outcome.errors, "This does not fit the case.")
            return await _show(request, visitor, case_id, form, values, errors, status=422)
        case Late():
            raise problem_of(outcome)
        case _:
            problem = problem_of(outcome).body
            error = FieldError(plain_words(problem.detail, form.fields))
            return await _show(
                request, visitor, case_id, form, values, [error], status=409, rule=problem.rule
            )


async def _change(visitor: Visitor, case: CaseDetail, kind: str) -> type[Change]:
    """The change, for whoever may report it in this case. Raises 403 and 404 problems."""
    change = CHANGES.get(kind)
    if change is None or case.procedure not in change.known_to:
        raise unknown("kind of change")
    if not visitor.caller.sight.may(change.roles, case.region):
        await visitor.caller.record_refusal("report this change", subject=case.case_id, case_id=case.case_id)
        raise not_allowed("report this change")
    return change


async def _form(visitor: Visitor, case: CaseDetail, kind: str, values: Values) -> ChangeForm:
    """The form, with whom its searches found. Raises as _change, and a 409 problem for a case that has ended."""
    change = await _change(visitor, case, kind)
    if case.closed_at is not None:
        raise refused("AMB-X-6", "The case has ended: nothing is reported in it any more.")
    fields = [await _with_picks(visitor, case, one) for one in fields_of(change.model_json_schema())]
    return ChangeForm(change, await change_people.with_people(visitor, case, fields, refs_of(values)))


async def _with_picks(visitor: Visitor, case: CaseDetail, one: FormField) -> FormField:
    """Mails and steps are picked by what they are."""
    match one.path[-1]:
        case "mail_id":
            sent = await sent_in_case(visitor.caller.resources.database, case.case_id)
            picks = tuple(
                Choice(mail.mail_id, f"{mail.kind}, {mail.reference}, written {say_instant(mail.created_at)}")
                for mail in sent
            )
            return replace(one, kind=FieldKind.ONE_OF, label="Which mail", choices=picks)
        case "to_step":
            titles = {step.ref: step.title for step in STEPS.values()}
            picks = tuple(
                Choice(pick.value, f"Step {pick.value}: {titles[pick.value]}")  # type: ignore[index]
                for pick in one.choices
            )
            return replace(one, label="Back to which step", choices=picks)
    return one


def _judged(form: ChangeForm, reading: Reading) -> Reading:
    """What the change's own type says of it; the case judges again."""
    if not reading.errors:
        try:
            form.change.model_validate(reading.body)
        except ValidationError as error:
            reading.errors = errors_of_problem(form.fields, plain_errors(error), "This does not fit.")
    return reading


async def _show(
    request: Request,
    visitor: Visitor,
    case_id: str,
    form: ChangeForm,
    values: Values,
    errors: list[FieldError] | None = None,
    *,
    status: int = 200,
    rule: str | None = None,
    message: str = "",
) -> Response:
    asks_for = next((one.name for one in form.fields if one.path[-1] == "person_ref"), None)
    return await _page(
        request,
        visitor,
        case_id,
        form,
        "cases/change.html",
        status,
        values=values,
        errors=errors or [],
        errors_by_name=first_by_name(errors),
        rule=rule,
        message=message,
        asks_for=asks_for,
        search_fields=change_people.FIELDS,
    )


async def _check_page(
    request: Request,
    visitor: Visitor,
    case_id: str,
    form: ChangeForm,
    values: Values,
    *,
    changed: bool = False,
) -> Response:
    reading = _judged(form, read_answer(form.fields, values))
    if reading.errors:
        return await _show(request, visitor, case_id, form, values, reading.errors, status=422)
    return await _page(
        request,
        visitor,
        case_id,
        form,
        "cases/change_check.html",
        409 if changed else 200,
        rows=said(form, reading.body),
        digest=_digest(values),
        key=new_key(),
        changed=changed,
    )


async def _page(
    request: Request,
    visitor: Visitor,
    case_id: str,
    form: ChangeForm,
    template: str,
    status: int,
    **context: Any,
) -> Response:
    frame: CaseFrame = await frame_of(visitor, case_id, f"change {form.change.kind}")
    policy = named(form.change.policy)
    return render_case(
        request, visitor, frame, "", template=template, status=status, form=form, policy=policy, **context
    )


def _digest(values: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()
