"""Where a case stands among the steps of its procedure: done, here, passed over, or still to come."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from models.queries.progress import WalkedStep
from procedures.case_state import END
from procedures.steps import STEPS, Step
from procedures.terms import Procedure

_APPENDIX = {
    Procedure.INTAKE: ("1.1",),
    Procedure.DISCLOSE_CHANGE: ("A",),
    Procedure.SORT_MAIL: ("B",),
    Procedure.CORRECT_SENT: ("A",),
}
"""Procedures whose cases stay in one step."""


class Standing(StrEnum):
    """How a step stands in a case; the value is shown."""

    DONE = "done"
    HERE = "you are here"
    SKIPPED = "skipped"
    TO_COME = "to come"


@dataclass(frozen=True)
class MapStep:
    """One step on the map."""

    step: Step
    standing: Standing
    at: datetime | None
    """When it was last worked on (UTC)."""


def map_of(
    procedure: Procedure, current: str, walked: Mapping[str, WalkedStep], gone_on_to: Collection[str] = ()
) -> list[MapStep]:
    """The steps of the case's procedure in the document's order; a step of an appendix that it stands in as well.

    `walked` has something on record; `gone_on_to` may have had nothing left to do.
    """
    done = {*walked, *gone_on_to}
    steps = _steps(procedure, {current, *walked})
    refs = [step.ref for step in steps]
    position = refs.index(current) if current in refs else len(refs)
    return [
        MapStep(
            step=step,
            standing=_standing(step.ref, number, current, position, done),
            at=walked[step.ref].last_at if step.ref in walked else None,
        )
        for number, step in enumerate(steps)
    ]


def _steps(procedure: Procedure, touched: Collection[str]) -> list[Step]:
    refs = _APPENDIX.get(procedure)
    if refs is not None:
        return [step for step in STEPS.values() if step.ref in refs]
    own = [step for step in STEPS.values() if step.procedure is procedure and step.ref[0].isdigit()]
    return own + [step for step in STEPS.values() if step.ref in touched and step not in own]


def _standing(ref: str, number: int, current: str, position: int, done: Collection[str]) -> Standing:
    if ref == current:
        return Standing.HERE
    if ref in done:
        return Standing.DONE
    return Standing.SKIPPED if number < position or current == END else Standing.TO_COME
