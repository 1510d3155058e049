"""Every requirement of the catalogue is claimed by a test or explained, and what is written about it is true."""

import re

import pytest
from typer.testing import CliRunner

from procedures.answers import ALL
from procedures.changes import CHANGES
from procedures.steps import STEPS
from workers.cli import build_app
from workers.processes import StackError
from workers.tracing.catalogue import CATALOGUE, HEADER, Requirement, groups, read_catalogue, step_of
from workers.tracing.claims import Claims, collect_claims
from workers.tracing.code import MarkedCode, marked_code
from workers.tracing.explained import (
    LATER,
    NOT_APPLICABLE,
    Explained,
    later_text,
    read_explained,
    unexplained,
)
from workers.tracing.overview import README, full_text, readme_text, view_of, views


@pytest.fixture(scope="module")
def catalogue() -> dict[str, Requirement]:
    return read_catalogue()


@pytest.fixture(scope="module")
def claims() -> Claims:
    """The claims of the whole suite, whatever part of it runs now."""
    return collect_claims()


@pytest.fixture(scope="module")
def code() -> list[MarkedCode]:
    return marked_code()


def test_the_catalogue_is_one_row_per_id(catalogue: dict[str, Requirement]) -> None:
    first, *lines = CATALOGUE.read_text(encoding="utf-8").splitlines()
    assert tuple(first.split("\t")) == HEADER
    assert len(lines) == len(catalogue) > 600
    assert [row.id for row in catalogue.values() if row.step not in {"", *STEPS}] == []
    assert [row.id for row in catalogue.values() if step_of(row.id) not in {"", row.step}] == []
    assert [row.id for row in catalogue.values() if not row.title or len(row.title.split()) > 14] == []


def test_no_test_claims_an_unknown_id(catalogue: dict[str, Requirement], claims: Claims) -> None:
    unknown = claims.ids - set(catalogue) - groups(catalogue)
    assert {name: claims.of(name) for name in sorted(unknown)} == {}


def test_every_requirement_is_claimed_or_explained(catalogue: dict[str, Requirement], claims: Claims) -> None:
    """When this fails: claim the ids in a test that proves them, or run `placement trace --write-later`."""
    documents = read_explained(LATER), read_explained(NOT_APPLICABLE)
    assert unexplained(catalogue, claims.ids, *documents) == []


def test_later_is_not_stale(catalogue: dict[str, Requirement], claims: Claims) -> None:
    """An id that is claimed, or explained otherwise, is not waiting. When this fails: `placement trace --write-later`."""
    present = read_explained(LATER)
    assert LATER.read_text(encoding="utf-8") == later_text(catalogue, claims.ids, present)


def test_nothing_not_applicable_is_claimed(catalogue: dict[str, Requirement], claims: Claims) -> None:
    for line in read_explained(NOT_APPLICABLE):
        covered = {name for name in catalogue if line.covers(name)}
        assert covered, f"{line.pattern} is in no catalogue"
        assert covered & claims.ids == set(), f"{line.pattern} is claimed by a test"
        assert len(line.reason.split()) > 3


def test_tasks_and_changes_name_rows_of_the_catalogue(catalogue: dict[str, Requirement]) -> None:
    policies = {kind: asked.policy for kind, asked in ALL.items()}
    policies |= {f"change {kind}": change.policy for kind, change in CHANGES.items()}
    known = set(catalogue) | groups(catalogue)
    assert {kind: sorted(set(ids.split()) - known) for kind, ids in policies.items()} == {
        kind: [] for kind in policies
    }


def test_ids_named_in_the_code_are_rows_of_the_catalogue(catalogue: dict[str, Requirement]) -> None:
    """Comments, docstrings and refusals in `procedures/` and `workflows/` speak of ids that exist."""
    known = set(catalogue) | groups(catalogue)
    pattern = re.compile(
        r"\b(?:P[1-4]\.[A-Z]\d*(?:\.[a-zN]?\d*)?|AMB-[A-Z0-9]+-\d+|PRV-\d+|TR-\d+|DEF-\d+)\b"
    )
    root = CATALOGUE.parents[1]
    wrong = {
        f"{path.relative_to(root)}: {found}"
        for room in ("procedures", "workflows")
        for path in (root / room).rglob("*.py")
        for found in pattern.findall(path.read_text(encoding="utf-8"))
        if found not in known
    }
    assert wrong == set()


def test_every_step_that_a_workflow_walks_has_tests(
    catalogue: dict[str, Requirement], claims: Claims, code: list[MarkedCode]
) -> None:
    walked = [view for view in views(catalogue, code, claims) if view.methods()]
    assert [view.step.ref for view in walked if not view.tests] == []
    assert {view.step.ref for view in walked} >= {f"1.{number}" for number in range(1, 8)}


def test_the_table_of_steps_is_fresh(
    catalogue: dict[str, Requirement], claims: Claims, code: list[MarkedCode]
) -> None:
    """When this fails: `placement trace --write-readme`."""
    assert README.read_text(encoding="utf-8") == readme_text(views(catalogue, code, claims))


def test_a_step_is_shown_in_full(
    catalogue: dict[str, Requirement], claims: Claims, code: list[MarkedCode]
) -> None:
    text = full_text(view_of("1.6", catalogue, code, claims), claims)
    assert "P1.S6.b5" in text
    assert re.search(r"workflows/identify\.py:\d+  check_for_a_live_record", text)
    assert "send_t441: Send the T-441" in text
    assert "tests/procedures/test_clocks.py::test_" in text


@pytest.mark.parametrize(
    ("requirement_id", "step"),
    [("P1.S6.b5", "1.6"), ("P3.S2.c", "3.2"), ("A-B8", "B"), ("P1.N2", ""), ("AMB-A-1", ""), ("TR-1", "")],
)
def test_an_id_names_its_step(requirement_id: str, step: str) -> None:
    assert step_of(requirement_id) == step


def test_an_id_without_its_last_part_is_a_group() -> None:
    rows = {name: Requirement(name, "10", "", name) for name in ("P1.S3.1", "P1.S3.a", "P1.S3.a1", "P2.F1")}
    assert groups(rows) == {"P1.S3", "P2.F"}


def test_later_keeps_reasons_and_leaves_out_what_is_claimed(catalogue: dict[str, Requirement]) -> None:
    present = [Explained("P1.X1", "procedure 2"), Explained("P1.X2", "procedure 3")]
    text = later_text(catalogue, {"P1.X2"}, present)
    assert "| `P1.X1` | Lives in a home: tell the manager securely; procedure 2 | procedure 2 |" in text
    assert "`P1.X2`" not in text
    assert "`REG-1`" not in text
    assert (
        "| `P2.S4.4` | D1 and CUR are displayed, or it does not complete | procedure 2, `check_suitability` |"
        in text
    )


def test_the_command_knows_the_steps_of_the_document() -> None:
    result = CliRunner().invoke(build_app("trace"), ["trace", "5.1"])
    assert isinstance(result.exception, StackError)
    assert "no step '5.1'; it has 1.1, 1.2" in str(result.exception)
