"""`placement keys`: make the key ring of a production installation and rotate it in two steps."""

from pathlib import Path
from typing import Annotated

import typer

from adapters.keys import KeyRing, create_keys, read_keys, replace_keys
from adapters.settings import SettingsError

File = Annotated[Path, typer.Argument(help="The file that PLACEMENT_KEYS_FILE names.")]

_keys = typer.Typer(help="Key ring of a production installation.", no_args_is_help=True)


@_keys.command()
def new(file: File) -> None:
    """Make a ring with one random key. Keep a copy offline: without it the record's sealed parts are lost."""
    if file.exists():
        raise SettingsError(f"{file} is there already and stays as it is")
    create_keys(file, KeyRing.fresh())
    typer.echo(read_keys(file).current)


@_keys.command()
def add(file: File) -> None:
    """Rotation, first step: add a key for reading, then restart every process."""
    ring = read_keys(file)
    grown = ring.with_new_key()
    replace_keys(file, grown)
    typer.echo(next(iter(set(grown.keys) - set(ring.keys))))


@_keys.command()
def use(file: File, key: Annotated[str, typer.Argument(help="Id that `add` printed.")]) -> None:
    """Rotation, second step: seal with this key from now on, then restart every process. Old keys keep reading."""
    replace_keys(file, read_keys(file).with_current(key))


def add_commands(app: typer.Typer) -> None:
    """Mount `placement keys`."""
    app.add_typer(_keys, name="keys")
