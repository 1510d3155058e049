"""Which test claims which requirement: asked of pytest itself, so that computed marks count as they run."""

import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from workers.processes import StackError
from workers.tracing.catalogue import ROOT


@dataclass(frozen=True)
class Claims:
    """Every test function of the suite by its node id, with the ids it claims."""

    by_test: dict[str, tuple[str, ...]]

    @property
    def ids(self) -> set[str]:
        """All ids that some test claims."""
        return {claimed for ids in self.by_test.values() for claimed in ids}

    def of(self, requirement_id: str) -> list[str]:
        """The tests that claim this id."""
        return [test for test, ids in self.by_test.items() if requirement_id in ids]

    def of_step(self, ref: str, rows: set[str]) -> list[str]:
        """The tests that claim one of the rows, or are named after the step."""
        prefix = f"::test_{ref.replace('.', '_')}_"
        return [test for test, ids in self.by_test.items() if prefix in test or rows & set(ids)]


def collect_claims() -> Claims:
    """Collect the whole suite without running it, which takes seconds. Raises StackError when a file cannot be read."""
    with tempfile.TemporaryDirectory(prefix="placement-trace-") as folder:
        target = Path(folder) / "claims.json"
        command = [sys.executable, "-m", "pytest", "--collect-only", "-qq", "-p", "no:cacheprovider"]
        command += ["-p", "workers.tracing.collection", f"--claims-to={target}", "tests"]
        run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        if run.returncode != 0 or not target.exists():
            _, _, errors = run.stdout.partition(" ERRORS ")
            raise StackError(f"The tests could not be collected:\n{errors or run.stdout}{run.stderr}")
        found: dict[str, list[str]] = json.loads(target.read_text(encoding="utf-8"))
    return Claims({test: tuple(ids) for test, ids in found.items()})
