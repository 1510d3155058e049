"""The `placement` command: one typer app to which the command modules add themselves."""

from importlib import import_module

import typer

COMMANDS = {
    "up": "workers.up",
    "worker": "workers.worker",
    "api": "workers.api_server",
    "codec": "workers.codec_command",
    "schedule": "workers.schedule",
    "migrate": "workers.migrate",
    "register": "workers.register_command",
    "voids": "workers.void_command",
    "token": "workers.token_command",
    "keys": "workers.keys_command",
    "case": "workers.case_command",
    "stuck": "workers.case_command",
    "reconcile": "workers.case_command",
    "rehearse": "workers.rehearse_command",
    "trace": "workers.trace_command",
}
"""Command to the module that mounts it by `add_commands(app: typer.Typer) -> None`, in the order of the help page."""

_HELP = """Safe Placement carries out CT-PRO-301 with you: from the Friday report to a safe home, with nothing forgotten.

Start with `placement up`, then open the address it prints. Settings are environment variables named PLACEMENT_…
"""


def build_app(wanted: str | None = None) -> typer.Typer:
    """The app with every command mounted, or only what the wanted one needs: importing all takes seconds."""
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
    modules = [COMMANDS[wanted]] if wanted in COMMANDS else dict.fromkeys(COMMANDS.values())
    for name in modules:
        import_module(name).add_commands(app)
    return app
