"""What every case remembers between two waits, whatever its procedure."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from procedures.outside_entry import ByHandState
from procedures.tasks import CaseView, OpenTask
from procedures.terms import Procedure

END = "end"
"""The step of a case that has ended."""
_REMEMBERED = 20
"""Commands; a client gives up on one long before a case has taken so many others."""


class CaseState(BaseModel):
    """Stored in PostgreSQL with every turn, so that a case can go on from the record alone."""

    model_config = ConfigDict(extra="forbid", validate_assignment=True)

    case_id: str
    procedure: Procedure
    edition: str
    region: str
    step: str
    walked: tuple[str, ...] = ()
    """Steps it has gone on to, each once; with some of them nothing was left to do, and so no turn stands in the record."""
    turn: int = 0
    tasks_opened: int = 0
    tasks: dict[str, OpenTask] = Field(default_factory=dict)
    outcome: str | None = None
    settled: tuple[str, ...] = ()
    """The newest commands on record: given once more, also to a later run of the case, they change nothing (AMB-X-3)."""
    by_hand: ByHandState = ByHandState()
    """Empty while no outside system is worked by hand."""

    def go_on_to(self, step: str) -> None:
        """The next step, or END."""
        self.step = step
        if step != END and step not in self.walked:
            self.walked = (*self.walked, step)

    def settle(self, command_id: str | None) -> None:
        """Remember that this command is on record."""
        if command_id and command_id not in self.settled:
            self.settled = (*self.settled, command_id)[-_REMEMBERED:]

    def open_task(self, kind: str) -> OpenTask | None:
        """The open task of this kind, if there is one."""
        return next((t for t in self.tasks.values() if t.kind == kind), None)

    @property
    def waiting_for(self) -> str:
        """One word for lists: whom the case waits for."""
        if self.step == END and not self.tasks:
            return "nobody"
        return ", ".join(sorted({t.role.value for t in self.tasks.values()})) or "Corrections"

    @property
    def due_at(self) -> datetime | None:
        """The earliest due instant of the open tasks (UTC)."""
        return min((t.due_at for t in self.tasks.values() if t.due_at), default=None)

    def view(self) -> CaseView:
        """What is shown of the case after an answer."""
        return CaseView(
            case_id=self.case_id,
            step=self.step,
            waiting_for=self.waiting_for,
            due_at=self.due_at,
            open_tasks=list(self.tasks.values()),
            outcome=self.outcome,
        )
