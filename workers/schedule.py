"""The Friday schedule: 11:30 on the wall clock of Pacific/Auckland, no Friday ever skipped (P1.S1.1, AMB-P1-3)."""

import asyncio
from dataclasses import replace
from datetime import date, datetime, timedelta

import typer
from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleAlreadyRunningError,
    ScheduleBackfill,
    ScheduleCalendarSpec,
    ScheduleOverlapPolicy,
    SchedulePolicy,
    ScheduleRange,
    ScheduleSpec,
    ScheduleUpdate,
    ScheduleUpdateInput,
)

from activities.running_cases import TASK_QUEUE
from adapters.keys import load_keys
from adapters.search_attributes import ensure_search_attributes
from adapters.settings import read_settings
from procedures.report_week import PACIFIC_AUCKLAND, REPORT_AVAILABLE, local_instant
from workers.wiring import temporal_of

SCHEDULE_ID = "friday"
WORKFLOW_ID = "friday"
"""Temporal appends the nominal time."""
CATCH_UP = timedelta(days=365)
"""How long after a Friday its run still starts, when Temporal was away."""

_FRIDAY = 5


def _only(value: int) -> tuple[ScheduleRange, ...]:
    return (ScheduleRange(value, value, 1),)


def friday_schedule() -> Schedule:
    """Every Friday, holidays too. The workflow takes no arguments: a payload would be bound to the schedule's id."""
    calendar = ScheduleCalendarSpec(
        second=_only(0),
        minute=_only(REPORT_AVAILABLE.minute),
        hour=_only(REPORT_AVAILABLE.hour),
        day_of_month=(ScheduleRange(1, 31, 1),),
        month=(ScheduleRange(1, 12, 1),),
        year=(),
        day_of_week=_only(_FRIDAY),
    )
    return Schedule(
        action=ScheduleActionStartWorkflow("open_friday", id=WORKFLOW_ID, task_queue=TASK_QUEUE),
        spec=ScheduleSpec(calendars=[calendar], time_zone_name=PACIFIC_AUCKLAND.key),
        policy=SchedulePolicy(overlap=ScheduleOverlapPolicy.ALLOW_ALL, catchup_window=CATCH_UP),
    )


async def ensure_schedule(client: Client, *, schedule_id: str = SCHEDULE_ID) -> str:
    """Create the schedule, or change it only if it differs; "created", "changed" or "unchanged".

    An update makes the server skip the Fridays it has not caught up with yet, so one that changes nothing is not sent.
    A schedule that somebody paused stays paused.
    """
    wanted = friday_schedule()
    try:
        await client.create_schedule(schedule_id, wanted)
    except ScheduleAlreadyRunningError:
        handle = client.get_schedule_handle(schedule_id)
        if _same(held := (await handle.describe()).schedule, wanted):
            return "unchanged"

        async def change(_: ScheduleUpdateInput) -> ScheduleUpdate:
            return ScheduleUpdate(schedule=replace(wanted, state=held.state))

        await handle.update(change)
        return "changed"
    return "created"


async def backfill_friday(client: Client, friday: date, *, schedule_id: str = SCHEDULE_ID) -> None:
    """Let the schedule start the run of one past Friday again; a Friday that has its run keeps it."""
    at = local_instant(friday, REPORT_AVAILABLE)
    await client.get_schedule_handle(schedule_id).backfill(
        ScheduleBackfill(start_at=_just_before(at), end_at=at, overlap=ScheduleOverlapPolicy.ALLOW_ALL)
    )


def _just_before(instant: datetime) -> datetime:
    return instant - timedelta(seconds=1)


def _same(held: Schedule, wanted: Schedule) -> bool:
    return (
        held.spec == wanted.spec
        and held.policy == wanted.policy
        and isinstance(held.action, ScheduleActionStartWorkflow)
        and isinstance(wanted.action, ScheduleActionStartWorkflow)
        and (held.action.workflow, held.action.id, held.action.task_queue)
        == (wanted.action.workflow, wanted.action.id, wanted.action.task_queue)
        and not held.action.args
    )


async def _settle() -> str:
    settings = read_settings()
    client = await temporal_of(settings, load_keys(settings), identity="schedule")
    await ensure_search_attributes(client)
    return await ensure_schedule(client)


def schedule_command() -> None:
    """Set up Temporal: the search attributes and the Friday schedule. Safe to repeat; a paused schedule stays paused."""
    print(f"The Friday schedule is {asyncio.run(_settle())}.")


def add_commands(app: typer.Typer) -> None:
    """Mount `placement schedule`."""
    app.command("schedule")(schedule_command)
