"""`revrec sandbox`: pretended authorities on this machine, to try out sending before it counts."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from revrec.cli import options, show

if TYPE_CHECKING:
    from revrec.app.sandbox import Stand

Dir = Annotated[
    Path | None, typer.Option("--dir", metavar="DIR", help="Certificates and registers (default: sandbox).", show_default=False)
]
Taxpayer = Annotated[str | None, typer.Option(metavar="ID", help="For whom a certificate is made (default: the workspace's).")]
Name = Annotated[str | None, typer.Option(metavar="NAME", help="The name in that certificate.")]
Faults = Annotated[
    list[str] | None,
    typer.Option(
        "--fault",
        metavar="KIND[=N]",
        help="What goes wrong with the next message; several times: with the next ones. "
        "slow=SECONDS, drop-before, drop-after, 5xx[=STATUS], garbage, truncated, partial[=CODE], duplicate, wait=SECONDS, "
        "skew=SECONDS, fault-server, fault-client[=CODE], redirect, refuse[=CODE].",
        show_default=False,
    ),
]
Rate = Annotated[float, typer.Option(metavar="0..1", min=0, max=1, help="Then, which share of messages goes wrong at random.")]
Seed = Annotated[int, typer.Option(metavar="N", help="The same seed makes the same faults.")]
Listed = Annotated[bool, typer.Option("--list", help="Print what the register has, and serve nothing.")]


def add(app: typer.Typer) -> None:
    """Add the commands of this family."""
    sandbox = typer.Typer(
        help="Pretended authorities on this machine: the tax office, FACe.", no_args_is_help=True, rich_markup_mode=None
    )
    sandbox.command("aeat")(aeat)
    sandbox.command("face")(face)
    app.add_typer(sandbox, name="sandbox")


def aeat(
    ctx: typer.Context,
    directory: Dir = None,
    taxpayer: Taxpayer = None,
    name: Name = None,
    port: Annotated[int, typer.Option(metavar="N", min=0, max=65535, help="The port on this machine; 0: any free one.")] = 8443,
    wait: Annotated[int, typer.Option(metavar="SECONDS", min=0, max=9999, help="TiempoEsperaEnvio of its answers.")] = 60,
    faults: Faults = None,
    rate: Rate = 0.0,
    seed: Seed = 0,
    listed: Listed = False,
    as_json: options.Json = False,
) -> None:
    """Serve a local tax office that takes VERI*FACTU records as AEAT does, until Ctrl-C.

    It speaks TLS with client certificates, validates against the official schemas and AEAT's rules, keeps each taxpayer's
    chain, and remembers what no good sender does. On its first start it makes its certificates, one for the taxpayer among
    them, and prints the password; each time it prints what to write into revrec.toml.

    \b
    Example:
      revrec sandbox aeat --wait 5
      revrec sandbox aeat --taxpayer ES-B64717838 --fault drop-after --fault slow=3
      revrec sandbox aeat --rate 0.3 --seed 7
      revrec sandbox aeat --list
    """
    from revrec.app import sandbox as app

    if listed:
        show.show(app.list_aeat(_folder(ctx, directory)), as_json=as_json)
        return
    stand = _stand(ctx, directory, taxpayer, name, port)
    app.serve_aeat(stand, app.Misbehaviour(faults or (), rate, seed), wait, os.environ, options.now, _say)


def face(
    ctx: typer.Context,
    directory: Dir = None,
    taxpayer: Taxpayer = None,
    name: Name = None,
    port: Annotated[int, typer.Option(metavar="N", min=0, max=65535, help="The port on this machine; 0: any free one.")] = 8444,
    faults: Faults = None,
    rate: Rate = 0.0,
    seed: Seed = 0,
    move: Annotated[
        str | None,
        typer.Option(
            "--set",
            metavar="NUMBER=STATE",
            help="Move a registered invoice to a state, and serve nothing: 1300, 2400, 2500, 2600, 3100, 4300, 4400.",
            show_default=False,
        ),
    ] = None,
    reason: Annotated[str, typer.Option(metavar="TEXT", help="The reason given with --set.", show_default=False)] = "",
    listed: Listed = False,
    as_json: options.Json = False,
) -> None:
    """Serve a local FACe, the entry point of invoices to public administrations, until Ctrl-C.

    It verifies the signature of each request and of each Facturae, validates against the official schema, registers the
    invoice, and lets you play the administration with --set while it serves.

    \b
    Example:
      revrec sandbox face
      revrec sandbox face --list
      revrec sandbox face --set 202600000001=2600 --reason "falta el expediente"
    """
    from revrec.app import sandbox as app

    folder = _folder(ctx, directory)
    if move:
        number, _, state = move.partition("=")
        app.move_face(folder, number, _state(state), reason)
    if move or listed:
        show.show(app.list_face(folder), as_json=as_json)
        return
    stand = _stand(ctx, directory, taxpayer, name, port)
    app.serve_face(stand, app.Misbehaviour(faults or (), rate, seed), os.environ, options.now, _say)


def _folder(ctx: typer.Context, directory: Path | None) -> Path:
    return directory or options.folder(ctx) / "sandbox"


def _stand(ctx: typer.Context, directory: Path | None, taxpayer: str | None, name: str | None, port: int) -> Stand:
    from revrec.app import sandbox as app
    from revrec.settings import Unfit, check_taxpayer

    root = options.folder(ctx)
    try:
        tax_id = check_taxpayer(taxpayer) if taxpayer else None
    except Unfit as unfit:
        raise typer.BadParameter(f"{unfit.reason}. Hint: {unfit.hint}") from None
    return app.Stand(_folder(ctx, directory), root, app.taxpayer(root, tax_id, name, os.environ), port)


def _state(text: str) -> str:
    known = ("1300", "2400", "2500", "2600", "3100", "4300", "4400")
    if text not in known:
        raise typer.BadParameter(f"{text!r} is no state to move to. Hint: write --set NUMBER=STATE, one of {', '.join(known)}")
    return text


def _say(line: str) -> None:
    print(line, flush=True)
