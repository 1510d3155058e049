"""Who lives in the house of the random sequences: invented people, each with the model of what must become of them."""

from dataclasses import dataclass, field
from datetime import date, timedelta

from procedures.tasks import AnswerTask
from tests.reference.commands import Command
from tests.reference.world import World
from tests.workflows.people import Person

Start = tuple[str, tuple[str, str] | None]
"""How the person lives, and the code and status of an earlier year."""


@dataclass
class Player:
    """One person in the house, and the model of what must become of them."""

    number: int
    world: World
    person: Person
    ids: dict[str, str] = field(default_factory=dict)
    """Case numbers by the names of the model."""
    played: list[Command] = field(default_factory=list)
    reported: list[str] = field(default_factory=list)
    properties: int = 0
    last_answer: dict[str, AnswerTask] = field(default_factory=dict)
    problem: str | None = None


def invented_person(number: int, lives: str) -> Person:
    """The same number is always the same person; `lives` is tenant, applicant or historic."""
    letters = "".join(chr(ord("a") + int(digit)) for digit in f"{number:04d}")
    found = Person(f"P-{number:05d}", f"Zeta{letters}", born=date(1950, 1, 1) + timedelta(days=9 * number),
                   address=f"{number} Invented Street")  # fmt: skip
    if lives == "tenant":
        return found.tenant()
    if lives == "applicant":
        return Person(**{**vars(found), "live": True, "occupancy": "applicant"})
    return found
