"""Something has changed about a person: reported here, and the advisor of the area is asked to send a T-442."""

from dataclasses import dataclass, replace
from typing import Annotated

from fastapi import Query, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import ValidationError

from activities.duty_events import duty_in_force
from api.events import report
from api.pages.answer_fields import Choice, FormField, fields_of
from api.pages.answer_reading import FieldError, Reading, errors_of_problem, first_by_name, read_answer
from api.pages.forms import PostedForm, Values, first, values_of
from api.pages.new_keys import checked_key, new_key
from api.pages.person_page import CHANGES, PersonReader, identity_of
from api.pages.rendering import render
from api.pages.requirements import named
from api.pages.routes import page_router
from api.pages.sessions import Visitor
from api.people import person as person_whole
from api.problems import plain_errors, refused
from api.visibility import check_person
from procedures.local_time import local_date
from procedures.refusals import Refused
from procedures.watch import DutyKind, ReportedEvent

router = page_router()
_GIVEN_HERE = frozenset({"property_ref", "person_ref", "tell"})
"""The page itself says whom it is about; nobody but Corrections is ever told."""
_LABELS = {
    "kind": "What has changed",
    "facts": "What happened",
    "aware_on": "When you became aware of it",
    "born": "When the additional occupant was born",
    "requested_on": "When it was requested",
}
_POLICY = "P2.F1 P2.F2 P2.F3 P2.F4 P2.F5 P2.X3"


@dataclass(frozen=True)
class EventForm:
    """What is asked about a change."""

    fields: list[FormField]


def _form() -> EventForm:
    asked = fields_of(ReportedEvent.model_json_schema())
    return EventForm([_worded(one) for one in asked if one.path[-1] not in _GIVEN_HERE])


def _worded(one: FormField) -> FormField:
    label = _LABELS[one.path[-1]]
    choices = tuple(Choice(pick.value, CHANGES[DutyKind(pick.value)]) for pick in one.choices)
    return replace(one, label=label, choices=choices)


@router.get("/people/{person_ref}/change")
async def ask(
    request: Request,
    visitor: PersonReader,
    person_ref: str,
    kind: Annotated[DutyKind | None, Query()] = None,
) -> Response:
    """The form; `kind` is what the link on the person's page already says."""
    today = local_date(visitor.caller.now)
    values = {f"aware_on-{part}": [str(getattr(today, part))] for part in ("day", "month", "year")}
    if kind is not None:
        values["kind"] = [kind.value]
    return await _show(request, visitor, person_ref, values, new_key())


@router.post("/people/{person_ref}/change")
async def send(request: Request, visitor: PersonReader, posted: PostedForm, person_ref: str) -> Response:
    """Report it, by the same way as the JSON API; the same showing sent twice is one event."""
    await _check_duty(visitor, person_ref)
    values, form = values_of(posted), _form()
    key = checked_key(first(values, "key"))
    reading = read_answer(form.fields, values)
    event = _event(form, reading, person_ref)
    if event is None:
        return await _show(request, visitor, person_ref, values, key, reading.errors, 422)
    try:
        await report(visitor.caller, event, key)
    except Refused as refusal:
        said = refusal.reason[:1].upper() + refusal.reason[1:]
        return await _show(request, visitor, person_ref, values, key, [FieldError(said)], 409, refusal.rule)
    return RedirectResponse(f"/people/{person_ref}?said=reported", 303)


def _event(form: EventForm, reading: Reading, person_ref: str) -> ReportedEvent | None:
    """The event, or None with what is wrong in `reading`."""
    if reading.errors:
        return None
    try:
        return ReportedEvent(**reading.body, person_ref=person_ref)
    except ValidationError as error:
        reading.errors = errors_of_problem(form.fields, plain_errors(error), "This does not fit.")
        return None


async def _check_duty(visitor: Visitor, person_ref: str) -> None:
    """Only while the duty lasts is there anything to tell. Raises 404 and 409 problems."""
    await check_person(visitor.caller, person_ref)
    if not await duty_in_force(visitor.caller.resources.database, person_ref):
        raise refused("P1.N5", "No duty to tell Corrections of changes is in force for this person.")


async def _show(
    request: Request,
    visitor: Visitor,
    person_ref: str,
    values: Values,
    key: str,
    errors: list[FieldError] | None = None,
    status: int = 200,
    rule: str | None = None,
) -> Response:
    await _check_duty(visitor, person_ref)
    form = _form()
    return render(
        request,
        "people/change.html",
        visitor=visitor,
        status=status,
        step="A",
        identity=identity_of(await person_whole(visitor.caller, person_ref)),
        person_ref=person_ref,
        form=form,
        values=values,
        key=key,
        policy=named(_POLICY),
        errors=errors or [],
        errors_by_name=first_by_name(errors),
        rule=rule,
    )
