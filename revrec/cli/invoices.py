"""`revrec invoice`: documents listed, shown, issued, made, verified and corrected."""

from __future__ import annotations

import os
import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from revrec.cli import options, show

if TYPE_CHECKING:
    from revrec.app.workspace import Workspace
    from revrec.store.papers import Issued

Number = Annotated[str, typer.Argument(metavar="NUMBER", help="The invoice, as `revrec invoice list` names it.")]
Numbers = Annotated[list[str] | None, typer.Argument(metavar="NUMBER…", help="Invoices; none: all.", show_default=False)]
From = Annotated[date | None, typer.Option("--from", parser=options.day, metavar="DATE", help="Issued from this day on.")]
To = Annotated[date | None, typer.Option("--to", parser=options.day, metavar="DATE", help="Issued up to this day.")]


def add(app: typer.Typer) -> None:
    """Add the commands of this family."""
    invoice = typer.Typer(
        help="Documents: what was issued, what waits, the files, the corrections.", no_args_is_help=True, rich_markup_mode=None
    )
    invoice.command("list")(listing)
    invoice.command("show")(one)
    invoice.command("issue")(issue)
    invoice.command("render")(render)
    invoice.command("verify")(verify)
    invoice.command("correct")(correct)
    invoice.command("amend")(amend)
    invoice.command("cancel")(cancel)
    app.add_typer(invoice, name="invoice")


def listing(
    ctx: typer.Context,
    first: From = None,
    last: To = None,
    customer: Annotated[str | None, typer.Option(metavar="ID", help="Issued to this customer.")] = None,
    bundle: Annotated[str | None, typer.Option(metavar="ID", help="For this bundle.")] = None,
    pending: Annotated[bool, typer.Option("--pending", help="What waits: field, remedy, legal deadline.")] = False,
    as_json: options.Json = False,
) -> None:
    """List the documents that were issued, or those that wait and what for.

    \b
    Example:
      revrec invoice list --from 2026-01-01
      revrec invoice list --pending
    """
    from revrec.app import invoices as app

    with options.workspace(ctx) as ws:
        if pending:
            waits = app.pending(ws, options.today(ws))
            show.show_rows(waits.to_json(), waits.lines(), as_json=as_json)
            return
        found = app.listing(ws, first=first, last=last, customer=customer, bundle=bundle)
        show.show_rows(found.to_json(), found.lines(), as_json=as_json)


def one(ctx: typer.Context, number: Number, as_json: options.Json = False) -> None:
    """Show one document: lines, records and their state, files, corrections.

    \b
    Example:
      revrec invoice show F2026-000001
    """
    from revrec.app import invoices as app

    with options.workspace(ctx) as ws:
        show.show(app.show(ws, number), as_json=as_json)


def issue(ctx: typer.Context, as_json: options.Json = False) -> None:
    """Issue what waits and may be issued now; what was recorded since does so by itself.

    \b
    Example:
      revrec invoice issue
    """
    from revrec.app import invoices as app

    with options.workspace(ctx) as ws:
        show.show(app.issue(ws, now=options.now()), as_json=as_json)


def render(
    ctx: typer.Context,
    numbers: Numbers = None,
    session: Annotated[str | None, typer.Option(metavar="ID", help="Instead: the receipt of this session of a bundle.")] = None,
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="Where the receipt goes (default: this folder).")] = None,
    unsigned: Annotated[bool, typer.Option("--unsigned", help="PDF only: the certificate is not asked for.")] = False,
    as_json: options.Json = False,
) -> None:
    """Make the files of documents in `documents/`: a PDF and, with a certificate, a signed Facturae (.xsig).

    \b
    Example:
      revrec invoice render F2026-000001
      revrec invoice render --session S-17
    """
    from revrec.app import render as app
    from revrec.app.signer import signer_of

    with options.workspace(ctx) as ws:
        if session is not None:
            name, data = app.receipt(ws, session)
            path = out or Path(name)
            path.write_bytes(data)
            print(path)
            return
        now = options.now()
        signer = None if unsigned or ws.settings.signer is None else signer_of(ws.settings, password, now, "a signed Facturae")
        done = app.render(ws, _chosen(ws, numbers), signer=signer, now=now, progress=options.progress())
        show.show(done, as_json=as_json)


