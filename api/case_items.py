"""A case as it stands in lists: where it is, whom it waits for, and nothing about the person but an opaque reference."""

from models.queries.cases import CaseSummary
from procedures.local_time import say_instant
from procedures.steps import STEPS


class CaseItem(CaseSummary):
    """A case without anything about the person but an opaque reference."""

    id: str
    title: str
    due_local: str | None
    closed: bool


def shown_case(case: CaseSummary) -> CaseItem:
    """A case as listed."""
    step = next((one for one in STEPS.values() if one.ref == case.step), None)
    return CaseItem(
        id=case.case_id,
        title=step.title if step else "Ended",
        due_local=say_instant(case.due_at) if case.due_at else None,
        closed=case.closed_at is not None,
        **{name: getattr(case, name) for name in CaseSummary.model_fields},
    )
