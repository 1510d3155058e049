"""Clocks: explained day by day as they were set, and what happens next in words."""

from datetime import UTC, datetime, timedelta
from typing import Any

from models.tables.mail import Clock
from procedures.exchange_state import ExchangeState
from procedures.terms import Role
from procedures.what_next import next_of_exchange, next_of_viewing
from tests.api.exchanges import ACCEPTED, form_out
from tests.api.office import AP, AWS, NOW, Office


async def clocks_of(office: Office, case_id: str) -> list[dict[str, Any]]:
    """The clocks as the advisor sees them."""
    answer = await office.client(AWS).get(f"/api/cases/{case_id}/clocks")
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def test_1_6_a_clock_is_explained_and_says_what_happens_next(office: Office) -> None:
    """Accepted Monday: due the Monday after, letter on Tuesday from 09:00."""
    await form_out(office, "CK1")
    (clock,) = await clocks_of(office, "CK1")
    assert clock["explained"][0] == (
        "Monday 23 November 2026: day 0, never counted; the gateway accepted the mail at 14:30."
    )
    assert "Saturday 28 November 2026: not counted, Saturday." in clock["explained"]
    assert "Monday 30 November 2026: working day 5." in clock["explained"]
    assert clock["next"] == (
        "Letter 17-030 goes Tuesday 1 December 2026 from 09:00, unless the completed T-441 comes by the end of "
        "Monday 30 November 2026 or something that came back is still unread."
    )
    assert (clock["calendar"], clock["running"], clock["overdue"]) == ("nz-national", True, False)
    assert clock["due_local"] == "Monday 30 November 2026, 23:59"
    office.now = NOW + timedelta(days=4)
    (clock,) = await clocks_of(office, "CK1")
    assert clock["overdue"]
    assert clock["next"] == "Letter 17-030 goes now, unless the completed T-441 comes first."


async def test_a_stopped_clock_stays_readable_and_has_no_next(office: Office) -> None:
    await form_out(office, "CK2")
    async with office.databases.owner.transaction() as session:
        row = await session.get_one(Clock, "CK2-K1")
        row.stopped_at, row.stop_reason = NOW, "the completed form has come"
    (clock,) = await clocks_of(office, "CK2")
    assert (clock["running"], clock["next"], clock["stop_reason"]) == (
        False,
        None,
        "the completed form has come",
    )
    assert clock["explained"]


async def test_clocks_of_a_case_that_is_not_yours_are_unknown(office: Office) -> None:
    await form_out(office, "CK3")
    assert (await office.client(AP).get("/api/cases/CK3/clocks")).status_code == 404
    assert (await office.client(AWS, regions=("R02",)).get("/api/cases/CK3/clocks")).status_code == 404
    assert (await office.client(Role.ADMINISTRATOR).get("/api/cases/CK3/clocks")).status_code == 403


def _running(number: int = 0, **changed: Any) -> ExchangeState:
    state = ExchangeState.model_validate(
        {
            "cycle": 1,
            "accepted_at": ACCEPTED,
            "clock": {
                "clock_id": "K1",
                "number": number,
                "due_day_opens_at": datetime(2026, 11, 29, 20, tzinfo=UTC),
                "due_at": datetime(2026, 11, 30, 10, 59, 59, tzinfo=UTC),
                "letter_opens_at": datetime(2026, 11, 30, 20, tzinfo=UTC),
                "unread_limit_at": datetime(2026, 11, 30, 23, tzinfo=UTC),
            },
        }
    )
    return state.model_copy(update=changed)


def test_1_6_what_happens_next_follows_the_exchange() -> None:
    """Unread return, letter written, second letter, reminders, ended, complete."""
    said = [
        next_of_exchange(state, NOW)
        for state in (
            _running(unread=("R1",)),
            _running(letters={"M1": 1}),
            _running(1, letters={"M1": 1}),
            _running(2, letters={"M1": 1, "M2": 2}, next_reminder_at=datetime(2026, 12, 14, 20, tzinfo=UTC)),
            _running(chase_closed=True),
            _running(complete=True),
            ExchangeState(),
        )
    ]
    assert said == [
        "Letter 17-030 is held: something that came back is unread. Read it; at Tuesday 1 December 2026, 12:00 the "
        "manager is asked.",
        "Letter 17-030 is written and goes as soon as the gateway takes it; its own five working days follow.",
        "The second letter 17-030 goes Tuesday 1 December 2026 from 09:00, once somebody has confirmed its recipient, "
        "unless the completed T-441 comes by the end of Monday 30 November 2026 or something that came back is still "
        "unread.",
        "The manager is reminded Tuesday 15 December 2026 from 09:00, and every five working days after.",
        "Nothing: the manager has ended the reminders. The case waits for the completed T-441; silence is never consent.",
        None,
        None,
    ]


async def test_3_4_the_viewing_window_is_explained_in_elapsed_hours(office: Office) -> None:
    """48 hours from the end of the call, over a night or a weekend."""
    await office.case("CK4", "match_void", step="3.4")
    ended = NOW - timedelta(hours=1)
    await office.put(
        Clock,
        clock_id="CK4-W1",
        case_id="CK4",
        kind="viewing window",
        calendar="elapsed hours",
        calendar_version="6",
        started_at=ended,
        due_at=ended + timedelta(hours=48),
        acts_at=ended + timedelta(hours=48),
        detail={},
    )
    (clock,) = (await office.client(AP).get("/api/cases/CK4/clocks")).json()["items"]
    assert clock["explained"][-1] == "The viewing must start by Sunday 29 November 2026, 13:00."
    assert clock["next"].startswith("After Sunday 29 November 2026, 13:00 no viewing may begin")
    assert "closed" in next_of_viewing(ended, NOW)
