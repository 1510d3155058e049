"""Brings docs/requirements.tsv up to date with a copy of the catalogue: `python -m bench.catalogue_ids FOLDER`.

The catalogue itself stands outside the repository. Titles and steps already written stay; a new row gets a provisional
title from the catalogue, to be replaced by our own words.
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

from workers.tracing.catalogue import CATALOGUE, HEADER, Requirement, read_catalogue, step_of

_ROW = re.compile(
    r"^\|\s*\**((?:OV|CLK|TR|PRV|CAL|NFR|REG|ERA|ALLOC|DUN|DEF|SUP)-[A-Z0-9-]+"
    r"|P[1-4]\.[A-Za-z0-9.]+|A-[ABC]\d+|AMB-[A-Z0-9]+-\d+)\**[^|]*\|(.*)"
)
_LONGEST_TITLE = 10
"""Words."""


def rows_of(folder: Path) -> Iterator[Requirement]:
    """Every row of the catalogue's tables that has an id."""
    for path in sorted(folder.glob("[0-9][0-9]-*.md")):
        for line in path.read_text(encoding="utf-8").splitlines():
            if found := _ROW.match(line):
                cells = [cell.strip().replace("*", "") for cell in found[2].split("|")]
                yield Requirement(found[1], path.name[:2], step_of(found[1]), _provisional_title(cells))


def _provisional_title(cells: list[str]) -> str:
    rule_table = len(cells) > 8
    text = cells[2] if rule_table else cells[0]
    if rule_table and len(text.split()) < 4:
        text = f"{cells[1]}: {text}"
    words = re.split(r" \(|; ", text)[0].split()
    return " ".join(words[:_LONGEST_TITLE])


def main(folder: Path) -> int:
    """Write the file; its exit status. An id that left the catalogue is an error: ids are never reused."""
    present = read_catalogue() if CATALOGUE.exists() else {}
    found = {row.id: present.get(row.id, row) for row in rows_of(folder)}
    if gone := sorted(set(present) - set(found)):
        print(f"No longer in the catalogue: {', '.join(gone)}", file=sys.stderr)
        return 1
    lines = ["\t".join(HEADER)]
    lines += ["\t".join((row.id, row.file, row.step, row.title)) for row in found.values()]
    CATALOGUE.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
