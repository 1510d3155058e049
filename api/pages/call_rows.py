"""One call that answers several people: its fields, each person's own, and the answers made from both."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from pydantic import ValidationError

from api.known import Known
from api.pages.answer_fields import FieldKind, FormField, fields_of
from api.pages.answer_reading import FieldError, error_at, errors_of_problem, read_answer
from api.pages.forms import Values
from api.problems import plain_errors
from models.queries.tasks import TaskRecord
from procedures.identify_answers import PhoneCorrections
from procedures.local_time import local
from procedures.terms import CallOutcome

_ASKED = {one.path[-1]: one for one in fields_of(PhoneCorrections.model_json_schema())}
CALL_FIELDS = [
    replace(_ASKED[name], path=("call", name))
    for name in ("outcome", "started_at", "ended_at", "spoke_with", "office")
]
_MORE_TO_SAY = "If no notes hold for everybody, or there is more to say of this person"
NOTE_FOR_ALL = FormField(
    ("call", "note"),
    FieldKind.TEXT,
    "Notes that hold for everybody asked about",
    "Kept with each person: name nobody here",
)


@dataclass(frozen=True)
class PersonRow:
    """One person of the sheet: the task that their answer closes, and what is known."""

    task: TaskRecord
    known: Known | None

    @property
    def name(self) -> str:
        """As the register has it, else as the report has it."""
        if self.known and self.known.person:
            return f"{self.known.person.given_names} {self.known.person.surname}"
        return self.known.entry.full_name if self.known and self.known.entry else self.task.case_id

    @property
    def fields(self) -> list[FormField]:
        """Whether the call was about this person, what was said, and notes."""
        of = self.task.task_id
        asked = FormField((of, "asked"), FieldKind.TICK, f"This call was about {self.name}")
        said = replace(_ASKED["said"], path=(of, "said"), kind=FieldKind.ONE_OF)
        note = replace(_ASKED["note"], path=(of, "note"), required=False, hint=_MORE_TO_SAY)
        return [asked, said, note]


@dataclass
class CallRead:
    """What was typed into a sheet: a body for each person asked about, or what is wrong."""

    bodies: dict[str, dict[str, Any]] = field(default_factory=dict)
    errors: list[FieldError] = field(default_factory=list)


def new_call_id() -> str:
    """An id for one call, whoever it is about."""
    return f"CALL-{secrets.token_hex(8).upper()}"


def first_call(rows: Sequence[PersonRow], office: str | None, now: Any) -> Values:
    """What a sheet shows before anybody has typed: today, the office, and everybody asked about."""
    today = local(now)
    values: Values = {f"{row.task.task_id}.asked": ["yes"] for row in rows}
    for name in ("started_at", "ended_at"):
        for part in ("day", "month", "year"):
            values[f"call.{name}-{part}"] = [str(getattr(today, part))]
    return values | ({"call.office": [office]} if office else {})


def read_call(rows: Sequence[PersonRow], values: Values, call_id: str) -> CallRead:
    """One answer for each ticked person; nothing is sent while anything is wrong."""
    shared = read_answer([*CALL_FIELDS, NOTE_FOR_ALL], values)
    read = CallRead(errors=list(shared.errors))
    call = dict(shared.body.get("call", {}))
    for_all = call.pop("note", "")
    answered = call.get("outcome") == CallOutcome.ANSWERED.value
    if answered:
        wanting = [
            one
            for one in CALL_FIELDS
            if one.path[-1] in ("spoke_with", "office") and one.path[-1] not in call
        ]
        read.errors += [error_at(one, f"An answered call needs this: {one.label}") for one in wanting]
    for row in rows:
        own = read_answer(row.fields, values)
        said = own.body.get(row.task.task_id, {})
        if not said.get("asked"):
            continue
        read.errors += own.errors
        body = {**call, "call_id": call_id, "note": "\n".join(filter(None, (for_all, said.get("note"))))}
        if "said" in said:
            body["said"] = said["said"]
        read.bodies[row.task.task_id] = body
        read.errors += _wanting(row, body, answered=answered, called="outcome" in call)
    if not read.bodies and not read.errors:
        read.errors.append(FieldError("Tick whom this call was about.", href="#people"))
    if not read.errors:
        read.errors = _judged(rows, read.bodies)
    return read


def _wanting(row: PersonRow, body: dict[str, Any], *, answered: bool, called: bool) -> list[FieldError]:
    """What one person's answer lacks."""
    _, said, note = row.fields
    found = []
    if answered and "said" not in body:
        found.append(error_at(said, f"{row.name}: choose what Corrections said, or take the tick away"))
    if called and not answered and "said" in body:
        found.append(error_at(said, f"{row.name}: a call that nobody answered carries no status"))
    if not body["note"]:
        found.append(error_at(note, f"{row.name}: write notes of the call, here or for everybody"))
    return found


def _judged(rows: Sequence[PersonRow], bodies: dict[str, dict[str, Any]]) -> list[FieldError]:
    """What the answer's own type says; the case judges again."""
    for row in rows:
        if row.task.task_id not in bodies:
            continue
        try:
            PhoneCorrections.model_validate(bodies[row.task.task_id])
        except ValidationError as error:
            found = plain_errors(error)
            named = [{**one, "loc": ["call", *one["loc"]]} for one in found]
            return errors_of_problem(CALL_FIELDS, named, "The answers do not fit.")
    return []
