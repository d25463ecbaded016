"""`revrec whatif`: the recorded history under other rules."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from revrec.cli import options, show


def add(app: typer.Typer) -> None:
    """Add the command."""
    app.command("whatif")(whatif)


def whatif(
    ctx: typer.Context,
    policy: Annotated[Path, typer.Option("--policy", metavar="FILE", help="The other policy file.")],
    since: Annotated[
        date | None, typer.Option("--from", parser=options.day, metavar="DATE", help="First day compared (default: all).")
    ] = None,
    until: Annotated[
        date | None, typer.Option("--to", parser=options.day, metavar="DATE", help="Last day compared (default: all).")
    ] = None,
    as_json: options.Json = False,
) -> None:
    """Say what the books would be if everything recorded had been sold under another policy file. Nothing is written.

    Shown by month, where it differs: revenue, breakage, VAT, what is owed to and by customers, refunds;
    then the events that the other file refuses.

    \b
    Example:
      cp policy.toml stricter.toml
      revrec whatif --policy stricter.toml
      revrec whatif --policy stricter.toml --from 2026-01-01 --to 2026-03-31 --json
    """
    from revrec.app import whatif as app

    if since and until and since > until:
        raise typer.BadParameter(f"--from {since} lies after --to {until}")
    with options.workspace(ctx) as ws:
        show.show(app.whatif(ws, policy, since, until, options.progress()), as_json=as_json)
