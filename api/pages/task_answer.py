"""Answering a task: read the form, keep it, check it, give it to the case by the same way as the JSON API."""

import hashlib
import json
from dataclasses import replace
from typing import Annotated, Any

from fastapi import Depends, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import ValidationError

from activities.commands import CommandReused
from activities.delivery import Decided, Late, Malformed, Outcome, Recorded, RefusedCommand, Waiting
from api.answering import answer_task, problem_of
from api.pages.answer_form import AnswerForm, form_of, said
from api.pages.answer_reading import FieldError, Reading, about_all, errors_of_problem, read_answer
from api.pages.drafts import drop_draft, keep_draft, kept_draft
from api.pages.forms import PostedForm, Values, first, values_of
from api.pages.new_keys import checked_key, new_key
from api.pages.rendering import render
from api.pages.routes import page_router
from api.pages.sessions import Visitor, visitor_with
from api.pages.task_view import FOUND, Showing, show_task, view_of
from api.problems import Problem, not_allowed, plain_errors
from api.tasks import asked_by, shown_task
from api.visibility import visible_task
from models.queries import cases
from models.queries.tasks import TaskRecord
from procedures.editions import question_set
from procedures.refusals import Refused
from procedures.visibility import WORKS_ON_TASKS

router = page_router()
Worker = Annotated[Visitor, Depends(visitor_with(WORKS_ON_TASKS, "work on tasks"))]
_REUSED = "Something else was sent from this page before. Look at it again, then send it."


@router.post("/tasks/{task_id}/draft")
async def draft(request: Request, visitor: Worker, form: PostedForm, task_id: str) -> Response:
    """Keep what is typed, while it is typed."""
    await visible_task(visitor.caller, task_id)
    await keep_draft(visitor, task_id, values_of(form))
    return render(request, "parts/draft_kept.html", at=visitor.caller.now)


@router.post("/tasks/{task_id}")
async def send(request: Request, visitor: Worker, form: PostedForm, task_id: str) -> Response:
    """The filled form: kept first; then wrong parts are shown, or it is checked, or it goes to the case."""
    values, held = values_of(form), await visible_task(visitor.caller, task_id)
    await keep_draft(visitor, task_id, values)
    asked = await _form(visitor, held)
    reading = _judged(asked, read_answer(asked.fields, values))
    if reading.errors:
        return await show_task(request, visitor, held, Showing(values, reading.errors, status=422))
    if asked.consequences and held.state == "open":
        if not shown_task(visitor.caller, held).may_answer:
            await visitor.caller.record_refusal("answer this task", subject=task_id, case_id=held.case_id)
            raise not_allowed("answer this task")
        return RedirectResponse(f"/tasks/{task_id}/check", 303)
    return await _give(request, visitor, held, asked, reading, values)


@router.get("/tasks/{task_id}/check")
async def check(request: Request, visitor: Worker, task_id: str) -> Response:
    """Check your answers, before an outcome is calculated, mail is sent or a case ends."""
    held, kept = await visible_task(visitor.caller, task_id), await kept_draft(visitor, task_id)
    if kept is None or held.state != "open":
        return RedirectResponse(f"/tasks/{task_id}", 303)
    return await _check_page(request, visitor, held, kept.values)


@router.post("/tasks/{task_id}/check")
async def confirm(request: Request, visitor: Worker, form: PostedForm, task_id: str) -> Response:
    """The checked answers go to the case, if they are still those that were shown."""
    sent, held = values_of(form), await visible_task(visitor.caller, task_id)
    kept = await kept_draft(visitor, task_id)
    if kept is None:
        return RedirectResponse(
            f"/tasks/{task_id}/done" if held.state == "done" else f"/tasks/{task_id}", 303
        )
    if first(sent, "shown") != _digest(kept.values):
        return await _check_page(request, visitor, held, kept.values, changed=True)
    asked = await _form(visitor, held)
    reading = _judged(asked, read_answer(asked.fields, kept.values))
    if reading.errors:
        return await show_task(request, visitor, held, Showing(kept.values, reading.errors, status=422))
    values = {**kept.values, **{name: sent.get(name, []) for name in ("key", "seen_version")}}
    return await _give(request, visitor, held, asked, reading, values)


