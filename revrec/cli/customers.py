"""`revrec customer`: who a customer is, what is owed, and to whom the data was shown."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from revrec.cli import options, show

Customer = Annotated[str, typer.Argument(metavar="ID", help="The customer.")]
Role = Annotated[
    str | None,
    typer.Option("--legal-role", metavar="ROLE", help="Of a blocked person: the office that the law has the data shown to."),
]


def add(app: typer.Typer) -> None:
    """Add the commands of this family."""
    customer = typer.Typer(
        help="One customer: who it is, what is owed and prepaid, who was shown the data.",
        no_args_is_help=True,
        rich_markup_mode=None,
    )
    customer.command("show")(card)
    customer.command("balance")(balance)
    customer.command("statement")(statement)
    customer.command("hand-over")(hand_over)
    customer.command("disclosures")(disclosures)
    app.add_typer(customer, name="customer")


def card(
    ctx: typer.Context,
    customer: Customer,
    on: options.On = None,
    role: Role = None,
    by: Annotated[str | None, typer.Option(metavar="NAME", help="With a role: who opens the data.")] = None,
    reason: Annotated[
        str | None, typer.Option(metavar="TEXT", help="With a role: why; the request, its date and number.")
    ] = None,
    as_json: options.Json = False,
) -> None:
    """Say who a customer is: the details as registered, or that the person is erased, or blocked and until when.

    A blocked person is shown only to an office that the law names (court, prosecutor, tax-administration,
    data-protection-authority, administration, legal-defence); who opened it and why is logged, see `customer disclosures`.

    \b
    Example:
      revrec customer show C-1
      revrec customer show C-1 --legal-role court --by "Ana Ruiz, DPO" --reason "Juzgado 3, autos 12/2027"
    """
    from revrec.app import erase as app

    if role is None and (by or reason):
        raise typer.BadParameter("--by and --reason go with --legal-role.")
    with options.workspace(ctx) as ws:
        if role is None:
            show.show(app.card(ws, customer, on or options.today(ws)), as_json=as_json)
            return
        from revrec.app import disclose
        from revrec.core.blocking import legal_role

        asked = disclose.Request(by or "", reason or "", legal_role(role))
        show.show(disclose.opened(ws, customer, asked, now=options.now()), as_json=as_json)


def disclosures(
    ctx: typer.Context,
    customer: Annotated[
        str | None, typer.Argument(metavar="ID", help="The customer; none: the whole log.", show_default=False)
    ] = None,
    as_json: options.Json = False,
) -> None:
    """List who opened the identities of whom, for which office and why, what was handed over, and keys destroyed.

    \b
    Example:
      revrec customer disclosures C-1
    """
    from revrec.app import disclose as app

    with options.workspace(ctx) as ws:
        found = app.log(ws, customer)
        lines = [line for each in found for line in each.lines()] or ["nothing was disclosed"]
        show.show_rows([each.to_json() for each in found], lines, as_json=as_json)


def hand_over(
    ctx: typer.Context,
    customer: Customer,
    recipient: Annotated[Path, typer.Option(metavar="CERT", help="The reader's certificate (PEM or DER, RSA).")],
    out: Annotated[Path, typer.Option(metavar="DIR", help="The folder where the encrypted files go.")],
    by: Annotated[str, typer.Option(metavar="NAME", help="Who hands the data over.")],
    reason: Annotated[str, typer.Option(metavar="TEXT", help="Why.")],
    role: Role = None,
    as_json: options.Json = False,
) -> None:
    """Write a person's details and documents, encrypted for one reader, and log it; `openssl cms -decrypt` opens them.

    \b
    Example:
      revrec customer hand-over C-1 --recipient court.pem --out handed --legal-role court --by "A. Ruiz" --reason "autos 12/2027"
    """
    from revrec.app import handover as app
    from revrec.app.disclose import Request
    from revrec.app.envelope import recipient as certified
    from revrec.core.blocking import legal_role

    asked, now = Request(by, reason, legal_role(role) if role else None), options.now()
    with options.workspace(ctx) as ws:
        done = app.hand_over(ws, out, app.Scope(customer=customer), certified(recipient, now), asked, now=now)
        show.show(done, as_json=as_json)


def balance(ctx: typer.Context, customer: Customer, on: options.On = None, as_json: options.Json = False) -> None:
    """Say what a customer owes, has in credit and has prepaid.

    \b
    Example:
      revrec customer balance C-1
    """
    from revrec.app import customers as app

    with options.workspace(ctx) as ws:
        show.show(app.balance(ws, customer, on or options.today(ws)), as_json=as_json)


def statement(
    ctx: typer.Context,
    customer: Customer,
    on: options.On = None,
    signed: Annotated[bool, typer.Option("--signed", help="A signed note of what is owed, to hand out; it is kept.")] = False,
    out: options.Out = None,
    as_json: options.Json = False,
) -> None:
    """List a customer's bundles, payments and sessions, and say what is owed.

    Signed, it is a note that says what is owed as of the day, names the customer by id only, and shows every later change:
    `revrec prove --check FILE`.

    \b
    Example:
      revrec customer statement C-1 --on 2026-06-30
      revrec customer statement C-1 --signed -o C-1.txt
    """
    from revrec.app import customers as app

    if out is not None and not signed:
        raise typer.BadParameter("-o goes with --signed.")
    with options.workspace(ctx) as ws:
        if signed:
            from revrec.app.certify import certify

            made = certify(ws, customer, on or options.today(ws), now=options.now())
            show.handed(made.kept.note, made, out, as_json=as_json)
            return
        show.show(app.statement(ws, customer, on or options.today(ws)), as_json=as_json)
