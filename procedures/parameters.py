"""The numbers of the procedure: each policy value with the step it comes from (`editions` has one set per edition)."""

from dataclasses import dataclass
from datetime import time, timedelta
from enum import StrEnum
from typing import Annotated, get_type_hints

from procedures.working_days import CalendarName


class AfterHoursRule(StrEnum):
    """What day 0 is for mail accepted after office hours or on a day that is not a working day (AMB-P1-1)."""

    SAME_DAY = "same_day"
    NEXT_WORKING_DAY = "next_working_day"


@dataclass(frozen=True)
class Parameters:
    """Policy in force. Times of day are local (Pacific/Auckland); day counts are working days unless named hours.

    Each annotation carries the requirement the value comes from.
    """

    calendar: Annotated[CalendarName, "AMB-P1-2"] = CalendarName.NZ_NATIONAL
    after_hours_rule: Annotated[AfterHoursRule, "AMB-P1-1"] = AfterHoursRule.SAME_DAY
    after_hours_from: Annotated[time, "AMB-P1-1"] = time(17, 0)

    return_days: Annotated[int, "P1.S6.b5, P2.S1.4, P3.S2.c2"] = 5
    letter_opens: Annotated[time, "CLK-5WD, AMB-P1-1"] = time(9, 0)
    unread_return_limit: Annotated[time, "AMB-P1-29"] = time(12, 0)
    reminder_every_days: Annotated[int, "AMB-P1-10"] = 5
    letter_answer_days: Annotated[int, "AMB-P1-10"] = 5

    viewing_hours: Annotated[timedelta, "P3.S4.a3"] = timedelta(hours=48)
    viewing_failures_before_manager: Annotated[int, "AMB-P3-5"] = 2
    signature_reminder_days: Annotated[tuple[int, ...], "AMB-P3-7"] = (2, 5, 10)
    t441_held_for_months: Annotated[int, "AMB-P3-11"] = 12
    void_request_literal: Annotated[bool, "AMB-P3-1"] = False
    """True: the request of step 3.2 is T-439 and T-442 as written, whoever the person is."""
    offer_reminder_days: Annotated[int, "AMB-P4-4"] = 2
    offer_decide_days: Annotated[int, "AMB-P4-4"] = 5
    review_days: Annotated[int, "AMB-P2-5"] = 20
    future_duty_days: Annotated[int, "AMB-P2-13"] = 1

    report_expected: Annotated[time, "P1.S1.1"] = time(11, 30)
    report_missing_from: Annotated[time, "AMB-P1-4"] = time(12, 0)
    report_poll: Annotated[timedelta, "AMB-P1-4"] = timedelta(minutes=15)
    cover_by: Annotated[time, "AMB-P1-18"] = time(12, 0)
    report_review_by: Annotated[time, "P1.S1.2, AMB-P1-25"] = time(17, 0)
    register_data_days: Annotated[int, "AMB-P1-17"] = 1

    call_within: Annotated[timedelta, "P1.S4.1, AMB-P1-25"] = timedelta(minutes=30)
    call_retry_days: Annotated[int, "AMB-P1-28, AMB-P3-17"] = 1
    call_service_manager_days: Annotated[int, "AMB-P1-28, AMB-P3-17"] = 2
    call_manager_days: Annotated[int, "AMB-P1-28, AMB-P3-17"] = 5
    pause_service_manager_days: Annotated[int, "AMB-X-5"] = 2
    pause_manager_days: Annotated[int, "AMB-X-5"] = 3

    confirm_before_t441: Annotated[bool, "AMB-P1-6"] = True

    hand_over_days: Annotated[int, "AMB-X-2"] = 1
    """What is due within so many working days of an absence goes to a named person, not to a queue."""
    unstarted_days: Annotated[int, "AMB-X-2"] = 1
    """How long before its due instant, or after its opening when it has none, an unstarted task is escalated."""
    unstarted_manager_days: Annotated[int, "AMB-X-2"] = 2
    """After how long an unstarted task without a due instant is escalated to the manager alone."""


def sources() -> dict[str, str]:
    """The requirement behind each parameter, by its name."""
    hints = get_type_hints(Parameters, include_extras=True)
    return {name: hint.__metadata__[0] for name, hint in hints.items()}
