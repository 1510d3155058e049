"""Who stands in for whom, and to whom the work of somebody who is away is handed (AMB-X-2, AMB-P1-18)."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from procedures.local_time import instant_at, local_date, say_date
from procedures.refusals import Refused
from procedures.terms import Role
from procedures.visibility import EVERY_REGION, NATIONAL, STAFF, WORKS_ON_TASKS, Post
from procedures.working_days import Calendar

MANAGER = Role.MANAGER_HOUSING_WELLBEING_SUPPORT


@dataclass(frozen=True, order=True)
class Member:
    """Somebody active who works here, in one role and region; `*` stands for every region."""

    subject: str
    name: str
    role: Role
    region: str

    def holds(self, post: Post) -> bool:
        """True when this is the member's own post."""
        return self.role is post.role and self.region in (post.region, EVERY_REGION)


@dataclass(frozen=True)
class DeputyEntry:
    """One recorded deputy, whole local days, the last included; `replaces` is the entry it takes the place of."""

    deputy_id: str
    post: Post
    subject: str
    first_day: date
    last_day: date | None = None
    replaces: str | None = None


def latest(entries: Iterable[DeputyEntry]) -> dict[Post, DeputyEntry]:
    """The last entry of each post: the one that a further entry replaces."""
    held = list(entries)
    replaced = {one.replaces for one in held}
    return {one.post: one for one in held if one.deputy_id not in replaced}


def in_force(entries: Iterable[DeputyEntry], day: date) -> dict[Post, DeputyEntry]:
    """The entry of each post that counts on a local day; one that has been replaced counts until a successor begins."""
    held = list(entries)
    by_id = {one.deputy_id: one for one in held}
    found = {}
    for post, last in latest(held).items():
        entry: DeputyEntry | None = last
        while entry is not None and entry.first_day > day:
            entry = by_id.get(entry.replaces or "")
        if entry is not None and (entry.last_day is None or day <= entry.last_day):
            found[post] = entry
    return found


@dataclass(frozen=True)
class Office:
    """Who works here, who stands in for whom and who is away, at one instant."""

    staff: tuple[Member, ...] = ()
    deputies: Mapping[Post, str] = field(default_factory=dict)
    """Subject of the deputy in force, by post."""
    away: frozenset[str] = frozenset()

    def holders(self, post: Post) -> list[Member]:
        """Whose own post it is, in a fixed order."""
        return sorted(one for one in self.staff if one.holds(post))

    def is_left(self, post: Post) -> bool:
        """True when nobody holds the post, or somebody who does is away."""
        holders = self.holders(post)
        return not holders or any(one.subject in self.away for one in holders)

    def name_of(self, subject: str) -> str | None:
        """The name of somebody active, or None."""
        return next((one.name for one in self.staff if one.subject == subject), None)

    def stands_in(self, subject: str, called_on: Iterable[Post] = ()) -> frozenset[Post]:
        """The posts a deputy stands in for now: left by a holder, or `called_on` because a task of it waits for them.

        A right that comes from the identity provider alone (auditor, administrator) is nobody's to stand in for.
        """
        called = frozenset(called_on)
        mine = {post for post, deputy in self.deputies.items() if deputy == subject}
        working = {post for post in mine if post.role in WORKS_ON_TASKS}
        national = {Post(post.role, NATIONAL) for post in working} & called
        return frozenset(post for post in working if post in called or self.is_left(post)) | national


class CoverAs(StrEnum):
    """Why somebody is the one who covers, in the order in which they are asked."""

    NAMED = "named"
    DEPUTY = "deputy"
    COLLEAGUE = "colleague"
    MANAGER = "manager"
    MANAGER_DEPUTY = "manager_deputy"


@dataclass(frozen=True)
class Cover:
    """Who takes a task over, and why this person."""

    subject: str
    name: str
    covers_as: CoverAs


@dataclass(frozen=True)
class HeldTask:
    """A task that somebody has claimed; `answered_by` are the roles that may answer it."""

    task_id: str
    role: Role
    region: str
    answered_by: frozenset[Role]
    due_at: datetime | None = None
    urgent: bool = False


class Fate(StrEnum):
    """What becomes of a claimed task when its holder is away."""

    HANDED = "handed"
    RELEASED = "released"
    UNCOVERED = "uncovered"
    """Due soon, and nobody who may answer it is there: back in its queue, and escalated at once."""


