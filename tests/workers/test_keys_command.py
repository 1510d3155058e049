"""`placement keys` makes a ring that production takes, and rotates it without losing an old key."""

from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from adapters.keys import Cipher, Purpose, load_keys
from adapters.settings import SettingsError, read_settings
from workers.keys_command import add_commands


def command(*arguments: str) -> str:
    app = typer.Typer()
    app.callback()(lambda: None)
    add_commands(app)
    result = CliRunner().invoke(app, ["keys", *arguments])
    if result.exception is not None:
        raise result.exception
    return result.output.strip()


def test_ring_made_by_hand_serves_production_and_rotates(tmp_path: Path) -> None:
    """T3: new, add, use; what was sealed before opens after, an unknown id and a second `new` change nothing."""
    file = tmp_path / "ring.json"
    settings = read_settings({"PLACEMENT_MODE": "production", "PLACEMENT_KEYS_FILE": str(file)})
    first = command("new", str(file))
    before = Cipher(load_keys(settings), Purpose.DOCUMENTS).seal_packed(b"kept", "place")
    second = command("add", str(file))
    assert load_keys(settings).current == first
    with pytest.raises(SettingsError, match="current key"):
        command("use", str(file), "no-such-key")
    with pytest.raises(SettingsError, match="already"):
        command("new", str(file))
    command("use", str(file), second)
    ring = load_keys(settings)
    assert (ring.current, set(ring.keys)) == (second, {first, second})
    assert Cipher(ring, Purpose.DOCUMENTS).open_packed(before, "place") == b"kept"
    assert file.stat().st_mode & 0o777 == 0o600
