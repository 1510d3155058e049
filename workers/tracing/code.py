"""The functions marked `@step`, found by reading the source: file, line and name."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from workers.tracing.catalogue import ROOT

ROOMS = ("procedures", "workflows", "activities", "api", "workers")


@dataclass(frozen=True)
class MarkedCode:
    """One function that carries a step."""

    step: str
    name: str
    file: str
    line: int

    @property
    def room(self) -> str:
        """The top-level package it stands in."""
        return self.file.partition("/")[0]


def marked_code(root: Path = ROOT) -> list[MarkedCode]:
    """Every marked function of the rooms, by file and line."""
    return [
        found
        for room in ROOMS
        for path in sorted((root / room).rglob("*.py"))
        for found in _marked_in(path, path.relative_to(root).as_posix())
    ]


def _marked_in(path: Path, file: str) -> Iterator[MarkedCode]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"), file)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            for decorator in node.decorator_list:
                if ref := _reference(decorator):
                    yield MarkedCode(ref, node.name, file, node.lineno)


def _reference(decorator: ast.expr) -> str | None:
    match decorator:
        case ast.Call(func=ast.Name(id="step"), args=[ast.Constant(value=str(ref))]):
            return ref
        case _:
            return None
