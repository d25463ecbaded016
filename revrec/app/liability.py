"""The contract liability over years of books: movements added up, with which a roll-forward is exactly that of the entries.

Whole months come out of the derived sums, whatever else the period needs (days at its edges, entries recorded since the sums were
caught up) out of the entries. Revenue uses up the opening balance of its bundle first (IFRS 15.116(b)): only bundles that owed
something at the opening are looked at one by one.

The terms and the selling branch of a bundle never change, so that all its revenue stands under one branch, service and policy:
split by month it is split exactly.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from operator import attrgetter
from typing import TYPE_CHECKING, NamedTuple

from revrec.app.sums import Months, whole_months
from revrec.core.dates import DAY, month_end, month_start
from revrec.core.journal import JournalEntry, Role
from revrec.core.rollforward import Flow, Line, lines_of, source_of
from revrec.core.tally import line_of
from revrec.store.papers import Papers
from revrec.store.sums import Sums

if TYPE_CHECKING:
    from revrec.app.workspace import Workspace

GROUP = ("branch", "service", "policy")
_BY_DATE = attrgetter("date")
_OPENING = "the balances at the opening"  # stands for all bundles: no revenue is held against it

Group = Mapping[str, str | None]
"""The values of some of branch, service and policy that are asked for."""


class Wanted(NamedTuple):
    """Whose movements are asked for, each by its id; '' stands for all. `accounts` are those of the chart, None: all."""

    bundle: str = ""
    invoice: str = ""
    session: str = ""
    customer: str = ""
    branch: str = ""
    accounts: frozenset[str] | None = None


ALL = Wanted()


class Largest(NamedTuple):
    """The movements of the bundles that owe most, and how many bundles there are besides in which anything stands."""

    lines: list[Line]
    others: int


@dataclass(frozen=True)
class Movements:
    """The movements of a period that were asked for, by date, for a roll-forward by month, branch, service or policy.

    A few lines a month, in which revenue is split already; or of few entries each movement (`of` is None).
    """

    lines: list[Line]
    of: _Period | None = None
    restricted: bool = False

    def largest(self, group: Group, most: int) -> Largest:
        """The movements of a group by bundle: of at least the `most` bundles that owe most at the end."""
        found = in_group(self.lines, group)
        if self.of is None:
            return Largest(found, 0)
        places = sorted({(line.branch or "", line.service or "") for line in found}) if self.restricted else []
        groups = [{**group, "branch": branch or None, "service": service or None} for branch, service in places]
        parts = [self.of.largest(each, most) for each in (groups if self.restricted else [group])]
        return Largest(sorted((line for part in parts for line in part.lines), key=_BY_DATE), sum(part.others for part in parts))


def lines(entries: Iterable[JournalEntry]) -> list[Line]:
    """The movements of the contract liability in some entries, by date."""
    return sorted((line for entry in entries for line in lines_of(source_of(entry))), key=_BY_DATE)


def in_group(found: Iterable[Line], group: Group) -> list[Line]:
    """The movements of a group."""
    return [line for line in found if all((getattr(line, name) or None) == value for name, value in group.items())]


def movements(ws: Workspace, first: date, last: date, wanted: Wanted = ALL) -> Movements:
    """The movements for a roll-forward from `first` to `last`, both counted; of what is wanted only."""
    with ws.store.snapshot():
        period = _Period.of(ws, first, last)
        if wanted.session or wanted.invoice or wanted.customer:
            return Movements(_placed(ws, lines(_entries(ws, wanted)), wanted))
        if wanted.bundle:
            return Movements(_placed(ws, period.of_bundles({wanted.bundle}), wanted))
        restricted = bool(wanted.branch) or wanted.accounts is not None
        return Movements(_placed(ws, period.movements(), wanted), period, restricted)


def _entries(ws: Workspace, wanted: Wanted) -> Iterator[JournalEntry]:
    """The entries that belong to everything that is asked for."""
    asked = {name: getattr(wanted, name) for name in ("bundle", "session", "customer") if getattr(wanted, name)}
    found: Iterable[JournalEntry]
    if wanted.invoice:
        issued = Papers(ws.store).invoice(wanted.invoice)
        entry = ws.store.entry(issued.entry) if issued else None
        found = [entry] if entry else []
    elif wanted.session:
        found = ws.store.entries_of(session=wanted.session)
    else:
        found = ws.store.entries_of(customer=wanted.customer)
    return (entry for entry in found if all(getattr(entry, name) == value for name, value in asked.items()))


def _placed(ws: Workspace, found: Iterable[Line], wanted: Wanted) -> list[Line]:
    """The movements at a branch and on some accounts, where these are asked for."""
    if wanted.branch:
        found = (line for line in found if line.branch == wanted.branch)
    if wanted.accounts is not None:
        accounts = wanted.accounts
        found = (line for line in found if ws.chart.account(Role.CONTRACT_LIABILITY, line.branch, line.service) in accounts)
    return list(found)


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
        entries = [posted.entry for each in dated for posted in each]
        entries += [posted.entry for posted in self.sums.after(mark) if posted.date <= self.last.isoformat()]
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
        return sorted(found, key=_BY_DATE)

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
        return sorted(found, key=_BY_DATE)

    def of_bundles(self, bundles: Collection[str]) -> list[Line]:
        """Every movement of some bundles, by date."""
        kept = (line_of(key, amount) for key, amount in self.sums.of_bundles(bundles) if self.holds(key.month))
        loose = (line for line in self.loose if (line.bundle or "") in bundles)
        return sorted([*kept, *loose], key=_BY_DATE)

    def largest(self, group: Group, most: int) -> Largest:
        """The bundles that owe most by the tables, and every bundle that moved beside them."""
        beside = {line.bundle or "" for line in self.loose}
        owing = self.sums.owing(self.until, self.opening, group)
        first = sorted(owing.keys() - beside, key=lambda bundle: (-abs(owing[bundle]), bundle))[:most]
        found = in_group(self.of_bundles({*first, *beside}), group)
        return Largest(found, len(owing.keys() - beside) - len(first))
