"""A written situation as values: who it is about, when it starts, and what happens step by step."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from procedures.correct_sent import Mistake
from procedures.terms import Form, Procedure, Role
from procedures.working_days import Calendar, CalendarName


class WrongSituation(Exception):
    """The file cannot be played; the message names the line and says what to write."""

    def __init__(self, line: int, problem: str) -> None:
        super().__init__(f"line {line}: {problem}")
        self.line = line


@dataclass(frozen=True)
class Step:
    """Anything that happens, with the line it is written on and when it happens."""

    line: int
    when: Callable[[datetime, Calendar], datetime] | None
    """The instant (UTC) from the one reached; None: at once."""


@dataclass(frozen=True)
class LetTimePass(Step):
    """Nothing but time."""


@dataclass(frozen=True)
class AnswerTask(Step):
    """A person answers an open task: with what is given, and otherwise in the usual way."""

    kind: str
    given: Mapping[str, Any] = field(default_factory=dict)
    by: Role | None = None
    refused: str | None = None
    """The rule that must refuse it."""


@dataclass(frozen=True)
class GoesOn(Step):
    """Everything is answered in the usual way until a task of this kind is open; None: until nothing is left to answer."""

    until: str | None


@dataclass(frozen=True)
class ReportChange(Step):
    """An interruption is reported."""

    kind: str
    given: Mapping[str, Any] = field(default_factory=dict)
    by: Role | None = None
    refused: str | None = None


@dataclass(frozen=True)
class ComesBack(Step):
    """Corrections returns a form."""

    form: Form
    manner: str
    given: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class ReportNames(Step):
    """A report names the person."""

    groups: tuple[str, ...]


@dataclass(frozen=True)
class MatchEntered(Step):
    """The Coordinator Placement matches the person to a void property."""


@dataclass(frozen=True)
class MistakeReported(Step):
    """Somebody finds that something which was sent was wrong."""

    mistake: Mistake


@dataclass(frozen=True)
class RegisterChanges(Step):
    """The register says something new of the person."""

    what: str


@dataclass(frozen=True)
class GatewayDoes(Step):
    """The mail gateway behaves otherwise from now on."""

    what: str


@dataclass(frozen=True)
class ExpectMail(Step):
    """A message has gone out, to the minute; or none of its kind has."""

    kind: str
    at: datetime | None
    """When it goes (UTC); None: at any time up to now."""
    never: bool = False


@dataclass(frozen=True)
class ExpectCode(Step):
    """The person's assessment shows this code, such as D1P; or this code and status, such as D1P/PEN."""

    code: str


@dataclass(frozen=True)
class ExpectTask(Step):
    """A task of this kind is open, or is not."""

    kind: str
    is_open: bool = True


@dataclass(frozen=True)
class ExpectCase(Step):
    """A case of this procedure is open, or has ended with this outcome."""

    procedure: Procedure
    outcome: str | None = None


@dataclass(frozen=True)
class ExpectNotice(Step):
    """A notice of this kind has been given inside the system."""

    kind: str


@dataclass(frozen=True)
class Situation:
    """One written story."""

    title: str
    starts: datetime
    """UTC."""
    starts_on_line: int
    person: str
    groups: tuple[str, ...]
    """Sections of the report that name the person on the first day."""
    calendar: CalendarName
    """Of the Corrections office."""
    steps: tuple[Step, ...]
