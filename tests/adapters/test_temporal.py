"""Nothing readable in Temporal: one story on a real server, then its histories and its database file are searched."""

import asyncio
import base64
import sys
import urllib.parse
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from temporalio.api.common.v1 import Payload
from temporalio.api.enums.v1 import EventType
from temporalio.client import Client, WorkflowFailureError, WorkflowHistory, WorkflowUpdateFailedError
from temporalio.common import SearchAttributePair, TypedSearchAttributes
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Replayer, Worker

from adapters.codec import ENCODING, PayloadRefused, data_converter
from adapters.keys import KeyRing, Origin
from adapters.search_attributes import (
    DEV_SERVER_TYPES,
    DUE,
    OVERDUE,
    PROCEDURE,
    REGION,
    ensure_search_attributes,
)
from adapters.settings import Settings, SettingsError, read_settings
from adapters.temporal import connect, tls_of
from tests.adapters.story import Answer, Child, Story, failing, local, ordinary

CANARY = "Zyxquill-Hortensius Brackenfeather"
CONTROL = "Plainspoken-Control Marker"
QUEUE = "encryption-story"


@dataclass
class Told:
    """The story after it was told."""

    client: Client
    keys: KeyRing
    database: Path
    histories: list[WorkflowHistory]
    results: list[Answer]


def program(name: str) -> str:
    return str(Path(sys.executable).with_name(name))


def ring() -> KeyRing:
    return KeyRing.fresh()


async def tell_story(client: Client, story_id: str, name: str) -> list[Answer]:
    """Start, correct, ask, tell; a name that begins with "doomed" makes the run fail."""
    answer = Answer(name=name, born=datetime(1990, 2, 3, tzinfo=UTC))
    handle = await client.start_workflow(
        Story.run,
        answer,
        id=story_id,
        task_queue=QUEUE,
        memo={"who": answer},
        static_summary=f"About {name}",
        static_details=f"All about {name}",
        search_attributes=TypedSearchAttributes(
            [
                SearchAttributePair(PROCEDURE, "offer"),
                SearchAttributePair(REGION, "R1"),
                SearchAttributePair(DUE, datetime(2026, 11, 20, tzinfo=UTC)),
            ]
        ),
    )
    corrected = await handle.execute_update(Story.correct, Answer(name=CANARY))
    with pytest.raises(WorkflowUpdateFailedError) as refused:
        await handle.execute_update(Story.correct, Answer(name=f"fail {CANARY}"))
    assert CANARY in str(refused.value.__cause__)
    asked = await handle.query(Story.ask, Answer(name=CANARY))
    await handle.signal(Story.tell, answer)
    return [corrected, asked, *await handle.result()]


@pytest.fixture(scope="module")
async def told(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Told]:
    """The whole story on a dev server with a database file, once for this module."""
    database = tmp_path_factory.mktemp("temporal") / "temporal.db"
    keys = ring()
    env = await WorkflowEnvironment.start_local(
        dev_server_existing_path=program("temporal"),
        dev_server_database_filename=str(database),
        dev_server_extra_args=["--headless"],
    )
    try:
        settings = read_settings({"PLACEMENT_TEMPORAL_ADDRESS": env.client.service_client.config.target_host})
        client = await connect(settings, keys, identity="story-test")
        await ensure_search_attributes(client)
        await ensure_search_attributes(client)
        worker = Worker(
            client, task_queue=QUEUE, workflows=[Story, Child], activities=[ordinary, local, failing]
        )
        async with worker:
            results = await tell_story(client, "case-0001", CANARY)
            with pytest.raises(WorkflowFailureError) as failed:
                await tell_story(client, "case-0002", f"doomed {CANARY}")
            assert CANARY in str(failed.value.__cause__)
        histories = [
            await client.get_workflow_handle(workflow_id).fetch_history()
            for workflow_id in ("case-0001", "case-0001-child", "case-0001-failed", "case-0002")
        ]
        yield Told(client, keys, database, histories, results)
    finally:
        await env.shutdown()


def disguises(text: str) -> list[bytes]:
    """A text as it stands in files: plain, UTF-16, hex, URL, and base64 at its three alignments."""
    raw = text.encode()
    base64s = [base64.b64encode(b"\0" * shift + raw)[4:-4] for shift in range(3)]
    return [raw, text.encode("utf-16-le"), raw.hex().encode(), urllib.parse.quote(text).encode(), *base64s]


