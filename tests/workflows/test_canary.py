"""Names of the report never reach Temporal's data, its ids and search attributes, or a log line, not even in errors."""

import io
import logging
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import structlog
from temporalio import activity
from temporalio.testing import WorkflowEnvironment

from adapters.keys import KeyRing
from adapters.logging import configure_logging
from adapters.search_attributes import ALL
from adapters.temporal import data_converter
from tests.conftest import Databases
from tests.workflows.driving import LINK, reported
from tests.workflows.people import LEE, TOM
from tests.workflows.running import House, eventually, running, tool

CANARY = replace(TOM, ref="P-CANARY", surname="Kanarievogel", given="Piepmatz", address="77 Voliere Crescent")
WORDS = ("kanarievogel", "piepmatz", "voliere", "1980-01-02", "cr-canary", "aviary office")


@pytest.fixture
async def written_server(keys: KeyRing, tmp_path: Path) -> AsyncIterator[WorkflowEnvironment]:
    """A server that keeps its data in a file, and asks a run to start over after few events."""
    async with await WorkflowEnvironment.start_local(
        dev_server_existing_path=tool("temporal"),
        dev_server_database_filename=str(tmp_path / "temporal.db"),
        dev_server_extra_args=["--dynamic-config-value", "limit.historyCount.suggestContinueAsNew=60"],
        data_converter=data_converter(keys, "default"),
        search_attributes=list(ALL),
    ) as environment:
        yield environment


@pytest.fixture
def logged() -> Iterator[io.StringIO]:
    """Everything that any logger says, through the house's own logging."""
    root, stream = logging.getLogger(), io.StringIO()
    handlers, level = root.handlers[:], root.level
    configure_logging(stream, logging.DEBUG)
    yield stream
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


@pytest.mark.req("PRV-16", "NFR-8", "PRV-2")
async def test_1_nothing_of_the_report_leaves_the_record(
    databases: Databases,
    written_server: WorkflowEnvironment,
    keys: KeyRing,
    tmp_path: Path,
    logged: io.StringIO,
) -> None:
    failures = iter([RuntimeError(f"cannot search for {CANARY.given} {CANARY.surname}, {CANARY.address}")])

    @activity.defn(name="cover_is_needed")
    async def cover_is_needed(at: object) -> bool:
        for failure in failures:
            raise failure
        return False

    async with running(databases, written_server, keys, instead=[cover_is_needed]) as house:
        [one] = await reported(house, CANARY)
        await one.walk(until="phone_corrections")
        await one.call("CSO", note=f"{CANARY.surname} was named", spoke_with="Aviary Office")
        await one.walk(until="final_questions")
        now = (await house.now()).isoformat()
        await house.change(one.case_id, "correct_link", LINK | {"said_at": now, "person_ref": LEE.ref})
        await _looked_often(house)
        ids = [
            f"{run.id} {run.typed_search_attributes}"
            async for run in house.client.list_workflows("ExecutionStatus = 'Running'")
        ]
    assert any("Procedure" in line for line in ids)
    data = _everything_in(tmp_path)
    assert one.case_id.lower().encode() in data
    for word in WORDS:
        assert word.encode() not in data, word
        assert word.encode("utf-16-le") not in data, word
        assert word not in logged.getvalue().lower(), word
        assert not [line for line in ids if word in line.lower()], word
    assert "RuntimeError" in logged.getvalue()


def _everything_in(folder: Path) -> bytes:
    """The database file and what stands beside it, in small letters."""
    return b"".join(path.read_bytes() for path in folder.glob("temporal.db*")).lower()


async def _looked_often(house: House) -> None:
    """The Friday run looks until its history is long, and goes on in a new one with the same tasks."""
    case_id = f"R-{house.inbox.friday}"
    handle = house.client.get_workflow_handle(case_id)
    before, tasks = (await handle.describe()).run_id, await house.open_kinds(case_id)
    for _ in range(12):
        await house.look_again()

    async def renewed() -> bool | None:
        return True if (await handle.describe()).run_id != before else None

    await eventually(renewed, "the run did not start over")
    view = await house.view(case_id)
    assert {task.kind for task in view.open_tasks} == tasks
