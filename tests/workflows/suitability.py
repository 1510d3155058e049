"""A case of procedure 2 in tests: begun from the record as procedure 1 hands it over, and answered by an advisor."""

import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from temporalio.client import WorkflowQueryFailedError
from temporalio.testing import WorkflowEnvironment

from activities.running_cases import RunningCases
from adapters.keys import KeyRing
from models.database import Database
from models.tables.case import CaseRecord, Notice
from models.tables.mail import Clock, Document, PersonFile, PersonFileName, SecureMessage
from procedures import EDITION
from procedures.check_suitability_state import CheckSuitabilityState
from procedures.identify_state import LinkedPerson, RecordHeld
from procedures.report_week import nominal_friday
from procedures.tasks import By, CaseView
from procedures.terms import Occupancy, Procedure, RecordState
from tests.conftest import Databases
from tests.workflows.driving import Advisor
from tests.workflows.gateway import CONTACT, SEND_FACTS, Gateway, add_contacts
from tests.workflows.people import Person, hold, import_people
from tests.workflows.running import ADVISOR, House, eventually, running
from workers.embedded.postgres import EmbeddedPostgres

_numbers = count(1)
_cases = count(1)
D1_CUR = {"code": "D1", "status": "CUR"}
SUITABLE = {
    "suitability": "suitable",
    "comment": "None.",
    "completed_by": "Sam Contact, Harbourview",
    "completed_on": "2026-12-14",
}
NOT_SUITABLE = SUITABLE | {"suitability": "not_suitable"}
SUPPORT: dict[str, Any] = {
    "support": "Met Corrections about alternatives.",
    "options": ["contact_with_msd", "private_rental_or_boarding"],
    "person_happy": True,
    "household_happy": "yes",
    "corrections_supports": True,
    "transfer_application": True,
}


@dataclass
class Office:
    """A running house with a gateway that takes mail."""

    house: House
    gateway: Gateway
    databases: Databases

    async def begin(self, person: Person, *, code: str = "D1/CUR", held: bool = False) -> "Home":
        """The case that procedure 1 hands over for a person who holds this code, or is given it here."""
        number = f"A-{person.ref}"
        if not held:
            await hold(self.databases.worker, person.ref, code, said="CSO")
        state = CheckSuitabilityState(
            case_id=f"C{next(_cases):09d}-S1",
            procedure=Procedure.CHECK_SUITABILITY,
            edition=EDITION,
            region="harbourview",
            step="2.1",
            entry_id=f"entry-{person.ref}",
            friday=nominal_friday(await self.house.now()),
            person=LinkedPerson(
                primary=person.ref,
                records=(
                    RecordHeld(
                        person_ref=person.ref,
                        number=number,
                        code=code.partition("/")[0],
                        status=code.partition("/")[2],
                        version=1,
                    ),
                ),
                record_state=RecordState.LIVE,
                occupancy=Occupancy(person.occupancy),
                property_ref=person.home or None,
                region="harbourview",
            ),
        )
        await self.record(state)
        await RunningCases(self.house.client).start("check_suitability", state.case_id)
        return Home(self, state.case_id, person)

    async def copy(self, walked: "Home", person: Person) -> "Home":
        """Another person's case at the very point where a walked one stands, gone on with from the record alone."""
        await hold(self.databases.worker, person.ref, "D1/CUR", said="CSO")
        case_id = f"C{next(_cases):09d}-S1"

        def renamed(text: str) -> str:
            return text.replace(walked.case_id, case_id).replace(walked.person.ref, person.ref)

        held = await self.house.case(walked.case_id)
        await self.record(CheckSuitabilityState.model_validate_json(renamed(json.dumps(held.state))))
        async with self.databases.worker.transaction() as session:
            for table, names in (
                (Clock, ("clock_id", "case_id")),
                (Document, ("document_id", "case_id")),
                (SecureMessage, ("mail_id", "case_id", "business_key", "reference", "message_id")),
            ):
                rows = await session.scalars(select(table).where(table.case_id == walked.case_id))
                for row in rows.all():
                    columns = {c.key: getattr(row, c.key) for c in table.__table__.columns}
                    session.add(table(**columns | {name: renamed(columns[name]) for name in names}))
        await RunningCases(self.house.client).start("check_suitability", case_id)
        await eventually(lambda: self._ready(case_id), "the case was not read from the record")
        return Home(self, case_id, person)

    async def _ready(self, case_id: str) -> bool | None:
        try:
            return bool(await self.house.view(case_id))
        except WorkflowQueryFailedError:
            return None

    async def record(self, state: CheckSuitabilityState) -> None:
        """The row of a case, as a hand-over writes it, or as it stands later."""
        async with self.databases.worker.transaction() as session:
            session.add(
                CaseRecord(
                    case_id=state.case_id,
                    procedure=state.procedure.value,
                    edition=state.edition,
                    region=state.region,
                    person_ref=state.person.primary,
                    step=state.step,
                    waiting_for="nobody",
                    turn=state.turn,
                    state=state.model_dump(mode="json"),
                    opened_at=await self.house.now(),
                )
            )

    async def report(self, person: Person, group: str = "New CSO") -> Advisor:
        """Another report of this Friday names the person; an advisor for its case."""
        self.house.inbox.deliver(person.row(group))
        await self.house.open_friday()
        await self.house.look_again()
        case_id = await self.house.case_of(person.surname)
        return Advisor(self.house, case_id, person, group=group)

    async def cases_of(self, person: Person, procedure: str) -> list[CaseRecord]:
        """The person's cases of a procedure, oldest first."""
        async with self.databases.worker.transaction() as session:
            return list(
                await session.scalars(
                    select(CaseRecord)
                    .where(CaseRecord.person_ref == person.ref, CaseRecord.procedure == procedure)
                    .order_by(CaseRecord.opened_at)
                )
            )

    async def follower(self, parent: str, procedure: str) -> CaseRecord:
        """The case of this procedure that a case has opened."""

        async def look() -> CaseRecord | None:
            async with self.databases.worker.transaction() as session:
                return await session.scalar(
                    select(CaseRecord).where(
                        CaseRecord.parent_case_id == parent, CaseRecord.procedure == procedure
                    )
                )

        return await eventually(look, f"no case of {procedure}")


