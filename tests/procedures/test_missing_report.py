"""Step 1.1, what Corrections may be said to have said about a report that has not come."""

from datetime import UTC, date, datetime

import pytest
from pydantic import ValidationError

from procedures import EDITION
from procedures.intake import AskForReport, IntakeState, check_answer
from procedures.refusals import Refused
from procedures.terms import Procedure

NOW = datetime(2026, 11, 27, 1, 0, tzinfo=UTC)
"""Friday 27 November 2026, 14:00 local."""
SAID = {"said_by": "Sam Contact", "reason": "As they said on the phone."}


def _state(**changed: object) -> IntakeState:
    return IntakeState.model_validate(
        {
            "case_id": "R-2026-11-27",
            "procedure": Procedure.INTAKE,
            "edition": EDITION,
            "region": "national",
            "step": "1.1",
            "run_id": "2026-11-27",
            "friday": date(2026, 11, 27),
            "opens_at": NOW,
            "review_due_at": NOW,
            "alarm_from": NOW,
            **changed,
        }
    )


def _answer(**changed: object) -> AskForReport:
    return AskForReport.model_validate({"outcome": "no_report", **SAID, **changed})


@pytest.mark.req("AMB-P1-4")
@pytest.mark.parametrize(
    ("state", "answer", "sentence"),
    [
        pytest.param({}, {}, None, id="no report"),
        pytest.param({"received": True}, {}, "has come in the meantime", id="it has come"),
        pytest.param({"unreadable": ("m1",)}, {}, "send it again", id="a file came that nobody can read"),
        pytest.param({}, {"outcome": "late", "expected_on": date(2026, 11, 27)}, None, id="late, today"),
        pytest.param({"unreadable": ("m1",)}, {"outcome": "late", "expected_on": date(2026, 12, 1)}, None, id="late"),
        pytest.param({}, {"outcome": "late", "expected_on": date(2026, 11, 26)}, "that day is over", id="late, yesterday"),
    ],
)  # fmt: skip
def test_1_1_no_report_closes_a_friday_only_when_nothing_has_come(
    state: dict[str, object], answer: dict[str, object], sentence: str | None
) -> None:
    if sentence is None:
        check_answer(_state(**state), _answer(**answer), {}, NOW)
        return
    with pytest.raises(Refused, match=sentence):
        check_answer(_state(**state), _answer(**answer), {}, NOW)


@pytest.mark.parametrize("wrong", [{"outcome": "late"}, {"expected_on": date(2026, 12, 1)}, {"said_by": ""}])
def test_1_1_a_late_report_has_a_day_and_no_other_has(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        _answer(**wrong)
