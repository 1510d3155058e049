"""The Friday run on the record: opened once, the mailbox read, rows staged, one case started per entry."""

from datetime import date, datetime
from itertools import takewhile

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from temporalio import activity

from activities.case_rows import case_row
from activities.deadlines import Deadlines
from activities.running_cases import RunningCases
from activities.staging import Staged, message_key, stage_report
from adapters.ports import Mailbox, ReceivedMessage
from adapters.report_file import looks_like_report
from models.database import Database
from models.tables.case import Absence, CaseRecord, StaffMember
from models.tables.report import ReportEntry, ReportMessage, ReportRun
from procedures.editions import edition_in_force
from procedures.intake import IntakeState
from procedures.local_time import local_date
from procedures.report_week import closing_line, nominal_friday
from procedures.tasks import SYSTEM, By, Frozen
from procedures.terms import Procedure, Role

_BATCH = 50


class RunProgress(Frozen):
    """How far the rows of a run are; opaque ids only."""

    readable: int
    """Messages whose file could be read, also one with no rows."""
    unreadable: list[str]
    """Keys of messages whose file could not be read and that no readable one followed."""
    read: int
    resolved: int
    waiting_for_corrections: int
    rejected_rows: list[str]
    """Entry ids of rejected rows that nobody has resolved, a limited number at a time."""
    line: str


class Intake:
    """What the Friday run does to record and mailbox."""

    def __init__(
        self, database: Database, mailbox: Mailbox, cases: RunningCases, deadlines: Deadlines
    ) -> None:
        self._database = database
        self._mailbox = mailbox
        self._cases = cases
        self._deadlines = deadlines

    @activity.defn
    async def open_friday(self, nominal: datetime, at: datetime) -> str:
        """Open the run of the Friday of `nominal`, once, and start its workflow. Returns the run's case number."""
        friday = nominal_friday(nominal)
        return await open_run(self._database, self._cases, self._deadlines, friday=friday, at=at)

    @activity.defn
    async def read_mailbox(self, run_id: str, at: datetime) -> int:
        """Read every message of this Friday's week that was not taken yet. Returns how many reports were new."""
        friday = date.fromisoformat(run_id)
        fresh = 0
        for message in await self._mailbox.messages():
            if nominal_friday(message.received_at) != friday:
                continue
            for position, attachment in enumerate(message.attachments):
                if not looks_like_report(attachment.file_name, attachment.media_type):
                    continue
                staged = await self._take(run_id, message, position, attachment.content, at)
                fresh += not staged.already_known
        return fresh

    async def _take(
        self, run_id: str, message: ReceivedMessage, position: int, content: bytes, at: datetime
    ) -> Staged:
        async with self._database.transaction() as session:
            run = await session.get_one(ReportRun, run_id, with_for_update=True)
            return await stage_report(
                session,
                run=run,
                key=message_key(f"{message.message_id}#{position}"),
                received_at=message.received_at,
                content=content,
                today=local_date(at),
                at=at,
                by=SYSTEM,
            )

    @activity.defn
    async def start_entries(self, run_id: str) -> int:
        """Start one run of procedure 1 per accepted entry that has none yet, in heartbeating batches."""
        started, after = 0, ""
        while True:
            async with self._database.transaction() as session:
                case_ids = (
                    await session.scalars(
                        select(CaseRecord.case_id)
                        .join(ReportEntry, ReportEntry.case_id == CaseRecord.case_id)
                        .where(
                            ReportEntry.run_id == run_id,
                            ReportEntry.state == "accepted",
                            CaseRecord.turn == 0,
                            CaseRecord.case_id > after,
                        )
                        .order_by(CaseRecord.case_id)
                        .limit(_BATCH)
                    )
                ).all()
            if not case_ids:
                return started
            started += await self._cases.start_all([(Procedure.IDENTIFY.value, c) for c in case_ids])
            after = case_ids[-1]
            activity.heartbeat(started)

    @activity.defn
    async def progress(self, run_id: str) -> RunProgress:
        """Counts for the closing line, and which rejected rows still need a person."""
        async with self._database.transaction() as session:
            return await run_progress(session, run_id)

    @activity.defn
    async def cover_is_needed(self, at: datetime) -> bool:
        """True when every Advisor Wellbeing Support is recorded as absent at this instant (P1.N3)."""
        async with self._database.transaction() as session:
            present = await session.scalar(
                select(func.count())
                .select_from(StaffMember)
                .where(
                    StaffMember.role == Role.ADVISOR_WELLBEING_SUPPORT.value,
                    StaffMember.active,
                    ~select(Absence.absence_id)
                    .where(
                        Absence.subject == StaffMember.subject,
                        Absence.first_day <= at,
                        Absence.last_day >= at,
                    )
                    .exists(),
                )
            )
        return not present

    @activity.defn
    async def other_advisors(self, sender: str) -> list[str]:
        """Subjects of all other Advisors - Wellbeing Support, one per mail address, in a fixed order (P1.S1.N7)."""
        advisor = StaffMember.role == Role.ADVISOR_WELLBEING_SUPPORT.value
        own = select(StaffMember.mail_address).where(StaffMember.subject == sender)
        async with self._database.transaction() as session:
            found = await session.scalars(
                select(func.min(StaffMember.subject))
                .where(advisor, StaffMember.active, StaffMember.mail_address.not_in(own))
                .group_by(StaffMember.mail_address)
                .order_by(func.min(StaffMember.subject))
            )
            return list(found)


