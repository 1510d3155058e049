"""What home says of cover: tasks handed to the visitor, tasks that wait and were escalated, posts without a deputy."""

from dataclasses import dataclass

from api import deputies
from api.deputies import EscalatedItem
from api.pages.due import DueWords, due_words
from api.pages.sessions import Visitor
from api.pages.words import region_words, role_words
from api.tasks import TaskItem, shown_task
from models.queries import web
from models.queries.cover import HandedTask, handed_to, without_deputy
from procedures.escalation import Stage
from procedures.local_time import say_instant
from procedures.visibility import ASSIGNS, STAFF

STAGES = {
    Stage.NO_COVER: "Its holder is away and nobody covers",
    Stage.UNSTARTED: "Nobody has started",
    Stage.UNANSWERED: "Not answered in time",
}


@dataclass(frozen=True)
class Handed:
    """A task that came to the visitor because somebody is away."""

    task: TaskItem
    words: str


@dataclass(frozen=True)
class CoverView:
    """The three lists; each may be empty."""

    handed: list[Handed]
    escalated: list[tuple[EscalatedItem, str]]
    without_deputy: list[str]
    """Posts in words, for whoever names deputies in their region."""
    due: DueWords


async def waiting_with_others(visitor: Visitor) -> CoverView:
    """What has come to the visitor by an absence or by waiting too long (AMB-X-2)."""
    caller = visitor.caller
    database = caller.resources.database
    names = {one.subject: one.name for one in await web.colleagues(database, STAFF)}
    handed = [_handed(visitor, one, names) for one in await handed_to(database, caller.actor.subject)]
    escalated = [(one, STAGES[one.stage]) for one in (await deputies.escalations(caller)).items]
    posts = await without_deputy(database, caller.now) if caller.sight.has_any(ASSIGNS) else []
    missing = [
        f"{role_words(post.role)}, {region_words(post.region)}"
        for post in posts
        if caller.sight.may(ASSIGNS, post.region)
    ]
    return CoverView(handed, escalated, missing, await due_words(caller.resources))


def _handed(visitor: Visitor, one: HandedTask, names: dict[str, str]) -> Handed:
    who = names.get(one.from_subject, one.from_subject)
    return Handed(shown_task(visitor.caller, one.task), f"from {who}, who is away, {say_instant(one.at)}")
