"""The running system of a rehearsal: the record, a server whose clock jumps, the worker and the API's answering."""

import shutil
import sysconfig
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

from sqlalchemy import func, select
from temporalio.runtime import LoggingConfig, Runtime, TelemetryConfig, TelemetryFilter
from temporalio.service import RPCError
from temporalio.testing import WorkflowEnvironment

from activities.deadlines import Deadlines
from activities.duties import due_reviews
from activities.register_watch import register_changed
from activities.returns import Returns
from activities.running_cases import RunningCases
from adapters.identity import Actor
from adapters.keys import load_keys
from adapters.search_attributes import ensure_search_attributes
from adapters.settings import read_settings
from adapters.temporal import data_converter
from api.resources import Resources
from api.signed_in import Caller
from models.database import Database
from models.tables.case import CaseRecord
from models.tables.duty import MoveWatch
from procedures.local_time import local_date, say_instant
from procedures.terms import Procedure, Role
from procedures.visibility import EVERY_REGION
from workers.embedded import cast
from workers.embedded.seeding import load_people, load_register
from workers.processes import StackError
from workers.rehearsal.gateway import MailboxInMemory, VirtualGateway
from workers.rehearsal.handing_over import BeginFromTheRecord
from workers.wiring import api_resources, register_of, returns_of, worker_of, worker_parts

_NAMESPACE = "default"
_TICK = timedelta(seconds=1)
_STILL_BUSY = 0.9
"""Real seconds: the server jumps over a virtual second at once, unless something is still under way."""
_MOST_TICKS = 120


@dataclass(frozen=True)
class Record:
    """A migrated, empty database under the roles that a rehearsal needs."""

    owner: Database
    api: Database
    worker: Database
    loader: Database

    async def close(self) -> None:
        """Give back every connection."""
        for database in (self.owner, self.api, self.worker, self.loader):
            await database.close()


class StartsTooEarly(Exception):
    """The virtual clock begins at the present and only goes forward."""

    def __init__(self, present: datetime) -> None:
        super().__init__(f"the virtual clock only goes forward: start later than {say_instant(present)}")


class ClockStandsStill(StackError):
    """The virtual server is still at work after a long time."""


@dataclass
class House:
    """What the story is played in."""

    record: Record
    environment: WorkflowEnvironment
    gateway: VirtualGateway
    resources: Resources
    returns: Returns
    now: datetime
    """The virtual instant (UTC) as last seen."""
    register_lines: tuple[str, ...] = ()
    """Further people on the register, as lines of its file."""
    _register_as_of: datetime | None = None
    _begun: frozenset[str] = frozenset()
    _read: int = 0
    """Messages of the return mailbox that have been read."""

    @property
    def cases(self) -> RunningCases:
        """The running cases, to start and to tell."""
        return RunningCases(self.environment.client)

    def caller(self, role: Role) -> Caller:
        """The member of the cast's staff with this role, signed in."""
        person = next(one for one in cast.staff() if one.role is role)
        actor = Actor(person.subject, person.name, frozenset({role}), frozenset({EVERY_REGION}))
        return Caller(actor, self.resources)

    async def settle(self) -> None:
        """Wait until nothing is under way; a virtual second or two pass. Raises ClockStandsStill."""
        for _ in range(_MOST_TICKS):
            begun = await self._begin_open_cases() or await self._read_returns()
            started = time.monotonic()
            await self._sleep(_TICK)
            if time.monotonic() - started < _STILL_BUSY and not begun:
                break
        else:
            raise ClockStandsStill("the virtual server does not come to rest: run the rehearsal again")
        self.now = await self.environment.get_current_time()

    async def until(self, instant: datetime) -> None:
        """Let time pass to this instant (UTC); what becomes due on the way happens, and what is due then too."""
        while (review := await self._next_review()) and self.now < review < instant:
            await self._pass_to(review)
            await due_reviews(self.record.worker, self.cases, self.resources.deadlines, self.now)
        await self._pass_to(instant)

    async def _pass_to(self, instant: datetime) -> None:
        left = instant - await self.environment.get_current_time()
        if left > timedelta(0):
            await self._sleep(left)
        await self.settle()

    async def _sleep(self, span: timedelta) -> None:
        try:
            await self.environment.sleep(span)
        except RPCError:
            raise ClockStandsStill(
                "the virtual clock stands still: something is tried again and again"
            ) from None

    async def _next_review(self) -> datetime | None:
        """When the sweep over homes that are not suitable has something to do next (UTC)."""
        async with self.record.worker.transaction() as session:
            review: datetime | None = await session.scalar(
                select(func.min(MoveWatch.next_review_at)).where(MoveWatch.ended_at.is_(None))
            )
            return review

    async def bring_register_up_to_date(self, *, again: bool = False) -> None:
        """The daily import: once a day, and whenever somebody on it has changed."""
        as_of = self._register_as_of
        if again or as_of is None or local_date(as_of) != local_date(self.now):
            await load_register(self.record.loader, lambda: self.now, self.register_lines)
            self._register_as_of = self.now
            await register_changed(self.record.worker, self.cases, self.now)

    async def _read_returns(self) -> bool:
        """What the worker does every few seconds: look for returned mail. True when there was some."""
        held = len(self.gateway.returns.held)
        if held == self._read:
            return False
        self._read = held
        await self.returns.take_new(await self.environment.get_current_time())
        return True

    async def _begin_open_cases(self) -> bool:
        async with self.record.worker.transaction() as session:
            rows = await session.execute(
                select(CaseRecord.procedure, CaseRecord.case_id).where(
                    CaseRecord.closed_at.is_(None),
                    CaseRecord.procedure != Procedure.INTAKE.value,
                    CaseRecord.case_id.not_in(self._begun),
                )
            )
            waiting = [(procedure, case_id) for procedure, case_id in rows]
        self._begun |= {case_id for _, case_id in waiting}
        return bool(await self.cases.start_all(waiting))


