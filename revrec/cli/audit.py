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
    identities: Annotated[
        bool, typer.Option("--with-identities", help="Add names and documents, encrypted for --recipient; logged.")
    ] = False,
    recipient: Annotated[
        Path | None, typer.Option(metavar="CERT", help="With identities: the reader's certificate (PEM or DER, RSA).")
    ] = None,
    by: Annotated[str | None, typer.Option(metavar="NAME", help="With identities: who hands them over.")] = None,
    reason: Annotated[str | None, typer.Option(metavar="TEXT", help="With identities: why.")] = None,
    role: Annotated[
        str | None,
        typer.Option("--legal-role", metavar="ROLE", help="With identities: the office that gets blocked persons too."),
    ] = None,
    as_json: options.Json = False,
) -> None:
    """Write one zip with everything an auditor asks for, and a verifier that needs neither these books nor the network.

    Names of customers are in no part of it that can be read; with --with-identities they are in it for one reader.
    verify.py and VERIFY.html in the zip say whether a byte of it was changed.

    \b
    Example:
      revrec audit-pack 2026-03 -o march.zip
      python3 verify.py march.zip
      revrec audit-pack 2026 --with-identities --recipient auditor.pem --by "A. Ruiz" --reason "audit of 2026"
    """
    from revrec.app.pack.make import audit_pack as make

    if not identities:
        if recipient or by or reason or role:
            raise typer.BadParameter("--recipient, --by, --reason and --legal-role go with --with-identities.")
        with options.workspace(ctx) as ws:
            done = make(ws, period, out, now=options.now(), unclosed=unclosed, force=force, progress=options.progress())
        show.show(done, as_json=as_json)
        return
    if recipient is None or by is None or reason is None:
        raise typer.BadParameter("--with-identities needs --recipient CERT, --by NAME and --reason TEXT.")
    from revrec.app.disclose import Request
    from revrec.app.pack.identities import with_identities
    from revrec.core.blocking import legal_role

    asked = Request(by, reason, legal_role(role) if role else None)
    with options.workspace(ctx) as ws:
        with_them = with_identities(
            ws, period, out, recipient, asked, now=options.now(), unclosed=unclosed, force=force, progress=options.progress()
        )
    show.show(with_them, as_json=as_json)
