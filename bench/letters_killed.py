"""Letters whose sender is killed before or after the gateway's answer: none missing, none twice.

Run: python -m bench.letters_killed [--times 50]
"""

import argparse
import asyncio
import random
import sys
import tempfile
from collections import Counter
from pathlib import Path

from adapters.ports import Transient
from bench.register_import import cluster
from models.database import Database
from tests.activities.mail_office import MailOffice, open_office, running_lab
from tests.conftest import Databases
from tests.workflows.people import LEE
from workers.embedded.mail_gateway import Fault
from workers.migrate import migrate

ROUNDS: dict[str, Fault | None] = {
    "line cut before the gateway accepted": Fault.CUT_BEFORE_ACCEPTING,
    "line cut after it accepted, before it answered": Fault.CUT_BEFORE_ANSWERING,
    "sender killed at any moment": None,
    "sender killed at any moment, line cut before acceptance": Fault.CUT_BEFORE_ACCEPTING,
    "sender killed at any moment, line cut before the answer": Fault.CUT_BEFORE_ANSWERING,
}


async def _settle(office: MailOffice, mail_id: str) -> None:
    """Deliver again and again, as Temporal does after Transient."""
    while True:
        try:
            assert (await office.deliver(mail_id)).state == "accepted"
            return
        except Transient:
            continue


async def _killed(office: MailOffice, mail_id: str, after: float) -> None:
    """An attempt that dies `after` seconds."""
    attempt = asyncio.create_task(office.deliver(mail_id))
    await asyncio.wait({attempt}, timeout=after)
    attempt.cancel()
    await asyncio.gather(attempt, return_exceptions=True)


async def _round(
    office: MailOffice, case_id: str, first: int, times: int, name: str, rng: random.Random
) -> bool:
    fault = ROUNDS[name]
    copies: Counter[int] = Counter()
    again = 0
    for number in range(first, first + times):
        mail_id = await office.prepare(case_id, key=str(number), fresh=number)
        if fault:
            office.lab.faults.add(fault)
        if name.startswith("sender killed"):
            await _killed(office, mail_id, rng.uniform(0.0, 0.25))
        await _settle(office, mail_id)
        while office.lab.faults.next():
            pass
        copies[len(office.journal(mail_id))] += 1
        again += len(await office.events(mail_id, "mail sent again"))
    print(f"{name}: {times} letters, copies in the journal {dict(copies)}, sent again {again}", flush=True)
    return copies == {1: times}


async def _campaign(times: int) -> bool:
    with cluster() as postgres:
        await migrate(postgres.url("owner", "bench"))
        roles = ("owner", "api", "worker", "loader", "auditor")
        databases = Databases("bench", *(Database(postgres.url(role, "bench")) for role in roles))
        rng = random.Random(7)
        try:
            with tempfile.TemporaryDirectory(prefix="placement-bench-") as folder:
                async with running_lab(Path(folder) / "mail") as lab:
                    office = await open_office(databases, lab, Path(folder))
                    case_id = await office.case(LEE)
                    done = [
                        await _round(office, case_id, 1 + place * times, times, name, rng)
                        for place, name in enumerate(ROUNDS)
                    ]
        finally:
            await databases.close()
    return all(done)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--times", type=int, default=50)
    sys.exit(0 if asyncio.run(_campaign(parser.parse_args().times)) else 1)
