"""Random sequences against the real workflows: many people in one house on virtual time, each compared with its model."""

import asyncio
import time
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import insert, select
from temporalio.client import WorkflowUpdateFailedError, WorkflowUpdateRPCTimeoutOrCancelledError
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode
from temporalio.testing import WorkflowEnvironment

from activities.running_cases import RunningCases
from activities.staging import identify_case
from activities.void_matches import NewMatch, enter_match
from adapters.keys import KeyRing
from adapters.search_attributes import ensure_search_attributes
from models.tables.assessment import Assessment
from models.tables.case import CaseRecord, Task
from models.tables.mail import Document, PersonFile, PersonFileName, SecureMessage
from models.tables.placement import VoidProperty
from models.tables.report import ReportEntry, ReportMessage, ReportRun
from procedures.tasks import AnswerTask, ReportChange
from procedures.terms import Procedure, ReportGroup
from tests.conftest import Databases
from tests.reference.bodies import answer_body, change_body
from tests.reference.commands import TAKEN, Command, advance, apply, begin, soon_due
from tests.reference.days import day_of, friday_of
from tests.reference.world import CLOSED, World
from tests.workflows.gateway import Gateway, add_contacts
from tests.workflows.people import Person, hold, import_people
from tests.workflows.placement import COORDINATOR
from tests.workflows.running import ADVISOR, InboxInMemory, skipping_environment
from workers.rehearsal.handing_over import BeginFromTheRecord
from workers.wiring import WorkerParts, register_of, worker_of

PROCEDURES = {
    "identify": "I",
    "check_suitability": "S",
    "match_void": "V",
    "offer": "O",
    "disclose_change": "D",
}
_TICK = timedelta(seconds=1)
_STILL_BUSY = 0.9
"""Real seconds: the server jumps over a virtual second at once, unless something is still under way."""
_MOST_TICKS = 120
_BORDER = timedelta(minutes=2)
"""Nothing is compared so shortly before something becomes due: clocks of house and model differ by moments."""
_RUN = "sequences"
Start = tuple[str, tuple[str, str] | None]
"""How the person lives, and the code and status of an earlier year."""


class Difference(Exception):
    """House and model do not agree."""


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


@dataclass
class Seen:
    """What the record says of everybody."""

    cases: list[CaseRecord]
    tasks: dict[str, list[Task]]
    codes: dict[str, str]
    mails: dict[str, list[str]]


