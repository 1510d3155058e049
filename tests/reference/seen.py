"""What the record shows after a command, and the first thing in it that is not as the model has it."""

from dataclasses import dataclass

from sqlalchemy import select

from models.tables.assessment import Assessment
from models.tables.case import CaseRecord, Task
from models.tables.mail import SecureMessage
from tests.conftest import Databases
from tests.reference.players import Player

PROCEDURES = {
    "identify": "I",
    "check_suitability": "S",
    "match_void": "V",
    "offer": "O",
    "disclose_change": "D",
}
"""Procedure by the letter of its cases in the model."""


@dataclass
class Seen:
    """What the record says of everybody."""

    cases: list[CaseRecord]
    tasks: dict[str, list[Task]]
    codes: dict[str, str]
    mails: dict[str, list[str]]


async def look(databases: Databases) -> Seen:
    """Everybody's cases, open tasks, codes and mails, as the record has them now."""
    async with databases.worker.transaction() as session:
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


def difference(player: Player, seen: Seen) -> str | None:
    """The first thing that is not as the model has it."""
    if player.problem:
        return player.problem
    if problem := _name_cases(player, seen):
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
        if shown != wanted or (row.closed_at is None) is not (case.outcome is None) or row.step != case.step:
            return f"{name}: step {row.step}, {shown}; expected step {case.step}, {wanted}"
    return None


def _name_cases(player: Player, seen: Seen) -> str | None:
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
