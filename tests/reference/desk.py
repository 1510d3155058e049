"""A command of a random sequence, done in the running house as the API, the mailbox and the register do it."""

import asyncio
import uuid
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select
from temporalio.client import WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode
from temporalio.testing import WorkflowEnvironment

from activities.running_cases import RunningCases
from activities.staging import identify_case
from activities.void_matches import NewMatch, enter_match
from models.tables.case import CaseRecord, Task
from models.tables.mail import Document, PersonFile, PersonFileName, SecureMessage
from models.tables.placement import VoidProperty
from models.tables.report import ReportEntry
from procedures.tasks import AnswerTask, ReportChange
from procedures.terms import ReportGroup
from tests.conftest import Databases
from tests.reference.bodies import answer_body, change_body
from tests.reference.commands import TAKEN, Command
from tests.reference.days import day_of, friday_of
from tests.reference.players import Player
from tests.reference.world import CLOSED
from tests.workflows.placement import COORDINATOR
from tests.workflows.running import ADVISOR

REPORT_RUN = "sequences"
"""The run to which every entry of the report belongs."""


@dataclass
class Desk:
    """Sends what people and machines send; knows nothing of what the model expects."""

    environment: WorkflowEnvironment
    databases: Databases
    begun: set[str] = field(default_factory=set)
    """Cases that run already."""

    @property
    def running(self) -> RunningCases:
        """The running cases, to start and to tell."""
        return RunningCases(self.environment.client)

    async def _now(self) -> datetime:
        return await self.environment.get_current_time()

    async def do(self, player: Player, command: Command) -> str:
        """Send it as the API and the machines do: TAKEN, CLOSED, or the id of the rule that refused it."""
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
        now = await self._now()
        name = ReportGroup.NEW_CSO if group == "CSO" else ReportGroup.EXIT_NSO
        number = f"{player.number}-{len(player.reported) + 1}"
        case_id, entry_id = f"C{player.number:04d}{len(player.reported) + 1:05d}", f"entry-{number}"
        person = player.person
        async with self.databases.worker.transaction() as session:
            await session.execute(
                insert(ReportEntry).values(
                    entry_id=entry_id, run_id=REPORT_RUN, message_key=REPORT_RUN, row_number=player.number, state="accepted",
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
        now = await self._now()
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
        self.begun |= set(entered.cases)
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
                "received_at": (await self._now()).isoformat(),
            },
        )

    @staticmethod
    def _name(player: Player, case_id: str) -> str:
        return next(name for name, known in player.ids.items() if known == case_id)

    async def _document(self, player: Player, case_id: str, form: str, name: str = "scan") -> str:
        """Something received, stored in the person's file."""
        document_id, file_id, now = f"{case_id}-{name}", f"F-{player.person.ref}", await self._now()
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


def _new_id() -> str:
    return str(uuid.uuid4())


def _said(cause: BaseException) -> str:
    if not isinstance(cause, ApplicationError):
        return repr(cause)
    detail = cause.details[0] if cause.details else {}
    if cause.type == CLOSED:
        return CLOSED
    return str(detail.get("rule", cause.type)) if isinstance(detail, dict) else str(cause.type)
