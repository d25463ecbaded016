"""`revrec submit`: the tax authority's records sent, and where they stand."""

from __future__ import annotations

import time
from typing import Annotated

import typer

from revrec.cli import options, show
from revrec.cli.invoices import password


def add(app: typer.Typer) -> None:
    """Add the command."""
    app.command("submit")(submit)


def submit(
    ctx: typer.Context,
    status: Annotated[
        bool, typer.Option("--status", help="Send nothing: say where every record stands, and what is stuck.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Send nothing: say what would be sent.")] = False,
    watch: Annotated[bool, typer.Option("--watch", help="Wait as the tax authority asks, until nothing waits.")] = False,
    limit: Annotated[int | None, typer.Option(min=1, metavar="N", help="At most so many messages.")] = None,
    as_json: options.Json = False,
) -> None:
    """Send the records that wait to the tax authority, in order, at the pace that it asks for.

    What is refused is told with what to do about it, and the exit code is 1 while something is stuck.

    \b
    Example:
      revrec submit --watch
      revrec submit --status
    """
    from revrec.app import standing
    from revrec.app import submit as app
    from revrec.app.signer import signer_of

    with options.workspace(ctx) as ws:
        now = options.now()
        if not (status or dry_run):
            office = app.office_of(ws.settings, signer_of(ws.settings, password, now, "submitting records"))
            sleep = time.sleep if watch else None
            done = app.submit(ws, office, now=options.now, sleep=sleep, limit=limit, progress=options.progress())
            show.show(done, as_json=as_json)
        found = standing.status(ws, now=options.now())
        if dry_run:
            show.show(standing.plan(ws, now=options.now()), as_json=as_json)
        elif status:
            show.show(found, as_json=as_json)
        elif found.stuck:
            for each in found.stuck:
                show.complain(f"{each.number}: {each.state.code} {each.means}. {each.remedy}")
    if found.stuck:
        raise typer.Exit(1)
