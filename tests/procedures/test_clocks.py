"""Clocks: five working days, the letter on the sixth, 48 elapsed hours, and the Friday report."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from pydantic import ValidationError

from procedures import EDITION
from procedures.clocks import (
    ClockKind,
    ViewingWindow,
    WorkingDayClock,
    friday_times,
    on_time,
    opening_of,
    reminder_days,
    viewing_window,
    working_day_clock,
)
from procedures.editions import parameters_for
from procedures.local_time import Repeated, instant_at, local_date, say_instant
from procedures.parameters import AfterHoursRule, Parameters, sources
from procedures.refusals import Refused
from procedures.working_days import Calendar, CalendarName, ExtraDay

NATIONAL = Calendar()
ANZAC_EVE = instant_at(date(2026, 4, 24), time(16, 55))


def clock_from(
    accepted_at: datetime, calendar: Calendar = NATIONAL, parameters: Parameters | None = None
) -> WorkingDayClock:
    return working_day_clock(ClockKind.T441_RETURN, accepted_at, calendar, parameters=parameters)


@pytest.mark.req("P1.S6.b5", "AMB-P1-1")
def test_1_6_due_at_the_end_of_working_day_5_and_letter_from_the_opening_of_day_6() -> None:
    clock = clock_from(ANZAC_EVE)
    assert clock.day0 == date(2026, 4, 24)
    assert say_instant(clock.due_at) == "Monday 4 May 2026, 23:59"
    assert clock.due_at == datetime(2026, 5, 4, 11, 59, 59, tzinfo=UTC)
    assert say_instant(clock.letter_opens_at) == "Tuesday 5 May 2026, 09:00"
    for day in clock.counted:
        assert not clock.letter_may_go(instant_at(day, time(23, 59, 59)))
    assert not clock.letter_may_go(clock.letter_opens_at - timedelta(seconds=1))
    assert clock.letter_may_go(clock.letter_opens_at)


@pytest.mark.req("AMB-P1-29")
def test_1_6_an_unread_return_holds_the_letter_until_noon() -> None:
    assert say_instant(clock_from(ANZAC_EVE).unread_limit_at) == "Tuesday 5 May 2026, 12:00"


@pytest.mark.req("P2.S1.4")
def test_2_1_due_date_is_working_day_5() -> None:
    clock = working_day_clock(ClockKind.T439_RETURN, instant_at(date(2026, 6, 12), time(10, 0)), NATIONAL)
    assert local_date(clock.due_at) == date(2026, 6, 19)


@pytest.mark.req("AMB-P1-1")
@pytest.mark.parametrize(
    ("accepted", "day0", "due"),
    [
        (datetime(2026, 6, 12, 17, 0, 0), date(2026, 6, 12), date(2026, 6, 19)),
        (datetime(2026, 6, 12, 17, 0, 1), date(2026, 6, 15), date(2026, 6, 22)),
        (datetime(2026, 6, 13, 9, 0), date(2026, 6, 15), date(2026, 6, 22)),
        (datetime(2026, 4, 24, 23, 0), date(2026, 4, 28), date(2026, 5, 5)),
    ],
)
def test_after_hours_rule_next_working_day_moves_day_0(accepted: datetime, day0: date, due: date) -> None:
    instant = instant_at(accepted.date(), accepted.time())
    moved = clock_from(instant, parameters=Parameters(after_hours_rule=AfterHoursRule.NEXT_WORKING_DAY))
    assert (moved.day0, local_date(moved.due_at)) == (day0, due)
    assert clock_from(instant).day0 == accepted.date()


@pytest.mark.req("AMB-P1-1")
def test_day_0_is_the_local_date_however_late_the_hour() -> None:
    late = instant_at(date(2026, 6, 12), time(23, 59))
    assert clock_from(late).day0 == date(2026, 6, 12)
    assert clock_from(late + timedelta(minutes=1)).day0 == date(2026, 6, 13)
    assert clock_from(late + timedelta(minutes=1)).counted[0] == date(2026, 6, 15)


def test_a_form_is_on_time_to_the_last_second_of_the_due_day() -> None:
    clock = clock_from(ANZAC_EVE)
    assert on_time(clock.due_at, clock)
    assert on_time(clock.due_at + timedelta(milliseconds=999), clock)
    assert not on_time(clock.due_at + timedelta(seconds=1), clock)


@pytest.mark.req("NFR-4", "AMB-P1-2", "CAL-NZ-11")
def test_a_stored_clock_is_whole_and_a_changed_calendar_does_not_move_it() -> None:
    clock = clock_from(ANZAC_EVE)
    changed = Calendar(extra_days=(ExtraDay(date(2026, 4, 29), "office closed"),))
    stored = WorkingDayClock.model_validate_json(clock.model_dump_json())
    assert stored == clock
    assert (stored.calendar_name, stored.calendar_version) == (CalendarName.NZ_NATIONAL, NATIONAL.version)
    later = clock_from(ANZAC_EVE, changed)
    assert local_date(later.due_at) == date(2026, 5, 5)
    assert later.calendar_version != stored.calendar_version
    assert local_date(stored.due_at) == date(2026, 5, 4)
    assert clock_from(ANZAC_EVE) == clock
    with pytest.raises(ValidationError):
        stored.day0 = date(2026, 4, 28)  # type: ignore[misc]


def test_explanation_names_every_day_between_day_0_and_the_letter() -> None:
    assert clock_from(ANZAC_EVE).explain() == [
        "Friday 24 April 2026: day 0, never counted; the gateway accepted the mail at 16:55.",
        "Saturday 25 April 2026: not counted, Saturday.",
        "Sunday 26 April 2026: not counted, Sunday.",
        "Monday 27 April 2026: not counted, Anzac Day (observed).",
        "Tuesday 28 April 2026: working day 1.",
        "Wednesday 29 April 2026: working day 2.",
        "Thursday 30 April 2026: working day 3.",
        "Friday 1 May 2026: working day 4.",
        "Saturday 2 May 2026: not counted, Saturday.",
        "Sunday 3 May 2026: not counted, Sunday.",
        "Monday 4 May 2026: working day 5.",
        "Due by the end of Monday 4 May 2026.",
        "From Tuesday 5 May 2026, 09:00 it is overdue and can be acted on.",
        f"Calendar nz-national ({NATIONAL.version}).",
    ]


def test_explanation_says_when_day_0_was_moved() -> None:
    rules = Parameters(after_hours_rule=AfterHoursRule.NEXT_WORKING_DAY)
    moved = clock_from(instant_at(date(2026, 6, 12), time(18, 0)), parameters=rules)
    assert moved.explain()[0] == (
        "Monday 15 June 2026: day 0, never counted; the gateway accepted the mail after hours, "
        "Friday 12 June 2026, 18:00."
    )


@pytest.mark.req("P3.S4.a3", "AMB-P3-4", "AMB-P3-6")
@pytest.mark.parametrize(
    ("ended", "closes"),
    [
        (instant_at(date(2026, 9, 25), time(16, 0)), "Sunday 27 September 2026, 17:00"),  # clocks go forward
        (instant_at(date(2026, 4, 3), time(16, 0)), "Sunday 5 April 2026, 15:00"),  # clocks go back
        (instant_at(date(2026, 12, 24), time(11, 0)), "Saturday 26 December 2026, 11:00"),  # holidays count
    ],
)
def test_3_4_viewing_within_48_elapsed_hours(ended: datetime, closes: str) -> None:
    window = viewing_window(ended)
    assert say_instant(window.closes_at) == closes
    window.check_appointment(ended + timedelta(hours=48))
    for outside in (ended + timedelta(hours=48, minutes=1), ended - timedelta(seconds=1)):
        with pytest.raises(Refused) as refused:
            window.check_appointment(outside)
        assert refused.value.rule == "P3.S4.a3"
    assert ViewingWindow.model_validate_json(window.model_dump_json()) == window


@pytest.mark.req("AMB-P3-4")
def test_3_4_window_may_close_in_the_repeated_hour() -> None:
    window = viewing_window(instant_at(date(2026, 4, 3), time(3, 30)))
    assert window.closes_at == instant_at(date(2026, 4, 5), time(2, 30), repeated=Repeated.SECOND)


@pytest.mark.req("P1.S1.1", "AMB-P1-4")
def test_1_1_no_alarm_before_noon_of_an_ordinary_friday() -> None:
    times = friday_times(date(2026, 6, 12), NATIONAL)
    assert say_instant(times.opens_at) == "Friday 12 June 2026, 11:30"
    assert say_instant(times.missing_from) == "Friday 12 June 2026, 12:00"
    assert say_instant(times.task_due_at) == "Friday 12 June 2026, 17:00"


@pytest.mark.req("AMB-P1-3")
@pytest.mark.parametrize(
    ("friday", "next_working_day"),
    [
        (date(2026, 2, 6), date(2026, 2, 9)),
        (date(2026, 4, 3), date(2026, 4, 7)),
        (date(2026, 7, 10), date(2026, 7, 13)),
        (date(2026, 12, 25), date(2026, 12, 29)),
        (date(2027, 1, 1), date(2027, 1, 5)),
        (date(2027, 3, 26), date(2027, 3, 30)),
        (date(2027, 6, 25), date(2027, 6, 28)),
    ],
)
def test_1_1_on_a_closed_friday_the_run_opens_and_the_task_waits(
    friday: date, next_working_day: date
) -> None:
    times = friday_times(friday, NATIONAL)
    assert times.opens_at == instant_at(friday, time(11, 30))
    assert times.task_due_at == times.missing_from == instant_at(next_working_day, time(11, 30))


def test_1_1_a_run_belongs_to_a_friday() -> None:
    with pytest.raises(ValueError, match="not a Friday"):
        friday_times(date(2026, 6, 11), NATIONAL)


@pytest.mark.req("AMB-P3-7")
def test_3_6_reminders_for_an_unsigned_pre_approval() -> None:
    viewed = date(2026, 10, 22)
    assert reminder_days(viewed, parameters_for(EDITION).signature_reminder_days, NATIONAL) == (
        date(2026, 10, 27),
        date(2026, 10, 30),
        date(2026, 11, 6),
    )


@pytest.mark.req("AMB-P1-28")
def test_1_4_unanswered_calls_go_to_the_service_manager_after_2_and_the_manager_after_5_days() -> None:
    policy = parameters_for(EDITION)
    days = reminder_days(
        date(2026, 4, 1), (policy.call_service_manager_days, policy.call_manager_days), NATIONAL
    )
    assert days == (date(2026, 4, 7), date(2026, 4, 10))
    assert policy.call_retry_days == 1
    assert say_instant(opening_of(days[0])) == "Tuesday 7 April 2026, 09:00"


def test_another_edition_can_carry_other_numbers() -> None:
    clock = clock_from(ANZAC_EVE, parameters=Parameters(return_days=3, letter_opens=time(8, 0)))
    assert say_instant(clock.letter_opens_at) == "Friday 1 May 2026, 08:00"
    with pytest.raises(KeyError):
        parameters_for("an edition nobody wrote")


def test_every_parameter_names_its_source() -> None:
    assert set(sources()) == set(Parameters.__dataclass_fields__)
    assert sources()["return_days"] == "P1.S6.b5, P2.S1.4, P3.S2.c2"
