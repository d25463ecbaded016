"""The books in the browser: which of them are opened, and Fava as a process of its own, on this machine only, until Ctrl-C."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, NamedTuple

from revrec.app.books import finish, sizes_of
from revrec.app.sums import catch_up
from revrec.books.fiscal import LARGE, Span, spans
from revrec.core.errors import RevrecError

if TYPE_CHECKING:
    from revrec.app.progress import Progress
    from revrec.app.workspace import Workspace

SMALL = 30_000
"""Fava shows every page of a book of so many entries at once (measured: beyond, its journal takes the browser's memory)."""


_SHOWN = 12  # years that a mistake is answered with


class UnknownBook(RevrecError):
    """`--book` names none of the books of the workspace."""

    def __init__(self, name: str, parts: Sequence[Span]) -> None:
        years = [_name(part) for part in parts if "-" not in part.name]
        shown = years if len(years) <= _SHOWN else [years[0], "…", years[-1]]
        more = " and parts of these years, such as " if len(years) < len(parts) else ""
        last = _name(parts[-1]) if more else ""
        super().__init__(f"--book {name}: there is no such book; there are {', '.join(('main', 'summary', *shown))}{more}{last}")


class Opened(NamedTuple):
    """The files that are opened, the first of them at once; `why` says it in sentences where it needs saying."""

    ledgers: tuple[Path, ...]
    why: tuple[str, ...] = ()


def prepare(ws: Workspace, name: str | None = None, progress: Progress | None = None) -> Opened:
    """The book to open, after the files and the sums that pages read were brought up to date; raises UnknownBook."""
    opened = choose(ws, name)
    if not ws.store.read_only:
        finish(ws, progress)
        catch_up(ws, progress)
    return opened


def choose(ws: Workspace, name: str | None = None) -> Opened:
    """The book of a name (`main`, `summary`, `fy2026`, `fy2026-q1` …), else what Fava shows quickly; raises UnknownBook.

    All of a small book; of a larger one the roll-up of all years and the last year; where that is large, its last part.
    """
    sizes = sizes_of(ws.store.days())
    parts = spans(sizes)
    if name is not None:
        return Opened((_file(ws.root, name.removesuffix(".beancount"), parts),))
    total = sum(sizes.values())
    if total <= SMALL:
        return Opened((ws.root / "main.beancount",))
    last = max(month for month, entries in sizes.items() if entries)
    inside = [part for part in parts if part.holds(last)]
    files = ws.root / "summary.beancount", ws.root / inside[-1].path
    return Opened(files, tuple(_why(total, sizes, parts, inside)))


def _file(root: Path, name: str, parts: Sequence[Span]) -> Path:
    known = ["main", "summary", *map(_name, parts)]
    if name not in known:
        raise UnknownBook(name, parts)
    return root / f"{name}.beancount"


def _why(total: int, sizes: Mapping[date, int], parts: Sequence[Span], inside: Sequence[Span]) -> Iterator[str]:
    """Why not all of the books is opened; `inside` are the last year and its last parts."""
    year, part = inside[0], inside[-1]
    yield f"{total:,} entries: Fava opens all years by month, and {part.title} entry by entry ({_size(part, sizes):,})"
    if part is not year:
        others = ", ".join(_name(each) for each in parts if year.holds(each.first) and each not in (year, part))
        yield f"{year.title} has {_size(year, sizes):,} entries, more than {LARGE:,}; its other parts: --book {others}"
    yield f"every other book: --book main, or a year such as --book {_name(parts[0])}"


def _name(part: Span) -> str:
    return part.path.removesuffix(".beancount")


def _size(part: Span, sizes: Mapping[date, int]) -> int:
    return sum(entries for month, entries in sizes.items() if part.holds(month))


class NotServed(RevrecError):
    """Fava did not start."""

    def __init__(self, why: str) -> None:
        said = (
            "Fava is not installed here: install revrec[fava]" if "ModuleNotFoundError" in why else f"Fava did not start: {why}"
        )
        super().__init__(said)


@contextmanager
def serving(ledger: Path, port: int = 0, more: Sequence[Path] = ()) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """The address of the served books, and the process; both end with the block. Raises NotServed.

    `more` are ledgers that are loaded once the first page was seen, and then stand beside the first one in Fava.
    The process has a session of its own, so that Ctrl-C reaches only this one; it also ends when its input closes.
    """
    for each in (ledger, *more):
        if not each.is_file():
            raise NotServed(f"{each} does not exist; `revrec books build` writes the books")
    # Its complaints go to a file: nobody would read a pipe while it serves.
    command = [sys.executable, "-m", "revrec.fava.serve", *map(str, (ledger, *more)), "--port", str(port)]
    pipe = subprocess.PIPE
    with TemporaryFile("w+") as said:
        process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=said, text=True, start_new_session=True)  # noqa: S603  our own module
        try:
            assert process.stdout
            address = process.stdout.readline().strip()
            if address:
                yield address, process
            if not address or process.poll():
                said.seek(0)
                raise NotServed(_last_line(said.read()))
        finally:
            process.terminate()
            process.communicate()


def _last_line(text: str) -> str:
    return next(reversed(text.strip().splitlines()), "no reason given")


def serve(opened: Opened, announce: Callable[[str], None], port: int = 0) -> None:
    """Serve the books until Ctrl-C; `announce` is told the address once they can be opened, and what was not opened."""
    with serving(opened.ledgers[0], port, opened.ledgers[1:]) as (address, process):
        try:
            announce(address)
            process.wait()
        except KeyboardInterrupt:
            return