def payloads_of(history: WorkflowHistory) -> list[Payload]:
    """All payloads of a history but search attributes and what the SDK's own core writes about a local activity."""
    found: list[Payload] = []

    def walk(message: object) -> None:
        if isinstance(message, Payload):
            found.append(message)
            return
        for descriptor, value in message.ListFields():  # type: ignore[attr-defined]
            if descriptor.name == "search_attributes" or descriptor.message_type is None:
                continue
            if descriptor.name == "details" and message.DESCRIPTOR.name == "MarkerRecordedEventAttributes":  # type: ignore[attr-defined]
                found.extend(p for name, held in value.items() if name != "data" for p in held.payloads)
            elif descriptor.message_type.GetOptions().map_entry:
                found.extend(item for item in value.values() if isinstance(item, Payload))
            elif descriptor.is_repeated:
                for item in value:
                    walk(item)
            else:
                walk(value)

    for event in history.events:
        walk(event)
    return found


async def test_values_come_back_as_they_were_sent(told: Told) -> None:
    """Typed values survive update, query, signal, child, ordinary and local activity."""
    assert sorted(answer.name for answer in told.results) == sorted(
        [
            f"corrected {CANARY}",
            f"asked {CANARY}",
            f"ordinary {CANARY}",
            f"local {CANARY}",
            f"child {CANARY}",
            f"Child could not place fail {CANARY}",
            CANARY,
        ]
    )
    assert {answer.born for answer in told.results} == {None, datetime(1990, 2, 3, tzinfo=UTC)}


async def test_memo_and_summary_read_back_through_the_client(told: Told) -> None:
    """Memo, summary and details are encrypted with the run's own id and read back."""
    description = await told.client.get_workflow_handle("case-0001").describe()
    assert (await description.memo())["who"]["name"] == CANARY
    assert await description.static_summary() == f"About {CANARY}"
    assert await description.static_details() == f"All about {CANARY}"


@pytest.mark.req("PRV-17")
async def test_every_payload_of_every_history_is_encrypted_and_padded(told: Told) -> None:
    """T2: no payload in clear anywhere in four histories, failures included; lengths only in steps of 256."""
    for history in told.histories:
        payloads = payloads_of(history)
        assert payloads
        for payload in payloads:
            assert payload.metadata["encoding"] == ENCODING
            assert (len(payload.data) - 28) % 256 == 0
        text = history.to_json()
        for disguise in disguises(CANARY):
            assert disguise.decode("latin-1") not in text


@pytest.mark.req("PRV-17", "NFR-8")
async def test_failure_messages_and_stack_traces_are_not_in_clear(told: Told) -> None:
    """T5: the failed run, its activity and the cause chain say "Encoded failure" and nothing else."""
    messages: set[str] = set()
    for history in told.histories:
        for event in history.events:
            for attributes in (
                event.activity_task_failed_event_attributes,
                event.workflow_execution_failed_event_attributes,
                event.child_workflow_execution_failed_event_attributes,
                event.marker_recorded_event_attributes,
                event.workflow_execution_update_completed_event_attributes.outcome,
            ):
                failure = getattr(attributes, "failure", None)
                while failure is not None:
                    messages.add(failure.message)
                    assert failure.stack_trace == ""
                    failure = failure.cause if failure.HasField("cause") else None
    messages.discard("")
    assert "Encoded failure" in messages
    assert not any("Brackenfeather" in message for message in messages)
    kinds = {event.event_type for history in told.histories for event in history.events}
    assert EventType.EVENT_TYPE_WORKFLOW_EXECUTION_FAILED in kinds
    assert EventType.EVENT_TYPE_ACTIVITY_TASK_FAILED in kinds


@pytest.mark.req("PRV-17")
async def test_database_file_of_the_server_holds_no_name(told: Told) -> None:
    """Raw scan of the server's files, with a control that proves that the scan finds what is in clear."""
    plain = await Client.connect(
        told.client.service_client.config.target_host, data_converter=pydantic_data_converter
    )
    control = await plain.start_workflow("Unserved", CONTROL, id="control-0001", task_queue="nobody")
    await control.terminate()
    content = b"".join(_read(path) for path in sorted(told.database.parent.iterdir()))
    assert CONTROL.encode() in content
    assert b"case-0001" in content
    assert [disguise for disguise in disguises(CANARY) if disguise in content] == []


def _read(path: Path) -> bytes:
    """The server's database lets its journal come and go while it is looked at."""
    with suppress(FileNotFoundError):
        return path.read_bytes()
    return b""


