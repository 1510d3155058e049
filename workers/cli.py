"""The `placement` command: one typer app to which the command modules add themselves."""

from importlib import import_module

import typer

COMMAND_MODULES = ("workers.up", "workers.migrate", "workers.register_command", "workers.token_command")
"""Modules with a function `add_commands(app: typer.Typer) -> None`, in the order of the help page."""

_HELP = """Safe Placement carries out CT-PRO-301 with you: from the Friday report to a safe home, with nothing forgotten.

Start with `placement up`, then open the address it prints. Settings are environment variables named PLACEMENT_…
"""


def build_app() -> typer.Typer:
    """The app with every command mounted."""
    app = typer.Typer(
        name="placement",
        help=_HELP,
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    # A callback keeps `placement COMMAND` even while there is one command only.
    app.callback()(lambda: None)
    for name in COMMAND_MODULES:
        import_module(name).add_commands(app)
    return app
