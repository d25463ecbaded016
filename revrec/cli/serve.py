"""`revrec serve`: the books in the browser."""

from __future__ import annotations

from typing import Annotated

import typer

from revrec.cli import options


def add(app: typer.Typer) -> None:
    """Add the command."""
    app.command("serve")(serve)


def serve(
    ctx: typer.Context,
    book: Annotated[
        str | None, typer.Option(metavar="NAME", help="main, summary, fy2026, fy2026-q1 … (default: what opens quickly).")
    ] = None,
    port: Annotated[int, typer.Option(metavar="N", min=0, max=65535, help="The port on this machine; 0: any free one.")] = 0,
) -> None:
    """Open the books in Fava, read-only, on this machine only, until Ctrl-C; needs revrec[fava].

    \b
    Example:
      revrec serve --book fy2026
    """
    from revrec.app import serve as app

    with options.workspace(ctx) as ws:
        opened = app.prepare(ws, book, options.progress())
    for sentence in opened.why:
        print(sentence)
    app.serve(opened, lambda address: print(f"Fava serves the books at {address} until Ctrl-C", flush=True), port)
