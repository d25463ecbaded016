"""Margins of packages, providers and branches over any period, and the entries behind each number."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, NamedTuple

from revrec.app.sums import BY, results
from revrec.core.journal import JournalEntry, Role
from revrec.core.margin import Margin, margin_of, total
from revrec.core.rollforward import Source
from revrec.core.tally import Earned, Tally
from revrec.store.given import given
from revrec.store.statements import PAGE
from revrec.store.sums import Posted, Sums

if TYPE_CHECKING:
    from revrec.app.workspace import Workspace

MOST = 200  # entries of one page
LOOKED = 20_000  # entries looked through for one page


@dataclass(frozen=True, slots=True)
class Margins:
    """The margin of each group, by its name ('' for none), of all together, and of every branch whichever was asked for."""

    rows: Mapping[str, Margin]
    total: Margin
    every: Margin


class Amount(NamedTuple):
    """What an entry adds to a number: credit positive."""

    entry: JournalEntry
    amount: int


class Cursor(NamedTuple):
    """The entry after which a list goes on: its day and its number."""

    day: date
    number: int


class Listed(NamedTuple):
    """The entries behind a number, by date and number; `after` is where the next page begins, None at the end."""

    rows: tuple[Amount, ...]
    after: Cursor | None


Chooses = Callable[[Earned, str], bool]
"""Whether a leg belongs to a group: by what it earned, and the bundle that it is about ('': none)."""


def margins(ws: Workspace, first: date, last: date, by: str, branch: str | None = None) -> Margins:
    """The margins of a period, both days counted, grouped `by` package, provider, branch or service; perhaps of one branch."""
    assert by in BY
    found: dict[str, dict[Role, int]] = defaultdict(lambda: defaultdict(int))
    every = list[Margin]()
    for (name, place), roles in results(ws, first, last, (by, "branch")).items():
        every.append(margin_of(roles))
        if branch in (None, place):
            for role, amount in roles.items():
                found[name][role] += amount
    rows = {name: margin_of(roles) for name, roles in sorted(found.items())}
    shown = {name: margin for name, margin in rows.items() if any(margin.amounts)}
    return Margins(shown, total(rows.values()), total(every))


def entries(
    ws: Workspace, first: date, last: date, chooses: Chooses, roles: Collection[Role], after: Cursor | None = None
) -> Listed:
    """A page of the entries with legs on some roles that a group chooses; long periods are looked through a part at a time."""
    sums, picked = Sums(ws.store), _Picked(chooses, roles)
    looked, begin = 0, Cursor(max(first, after.day), after.number) if after else Cursor(first, 0)
    while page := ws.store.rows("entries", begin.day.isoformat(), begin.number, last.isoformat()):
        sums.add(picked, picked.looking([Posted(seq, day, body) for day, _, body, seq in page]))
        looked += len(page)
        begin = Cursor(date.fromisoformat(page[-1][0]), page[-1][1])
        if len(page) < PAGE:
            break
        if len(picked.found) >= MOST or looked >= LOOKED:
            return _cut(picked.found, begin)
    return _cut(picked.found, None)


def _cut(found: list[Amount], after: Cursor | None) -> Listed:
    """As many as a page shows; the next page begins after the last of them."""
    if len(found) > MOST:
        last = found[MOST - 1].entry
        return Listed(tuple(found[:MOST]), Cursor(last.date, last.number))
    return Listed(tuple(found), after)


class _Picked(Tally):
    """Entries instead of their sums: those of which a leg is chosen."""

    def __init__(self, chooses: Chooses, roles: Collection[Role]) -> None:
        super().__init__()
        self.chooses = chooses
        self.roles = frozenset(roles)
        self.found: list[Amount] = []
        self._page: Iterator[Posted] = iter(())

    def looking(self, page: Sequence[Posted]) -> Sequence[Posted]:
        """Take these next, in their order."""
        self._page = iter(page)
        return page

    def take(self, source: Source, packages: Mapping[str, str], provider: str) -> None:
        """Keep the entry with what its chosen legs come to."""
        posted, amount, chosen, month = next(self._page), 0, False, f"{source.date:%Y-%m}"
        for role, debit, named, branch in source.legs:
            if role not in self.roles:
                continue
            bundle = named or source.bundle or ""
            place = branch or source.branch or ""
            if self.chooses(Earned(month, packages.get(bundle, ""), provider, place, source.service or "", role), bundle):
                amount, chosen = amount - debit, True
        if chosen:
            self.found.append(Amount(posted.entry, amount))


def sessions(ws: Workspace, first: date, last: date, by: str, branch: str | None = None) -> dict[str, int]:
    """How many sessions were given and stand, by group: one pass over the sessions of the books."""
    counts = Counter(getattr(each, by) for each in given(ws.store, first, last) if branch in (None, each.branch))
    return dict(counts)