@dataclass(frozen=True)
class Move:
    """What becomes of one task."""

    task_id: str
    fate: Fate
    to: Cover | None = None


def notice_ends(at: datetime, days: int, calendar: Calendar) -> datetime:
    """The end of the `days`-th working day after the local day of `at`: what is due before it is due soon (UTC)."""
    last = calendar.working_days_after(local_date(at), days).last
    return instant_at(last + timedelta(days=1), time(0))


def due_soon(task: HeldTask, ends_at: datetime) -> bool:
    """True when the task cannot wait in a queue: urgent, overdue, or due before the notice ends."""
    return task.urgent or (task.due_at is not None and task.due_at < ends_at)


def move_of(task: HeldTask, absent: str, named: str | None, office: Office, *, soon: bool) -> Move:
    """Due soon: to the first person of the ladder who is there and may answer it. Everything else: to its queue."""
    if not soon:
        return Move(task.task_id, Fate.RELEASED)
    for subject, covers_as in _ladder(task, absent, named, office):
        name = office.name_of(subject)
        if name is None or subject == absent or subject in office.away:
            continue
        if _may_answer(subject, task, absent, office):
            return Move(task.task_id, Fate.HANDED, Cover(subject, name, covers_as))
    return Move(task.task_id, Fate.UNCOVERED)


def _ladder(task: HeldTask, absent: str, named: str | None, office: Office) -> Iterator[tuple[str, CoverAs]]:
    """The cover named in the absence, the deputy, a colleague of the region, then the manager and the manager's deputy."""
    if named is not None:
        yield named, CoverAs.NAMED
    regions = _regions(task, absent, office)
    for role, itself, stand_in in (
        (task.role, CoverAs.COLLEAGUE, CoverAs.DEPUTY),
        (MANAGER, CoverAs.MANAGER, CoverAs.MANAGER_DEPUTY),
    ):
        posts = [Post(role, region) for region in regions]
        deputies = [(office.deputies[post], stand_in) for post in posts if post in office.deputies]
        holders = [(one.subject, itself) for post in posts for one in office.holders(post)]
        yield from deputies + holders if role is task.role else holders + deputies


def _regions(task: HeldTask, absent: str, office: Office) -> list[str]:
    """Where cover is looked for: the task's region; for the national queue, where the absent person works."""
    if task.region != NATIONAL:
        return [task.region]
    return sorted({one.region for one in office.staff if one.subject == absent} - {EVERY_REGION})


def _may_answer(subject: str, task: HeldTask, absent: str, office: Office) -> bool:
    regions = _regions(task, absent, office)
    own = any(
        one.subject == subject
        and one.role in task.answered_by
        and (task.region == NATIONAL or one.region in (task.region, EVERY_REGION))
        for one in office.staff
    )
    posts = (Post(role, region) for role in task.answered_by for region in regions)
    return own or any(office.deputies.get(post) == subject and office.is_left(post) for post in posts)


def check_deputy(entry: DeputyEntry, office: Office, today: date) -> None:
    """Refuse a deputy who cannot stand in. Raises Refused("AMB-X-2")."""
    if entry.first_day < today:
        raise Refused("AMB-X-2", f"A deputy stands in from {say_date(today)} on at the earliest.")
    if entry.last_day is not None and entry.last_day < entry.first_day:
        raise Refused("AMB-X-2", "The last day is not before the first one.")
    roles = {one.role for one in office.staff if one.subject == entry.subject}
    if not roles or entry.post.role not in STAFF:
        raise Refused("AMB-X-2", "Choose somebody who works here.")
    if {one.subject for one in office.holders(entry.post)} == {entry.subject}:
        raise Refused("AMB-X-2", "Nobody stands in for themselves: choose somebody else.")
    if entry.post.role in WORKS_ON_TASKS and roles.isdisjoint(WORKS_ON_TASKS):
        raise Refused(
            "AMB-X-2", "Whoever audits or administers does not work on cases: choose somebody else."
        )


def required_posts(office: Office, regions: Iterable[str]) -> list[Post]:
    """The posts that must have a deputy: every working role in every region, others where somebody holds them."""
    held = {one.region for one in office.staff} - {EVERY_REGION, NATIONAL}
    working = {Post(role, region) for role in WORKS_ON_TASKS for region in {*regions, *held}}
    others = {Post(one.role, one.region) for one in office.staff if one.role in STAFF - WORKS_ON_TASKS}
    return sorted(working | others, key=lambda post: (post.region, post.role))