def verify(
    ctx: typer.Context,
    numbers: Annotated[list[str] | None, typer.Argument(metavar="NUMBER|FILE…", help="None: all.", show_default=False)] = None,
    as_json: options.Json = False,
) -> None:
    """Verify documents, or signed files from anywhere, and say which check fails.

    \b
    Example:
      revrec invoice verify F2026-000001
      revrec invoice verify received.xsig
    """
    from revrec.app import examine as app

    now = options.now()
    files = [name for name in numbers or () if Path(name).is_file()]
    rows = [row for name in files for row in app.file(Path(name), now=now).rows]
    rest = [name for name in numbers or () if name not in files]
    if rest or not files:
        with options.workspace(ctx) as ws:
            rows += app.examine(ws, _chosen(ws, rest or None), now=now).rows
    found = app.Examination(tuple(rows))
    show.show_rows(found.to_json(), found.lines(), as_json=as_json)
    if not found.clean:
        raise typer.Exit(1)


def correct(
    ctx: typer.Context,
    number: Number,
    reason: Annotated[str, typer.Option(metavar="TEXT", help="Why, as the new document says it; no health data.")],
    full: Annotated[bool, typer.Option("--full", help="A full invoice in place of a simplified one (F3).")] = False,
    as_json: options.Json = False,
) -> None:
    """Issue a new document in place of one whose data were wrong, with the customer's details of today.

    Record `customer.registered` with the right details first. Amounts are corrected by the events that change them
    (refund.issued, bundle.price_reduced, session.reversed …), which issue their correction by themselves.

    \b
    Example:
      revrec invoice correct F2026-000001 --reason "NIF equivocado"
      revrec invoice correct S2026-000004 --full --reason "factura completa pedida"
    """
    from revrec.app import correct as app

    with options.workspace(ctx) as ws:
        show.show(app.correct(ws, number, app.Change(reason, full=full), now=options.now()), as_json=as_json)


def amend(ctx: typer.Context, number: Number, as_json: options.Json = False) -> None:
    """Generate the record of a document anew, with the customer's details of today, after the tax authority refused it.

    The document keeps its number and text; `revrec submit` sends the new record. `revrec submit --status` says which need it.

    \b
    Example:
      revrec invoice amend F2026-000001
    """
    from revrec.app import amend as app

    with options.workspace(ctx) as ws:
        show.show(app.amend(ws, number, now=options.now()), as_json=as_json)


def cancel(ctx: typer.Context, number: Number, as_json: options.Json = False) -> None:
    """Take back the record of a document that should never have existed: a test, a duplicate, one never delivered.

    A refund or a change of price is a corrective invoice, which its event issues by itself, never this.

    \b
    Example:
      revrec invoice cancel F2026-000001
    """
    from revrec.app import amend as app

    with options.workspace(ctx) as ws:
        show.show(app.cancel(ws, number, now=options.now()), as_json=as_json)


def password(name: str) -> str | None:
    """The certificate's password: from the environment, else asked for where a person sits; None where nobody can say."""
    from revrec.app.signer import PASSWORD

    said = os.environ.get(PASSWORD)
    if said is not None or not sys.stdin.isatty():
        return said
    return str(typer.prompt(f"Password of {name}", hide_input=True, default="", show_default=False, err=True))


def _chosen(ws: Workspace, numbers: list[str] | None) -> list[Issued]:
    from revrec.app import invoices as app

    return [app.find(ws, number) for number in numbers] if numbers else [row.issued for row in app.listing(ws).rows]
