"""Writes the books beside the store: only bytes that changed, each file whole or not at all."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from revrec.books.chart import Chart
from revrec.books.state import Books


@dataclass(frozen=True, slots=True)
class Written:
    """What a run wrote: `digests` of the day files that it made (to be stored), the paths that `changed`,
    the number of generated `files`, and the `stray` files under `journal/` that no entry asks for (full runs only).
    """

    digests: Mapping[date, str]
    changed: tuple[str, ...]
    files: int
    stray: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Writer:
    """The books of one workspace: `root` is its folder, `chart` its accounts, `currency` the taxpayer's."""

    root: Path
    chart: Chart
    currency: str

    def write(self, books: Books, step: Callable[[int], None] | None = None) -> Written:
        """Write the days of `books.days` that have no digest, and whatever follows from them.

        Call it after the commit, then store the digests that it answers; if it raises `Unwritten` (disk full …) store nothing:
        the next call writes the same files again. Costs what the days cost, not what the book costs.
        `step` is called with 1 for each day written.
        """
        raise NotImplementedError

    def rebuild(self, books: Books, step: Callable[[int], None] | None = None) -> Written:
        """Make every file again, whatever `books.days` says; files that are already right stay untouched."""
        raise NotImplementedError
