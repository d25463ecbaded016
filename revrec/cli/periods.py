"""`revrec advance` and `revrec close`: the calendar and the periods."""

from __future__ import annotations

from datetime import date
from typing import Annotated

import typer

from revrec.cli import options, show


def add(app: typer.Typer) -> None:
    """Add the commands of this family."""
    app.command("advance")(advance)
    app.command("close")(close)


def advance(
    ctx: typer.Context,
    to: Annotated[
        date, typer.Option("--to", parser=options.day, metavar="DATE", help="Run the calendar up to and including this day.")
    ],
    future: Annotated[bool, typer.Option("--future", help="Allow a day after today.")] = False,
    as_json: options.Json = False,
) -> None:
    """Run what the calendar owes (expiries) up to a day; doing it twice changes nothing.

    \b
    Example:
      revrec advance --to 2026-06-30
    """
    from revrec.app import advance as app

    with options.workspace(ctx) as ws:
        done = app.advance(ws, to, future=future, now=options.now(), progress=options.progress())
    if as_json:
        show.show_json({"entries": done.entries, "days": done.days, "calendar": done.calendar and done.calendar.isoformat()})
    else:
        print(f"calendar at {done.calendar}: {show.count(done.entries, 'entry', 'entries')} on {show.count(done.days, 'day')}")


def close(
    ctx: typer.Context,
    period: Annotated[str, typer.Argument(metavar="PERIOD", help="A month, such as 2026-01.")],
    approver: Annotated[str, typer.Option(metavar="NAME", help="Who approves.")],
    reason: Annotated[str | None, typer.Option(metavar="TEXT", help="Kept with the closing.")] = None,
    as_json: options.Json = False,
) -> None:
    """Go through the checklist of a month, then close it: no entry is dated in it any more.

    \b
    Example:
      revrec close 2026-01 --approver "A. Perez"
    """
    from revrec.app import close as app

    with options.workspace(ctx) as ws:
        done = app.close(ws, period, approver=approver, reason=reason, now=options.now())
    if as_json:
        show.show_json(
            {
                "period": period,
                "digest": done.digest,
                "checks": [{"name": c.name, "passed": c.passed, "evidence": c.evidence} for c in done.checks],
            }
        )
    else:
        for check in done.checks:
            print(f"{'pass' if check.passed else 'FAIL'}  {check.name}: {check.evidence}")
        print(f"{period} is closed; chain head {done.digest}")
