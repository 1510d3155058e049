"""What the documents say is so: settings, commands, links, and the shape of the decision records."""

import ast
import re
from pathlib import Path

import pytest

from adapters.settings import Settings, read_settings
from procedures.steps import STEPS
from workers.cli import COMMANDS

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
OPERATIONS = ROOT / "docs" / "operations.md"
RECORDS = sorted((ROOT / "docs" / "decisions").glob("[0-9]*.md"))
DOCUMENTS = [
    *(ROOT / name for name in ("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "procedures/README.md")),
    *sorted((ROOT / "docs").rglob("*.md")),
]

_SETTING = re.compile(r"PLACEMENT_[A-Z0-9_]+|DATABASE_URL")
_ROW = re.compile(r"^\| `([A-Z0-9_]+)` \| (.+?) \| (.+) \|$", re.MULTILINE)
_LINK = re.compile(r"\]\((?!https?:|#)([^)#]+)\)")
_COMMAND = re.compile(r"(?:\.venv/bin/|`|^|\$\()placement ([a-z]+)", re.MULTILINE)


def _variables_read() -> set[str]:
    tree = ast.parse((ROOT / "adapters" / "settings.py").read_text(encoding="utf-8"))
    texts = (node.value for node in ast.walk(tree) if isinstance(node, ast.Constant))
    return {text for text in texts if isinstance(text, str) and _SETTING.fullmatch(text)}


def _table(document: Path) -> dict[str, str]:
    """Variable to default, as the document's tables give them."""
    rows: list[tuple[str, str, str]] = _ROW.findall(document.read_text(encoding="utf-8"))
    return {name: default for name, default, _ in rows if _SETTING.fullmatch(name)}


def test_operations_lists_every_setting_and_no_other() -> None:
    assert set(_table(OPERATIONS)) == _variables_read()


def test_readme_lists_settings_as_operations_does() -> None:
    assert len(_table(README)) >= 5
    assert _table(README).items() <= _table(OPERATIONS).items()


def test_ports_and_names_have_the_default_that_is_documented() -> None:
    settings: Settings = read_settings({})
    for name, default in _table(OPERATIONS).items():
        field = name.removeprefix("PLACEMENT_").lower()
        for held in (settings, settings.mail):
            if isinstance(value := getattr(held, field, None), int | str) and not isinstance(value, bool):
                assert default.startswith(f"`{value}`") or " and the port above" in default, name


def test_readme_says_how_to_begin() -> None:
    lines = README.read_text(encoding="utf-8").splitlines()
    assert {"make up", "make test", "make trace STEP=1.6"} <= set(lines)
    assert len(lines) < 250
    headings = [line for line in lines if line.startswith("## ")]
    assert [heading.removeprefix("## ") for heading in headings] == [
        "What it is for, and what it is not",
        "Two commands",
        "One picture",
        "One story",
        "Where policy becomes code",
        "Operations",
        "Licence",
    ]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(document: Path) -> None:
    targets = _LINK.findall(document.read_text(encoding="utf-8"))
    assert [target for target in targets if not (document.parent / target).exists()] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_commands_named_exist(document: Path) -> None:
    assert set(_COMMAND.findall(document.read_text(encoding="utf-8"))) <= set(COMMANDS)


@pytest.mark.parametrize("record", RECORDS, ids=lambda path: path.stem)
def test_a_decision_record_has_its_four_parts_and_is_listed(record: Path) -> None:
    text = record.read_text(encoding="utf-8")
    parts = re.findall(r"^\*\*(\w+)\.\*\*", text, re.MULTILINE)
    assert parts == ["Context", "Decision", "Consequences", "Alternatives"]
    assert text.startswith(f"# {record.stem[:4]} ")
    title = text.splitlines()[0].removeprefix(f"# {record.stem[:4]} ")
    assert f"| [{record.stem[:4]}]({record.name}) | {title} |" in (record.parent / "README.md").read_text(
        encoding="utf-8"
    )


def test_the_changelog_begins_with_the_impact_on_steps() -> None:
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    _, *versions = text.split("\n## ")
    for version in versions:
        assert re.findall(r"^### (.+)$", version, re.MULTILINE) == ["Policy impact", "Code"]
        impact = version.partition("### Policy impact")[2].partition("### Code")[0]
        assert set(re.findall(r"^- \*\*(\d\.\d)", impact, re.MULTILINE)) & set(STEPS)


def test_the_licence_is_the_one_of_the_package() -> None:
    assert "Apache License\n                           Version 2.0" in (ROOT / "LICENSE").read_text(
        encoding="utf-8"
    )