@dataclass
class RandomHouse:
    """The running system, shared by its players."""

    environment: WorkflowEnvironment
    databases: Databases
    gateway: Gateway
    players: list[Player]
    _begun: set[str] = field(default_factory=set)

    @property
    def running(self) -> RunningCases:
        """The running cases, to start and to tell."""
        return RunningCases(self.environment.client)

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
        seen = await self._look()
        for player in self.able():
            advance(player.world, now)
            player.problem = self._difference(player, seen)

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
                    CaseRecord.case_id.not_in(self._begun),
                )
            )
            waiting = [(procedure, case_id) for procedure, case_id in rows]
        self._begun |= {case_id for _, case_id in waiting}
        return await self.running.start_all(waiting)

    # -- commands ---------------------------------------------------------------------------------------------

    async def _one(self, player: Player, command: Command) -> None:
        if player.problem is not None:
            return
        player.played.append(command)
        advance(player.world, await self.now())
        try:
            came = await self._do(player, command)
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

    async def _do(self, player: Player, command: Command) -> str:
        """Send it as the API and the machines do; the model is asked afterwards."""
        case_id = player.ids.get(command.case)
        match command.do:
            case "report":
                return await self._report(player, command.how)
            case "match":
                return await self._match(player)
            case "wait":
                return TAKEN
            case _ if case_id is None:
                return CLOSED
            case "answer" | "twice":
                return await self._answer(player, case_id, command)
            case "late":
                held = player.last_answer.get(command.case)
                late = (
                    held.model_copy(update={"command_id": _new_id()}) if held else self._to_nothing(case_id)
                )
                return await self._update(case_id, "answer", late)
            case "change":
                return await self._change(player, case_id, command)
            case "returned":
                return await self._returned(player, case_id, form=command.how == "form")
            case "bounced":
                return await self._tell(case_id, {"bounced": await self._last_mail(case_id)})
            case other:
                raise LookupError(other)

    async def _report(self, player: Player, group: str) -> str:
        now = await self.now()
        name = ReportGroup.NEW_CSO if group == "CSO" else ReportGroup.EXIT_NSO
        number = f"{player.number}-{len(player.reported) + 1}"
        case_id, entry_id = f"C{player.number:04d}{len(player.reported) + 1:05d}", f"entry-{number}"
        person = player.person
        async with self.databases.worker.transaction() as session:
            await session.execute(
                insert(ReportEntry).values(
                    entry_id=entry_id, run_id=_RUN, message_key=_RUN, row_number=player.number, state="accepted",
                    group=name.value, surname=person.surname, given_names=person.given, date_of_birth=person.born,
                    address=person.address, town="Faketown", errors=[], notes=[], case_id=case_id,
                    region="harbourview",
                )
            )  # fmt: skip
            await session.execute(
                insert(CaseRecord).values(
                    identify_case(case_id, entry_id, name, friday_of(now), False, "harbourview", now)
                )
            )
        player.reported.append(case_id)
        return TAKEN

    async def _match(self, player: Player) -> str:
        now = await self.now()
        player.properties += 1
        property_ref = f"V-{player.number}-{player.properties}"
        async with self.databases.owner.transaction() as session:
            session.add(
                VoidProperty(
                    property_ref=property_ref, address=f"{property_ref} Empty Street", area_office="Harbourview",
                    region="harbourview", state="void", notes="Two streets from the shops.", as_of=now,
                )
            )  # fmt: skip
        match = NewMatch(
            person_ref=player.person.ref,
            property_ref=property_ref,
            match_date=day_of(now),
            t365_reference="T365-1",
            t365_details="Household of one.",
        )
        entered = await enter_match(self.databases.api, self.running, match, by=COORDINATOR, at=now)
        self._begun |= set(entered.cases)
        return TAKEN

    async def _answer(self, player: Player, case_id: str, command: Command) -> str:
        case = player.world.cases[command.case]
        task_id = await self._oldest(case_id, command.kind)
        if task_id is None:
            return await self._update(case_id, "answer", self._to_nothing(case_id))
        refs = {"person": player.person.ref}
        if command.kind == "record_part_b":
            refs["scan"] = await self._document(player, case_id, "T-438")
        body, facts = answer_body(player.world, case, command.kind, command.how, refs)
        answer = AnswerTask(command_id=_new_id(), task_id=task_id, by=ADVISOR, answer=body, facts=facts)
        if command.do == "twice":
            return await self._twice(case_id, answer)
        came = await self._update(case_id, "answer", answer)
        if came == TAKEN:
            player.last_answer[command.case] = answer
        return came

    async def _twice(self, case_id: str, answer: AnswerTask) -> str:
        """Two people at once: the first wins, the other is told; what is refused is refused to both."""
        other = answer.model_copy(update={"command_id": _new_id()})
        came = await asyncio.gather(*(self._update(case_id, "answer", one) for one in (answer, other)))
        if TAKEN in came:
            assert sorted(came) == sorted((TAKEN, CLOSED)), came
            return TAKEN
        assert came[0] == came[1], came
        return came[0]

    @staticmethod
    def _to_nothing(case_id: str) -> AnswerTask:
        return AnswerTask(command_id=_new_id(), task_id=f"{case_id}-9999", by=ADVISOR, answer={})

    async def _oldest(self, case_id: str, kind: str) -> str | None:
        async with self.databases.worker.transaction() as session:
            found = await session.scalars(
                select(Task.task_id).where(Task.case_id == case_id, Task.kind == kind, Task.state == "open")
            )
            return min(found, key=lambda task_id: int(task_id.rsplit("-", 1)[-1]), default=None)

    async def _change(self, player: Player, case_id: str, command: Command) -> str:
        case = player.world.cases[command.case]
        mail = f"{case_id}-{case.x.cycle}" if case.x.out else None
        body, facts = change_body(player.world, case, command.kind, command.how, mail)
        report = ReportChange(command_id=_new_id(), by=ADVISOR, kind=command.kind, change=body, facts=facts)
        return await self._update(case_id, "change", report)

    async def _returned(self, player: Player, case_id: str, *, form: bool) -> str:
        number = player.world.returns + 1
        documents = []
        if form and self._name(player, case_id).startswith("S"):
            documents = [await self._document(player, case_id, "T-439", f"in-{number}")]
        return await self._tell(
            case_id,
            {
                "returned": f"r{number}",
                "documents": documents,
                "received_at": (await self.now()).isoformat(),
            },
        )

    @staticmethod
    def _name(player: Player, case_id: str) -> str:
        return next(name for name, known in player.ids.items() if known == case_id)

    async def _document(self, player: Player, case_id: str, form: str, name: str = "scan") -> str:
        """Something received, stored in the person's file."""
        document_id, file_id, now = f"{case_id}-{name}", f"F-{player.person.ref}", await self.now()
        async with self.databases.worker.transaction() as session:
            held = await session.get(PersonFileName, player.person.ref)
            if held is None:
                session.add(
                    PersonFile(
                        file_id=file_id, title=b"-", characteristics={}, created_at=now, created_by="system"
                    )
                )
                await session.flush()
                session.add(PersonFileName(person_ref=player.person.ref, file_id=file_id))
            if await session.get(Document, document_id) is None:
                session.add(
                    Document(
                        document_id=document_id, case_id=case_id, file_id=held.file_id if held else file_id,
                        form=form, direction="in", media_type="application/pdf", storage_reference="kept",
                        digest="0", missing=[], stored_at=now, stored_by="system",
                    )
                )  # fmt: skip
        return document_id

    async def _last_mail(self, case_id: str) -> str | None:
        """The form or letter that the gateway took last."""
        async with self.databases.worker.transaction() as session:
            mail_id: str | None = await session.scalar(
                select(SecureMessage.mail_id)
                .where(
                    SecureMessage.case_id == case_id,
                    SecureMessage.accepted_at.is_not(None),
                    SecureMessage.kind.not_like("%incomplete"),
                )
                .order_by(SecureMessage.accepted_at.desc())
                .limit(1)
            )
        return mail_id

    async def _tell(self, case_id: str, what: dict[str, Any]) -> str:
        return TAKEN if await self.running.tell(case_id, what) else CLOSED

    async def _update(self, case_id: str, name: str, message: AnswerTask | ReportChange) -> str:
        handle = self.environment.client.get_workflow_handle(case_id)
        try:
            async with asyncio.timeout(60):
                await handle.execute_update(name, message, id=message.command_id)
        except WorkflowUpdateFailedError as failed:
            return _said(failed.cause)
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return CLOSED
            raise
        return TAKEN

    # -- what the record shows --------------------------------------------------------------------------------

    async def _look(self) -> Seen:
        async with self.databases.worker.transaction() as session:
            cases = (
                await session.scalars(select(CaseRecord).order_by(CaseRecord.opened_at, CaseRecord.case_id))
            ).all()
            tasks: dict[str, list[Task]] = {}
            for task in await session.scalars(select(Task).where(Task.state == "open")):
                tasks.setdefault(task.case_id, []).append(task)
            codes: dict[str, str] = {}
            for row in await session.scalars(select(Assessment).order_by(Assessment.opened_at)):
                if not codes.get(row.person_ref, "/CLO").endswith(("/PEN", "/CUR")):
                    codes[row.person_ref] = f"{row.code}/{row.status}"
            mails: dict[str, list[str]] = {}
            for mail in await session.scalars(
                select(SecureMessage).where(SecureMessage.accepted_at.is_not(None))
            ):
                mails.setdefault(mail.case_id, []).append(mail.kind)
        return Seen(list(cases), tasks, codes, mails)

    def _difference(self, player: Player, seen: Seen) -> str | None:
        """The first thing that is not as the model has it."""
        if player.problem:
            return player.problem
        if problem := self._name_cases(player, seen):
            return problem
        world, code = player.world, seen.codes.get(player.person.ref)
        expected = "/".join(world.held) if world.held else None
        if code != expected:
            return f"the code is {code}, expected {expected}"
        by_id = {case.case_id: case for case in seen.cases}
        for name, case in world.cases.items():
            row = by_id[player.ids[name]]
            shown = (
                row.outcome,
                sorted(t.kind for t in seen.tasks.get(row.case_id, ())),
                sorted(seen.mails.get(row.case_id, [])),
            )
            wanted = (
                case.outcome,
                sorted(t.kind for t in case.tasks),
                # In any order: two of one turn go to the gateway side by side; all are compared after each command.
                sorted(k for n, k in world.mails if n == name),
            )
            if (
                shown != wanted
                or (row.closed_at is None) is not (case.outcome is None)
                or row.step != case.step
            ):
                return f"{name}: step {row.step}, {shown}; expected step {case.step}, {wanted}"
        return None

    def _name_cases(self, player: Player, seen: Seen) -> str | None:
        found: dict[str, list[str]] = {}
        for row in seen.cases:
            if row.procedure in PROCEDURES and (
                row.case_id in player.reported or row.person_ref == player.person.ref
            ):
                found.setdefault(PROCEDURES[row.procedure], []).append(row.case_id)
        for letter in PROCEDURES.values():
            ids = [case_id for case_id in found.get(letter, []) if case_id not in player.ids.values()]
            names = [n for n in player.world.cases if n[0] == letter and n not in player.ids]
            if len(ids) != len(names):
                return f"{len(ids)} new cases of {letter}, expected {names}"
            player.ids |= dict(zip(names, ids, strict=True))
        return None


