"""What a person can be asked, and how an answer travels: one frozen type per kind of task."""

from datetime import datetime
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from procedures.steps import StepRef
from procedures.terms import Role


class Frozen(BaseModel):
    """A value: never changed once made, nothing unknown in it."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


class Facts(Frozen):
    """What the API read from the record for a rule, at the moment the answer came in."""


class Answer(Frozen):
    """A human decision. The OpenAPI body, the web form, the audit text and the guidance all come from this type."""

    kind: ClassVar[str]
    step: ClassVar[StepRef]
    role: ClassVar[Role]
    title: ClassVar[str]
    guidance: ClassVar[str]
    policy: ClassVar[str]
    """Ids of the catalogue rows that this task carries."""
    cover: ClassVar[frozenset[Role]] = frozenset()
    """Other roles that may answer as cover."""
    question_set: ClassVar[str | None] = None
    """Name of the versioned question set that the task shows, if it has one."""

    @classmethod
    def roles(cls) -> frozenset[Role]:
        """Every role that may claim and answer this kind of task."""
        return cls.cover | {cls.role}


class By(Frozen):
    """Who acts: the subject and role of a verified token, or the system itself."""

    subject: str
    name: str
    role: str


SYSTEM = By(subject="system", name="Safe Placement", role="system")


class AnswerTask(Frozen):
    """The update that carries an answer; its command id is the update id, so a repeat changes nothing."""

    command_id: str
    task_id: str
    seen_version: int | None = None
    by: By
    answer: dict[str, Any]
    facts: dict[str, Any] = Field(default_factory=dict)


class ReportChange(Frozen):
    """The update that carries an interruption (`procedures/changes.py`), at any waiting point."""

    command_id: str
    by: By
    kind: str
    change: dict[str, Any]
    facts: dict[str, Any] = Field(default_factory=dict)


class OpenTask(Frozen):
    """A task a workflow has opened. `context` holds opaque ids and dates only."""

    task_id: str
    kind: str
    step: StepRef
    role: Role
    region: str
    due_at: datetime | None = None
    urgent: bool = False
    context: dict[str, Any] = Field(default_factory=dict)


class CaseView(Frozen):
    """The state of a case after an answer was recorded; what the API returns."""

    case_id: str
    step: str
    waiting_for: str
    due_at: datetime | None
    open_tasks: list[OpenTask]
    outcome: str | None
