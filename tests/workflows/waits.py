"""Where a procedure can wait, read from its code; and where a case waits now, seen from inside its run."""

import ast
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Set
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

import workflows
from workflows.case_run import CaseRun, Event

FOLDER = Path(workflows.__file__).parent
_WAITING: Set[str | None] = frozenset({"event", "ask"})
"""The waits of `case_run.py` itself; whatever awaits one of them waits too."""


@dataclass(frozen=True, order=True)
class Wait:
    """One `await` behind which a case can stand for as long as it takes."""

    module: str
    function: str
    first: int
    last: int
    """Lines of the file, both included."""

    def has(self, module: str, line: int) -> bool:
        """Whether this line of a running frame is this wait."""
        return self.module == module and self.first <= line <= self.last


Seen = dict[str, frozenset[tuple[str, int]]]
"""By case number: module and line of every frame of the run, at its present wait."""


def waits_of(*modules: str) -> set[Wait]:
    """Every wait in these modules of `workflows/`."""
    trees = {name: ast.parse((FOLDER / f"{name}.py").read_text(encoding="utf-8")) for name in modules}
    names: Set[str | None] = _WAITING
    while True:
        found = {wait for name, tree in trees.items() for wait in _awaits(name, tree, names)}
        waiting = _WAITING | {wait.function for wait in found}
        if waiting == names:
            return found
        names = waiting


def _awaits(module: str, tree: ast.Module, names: Set[str | None]) -> Iterator[Wait]:
    for function in ast.walk(tree):
        if not isinstance(function, ast.AsyncFunctionDef):
            continue
        for node in ast.walk(function):
            if isinstance(node, ast.Await) and _called(node) in names:
                yield Wait(module, function.name, node.lineno, node.end_lineno or node.lineno)


def _called(node: ast.Await) -> str | None:
    if not isinstance(node.value, ast.Call):
        return None
    match node.value.func:
        case ast.Attribute(attr=name) | ast.Name(id=name):
            return name
        case _:
            return None


@contextmanager
def watching() -> Iterator[Seen]:
    """While this is open, every case of this process says where it waits."""
    seen: Seen = {}
    waits = CaseRun.event

    async def event(case: CaseRun[Any], *, until: datetime | None = None) -> Event:
        seen[case.case_id] = frozenset(_frames())
        return await waits(case, until=until)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(CaseRun, "event", event)
        yield seen


def _frames() -> Iterator[tuple[str, int]]:
    """While a coroutine runs, everything that awaits it is on the stack."""
    frame: FrameType | None = sys._getframe(2)
    while frame is not None:
        path = Path(frame.f_code.co_filename)
        if path.parent == FOLDER:
            yield path.stem, frame.f_lineno
        frame = frame.f_back


def unvisited(waits: Iterable[Wait], stood: Iterable[frozenset[tuple[str, int]]]) -> list[Wait]:
    """Waits at which no case stood."""
    lines: dict[str, set[int]] = defaultdict(set)
    for frames in stood:
        for module, line in frames:
            lines[module].add(line)
    return sorted(
        wait for wait in waits if not any(wait.has(wait.module, line) for line in lines[wait.module])
    )