@pytest.mark.req("PRV-16", "NFR-8")
async def test_search_attributes_stay_readable_and_hold_codes_only(told: Told) -> None:
    """Operators filter by procedure, region code and date; the codec leaves these alone, children included."""
    description = await told.client.get_workflow_handle("case-0001").describe()
    attributes = description.typed_search_attributes
    assert attributes[PROCEDURE] == "offer"
    assert attributes[REGION] == "R1"
    assert attributes[DUE] == datetime(2026, 11, 20, tzinfo=UTC)
    assert attributes[OVERDUE] is True
    assert CANARY not in str(description.raw_description.workflow_execution_info.search_attributes)
    assert set(DEV_SERVER_TYPES) >= {PROCEDURE.name, REGION.name, DUE.name, OVERDUE.name}


async def test_histories_replay_with_the_namespace_and_only_with_the_keys(told: Told) -> None:
    """The replay gate reads encrypted histories; another key ring, or no namespace, reads none."""
    converter = data_converter(told.keys, "default")
    replayer = Replayer(workflows=[Story, Child], namespace="default", data_converter=converter)
    for history in told.histories:
        await replayer.replay_workflow(history)
    for other in (
        Replayer(
            workflows=[Story, Child], namespace="default", data_converter=data_converter(ring(), "default")
        ),
        Replayer(workflows=[Story, Child], data_converter=converter),
    ):
        outcome = await other.replay_workflow(told.histories[0], raise_on_replay_failure=False)
        assert outcome.replay_failure is not None


async def test_payload_of_another_run_or_in_clear_is_refused_by_the_client(told: Told) -> None:
    """T4: what one run was given cannot be read under the id of another, nor can anything in clear."""
    history = told.histories[0]
    started = history.events[0].workflow_execution_started_event_attributes.input.payloads
    codec = data_converter(told.keys, "default").payload_codec
    assert codec is not None
    own = told.client.get_workflow_handle("case-0001")._data_converter
    assert (await own.decode(started, [Answer]))[0].name == CANARY
    with pytest.raises(PayloadRefused, match="another workflow"):
        await told.client.get_workflow_handle("case-0002")._data_converter.decode(started)
    with pytest.raises(PayloadRefused, match="not encrypted"):
        await own.decode(await pydantic_data_converter.encode([Answer(name=CANARY)]))


async def test_time_skipping_server_takes_the_same_converter() -> None:
    """The test server and the converter work together: a child, an update, an activity, one day skipped."""
    async with await WorkflowEnvironment.start_time_skipping(
        test_server_existing_path=program("temporal-test-server"),
        data_converter=data_converter(ring(), "default"),
    ) as env:
        await ensure_search_attributes(env.client)
        async with Worker(
            env.client, task_queue=QUEUE, workflows=[Story, Child], activities=[ordinary, local, failing]
        ):
            results = await asyncio.wait_for(tell_story(env.client, "case-0003", CANARY), timeout=60)
    assert len(results) == 7


def production(**changes: str) -> Settings:
    return read_settings({"PLACEMENT_MODE": "production", **changes})


@pytest.mark.parametrize("missing", ["PLACEMENT_TEMPORAL_TLS", "CA", "CLIENT_CERT", "CLIENT_KEY"])
def test_production_refuses_a_connection_without_mutual_tls(tmp_path: Path, missing: str) -> None:
    """T7: plaintext, no authority, no client certificate, no client key: each alone stops the start."""
    pem = tmp_path / "part.pem"
    pem.write_text("pem")
    names = ["CA", "CLIENT_CERT", "CLIENT_KEY"]
    environment = {f"PLACEMENT_TEMPORAL_{name}": str(pem) for name in names if name != missing}
    environment["PLACEMENT_TEMPORAL_TLS"] = "off" if missing == "PLACEMENT_TEMPORAL_TLS" else "on"
    with pytest.raises(SettingsError, match=missing):
        tls_of(production(**environment))


async def test_production_refuses_embedded_keys() -> None:
    """T7: the client is not even made with a ring that the embedded stack made for itself."""
    with pytest.raises(SettingsError, match="embedded keys"):
        await connect(production(), KeyRing.fresh(Origin.EMBEDDED), identity="worker", lazy=True)


def test_clients_are_made_in_one_place_only() -> None:
    """A client made elsewhere could have no codec: `Client.connect` stands in adapters/temporal.py alone."""
    rooms = ("procedures", "models", "adapters", "activities", "workflows", "api", "workers", "migrations")
    root = Path(__file__).parents[2]
    users = {
        path.relative_to(root).as_posix()
        for room in rooms
        for path in (root / room).rglob("*.py")
        if "Client.connect(" in path.read_text()
    }
    assert users == {"adapters/temporal.py"}
