"""The requirement ids: `docs/requirements.tsv`, one row per rule of the catalogue."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from workers.processes import StackError

ROOT = Path(__file__).parents[2]
CATALOGUE = ROOT / "docs" / "requirements.tsv"

HEADER = ("id", "file", "step", "title")

_NUMBERED_STEP = re.compile(r"P([1-4])\.S(\d)\b")
_APPENDIX = re.compile(r"A-([ABC])\d")
_LAST_PART = re.compile(r"(?:[.-]?\d+|\.[a-z])$")


@dataclass(frozen=True)
class Requirement:
    """One row; `title` is in our own words, `step` a reference of `procedures/steps.py` or empty."""

    id: str
    file: str
    step: str
    title: str


def read_catalogue(path: Path = CATALOGUE) -> dict[str, Requirement]:
    """Every row by its id, in the order of the catalogue. Raises StackError outside a checkout."""
    if not path.is_file():
        raise StackError(f"{path} is not there: `placement trace` reads a checkout of the source")
    _, *lines = path.read_text(encoding="utf-8").splitlines()
    rows = (Requirement(*line.split("\t")) for line in lines)
    return {row.id: row for row in rows}


def step_of(requirement_id: str) -> str:
    """The step that an id names by itself: P1.S6.b5 is of 1.6, A-B8 of B; empty for the others."""
    if found := _NUMBERED_STEP.match(requirement_id):
        return f"{found[1]}.{found[2]}"
    if found := _APPENDIX.match(requirement_id):
        return found[1]
    return ""


def groups(catalogue: Mapping[str, Requirement]) -> set[str]:
    """Ids without their last part, such as P1.S3: they may be named, and claim no row below them."""
    return {_LAST_PART.sub("", known) for known in catalogue} - set(catalogue)
