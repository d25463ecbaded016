"""`revrec bundle`, `revrec customer`, `revrec trace`: one bundle, one customer, one id."""

from __future__ import annotations

from datetime import date
from pathlib import Path
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
    customer.command("hand-over")(customer_hand_over)
    customer.command("disclosures")(customer_disclosures)
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


def customer_show(
    ctx: typer.Context,
    customer: Customer,
    on: options.On = None,
    role: Annotated[
        str | None,
        typer.Option("--legal-role", metavar="ROLE", help="Of a blocked person: the office that the law has the data shown to."),
    ] = None,
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


def customer_disclosures(
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


def customer_hand_over(
    ctx: typer.Context,
    customer: Customer,
    recipient: Annotated[Path, typer.Option(metavar="CERT", help="The reader's certificate (PEM or DER, RSA).")],
    out: Annotated[Path, typer.Option(metavar="DIR", help="The folder where the encrypted files go.")],
    by: Annotated[str, typer.Option(metavar="NAME", help="Who hands the data over.")],
    reason: Annotated[str, typer.Option(metavar="TEXT", help="Why.")],
    role: Annotated[
        str | None,
        typer.Option("--legal-role", metavar="ROLE", help="Of a blocked person: the office that the law has the data shown to."),
    ] = None,
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
        str | None,
        typer.Argument(
            metavar="ID",
            show_default=False,
            help="Any id, or session:ID, bundle:ID, event:ID, payment:ID, refund:ID, customer:ID, entry:E-12.",
        ),
    ] = None,
    size: Annotated[
        int | None, typer.Option("--sample", metavar="N", help="Instead: draw N sessions; 0 only counts the whole.")
    ] = None,
    seed: Annotated[
        str | None, typer.Option(metavar="S", help="Of the sample: chosen by the auditor, never by who keeps the books.")
    ] = None,
    reverse: Annotated[
        bool, typer.Option("--reverse", help="Draw postings of revenue, and walk back to their sessions.")
    ] = False,
    first: Annotated[
        date | None, typer.Option("--from", parser=options.day, metavar="DATE", help="Of the sample: first day.")
    ] = None,
    last: Annotated[
        date | None, typer.Option("--to", parser=options.day, metavar="DATE", help="Of the sample: last day.")
    ] = None,
    as_json: options.Json = False,
) -> None:
    """Walk from any id to its event, entries, file and line, bundle and payments, and back; or draw an auditor's sample.

    A sample also holds every session against its posting of revenue and every posting against its source: exceptions exit 1.

    \b
    Example:
      revrec trace S-0001
      revrec trace entry:E-12 --json
      revrec trace --sample 25 --seed 4711 --from 2026-01-01 --to 2026-12-31
      revrec trace --sample 25 --seed 4711 --reverse
    """
    if (identifier is None) == (size is None):
        raise typer.BadParameter("say an ID, or --sample N with --seed S.")
    if size is None:
        _trace_one(ctx, identifier or "", as_json=as_json)
        return
    if seed is None:
        raise typer.BadParameter("a sample needs --seed S, chosen by whoever audits.")
    from revrec.app import sample as app

    with options.workspace(ctx) as ws:
        found = app.sample(ws, app.Asked(size, seed, reverse, first, last), options.progress())
        show.show(found, as_json=as_json)
    if not found.clean:
        raise typer.Exit(1)


def _trace_one(ctx: typer.Context, identifier: str, *, as_json: bool) -> None:
    from revrec.app import trace as app

    with options.workspace(ctx) as ws:
        show.show(app.trace(ws, identifier), as_json=as_json)
