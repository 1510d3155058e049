"""A house in which a story is told: on a real server now, or on virtual time; with a gateway and somebody who sorts mail."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import select
from temporalio.client import Client
from temporalio.testing import WorkflowEnvironment

from activities.received import Senders
from activities.returns import Returns
from activities.running_cases import RunningCases
from adapters.documents_by_key import DocumentsByKey
from adapters.keys import KeyRing
from models.base import Base
from models.tables.assessment import AssessmentVersion, Confirmation, PhoneCall
from models.tables.case import CaseNote, CaseRecord, Notice, Task
from models.tables.mail import Clock, SecureMessage
from tests.conftest import Databases
from tests.workflows.people import Person, import_people
from tests.workflows.running import InboxInMemory
from tests.workflows.skipping import virtual
from tests.workflows.stories import STORIES, Story
from tests.workflows.suitability import Office, office_in

_SENDERS = Senders(agencies=frozenset({"corrections.test"}), our_domain="placement.test")


@asynccontextmanager
async def house_of(
    story: Story, databases: Databases, server: WorkflowEnvironment, keys: KeyRing, **options: Any
) -> AsyncIterator[Office]:
    """Where this story can be told; `options` are the worker's."""
    if story.starts is None:
        async with house_for(databases, server, keys, *story.people, **options) as office:
            yield office
        return
    async with virtual(databases, keys, start=story.starts, **options) as found:
        await import_people(databases.loader, *story.people)
        yield Office(found.house, found.gateway, databases)


@asynccontextmanager
async def house_for(
    databases: Databases, server: WorkflowEnvironment, keys: KeyRing, *people: Person, **options: Any
) -> AsyncIterator[Office]:
    """A house for the stories of these people, on a real server."""
    with tempfile.TemporaryDirectory() as folder:
        sorting = _returns(databases, server.client, keys, Path(folder))
        also = [sorting.sort_return]
        async with office_in(databases, server, keys, *people, also=also, **options) as office:
            yield office


def _returns(databases: Databases, client: Client, keys: KeyRing, folder: Path) -> Returns:
    store = DocumentsByKey(folder, keys)
    return Returns(databases.worker, InboxInMemory(), store, RunningCases(client), _SENDERS)


@dataclass(frozen=True)
class Record:
    """What the record has of one case, without its ids and instants."""

    procedure: str
    outcome: str | None
    tasks: tuple[tuple[str, str], ...]
    notices: tuple[tuple[str, str], ...]
    mails: tuple[tuple[str, str], ...]
    counts: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class Told:
    """A story to its end: the ids of its runs, and the cases among them as recorded."""

    runs: tuple[str, ...]
    records: tuple[Record, ...]


async def tell(name: str, office: Office) -> Told:
    """Tell one story in a house that stands."""
    runs = await STORIES[name].tell(office)
    records = [await _record(office, run) for run in runs]
    return Told(tuple(runs), tuple(record for record in records if record))


async def tell_together(
    names: Sequence[str], office: Office, *, at_once: int = 6
) -> dict[str, Told | BaseException]:
    """Tell several in one house, a few at a time; what went wrong is the answer of its story."""
    gate = asyncio.Semaphore(at_once)

    async def one(name: str) -> Told:
        async with gate:
            return await tell(name, office)

    told = await asyncio.gather(*map(one, names), return_exceptions=True)
    return dict(zip(names, told, strict=True))


async def _record(office: Office, run: str) -> Record | None:
    async with office.databases.worker.transaction() as session:
        case = await session.get(CaseRecord, run)
        if case is None:
            return None

        async def rows(table: type[Base], *names: str) -> tuple[Any, ...]:
            of: Any = table
            found = await session.execute(
                select(*(getattr(of, name) for name in names)).where(of.case_id == run)
            )
            return tuple(sorted(tuple(row) for row in found))

        counted: tuple[type[Base], ...] = (AssessmentVersion, Confirmation, PhoneCall, CaseNote, Clock)
        return Record(
            case.procedure,
            case.outcome,
            await rows(Task, "kind", "state"),
            await rows(Notice, "role", "kind"),
            await rows(SecureMessage, "kind", "state"),
            tuple([(table.__tablename__, len(await rows(table, "case_id"))) for table in counted]),
        )
