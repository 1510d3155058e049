"""500 cases whose clock ends at one instant: each fires one letter, once, and how late, against 500 bare Temporal timers.

Run: python -m bench.clocks_500 [--cases 500]

Prints lateness of the first and the last letter, and of the first and last bare timer in the same run on the same server.
Ends with status 1 when a letter is lost or doubled. Takes some minutes; leave the machine to it.
"""

import argparse
import asyncio
import sys
import time
from collections import Counter
from datetime import datetime, timedelta

from bench.bare import QUEUE, BareTimer
from bench.house import BenchHouse, all_at_once, bench_house, patiently
from bench.register_import import now
from tests.workflows.crowd import crowd, letters_by_case, start_all
from workers.entry import leave

PATIENCE = 300.0
"""Seconds that letters and timers get to fire."""


def _ahead(cases: int) -> datetime:
    """An instant by which all runs have begun and wait."""
    return now() + timedelta(seconds=10 + cases * 0.12)


async def _until(instant: datetime) -> None:
    await asyncio.sleep(max(0.0, (instant - now()).total_seconds()))


async def _letters(house: BenchHouse, cases: int) -> tuple[list[float], Counter[str], set[str]]:
    """Lateness of each letter in seconds, letters by case, and the cases."""
    async with house.worker():
        template = await house.v.case_with_t441()
        await house.client.get_workflow_handle(template).terminate("a pattern for the others")
        instant = _ahead(cases)
        copies = await crowd(house.databases.owner, template, "P-LIVE", cases, letter_opens_at=instant)
        begun = time.perf_counter()
        await start_all(house.client, copies)
        took = time.perf_counter() - begun
        print(f"{cases} cases started from the record in {took:.1f} s ({cases / took:.0f}/s)", flush=True)
        if now() >= instant:
            sys.exit("the instant came before all cases had begun: the machine is busy, run it again")
        await _until(instant)
        await patiently(lambda: _at_least(house, cases), PATIENCE)
        await _until(now() + timedelta(seconds=5))  # a second letter would come now
        by_case = await letters_by_case(house.databases.worker)
    late = [
        (taken - instant).total_seconds() for mail_id, taken in house.v.gateway.sent if "-17030-" in mail_id
    ]
    return sorted(late), by_case, set(copies)


async def _at_least(house: BenchHouse, cases: int) -> bool:
    return (await letters_by_case(house.databases.worker)).total() >= cases


async def _fired(house: BenchHouse, timers: int) -> bool:
    return len(house.bare.fired) >= timers


async def _timers(house: BenchHouse, timers: int) -> list[float]:
    """Lateness of each bare timer in seconds."""
    async with house.bare_worker():
        instant = _ahead(timers)
        names = [f"bare-{number}" for number in range(timers)]
        await all_at_once(
            [
                house.client.start_workflow(BareTimer.run, instant, id=name, task_queue=QUEUE)
                for name in names
            ],
            20,
        )
        await _until(instant)
        await patiently(lambda: _fired(house, timers), PATIENCE)
    return sorted(fired - instant.timestamp() for _, fired in house.bare.fired)


async def _measure(cases: int) -> int:
    async with bench_house() as house:
        late, by_case, wanted = await _letters(house, cases)
        bare = await _timers(house, cases)
    lost = wanted - set(by_case)
    doubled = sum(number - 1 for number in by_case.values()) + len(late) - len(by_case)
    print(
        f"letters: first {late[0]:.2f} s, median {late[len(late) // 2]:.2f} s, last {late[-1]:.2f} s after the instant"
    )
    print(
        f"bare:    first {bare[0]:.2f} s, median {bare[len(bare) // 2]:.2f} s, last {bare[-1]:.2f} s after the instant"
    )
    print(f"last letter / last bare timer: {late[-1] / bare[-1]:.2f}; lost {len(lost)}, doubled {doubled}")
    early = [one for one in late if one < 0]
    return 1 if lost or doubled or early else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--cases", type=int, default=500)
    leave(asyncio.run(_measure(parser.parse_args().cases)))
