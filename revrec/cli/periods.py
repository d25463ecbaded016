"""`revrec advance` and `revrec close`: the calendar and the periods."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from revrec.cli import options, show
from revrec.core import money


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
        found = {"entries": done.entries, "days": done.days, "calendar": done.calendar and done.calendar.isoformat()}
        show.show_json(found | {"erasures": [erasure.to_json() for erasure in done.erasures]})
    else:
        print(f"calendar at {done.calendar}: {show.count(done.entries, 'entry', 'entries')} on {show.count(done.days, 'day')}")
        for erasure in done.erasures:
            print(erasure)


def close(
    ctx: typer.Context,
    period: Annotated[str, typer.Argument(metavar="PERIOD", help="A month, such as 2026-01.")],
    approver: Annotated[str, typer.Option(metavar="NAME", help="Who approves.")],
    reason: Annotated[
        str | None, typer.Option(metavar="TEXT", help="Why it is closed though an item fails; kept with the closing.")
    ] = None,
    psp_balance: Annotated[
        str | None, typer.Option(metavar="AMOUNT", help="What the payment services hold for you at the month's end.")
    ] = None,
    agenda: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The month's sessions by the agenda: one id a line, or CSV.")
    ] = None,
    vat_book: Annotated[
        str | None, typer.Option(metavar="AMOUNT", help="Output VAT of the month by the invoice book (modelo 303).")
    ] = None,
    withholding: Annotated[
        str | None, typer.Option(metavar="AMOUNT", help="Tax withheld in the month by the return (modelo 111).")
    ] = None,
    as_json: options.Json = False,
) -> None:
    """Go through the checklist of a month, then close it: no entry is dated in it any more.

    One root over all events and entries is signed with it: `revrec prove` shows from it that a session is in the books.
    The calendar runs to the month's end first. What needs outside knowledge is compared where it is given.

    \b
    Example:
      revrec close 2026-01 --approver "A. Perez" --psp-balance 120.00
    """
    from revrec.app import close as app
    from revrec.app.checklist import Evidence

    with options.workspace(ctx) as ws:
        amounts = (_amount(text, ws.settings.currency) for text in (psp_balance, vat_book, withholding))
        brought = Evidence(agenda, *amounts)
        done = app.close(
            ws, period, approver=approver, reason=reason, now=options.now(), evidence=brought, progress=options.progress()
        )
    if as_json:
        show.show_json(
            {
                "period": period,
                "digest": done.digest,
                "period_digest": done.period_digest,
                "tree_head": done.signed.to_json(),
                "checks": [
                    {"number": c.number, "name": c.name, "outcome": c.outcome, "passed": c.passed, "evidence": c.evidence}
                    for c in done.checks
                ],
                "erasures": [erasure.to_json() for erasure in done.erasures],
            }
        )
    else:
        for check in done.checks:
            print(f"{check.outcome.value:<4}  {check.number:>2} {check.name}: {check.evidence}")
        print(f"{period} is closed; chain head {done.digest}; digest of the month {done.period_digest}")
        for line in done.signed.lines():
            print(line)
        for erasure in done.erasures:
            print(erasure)


def _amount(text: str | None, currency: str) -> int | None:
    """The minor units of an amount on the command line; a usage error when it is none."""
    if text is None:
        return None
    if not re.fullmatch(r"-?[0-9]{1,12}(\.[0-9]+)?", text):
        raise typer.BadParameter(f"{text!r} is no amount; write it as 123.45.")
    try:
        return money.parse(text, currency)
    except ValueError as error:
        raise typer.BadParameter(f"{error}.") from None
