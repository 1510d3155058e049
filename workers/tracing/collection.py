"""A pytest plugin that writes the collected tests and their claimed requirement ids to a file."""

import json
from pathlib import Path

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--claims-to FILE`."""
    parser.addoption("--claims-to", type=Path, required=True, help="Where to write the claims as JSON.")


def pytest_collection_finish(session: pytest.Session) -> None:
    """Test functions (one for all their parameters), each with the sorted ids it claims."""
    claims: dict[str, set[str]] = {}
    for item in session.items:
        claimed = claims.setdefault(item.nodeid.partition("[")[0], set())
        claimed.update(str(name) for mark in item.iter_markers("req") for name in mark.args)
    target: Path = session.config.getoption("--claims-to")
    target.write_text(json.dumps({test: sorted(ids) for test, ids in claims.items()}), encoding="utf-8")
