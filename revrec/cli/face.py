"""`revrec face`: invoices to Spanish public administrations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from revrec.cli import options, show
from revrec.cli.invoices import Number, password

if TYPE_CHECKING:
    from revrec.app.workspace import Workspace


def add(app: typer.Typer) -> None:
    """Add the commands of this family."""
    face = typer.Typer(help="Invoices to public administrations, through FACe.", no_args_is_help=True, rich_markup_mode=None)
    face.command("submit")(submit)
    face.command("enter")(enter)
    face.command("status")(status)
    face.command("cancel")(cancel)
    app.add_typer(face, name="face")


def submit(
    ctx: typer.Context,
    number: Number,
    again: Annotated[
        bool, typer.Option("--again", help="FACe's portal does not have the invoice whose answer was lost: send it again.")
    ] = False,
    as_json: options.Json = False,
) -> None:
    """Send the signed Facturae of an invoice to the administration that receives it, once.

    Where an answer was lost, nothing is sent again before you have looked in FACe's portal and say so.

    \b
    Example:
      revrec face submit F2026-000007
    """
    from revrec.app import face as app

    with options.workspace(ctx) as ws:
        show.show(app.submit(ws, _client(ws), number, now=options.now(), again=again), as_json=as_json)


def enter(
    ctx: typer.Context,
    number: Number,
    registration: Annotated[str, typer.Argument(metavar="REGISTRATION", help="The registration number in FACe's portal.")],
    as_json: options.Json = False,
) -> None:
    """Enter the registration number that FACe's portal shows, where the answer to `face submit` was lost.

    It is kept once FACe says that it knows it; from then on `face status` and `face cancel` work as after any answer.

    \b
    Example:
      revrec face enter F2026-000007 202600000123
    """
    from revrec.app import face as app

    with options.workspace(ctx) as ws:
        show.show(app.enter(ws, _client(ws), number, registration.strip(), now=options.now()), as_json=as_json)


def status(ctx: typer.Context, number: Number, as_json: options.Json = False) -> None:
    """Ask where an invoice stands: registered, accounted, paid, rejected, and why.

    \b
    Example:
      revrec face status F2026-000007
    """
    from revrec.app import face as app

    with options.workspace(ctx) as ws:
        show.show(app.status(ws, _client(ws), number, now=options.now()), as_json=as_json)


def cancel(
    ctx: typer.Context,
    number: Number,
    reason: Annotated[str, typer.Option(metavar="TEXT", help="Why; the administration reads it.")],
    as_json: options.Json = False,
) -> None:
    """Ask the administration to take an invoice as never sent; it decides. A refund is a corrective invoice, not this.

    \b
    Example:
      revrec face cancel F2026-000007 --reason "enviada dos veces"
    """
    from revrec.app import face as app

    with options.workspace(ctx) as ws:
        show.show(app.cancel(ws, _client(ws), number, reason, now=options.now()), as_json=as_json)


def _client(ws: Workspace):  # type: ignore[no-untyped-def]  # noqa: ANN202  a door does not know einvoice
    from revrec.app import face as app
    from revrec.app.signer import signer_of

    return app.client_of(ws, signer_of(ws.settings, password, options.now(), "sending to FACe"))