async def _check_page(
    request: Request, visitor: Visitor, held: TaskRecord, values: Values, *, changed: bool = False
) -> Response:
    view = await view_of(visitor, held, refs=values.get(FOUND, ()))
    if view.form is None:
        return RedirectResponse(f"/tasks/{held.task_id}", 303)
    reading = _judged(view.form, read_answer(view.form.fields, values))
    if reading.errors:
        return await show_task(request, visitor, held, Showing(values, reading.errors, status=422))
    return render(
        request,
        "task_check.html",
        visitor=visitor,
        status=409 if changed else 200,
        step=held.step,
        edition=held.edition,
        task=shown_task(visitor.caller, held),
        view=view,
        rows=said(view.form, reading.body, view.names),
        digest=_digest(values),
        key=new_key(),
        changed=changed,
    )


async def _give(
    request: Request, visitor: Visitor, held: TaskRecord, form: AnswerForm, reading: Reading, values: Values
) -> Response:
    """By the same way as the JSON API; whatever is refused comes back with all that was typed."""
    key, seen = checked_key(first(values, "key")), first(values, "seen_version")
    again = Showing(values=values, typed=said(form, reading.body))
    try:
        outcome = await answer_task(
            visitor.caller,
            held,
            command_id=key,
            body=reading.body,
            seen_version=int(seen) if seen.isdigit() else None,
        )
    except CommandReused:
        return await show_task(request, visitor, held, _with_errors(again, [FieldError(_REUSED)], 409))
    except Problem as problem:
        if problem.status != 422:
            raise
        errors = errors_of_problem(form.fields, problem.body.errors or (), problem.body.detail)
        return await show_task(request, visitor, held, _with_errors(again, errors, 422))
    return await _after(request, visitor, held, form, outcome, again, key)


async def _after(
    request: Request,
    visitor: Visitor,
    held: TaskRecord,
    form: AnswerForm,
    outcome: Outcome,
    again: Showing,
    key: str,
) -> Response:
    match outcome:
        case Recorded():
            await drop_draft(visitor, held.task_id)
            return RedirectResponse(f"/tasks/{held.task_id}/done", 303)
        case Waiting():
            return RedirectResponse(f"/commands/{key}", 303)
        case RefusedCommand():
            again = _with_errors(again, [about_all(outcome.reason, form.fields)], 409)
            return await show_task(request, visitor, held, replace(again, problem=problem_of(outcome).body))
        case Malformed():
            errors = errors_of_problem(form.fields, outcome.errors, "The answer does not fit the task.")
            return await show_task(request, visitor, held, _with_errors(again, errors, 422))
        case Decided() | Late():
            now_held = await visible_task(visitor.caller, held.task_id)
            showing = replace(again, status=409, problem=problem_of(outcome).body)
            return await show_task(request, visitor, now_held, showing)


def _with_errors(showing: Showing, errors: list[FieldError], status: int) -> Showing:
    return replace(showing, errors=errors, status=status, typed=())


async def _form(visitor: Visitor, held: TaskRecord) -> AnswerForm:
    """The form for reading what was posted; what may be picked is not needed for that."""
    asked = asked_by(held)
    if asked is None:
        raise Problem(409, "refused", "This release no longer asks this. Tell the administrator.")
    return form_of(asked, await cases.case(visitor.caller.resources.database, held.case_id), None)


def _judged(form: AnswerForm, reading: Reading) -> Reading:
    """What the answer's own type says of it, before anybody checks it; the case judges again."""
    if reading.errors:
        return reading
    try:
        form.asked.model_validate(reading.body)
        answers = reading.body.get("answers", {})
        if form.asked.question_set and (answers or form.asked.model_fields["answers"].is_required()):
            question_set(form.asked.question_set, form.edition).check(answers)
    except ValidationError as error:
        reading.errors = errors_of_problem(form.fields, plain_errors(error), "The answer does not fit.")
    except Refused as refusal:
        reading.errors = [about_all(refusal.reason, form.fields)]
    return reading


def _digest(values: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()
