"""The appointment for a viewing as an iCalendar file for Outlook: time and references, no personal data (PRV-16)."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from icalendar import Calendar, Event

from procedures.letters import MARKING


@dataclass(frozen=True)
class Appointment:
    """What the entry may show; instants are aware, UTC."""

    uid: str
    reference: str
    """The case number."""
    starts_at: datetime
    lasts: timedelta
    place: str
    """Reference of the void property."""
    written_at: datetime
    cancelled: bool = False


def calendar_file(appointment: Appointment) -> bytes:
    """One event; the same appointment gives the same bytes. A cancelled one takes the entry out of the calendar."""
    event = Event()
    event.add("uid", f"{appointment.uid}@placement.test")
    event.add("summary", f"{MARKING} - Property viewing - Ref {appointment.reference}")
    event.add("dtstamp", appointment.written_at.astimezone(UTC))
    event.add("dtstart", appointment.starts_at.astimezone(UTC))
    event.add("dtend", appointment.starts_at.astimezone(UTC) + appointment.lasts)
    event.add("location", appointment.place)
    event.add("class", "CONFIDENTIAL")
    event.add("status", "CANCELLED" if appointment.cancelled else "CONFIRMED")
    event.add("sequence", 1 if appointment.cancelled else 0)
    calendar = Calendar()
    calendar.add("prodid", "-//Safe Placement//Viewings//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "CANCEL" if appointment.cancelled else "PUBLISH")
    calendar.add_component(event)
    written: bytes = calendar.to_ical()
    return written
