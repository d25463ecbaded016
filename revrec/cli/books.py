"""`revrec books` and `revrec verify`: the files again, and whether everything is true."""

from __future__ import annotations

import typer

from revrec.cli import options, show


def add(app: typer.Typer) -> None:
    """Add the commands of this family."""
    books = typer.Typer(help="The Beancount files.", no_args_is_help=True, rich_markup_mode=None)
    books.command("build")(build)
    books.command("check")(check)
    app.add_typer(books, name="books")
    app.command("verify")(verify)


def build(ctx: typer.Context, as_json: options.Json = False) -> None:
    """Make every generated file again from the database; what is right already stays untouched.

    \b
    Example:
      revrec books build
    """
    from revrec.app import books as app

    with options.workspace(ctx) as ws:
        built = app.build(ws, options.progress())
    if as_json:
        show.show_json({"files": built.files, "changed": built.changed, "stray": list(built.stray)})
    else:
        print(f"{show.count(built.files, 'file')}, {built.changed:,} changed")
    for path in built.stray:
        show.complain(f"{path}: no entry asks for this file. Hint: move or delete it; revrec removes no file")


def check(ctx: typer.Context, as_json: options.Json = False) -> None:
    """Load the books in Beancount and compare the files with the database; needs revrec[fava].

    \b
    Example:
      revrec books check
    """
    from revrec.app import books as app

    with options.workspace(ctx) as ws:
        found = app.check(ws, options.progress())
    if show.findings(found, as_json=as_json, clean="the books are clean"):
        raise typer.Exit(1)


def verify(ctx: typer.Context, as_json: options.Json = False) -> None:
    """Check every invariant, the digest chain, the entries derived anew and the files on disk.

    \b
    Example:
      revrec verify
    """
    from revrec.app import verify as app

    with options.workspace(ctx) as ws:
        found = app.verify(ws, options.progress())
    if show.findings(found, as_json=as_json, clean="verified: chain, entries, derived tables and files agree"):
        raise typer.Exit(1)
