"""What a rehearsal reads of the record and writes into it beside the answers: the report, the directory, the match."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select, update

from activities.sent_mistakes import ReportedMistake, report_sent_mistake
from activities.staging import stage_report
from activities.void_matches import NewMatch, enter_match
from activities.void_properties import import_voids
from models.queries import cases, tasks
from models.queries.cases import CaseDetail
from models.queries.tasks import TaskRecord
from models.tables.case import CaseRecord, Task
from models.tables.mail import CorrectionsContact, SecureMessage
from models.tables.report import ReportRun
from procedures.correct_sent import Mistake
from procedures.editions import edition_in_force
from procedures.local_time import local_date
from procedures.refusals import Refused
from procedures.report_week import nominal_friday
from procedures.tasks import SYSTEM
from procedures.terms import Procedure, Role
from procedures.working_days import CalendarName
from workers.rehearsal.house import House
from workers.rehearsal.people import OFFICE, VOID_ADDRESS, VOID_PROPERTY, Person
from workers.rehearsal.situation import WrongSituation

_HEADINGS = (
    "Group,Surname,Given names,Date of birth,Gender,Address,Suburb,Town,Postcode,Order status,"
    "Corrections reference,Corrections office\n"
)
_BESIDE = tuple(
    one.value
    for one in (Procedure.INTAKE, Procedure.SORT_MAIL, Procedure.DISCLOSE_CHANGE, Procedure.CORRECT_SENT)
)
"""Procedures of which a change of the story is not told."""


@dataclass(frozen=True)
class OpenTask:
    """A task with what its case remembers."""

    task: TaskRecord
    state: dict[str, Any]


class Desk:
    """Reads under the roles of the API and writes under those of whoever writes it in the running system."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._record = house.record

    async def open_office(self, calendar: CalendarName) -> None:
        """The Corrections office counts by this calendar."""
        async with self._record.owner.transaction() as session:
            await session.execute(
                update(CorrectionsContact)
                .where(CorrectionsContact.office == OFFICE)
                .values(calendar=calendar.value)
            )

    async def take_report(self, rows: list[str]) -> None:
        """A report with these rows is staged into the run of its week, and its cases begin."""
        now = self._house.now
        friday = nominal_friday(now)
        async with self._record.worker.transaction() as session:
            run = await session.get(ReportRun, friday.isoformat())
            if run is None:
                session.add(_run_case(f"R-{friday}", edition_in_force(now).name, now))
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
                key=f"rehearsal-{now.isoformat()}",
                received_at=now,
                content=(_HEADINGS + "".join(rows)).encode(),
                today=local_date(now),
                at=now,
                by=SYSTEM,
            )
        await self._house.settle()

    async def enter_match(self, person: Person) -> None:
        """The property is on the list of void properties, and the Coordinator Placement matches the person to it."""
        primary, now = person.primary, self._house.now
        assert primary is not None
        lines = (
            "property_ref,address,area_office,state,notes\n",
            f'{VOID_PROPERTY},"{VOID_ADDRESS}",Lanternvale,void,Two streets from the shops.\n',
        )
        await import_voids(self._record.worker, lines, as_of=now)
        match = NewMatch(
            person_ref=primary.ref,
            property_ref=VOID_PROPERTY,
            match_date=local_date(now),
            t365_reference="T365-1",
            t365_details="Household of one; ground floor.",
        )
        by = self._house.caller(Role.COORDINATOR_PLACEMENT).by()
        await enter_match(self._record.api, self._house.cases, match, by=by, at=now)
        await self._house.settle()

    async def open_tasks(self) -> list[OpenTask]:
        """Everything that is asked now, the oldest first."""
        async with self._record.api.transaction() as session:
            ids = (
                await session.scalars(
                    select(Task.task_id).where(Task.state == "open").order_by(Task.opened_at, Task.task_id)
                )
            ).all()
        found = []
        for task_id in ids:
            task = await tasks.task(self._record.api, task_id)
            assert task is not None
            case = await cases.case(self._record.api, task.case_id)
            assert case is not None
            found.append(OpenTask(task, case.state))
        return found

    async def open_task(self, kind: str) -> OpenTask | None:
        """The oldest open task of this kind."""
        return next((one for one in await self.open_tasks() if one.task.kind == kind), None)

    async def open_case(self) -> CaseDetail | None:
        """The newest open case of procedures 1 to 4."""
        async with self._record.api.transaction() as session:
            case_id = await session.scalar(
                select(CaseRecord.case_id)
                .where(CaseRecord.closed_at.is_(None), CaseRecord.procedure.not_in(_BESIDE))
                .order_by(CaseRecord.opened_at.desc(), CaseRecord.case_id)
                .limit(1)
            )
        return await cases.case(self._record.api, case_id) if case_id else None

    async def report_mistake(self, mistake: Mistake, line: int) -> None:
        """An advisor finds it in the case that sent something last, whether that case has ended or not."""
        async with self._record.api.transaction() as session:
            case_id = await session.scalar(
                select(SecureMessage.case_id)
                .where(SecureMessage.accepted_at.is_not(None))
                .order_by(SecureMessage.accepted_at.desc())
                .limit(1)
            )
        if case_id is None:
            raise WrongSituation(line, "nothing has been sent yet, so nothing that was sent is wrong")
        reported = ReportedMistake(
            follow_up_id=f"X{line:012}",
            case_id=case_id,
            mistake=mistake,
            reason="Found in a file check.",
            by=self._house.caller(Role.ADVISOR_WELLBEING_SUPPORT).by(),
        )
        try:
            await report_sent_mistake(self._record.api, self._house.cases, reported, at=self._house.now)
        except Refused as refused:
            raise WrongSituation(line, refused.reason) from None
        await self._house.settle()

    async def contact_versions(self) -> dict[str, int]:
        """Version of each contact in the directory."""
        async with self._record.api.transaction() as session:
            rows = await session.execute(select(CorrectionsContact.contact_id, CorrectionsContact.version))
            return {contact_id: version for contact_id, version in rows}

    async def last_mail(self) -> str | None:
        """What the gateway took last."""
        async with self._record.api.transaction() as session:
            mail_id: str | None = await session.scalar(
                select(SecureMessage.mail_id)
                .where(SecureMessage.accepted_at.is_not(None))
                .order_by(SecureMessage.accepted_at.desc())
                .limit(1)
            )
            return mail_id


def _run_case(case_id: str, edition: str, now: Any) -> CaseRecord:
    """The Friday run itself is not rehearsed: its case stands still."""
    return CaseRecord(
        case_id=case_id,
        procedure=Procedure.INTAKE.value,
        edition=edition,
        region="national",
        step="1.1",
        waiting_for="nobody",
        turn=0,
        state={},
        opened_at=now,
    )
