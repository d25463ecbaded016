"""`revrec export`: the journal for other accounting systems."""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from revrec.cli import options, show

if TYPE_CHECKING:
    from revrec.app.export import Exported

Since = Annotated[
    date | None, typer.Option("--from", parser=options.day, metavar="DATE", help="First day (default: that of the first entry).")
]
Until = Annotated[
    date | None, typer.Option("--to", parser=options.day, metavar="DATE", help="Last day (default: that of the last entry).")
]
Out = Annotated[Path | None, typer.Option("--out", metavar="FILE", help="Write to this file (default: standard output).")]
Files = Annotated[Path, typer.Option("--out", metavar="FILE", help="Write FILE-2026-01.xlsx and so on, one a month.")]
By = Annotated[Literal["entry", "month"], typer.Option("--by", help="A transaction an entry, or a month and branch.")]
Digits = Annotated[int, typer.Option("--digits", metavar="N", min=4, max=12, help="Length of a subaccount.")]
First = Annotated[int, typer.Option("--first-number", metavar="N", min=1, help="Number of the first transaction.")]
Force = Annotated[bool, typer.Option("--force", help="Replace files that exist.")]


def add(app: typer.Typer) -> None:
    """Add the commands of this family."""
    export = typer.Typer(help="The journal for other accounting systems.", no_args_is_help=True, rich_markup_mode=None)
    export.command("hledger")(hledger)
    export.command("csv")(csv)
    export.command("contaplus")(contaplus)
    export.command("holded")(holded)
    app.add_typer(export, name="export")


def hledger(
    ctx: typer.Context,
    since: Since = None,
    until: Until = None,
    out: Out = None,
    by: By = "entry",
    force: Force = False,
    as_json: options.Json = False,
) -> None:
    """Write a journal that hledger and Ledger read, the metadata of each entry as tags.

    \b
    Example:
      revrec export hledger --out books.journal
      revrec export hledger | hledger -f - balance
    """
    _export(ctx, "hledger", out, since=since, until=until, by=by, force=force, as_json=as_json)


def csv(
    ctx: typer.Context,
    since: Since = None,
    until: Until = None,
    out: Out = None,
    by: By = "entry",
    force: Force = False,
    as_json: options.Json = False,
) -> None:
    """Write the journal as CSV, one line a posting: UTF-8, commas, decimal points.

    \b
    Example:
      revrec export csv --from 2026-01-01 --to 2026-03-31 --out journal.csv
    """
    _export(ctx, "csv", out, since=since, until=until, by=by, force=force, as_json=as_json)


def contaplus(
    ctx: typer.Context,
    since: Since = None,
    until: Until = None,
    out: Out = None,
    by: By = "month",
    digits: Digits = 8,
    first: First = 1,
    force: Force = False,
    as_json: options.Json = False,
) -> None:
    """Write the ContaPlus diary (XDiario.txt, 297 characters a line), by month and branch; accounts by `pgc` in the chart.

    \b
    Example:
      revrec export contaplus --from 2026-01-01 --to 2026-12-31 --out XDiario.txt
    """
    _export(ctx, "contaplus", out, since=since, until=until, by=by, digits=digits, first=first, force=force, as_json=as_json)


def holded(
    ctx: typer.Context,
    out: Files,
    since: Since = None,
    until: Until = None,
    by: By = "month",
    digits: Digits = 8,
    first: First = 1,
    force: Force = False,
    as_json: options.Json = False,
) -> None:
    """Write Holded's journal template (Excel), a file a month, by month and branch; accounts by `pgc` in the chart.

    \b
    Example:
      revrec export holded --from 2026-01-01 --to 2026-12-31 --out holded.xlsx
    """
    _export(ctx, "holded", out, since=since, until=until, by=by, digits=digits, first=first, force=force, as_json=as_json)


def _export(
    ctx: typer.Context,
    name: str,
    out: Path | None,
    *,
    since: date | None,
    until: date | None,
    by: str,
    digits: int = 8,
    first: int = 1,
    force: bool,
    as_json: bool,
) -> None:
    """Export and say what was exported: beside the data on standard output, that goes to standard error."""
    from revrec.app import export as app

    if since and until and since > until:
        raise typer.BadParameter(f"--from {since} lies after --to {until}")
    if as_json and out is None:
        raise typer.BadParameter("--json describes the export; write it to a file with --out.")
    wanted = app.Wanted(app.Format(name), app.By(by), since, until, digits, first)
    with options.workspace(ctx) as ws:
        done = app.export(ws, wanted, out or sys.stdout.buffer, force=force, progress=options.progress())
    _say(done, as_json=as_json, beside=out is None)
    if not done.tied:
        show.complain("the export does not tie to the ledger. Hint: `revrec verify` says where")
        raise typer.Exit(1)


def _say(done: Exported, *, as_json: bool, beside: bool) -> None:
    if as_json:
        show.show_json(done.to_json())
        return
    for line in done.summary():
        print(line, file=sys.stderr if beside else sys.stdout)
