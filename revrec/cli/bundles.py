"""`revrec bundle`: one bundle."""

from __future__ import annotations

from typing import Annotated

import typer

from revrec.cli import options, show

Bundle = Annotated[str, typer.Argument(metavar="ID", help="The bundle.")]


def add(app: typer.Typer) -> None:
    """Add the commands of this family."""
    bundle = typer.Typer(
        help="One bundle: what is left of it, what happened, what a refund would be.", no_args_is_help=True, rich_markup_mode=None
    )
    bundle.command("show")(bundle_show)
    bundle.command("history")(bundle_history)
    bundle.command("quote-refund")(bundle_quote)
    app.add_typer(bundle, name="bundle")


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
