"""Everything a task's page shows, gathered once: what is asked and why, what is known, candidates, and the form."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from fastapi import Request
from fastapi.responses import Response

from api.known import Candidate, Known, audit_read, known_of, on_register
from api.pages.answer_fields import FieldKind, FormField
from api.pages.answer_form import AnswerForm, answer_said, first_values, form_of
from api.pages.answer_reading import FieldError, first_by_name, plain_words
from api.pages.assigning import assignees
from api.pages.comparison import CandidateView, compare
from api.pages.drafts import kept_draft
from api.pages.due import due_words
from api.pages.forms import Values
from api.pages.new_keys import new_key
from api.pages.rendering import render
from api.pages.requirements import Named, named
from api.pages.row_draft import values_of_row
from api.pages.run_line import run_of_task
from api.pages.sessions import Visitor
from api.pages.task_papers import PAPER_OF
from api.pages.task_remarks import before_the_call, mail_to_preview, own_match
from api.problems import ProblemDetails
from api.tasks import asked_by, shown_task
from api.visibility import sees_what_is_known
from models.queries import cases, people, web
from models.queries.cases import CaseDetail
from models.queries.tasks import TaskRecord
from procedures.references import references_for
from procedures.tasks import Answer
from procedures.terms import Procedure
from procedures.visibility import SEARCHES_THE_REGISTER

FOUND = "found"
"""Hidden fields of the form: people whom one's own search found, kept in sight while one goes on."""

SEARCH_FIELDS = [
    FormField(("search", "name"), FieldKind.LINE, "Full name", "Use % for any letters"),
    FormField(("search", "address"), FieldKind.LINE, "Address", "Use % for any letters"),
    FormField(("search", "date_of_birth"), FieldKind.DATE, "Date of birth", "Such as 2 3 1984"),
]


@dataclass(frozen=True)
class Showing:
    """What one showing of a task adds to it."""

    values: Values | None = None
    errors: Sequence[FieldError] = ()
    status: int = 200
    problem: ProblemDetails | None = None
    """Somebody was faster, or a rule said no."""
    typed: Sequence[dict[str, str]] = ()
    """The answer as it was typed, when it can no longer be sent."""
    found: Sequence[Candidate] = ()
    message: str = ""


@dataclass(frozen=True)
class TaskView:
    """A task with its form and what is known."""

    task: TaskRecord
    case: CaseDetail | None
    asked: type[Answer] | None
    form: AnswerForm | None
    known: Known | None
    candidates: list[CandidateView] = field(default_factory=list)
    policy: list[Named] = field(default_factory=list)

    @property
    def fields(self) -> list[FormField]:
        """The fields of the form; none for a task that is no longer asked."""
        return self.form.fields if self.form else []

    @property
    def names(self) -> dict[str, str]:
        """Whom the candidates' references stand for."""
        people = [one.person for one in self.candidates if one.person]
        return {one.person_ref: f"{one.given_names} {one.surname}" for one in people}


async def view_of(
    visitor: Visitor, task: TaskRecord, *, found: Sequence[Candidate] = (), refs: Iterable[str] = ()
) -> TaskView:
    """Read what the visitor may see of a task; each read of personal data is audited."""
    caller, asked = visitor.caller, asked_by(task)
    case = await cases.case(caller.resources.database, task.case_id)
    known = await known_of(caller, task) if sees_what_is_known(caller, task) else None
    return TaskView(
        task=task,
        case=case,
        asked=asked,
        form=form_of(asked, case, known) if asked else None,
        known=known,
        candidates=await _candidates(visitor, task, known, found, refs),
        policy=named(asked.policy) if asked else [],
    )


async def show_task(
    request: Request, visitor: Visitor, task: TaskRecord, showing: Showing | None = None
) -> Response:
    """The task's page."""
    showing, caller = showing or Showing(), visitor.caller
    draft = await kept_draft(visitor, task.task_id) if showing.values is None else None
    values = showing.values if showing.values is not None else draft.values if draft else None
    view = await view_of(visitor, task, found=showing.found, refs=(values or {}).get(FOUND, ()))
    if values is None:
        values = first_values(view.form, caller.now) if view.form else {}
        values |= values_of_row(view.known, caller.now)
    return render(
        request,
        "task.html",
        visitor=visitor,
        status=showing.status,
        step=task.step,
        edition=task.edition,
        view=view,
        task=shown_task(caller, task),
        record=task,
        references=[one.name for one in references_for(Procedure(task.procedure))],
        due=(await due_words(caller.resources)).say(task.due_at),
        values=values,
        draft=draft,
        errors=showing.errors,
        errors_by_name=first_by_name(showing.errors),
        problem=showing.problem,
        typed=showing.typed,
        message=showing.message,
        key=new_key(),
        guidance=plain_words(view.asked.guidance, view.fields) if view.asked else "",
        answered=answer_said(view.form, task.answer) if view.form and view.known is not None else [],
        mine=task.claimed_by == caller.actor.subject,
        may_search=caller.sight.has_any(SEARCHES_THE_REGISTER) and view.known is not None,
        assignees=await assignees(caller, [task]) if view.asked else [],
        rows=_person_rows(view.known),
        search_fields=SEARCH_FIELDS,
        paper=PAPER_OF.get(task.kind) if view.known is not None else None,
        own_match=await own_match(visitor, task, view.case) if view.known is None else None,
        friday=await run_of_task(visitor, task),
        remark=before_the_call(task, caller.now),
        preview=await mail_to_preview(caller.resources, task, view.case) if view.known is not None else "",
    )


def _person_rows(known: Known | None) -> list[Any]:
    """The report's row beside the register's record, when the task knows both."""
    if known is None or known.entry is None or known.person is None:
        return []
    return compare(known.entry, known.person)


async def _candidates(
    visitor: Visitor,
    task: TaskRecord,
    known: Known | None,
    found: Sequence[Candidate],
    refs: Iterable[str],
) -> list[CandidateView]:
    """One's own finds first, then the system's; each with household and duplicates."""
    if known is None or known.candidates is None or known.entry is None:
        return []
    caller, own = visitor.caller, list(found)
    seen = {one.person_ref for one in own} | {one.person_ref for one in known.candidates}
    missing = [ref for ref in dict.fromkeys(refs) if ref not in seen]
    for ref, person in (await caller.resources.register.persons(missing) if missing else {}).items():
        await audit_read(caller, "person", ref, case_id=task.case_id, why=f"task {task.kind}")
        own.append(
            Candidate(id=ref, person_ref=ref, score=0, reasons={}, found_by=[], person=on_register(person))
        )
    all_of_them = own + [
        one for one in known.candidates if one.person_ref not in {each.person_ref for each in own}
    ]
    homes = {one.person.property_ref for one in all_of_them if one.person and one.person.property_ref}
    mates = await web.housemates(caller.resources.database, homes)
    if homes:
        await audit_read(
            caller,
            "households of candidates",
            known.entry.entry_id,
            case_id=task.case_id,
            why=f"task {task.kind}",
        )
    views = []
    for one in all_of_them:
        home = one.person.property_ref if one.person else None
        views.append(
            CandidateView(
                candidate=one,
                person=one.person,
                rows=compare(known.entry, one.person, one.reasons) if one.person else [],
                household=[mate for mate in mates.get(home or "", []) if mate.person_ref != one.person_ref],
                duplicates=await people.duplicates_of_person(caller.resources.database, one.person_ref),
            )
        )
    return views
