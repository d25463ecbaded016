"""What the page shows, worked out before the template writes it: sentences, numbers as text, links."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from revrec.app.liability import Movements, in_group
from revrec.core.dates import month_end
from revrec.core.errors import RevrecError
from revrec.core.rollforward import FLOWS, MEANINGS, MONTH, TITLES, Flow, Rollforward, Row, rollforward
from revrec.fava.chart import SERIES, Chart, chart, sums
from revrec.fava.links import Links
from revrec.fava.parts import Cell, Column, Grid, Tab, TieLine

VIEWS = {"months": "By month", "groups": "By branch, service and policy", "bundles": "By bundle"}
GROUP = ("branch", "service", "policy")
MOST = 400  # rows of bundles: more than anybody reads, and the browser stays quick
_ALWAYS = frozenset({Flow.ADDED, Flow.REVENUE_ADDED, Flow.BREAKAGE, Flow.REFUNDED})


class NothingBooked(RevrecError):
    """There is no day to begin with."""

    def __init__(self) -> None:
        super().__init__("the books have no entry yet")


class Figure(NamedTuple):
    """One of the large numbers above the chart."""

    title: str
    series: str
    text: str


@dataclass(frozen=True, slots=True)
class Page:
    """Everything that the template writes."""

    currency: str
    first: date
    last: date
    scope: str
    tabs: tuple[Tab, ...]
    figures: tuple[Figure, ...]
    charts: tuple[tuple[str, Chart], ...]
    grid: Grid
    left_out: int
    months: dict[str, tuple[str, str]]
    account: str
    account_link: str
    source: str
    ties: tuple[TieLine, ...]
    notices: tuple[str, ...] = ()

    @property
    def subtitle(self) -> str:
        """What is shown, of which days."""
        of = f"{self.scope} · " if self.scope else ""
        return f"{of}Sessions sold and not yet delivered · {self.first} to {self.last} · {self.currency}"


class View(NamedTuple):
    """What the reader asked for: a name of `VIEWS`, and the group whose bundles are to be shown."""

    name: str
    group: dict[str, str | None]


@dataclass(frozen=True, slots=True)
class Maker:
    """Makes the page of one request: the period, how an amount is written, where it leads; `source` says what was read."""

    currency: str
    first: date
    last: date
    ties: tuple[TieLine, ...]
    notices: tuple[str, ...]
    source: str
    time: str | None
    money: Callable[[int], str]
    amount: Callable[[int, str, str], Cell]
    links: Links

    def page(self, movements: Movements, view: View) -> Page:
        """The page for movements from the beginning of the books."""
        within = in_group(movements.lines, view.group)
        months = rollforward(within, self.first, self.last, (MONTH,))
        rolled, others = months, 0
        if view.name == "groups":
            rolled = rollforward(within, self.first, self.last, GROUP)
        elif view.name == "bundles":
            largest = movements.largest(view.group, MOST)
            rolled, others = rollforward(largest.lines, self.first, self.last, ("bundle",)), largest.others
        flows = tuple(f for f in FLOWS if f in _ALWAYS or any(row.flows[FLOWS.index(f)] for row in (*rolled.rows, months.total)))
        rows = self._chosen(rolled, others)
        return Page(
            currency=self.currency,
            first=self.first,
            last=self.last,
            scope=" · ".join(value or "none" for value in view.group.values()),
            tabs=tuple(Tab(title, self.links.page(view=name), name == view.name) for name, title in VIEWS.items()),
            figures=tuple(self._figures(months.total)),
            charts=(("wide", chart(months.rows, 860, 300)), ("narrow", chart(months.rows, 400, 300))),
            grid=Grid(
                "revrec-table",
                "Roll-forward table",
                (
                    *(Column(part.capitalize()) for part in rolled.by),
                    Column("Opening", "What was owed in sessions on the eve of the period.", numeric=True),
                    *(Column(TITLES[flow], MEANINGS[flow], numeric=True) for flow in flows),
                    Column("Closing", "Opening and all columns together.", numeric=True),
                ),
                tuple(self._row(row, rolled.by, flows, view) for row in rows),
                "Nothing of that is or was owed in sessions.",
                self._row(months.total, (), flows, view, labels=("Total", *("",) * (len(rolled.by) - 1))),
            ),
            left_out=len(rolled.rows) - len(rows) + others,
            months={row.key[0] or "": self._month(row) for row in months.rows},
            account=", ".join(self.links.accounts),
            account_link=self.links.entries(None, {}, self.time),
            source=self.source,
            ties=self.ties,
            notices=self.notices,
        )

    def _chosen(self, rolled: Rollforward, others: int) -> Sequence[Row]:
        """The rows that are shown: of many bundles those that owe most, first who owes most; `others` are not among the rows."""
        if rolled.by != ("bundle",) or len(rolled.rows) + others <= MOST:
            return rolled.rows
        return sorted(rolled.rows, key=lambda row: (-abs(row.closing), row.key))[:MOST]

    def _figures(self, total: Row) -> Iterable[Figure]:
        added = sums(total)
        yield Figure("Opening", "", self.money(total.opening))
        for series, (title, _) in SERIES.items():
            if series != "other" or added[series]:
                yield Figure(title, series, self.money(added[series]))
        yield Figure("Closing", "closing", self.money(total.closing))

    def _month(self, row: Row) -> tuple[str, str]:
        """Where a month of the chart leads, and what it says to the mouse and to a screen reader."""
        parts = [f"{SERIES[name][0]} {self.money(amount)}" for name, amount in sums(row).items() if amount]
        said = "\n".join([row.key[0] or "", *parts, f"Closing {self.money(row.closing)}"])
        return self.links.entries(None, {}, row.key[0]), said

    def _row(
        self, row: Row, by: tuple[str, ...], flows: Sequence[Flow], view: View, *, labels: tuple[str, ...] | None = None
    ) -> tuple[Cell, ...]:
        time = row.key[0] if by == (MONTH,) else self.time
        of = dict(view.group) | ({} if by == (MONTH,) else dict(zip(by, row.key, strict=True) if by else ()))
        name = labels or tuple(part or "none" for part in row.key)
        amounts = ((None, row.opening), *((f, row.flows[FLOWS.index(f)]) for f in flows), (None, row.closing))
        titles = ("Opening", *(TITLES[f] for f in flows), "Closing")
        numbers = (
            self.amount(amount, self.links.entries(flow, of, time) if amount else "", f"{title}, {' '.join(name)}")
            for (flow, amount), title in zip(amounts, titles, strict=True)
        )
        return (Cell(name[0], self._row_link(row, by)), *map(Cell, name[1:]), *numbers)

    def _row_link(self, row: Row, by: tuple[str, ...]) -> str:
        """Where the label leads: a month and a group to their bundles, a bundle to its sessions."""
        if by == ("bundle",):
            return self.links.goto.bundle(row.key[0]) if row.key[0] else ""
        if by == (MONTH,):
            return self.links.page(view="bundles", time=row.key[0] or "")
        if by == GROUP:
            return self.links.page(view="bundles", **{name: value or "" for name, value in zip(GROUP, row.key, strict=True)})
        return ""


def period(begin: date | None, end: date | None, earliest: date | None, latest: date | None) -> tuple[date, date]:
    """The days of the report: those of the time filter, as far as the books go; else whole months of all of them.

    `earliest` and `latest` are the days of the first and the last entry; raises NothingBooked.
    """
    if earliest is None and begin is None:
        raise NothingBooked
    first = begin or (earliest or date.min).replace(day=1)
    known = month_end(latest or first)
    last = end if end and (end <= known or known < first) else known
    return first, max(first, last)
