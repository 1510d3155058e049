"""The rules of the house (CONTRIBUTING.md) that a machine can check."""

import ast
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROOMS = ("workers", "api", "workflows", "activities", "adapters", "models", "procedures")
FOLDERS = {*ROOMS, "migrations", "tests", "docs", "bench"}
GENERATED = {"node_modules", "dist", "build", "__pycache__"}

CODE_LINES, TEST_LINES = 400, 600
VAGUE_NAMES = {"utils", "util", "helpers", "helper", "common", "service", "services", "manager", "misc"}

ENVIRONMENT = {"adapters/settings.py"}
"""Where the environment is read."""

CLOCKS = {"adapters/identity.py"}
"""Where a room below the processes reads the wall clock: a token's age is the machine's matter, not the procedure's."""

CONNECTS = {"adapters/temporal.py"}
"""Where Temporal clients are made."""


def _modules(*folders: str) -> list[Path]:
    return [
        path.relative_to(ROOT)
        for folder in folders
        for path in sorted((ROOT / folder).rglob("*.py"))
        if not GENERATED & set(path.parts)
    ]


def _tree(module: Path) -> ast.Module:
    return ast.parse((ROOT / module).read_text(encoding="utf-8"), str(module))


def _dotted(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return f"{_dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


@cache
def _names_used(module: Path) -> frozenset[str]:
    """Every dotted name a module mentions, imported names under the name of their module too."""
    used: set[str] = set()
    for node in ast.walk(_tree(module)):
        if isinstance(node, ast.Attribute):
            used.add(_dotted(node))
        elif isinstance(node, ast.ImportFrom):
            used.update(f"{node.module}.{alias.name}" for alias in node.names)
    return frozenset(used)


def _using(modules: list[Path], *endings: str) -> set[str]:
    return {
        str(module)
        for module in modules
        if any(f".{name}".endswith(f".{ending}") for name in _names_used(module) for ending in endings)
    }


CODE = _modules(*ROOMS, "migrations", "bench")
TESTS = _modules("tests")


def test_top_level_folders_are_those_of_the_design() -> None:
    found = {path.name for path in ROOT.iterdir() if path.is_dir()}
    ours = {name for name in found if not name.startswith(".") and not name.endswith(".egg-info")}
    assert ours - GENERATED <= FOLDERS


@pytest.mark.parametrize(
    ("modules", "limit"), [(CODE, CODE_LINES), (TESTS, TEST_LINES)], ids=["code", "tests"]
)
def test_no_file_is_too_long(modules: list[Path], limit: int) -> None:
    lengths = {str(m): len((ROOT / m).read_text(encoding="utf-8").splitlines()) for m in modules}
    frozen = {name for name in lengths if name.startswith("migrations/versions/")}  # written once, by Alembic
    assert {name: n for name, n in lengths.items() if n > limit and name not in frozen} == {}


def test_every_module_opens_with_a_sentence() -> None:
    assert [str(module) for module in CODE + TESTS if not ast.get_docstring(_tree(module))] == []


def test_files_are_named_by_meaning() -> None:
    vague = [str(module) for module in CODE + TESTS if VAGUE_NAMES & set(module.with_suffix("").parts)]
    assert vague == []


def test_only_the_settings_read_the_environment() -> None:
    assert _using(_modules(*ROOMS, "migrations"), "os.environ", "os.environb", "os.getenv") <= ENVIRONMENT


def test_only_processes_and_named_places_read_the_wall_clock() -> None:
    """`workers/` and `bench/` are processes, where now enters; every other room is handed it."""
    below = _modules(*(room for room in ROOMS if room != "workers"), "migrations")
    assert (
        _using(below, "datetime.now", "datetime.utcnow", "datetime.today", "date.today", "time.time")
        <= CLOCKS
    )


def test_only_one_place_connects_to_temporal() -> None:
    assert _using(CODE, "Client.connect") == CONNECTS


def test_there_are_modules_to_check() -> None:
    assert len(CODE) > 20
    assert {module.parts[0] for module in CODE} >= set(ROOMS)


def test_the_package_of_workflows_imports_none_of_them() -> None:
    """The sandbox imports the package anew for each run, so each run would read every workflow's module."""
    nodes = ast.walk(_tree(Path("workflows/__init__.py")))
    assert not [node for node in nodes if isinstance(node, ast.Import | ast.ImportFrom)]
