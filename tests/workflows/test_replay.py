"""Replay is a gate: the workflows of today take every golden history to its end (`write_histories.py` writes them)."""

from collections.abc import AsyncIterator

import pytest
from temporalio.client import WorkflowHistory
from temporalio.worker import Replayer
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

from adapters.temporal import data_converter
from tests.workflows.histories import NAMESPACE, golden_histories, golden_keys
from tests.workflows.stories import STORIES
from workers.wiring import PASSED_THROUGH
from workflows.registered import WORKFLOWS

HISTORIES = golden_histories()


def replayer() -> Replayer:
    """With the sandbox, the codec and the workflows of a worker."""
    restrictions = SandboxRestrictions.default.with_passthrough_modules(*PASSED_THROUGH)
    return Replayer(
        workflows=WORKFLOWS,
        namespace=NAMESPACE,
        data_converter=data_converter(golden_keys(), NAMESPACE),
        workflow_runner=SandboxedWorkflowRunner(restrictions=restrictions),
    )


@pytest.mark.req("NFR-7")
def test_1_there_is_a_history_of_every_story() -> None:
    assert {name.rpartition("-")[0] for name in HISTORIES} == set(STORIES)


@pytest.fixture(scope="module")
async def failures() -> dict[str, Exception | None]:
    """What went wrong in each replay, by story; one replayer for all, because its sandbox takes long to set up."""
    found: dict[str, Exception | None] = {}
    async with replayer().workflow_replay_iterator(_one_by_one()) as results:
        async for result in results:
            name = next(name for name, history in HISTORIES.items() if history is result.history)
            found[name] = result.replay_failure
    return found


async def _one_by_one() -> AsyncIterator[WorkflowHistory]:
    for history in HISTORIES.values():
        yield history


@pytest.mark.req("NFR-7", "AMB-X-11")
@pytest.mark.parametrize("name", HISTORIES)
async def test_1_a_case_of_an_earlier_release_goes_on(
    failures: dict[str, Exception | None], name: str
) -> None:
    if failure := failures[name]:
        raise failure


@pytest.mark.req("NFR-8", "PRV-16")
@pytest.mark.parametrize("name", HISTORIES)
def test_1_a_history_holds_nothing_in_clear(name: str) -> None:
    text = HISTORIES[name].to_json()
    told = [
        word
        for person in STORIES[name.rpartition("-")[0]].people
        for word in (person.surname, person.address, person.ref)
    ]
    for word in (
        "Tester",
        "Double",
        "Sendable",
        "Zeta",
        "Made Up",
        "Invented Street",
        "Empty Street",
        "Sam Contact",
        "1980-01-02",
        "P-HIST",
        *told,
    ):
        assert word not in text
