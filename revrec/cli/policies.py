"""`revrec policy`, `revrec explain`: the rules in plain sentences, and why an entry stands as it does."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from revrec.cli import options, show


class Language(StrEnum):
    """A language of the texts."""

    ES = "es"
    EN = "en"


Lang = Annotated[Language | None, typer.Option("--lang", help="Only this language (default: both).")]


def add(app: typer.Typer) -> None:
    """Add the commands of this family."""
    policy = typer.Typer(
        help="The rules under which bundles are sold, in plain sentences.", no_args_is_help=True, rich_markup_mode=None
    )
    policy.command("show")(policy_show)
    policy.command("list")(policy_list)
    policy.command("diff")(policy_diff)
    app.add_typer(policy, name="policy")
    app.command("explain")(explain)


def policy_show(
    ctx: typer.Context,
    policy: Annotated[str, typer.Argument(metavar="ID", help="The policy.")],
    on: options.On = None,
    language: Lang = None,
    package: Annotated[str | None, typer.Option("--package", metavar="ID", help="Add what this package says.")] = None,
    as_json: options.Json = False,
) -> None:
    """Say the rules of a policy in at most two sentences each, with the digest that each bundle sold under them shows.

    \b
    Example:
      revrec policy show standard --on 2026-03-31 --lang es
    """
    from revrec.app import policies as app

    with options.workspace(ctx) as ws:
        found = app.show(ws, policy, on or options.today(ws), _languages(language), package)
        show.show(found, as_json=as_json)


def policy_list(ctx: typer.Context, as_json: options.Json = False) -> None:
    """List every version of every policy, and the packages that override theirs.

    \b
    Example:
      revrec policy list
    """
    from revrec.app import policies as app

    with options.workspace(ctx) as ws:
        show.show(app.listing(ws), as_json=as_json)


def policy_diff(
    ctx: typer.Context,
    before: Annotated[str, typer.Argument(metavar="ID@SINCE", help="A version: standard@2026-01-01.")],
    after: Annotated[str, typer.Argument(metavar="ID@SINCE", help="Another version.")],
    language: Lang = None,
    as_json: options.Json = False,
) -> None:
    """Say in which rules two versions differ, and list the packages that override them.

    \b
    Example:
      revrec policy diff standard@2026-01-01 standard@2026-07-01
    """
    from revrec.app import policies as app

    with options.workspace(ctx) as ws:
        show.show(app.diff(ws, before, after, _languages(language)), as_json=as_json)


def explain(
    ctx: typer.Context,
    entry: Annotated[str, typer.Argument(metavar="E-…", help="The entry, as the books call it: E-12.")],
    language: Lang = None,
    as_json: options.Json = False,
) -> None:
    """Say why an entry stands in the books: rule, policy clause, formula with its numbers, standard and paragraph.

    \b
    Example:
      revrec explain E-12
    """
    from revrec.app import explain as app

    with options.workspace(ctx) as ws:
        show.show(app.explain(ws, entry, _languages(language)), as_json=as_json)


def _languages(language: Language | None) -> tuple[str, ...]:
    """The languages asked for: all unless one is named."""
    return (language.value,) if language else ("es", "en")
