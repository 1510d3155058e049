"""What has happened since the last look, read from the record: what was asked, answered and sent, and what it came to."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from enum import IntEnum
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from models.database import Database
from models.tables.assessment import Assessment, AssessmentVersion
from models.tables.case import CaseRecord, Notice, Task
from models.tables.mail import Clock, CorrectionsContact, ReceivedMail, SecureMessage
from procedures.answers import ALL
from procedures.local_time import say_instant
from procedures.terms import Procedure


class What(IntEnum):
    """Kinds of happenings, in the order in which those of one instant are told."""

    RETURNED = 1
    ANSWERED = 2
    CODE = 3
    NO_LONGER_ASKED = 4
    SENT = 5
    NOT_SENT = 6
    CLOCK = 7
    NOTICE = 8
    ENDED = 9
    BEGINS = 10
    ASKED = 11


@dataclass(frozen=True)
class Happening:
    """One thing that happened; `key` is the same at every look."""

    at: datetime
    what: What
    key: str
    step: str
    who: str
    text: str


@dataclass(frozen=True)
class NextDue:
    """What becomes due next."""

    at: datetime
    what: str


class Chronicle:
    """Reads the whole record at each look; a rehearsal's is small."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._told: set[str] = set()
        self._looked_at: datetime | None = None

    async def news(self, now: datetime) -> list[Happening]:
        """What was not told yet, in the order in which it happened; `now` (UTC) is the instant of the look."""
        async with self._database.transaction() as session:
            found = [happening for part in _PARTS for happening in await part(session)]
        new = [self._dated(one, now) for one in found if one.key not in self._told]
        self._told |= {one.key for one in new}
        self._looked_at = now
        return sorted(new, key=lambda one: (one.at, one.what, one.key))

    def _dated(self, one: Happening, now: datetime) -> Happening:
        """A clock is dated from its day 0 or its call; one that was set later than that is told when it was seen."""
        late = one.what is What.CLOCK and self._looked_at is not None and one.at < self._looked_at
        return replace(one, at=now) if late else one

    async def next_due(self, now: datetime) -> NextDue | None:
        """The next due instant of an open task or a running clock, whichever comes first after now."""
        async with self._database.transaction() as session:
            tasks = await session.scalars(select(Task).where(Task.state == "open", Task.due_at > now))
            due = [NextDue(task.due_at, _title(task.kind)) for task in tasks if task.due_at]
            clocks = await session.scalars(
                select(Clock).where(Clock.stopped_at.is_(None), Clock.acts_at > now)
            )
            due += [NextDue(clock.acts_at, f"{clock.kind} becomes overdue") for clock in clocks]
        return min(due, key=lambda one: one.at, default=None)


def _title(kind: str) -> str:
    return ALL[kind].title if kind in ALL else kind


def in_words(kind: str, answer: dict[str, Any]) -> str:
    """An answer on one line, in the order in which it is asked: every field that says something."""
    order = list(ALL[kind].model_fields) if kind in ALL else []
    fields = sorted(answer.items(), key=lambda item: order.index(item[0]) if item[0] in order else len(order))
    return "; ".join(_said(fields))


def _said(fields: Iterable[tuple[str, Any]]) -> Iterator[str]:
    for name, value in fields:
        if value in (None, "", [], {}):
            continue
        label = name.replace("_", " ")
        match value:
            case dict():
                yield from _said(value.items())
            case bool():
                yield f"{label}: {'yes' if value else 'no'}"
            case list():
                yield f"{label}: {', '.join(map(str, value))}"
            case str() if name.endswith("_at"):
                yield f"{label}: {say_instant(datetime.fromisoformat(value))}"
            case str():
                yield f"{label}: {value.removesuffix('.')}"
            case _:
                yield f"{label}: {value}"


# -- the parts of the record ---------------------------------------------------------------------------------------


