"""`revrec about`: which release this is, and what its producer declares of it."""

from __future__ import annotations

import typer

from revrec.cli import options, show


def add(app: typer.Typer) -> None:
    """Add the command."""
    app.command("about")(about)


def about(ctx: typer.Context, as_json: options.Json = False) -> None:
    """Say which release this is, its licence and what it runs on.

    In a workspace also the fingerprints of the keys that sign its closings: hand them to those who will check.
    In a Spanish workspace also the producer's declaration of responsibility (RD 1007/2023 art. 13), with the number of
    this installation once an invoice was issued. What only the producer can say and sign is marked.

    \b
    Example:
      revrec about
      revrec -C books about --json
    """
    from revrec.app import about as app
    from revrec.settings import FILE

    if not (options.folder(ctx) / FILE).exists():
        show.show(app.about(), as_json=as_json)
        return
    with options.workspace(ctx) as ws:
        show.show(app.about(ws, options.now()), as_json=as_json)
