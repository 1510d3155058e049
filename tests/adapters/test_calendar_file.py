"""The calendar entry of a viewing: readable by a calendar, and free of personal data."""

from datetime import UTC, datetime, timedelta

import pytest
from icalendar import Calendar

from adapters.calendar_file import Appointment, calendar_file

STARTS = datetime(2026, 9, 27, 4, 0, tzinfo=UTC)


def entry(*, cancelled: bool = False) -> Appointment:
    return Appointment(
        uid="C123-A1",
        reference="C123",
        starts_at=STARTS,
        lasts=timedelta(minutes=45),
        place="V-77",
        written_at=STARTS - timedelta(days=1),
        cancelled=cancelled,
    )


@pytest.mark.req("P3.S4.a2", "PRV-16")
def test_3_4_the_calendar_entry_holds_time_and_references_only() -> None:
    content = calendar_file(entry())
    (event,) = Calendar.from_ical(content).walk("VEVENT")
    assert event.decoded("dtstart") == STARTS
    assert event.decoded("dtend") == STARTS + timedelta(minutes=45)
    assert str(event["summary"]) == "IN-CONFIDENCE - Property viewing - Ref C123"
    assert str(event["location"]) == "V-77"
    known = {"UID", "SUMMARY", "DTSTAMP", "DTSTART", "DTEND", "LOCATION", "CLASS", "STATUS", "SEQUENCE"}
    assert set(event) == known
    assert b"\r\n" in content


def test_3_4_the_same_appointment_gives_the_same_bytes() -> None:
    assert calendar_file(entry()) == calendar_file(entry())


@pytest.mark.req("AMB-P3-15")
def test_3_4_a_cancelled_appointment_leaves_the_calendar() -> None:
    booked, cancelled = (Calendar.from_ical(calendar_file(entry(cancelled=c))) for c in (False, True))
    assert (booked["method"], cancelled["method"]) == ("PUBLISH", "CANCEL")
    (before,), (after,) = booked.walk("VEVENT"), cancelled.walk("VEVENT")
    assert (before["uid"], str(after["status"])) == (after["uid"], "CANCELLED")
    assert int(after["sequence"]) > int(before["sequence"])
