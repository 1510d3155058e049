"""Random sequences against the real workflows: after every command the record must be as the reference model has it.

People with sequences of their own share a house on virtual time (real PostgreSQL, the time-skipping server); time moves
for all of them at once, over weekends, holidays and daylight saving. Ends at the first difference with the fewest commands
that still show it, their seed, and a status that is not zero. `--play FILE` plays such a list again. 2,000 sequences of
30 rounds, as two runs side by side (`--sequences 1000`, seeds 3000 and 4000), took half an hour on two busy cores.
"""

import argparse
import asyncio
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path

from adapters.keys import KeyRing
from bench.register_import import cluster
from tests.conftest import Databases
from tests.reference.commands import Command
from tests.reference.sequences import ROUNDS, Found, copied, cut_down, play, replay
from workers.embedded.postgres import EmbeddedPostgres
from workers.entry import leave
from workers.migrate import migrate

AT_ONCE = 40


async def _play_all(postgres: EmbeddedPostgres, sequences: int, seed: int, rounds: int) -> int:
    keys, done, commands, begun = KeyRing.fresh(), 0, 0, time.monotonic()
    while done < sequences:
        batch = min(AT_ONCE, sequences - done)
        async with copied(postgres, f"batch_{seed}", "bench") as databases:
            played = await play(databases, keys, seed, batch, rounds)
        done, commands = done + batch, commands + played.commands
        seconds = time.monotonic() - begun
        print(
            f"{done} of {sequences} sequences, {commands} commands, {seconds:.0f} s, seed {seed}", flush=True
        )
        if played.found:
            print(f"a difference, cut down now:\n{played.found[0]}", flush=True)
            print(await cut_down(played.found[0], lambda: _fresh(postgres), keys), flush=True)
            return 1
        seed += 1
    print("no difference")
    return 0


@asynccontextmanager
async def _fresh(postgres: EmbeddedPostgres) -> AsyncIterator[Databases]:
    async with copied(postgres, "alone", "bench") as databases:
        yield databases


def _written(given: argparse.Namespace) -> Found:
    """The commands of a file, one a line as printed."""
    lines = given.play.read_text(encoding="utf-8").splitlines()
    code, _, status = given.held.partition("/")
    person = (given.lives, (code, status) if status else None)
    commands = tuple(Command.parse(line) for line in lines if line.strip())
    return Found(0, 1, datetime.fromisoformat(given.start), person, commands, "")


async def _play_again(postgres: EmbeddedPostgres, found: Found) -> int:
    async with _fresh(postgres) as databases:
        problem = await replay(databases, KeyRing.fresh(), found)
    print(problem or "no difference")
    return 1 if problem else 0


async def _main(given: argparse.Namespace) -> int:
    with cluster() as postgres:
        await migrate(postgres.url("owner", "bench"))
        if given.play:
            return await _play_again(postgres, _written(given))
        return await _play_all(postgres, given.sequences, given.seed, given.rounds)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--sequences", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--play", type=Path, help="commands to play again, one a line as they are printed")
    parser.add_argument("--lives", default="tenant", help="with --play: tenant, applicant or historic")
    parser.add_argument("--held", default="", help="with --play: such as D1/CUR")
    parser.add_argument("--start", default="2031-03-30T20:05:00+00:00", help="with --play: the first instant")
    logging.getLogger("temporalio").setLevel(
        logging.CRITICAL
    )  # what a loaded machine does late is tried again
    leave(asyncio.run(_main(parser.parse_args())))
