"""The catalogue by step, and what carries each step: read from the tables of the project where there are any."""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_CATALOGUE = Path(__file__).parents[2] / "docs" / "requirements.tsv"
_TRACE = Path(__file__).parents[2] / "procedures" / "README.md"
_CELLS = 6
"""Columns of the table of the trace."""


@dataclass(frozen=True)
class Named:
    """A requirement's id with its title and step; both empty where there is no catalogue."""

    id: str
    title: str
    step: str


@cache
def _catalogue() -> dict[str, Named]:
    """Every requirement by id; empty for an installed package without the documents."""
    if not _CATALOGUE.is_file():
        return {}
    rows = (line.split("\t") for line in _CATALOGUE.read_text(encoding="utf-8").splitlines()[1:])
    return {row[0]: Named(id=row[0], title=row[3], step=row[2]) for row in rows if len(row) == 4}


def named(ids: str) -> list[Named]:
    """The requirements that a task or a change names, in its order."""
    return [_catalogue().get(one, Named(one, "", "")) for one in ids.split()]


def of_step(step: str) -> list[Named]:
    """The requirements of one step, in the order of the catalogue."""
    return [one for one in _catalogue().values() if one.step == step]


@dataclass(frozen=True)
class Carried:
    """What carries a step in the code, by name, and how many tests belong to it."""

    rules: tuple[str, ...]
    methods: tuple[str, ...]
    tests: int


@cache
def _traced() -> dict[str, Carried]:
    """By step, from the table that `placement trace --write-readme` generates; empty where there is none."""
    if not _TRACE.is_file():
        return {}
    rows = (
        [cell.strip() for cell in line.split("|")]
        for line in _TRACE.read_text(encoding="utf-8").splitlines()
        if line.startswith("| ") and line.count("|") == _CELLS + 1
    )
    return {
        ref: Carried(_names(rules), _names(methods), int(tests) if tests.isdigit() else 0)
        for _, ref, _, rules, methods, _, tests, _ in rows
        if ref != "Step"
    }


def _names(cell: str) -> tuple[str, ...]:
    return tuple(re.findall(r"`([^`]+)`", cell))


def carried(step: str) -> Carried | None:
    """What carries this step; None where there is no trace to read."""
    return _traced().get(step)
