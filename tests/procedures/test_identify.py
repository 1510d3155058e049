"""The decisions of procedure 1 by themselves: where each step leads, and what is refused."""

from datetime import UTC, date, datetime, timedelta

import pytest

from procedures.assessment import AssessmentStatus
from procedures.identify import (
    ANSWERS,
    CheckLiveRecord,
    IdentifyState,
    Statement,
    after_confirmation,
    after_recording,
    check_answer,
    confirmation_is_fresh,
)
from procedures.refusals import Refused
from procedures.terms import Channel, Procedure, ReportGroup, Role, StatusSaid

NOW = datetime(2026, 11, 30, 1, 0, tzinfo=UTC)
STATE = IdentifyState(
    case_id="C000000000",
    procedure=Procedure.IDENTIFY,
    edition="CT-PRO-301 v6",
    region="R01",
    step="1.6",
    entry_id=None,
    group=ReportGroup.NEW_CSO,
    friday=date(2026, 11, 27),
)


@pytest.mark.req("P1.S3.a", "P1.S3.b", "P1.S3.c")
@pytest.mark.parametrize(
    ("held", "following"),
    [
        (None, "1.6"),
        (AssessmentStatus.CLO, "1.6"),
        (AssessmentStatus.PEN, "1.5"),
        (AssessmentStatus.CUR, "1.4"),
    ],
)
def test_1_3_leads_where_the_document_says(held: AssessmentStatus | None, following: str) -> None:
    assert after_recording(held) == following


@pytest.mark.req("P1.S5.a", "P1.S5.b", "P1.S5.c")
@pytest.mark.parametrize(
    ("said", "following"),
    [(StatusSaid.CSO, "1.6"), (StatusSaid.NSO, "nso"), (StatusSaid.NEITHER, "invalid")],
)
def test_1_5_leads_where_the_document_says(said: StatusSaid, following: str) -> None:
    assert after_confirmation(said) == following


@pytest.mark.req("AMB-P1-6")
@pytest.mark.parametrize(
    ("days", "channel", "fresh"),
    [(0, Channel.VERBAL, True), (-4, Channel.VERBAL, False), (0, Channel.T_441, False)],
)
def test_1_3_only_a_spoken_confirmation_of_the_report_week_is_fresh(
    days: int, channel: Channel, fresh: bool
) -> None:
    statement = Statement(
        said=StatusSaid.CSO, channel=channel, said_at=NOW + timedelta(days=days), confirmation_id="S1"
    )
    assert confirmation_is_fresh((statement,), date(2026, 11, 27)) is fresh


@pytest.mark.req("DEF-9", "DEF-5", "P1.S6.1")
@pytest.mark.parametrize(
    ("record_state", "occupancy", "live", "refused"),
    [
        ("live", "tenant", True, False),
        ("live", "household_member", True, False),
        ("live", "applicant", True, False),
        ("live", "applicant", False, True),
        ("historic", "none", False, False),
        ("historic", "none", True, True),
    ],
)
def test_1_6_an_applicant_who_lives_elsewhere_is_live_too(
    record_state: str, occupancy: str, live: bool, refused: bool
) -> None:
    answer = CheckLiveRecord(live=live, evidence="what the register shows")
    facts = {"record_state": record_state, "occupancy": occupancy}
    if refused:
        with pytest.raises(Refused, match=r"P1\.S6\.1"):
            check_answer(STATE, answer, facts, NOW)
    else:
        check_answer(STATE, answer, facts, NOW)


@pytest.mark.req("P1.R1", "SUP-7")
def test_1_only_the_advisor_or_the_manager_in_her_place_acts() -> None:
    entitled = {role for answer in ANSWERS for role in answer.roles()}
    assert entitled == {Role.ADVISOR_WELLBEING_SUPPORT, Role.MANAGER_HOUSING_WELLBEING_SUPPORT}
    assert not [role for role in Role if "area" in role]
