"""Whom a task may be given to: everybody who may in fact answer it now, by their own role and region or as a deputy."""

from collections.abc import Iterable
from dataclasses import dataclass

from api.absences import away_words
from api.entitled_staff import able_to_answer
from api.pages.words import region_words, role_words
from api.signed_in import Caller
from models.queries.cover import StaffNow, staff_now
from models.queries.tasks import TaskRecord
from procedures.visibility import ASSIGNS


@dataclass(frozen=True)
class Assignee:
    """Somebody in the list; `text` tells role, region, whom they stand in for, and until when they are away."""

    subject: str
    text: str


async def assignees(caller: Caller, tasks: Iterable[TaskRecord]) -> list[Assignee]:
    """Who may answer at least one of these tasks, by name; nobody for tasks that the caller may not assign."""
    wanted = [one for one in tasks if one.state == "open" and caller.sight.may(ASSIGNS, one.region)]
    if not wanted:
        return []
    unlike = {(one.kind, one.role, one.procedure, one.region): one for one in wanted}.values()
    staff, away = await staff_now(caller.resources.database, caller.now), await away_words(caller)
    found = dict[str, Assignee]()
    for one in staff:
        subject = one.member.subject
        if subject not in found and any(able_to_answer(one, task) for task in unlike):
            found[subject] = Assignee(subject, _words(one, away))
    return [*found.values()]


def _words(one: StaffNow, away: dict[str, str]) -> str:
    member = one.member
    posts = [f"{role_words(post.role)}, {region_words(post.region)}" for post in sorted(one.sight.stands_in)]
    said = f"{member.name}, {role_words(member.role)}, {region_words(member.region)}"
    said += f"; stands in for {'; '.join(posts)}" if posts else ""
    return f"{said} (away until {away[member.subject]})" if member.subject in away else said
