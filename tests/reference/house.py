"""Random sequences against the real workflows: many people in one house on virtual time, each compared with its model."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from temporalio.client import WorkflowUpdateRPCTimeoutOrCancelledError
from temporalio.service import RPCError
from temporalio.testing import WorkflowEnvironment

from adapters.keys import KeyRing
from adapters.search_attributes import ensure_search_attributes
from models.tables.case import CaseRecord
from models.tables.report import ReportMessage, ReportRun
from procedures.terms import Procedure
from tests.conftest import Databases
from tests.reference.commands import Command, advance, apply, begin, soon_due
from tests.reference.days import friday_of
from tests.reference.desk import REPORT_RUN, Desk
from tests.reference.players import Player, Start, invented_person
from tests.reference.seen import PROCEDURES, difference, look
from tests.reference.world import World
from tests.workflows.gateway import Gateway, add_contacts
from tests.workflows.people import hold, import_people
from tests.workflows.running import InboxInMemory, skipping_environment
from workers.rehearsal.handing_over import BeginFromTheRecord
from workers.wiring import WorkerParts, register_of, worker_of

_TICK = timedelta(seconds=1)
_STILL_BUSY = 0.9
"""Real seconds: the server jumps over a virtual second at once, unless something is still under way."""
_MOST_TICKS = 120
_BORDER = timedelta(minutes=2)
"""Nothing is compared so shortly before something becomes due: clocks of house and model differ by moments."""


@dataclass
class RandomHouse:
    """The running system, shared by its players."""

    environment: WorkflowEnvironment
    databases: Databases
    gateway: Gateway
    players: list[Player]
    desk: Desk

    async def now(self) -> datetime:
        """The virtual instant."""
        return await self.environment.get_current_time()

    # -- one round --------------------------------------------------------------------------------------------

    async def play(self, commands: Sequence[tuple[Player, Command]]) -> None:
        """Each of these players does one thing at the same time; then everybody is compared."""
        await asyncio.gather(*(self._one(player, command) for player, command in commands))
        await self.settle_and_compare()

    async def pass_to(self, instant: datetime) -> None:
        """Time passes for everybody; no further than it takes to be clear of what becomes due."""
        while any(soon_due(self._at(p.world, instant), _BORDER) for p in self.able()):
            instant += 2 * _BORDER
        for player in self.able():
            player.played.append(Command("wait", how=instant.isoformat()))
        await self.environment.sleep(max(_TICK, instant - await self.now()))
        await self.settle_and_compare()

    def _at(self, world: World, instant: datetime) -> World:
        advance(world, instant)
        return world

    def able(self) -> list[Player]:
        """Whoever has not differed yet."""
        return [player for player in self.players if player.problem is None]

    async def settle_and_compare(self) -> None:
        """Wait until nothing is under way, and compare what everybody's record shows with the model."""
        await self.settle()
        now = await self.now()
        seen = await look(self.databases)
        for player in self.able():
            advance(player.world, now)
            player.problem = difference(player, seen)

    async def settle(self) -> None:
        """Nothing is under way any more; a virtual second or two pass."""
        for _ in range(_MOST_TICKS):
            begun = await self._begin_open_cases()
            started = time.monotonic()
            await self.environment.sleep(_TICK)
            if time.monotonic() - started < _STILL_BUSY and not begun:
                return
        raise TimeoutError("the virtual server does not come to rest")

    async def _begin_open_cases(self) -> int:
        async with self.databases.worker.transaction() as session:
            rows = await session.execute(
                select(CaseRecord.procedure, CaseRecord.case_id).where(
                    CaseRecord.closed_at.is_(None),
                    CaseRecord.procedure.in_(PROCEDURES),
                    CaseRecord.case_id.not_in(self.desk.begun),
                )
            )
            waiting = [(procedure, case_id) for procedure, case_id in rows]
        self.desk.begun |= {case_id for _, case_id in waiting}
        return await self.desk.running.start_all(waiting)

    # -- commands ---------------------------------------------------------------------------------------------

    async def _one(self, player: Player, command: Command) -> None:
        if player.problem is not None:
            return
        player.played.append(command)
        advance(player.world, await self.now())
        try:
            came = await self.desk.do(player, command)
            expected = apply(player.world, command)
            if came != expected:
                player.problem = f"{command}: expected {expected}, came {came}"
        except (
            AssertionError,
            LookupError,
            RPCError,
            TimeoutError,
            WorkflowUpdateRPCTimeoutOrCancelledError,
        ) as error:
            player.problem = f"{command}: {type(error).__name__} {error}"


@asynccontextmanager
async def random_house(
    databases: Databases, keys: KeyRing, start: datetime, people: Sequence[Start]
) -> AsyncIterator[RandomHouse]:
    """A house on a fresh virtual server whose clock is moved to `start`, with one player for each of these people."""
    async with await skipping_environment(keys) as environment:
        await ensure_search_attributes(environment.client)
        persons = [invented_person(number, lives) for number, (lives, _) in enumerate(people, 1)]
        await import_people(databases.loader, *persons)
        await add_contacts(databases.owner)
        gateway = Gateway(databases.worker, environment.get_current_time)
        parts = WorkerParts(
            database=databases.worker,
            client=environment.client,
            keys=keys,
            report_mailbox=InboxInMemory(),
            register=register_of(databases.worker),
        )
        await environment.sleep(start - await environment.get_current_time())
        await _open_run(databases, await environment.get_current_time())
        async with worker_of(parts, instead=[gateway.deliver], interceptors=[BeginFromTheRecord()]):
            now = await environment.get_current_time()
            players = []
            for number, (person, (lives, held)) in enumerate(zip(persons, people, strict=True), 1):
                if held:
                    await hold(databases.worker, person.ref, "/".join(held))
                players.append(Player(number, begin(lives, held, now), person))
            yield RandomHouse(environment, databases, gateway, players, Desk(environment, databases))


async def _open_run(databases: Databases, now: datetime) -> None:
    """The report run that every entry belongs to; its own case stands still."""
    async with databases.worker.transaction() as session:
        session.add(
            CaseRecord(
                case_id=f"R-{REPORT_RUN}", procedure=Procedure.INTAKE.value, edition="test", region="national",
                step="1.1", waiting_for="nobody", turn=0, state={}, opened_at=now,
            )
        )  # fmt: skip
        await session.flush()
        session.add(
            ReportRun(
                run_id=REPORT_RUN,
                friday=friday_of(now),
                case_id=f"R-{REPORT_RUN}",
                state="awaiting",
                opened_at=now,
            )
        )
        await session.flush()
        session.add(
            ReportMessage(
                message_key=REPORT_RUN, run_id=REPORT_RUN, received_at=now, content_digest="0", read=0, accepted=0,
                rejected=0, repeated=0, problem=None, unknown_columns=[], staged_at=now,
            )
        )  # fmt: skip
