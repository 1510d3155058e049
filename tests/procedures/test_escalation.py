"""When waiting work is shown to others: over a weekend, public holidays and the change of clocks, without a clock."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest

from procedures.escalation import (
    OpenWork,
    Stage,
    Told,
    stage_of,
    told,
    working_days_after,
    working_days_before,
)
from procedures.local_time import instant_at, local
from procedures.parameters import Parameters
from procedures.terms import Role
from procedures.working_days import Calendar, ExtraDay

param = pytest.param
POLICY, CALENDAR = Parameters(), Calendar()
SECOND = timedelta(seconds=1)


def at(day: str, clock: str = "10:00") -> datetime:
    """A local date and time of 2026 as an instant: month-day, hour:minute."""
    return instant_at(date.fromisoformat(f"2026-{day}"), time.fromisoformat(clock))


def stage(work: OpenWork, now: datetime, calendar: Calendar = CALENDAR) -> Stage | None:
    return stage_of(work, now, calendar, POLICY)


@pytest.mark.req("AMB-X-2")
@pytest.mark.parametrize(
    ("work", "unstarted", "unanswered"),
    [
        param(OpenWork(at("11-23"), at("11-26", "23:59")), at("11-25", "23:59"), at("11-26", "23:59"), id="in a week"),
        param(OpenWork(at("11-26"), at("11-30", "12:00")), at("11-27", "12:00"), at("11-30", "12:00"), id="a weekend"),
        param(OpenWork(at("03-31"), at("04-07", "17:00")), at("04-02", "17:00"), at("04-07", "17:00"), id="Easter"),
        param(OpenWork(at("12-21"), at("12-29", "09:00")), at("12-24", "09:00"), at("12-29", "09:00"), id="Christmas"),
        param(OpenWork(at("09-24"), at("09-28", "09:00")), at("09-25", "09:00"), at("09-28", "09:00"), id="clocks forward"),
        param(OpenWork(at("11-26"), at("11-28", "12:00")), at("11-27", "12:00"), at("11-28", "12:00"), id="due Saturday"),
        param(OpenWork(at("11-27", "11:30"), at("11-27", "17:00")), None, at("11-27", "17:00"), id="the Friday start"),
        param(OpenWork(at("04-03", "11:30"), at("04-07", "11:30")), None, at("04-07", "11:30"), id="Good Friday"),
        param(OpenWork(at("11-27"), at("11-27", "10:30"), urgent=True), None, at("11-27", "10:30"), id="a call"),
        param(OpenWork(at("11-27")), at("11-30"), at("12-01"), id="no due instant, over a weekend"),
        param(OpenWork(at("04-02")), at("04-07"), at("04-08"), id="no due instant, over Easter"),
        param(OpenWork(at("11-27", "12:00"), urgent=True), None, at("11-27", "17:00"), id="urgent: the same day"),
        param(OpenWork(at("11-27", "17:00"), urgent=True), None, at("11-30", "17:00"), id="urgent, in the evening"),
        param(OpenWork(at("04-03", "12:00"), urgent=True), None, at("04-07", "17:00"), id="urgent, on a holiday"),
        param(OpenWork(at("11-23"), at("11-30"), claimed_at=at("11-26")), at("11-27"), at("11-30"), id="claimed early"),
        param(OpenWork(at("11-23"), at("11-30"), claimed_at=at("11-27", "12:00")), None, at("11-30"), id="just claimed"),
        param(OpenWork(at("11-20"), claimed_at=at("11-26")), at("11-27"), at("11-30"), id="claimed, no due instant"),
        param(OpenWork(at("11-23"), at("11-27"), at("11-24"), active=True), None, at("11-27"), id="begun, but late"),
        param(OpenWork(at("11-01"), None, at("11-02"), active=True), None, None, id="begun, no due instant"),
    ],
)  # fmt: skip
def test_when_a_task_is_escalated(
    work: OpenWork, unstarted: datetime | None, unanswered: datetime | None
) -> None:
    """Nothing a second before; then unstarted, one working day before it is due; then unanswered, to the manager."""
    for instant, reached in ((unstarted, Stage.UNSTARTED), (unanswered, Stage.UNANSWERED)):
        if instant is not None:
            assert stage(work, instant) is reached
            before = Stage.UNSTARTED if reached is Stage.UNANSWERED and unstarted else None
            assert stage(work, instant - SECOND) is before
    if unanswered is None:
        assert stage(work, at("12-31")) is None


def test_a_day_added_to_the_calendar_moves_the_instant() -> None:
    closed = Calendar(extra_days=(ExtraDay(date(2026, 11, 27), "Office closed"),))
    work = OpenWork(at("11-23"), at("11-30"))
    assert stage(work, at("11-26"), closed) is Stage.UNSTARTED
    assert stage(work, at("11-26")) is None


@pytest.mark.parametrize("start", [at("09-25"), at("04-02"), at("11-27"), at("12-24")])
@pytest.mark.parametrize("days", [1, 2, 5])
def test_working_days_forth_and_back_end_at_the_same_local_time(start: datetime, days: int) -> None:
    there = working_days_after(start, days, CALENDAR)
    assert local(there).time() == local(start).time()
    assert working_days_before(there, days, CALENDAR) == start


@pytest.mark.req("AMB-X-2")
@pytest.mark.parametrize(
    ("stage", "role", "expected"),
    [
        (Stage.NO_COVER, Role.ADVISOR_WELLBEING_SUPPORT, {Told.DEPUTY, Told.MANAGER}),
        (Stage.UNSTARTED, Role.ADVISOR_PLACEMENT, {Told.DEPUTY, Told.MANAGER}),
        (Stage.UNANSWERED, Role.ADVISOR_PLACEMENT, {Told.MANAGER}),
        (Stage.UNSTARTED, Role.MANAGER_HOUSING_WELLBEING_SUPPORT, {Told.DEPUTY, Told.MANAGER}),
        (Stage.UNANSWERED, Role.MANAGER_HOUSING_WELLBEING_SUPPORT, {Told.DEPUTY, Told.MANAGER}),
    ],
)
def test_whom_a_stage_reaches(stage: Stage, role: Role, expected: set[Told]) -> None:
    assert told(stage, role) == expected


def test_a_task_claimed_again_has_its_time_again() -> None:
    """No due instant: the working days count from the claim."""
    work = OpenWork(datetime(2026, 11, 1, tzinfo=UTC))
    assert stage(work, at("11-27")) is Stage.UNANSWERED
    assert stage(replace(work, claimed_at=at("11-27")), at("11-27", "16:00")) is None