async def _cases(session: AsyncSession) -> Iterable[Happening]:
    found = []
    for case in await session.scalars(
        select(CaseRecord).where(CaseRecord.procedure != Procedure.INTAKE.value)
    ):
        name = case.procedure.replace("_", " ")
        begins = f"case {case.case_id} begins: {name}, edition {case.edition}"
        found.append(Happening(case.opened_at, What.BEGINS, f"{case.case_id}-begins", case.step, "", begins))
        if case.closed_at:
            ends = f"case {case.case_id} ends: {case.outcome}"
            found.append(Happening(case.closed_at, What.ENDED, f"{case.case_id}-ends", "", "", ends))
    return found


async def _tasks(session: AsyncSession) -> Iterable[Happening]:
    found = []
    for task in await session.scalars(select(Task)):
        role, title = task.role.replace("-", " "), _title(task.kind)
        due = f" (due {say_instant(task.due_at)})" if task.due_at else ""
        key = task.task_id
        found.append(Happening(task.opened_at, What.ASKED, f"{key}-asked", task.step, role, f"{title}{due}"))
        if task.state == "done" and task.done_at:
            said = in_words(task.kind, task.answer or {})
            who = task.done_by_name or role
            text = f"{title} – {said}"
            found.append(Happening(task.done_at, What.ANSWERED, f"{key}-done", task.step, who, text))
        elif task.state == "cancelled" and task.done_at:
            text = f"{title}: {task.closing_reason}"
            found.append(Happening(task.done_at, What.NO_LONGER_ASKED, f"{key}-gone", task.step, role, text))
    return found


async def _mail(session: AsyncSession) -> Iterable[Happening]:
    found = []
    for row in await session.scalars(select(SecureMessage)):
        contact = await session.get(CorrectionsContact, row.contact_id) if row.contact_id else None
        to = f"{contact.kind.replace('_', ' ')}, {contact.office}" if contact else "staff"
        if row.accepted_at:
            text = f"{row.kind} goes out to the {to}"
            found.append(Happening(row.accepted_at, What.SENT, f"{row.mail_id}-sent", "A", "gateway", text))
        if row.state in ("refused", "failed", "cancelled", "bounced", "wrong_recipient"):
            at = row.settled_at or row.created_at
            text = f"{row.kind} {row.state.replace('_', ' ')}: {row.problem or 'not needed any more'}"
            key = f"{row.mail_id}-{row.state}"
            found.append(Happening(at, What.NOT_SENT, key, "A", "gateway", text))
    for received in await session.scalars(select(ReceivedMail)):
        text = f"a mail from Corrections: {received.kind}"
        found.append(
            Happening(received.received_at, What.RETURNED, received.received_id, "B", "Corrections", text)
        )
    return found


async def _codes(session: AsyncSession) -> Iterable[Happening]:
    rows = await session.execute(
        select(AssessmentVersion, Assessment.duplicate_of).join(
            Assessment, Assessment.number == AssessmentVersion.number
        )
    )
    found = []
    for version, duplicate_of in rows:
        key = f"{version.number}/{version.version}"
        text = f"code {version.code}, status {version.status} ({version.rule})"
        text += " on the duplicate record" if duplicate_of else ""
        found.append(Happening(version.calculated_at, What.CODE, key, version.step, "", text))
    return found


async def _notices(session: AsyncSession) -> Iterable[Happening]:
    return [
        Happening(
            notice.at,
            What.NOTICE,
            notice.notice_id,
            notice.step,
            notice.role.replace("-", " "),
            f"is told: {notice.kind.replace('_', ' ')}",
        )
        for notice in await session.scalars(select(Notice))
    ]


async def _clocks(session: AsyncSession) -> Iterable[Happening]:
    return [
        Happening(
            clock.started_at,
            What.CLOCK,
            clock.clock_id,
            "",
            "",
            f"{clock.kind}: due by the end of {say_instant(clock.due_at).rpartition(',')[0]}; "
            f"overdue from {say_instant(clock.acts_at)} ({clock.calendar})",
        )
        for clock in await session.scalars(select(Clock))
    ]


_PARTS = (_cases, _tasks, _mail, _codes, _notices, _clocks)
