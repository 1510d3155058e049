"""A mistake in something that a case has sent: reported here, also when the case has ended; an advisor follows it up."""

from dataclasses import dataclass, replace

from fastapi import Request
from fastapi.responses import RedirectResponse, Response
from pydantic import ValidationError

from activities.commands import CommandReused
from api.mistakes import NewMistake, report
from api.pages.answer_fields import Choice, FieldKind, FormField, fields_of
from api.pages.answer_reading import FieldError, Reading, errors_of_problem, first_by_name, read_answer
from api.pages.case_frame import CaseReader, frame_of, render_case
from api.pages.forms import PostedForm, Values, first, values_of
from api.pages.new_keys import checked_key, new_key
from api.pages.requirements import named
from api.pages.routes import page_router
from api.pages.sessions import Visitor
from api.problems import Problem, plain_errors
from api.visibility import visible_case
from models.queries.mail import sent_in_case
from procedures.local_time import say_instant

router = page_router()
_LABELS = {"mistake": "What was wrong", "reason": "What happened", "mails": "Which messages"}
_POLICY = "AMB-X-6 AMB-X-7 TR-15 PRV-13"


@dataclass(frozen=True)
class MistakeForm:
    """What is asked about a mistake."""

    fields: list[FormField]


@router.get("/cases/{case_id}/mistakes")
async def ask(request: Request, visitor: CaseReader, case_id: str) -> Response:
    """The form."""
    await visible_case(visitor.caller, case_id)
    return await _show(request, visitor, case_id, {}, new_key())


@router.post("/cases/{case_id}/mistakes")
async def send(request: Request, visitor: CaseReader, posted: PostedForm, case_id: str) -> Response:
    """Report it, by the same way as the JSON API; the same showing sent twice is one report."""
    await visible_case(visitor.caller, case_id)
    values, form = values_of(posted), await _form(visitor, case_id)
    key = checked_key(first(values, "key"))
    reading = read_answer(form.fields, values)
    asked = _asked(form, reading)
    if asked is None:
        return await _show(request, visitor, case_id, values, key, reading.errors, 422)
    try:
        await report(visitor.caller, case_id, asked, key)
    except CommandReused:
        error = FieldError("Something else was sent from this page before. Look at it again, then send it.")
        return await _show(request, visitor, case_id, values, new_key(), [error], 409)
    except Problem as problem:
        if problem.status != 409:
            raise
        said = problem.body.detail[:1].upper() + problem.body.detail[1:]
        return await _show(request, visitor, case_id, values, key, [FieldError(said)], 409, problem.body.rule)
    return RedirectResponse(f"/cases/{case_id}?said=mistake", 303)


async def _form(visitor: Visitor, case_id: str) -> MistakeForm:
    """Messages are picked by what they are; none picked: everything that went out."""
    sent = await sent_in_case(visitor.caller.resources.database, case_id)
    picks = tuple(
        Choice(mail.mail_id, f"{mail.kind}, {mail.reference}, sent {say_instant(mail.accepted_at)}")
        for mail in sent
        if mail.accepted_at is not None
    )
    asked = [replace(one, label=_LABELS[one.path[-1]]) for one in fields_of(NewMistake.model_json_schema())]
    return MistakeForm(
        [
            replace(one, kind=FieldKind.MANY_OF, choices=picks, hint="None chosen: everything that went out")
            if one.path[-1] == "mails"
            else one
            for one in asked
            if one.path[-1] != "mails" or picks
        ]
    )


def _asked(form: MistakeForm, reading: Reading) -> NewMistake | None:
    """The report, or None with what is wrong in `reading`."""
    if not reading.errors:
        try:
            return NewMistake.model_validate(reading.body)
        except ValidationError as error:
            reading.errors = errors_of_problem(form.fields, plain_errors(error), "This does not fit.")
    return None


async def _show(
    request: Request,
    visitor: Visitor,
    case_id: str,
    values: Values,
    key: str,
    errors: list[FieldError] | None = None,
    status: int = 200,
    rule: str | None = None,
) -> Response:
    frame = await frame_of(visitor, case_id, "report a mistake")
    return render_case(
        request,
        visitor,
        frame,
        "mail",
        template="cases/mistake.html",
        status=status,
        form=await _form(visitor, case_id),
        values=values,
        key=key,
        policy=named(_POLICY),
        errors=errors or [],
        errors_by_name=first_by_name(errors),
        rule=rule,
    )
