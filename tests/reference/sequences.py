"""Random sequences from a seed: played in one house at once, compared after every command, and cut down when they differ."""

import random
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from adapters.keys import KeyRing
from models.database import Database
from tests.conftest import Databases
from tests.reference.choosing import HELD, LIVES, PAUSES, STARTS, choose, later
from tests.reference.commands import Command
from tests.reference.days import at
from tests.reference.house import RandomHouse, random_house
from tests.reference.players import Player, Start
from workers.embedded.postgres import EmbeddedPostgres

ROUNDS = 30
_TIME_EVERY = 4
"""In every fourth round time passes."""
_MOST_REPLAYS = 60
Fresh = Callable[[], AbstractAsyncContextManager[Databases]]
"""A fresh migrated database for as long as it is used."""


@dataclass(frozen=True)
class Found:
    """A difference between house and model, and how to come to it."""

    seed: int
    number: int
    start: datetime
    person: Start
    commands: tuple[Command, ...]
    problem: str

    def __str__(self) -> str:
        lives, held = self.person
        lines = "\n".join(f"  {command}" for command in self.commands)
        code = "/".join(held) if held else "no assessment"
        return (
            f"seed {self.seed}, sequence {self.number}: {lives}, {code}, from {self.start.isoformat()}\n{lines}\n"
            f"  {self.problem}"
        )


@dataclass
class Played:
    """What came of a batch."""

    sequences: int
    commands: int
    found: list[Found]


async def play(
    databases: Databases, keys: KeyRing, seed: int, sequences: int, rounds: int = ROUNDS
) -> Played:
    """So many people in one house, each by chance of this seed."""
    chance = random.Random(seed)
    people = [(chance.choice(LIVES), chance.choice(HELD)) for _ in range(sequences)]
    start = at(chance.choice(STARTS) + timedelta(days=chance.randrange(7)), 9, 5)
    async with random_house(databases, keys, start, people) as house:
        for number in range(1, rounds + 1):
            if number % _TIME_EVERY == 0:
                await house.pass_to(later(await house.now(), chance.choice(PAUSES)))
            else:
                await house.play([(player, choose(player.world, chance.choice)) for player in house.able()])
    found = [_found(seed, start, people, player) for player in house.players if player.problem]
    return Played(sequences, sum(len(player.played) for player in house.players), found)


def _found(seed: int, start: datetime, people: Sequence[Start], player: Player) -> Found:
    assert player.problem
    person = people[player.number - 1]
    return Found(seed, player.number, start, person, tuple(player.played), player.problem)


async def replay(databases: Databases, keys: KeyRing, found: Found) -> str | None:
    """The same commands, alone in a house; what differs now."""
    async with random_house(databases, keys, found.start, [found.person]) as house:
        [player] = house.players
        for command in found.commands:
            if command.do == "wait":
                await house.pass_to(datetime.fromisoformat(command.how))
            else:
                await house.play([(player, command)])
            if player.problem:
                return player.problem
    return None


async def cut_down(found: Found, fresh: Fresh, keys: KeyRing) -> Found:
    """The fewest commands that still differ, within a bounded number of replays: halves first, then smaller pieces."""
    replays, size = 0, max(1, len(found.commands) // 2)
    while size and replays < _MOST_REPLAYS:
        position = 0
        while position < len(found.commands) and replays < _MOST_REPLAYS:
            rest = (*found.commands[:position], *found.commands[position + size :])
            async with fresh() as databases:
                problem = await replay(databases, keys, _with(found, rest, found.problem))
            replays += 1
            if problem:
                found = _with(found, rest, problem)
            else:
                position += size
        size //= 2
    return found


def _with(found: Found, commands: tuple[Command, ...], problem: str) -> Found:
    return Found(found.seed, found.number, found.start, found.person, commands, problem)


@asynccontextmanager
async def copied(cluster: EmbeddedPostgres, name: str, template: str) -> AsyncIterator[Databases]:
    """A fresh database under the five roles, dropped afterwards."""
    cluster.create_database(name, template)
    roles = ("owner", "api", "worker", "loader", "auditor")
    opened = Databases(name, *(Database(cluster.url(role, name), pool_size=6) for role in roles))
    try:
        yield opened
    finally:
        await opened.close()
        cluster.drop_database(name)


__all__ = ["ROUNDS", "Found", "Played", "RandomHouse", "copied", "cut_down", "play", "replay"]