def _new_id() -> str:
    return str(uuid.uuid4())


def _said(cause: BaseException) -> str:
    if not isinstance(cause, ApplicationError):
        return repr(cause)
    detail = cause.details[0] if cause.details else {}
    if cause.type == CLOSED:
        return CLOSED
    return str(detail.get("rule", cause.type)) if isinstance(detail, dict) else str(cause.type)


def _person(number: int, lives: str) -> Person:
    letters = "".join(chr(ord("a") + int(digit)) for digit in f"{number:04d}")
    found = Person(f"P-{number:05d}", f"Zeta{letters}", born=date(1950, 1, 1) + timedelta(days=9 * number),
                   address=f"{number} Invented Street")  # fmt: skip
    if lives == "tenant":
        return found.tenant()
    if lives == "applicant":
        return Person(**{**vars(found), "live": True, "occupancy": "applicant"})
    return found


@asynccontextmanager
async def random_house(
    databases: Databases, keys: KeyRing, start: datetime, people: Sequence[Start]
) -> AsyncIterator[RandomHouse]:
    """A house on a fresh virtual server whose clock is moved to `start`, with one player for each of these people."""
    async with await skipping_environment(keys) as environment:
        await ensure_search_attributes(environment.client)
        persons = [_person(number, lives) for number, (lives, _) in enumerate(people, 1)]
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
            yield RandomHouse(environment, databases, gateway, players)


async def _open_run(databases: Databases, now: datetime) -> None:
    """The report run that every entry belongs to; its own case stands still."""
    async with databases.worker.transaction() as session:
        session.add(
            CaseRecord(
                case_id=f"R-{_RUN}", procedure=Procedure.INTAKE.value, edition="test", region="national",
                step="1.1", waiting_for="nobody", turn=0, state={}, opened_at=now,
            )
        )  # fmt: skip
        await session.flush()
        session.add(
            ReportRun(
                run_id=_RUN, friday=friday_of(now), case_id=f"R-{_RUN}", state="awaiting", opened_at=now
            )
        )
        await session.flush()
        session.add(
            ReportMessage(
                message_key=_RUN, run_id=_RUN, received_at=now, content_digest="0", read=0, accepted=0, rejected=0,
                repeated=0, problem=None, unknown_columns=[], staged_at=now,
            )
        )  # fmt: skip
