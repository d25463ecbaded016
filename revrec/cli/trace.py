"""`revrec trace`: from one id to everything that hangs together with it, or an auditor's sample of sessions."""

from __future__ import annotations

from datetime import date
from typing import Annotated

import typer

from revrec.cli import options, show


def add(app: typer.Typer) -> None:
    """Add the command."""
    app.command("trace")(trace)


def trace(
    ctx: typer.Context,
    identifier: Annotated[
        str | None,
        typer.Argument(
            metavar="ID",
            show_default=False,
            help="Any id, or session:ID, bundle:ID, event:ID, payment:ID, refund:ID, customer:ID, entry:E-12.",
        ),
    ] = None,
    size: Annotated[
        int | None, typer.Option("--sample", metavar="N", help="Instead: draw N sessions; 0 only counts the whole.")
    ] = None,
    seed: Annotated[
        str | None, typer.Option(metavar="S", help="Of the sample: chosen by the auditor, never by who keeps the books.")
    ] = None,
    reverse: Annotated[
        bool, typer.Option("--reverse", help="Draw postings of revenue, and walk back to their sessions.")
    ] = False,
    first: Annotated[
        date | None, typer.Option("--from", parser=options.day, metavar="DATE", help="Of the sample: first day.")
    ] = None,
    last: Annotated[
        date | None, typer.Option("--to", parser=options.day, metavar="DATE", help="Of the sample: last day.")
    ] = None,
    as_json: options.Json = False,
) -> None:
    """Walk from any id to its event, entries, file and line, bundle and payments, and back; or draw an auditor's sample.

    A sample also holds every session against its posting of revenue and every posting against its source: exceptions exit 1.

    \b
    Example:
      revrec trace S-0001
      revrec trace entry:E-12 --json
      revrec trace --sample 25 --seed 4711 --from 2026-01-01 --to 2026-12-31
      revrec trace --sample 25 --seed 4711 --reverse
    """
    if (identifier is None) == (size is None):
        raise typer.BadParameter("say an ID, or --sample N with --seed S.")
    if size is None:
        _trace_one(ctx, identifier or "", as_json=as_json)
        return
    if seed is None:
        raise typer.BadParameter("a sample needs --seed S, chosen by whoever audits.")
    from revrec.app import sample as app

    with options.workspace(ctx) as ws:
        found = app.sample(ws, app.Asked(size, seed, reverse, first, last), options.progress())
        show.show(found, as_json=as_json)
    if not found.clean:
        raise typer.Exit(1)


def _trace_one(ctx: typer.Context, identifier: str, *, as_json: bool) -> None:
    from revrec.app import trace as app

    with options.workspace(ctx) as ws:
        show.show(app.trace(ws, identifier), as_json=as_json)
