"""`placement trace`: from a step of the document to its requirements, code, tasks and tests."""

from typing import Annotated

import typer

from procedures.steps import STEPS
from workers.processes import StackError
from workers.tracing.catalogue import read_catalogue
from workers.tracing.claims import collect_claims
from workers.tracing.code import marked_code
from workers.tracing.explained import LATER, NOT_APPLICABLE, later_text, read_explained, unexplained
from workers.tracing.overview import README, full_text, readme_text, summary_line, view_of, views


def trace(
    step: Annotated[str | None, typer.Argument(help="Step of the document, such as 1.6, or A.")] = None,
    unclaimed: Annotated[
        bool, typer.Option("--unclaimed", help="List ids that no test claims and no document explains.")
    ] = False,
    write_later: Annotated[
        bool, typer.Option("--write-later", help="Rewrite docs/later.md from the present claims.")
    ] = False,
    write_readme: Annotated[
        bool, typer.Option("--write-readme", help="Rewrite procedures/README.md from the present code.")
    ] = False,
) -> None:
    """Follow one step, or all, through catalogue, code, tasks and tests. For a checkout of the source."""
    if step is not None and step not in STEPS:
        raise StackError(f"The document has no step {step!r}; it has {', '.join(STEPS)}")
    catalogue, claims, code = read_catalogue(), collect_claims(), marked_code()
    if write_later:
        present = read_explained(LATER) if LATER.exists() else []
        LATER.write_text(later_text(catalogue, claims.ids, present), encoding="utf-8")
    if write_readme:
        README.write_text(readme_text(views(catalogue, code, claims)), encoding="utf-8")
    if write_later or write_readme:
        return
    if unclaimed:
        missing = unexplained(catalogue, claims.ids, read_explained(LATER), read_explained(NOT_APPLICABLE))
        typer.echo("\n".join(f"{one:<12} {catalogue[one].title}" for one in missing) or "Nothing.")
        return
    if step is not None:
        typer.echo(full_text(view_of(step, catalogue, code, claims), claims))
        return
    for view in views(catalogue, code, claims):
        typer.echo(summary_line(view, claims))
    typer.echo(f"\n{len(catalogue)} requirements, {len(claims.ids & set(catalogue))} claimed by tests.")


def add_commands(app: typer.Typer) -> None:
    """Mount `placement trace`."""
    app.command()(trace)
