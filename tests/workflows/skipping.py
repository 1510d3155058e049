"""Cases on virtual time: a server whose clock jumps, one entry of the report, and no Friday run beside it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from temporalio.testing import WorkflowEnvironment

from activities.running_cases import RunningCases
from activities.staging import stage_report
from adapters.keys import KeyRing
from adapters.search_attributes import ensure_search_attributes
from models.tables.case import CaseRecord
from models.tables.report import ReportRun
from procedures.local_time import local_date
from procedures.report_week import nominal_friday
from procedures.tasks import SYSTEM
from tests.conftest import Databases
from tests.workflows.gateway import CONTACT, SEND_FACTS, Gateway, add_contacts
from tests.workflows.people import import_people
from tests.workflows.running import (
    HEADINGS,
    SEARCHED,
    House,
    InboxInMemory,
    a_call,
    eventually,
    skipping_environment,
)
from workers.wiring import WorkerParts, register_of, worker_of

LIVE_ROW = "New CSO,Sample,Lee,1975-05-06,M,2 Made Up Road,,Faketown,0001,current,CR9,Harbourview"


@dataclass
class Virtual:
    """A house on virtual time."""

    house: House
    environment: WorkflowEnvironment
    gateway: Gateway
    databases: Databases

    async def now(self) -> datetime:
        """The virtual instant."""
        return await self.environment.get_current_time()

    async def until(self, instant: datetime) -> None:
        """Let time pass to this instant; timers on the way fire."""
        left = instant - await self.now()
        if left > timedelta(0):
            await self.environment.sleep(left)

    async def case(self, row: str = LIVE_ROW) -> str:
        """A case of procedure 1 for one report row, started without a Friday run."""
        now = await self.now()
        friday = nominal_friday(now)
        async with self.databases.owner.transaction() as session:
            session.add(_run_case(friday, now))
            await session.flush()
            run = ReportRun(
                run_id=friday.isoformat(),
                friday=friday,
                case_id=f"R-{friday}",
                state="awaiting",
                opened_at=now,
            )
            session.add(run)
            await session.flush()
            await stage_report(
                session,
                run=run,
                key=f"message-{friday}",
                received_at=now,
                content=f"{HEADINGS}\n{row}\n".encode(),
                today=local_date(now),
                at=now,
                by=SYSTEM,
            )
        case_id = await self.house.case_of(row.split(",")[1])
        await RunningCases(self.house.client).start("identify", case_id)
        return case_id

    async def case_with_t441(self) -> str:
        """A live person's case whose T-441 the gateway has just taken."""
        case_id = await self.case_before_t441()
        await self.send(case_id)
        return case_id

    async def case_before_t441(
        self, row: str = LIVE_ROW, ref: str = "P-LIVE", occupancy: str = "tenant"
    ) -> str:
        """A live person's case in which the T-441 can be sent now."""
        case_id = await self.case(row)
        answer = self.house.answer
        await answer(
            case_id,
            "match_entry",
            {"outcome": "potential_match", "person_ref": ref, "note": "same person"},
            facts=SEARCHED,
        )
        await answer(case_id, "first_question", {"answers": {"reported_status": "CSO"}})
        live = {"record_state": "live", "occupancy": occupancy}
        await answer(case_id, "live_record", {"live": True, "evidence": occupancy}, facts=live)
        await answer(case_id, "phone_corrections", a_call(await self.now()))
        before = {"relation_to_home": "lives in one of our homes", "identity_checked": True}
        await answer(case_id, "before_t441_questions", {"answers": before})
        return case_id

    async def send(self, case_id: str) -> None:
        """Send the T-441 and wait until its clock is set."""
        sent = len(self.gateway.sent)
        await self.house.answer(case_id, "send_t441", dict(CONTACT), facts=SEND_FACTS)
        await eventually(lambda: self._taken(sent), "the gateway took nothing")
        await eventually(lambda: self._clock(case_id), "no clock was set")

    async def _taken(self, before: int) -> bool | None:
        return True if len(self.gateway.sent) > before else None

    async def _clock(self, case_id: str) -> Any:
        state = (await self.house.case(case_id)).state
        return state["exchange"]["clock"]

    async def returned(self, case_id: str, received_id: str = "in-1") -> None:
        """The mailbox brings the form back."""
        what = {"returned": received_id, "documents": [], "received_at": (await self.now()).isoformat()}
        assert await RunningCases(self.house.client).tell(case_id, what)


def _run_case(friday: date, now: datetime) -> CaseRecord:
    return CaseRecord(
        case_id=f"R-{friday}",
        procedure="intake",
        edition="test",
        region="national",
        step="1.1",
        waiting_for="nobody",
        turn=0,
        state={},
        opened_at=now,
    )


@asynccontextmanager
async def virtual(
    databases: Databases,
    keys: KeyRing,
    *,
    start: datetime | None = None,
    calendar: str = "nz-national",
    **options: Any,
) -> AsyncIterator[Virtual]:
    """A fresh virtual server, its clock moved to `start` (later than today), with people and contacts."""
    async with await skipping_environment(keys) as environment:
        await ensure_search_attributes(environment.client)
        await import_people(databases.loader)
        await add_contacts(databases.owner, calendar)
        gateway = Gateway(databases.worker, environment.get_current_time)
        inbox = InboxInMemory(date(2026, 11, 27))
        parts = WorkerParts(
            database=databases.worker,
            client=environment.client,
            keys=keys,
            report_mailbox=inbox,
            register=register_of(databases.worker),
        )
        if start:
            await environment.sleep(start - await environment.get_current_time())
        async with worker_of(parts, instead=[gateway.deliver], **options):
            house = House(
                environment.client,
                databases.worker,
                inbox,
                keys,
                environment,
                databases.loader,
            )
            yield Virtual(house, environment, gateway, databases)


def local_noon(day: date) -> datetime:
    """About noon in New Zealand on this day, as UTC."""
    return datetime(day.year, day.month, day.day, 0, 0, tzinfo=UTC)
