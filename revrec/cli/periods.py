"""`revrec advance` and `revrec close`: the calendar and the periods."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from revrec.cli import options, show
from revrec.core import money

if TYPE_CHECKING:
    from revrec.app.close import Closed
    from revrec.core.checklist import Check


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
    approver: Annotated[str | None, typer.Option(metavar="NAME", help="Who approves.")] = None,
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
    check: Annotated[
        bool, typer.Option("--check", help="Only go through the checklist, and keep it for the page of the books in Fava.")
    ] = False,
    as_json: options.Json = False,
) -> None:
    """Go through the checklist of a month, then close it: no entry is dated in it any more.

    One root over all events and entries is signed with it: `revrec prove` shows from it that a session is in the books.
    The calendar runs to the month's end first. What needs outside knowledge is compared where it is given. The checklist is
    kept with the closing.

    \b
    Example:
      revrec close 2026-01 --check
      revrec close 2026-01 --approver "A. Perez" --psp-balance 120.00
    """
    from revrec.app import close as app
    from revrec.app.checklist import Evidence

    if not (approver or check):
        raise typer.BadParameter("Missing option '--approver': say who approves, or only --check.")
    done = None
    with options.workspace(ctx) as ws:
        amounts = (_amount(text, ws.settings.currency) for text in (psp_balance, vat_book, withholding))
        brought = Evidence(agenda, *amounts)
        if check or approver is None:
            checks = app.check(ws, period, now=options.now(), evidence=brought)
        else:
            done = app.close(
                ws, period, approver=approver, reason=reason, now=options.now(), evidence=brought, progress=options.progress()
            )
            checks = done.checks
    show.show(_Answer(period, checks, done), as_json=as_json)


class _Answer(NamedTuple):
    """What `close` says of a month: its checklist, and what was signed where it was closed."""

    period: str
    checks: tuple[Check, ...]
    done: Closed | None

    def lines(self) -> Iterator[str]:
        """For people."""
        yield from (f"{each.outcome.value:<4}  {each.number:>2} {each.name}: {each.evidence}" for each in self.checks)
        if self.done is None:
            yield f"{self.period} stays open: nothing was closed"
            return
        yield f"{self.period} is closed; chain head {self.done.digest}; digest of the month {self.done.period_digest}"
        yield from self.done.signed.lines()
        yield from map(str, self.done.erasures)

    def to_json(self) -> dict[str, Any]:
        """For programs; without digests where nothing was closed."""
        said: dict[str, Any] = {"period": self.period}
        if self.done:
            said |= {
                "digest": self.done.digest,
                "period_digest": self.done.period_digest,
                "tree_head": self.done.signed.to_json(),
            }
            said["erasures"] = [erasure.to_json() for erasure in self.done.erasures]
        rows = (
            {
                "number": c.number,
                "name": c.name,
                "outcome": c.outcome,
                "passed": c.passed,
                "evidence": c.evidence,
                "about": c.about,
            }
            for c in self.checks
        )
        return said | {"checks": list(rows)}


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
