"""`revrec simulate` and `revrec demo`: an invented practice."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from revrec.cli import options


def add(app: typer.Typer) -> None:
    """Add the commands of this family."""
    app.command("simulate")(simulate)
    app.command("demo")(demo)


def simulate(
    seed: Annotated[int, typer.Option(metavar="N", help="The same seed makes the same events.")] = 7,
    bundles: Annotated[int, typer.Option(metavar="N", min=1, help="How many bundles are sold.")] = 900,
    months: Annotated[int, typer.Option(metavar="N", min=1, help="In how many months.")] = 12,
    start: Annotated[
        date | None, typer.Option(parser=options.day, metavar="DATE", help="First day (default: 2025-01-01).")
    ] = None,
) -> None:
    """Print the events of an invented practice, one JSON object a line; its policies are those of `revrec demo`.

    \b
    Example:
      revrec simulate --seed 7 --bundles 100 --months 3 > events.jsonl
    """
    import sys

    import orjson

    from revrec.app import simulate as app

    out = sys.stdout.buffer
    for event in app.simulate(seed, bundles, months, start=start or app.START):
        out.write(orjson.dumps(event) + b"\n")


def demo(
    directory: Annotated[
        Path, typer.Argument(metavar="DIR", help="The workspace to make; an older demo there is replaced.")
    ] = Path("ledgers/demo"),
    serve: Annotated[bool, typer.Option("--serve/--no-serve", help="Serve the books in Fava until Ctrl-C.")] = True,
    port: Annotated[int, typer.Option(metavar="N", min=0, max=65535, help="The port on this machine; 0: any free one.")] = 0,
) -> None:
    """Make an invented practice's year, print a summary that ties out, and serve its books in Fava.

    \b
    Example:
      revrec demo ledgers/demo --no-serve
    """
    from revrec.app import demo as app

    app.demo(directory, serve=serve, port=port, now=options.now(), progress=options.progress())
