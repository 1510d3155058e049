"""Runs that begin anew in tests, on a server that asks every run to: at a wait, and before whatever a person does."""

from dataclasses import dataclass
from typing import Any

from activities.running_cases import RunningCases
from procedures.tasks import CaseView
from tests.workflows.outages import run_of
from tests.workflows.running import House, eventually


async def begins_anew(house: House, case_id: str) -> None:
    """Something without a meaning arrives; the run ends at its wait, and the next one has read the record."""
    before = await run_of(house.client, case_id)
    assert await RunningCases(house.client).tell(case_id, {"nothing": "of interest"})

    async def another() -> bool | None:
        return True if await run_of(house.client, case_id) != before else None

    await eventually(another, "the run did not begin anew")
    await house.view(case_id)


@dataclass
class RenewingHouse(House):
    """Every answer and every change comes to a run that has just begun anew."""

    async def update(self, case_id: str, name: str, message: Any, update_id: str) -> CaseView:
        """As the API gives it, to the new run."""
        await begins_anew(self, case_id)
        return await super().update(case_id, name, message, update_id)