@dataclass
class Home:
    """One case of procedure 2 and the advisor in it."""

    office: Office
    case_id: str
    person: Person
    returns: int = field(default=0)

    @property
    def house(self) -> House:
        """The house it runs in."""
        return self.office.house

    async def answer(
        self, kind: str, answer: Mapping[str, Any], facts: Mapping[str, Any] | None = None, by: By = ADVISOR
    ) -> CaseView:
        """Answer the open task of this kind."""
        return await self.house.answer(self.case_id, kind, dict(answer), facts=dict(facts or {}), by=by)

    async def change(self, kind: str, change: Mapping[str, Any]) -> CaseView:
        """Report a change."""
        return await self.house.change(self.case_id, kind, dict(change))

    def forms(self, **changed: Any) -> dict[str, Any]:
        """An answer that sends both forms."""
        return (
            dict(CONTACT)
            | {
                "occupancy": self.person.occupancy,
                "answers": {"lives_there": True, "household": "nobody else"},
                "comment": "Lives there since last winter.",
            }
            | changed
        )

    def send_facts(self, **changed: Any) -> dict[str, Any]:
        """What directory, guard, assessment and register say."""
        return dict(SEND_FACTS) | D1_CUR | {"occupancy": self.person.occupancy} | changed

    async def send(self) -> None:
        """2.1, and wait until the clock runs."""
        await self.answer("send_t439", self.forms(), self.send_facts())
        await eventually(self.clock, "no clock was set")

    async def tell(self, what: dict[str, Any]) -> None:
        """A machine brings something."""
        assert await RunningCases(self.house.client).tell(self.case_id, what)

    async def clock(self) -> Any:
        """The clock that runs, or None."""
        return (await self.house.case(self.case_id)).state["exchange"]["clock"]

    async def bring_back(self, *, filed: bool = True) -> str:
        """The mailbox brings a form back; its document is stored. Returns its id."""
        self.returns += 1
        document_id = f"{self.case_id}-in-{self.returns}"
        async with self.office.databases.worker.transaction() as session:
            session.add(
                Document(
                    document_id=document_id,
                    case_id=self.case_id,
                    file_id=await _file(session, self.person, await self.house.now()) if filed else None,
                    form="T-439",
                    direction="in",
                    media_type="application/pdf",
                    storage_reference="kept",
                    digest="0",
                    missing=[],
                    stored_at=await self.house.now(),
                    stored_by="system",
                )
            )
        what = {
            "returned": f"r-{document_id}",
            "documents": [document_id],
            "received_at": (await self.house.now()).isoformat(),
        }
        assert await RunningCases(self.house.client).tell(self.case_id, what)
        return document_id

    async def corrections_says(self, returned: Mapping[str, Any] = SUITABLE) -> CaseView:
        """2.2: the completed form comes back and is read."""
        await self.bring_back()
        return await self.answer("review_return", {"verdict": "complete", "returned": dict(returned)})

    async def support(self, lives_alone: bool = False, **changed: Any) -> CaseView:
        """2.3.b."""
        return await self.answer("support_move", SUPPORT | changed, {"lives_alone": lives_alone})

    async def outcome(self, said: str = "suitable", **changed: Any) -> CaseView:
        """2.4."""
        answer = {"answers": {"corrections_answer": said}, "comment": "As Corrections wrote."}
        return await self.answer("location_outcome", answer | changed, D1_CUR)

    async def notices(self) -> list[str]:
        """Kinds of the notices given, in order."""
        async with self.office.databases.worker.transaction() as session:
            found = await session.scalars(
                select(Notice).where(Notice.case_id == self.case_id).order_by(Notice.at, Notice.notice_id)
            )
            return [notice.kind for notice in found]

    async def mails(self) -> list[SecureMessage]:
        """The outbox rows of the case, in order."""
        async with self.office.databases.worker.transaction() as session:
            found = await session.scalars(
                select(SecureMessage)
                .where(SecureMessage.case_id == self.case_id)
                .order_by(SecureMessage.created_at, SecureMessage.mail_id)
            )
            return list(found)


