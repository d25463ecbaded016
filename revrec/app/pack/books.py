"""The Beancount files of the span and what they need to load by themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from revrec.app.books import books_of
from revrec.books import mainfile, part, plugin
from revrec.books.fiscal import Span
from revrec.books.listing import day_path
from revrec.core.errors import RevrecError

if TYPE_CHECKING:
    from pathlib import Path

    from revrec.app.pack.archive import Archive
    from revrec.app.pack.scope import Scope
    from revrec.app.workspace import Workspace

FOLDER = "books/"


class NoFile(RevrecError):
    """A file of the books is not where it should be."""

    def __init__(self, path: str, why: str) -> None:
        super().__init__(f"{path} cannot be read: {why}. `revrec books build` makes the generated files again")


def write(archive: Archive, ws: Workspace, scope: Scope) -> None:
    """The members of `books/`: as they lie beside the store, and a main file that loads only them."""
    books = books_of(ws.store)
    days = [day for day in sorted(books.days) if scope.first <= day <= scope.last]
    manual = [
        path
        for year in sorted({month.year for month in scope.months})
        if (ws.root / (path := f"manual/{year}.beancount")).is_file()
    ]
    for path in (ws.chart.name, *map(day_path, days), *manual):
        archive.whole(FOLDER + path, read(ws.root, path))
    archive.whole(FOLDER + plugin.NAME, read(ws.root, plugin.NAME))
    title = f"{scope.first:%Y-%m} to {scope.last:%Y-%m}" if len(scope.months) > 1 else f"{scope.first:%Y-%m}"
    main = mainfile.read(ws.root)
    span = Span(title, scope.first, scope.last)
    text = part.text(span, days, books.months, ws.chart, ws.settings.currency, main, manual)
    archive.text(FOLDER + part.NAME, text)


def read(root: Path, path: str) -> bytes:
    """The bytes of a file of the workspace; raises NoFile."""
    try:
        return (root / path).read_bytes()
    except OSError as error:
        raise NoFile(path, error.strerror or type(error).__name__) from error
