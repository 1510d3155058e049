"""What a story is: people, a place in time, and a walk whose runs are kept as golden histories."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

from tests.workflows.people import Person
from tests.workflows.running import House
from tests.workflows.suitability import Office

Tell = Callable[[Office], Awaitable[list[str]]]
"""Walks the story; answers the ids of the runs to keep."""


@dataclass(frozen=True)
class Story:
    """One path of the document, walked as people walk it."""

    tell: Tell
    people: tuple[Person, ...] = ()
    """Whom the register has to know; nobody else's story has them."""
    starts: datetime | None = None
    """On virtual time from this instant (UTC); None: on a real server, now."""
    alone: bool = False
    """It works a Friday or breaks the gateway: no other story may be told in its house."""


STORIES: dict[str, Story] = {}


def story(*people: Person, starts: datetime | None = None, alone: bool = False) -> Callable[[Tell], Tell]:
    """Keep this one under its name."""

    def keep(tell: Tell) -> Tell:
        assert tell.__name__ not in STORIES, f"two stories are called {tell.__name__}"
        STORIES[tell.__name__] = Story(tell, people, starts, alone)
        return tell

    return keep


def of_a_friday(tell: Callable[[House], Awaitable[list[str]]]) -> None:
    """Keep a story that begins with the report and needs no gateway."""

    async def told(office: Office) -> list[str]:
        return await tell(office.house)

    told.__name__, told.__doc__ = tell.__name__, tell.__doc__
    story(alone=True)(told)
