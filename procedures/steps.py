"""The document's steps: reference, short title, owner; `@step` marks the code that carries one."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from procedures.terms import Procedure, Role

StepRef = Literal[
    "1.1", "1.2", "1.3", "1.4", "1.5", "1.6", "1.7",
    "2.1", "2.2", "2.3", "2.4", "2.5",
    "3.1", "3.2", "3.3", "3.4", "3.5", "3.6", "3.7",
    "4.1", "4.2", "4.3", "4.4",
    "A", "B", "C",
]  # fmt: skip


@dataclass(frozen=True)
class Step:
    """One step of CT-PRO-301; `title` is in our own words."""

    ref: StepRef
    title: str
    procedure: Procedure
    role: Role


_AWS = Role.ADVISOR_WELLBEING_SUPPORT
_AP = Role.ADVISOR_PLACEMENT
_1, _2, _3, _4 = Procedure.IDENTIFY, Procedure.CHECK_SUITABILITY, Procedure.MATCH_VOID, Procedure.OFFER

STEPS: dict[StepRef, Step] = {
    s.ref: s
    for s in (
        Step("1.1", "Review the Friday report", Procedure.INTAKE, _AWS),
        Step("1.2", "Search the register", _1, _AWS),
        Step("1.3", "Create the person file and record the status", _1, _AWS),
        Step("1.4", "Phone Corrections to verify the order", _1, _AWS),
        Step("1.5", "Update the assessment with the confirmed status", _1, _AWS),
        Step("1.6", "Check for a live record; request disclosure (T-441)", _1, _AWS),
        Step("1.7", "Answer the final questions and calculate", _1, _AWS),
        Step("2.1", "Send T-439 and T-442 to Corrections", _2, _AWS),
        Step("2.2", "Wait five working days for the T-439", _2, _AWS),
        Step("2.3", "Act on Corrections' answer", _2, _AWS),
        Step("2.4", "Inform the manager, answer and calculate", _2, _AWS),
        Step("2.5", "Save everything in the person file", _2, _AWS),
        Step("3.1", "Consider the match to a void property", _3, _AP),
        Step("3.2", "Weigh the match against the T-441", _3, _AP),
        Step("3.3", "Phone Corrections about status and property", _3, _AP),
        Step("3.4", "Arrange the viewing within 48 hours", _3, _AP),
        Step("3.5", "View the property with Corrections", _3, _AP),
        Step("3.6", "Action the outcome of the viewing", _3, _AP),
        Step("3.7", "Withdraw the match", _3, _AP),
        Step("4.1", "Check the customer risk profile", _4, _AP),
        Step("4.2", "Offer and show the property", _4, _AP),
        Step("4.3", "Action the person's answer", _4, _AP),
        Step("4.4", "Answer, calculate, keep the file", _4, _AP),
        Step("A", "Send by SEEMail", _1, _AWS),
        Step("B", "Store documents in the person file", _1, _AWS),
        Step("C", "The Indicative Notification Report", Procedure.INTAKE, _AWS),
    )
}

F = TypeVar("F", bound=Callable[..., Any])


def step(ref: StepRef) -> Callable[[F], F]:
    """Mark a rule or a workflow method as the code of one step; sets an attribute and nothing else."""

    def mark(function: F) -> F:
        function.step = ref  # type: ignore[attr-defined]
        return function

    return mark
