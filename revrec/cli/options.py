"""What the commands share: the options, the folder they work in, the clock, the open workspace."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from revrec.app.progress import Progress
    from revrec.app.workspace import Workspace


def day(text: str | date) -> date:
    """A date as people write it on a command line; a usage error otherwise."""
    if isinstance(text, date):
        return text
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is not a date; write it as 2026-01-31.") from None


On = Annotated[date | None, typer.Option("--on", parser=day, metavar="DATE", help="The state on this day (default: today).")]
Out = Annotated[Path | None, typer.Option("-o", "--output", metavar="FILE", help="Write it to this file, and say what it is.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def now() -> datetime:
    """The clock of every command: the only place of the command line that reads it."""
    return datetime.now(UTC)


def folder(ctx: typer.Context) -> Path:
    """The folder that `-C` names."""
    root: Path = ctx.find_root().obj
    return root


@contextmanager
def workspace(ctx: typer.Context) -> Iterator[Workspace]:
    """The open workspace of the command; closed, and rolled back if need be, at the end."""
    from revrec.app.workspace import open_workspace

    with open_workspace(folder(ctx), environ=os.environ) as ws:
        yield ws


def today(ws: Workspace) -> date:
    """Today in the taxpayer's time zone."""
    return now().astimezone(ws.settings.zone).date()


_shown: list[Progress] = []


def progress() -> Progress:
    """A bar on a terminal, lines elsewhere, on standard error."""
    from revrec.app.progress import for_stream

    _shown.append(for_stream(sys.stderr))
    return _shown[-1]


def stop_progress() -> None:
    """Take down a bar that a mistake left standing, so that the terminal is as it was."""
    while _shown:
        _shown.pop().done()
