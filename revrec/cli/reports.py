"""`revrec report`: the reports."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from revrec.cli import options, show

if TYPE_CHECKING:
    from revrec.app.workspace import Workspace
    from revrec.core.report import Table

Csv = Annotated[bool, typer.Option("--csv", help="Print CSV for a spreadsheet.")]
Since = Annotated[
    date | None, typer.Option("--from", parser=options.day, metavar="DATE", help="First day (default: 1 January of the last).")
]
Until = Annotated[date | None, typer.Option("--to", parser=options.day, metavar="DATE", help="Last day (default: today).")]
By = Annotated[str | None, typer.Option(metavar="KEYS", help="How rows are grouped: keys with commas between.")]
Branch = Annotated[str | None, typer.Option(metavar="ID", help="One branch only.")]


class Door(NamedTuple):
    """One command of the family: its name, what it shows, the options of its example; `day`: a state, not a period."""

    name: str
    says: str
    example: str
    day: bool = False


DOORS = (
    Door(
        "rollforward",
        "Show how the contract liability moved: opening, sales, revenue, breakage, refunds, closing; tied to the ledger. "
        "Keys: branch, service, policy, bundle, or month alone.",
        "--from 2026-01-01 --to 2026-12-31 --by branch,service",
    ),
    Door("aging", "Show the unused rights by age and by days left.", "--on 2026-06-30", day=True),
)


def add(app: typer.Typer) -> None:
    """Add the commands of this family."""
    report = typer.Typer(help="Reports that tie to the ledger.", no_args_is_help=True, rich_markup_mode=None)
    for door in DOORS:
        text = f"{door.says}\n\n\b\nExample:\n  revrec report {door.name} {door.example}".rstrip()
        report.command(door.name, help=text)(_on_a_day(door.name) if door.day else _over_a_period(door.name))
    app.add_typer(report, name="report")


def _over_a_period(name: str) -> Callable[..., None]:
    """The command of a report from one day to another."""

    def command(
        ctx: typer.Context,
        since: Since = None,
        until: Until = None,
        by: By = None,
        branch: Branch = None,
        as_json: options.Json = False,
        as_csv: Csv = False,
    ) -> None:
        with options.workspace(ctx) as ws:
            last = until or options.today(ws)
            first = since or date(last.year, 1, 1)
            if first > last:
                raise typer.BadParameter(f"--from {first} lies after --to {last}")
            _run(ws, name, first, last, by, branch, as_json=as_json, as_csv=as_csv)

    return command


def _on_a_day(name: str) -> Callable[..., None]:
    """The command of a report that shows a state."""

    def command(
        ctx: typer.Context,
        on: options.On = None,
        by: By = None,
        branch: Branch = None,
        as_json: options.Json = False,
        as_csv: Csv = False,
    ) -> None:
        with options.workspace(ctx) as ws:
            last = on or options.today(ws)
            _run(ws, name, last, last, by, branch, as_json=as_json, as_csv=as_csv)

    return command


def _run(
    ws: Workspace, name: str, first: date, last: date, by: str | None, branch: str | None, *, as_json: bool, as_csv: bool
) -> None:
    """Make a report and print it; one that does not tie to the ledger is a finding."""
    from revrec.app import report as app

    try:
        table = app.run(ws, name, first, last, by, branch)
    except (app.UnknownGrouping, app.NoGrouping) as error:
        raise typer.BadParameter(str(error)) from None
    _print(table, as_json=as_json, as_csv=as_csv)


def _print(table: Table, *, as_json: bool, as_csv: bool) -> None:
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
