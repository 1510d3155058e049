"""The titles of the catalogue's requirements, read from docs/requirements.tsv where there is one."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

_CATALOGUE = Path(__file__).parents[2] / "docs" / "requirements.tsv"


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
