"""Golden histories: where they are, and the fixed key that opens them. It protects invented people only."""

import hashlib
import json
from pathlib import Path

from temporalio.client import WorkflowHistory

from adapters.keys import KeyRing

FOLDER = Path(__file__).parent / "histories"
NAMESPACE = "default"


def golden_keys() -> KeyRing:
    """The same key on every machine; no other place uses it."""
    return KeyRing("golden", {"golden": hashlib.sha256(b"golden histories of invented people").digest()})


def golden_histories() -> dict[str, WorkflowHistory]:
    """By file name: the story and the number of the run in it."""
    return {path.stem: _read(path.read_text(encoding="utf-8")) for path in sorted(FOLDER.glob("*.json"))}


def _read(text: str) -> WorkflowHistory:
    started = json.loads(text)["events"][0]["workflowExecutionStartedEventAttributes"]
    return WorkflowHistory.from_json(started["workflowId"], text)
