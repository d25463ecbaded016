"""`revrec prove`: the proof that a session is in the books, and the check of proofs and of everything signed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from revrec.cli import options, show


def add(app: typer.Typer) -> None:
    """Add the command."""
    app.command("prove")(prove)


def prove(
    ctx: typer.Context,
    session: Annotated[str | None, typer.Argument(metavar="SESSION", help="The session to prove.", show_default=False)] = None,
    head: Annotated[
        str | None,
        typer.Option("--head", metavar="PERIOD", help="Against what this month's closing signed (default: the newest closing)."),
    ] = None,
    out: options.Out = None,
    file: Annotated[
        Path | None, typer.Option("--check", metavar="FILE", help="Check a proof or a signed note; needs no workspace.")
    ] = None,
    key: Annotated[
        str | None,
        typer.Option("--key", metavar="SHA256", help="With --check: the fingerprint of the key that must have signed."),
    ] = None,
    as_json: options.Json = False,
) -> None:
    """Prove that a session is in the books that a closing signed, showing nothing of anybody else; or check such a file.

    The file holds the session's events, its entries, the signed head and the paths of hashes that tie them together. With
    --head alone it is the signed head itself, to hand to somebody who will compare later. docs/proofs.md says what is proved.

    \b
    Example:
      revrec prove S-1 -o S-1.proof.json
      revrec prove S-1 --head 2026-01
      revrec prove --head 2026-03 -o head-2026-03.txt
      revrec prove --check S-1.proof.json
    """
    if ((session or head) and file is not None) or not (session or head or file):
        raise typer.BadParameter("say a SESSION, --head PERIOD, or --check FILE.")
    if key is not None and file is None:
        raise typer.BadParameter("--key goes with --check.")
    if file is not None:
        _check(file, key, as_json=as_json)
    elif session is None:
        _head(ctx, head, out, as_json=as_json)
    else:
        _prove(ctx, session, head, out, as_json=as_json)


def _prove(ctx: typer.Context, session: str, head: str | None, out: Path | None, *, as_json: bool) -> None:
    from revrec.app import prove as app

    with options.workspace(ctx) as ws:
        made = app.prove(ws, session, head, progress=options.progress())
    show.handed(made.proof.text(), made, out, as_json=as_json)


def _head(ctx: typer.Context, period: str | None, out: Path | None, *, as_json: bool) -> None:
    from revrec.app import checking
    from revrec.app import prove as app

    with options.workspace(ctx) as ws:
        text = app.head_note(ws, period)
    show.handed(text, checking.check(text), out, as_json=as_json)


def _check(path: Path, key: str | None, *, as_json: bool) -> None:
    from revrec.app import checking as app

    show.show(app.check(app.read(path), key=key), as_json=as_json)
