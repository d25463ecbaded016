"""`revrec report`: the reports."""

from __future__ import annotations

import json
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
    Door(
        "aging",
        "Show the unused rights by age, by days left and by last use; `--by bundle` lists every one with its holder.",
        "--on 2026-06-30",
        day=True,
    ),
    Door(
        "receivables",
        "Show what customers owe by bundle, payer and age, beside what was delivered and what was paid.",
        "--on 2026-06-30",
        day=True,
    ),
    Door(
        "checklist",
        "Show the closing checklist of the month that a day lies in: each item with its evidence.",
        "--on 2026-06-30",
        day=True,
    ),
    Door(
        "reconciliation",
        "Show the sub-ledger (bundles, visits, customers) against the ledger, by account and branch; manual entries one by one.",
        "--on 2026-06-30",
        day=True,
    ),
    Door(
        "trace",
        "List every posting of a period with its event, bundle, units used and the contract liability after it.",
        "--from 2026-06-01 --to 2026-06-30 --csv",
    ),
    Door(
        "out-of-period",
        "List late entries, corrections of an earlier month and manual entries, with who made and who approved them.",
        "--from 2026-06-01 --to 2026-06-30",
    ),
    Door("opening", "List the bundles taken over from before these books, tied to the ledger.", "--on 2026-01-31", day=True),
    Door(
        "due",
        "List who owes what since when, and instalments that should have come; nothing when all is paid. "
        "--json prints one object a line: a feed for reminders.",
        "--on 2026-06-30 --json",
        day=True,
    ),
    Door(
        "invoices", "List the documents issued in a period; all of them tied to the ledger.", "--from 2026-06-01 --to 2026-06-30"
    ),
    Door("uninvoiced", "List what was collected and not invoiced, by bundle and payer.", "--on 2026-06-30", day=True),
    Door(
        "refund-liability",
        "Show what was expected to be refunded and what was: opening, estimates, refunds, releases, closing. "
        "Keys: branch, service, policy, bundle, month.",
        "--from 2026-01-01 --to 2026-12-31",
    ),
    Door("maturity", "Show by when what is owed in sessions may be used.", "--on 2026-12-31", day=True),
    Door(
        "disaggregation",
        "Show where revenue comes from. Keys: service, branch, channel, timing, source, policy, month, bundle.",
        "--from 2026-01-01 --to 2026-12-31 --by month,source",
    ),
    Door(
        "breakage",
        "Show use by cohort against the estimate, and the catch-up of the period. "
        "Keys: month (of sale), package, policy, service, branch.",
        "--from 2026-01-01 --to 2026-12-31",
    ),
    Door(
        "waterfall",
        "Show in which month was earned what was booked in which. "
        "Keys: month (of sale), package, service, branch, policy, bundle.",
        "--from 2026-01-01 --to 2026-12-31",
    ),
    Door(
        "profitability",
        "Show what each package leaves after providers and payment fees, breakage apart. Keys: package, service, branch, policy.",
        "--from 2026-01-01 --to 2026-12-31",
    ),
    Door(
        "tax",
        "Show VAT by tax point: accrued, pending, deducted. Keys: quarter, month, tax, branch, service, policy, rule, bundle.",
        "--from 2026-01-01 --to 2026-03-31",
    ),
    Door(
        "vat-late",
        "Show VAT that was recorded after the quarter of its tax point had ended.",
        "--from 2026-01-01 --to 2026-12-31",
    ),
    Door(
        "third-parties",
        "Show the business with each customer by quarter, cash apart, and who must be declared (Spain: modelo 347).",
        "--from 2026-01-01 --to 2026-12-31",
    ),
)


FEEDS = frozenset({"due"})  # for programs: one object a line


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
    except (app.UnknownGrouping, app.NoGrouping, app.UnknownBranch) as error:
        raise typer.BadParameter(str(error)) from None
    _print(table, as_json=as_json, as_csv=as_csv)


def _print(table: Table, *, as_json: bool, as_csv: bool) -> None:
    from revrec.core.report import record

    if as_csv:
        print(table.to_csv(), end="")
    elif as_json and table.name in FEEDS:
        for row in table.rows:
            print(json.dumps(record(table.columns, row, table.currency), ensure_ascii=False))
    else:
        show.show(table, as_json=as_json)
    for finding in table.findings:
        show.complain(finding)
    if not table.tied:
        show.complain("the report does not tie to the ledger. Hint: `revrec verify` says where")
    if table.findings or not table.tied:
        raise typer.Exit(1)
