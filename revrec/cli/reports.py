"""`revrec report`: the reports."""

from __future__ import annotations

from datetime import date
from typing import Annotated

import typer

from revrec.cli import options, show


def add(app: typer.Typer) -> None:
    """Add the commands of this family."""
    report = typer.Typer(help="Reports that tie to the ledger.", no_args_is_help=True, rich_markup_mode=None)
    report.command("rollforward")(rollforward)
    report.command("aging")(aging)
    app.add_typer(report, name="report")


def rollforward(
    ctx: typer.Context,
    since: Annotated[
        date | None, typer.Option("--from", parser=options.day, metavar="DATE", help="First day (default: 1 January).")
    ] = None,
    until: Annotated[
        date | None, typer.Option("--to", parser=options.day, metavar="DATE", help="Last day (default: today).")
    ] = None,
    by: Annotated[str | None, typer.Option(metavar="KEYS", help="Rows by any of branch,service,policy, month or bundle.")] = None,
    as_json: options.Json = False,
) -> None:
    """Show how the contract liability moved: opening, sales, revenue, breakage, refunds, closing; tied to the ledger.

    \b
    Example:
      revrec report rollforward --from 2026-01-01 --to 2026-12-31 --by branch,service
    """
    from revrec.app import report as app

    with options.workspace(ctx) as ws:
        last = until or options.today(ws)
        first = since or date(last.year, 1, 1)
        if first > last:
            raise typer.BadParameter(f"--from {first} lies after --to {last}")
        show.show(app.rollforward(ws, first, last, by), as_json=as_json)


def aging(ctx: typer.Context, on: options.On = None, as_json: options.Json = False) -> None:
    """Show the unused rights by age and by days left.

    \b
    Example:
      revrec report aging --on 2026-06-30
    """
    from revrec.app import report as app

    with options.workspace(ctx) as ws:
        show.show(app.aging(ws, on or options.today(ws)), as_json=as_json)
