"""The sums that pages read: brought up to date where somebody waits anyway, and asked for any period, exact to the day.

`results` answers income and expense by package, provider, branch, service and role, `liability` the roll-forward of the contract
liability; both read whole months out of derived tables and add, in memory, the days at the edges of the period and the entries
recorded since the tables were caught up. Neither writes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from revrec.app.progress import Progress, Silent
from revrec.core.dates import DAY, month_end, month_start, next_month
from revrec.core.journal import Role
from revrec.core.tally import Earned, Tally
from revrec.store.statements import PAGE
from revrec.store.sums import Posted, Sums

if TYPE_CHECKING:
    from revrec.app.workspace import Workspace

BY = ("package", "provider", "branch", "service")


def catch_up(ws: Workspace, progress: Progress | None = None) -> int:
    """Take what was recorded since the last time into the sums; how many entries. Nothing where the books may only be read.

    Called by `serve`, `demo`, `close` and `books build`; a batch at a time, so that recording never waits long.
    """
    waiting = behind(ws)
    if not waiting or ws.store.read_only:
        return 0
    progress = progress or Silent()
    progress.start("Adding up entries", waiting)
    try:
        return Sums(ws.store).catch_up(progress.step)
    finally:
        progress.done()


def rebuild(ws: Workspace, progress: Progress | None = None) -> int:
    """Make the sums again from the entries; how many."""
    with ws.store.transaction():
        Sums(ws.store).clear()
    return catch_up(ws, progress)


def behind(ws: Workspace) -> int:
    """How many entries are not in the tables yet; readers add them up themselves."""
    return ws.store.head().entries - Sums(ws.store).mark


def results(ws: Workspace, first: date, last: date, by: tuple[str, ...] = BY) -> dict[tuple[str, ...], dict[Role, int]]:
    """Income and expense of a period, both days counted: for each group the balance of each role, debit positive.

    `by` is any of package, provider, branch and service, in the order of the keys; '' stands for none. Package is that of the
    bundle (none: a single session, or an entry about no bundle), provider who the session names, branch where it was given.
    """
    found: dict[tuple[str, ...], dict[Role, int]] = defaultdict(lambda: defaultdict(int))
    with ws.store.snapshot():
        for key, amount in _results(Sums(ws.store), first, last):
            found[tuple(getattr(key, name) for name in by)][Role(key.role)] += amount
    return {key: dict(roles) for key, roles in sorted(found.items())}


def _results(sums: Sums, first: date, last: date) -> Iterator[tuple[Earned, int]]:
    mark, span = sums.mark, whole_months(first, last)
    if span:
        yield from sums.results(*span.names)
    tally, loose = Tally(), _loose(sums, mark, first, last, span)
    while page := list(islice(loose, PAGE)):
        sums.add(tally, page)
    yield from tally.results.items()


class Months(NamedTuple):
    """Whole months: the first day of the first, the last day of the last."""

    first: date
    last: date

    @property
    def names(self) -> tuple[str, str]:
        """As tables name them: `2026-01`, `2026-12`."""
        return f"{self.first:%Y-%m}", f"{self.last:%Y-%m}"


def whole_months(first: date, last: date) -> Months | None:
    """The months that lie in a period with all their days; None when there is none."""
    begin = first if first.day == 1 else next_month(first)
    end = last if last == month_end(last) else month_start(last) - DAY
    return Months(begin, end) if begin <= end else None


def _loose(sums: Sums, mark: int, first: date, last: date, span: Months | None) -> Iterator[Posted]:
    """The entries of a period that no whole month of the tables holds."""
    edges = ((first, span.first - DAY), (span.last + DAY, last)) if span else ((first, last),)
    for begin, end in edges:
        if begin <= end:
            yield from sums.dated(begin, end, mark)
    yield from (each for each in sums.after(mark) if first.isoformat() <= each.date <= last.isoformat())
