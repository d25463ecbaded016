"""`revrec report`: the reports."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Annotated

import typer

from revrec.cli import options, show

if TYPE_CHECKING:
    from revrec.core.report import Table

Csv = Annotated[bool, typer.Option("--csv", help="Print CSV for a spreadsheet.")]


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
    as_csv: Csv = False,
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
        try:
            table = app.rollforward(ws, first, last, by)
        except app.UnknownGrouping as error:
            raise typer.BadParameter(str(error)) from None
        _print(table, as_json=as_json, as_csv=as_csv)


def aging(ctx: typer.Context, on: options.On = None, as_json: options.Json = False, as_csv: Csv = False) -> None:
    """Show the unused rights by age and by days left.

    \b
    Example:
      revrec report aging --on 2026-06-30
    """
    from revrec.app import report as app

    with options.workspace(ctx) as ws:
        _print(app.aging(ws, on or options.today(ws)), as_json=as_json, as_csv=as_csv)


def _print(table: Table, *, as_json: bool, as_csv: bool) -> None:
    """Print a report; one that does not tie to the ledger is a finding."""
    if as_csv:
        print(table.to_csv(), end="")
    else:
        show.show(table, as_json=as_json)
    for finding in table.findings:
        show.complain(finding)
    if not table.tied:
        show.complain("the report does not tie to the ledger. Hint: `revrec verify` says where")
    if table.findings or not table.tied:
        raise typer.Exit(1)
