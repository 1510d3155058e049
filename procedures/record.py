"""What one turn of a case writes: effects as values, stored together in one transaction or not at all."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field

from procedures.assessment import AssessmentCode, AssessmentStatus
from procedures.duty_record import DutyEffect
from procedures.match_void_record import PlacementEffect
from procedures.outside_entry import OutsideEffect
from procedures.tasks import By, Frozen, OpenTask
from procedures.terms import CallOutcome, Channel, Procedure, Role, StatusSaid


class TaskOpened(Frozen):
    """A person is asked something."""

    effect: Literal["task_opened"] = "task_opened"
    task: OpenTask


class TaskClosed(Frozen):
    """A task ended: answered (with the answer) or no longer needed (with the reason)."""

    effect: Literal["task_closed"] = "task_closed"
    task_id: str
    kind: str
    answer: dict[str, Any] | None = None
    reason: str | None = None


class AssessmentCalculated(Frozen):
    """One calculation of the outcome on one register record: a new version, never an overwrite."""

    effect: Literal["assessment_calculated"] = "assessment_calculated"
    number: str
    person_ref: str
    version: int
    code: AssessmentCode
    status: AssessmentStatus
    rule: str
    question_set: str | None = None
    answers: dict[str, Any] = Field(default_factory=dict)
    comment: str = ""
    confirmation_id: str | None = None
    duplicate_of: str | None = None
    superseded_by: str | None = None


class StatusConfirmed(Frozen):
    """Corrections' word on a person's status."""

    effect: Literal["status_confirmed"] = "status_confirmed"
    confirmation_id: str
    person_ref: str | None
    said_by: str
    office: str
    channel: Channel
    status_said: StatusSaid
    said_at: datetime
    note: str
    call_id: str | None = None


class CallMade(Frozen):
    """A phone call to Corrections, answered or not."""

    effect: Literal["call_made"] = "call_made"
    call_id: str
    outcome: CallOutcome
    spoke_with: str | None
    office: str | None
    started_at: datetime
    ended_at: datetime
    answers: dict[str, Any] = Field(default_factory=dict)
    note: str


class NoteWritten(Frozen):
    """Detailed notes on the case."""

    effect: Literal["note_written"] = "note_written"
    note_id: str
    text: str


class PersonFileCreated(Frozen):
    """The green file of a person on the report; its title is composed where the record is written (A-B7)."""

    effect: Literal["person_file_created"] = "person_file_created"
    entry_id: str | None
    person_refs: list[str]
    invalid_match: bool = False


class EntryResolved(Frozen):
    """A person decided what a report row is."""

    effect: Literal["entry_resolved"] = "entry_resolved"
    entry_id: str
    outcome: str


class NoticeGiven(Frozen):
    """A secure notice to a role inside the system (P1.X1, P1.X2)."""

    effect: Literal["notice_given"] = "notice_given"
    notice_id: str
    role: Role
    region: str
    kind: str


class CaseOpened(Frozen):
    """A case of another procedure begins; linked to this one."""

    effect: Literal["case_opened"] = "case_opened"
    case_id: str
    procedure: Procedure
    person_ref: str | None
    entry_id: str | None
    state: dict[str, Any]


class MailPrepared(Frozen):
    """An outbox row, keyed by business identity: a letter is written once whatever happens."""

    effect: Literal["mail_prepared"] = "mail_prepared"
    mail_id: str
    business_key: str
    kind: str
    reference: str
    contact_id: str | None
    contact_version: int | None
    confirmed_by: str | None
    confirmed_at: datetime | None
    fields: dict[str, Any] = Field(default_factory=dict)


class MailSettled(Frozen):
    """What became of an outbox row that did not simply go out: cancelled, bounced or sent to the wrong recipient."""

    effect: Literal["mail_settled"] = "mail_settled"
    mail_id: str
    state: Literal["cancelled", "bounced", "wrong_recipient"]
    reason: str


class ClockSet(Frozen):
    """A clock begins, or replaces another for a reason."""

    effect: Literal["clock_set"] = "clock_set"
    clock_id: str
    kind: str
    mail_id: str | None
    calendar: str
    calendar_version: str
    started_at: datetime
    due_at: datetime
    acts_at: datetime
    detail: dict[str, Any]
    supersedes: str | None = None
    reason: str | None = None


class ClockStopped(Frozen):
    """A clock ends, with why."""

    effect: Literal["clock_stopped"] = "clock_stopped"
    clock_id: str
    reason: str


class DocumentReviewed(Frozen):
    """A person says whether a returned form is fully completed."""

    effect: Literal["document_reviewed"] = "document_reviewed"
    document_id: str
    complete: bool
    missing: list[str]


class RunChanged(Frozen):
    """A field of the Friday run changed (started, missing, received, worked)."""

    effect: Literal["run_changed"] = "run_changed"
    run_id: str
    values: dict[str, Any]


class RowResolved(Frozen):
    """A rejected row was corrected (and becomes an entry) or set aside with a reason."""

    effect: Literal["row_resolved"] = "row_resolved"
    entry_id: str
    state: Literal["accepted", "set_aside"]
    values: dict[str, Any] = Field(default_factory=dict)
    reason: str | None = None


Effect = Annotated[
    TaskOpened
    | TaskClosed
    | AssessmentCalculated
    | StatusConfirmed
    | CallMade
    | NoteWritten
    | PersonFileCreated
    | EntryResolved
    | NoticeGiven
    | CaseOpened
    | MailPrepared
    | MailSettled
    | ClockSet
    | ClockStopped
    | DocumentReviewed
    | RunChanged
    | RowResolved
    | PlacementEffect
    | DutyEffect
    | OutsideEffect,
    Field(discriminator="effect"),
]


class Turn(Frozen):
    """Everything between two waits of a case: one transaction, keyed by case and number."""

    case_id: str
    number: int
    step: str
    """Where it happened: what audit rows, versions and notes of the turn carry."""
    next_step: str
    """Where the case stands after it."""
    at: datetime
    by: By
    command_id: str | None
    action: str
    effects: list[Effect]
    state: dict[str, Any]
    waiting_for: str
    due_at: datetime | None
    outcome: str | None
    person_ref: str | None
