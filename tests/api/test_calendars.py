"""Calendars: why a day does not count, and days added without moving a running clock."""

import httpx
import pytest

from models.tables.mail import CalendarDay, Clock
from procedures import EDITION
from procedures.clocks import ClockKind, working_day_clock
from procedures.terms import Role
from procedures.working_days import Calendar, CalendarName
from tests.api.exchanges import ACCEPTED, form_out, put_clock
from tests.api.office import AWS, MANAGER, NOW, Office

MOURNING = {"day": "2026-11-27", "name": "National day of mourning"}


async def add(
    client: httpx.AsyncClient, key: str, calendar: str = "nz-national", query: str = "", **changed: str
) -> httpx.Response:
    """Add a day to a calendar."""
    return await client.post(
        f"/api/calendars/{calendar}/days{query}", json=MOURNING | changed, headers={"Idempotency-Key": key}
    )


@pytest.mark.req("CAL-NZ-11")
async def test_an_added_day_counts_for_new_clocks_and_moves_no_running_one(office: Office) -> None:
    """The answer names the clocks that it lies in, with both due dates; only a clock started afterwards skips it."""
    await form_out(office, "CC1")
    await office.case("CC2")
    regional = working_day_clock(ClockKind.T441_RETURN, ACCEPTED, Calendar(CalendarName.OTAGO))
    await put_clock(office, "CC2-K1", "CC2", regional)
    client = office.client(MANAGER)
    seen = (await add(client, "key-day-1", query="?preview=true")).json()
    assert (seen["added"], [one["case_id"] for one in seen["touched"]]) == (False, ["CC1"])
    assert await office.count(CalendarDay) == 0
    added = await add(client, "key-day-1")
    assert (added.status_code, added.json()["added"]) == (201, True)
    (touched,) = added.json()["touched"]
    assert (touched["due_local"], touched["would_be_due_local"]) == (
        "Monday 30 November 2026, 23:59",
        "Tuesday 1 December 2026, 23:59",
    )
    again = await add(client, "key-day-1")
    assert (again.status_code, again.json()["added"]) == (200, False)
    async with office.databases.owner.transaction() as session:
        clock = await session.get_one(Clock, "CC1-K1")
    assert clock.due_at.isoformat() == "2026-11-30T10:59:59+00:00"
    fresh = await office.resources.deadlines.form_clock(
        ClockKind.T441_RETURN, ACCEPTED, "nz-national", EDITION, None
    )
    assert fresh.due_at.isoformat() == "2026-12-01T10:59:59+00:00"
    assert "2026-11-27" in fresh.calendar_version
    (event,) = await office.audited("calendar day added")
    assert (event.subject, event.actor) == ("nz-national/2026-11-27", f"u-{MANAGER.value}")


async def test_a_day_that_is_closed_anyway_or_out_of_range_is_refused(office: Office) -> None:
    client = office.client(Role.ADMINISTRATOR)
    christmas = await add(client, "key-day-2", day="2026-12-25")
    assert (christmas.status_code, christmas.json()["rule"]) == (409, "CAL-NZ-11")
    assert "Christmas" in christmas.json()["detail"]
    assert (await add(client, "key-day-3", day="2026-11-28")).status_code == 409
    assert (await add(client, "key-day-4", day="2099-12-24")).status_code == 422
    assert (await add(client, "key-day-5", calendar="nz-moon")).status_code == 404
    assert (await add(client, "key-day-6")).status_code == 201
    other = await add(client, "key-day-7", name="Something else")
    assert (other.status_code, await office.count(CalendarDay)) == (409, 1)


async def test_the_days_of_a_year_say_why_they_do_not_count(office: Office) -> None:
    """Holidays of the calendar and added days, Monday to Friday; two roles add, everybody reads."""
    await add(office.client(MANAGER), "key-day-8")
    client = office.client(AWS)
    days = (await client.get("/api/calendars/nz-national/days", params={"year": 2026})).json()["items"]
    found = {one["day"]: (one["name"], one["added_by"]) for one in days}
    assert found["2026-12-25"][0] == "Christmas Day"
    assert found["2026-11-27"] == ("National day of mourning", f"u-{MANAGER.value}")
    assert "2026-11-28" not in found
    otago = (await client.get("/api/calendars/nz-region-OTA/days")).json()["items"]
    assert {"2026-03-23"} <= {one["day"] for one in otago}
    assert "2026-11-27" not in {one["day"] for one in otago}
    assert (await add(client, "key-day-9")).status_code == 403
    assert NOW.year == 2026
