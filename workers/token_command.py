"""`placement token`: a token of a synthetic person for calls to the API by hand."""

from typing import Annotated

import httpx
import typer

from adapters.settings import SettingsError, read_settings
from procedures.terms import Role


def token(
    role: Annotated[Role, typer.Option(help="Which role the token should carry.")],
    region: Annotated[str, typer.Option(help="Region code of the person; * for all regions.")] = "*",
) -> None:
    """Print a token, good for eight hours. Use it as `Authorization: Bearer …`. Embedded stack only."""
    settings = read_settings()
    if settings.production:
        raise SettingsError("`placement token` is for the embedded stack; use the agency's identity provider")
    address = f"http://127.0.0.1:{settings.oidc_port}/embedded/token"
    try:
        answer = httpx.post(address, json={"role": role, "region": region}, timeout=5, trust_env=False)
    except httpx.HTTPError:
        raise SettingsError(
            f"No identity provider on port {settings.oidc_port}: start `placement up`"
        ) from None
    if answer.status_code == httpx.codes.NOT_FOUND:
        raise SettingsError(answer.json()["detail"])
    answer.raise_for_status()
    typer.echo(answer.json()["access_token"])


def add_commands(app: typer.Typer) -> None:
    """Mount `placement token`."""
    app.command()(token)