async def send_t442(home: Home, **changed: Any) -> CaseView:
    """Send the T-442 of a duty."""
    return await home.answer("send_t442", dict(CONTACT) | changed, SEND_FACTS)


async def give_a_file(office: Office, person: Person) -> None:
    """The green file that procedure 1 made."""
    async with office.databases.worker.transaction() as session:
        await _file(session, person, await office.house.now())


async def _file(session: AsyncSession, person: Person, at: datetime) -> str:
    held = await session.get(PersonFileName, person.ref)
    if held:
        return held.file_id
    file_id = f"F-{person.ref}"
    session.add(
        PersonFile(file_id=file_id, title=b"-", characteristics={}, created_at=at, created_by="system")
    )
    await session.flush()
    session.add(PersonFileName(person_ref=person.ref, file_id=file_id))
    return file_id


@asynccontextmanager
async def shared_office(
    cluster: EmbeddedPostgres,
    template: str,
    server: WorkflowEnvironment,
    keys: KeyRing,
    *people: Person,
) -> AsyncIterator[Office]:
    """One office for the tests of a module, on a database of its own."""
    name = f"office_{next(_numbers)}"
    cluster.create_database(name, template)
    roles = ("owner", "api", "worker", "loader", "auditor")
    opened = Databases(name, *(Database(cluster.url(role, name), pool_size=4) for role in roles))
    try:
        async with office_in(opened, server, keys, *people) as office:
            yield office
    finally:
        await opened.close()
        cluster.drop_database(name)


@asynccontextmanager
async def office_in(
    databases: Databases,
    server: WorkflowEnvironment,
    keys: KeyRing,
    *people: Person,
    also: Sequence[Callable[..., Any]] = (),
    **options: Any,
) -> AsyncIterator[Office]:
    """A running house with these people on the register, contacts, a gateway, and `also` these activities."""
    await import_people(databases.loader, *people)
    await add_contacts(databases.owner)
    gateway = Gateway(databases.worker, server.get_current_time)
    async with running(databases, server, keys, instead=[gateway.deliver, *also], **options) as house:
        yield Office(house, gateway, databases)
