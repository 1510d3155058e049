"""Handing mail to the gateway: one delivery for each outbox row that waits, also after a restart."""

import asyncio
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any

from temporalio import workflow
from temporalio.common import RetryPolicy

with workflow.unsafe.imports_passed_through():
    from procedures.exchange_state import Delivered
    from procedures.steps import StepRef
    from workflows.case_run import CaseRun

_DELIVERING: dict[str, Any] = {
    "start_to_close_timeout": timedelta(minutes=5),
    "retry_policy": RetryPolicy(initial_interval=timedelta(seconds=2), maximum_interval=timedelta(minutes=1)),
}
"""A gateway that is away is tried again for as long as it takes."""


class MailHandover:
    """Deliveries under way; the gateway's word comes back to the case as an arrival."""

    def __init__(self, case: CaseRun[Any], step: StepRef, waiting: Callable[[], Iterable[str]]) -> None:
        self._case = case
        self._step = step
        self._waiting = waiting
        self._under_way: dict[str, asyncio.Task[None]] = {}
        case.delivering = lambda: bool(self._under_way)

    def begin(self) -> None:
        """Called once the record holds the turn: every waiting mail gets its delivery."""
        for mail_id in self._waiting():
            if mail_id not in self._under_way:
                self._under_way[mail_id] = asyncio.create_task(self._deliver(mail_id))

    def settled(self, mail_id: str) -> None:
        """The gateway has said what became of it; the same mail may be given again."""
        self._under_way.pop(mail_id, None)

    def give_up(self) -> None:
        """The rows are cancelled: nothing that has not left will leave."""
        for delivery in self._under_way.values():
            delivery.cancel()
        self._under_way.clear()

    async def _deliver(self, mail_id: str) -> None:
        delivered = await workflow.execute_activity(
            "deliver",
            args=[mail_id, self._case.now],
            result_type=Delivered,
            summary=f"{self._step} secure mail",
            **_DELIVERING,
        )
        self._case.arrive({"delivered": delivered.model_dump(mode="json")})
