"""`revrec audit-pack`: what an auditor is handed, and can check alone."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from revrec.cli import options, show


def add(app: typer.Typer) -> None:
    """Add the commands of this family."""
    app.command("audit-pack")(audit_pack)


def audit_pack(
    ctx: typer.Context,
    period: Annotated[str, typer.Argument(metavar="PERIOD", help="A month (2026-01), a year (2026), or all.")],
    out: Annotated[
        Path | None, typer.Option("-o", "--out", metavar="FILE", help="Write to this file (default: a name of its own, here).")
    ] = None,
    unclosed: Annotated[bool, typer.Option("--unclosed", help="Of a period that is not closed: its head says so.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace a file that exists.")] = False,
    as_json: options.Json = False,
) -> None:
    """Write one zip with everything an auditor asks for, and a verifier that needs neither these books nor the network.

    Names of customers are in no part of it. verify.py and VERIFY.html in the zip say whether a byte of it was changed.

    \b
    Example:
      revrec audit-pack 2026-03 -o march.zip
      python3 verify.py march.zip
    """
    from revrec.app.pack.make import audit_pack as make

    with options.workspace(ctx) as ws:
        done = make(ws, period, out, now=options.now(), unclosed=unclosed, force=force, progress=options.progress())
    if as_json:
        show.show_json(done.to_json())
        return
    for line in done.lines():
        print(line)
