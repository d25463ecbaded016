"""The contract liability over years of books: movements added up, with which a roll-forward is exactly that of the entries.

Whole months come out of the derived sums, whatever else the period needs (days at its edges, entries recorded since the sums were
caught up) out of the entries. Revenue uses up the opening balance of its bundle first (IFRS 15.116(b)): only bundles that owed
something at the opening are looked at one by one.

The terms and the selling branch of a bundle never change, so that all its revenue stands under one branch, service and policy:
split by month it is split exactly.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from operator import attrgetter
from typing import TYPE_CHECKING, NamedTuple

from revrec.app.sums import Months, whole_months
from revrec.core.dates import DAY, month_end, month_start
from revrec.core.journal import JournalEntry
from revrec.core.rollforward import Flow, Line, lines_of, source_of
from revrec.core.tally import line_of
from revrec.store.sums import Sums

if TYPE_CHECKING:
    from revrec.app.workspace import Workspace

GROUP = ("branch", "service", "policy")
_OPENING = "the balances at the opening"  # stands for all bundles: no revenue is held against it

Group = Mapping[str, str | None]
"""The values of some of branch, service and policy that are asked for."""


class Largest(NamedTuple):
    """The movements of the bundles that owe most, and how many bundles there are besides in which anything stands."""

    lines: list[Line]
    others: int


def lines(entries: Iterable[JournalEntry]) -> list[Line]:
    """The movements of the contract liability in some entries, by date."""
    found = (line for entry in entries for line in lines_of(source_of(entry)))
    return sorted(found, key=attrgetter("date"))


def movements(ws: Workspace, first: date, last: date) -> list[Line]:
    """The movements for a roll-forward from `first` to `last`, both counted, by month, branch, service or policy.

    A few lines a month, without bundles; revenue is split already.
    """
    with ws.store.snapshot():
        return _Period.of(ws, first, last).movements()


def largest(ws: Workspace, first: date, last: date, group: Group, most: int) -> Largest:
    """The movements of the bundles of a group, by bundle: of at least the `most` bundles that owe most at the end."""
    with ws.store.snapshot():
        return _Period.of(ws, first, last).largest(group, most)


@dataclass(frozen=True)
class _Period:
    """One period over one state of the books; `span` are the whole months in it that the tables answer."""

    sums: Sums
    first: date
    last: date
    span: Months | None

    @classmethod
    def of(cls, ws: Workspace, first: date, last: date) -> _Period:
        """A period; after the last entry every month is whole."""
        latest = max((day.date for day in ws.store.days() if day.entries), default=date.min)
        span = whole_months(first, month_end(last) if last >= latest else last)
        return cls(Sums(ws.store), first, last, span)

    @property
    def opening(self) -> str:
        """The month before which everything is opening balance, for the tables."""
        return f"{self.first:%Y-%m}"

    @property
    def until(self) -> str:
        """The last month that the tables answer."""
        return self.span.names[1] if self.span else f"{month_start(self.first) - DAY:%Y-%m}"

    def holds(self, month: str) -> bool:
        """Whether the tables answer a month: of a month that is cut, its entries are read."""
        return month < self.opening or (self.span is not None and self.span.names[0] <= month <= self.span.names[1])

    @cached_property
    def loose(self) -> list[Line]:
        """The movements that no whole month of the tables holds."""
        mark = self.sums.mark
        dated = (self.sums.dated(begin, end, mark) for begin, end in self._edges())
        entries = [entry for each in dated for _, entry in each]
        entries += [entry for _, entry in self.sums.after(mark) if entry.date <= self.last]
        return lines(entries)

    def _edges(self) -> Iterator[tuple[date, date]]:
        start = month_start(self.first)
        edges = ((start, self.span.first - DAY), (self.span.last + DAY, self.last)) if self.span else ((start, self.last),)
        return ((begin, end) for begin, end in edges if begin <= end)

    def movements(self) -> list[Line]:
        """Opening balances, flows, and the revenue of both kinds, by month, branch, service and policy."""
        taken = self._from_opening()
        found = [self._opened(line) for line in self._kept()]
        found += [line._replace(bundle=None) if line.date >= self.first else self._opened(line) for line in self.loose]
        for line in taken:
            found.append(line._replace(flow=Flow.REVENUE_OPENING))
            found.append(line._replace(amount=-line.amount))
        return sorted(found, key=attrgetter("date"))

    def _kept(self) -> Iterator[Line]:
        return (line_of(key, amount) for key, amount in self.sums.liability(self.until) if self.holds(key.month))

    def _opened(self, line: Line) -> Line:
        """What lies before the period belongs to its opening balance."""
        return line._replace(bundle=_OPENING) if line.date < self.first else line

    def _from_opening(self) -> Iterator[Line]:
        """The revenue that uses up opening balances, by bundle and month."""
        unused: dict[str, int] = defaultdict(int, self.sums.open_at(self.opening))
        for line in self.loose:
            if line.date < self.first:
                unused[line.bundle or ""] += line.amount
        for line in self._revenue(unused):
            earned = max(min(unused[line.bundle or ""], -line.amount), 0)
            unused[line.bundle or ""] -= earned
            yield line._replace(amount=-earned, bundle=None)

    def _revenue(self, bundles: Mapping[str, int]) -> list[Line]:
        """The revenue of some bundles in the period, by date."""
        found = [line for line in self.loose if line.flow is Flow.REVENUE_ADDED and (line.bundle or "") in bundles]
        found = [line for line in found if line.date >= self.first]
        if self.span:
            kept = self.sums.revenue(bundles, *self.span.names)
            found += [line_of(key, amount) for key, amount in kept]
        return sorted(found, key=attrgetter("date"))

    def largest(self, group: Group, most: int) -> Largest:
        """The bundles that owe most by the tables, and every bundle that moved beside them."""
        beside = {line.bundle or "" for line in self.loose}
        owing = self.sums.owing(self.until, self.opening, group)
        first = sorted(owing.keys() - beside, key=lambda bundle: (-abs(owing[bundle]), bundle))[:most]
        kept = (line_of(key, amount) for key, amount in self.sums.of_bundles((*first, *beside)) if self.holds(key.month))
        found = in_group([*kept, *self.loose], group)
        return Largest(sorted(found, key=attrgetter("date")), len(owing.keys() - beside) - len(first))


def _within(line: Line, group: Group) -> bool:
    return all((getattr(line, name) or None) == value for name, value in group.items())


def in_group(found: Sequence[Line], group: Group) -> list[Line]:
    """The movements of a group."""
    return [line for line in found if _within(line, group)]