async def open_run(
    database: Database, cases: RunningCases, deadlines: Deadlines, *, friday: date, at: datetime
) -> str:
    """Rows of run and case, once; then the workflow, once. A repeat finds both."""
    run_id = friday.isoformat()
    case_id = f"R-{run_id}"
    edition = edition_in_force(at).name
    week = await deadlines.week_times(friday, edition)
    state = IntakeState(
        case_id=case_id,
        procedure=Procedure.INTAKE,
        edition=edition,
        region="national",
        step="1.1",
        run_id=run_id,
        friday=friday,
        opens_at=week.opens_at,
        review_due_at=week.review_due_at,
        alarm_from=week.alarm_from,
    )
    async with database.transaction() as session:
        await session.execute(
            insert(CaseRecord).values(case_row(state.model_dump(mode="json"), at)).on_conflict_do_nothing()
        )
        await session.execute(
            insert(ReportRun)
            .values(run_id=run_id, friday=friday, case_id=case_id, state="awaiting", opened_at=at)
            .on_conflict_do_nothing()
        )
    await cases.start(Procedure.INTAKE.value, case_id)
    return case_id


async def take_posted_report(
    database: Database,
    cases: RunningCases,
    deadlines: Deadlines,
    *,
    friday: date,
    content: bytes,
    message_id: str,
    received_at: datetime,
    at: datetime,
    by: By,
) -> Staged:
    """A report delivered by a machine: staged like one from the mailbox, then the run is told to go on."""
    case_id = await open_run(database, cases, deadlines, friday=friday, at=at)
    async with database.transaction() as session:
        run = await session.get_one(ReportRun, friday.isoformat(), with_for_update=True)
        staged = await stage_report(
            session,
            run=run,
            key=message_key(message_id),
            received_at=received_at,
            content=content,
            today=local_date(at),
            at=at,
            by=by,
        )
    await cases.tell(case_id, {"report": "posted"})
    return staged


_MOST_ROWS_ASKED = 100


async def run_progress(session: AsyncSession, run_id: str) -> RunProgress:
    """Read = every row of every message; resolved = decided by a person or a repeat; waiting = open beyond the match."""
    messages = (
        await session.execute(
            select(ReportMessage.message_key, ReportMessage.read, ReportMessage.problem)
            .where(ReportMessage.run_id == run_id)
            .order_by(ReportMessage.received_at)
        )
    ).all()
    read = sum(message.read for message in messages)
    rows = ReportEntry.run_id == run_id
    resolved = await session.scalar(
        select(func.count())
        .select_from(ReportEntry)
        .where(
            rows,
            (ReportEntry.state.in_(["repeated", "set_aside"])) | ReportEntry.outcome.is_not(None),
        )
    )
    waiting = await session.scalar(
        select(func.count())
        .select_from(ReportEntry)
        .join(CaseRecord, CaseRecord.case_id == ReportEntry.case_id)
        .where(rows, ReportEntry.outcome.is_not(None), CaseRecord.closed_at.is_(None))
    )
    rejected = await session.scalars(
        select(ReportEntry.entry_id)
        .where(rows, ReportEntry.state == "rejected")
        .order_by(ReportEntry.row_number)
        .limit(_MOST_ROWS_ASKED)
    )
    return RunProgress(
        readable=sum(message.problem is None for message in messages),
        unreadable=[
            message.message_key for message in takewhile(lambda message: message.problem, reversed(messages))
        ],
        read=read,
        resolved=resolved or 0,
        waiting_for_corrections=waiting or 0,
        rejected_rows=list(rejected),
        line=closing_line(read=read, resolved=resolved or 0, waiting_for_corrections=waiting or 0),
    )
