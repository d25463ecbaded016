"""`revrec schemas`: the official schemas that documents are held against, fetched once and checked by their SHA-256."""

from __future__ import annotations

from typing import Annotated

import typer

from revrec.cli import options, show

Ids = Annotated[
    list[str] | None,
    typer.Argument(metavar="ID", show_default=False, help="Only these and what they import (default: all used)."),
]


def add(app: typer.Typer) -> None:
    """Add the commands of this family."""
    schemas = typer.Typer(
        help="The official schemas that documents are held against.", no_args_is_help=True, rich_markup_mode=None
    )
    schemas.command("fetch")(schemas_fetch)
    schemas.command("check")(schemas_check)
    app.add_typer(schemas, name="schemas")


def schemas_fetch(ids: Ids = None) -> None:
    """Fetch the official schemas that are missing here, once: afterwards everything works offline.

    They come with pip from the index that pip is set up for, and are believed only by the SHA-256 of the catalogue.
    They are kept in the user's cache folder, or where REVREC_SCHEMAS says.

    \b
    Example:
      revrec schemas fetch
      revrec schemas fetch facturae/3.2.2
    """
    from revrec.app import schemas as app

    show.show(app.fetch(ids or (), options.progress()), as_json=False)


def schemas_check(ids: Ids = None, as_json: options.Json = False) -> None:
    """Compare the stored schemas with the catalogue, byte for byte; exit code 1 when one is missing or damaged.

    \b
    Example:
      revrec schemas check
      revrec schemas check verifactu/SuministroLR --json
    """
    from revrec.app import schemas as app

    checked = app.check(ids or ())
    show.show(checked, as_json=as_json)
    if not checked.complete:
        raise typer.Exit(1)
