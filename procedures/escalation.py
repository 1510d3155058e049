"""Waiting cases never go quiet: what nobody has started or answered in time is shown to others (AMB-X-2)."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from procedures.local_time import instant_at, local
from procedures.parameters import Parameters
from procedures.terms import Role
from procedures.working_days import Calendar

_MANAGER = Role.MANAGER_HOUSING_WELLBEING_SUPPORT


class Stage(StrEnum):
    """Why a task is shown to others; each stage comes once per task."""

    NO_COVER = "no_cover"
    """Its holder is away, it is due soon, and nobody covers."""
    UNSTARTED = "unstarted"
    """Nobody has started it, one working day before it is due."""
    UNANSWERED = "unanswered"
    """It was due and is not answered; without a due instant: still not started after another working day."""


class Told(StrEnum):
    """Whom a stage is shown to."""

    DEPUTY = "deputy"
    MANAGER = "manager"


def told(stage: Stage, role: Role) -> frozenset[Told]:
    """The deputy of the task's post and the manager; what is late, the manager alone, unless it is a manager's task."""
    if stage is Stage.UNANSWERED and role is not _MANAGER:
        return frozenset({Told.MANAGER})
    return frozenset(Told)


@dataclass(frozen=True)
class OpenWork:
    """An open task as far as this rule asks; instants are UTC."""

    opened_at: datetime
    due_at: datetime | None = None
    claimed_at: datetime | None = None
    active: bool = False
    """Whoever has claimed it has begun: a draft is kept, or an answer was sent."""
    urgent: bool = False


def stage_of(work: OpenWork, now: datetime, calendar: Calendar, policy: Parameters) -> Stage | None:
    """The stage the task has reached, or None while there is time or somebody is at work on it.

    A task that was given less than one working day is escalated at its due instant alone: its time is too short to
    tell slowness from silence (AMB-P1-25).
    """
    due_at = _due(work, calendar, policy)
    if due_at is not None and now >= due_at:
        return Stage.UNANSWERED
    if work.active:
        return None
    since = work.claimed_at or work.opened_at
    if due_at is None:
        if now >= working_days_after(since, policy.unstarted_manager_days, calendar):
            return Stage.UNANSWERED
        return Stage.UNSTARTED if now >= working_days_after(since, policy.unstarted_days, calendar) else None
    from_ = working_days_before(due_at, policy.unstarted_days, calendar)
    if from_ <= work.opened_at:
        return None
    if work.claimed_at is not None:
        from_ = max(from_, working_days_after(work.claimed_at, policy.unstarted_days, calendar))
    return Stage.UNSTARTED if now >= from_ else None


def _due(work: OpenWork, calendar: Calendar, policy: Parameters) -> datetime | None:
    """An urgent task without a due instant is due at 17:00 of its working day, or of the next (AMB-P1-25)."""
    if work.due_at is not None or not work.urgent:
        return work.due_at
    there = local(work.opened_at)
    late = there.time() >= policy.report_review_by
    day = calendar.next_working_day(there.date()) if late else calendar.working_day_on_or_after(there.date())
    return instant_at(day, policy.report_review_by)


def working_days_after(at: datetime, days: int, calendar: Calendar) -> datetime:
    """The same local time so many working days later; working days have no skipped or repeated hour (UTC)."""
    there = local(at)
    return _at(calendar.working_days_after(there.date(), days).last, there.time())


def working_days_before(at: datetime, days: int, calendar: Calendar) -> datetime:
    """The same local time so many working days earlier (UTC)."""
    there = local(at)
    day, left = there.date(), days
    while left:
        day -= timedelta(days=1)
        left -= calendar.is_working_day(day)
    return _at(day, there.time())


def _at(day: date, at: time) -> datetime:
    return instant_at(day, at.replace(tzinfo=None, fold=0))
