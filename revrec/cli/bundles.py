"""`revrec bundle`, `revrec customer`, `revrec trace`: one bundle, one customer, one id."""

from __future__ import annotations

from typing import Annotated

import typer

from revrec.cli import options, show

Bundle = Annotated[str, typer.Argument(metavar="ID", help="The bundle.")]
Customer = Annotated[str, typer.Argument(metavar="ID", help="The customer.")]


def add(app: typer.Typer) -> None:
    """Add the commands of this family."""
    bundle = typer.Typer(
        help="One bundle: what is left of it, what happened, what a refund would be.", no_args_is_help=True, rich_markup_mode=None
    )
    bundle.command("show")(bundle_show)
    bundle.command("history")(bundle_history)
    bundle.command("quote-refund")(bundle_quote)
    app.add_typer(bundle, name="bundle")
    customer = typer.Typer(help="One customer: what is owed, what is prepaid.", no_args_is_help=True, rich_markup_mode=None)
    customer.command("show")(customer_show)
    customer.command("balance")(customer_balance)
    customer.command("statement")(customer_statement)
    app.add_typer(customer, name="customer")
    app.command("trace")(trace)


def bundle_show(ctx: typer.Context, bundle: Bundle, on: options.On = None, as_json: options.Json = False) -> None:
    """Say how many units are left, until when, who may use and deliver them, how it is billed, what a refund would be.

    \b
    Example:
      revrec bundle show B-7 --on 2026-03-31
    """
    from revrec.app import bundles as app

    with options.workspace(ctx) as ws:
        show.show(app.show(ws, bundle, on or options.today(ws)), as_json=as_json)


def bundle_history(ctx: typer.Context, bundle: Bundle, as_json: options.Json = False) -> None:
    """List every event and every entry of a bundle.

    \b
    Example:
      revrec bundle history B-7
    """
    from revrec.app import bundles as app

    with options.workspace(ctx) as ws:
        steps = app.history(ws, bundle)
        if as_json:
            show.show_json([step.to_json() for step in steps])
            return
        for step in steps:
            for line in step.lines():
                print(line)


def bundle_quote(ctx: typer.Context, bundle: Bundle, on: options.On = None, as_json: options.Json = False) -> None:
    """Say what would be refunded for everything unused, and by which formula.

    \b
    Example:
      revrec bundle quote-refund B-7
    """
    from revrec.app import bundles as app
    from revrec.core import money

    with options.workspace(ctx) as ws:
        day = on or options.today(ws)
        quote, asked = app.quote(ws, bundle, day), app.requests(ws, bundle, day)
        amount, currency = money.text(quote.amount, ws.settings.currency), ws.settings.currency
        if as_json:
            found = {"bundle": bundle, "on": day.isoformat(), "amount": amount, "currency": currency, "formula": quote.formula}
            show.show_json(found | ({"requests": [each.to_json() for each in asked]} if asked else {}))
        else:
            print(f"{amount} {currency} on {day}: {quote.formula}")
            for each in asked:
                print(each)


def customer_show(ctx: typer.Context, customer: Customer, on: options.On = None, as_json: options.Json = False) -> None:
    """Say who a customer is: the details as registered, or that the person is erased, or blocked and until when.

    \b
    Example:
      revrec customer show C-1
    """
    from revrec.app import erase as app

    with options.workspace(ctx) as ws:
        show.show(app.card(ws, customer, on or options.today(ws)), as_json=as_json)


def customer_balance(ctx: typer.Context, customer: Customer, on: options.On = None, as_json: options.Json = False) -> None:
    """Say what a customer owes, has in credit and has prepaid.

    \b
    Example:
      revrec customer balance C-1
    """
    from revrec.app import customers as app

    with options.workspace(ctx) as ws:
        show.show(app.balance(ws, customer, on or options.today(ws)), as_json=as_json)


def customer_statement(
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


def trace(
    ctx: typer.Context,
    identifier: Annotated[
        str,
        typer.Argument(
            metavar="ID", help="Any id, or session:ID, bundle:ID, event:ID, payment:ID, refund:ID, customer:ID, entry:E-12."
        ),
    ],
    as_json: options.Json = False,
) -> None:
    """Walk from any id to its event, entries, file and line, bundle and payments, and back.

    \b
    Example:
      revrec trace S-0001
      revrec trace entry:E-12 --json
    """
    from revrec.app import trace as app

    with options.workspace(ctx) as ws:
        show.show(app.trace(ws, identifier), as_json=as_json)
