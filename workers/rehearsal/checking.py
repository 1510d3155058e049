"""Whether the record is as a situation expects it."""

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from models.tables.assessment import Assessment
from models.tables.case import CaseRecord, Notice, Task
from models.tables.mail import SecureMessage
from procedures.local_time import say_instant
from workers.rehearsal.house import House
from workers.rehearsal.people import Person
from workers.rehearsal.situation import (
    ExpectCase,
    ExpectCode,
    ExpectMail,
    ExpectNotice,
    ExpectTask,
    Step,
)
from workers.rehearsal.words import in_words

PROMPTLY = timedelta(minutes=5)
"""A message that is due at 09:00 and taken within this time went at 09:00."""


def wanted(step: Step) -> str:
    """The expectation in words."""
    match step:
        case ExpectMail(never=True):
            return f"no {step.kind}"
        case ExpectMail():
            return f"{step.kind} goes {say_instant(step.at)}" if step.at else f"{step.kind} has gone"
        case ExpectCode():
            return f"code {step.code}"
        case ExpectTask():
            return f"{in_words(step.kind)!r} is {'asked' if step.is_open else 'not asked'}"
        case ExpectCase():
            name = in_words(step.procedure.value)
            return f"{name} {f'ended as {step.outcome}' if step.outcome else 'is open'}"
        case ExpectNotice():
            return f"somebody is told: {in_words(step.kind)}"
        case _:
            raise TypeError(f"{type(step).__name__} expects nothing")


async def problem_with(step: Step, house: House, person: Person) -> str | None:
    """What is otherwise than expected, in words; None when all is well."""
    async with house.record.owner.transaction() as session:
        match step:
            case ExpectMail():
                return await _mail(session, step)
            case ExpectCode():
                return await _code(session, step, person)
            case ExpectTask():
                return await _task(session, step)
            case ExpectCase():
                return await _case(session, step)
            case ExpectNotice():
                kinds = set(await session.scalars(select(Notice.kind)))
                return None if step.kind in kinds else _instead(wanted(step), sorted(map(in_words, kinds)))
            case _:
                raise TypeError(f"{type(step).__name__} expects nothing")


async def _mail(session: AsyncSession, step: ExpectMail) -> str | None:
    rows = await session.scalars(
        select(SecureMessage.accepted_at)
        .where(SecureMessage.kind == step.kind, SecureMessage.accepted_at.is_not(None))
        .order_by(SecureMessage.accepted_at)
    )
    sent = [instant for instant in rows if instant is not None]
    went = [say_instant(instant) for instant in sent]
    if step.never:
        return f"{step.kind} went {' and '.join(went)}" if sent else None
    if step.at is None:
        return None if sent else f"no {step.kind} has gone"
    return None if any(_promptly(step.at, one) for one in sent) else _instead(wanted(step), went)


def _promptly(due: datetime, at: datetime) -> bool:
    return due <= at < due + PROMPTLY


async def _code(session: AsyncSession, step: ExpectCode, person: Person) -> str | None:
    refs = [record.ref for record in (*person.records, *person.entered_later)]
    rows = await session.scalars(
        select(Assessment).where(Assessment.person_ref.in_(refs), Assessment.status != "CLO")
    )
    shown = {row.person_ref: f"{row.code}/{row.status}" for row in rows}
    right = [code for code in shown.values() if step.code in (code, code.partition("/")[0])]
    return None if shown and len(right) == len(shown) else _instead(wanted(step), sorted(shown.values()))


async def _task(session: AsyncSession, step: ExpectTask) -> str | None:
    kinds = set(await session.scalars(select(Task.kind).where(Task.state == "open")))
    if (step.kind in kinds) == step.is_open:
        return None
    return _instead(wanted(step), sorted(map(in_words, kinds)))


async def _case(session: AsyncSession, step: ExpectCase) -> str | None:
    rows = list(await session.scalars(select(CaseRecord).where(CaseRecord.procedure == step.procedure.value)))
    if step.outcome is None:
        return None if any(row.closed_at is None for row in rows) else _instead(wanted(step), [])
    ended = [row.outcome or "" for row in rows if row.closed_at]
    return None if step.outcome in ended else _instead(wanted(step), ended)


def _instead(wanted_words: str, there: list[str]) -> str:
    return f"expected: {wanted_words}; there is: {', '.join(there) or 'nothing'}"
