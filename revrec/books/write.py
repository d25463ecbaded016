"""Writes the books beside the store: only bytes that changed, each file whole or not at all."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from revrec.books import fiscal, listing, mainfile, summary
from revrec.books.balance import Asserted, month_ends
from revrec.books.chart import Chart
from revrec.books.files import Shelf, Unwritten, digest, put, settle
from revrec.books.fiscal import Span, spans
from revrec.books.render import Documents, Renderer
from revrec.books.state import Books, MonthRow
from revrec.core.dates import month_start

__all__ = ["Books", "Difference", "MonthRow", "Unwritten", "Writer", "Written"]

Step = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Written:
    """What a run wrote.

    `digests` of the day files that it made (to be stored), the paths that `changed`, the number of generated `files`,
    and the `stray` files under `journal/` that no entry asks for (full runs only).
    """

    digests: Mapping[date, str]
    changed: tuple[str, ...]
    files: int
    stray: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Difference:
    """A generated file that is not what the store says: `missing`, `changed`, or `stray` (no entry asks for it)."""

    path: str
    what: str


@dataclass(frozen=True, slots=True)
class _Plan:
    """Every day that has a file, in order, the years and their parts, the month rows, and the balances at the top of the days."""

    days: Sequence[date]
    spans: Sequence[Span]
    rows: Sequence[MonthRow]
    asserted: Asserted


@dataclass(frozen=True, slots=True)
class Writer:
    """The books of one workspace: `root` is its folder, `chart` its accounts, `currency` the taxpayer's."""

    root: Path
    chart: Chart
    currency: str

    def write(self, books: Books, step: Step | None = None) -> Written:
        """Write the days of `books.days` that have no digest, and whatever follows from them.

        Call it after the commit, then store the digests that it answers; if it raises `Unwritten` (disk full …) store nothing:
        the next call writes the same files again. Costs what the days cost, not what the book costs, unless the chart gave
        a role another account since (then every day is made again). `step` is called with 1 for each day made.
        """
        plan = self._plan(books)
        return self._run(books, plan, self._due(books, plan), step)

    def rebuild(self, books: Books, step: Step | None = None) -> Written:
        """Make every file again, whatever `books.days` says; files that are already right stay untouched."""
        plan = self._plan(books)
        written = self._run(books, plan, plan.days, step)
        return Written(written.digests, written.changed, written.files, tuple(self._strays(plan)))

    def differences(self, books: Books, step: Step | None = None) -> Iterator[Difference]:
        """Every generated file that differs from what the store says, by path; writes nothing."""
        plan = self._plan(books)
        digests: dict[str, str] = {}
        for day, data in self._rendered(books, plan, plan.days):
            digests[listing.day_path(day)] = digest(data)
            yield from self._compared(listing.day_path(day), data)
            if step:
                step(1)
        for path, data in self._lists(plan, digests):
            yield from self._compared(path, data)
        yield from (Difference(path, "stray") for path in self._strays(plan))

    def digests(self, books: Books, first: date, last: date) -> dict[str, str]:
        """The SHA-256 (hex) of the day files from `first` to `last`, by path, as they would be made now; writes nothing."""
        plan = self._plan(books)
        days = [day for day in plan.days if first <= day <= last]
        return {listing.day_path(day): digest(data) for day, data in self._rendered(books, plan, days)}

    def _plan(self, books: Books) -> _Plan:
        rows = tuple(books.months)
        asserted = month_ends(rows, self.chart, books.last_day)
        days = sorted(books.days.keys() | asserted.keys())
        months = {month_start(day): 0 for day in days}
        return _Plan(days, spans(months | {month: n for month, n in books.sizes.items() if month in months}), rows, asserted)

    def _due(self, books: Books, plan: _Plan) -> Sequence[date]:
        """The days to make: those without a digest, and the month ends after the first of them."""
        if self._mapping() != self.chart.mapping:
            return plan.days
        fresh = [day for day in plan.days if books.days.get(day) is None]
        posted = min((day for day in fresh if day in books.days), default=date.max)
        return sorted({*fresh, *(day for day in plan.asserted if day > posted)})

    def _mapping(self) -> str | None:
        """The mapping that the files on disk were made with; None when there are none."""
        try:
            return listing.mapping_of((self.root / listing.INDEX).read_text(encoding="utf-8", errors="replace"))
        except FileNotFoundError:
            return None

    def _run(self, books: Books, plan: _Plan, due: Sequence[date], step: Step | None) -> Written:
        """Make the due days, then the lists over all days, MANIFEST last."""
        made: dict[date, str] = {}
        with Shelf(self.root) as shelf:
            for day, data in self._rendered(books, plan, due):
                made[day] = digest(data)
                shelf.put(listing.day_path(day), data)
                if step:
                    step(1)
        known = {**books.days, **made}
        digests = {listing.day_path(day): value for day in plan.days if (value := known[day])}
        changed = [*shelf.changed, *(path for path, data in self._lists(plan, digests) if put(self.root, path, data))]
        settle({(self.root / path).parent for path in changed})
        return Written(made, tuple(changed), len(digests) + 1)

    def _rendered(self, books: Books, plan: _Plan, days: Sequence[date]) -> Iterator[tuple[date, bytes]]:
        renderer = Renderer(self.chart, self.currency)
        for day in days:
            entries = tuple(books.entries(day))
            links = books.links([entry.number for entry in entries])
            paper = Documents(links, books.notes(day))
            yield day, renderer.day(day, plan.asserted.get(day, ()), entries, books.sources, paper).encode()

    def _lists(self, plan: _Plan, digests: dict[str, str]) -> Iterator[tuple[str, bytes]]:
        """The files over all days, whose digests are added to `digests`; MANIFEST last."""
        for path, text in self._texts(plan):
            data = text.encode()
            digests[path] = digest(data)
            yield path, data
        yield listing.MANIFEST, listing.manifest(digests).encode()

    def _texts(self, plan: _Plan) -> Iterator[tuple[str, str]]:
        main = mainfile.read(self.root)
        yield listing.INDEX, listing.index(plan.days, self.chart.mapping)
        for span in plan.spans:
            days = [day for day in plan.days if span.holds(day)]
            manual = (self.root / f"manual/{span.first:%Y}.beancount").is_file()
            yield span.path, fiscal.text(span, days, plan.rows, self.chart, self.currency, main, manual=manual)
        yield summary.PATH, summary.text(plan.rows, self.chart, self.currency, main)

    def _compared(self, path: str, data: bytes) -> Iterator[Difference]:
        try:
            if (self.root / path).read_bytes() != data:
                yield Difference(path, "changed")
        except FileNotFoundError:
            yield Difference(path, "missing")

    def _strays(self, plan: _Plan) -> Iterator[str]:
        """Files under `journal/` and yearly books that no entry asks for: named, never removed."""
        due = {listing.INDEX, listing.MANIFEST, *map(listing.day_path, plan.days), *(span.path for span in plan.spans)}
        there = [*(self.root / "journal").rglob("*"), *self.root.glob("fy[0-9][0-9][0-9][0-9]*.beancount")]
        yield from sorted({file.relative_to(self.root).as_posix() for file in there if file.is_file()} - due)
