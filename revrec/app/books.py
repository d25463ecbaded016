"""The books beside the store: written after each recording, made again on demand, checked by Beancount."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, TypeAlias

from revrec.app.sums import rebuild
from revrec.books import plugin
from revrec.books.check import check as beancount_findings
from revrec.books.mainfile import NAME as MAIN
from revrec.books.state import Books, Link, MonthRow, Note
from revrec.books.write import Difference, Step, Writer, Written
from revrec.core.dates import month_start
from revrec.core.findings import Finding
from revrec.core.journal import Role
from revrec.store.papers import Born, Papers

if TYPE_CHECKING:
    from revrec.app.progress import Progress
    from revrec.app.workspace import Workspace
    from revrec.store.store import Day, Store

_BLOCK = 4096  # entries whose documents are read at once
_WORDS = {
    "missing": ("is missing", "Run `revrec books build`"),
    "changed": ("is not what the store says: it was changed or is out of date", "Run `revrec books build` to make it again"),
    "stray": ("stands among the generated files, but no entry asks for it", "Move or delete it; revrec removes no file"),
}


@dataclass(frozen=True, slots=True)
class Built:
    """How many generated `files` there are, how many `changed`, and the `stray` ones that no entry asks for."""

    files: int
    changed: int
    stray: tuple[str, ...] = ()


def finish(ws: Workspace, progress: Progress | None = None) -> Written:
    """Write the days that the store holds and the books do not yet: after each commit, and after a crash.

    Raises `Unwritten` when the disk refuses; the entries are safe and the next call writes the same files.
    """
    return _run(ws, writer_of(ws).write, "Writing day files", progress)


def build(ws: Workspace, progress: Progress | None = None) -> Built:
    """Make every generated file, the plugin and the sums again, byte for byte; what is right already is not touched."""
    ws.store.check_writable()
    fresh_plugin = plugin.install(ws.root)
    written = _run(ws, writer_of(ws).rebuild, "Building the books", progress, every=True)
    rebuild(ws, progress)
    return Built(written.files, len(written.changed) + fresh_plugin, written.stray)


def check(ws: Workspace, progress: Progress | None = None) -> tuple[Finding, ...]:
    """What differs from the store, and every error that Beancount and the plugin find; nothing when all is well."""
    return (*compare(ws, progress), *beancount_findings(ws.root / MAIN))


def compare(ws: Workspace, progress: Progress | None = None) -> tuple[Finding, ...]:
    """The generated files that are not what the store says; reads all, writes nothing."""
    books = books_of(ws.store)
    with _reporting(progress, "Comparing files", len(books.days)) as step:
        found = tuple(map(_finding, writer_of(ws).differences(books, step)))
    return found if plugin.is_current(ws.root) else (*found, _finding(Difference(plugin.NAME, "changed")))


def books_of(store: Store) -> Books:
    """What the writer asks, answered by the store."""
    days = store.days()
    calendar = store.head().calendar
    last = max((day.date for day in days if day.entries), default=None)
    books = Books(
        entries=store.entries_of_day,
        days={day.date: day.file for day in days},
        months=[MonthRow(row.month, Role(row.role), row.branch, row.service, row.method, row.amount) for row in store.balances()],
        last_day=max(filter(None, (last, calendar)), default=None),
        sources=store.homonyms(),
        sizes=sizes_of(days),
    )
    papers = Papers(store)
    if papers.is_empty():
        return books
    later = papers.later_days()  # few: most days need not be asked
    return replace(
        books,
        links=_Links(papers),
        notes=lambda day: _notes(papers, day) if day in later else (),
    )


class _Links:
    """The documents born with entries, read in blocks: the entries of the next day are mostly those that come next."""

    def __init__(self, papers: Papers) -> None:
        self._papers = papers
        self._block = range(0)
        self._found: dict[int, list[Link]] = {}

    def __call__(self, entries: Sequence[int]) -> Mapping[int, Sequence[Link]]:
        """Those of some entries, by entry."""
        if not entries:
            return {}
        first, last = min(entries), max(entries)
        if last - first >= _BLOCK:
            return _linked(self._papers.links(entries))
        if first not in self._block or last not in self._block:
            self._block = range(first, first + _BLOCK)
            self._found = _linked(self._papers.links_between(first, first + _BLOCK - 1))
        return {entry: self._found[entry] for entry in entries if entry in self._found}


def _linked(found: Mapping[int, Iterable[Born]]) -> dict[int, list[Link]]:
    return {entry: [Link(*born) for born in each] for entry, each in found.items()}


def sizes_of(days: Iterable[Day]) -> dict[date, int]:
    """The numbers of entries by month, under its first day."""
    found: Counter[date] = Counter()
    for day in days:
        found[month_start(day.date)] += day.entries
    return dict(found)


def _notes(papers: Papers, day: date) -> list[Note]:
    return [Note(each.number, each.account.replace(":", " ")) for each in papers.later_on(day)]


def writer_of(ws: Workspace) -> Writer:
    """The writer of a workspace."""
    return Writer(ws.root, ws.chart, ws.settings.currency)


_Work: TypeAlias = Callable[[Books, Step | None], Written]


def _run(ws: Workspace, work: _Work, label: str, progress: Progress | None, *, every: bool = False) -> Written:
    """Do the work, then let the store remember the digests of the files that are on disk now.

    The head row stays locked: of two processes that record at the same time the second writes its files after the first.
    """
    with ws.store.transaction():
        books = books_of(ws.store)
        total = len(books.days) if every else sum(digest is None for digest in books.days.values())
        with _reporting(progress, label, total) as step:
            written = work(books, step)
        ws.store.put_files({day: digest for day, digest in written.digests.items() if books.days.get(day) != digest})
    return written


@contextmanager
def _reporting(progress: Progress | None, label: str, total: int) -> Iterator[Step | None]:
    """A stretch of reported work; nothing to call where nobody listens."""
    if progress is None:
        yield None
        return
    progress.start(label, total)
    try:
        yield progress.step
    finally:
        progress.done()


def _finding(difference: Difference) -> Finding:
    message, hint = _WORDS[difference.what]
    return Finding(f"books.{difference.what}", difference.path, message, hint)
