"""The row from which a case starts, whoever opens it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any


def case_row(
    state: Mapping[str, Any],
    at: datetime,
    *,
    person_ref: str | None = None,
    entry_id: str | None = None,
    parent_case_id: str | None = None,
) -> dict[str, Any]:
    """The values of a `CaseRecord` before its first turn; `state` is a CaseState as JSON, `at` is UTC."""
    return {
        "case_id": state["case_id"],
        "procedure": state["procedure"],
        "edition": state["edition"],
        "region": state["region"],
        "person_ref": person_ref,
        "entry_id": entry_id,
        "parent_case_id": parent_case_id,
        "step": state["step"],
        "waiting_for": "nobody",
        "turn": 0,
        "state": dict(state),
        "opened_at": at,
    }
