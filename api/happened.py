"""What happened in a case, as one ordered line of events."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field

from api.known import audit_read
from api.signed_in import Caller
from models.queries import happenings
from models.queries.cases import CaseDetail
from models.queries.tasks import TaskRecord, tasks_of_case
from procedures.answers import ALL
from procedures.local_time import say_instant


class Happening(BaseModel):
    """One event: step, who, what, when. `text` is free text of a person, and only for those who see the case."""

    id: str
    at: datetime = Field(description="UTC")
    local: str = Field(description="Pacific/Auckland, in words")
    step: str | None
    who: str
    source: str = Field(description="audit, task, note, call, confirmation or assessment")
    what: str
    refused: bool = False
    rule: str | None = None
    text: str | None = None
    detail: dict[str, Any] = Field(default_factory=dict)


async def happenings_of(caller: Caller, case: CaseDetail, *, looks: bool = True) -> list[Happening]:
    """Everything that happened, by instant; an auditor gets who, what and when without the free texts.

    `looks`: also who looked at it.
    """
    database = caller.resources.database
    events = await happenings.audit_of_case(database, case.case_id, looks=looks)
    names = {event.actor: event.actor_name for event in events}
    found = [
        *map(_audit, events),
        *_tasks(await tasks_of_case(database, case.case_id)),
        *map(_note, await happenings.notes_of_case(database, case.case_id)),
        *map(_call, await happenings.calls_of_case(database, case.case_id)),
        *map(_confirmation, await happenings.confirmations_of_case(database, case.case_id)),
        *map(_calculation, await happenings.calculations_of_case(database, case.case_id)),
    ]
    await audit_read(caller, "timeline", case.case_id, case_id=case.case_id)
    whole = caller.sight.sees_case(case.procedure, case.region)
    shown = [
        one.model_copy(update={"who": names.get(one.who, one.who), "text": one.text if whole else None})
        for one in found
    ]
    return sorted(shown, key=lambda one: one.at)


def _happening(
    event_id: str, at: datetime, source: str, *, step: str | None, who: str, what: str, **more: Any
) -> Happening:
    return Happening(
        id=event_id, at=at, local=say_instant(at), step=step, who=who, source=source, what=what, **more
    )


def _audit(event: happenings.AuditRecord) -> Happening:
    return _happening(
        f"audit-{event.event_id}",
        event.at,
        "audit",
        step=event.step,
        who=event.actor_name,
        what=event.action,
        refused=event.refused,
        rule=event.rule,
        detail={**event.detail, "role": event.actor_role, "subject": event.subject},
    )


def _tasks(tasks: list[TaskRecord]) -> list[Happening]:
    found = []
    for task in tasks:
        title = ALL[task.kind].title if task.kind in ALL else task.kind
        detail = {"task": task.task_id, "kind": task.kind, "role": task.role.value}
        found.append(
            _happening(
                f"{task.task_id}-opened",
                task.opened_at,
                "task",
                step=task.step,
                who="Safe Placement",
                what=f"asked: {title}",
                detail=detail,
            )
        )
        if task.done_at is not None:
            found.append(
                _happening(
                    f"{task.task_id}-closed",
                    task.done_at,
                    "task",
                    step=task.step,
                    who=task.done_by_name or "Safe Placement",
                    what=f"{'answered' if task.state == 'done' else 'no longer needed'}: {title}",
                    detail=detail,
                )
            )
    return found


def _note(note: happenings.NoteRecord) -> Happening:
    return _happening(
        note.note_id, note.at, "note", step=note.step, who=note.by, what="note written", text=note.text
    )


def _call(call: happenings.CallRecord) -> Happening:
    return _happening(
        call.call_id,
        call.ended_at,
        "call",
        step=call.step,
        who=call.by,
        what=f"call to Corrections: {call.outcome}",
        text=call.note,
        detail={"started_at": call.started_at.isoformat(), "office": call.office},
    )


def _confirmation(said: happenings.ConfirmationRecord) -> Happening:
    return _happening(
        said.confirmation_id,
        said.recorded_at,
        "confirmation",
        step=None,
        who=said.recorded_by,
        what=f"Corrections said: {said.status_said} ({said.channel})",
        text=said.note,
        detail={"said_at": said.said_at.isoformat(), "office": said.office},
    )


def _calculation(version: happenings.CalculationRecord) -> Happening:
    return _happening(
        f"{version.number}-{version.version}",
        version.calculated_at,
        "assessment",
        step=version.step,
        who=version.by,
        what=f"outcome calculated: {version.code} {version.status}",
        rule=version.rule,
        text=version.comment or None,
        detail={"assessment": version.number, "version": version.version},
    )
