"""The waiting points of procedure 2: how a home comes to each."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

from models.tables.case import CaseRecord
from tests.workflows.running import eventually
from tests.workflows.suitability import NOT_SUITABLE, SUITABLE, Home
from tests.workflows.watching import review

Prepare = Callable[[Home], Awaitable[None]]


async def sending(home: Home) -> None:
    """At its first task."""
    await home.house.task(home.case_id, "send_t439")


async def _no_contact(home: Home) -> None:
    await home.answer("send_t439", {"no_contact_known": True}, home.send_facts())
    await home.house.task(home.case_id, "provide_contact")


async def _awaiting(home: Home) -> None:
    await home.send()


async def _unread(home: Home) -> None:
    await home.send()
    await home.bring_back()
    await home.house.task(home.case_id, "review_return")


async def _incomplete(home: Home) -> None:
    await _unread(home)
    back = {"verdict": "incomplete", "returned": {"suitability": "suitable"}, "recipient_confirmed": True}
    await home.answer("review_return", back)


async def _bounced(home: Home) -> None:
    await home.send()
    [mail] = await home.mails()
    await home.tell({"bounced": mail.mail_id})
    await home.house.task(home.case_id, "send_failed")


async def _paused(home: Home) -> None:
    await home.send()
    await home.tell({"exit_entry": "entry-exit"})
    await eventually(lambda: is_paused(home), "the case did not pause")


async def is_paused(home: Home) -> Any:
    """The pause of the case, if it is paused."""
    return (await home.house.case(home.case_id)).state["paused"]


async def supporting(home: Home) -> None:
    """Corrections has said that the home does not suit."""
    await home.send()
    await home.corrections_says(NOT_SUITABLE)


async def _answering(home: Home) -> None:
    await home.send()
    await home.corrections_says()


async def _filing(home: Home) -> None:
    await home.send()
    await home.bring_back(filed=False)
    await home.answer("review_return", {"verdict": "complete", "returned": SUITABLE})
    await home.outcome()


async def reviewing(home: Home) -> None:
    """A home that is not suitable, 20 working days later: the review is a case of its own."""
    await supporting(home)
    await home.support()
    await home.outcome("not_suitable")
    await home.house.closed(home.case_id)
    await review(home)


async def _misdirected(home: Home) -> None:
    await home.send()
    [mail] = await home.mails()
    await home.change("wrong_recipient", {"mail_id": mail.mail_id, "note": "another office"})


async def _silent(home: Home) -> None:
    """On record, the first letter's five working days are over as well."""
    await home.send()
    await _long_ago(home, number=1)


async def _held(home: Home) -> None:
    """On record, what came back has been unread since before the letter could go."""
    await _unread(home)
    await _long_ago(home, number=0)


async def _long_ago(home: Home, *, number: int) -> None:
    """The cases that go on from the record do so when everything about the clock has passed."""
    async with home.office.databases.worker.transaction() as session:
        case = await session.get_one(CaseRecord, home.case_id)
        exchange = case.state["exchange"]
        clock = {
            key: value if key in ("clock_id", "number", "days") else _months_before(value)
            for key, value in exchange["clock"].items()
        }
        case.state = case.state | {"exchange": exchange | {"clock": clock | {"number": number}}}


def _months_before(instant: str) -> str:
    return (datetime.fromisoformat(instant) - timedelta(days=90)).isoformat()


POINTS: dict[str, Prepare] = {
    "2.1-sending": sending,
    "2.1-no_contact": _no_contact,
    "2.2-awaiting": _awaiting,
    "2.2-unread": _unread,
    "2.2-incomplete": _incomplete,
    "2.2-bounced": _bounced,
    "2.2-paused": _paused,
    "2.3-supporting": supporting,
    "2.4-answering": _answering,
    "2.5-filing": _filing,
    "2.3-reviewing": reviewing,
    "2.1-misdirected": _misdirected,
    "2.2-silent": _silent,
    "2.2-held": _held,
}
OPENS = {
    "2.2-silent": ("confirm_letter_recipient", "corrections_silent"),
    "2.2-held": ("review_return", "unread_return"),
}
"""What the clock opens there, once the case goes on."""
MAIL_OUT = {p for p in POINTS if not p.startswith("2.1") and p != "2.3-reviewing"}
CLOCK_RUNS = {"2.2-awaiting", "2.2-unread", "2.2-incomplete", "2.2-paused", "2.2-silent", "2.2-held"}
ANSWERED = {"2.3-supporting", "2.4-answering", "2.5-filing"}