@asynccontextmanager
async def rehearsing(record: Record, start: datetime) -> AsyncIterator[House]:
    """A house on this record whose clock is moved to `start` (UTC). Raises StartsTooEarly when that lies in the past.

    It is the wiring of the worker and the API as everywhere; only the gateway, the mailboxes and the server's clock are
    others, and a case that follows is begun from its row.
    """
    folder = Path(tempfile.mkdtemp(prefix="placement-rehearsal-"))
    try:
        async with _running(record, start, folder) as house:
            yield house
    finally:
        shutil.rmtree(folder)


@asynccontextmanager
async def _running(record: Record, start: datetime, folder: Path) -> AsyncIterator[House]:
    settings = read_settings({"PLACEMENT_HOME": str(folder)})
    keys = load_keys(settings)
    async with AsyncExitStack() as stack:
        environment = await stack.enter_async_context(
            await WorkflowEnvironment.start_time_skipping(
                test_server_existing_path=str(_test_server()),
                data_converter=data_converter(keys, _NAMESPACE),
                runtime=_runtime(),
            )
        )
        await ensure_search_attributes(environment.client)
        present = await environment.get_current_time()
        if start < present:
            raise StartsTooEarly(present)
        domains = settings.mail.domains | {settings.mail.agency_domain}
        gateway = VirtualGateway(domains, environment.get_current_time)
        parts = worker_parts(settings, keys, record.worker, environment.client)
        assert parts.post is not None
        post = replace(parts.post, secure_mail=gateway, returns=gateway.returns)
        parts = replace(parts, report_mailbox=MailboxInMemory(), post=post)
        made: list[House] = []
        resources = replace(
            await stack.enter_async_context(api_resources(settings)),
            database=record.api,
            temporal=environment.client,
            register=register_of(record.api),
            clock=lambda: made[0].now,
            deadlines=Deadlines(record.api),
            documents=post.documents,
            patience=60.0,
        )
        house = House(record, environment, gateway, resources, returns_of(parts, post), start)
        made.append(house)
        await load_people(record.worker)
        await stack.enter_async_context(
            worker_of(parts, build_id="rehearsal", interceptors=[BeginFromTheRecord()])
        )
        await environment.sleep(start - await environment.get_current_time())
        yield house


@cache
def _runtime() -> Runtime:
    """The virtual server lacks abilities that the core warns of at every start; none of them is needed here."""
    quiet = LoggingConfig(filter=TelemetryFilter(core_level="ERROR", other_level="ERROR"))
    return Runtime(telemetry=TelemetryConfig(logging=quiet))


def _test_server() -> Path:
    binary = Path(sysconfig.get_path("scripts")) / "temporal-test-server"
    if not binary.exists():
        raise StackError("The virtual Temporal server is not installed: install this package again")
    return binary
