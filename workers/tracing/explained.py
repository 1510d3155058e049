"""What nobody claims, and why: `docs/later.md` (waits for something) and `docs/not-applicable.md` (another's duty)."""

from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from workers.tracing.catalogue import ROOT, Requirement

LATER = ROOT / "docs" / "later.md"
NOT_APPLICABLE = ROOT / "docs" / "not-applicable.md"

_SECTIONS = {
    "00": "Overview and clocks",
    "10": "Procedure 1: identify",
    "20": "Procedure 2: check the current home",
    "30": "Procedure 3: match to a void property",
    "40": "Procedure 4: offer",
    "50": "Appendices, definitions, all procedures",
    "60": "Assessment transitions",
    "80": "Privacy",
    "90": "Child sex offender register",
    "91": "Environmental risk assessment",
    "92": "Allocation of offenders",
    "93": "Dunedin scheme",
    "94": "Calendars and durability",
}
_BY_FILE = {
    "20": "procedure 2, `check_suitability`",
    "30": "procedure 3, `match_void`",
    "40": "procedure 4, `offer`",
}
_OTHERWISE = "a test that proves it"

_INTRODUCTION = """# Later

Requirements of the catalogue that no test claims yet, each with what it waits for. The suite fails when an id is missing
here, and when one listed here is claimed: then run `placement trace --write-later`, which keeps the last column.
"""


@dataclass(frozen=True)
class Explained:
    """An id, or a pattern such as `REG-*`, with its reason."""

    pattern: str
    reason: str

    def covers(self, requirement_id: str) -> bool:
        """Whether this line speaks of the id."""
        return fnmatchcase(requirement_id, self.pattern)


def read_explained(path: Path) -> list[Explained]:
    """The table rows of a document whose first cell is an id in backquotes; the last cell is the reason."""
    rows = []
    for line in path.read_text(encoding="utf-8").splitlines():
        first, *rest = (cell.strip() for cell in line.strip("| ").split(" | "))
        if rest and first.startswith("`"):
            rows.append(Explained(first.strip("`"), rest[-1]))
    return rows


def unexplained(
    catalogue: Mapping[str, Requirement], claimed: set[str], *documents: list[Explained]
) -> list[str]:
    """Ids that no test claims and no document explains, in the order of the catalogue."""
    lines = [line for document in documents for line in document]
    return [
        known for known in catalogue if known not in claimed and not any(line.covers(known) for line in lines)
    ]


def later_text(catalogue: Mapping[str, Requirement], claimed: set[str], present: list[Explained]) -> str:
    """`docs/later.md` as it should read now; reasons already written stay."""
    not_ours = read_explained(NOT_APPLICABLE)
    reasons = {line.pattern: line.reason for line in present}
    text = _INTRODUCTION
    section = None
    for requirement_id in unexplained(catalogue, claimed, not_ours):
        row = catalogue[requirement_id]
        if row.file != section:
            section = row.file
            text += f"\n## {_SECTIONS[section]}\n\n| Id | What | Waits for |\n|---|---|---|\n"
        reason = reasons.get(requirement_id) or _BY_FILE.get(row.file, _OTHERWISE)
        text += f"| `{requirement_id}` | {row.title} | {reason} |\n"
    return text
