"""Which command a random sequence tries next: mostly what people usually do, so that it gets far, and all else too."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from tests.reference.commands import HOWS, Command, answers, happenings, interruptions, untimely
from tests.reference.days import at, day_of, nth_after
from tests.reference.world import World

Pick = Callable[[Sequence[Any]], Any]
"""One of several, by chance; the first ones are the plainest."""
_URN = ("usual",) * 14 + ("answer",) * 4 + ("happens",) * 2 + ("change", "change", "untimely")
_TWICE = ("once",) * 14 + ("twice",)
LIVES = ("tenant", "tenant", "applicant", "historic")
HELD: tuple[tuple[str, str] | None, ...] = (
    ("D1", "CUR"), ("D1", "CUR"), None, ("D1P", "PEN"), ("D2P", "PEN"), ("D2", "CUR"), ("D3", "CUR"), ("D1", "CLO"),
)  # fmt: skip
MOST_CASES = 14
STARTS = tuple(
    date.fromisoformat(day)
    for day in (
        "2031-03-31", "2031-04-07", "2031-06-02", "2031-09-22", "2031-10-20", "2031-12-15", "2032-01-26", "2032-03-22",
    )
)  # fmt: skip
"""Mondays before the ends of daylight saving, the turn of the year, Waitangi Day, Easter and other long weekends."""
PAUSES = ("an hour", "three hours", "a day", "two days", "a weekend", "six working days", "three weeks")


def choose(world: World, pick: Pick) -> Command:
    """The next command."""
    for urn in (pick(_URN), "usual", "happens"):
        urns = {
            "usual": usual,
            "answer": answers,
            "happens": happenings,
            "change": interruptions,
            "untimely": untimely,
        }
        if found := [one for one in urns[urn](world) if _in_bounds(world, one)]:
            command: Command = pick(found)
            twice = command.do == "answer" and pick(_TWICE) == "twice"
            return replace(command, do="twice") if twice else command
    return Command("wait")


def _in_bounds(world: World, command: Command) -> bool:
    """A person has not any number of cases, and not any number of entries that nobody has matched yet."""
    if command.do not in ("report", "match"):
        return True
    unmatched = sum(not c.linked for c in world.of("I"))
    return len(world.cases) < MOST_CASES and (command.do == "match" or not unmatched)


def usual(world: World) -> Iterator[Command]:
    """What people do when nothing is wrong: the usual answers, and Corrections returns what it was sent."""
    for command in answers(world):
        if command.kind != "await_match" and command.how == _plain(world, command):
            yield command
    for case in world.cases.values():
        if case.outcome is None and case.x.out and not case.x.complete and not case.x.unread:
            yield Command("returned", case.name, how="form")
    if not world.cases:
        yield Command("report", how="CSO")
    if world.held == ("D1", "CUR") and not world.of("O") and not any(c.matched for c in world.of("V")):
        yield Command("match")


def _plain(world: World, command: Command) -> str:
    case = world.cases[command.case]
    match command.kind:
        case "offer_questions" | "enter_offer_outcome":
            return case.chosen or ""
        case "review_return":
            return "CSO" if case.x.form == "T-441" else "suitable"
        case _:
            return HOWS[command.kind][0]


def later(now: datetime, pause: str) -> datetime:
    """An instant on the other side of what may become due, some minutes past an opening of offices or noon."""
    day = day_of(now)
    match pause:
        case "an hour":
            return now + timedelta(hours=1)
        case "three hours":
            return now + timedelta(hours=3, minutes=10)
        case "a day":
            return max(at(day + timedelta(days=1), 9, 20), now + timedelta(hours=20))
        case "two days":
            return now + timedelta(hours=49)
        case "a weekend":
            return at(day + timedelta(days=7 - day.weekday()), 12, 20)
        case "six working days":
            return at(nth_after(day, 6), 9, 20)
        case _:
            return at(nth_after(day, 15), 12, 20)
