"""Bare Temporal to measure against: a timer with a note, and an update with one ordinary activity and one transaction."""

import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from temporalio import activity, workflow

with workflow.unsafe.imports_passed_through():  # else every run imports them anew
    from sqlalchemy import text

    from models.database import Database

QUEUE = "bare"


@dataclass
class Bare:
    """The activities, and what they noted."""

    database: Database
    fired: list[tuple[str, float]] = field(default_factory=list)
    """Workflow id and seconds since 1970."""

    @activity.defn
    async def note(self, name: str) -> None:
        """The timer has fired."""
        self.fired.append((name, time.time()))

    @activity.defn
    async def write(self, name: str, number: int) -> None:
        """One transaction with one row."""
        async with self.database.transaction() as session:
            await session.execute(
                text("INSERT INTO bare_decision (name, number) VALUES (:name, :number)"),
                {"name": name, "number": number},
            )


@workflow.defn(name="bare_timer")
class BareTimer:
    """Waits until an instant and says so."""

    @workflow.run
    async def run(self, until: datetime) -> None:
        """`until` is UTC."""
        await workflow.sleep(max(timedelta(0), until - workflow.now()))
        await workflow.execute_local_activity(
            "note", workflow.info().workflow_id, start_to_close_timeout=timedelta(seconds=30)
        )


@workflow.defn(name="bare_decisions")
class BareDecisions:
    """Takes a number of decisions, each by an update that waits for its activity."""

    def __init__(self) -> None:
        self._taken = 0

    @workflow.run
    async def run(self, wanted: int) -> None:
        """Ends when `wanted` decisions are taken."""
        await workflow.wait_condition(lambda: self._taken >= wanted)
        await workflow.wait_condition(workflow.all_handlers_finished)

    @workflow.update
    async def decide(self, number: int) -> int:
        """One decision, recorded before it returns."""
        await workflow.execute_activity(
            "write", args=[workflow.info().workflow_id, number], start_to_close_timeout=timedelta(seconds=30)
        )
        self._taken += 1
        return number
