"""What a running case can be woken by: an answer, an instant, an arrival; or a change that leaves the step being walked."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from procedures.changes import Change
    from procedures.tasks import Answer, By, OpenTask


@dataclass(frozen=True)
class Answered:
    """A person answered a task; the turn that records it has begun."""

    task: OpenTask
    answer: Answer
    by: By
    command_id: str


@dataclass(frozen=True)
class Due:
    """The instant waited for has come."""

    at: datetime


@dataclass(frozen=True)
class Arrived:
    """A machine brought something (a returned form, a bounce); `what` holds opaque ids."""

    what: dict[str, Any]


class Interrupted(Exception):
    """A change was reported at a waiting point; the step being walked is left."""

    def __init__(self, change: Change, by: By, command_id: str) -> None:
        super().__init__(change.kind)
        self.change = change
        self.by = by
        self.command_id = command_id


Event = Answered | Due | Arrived


async def nobody_waits(_event: Event) -> None:
    """An event that no procedure asked for changes nothing."""
