"""1. Identify and record potential matches: what a case refuses, asked as it stands."""

from datetime import datetime
from typing import Any

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from procedures import changes, identify
    from procedures.changes import Change
    from procedures.evidence import Confirmation, ruling
    from procedures.identify import IdentifyState, PhoneCorrections
    from procedures.tasks import Answer
    from procedures.terms import Channel, StatusSaid
    from workflows.case_run import CaseRun


class IdentifyRules:
    """The refusals of procedure 1, asked about the case as it stands."""

    def __init__(self) -> None:
        self.case: CaseRun[IdentifyState] | None = None

    def _state(self) -> IdentifyState:
        assert self.case is not None
        assert self.case.state is not None
        return self.case.state

    def check_answer(self, answer: Answer, facts: dict[str, Any], now: datetime) -> None:
        """Raise Refused when a rule forbids the answer."""
        identify.check_answer(self._state(), answer, facts, now)
        match answer:
            case PhoneCorrections(said=StatusSaid() as said):
                self._check_unambiguous(said, answer.ended_at)
            case _:
                pass

    def check_change(self, change: Change, facts: dict[str, Any], now: datetime) -> None:
        """Raise Refused when a rule forbids the change."""
        changes.check_change(self._state(), change, facts, now)
        match change:
            case changes.CorrectionsSays():
                self._check_unambiguous(change.said, change.said_at)
            case changes.CorrectLink():
                self._check_unambiguous(StatusSaid.NEITHER, change.said_at)
            case _:
                pass

    def _check_unambiguous(self, said: StatusSaid, said_at: datetime) -> None:
        """Two statements of one instant that contradict each other are refused before one is recorded (AMB-P1-22)."""
        ruling((*self._state().statements, Confirmation(said=said, channel=Channel.VERBAL, said_at=said_at)))
