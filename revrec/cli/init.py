"""`revrec init` and `revrec upgrade`."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from revrec.cli import options, show


def add(app: typer.Typer) -> None:
    """Add the commands of this family."""
    app.command("init")(init)
    app.command("upgrade")(upgrade)


def init(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="The folder to make.")],
    taxpayer: Annotated[str | None, typer.Option(metavar="ID", help="Tax id with its country, such as ES-B64717838.")] = None,
    name: Annotated[str | None, typer.Option(metavar="NAME", help="The legal name.")] = None,
    chart: Annotated[
        str | None, typer.Option(metavar="pgc|generic", help="Chart of accounts: Spanish PGC or generic IFRS.")
    ] = None,
    time_zone: Annotated[str | None, typer.Option(metavar="ZONE", help="Such as Europe/Madrid.")] = None,
    currency: Annotated[str | None, typer.Option(metavar="CODE", help="Such as EUR.")] = None,
    territory: Annotated[
        str | None, typer.Option(metavar="NAME", help="Spanish tax territory: common, navarre, canary ...")
    ] = None,
    open_on: Annotated[
        date | None,
        typer.Option(parser=options.day, metavar="DATE", help="Open every account on this day (default: 1970-01-01)."),
    ] = None,
    non_interactive: Annotated[bool, typer.Option("--non-interactive", help="Ask nothing: take the defaults.")] = False,
) -> None:
    """Make a workspace: settings, policies, chart, a Beancount ledger, a database and a key.

    Asks for what no option says; the defaults follow from the taxpayer's country.

    \b
    Example:
      revrec init books --taxpayer ES-B64717838 --name "Centro Ejemplo SL" --non-interactive
    """
    from revrec.app import init as app
    from revrec.settings import Unfit

    ask = _silent if non_interactive else _ask
    try:
        taxpayer = _answer(
            "--taxpayer", taxpayer, "Tax id of the practice, with its country (ES-B64717838)", None, app.check_taxpayer, ask
        )
        usual = app.usual(taxpayer)
        name = _answer("--name", name, "Legal name", None, app.check_name, ask)
        answers = app.Answers(
            taxpayer=taxpayer,
            name=name,
            chart=_answer("--chart", chart, "Chart of accounts (pgc: Spanish, generic: IFRS)", usual.chart, app.check_chart, ask),
            zone=_answer("--time-zone", time_zone, "Time zone", usual.zone, app.check_zone, ask),
            currency=_answer("--currency", currency, "Currency", usual.currency, app.check_currency, ask),
            territory=_answer("--territory", territory, "Spanish tax territory", usual.territory, app.check_territory, ask)
            if usual.territory or territory
            else None,
            open_on=open_on or date(1970, 1, 1),
        )
    except Unfit as unfit:
        raise typer.BadParameter(f"{unfit.reason}. Hint: {unfit.hint}") from None
    made = app.init(directory, answers, now=options.now())
    print(f"{directory}: the books of {made.name} ({made.taxpayer}) are ready")
    print("Next: look through policy.toml, then `revrec -C DIR record FILE`; keep copies of revrec.key and audit.key safe")


def upgrade(ctx: typer.Context) -> None:
    """Bring the database of an earlier release to this one's version; nothing recorded changes.

    What is derived is made again from the recorded events. Where this release would book one of them otherwise, nothing
    is changed and the entry is named.

    \b
    Example:
      revrec upgrade
    """
    from revrec.app.upgrade import upgrade as bring

    done = bring(options.folder(ctx), progress=options.progress())
    if done.backup is None:
        print(f"the database has version {done.after}")
        return
    print(f"the database is brought from version {done.before} to {done.after}")
    print(f"As it was it lies in {done.backup}; delete it when `revrec verify` finds nothing")


Ask = Callable[[str, str | None], str | None]


def _answer(option: str, given: str | None, question: str, usual: str | None, check: Callable[[str], str], ask: Ask) -> str:
    """The checked value of an option, else of an answer; asks again until the answer can stand."""
    from revrec.settings import Unfit

    if given is not None:
        return check(given)
    while True:
        answer = ask(question, usual)
        if answer is None:
            raise Unfit(f"{option} is missing", f"say it: {option} ...")
        try:
            return check(answer)
        except Unfit as unfit:
            if ask is _silent:
                raise
            show.complain(f"{unfit.reason}. Hint: {unfit.hint}")


def _silent(question: str, usual: str | None) -> str | None:  # noqa: ARG001  the same call as _ask
    return usual


def _ask(question: str, usual: str | None) -> str | None:
    """One line of standard input; an empty one, or none, is the usual answer."""
    print(f"{question}{f' [{usual}]' if usual else ''}: ", end="", flush=True)
    line = sys.stdin.readline()
    if not line:
        print()
    return line.strip() or (usual if usual or not line else "")
