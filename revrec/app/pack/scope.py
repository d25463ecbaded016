"""What a pack spans: the days asked for, the events and entries that hold them, the heads that were signed up to then."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from revrec.app import note
from revrec.app.heads import grown
from revrec.core.dates import month_end
from revrec.core.errors import RevrecError
from revrec.core.merkle import Frontier
from revrec.store.format import GENESIS
from revrec.store.tree import Tree, TreeHead

if TYPE_CHECKING:
    from revrec.app.workspace import Workspace
    from revrec.store.store import Period, Store

ALL = "all"
_MONTH = re.compile(r"(?!0000)[0-9]{4}-(0[1-9]|1[0-2])")
_YEAR = re.compile(r"(?!0000)[0-9]{4}")


class NoSpan(RevrecError):
    """What was named is no period of a pack."""

    def __init__(self, period: str) -> None:
        super().__init__(
            f"{period!r} is no period; write a month as 2026-01, a year as 2026, or all for everything closed so far"
        )


class NotClosed(RevrecError):
    """The period may still change: a pack of it proves little."""

    def __init__(self, period: str, last: date, through: date | None) -> None:
        known = f"these books are closed through {through}" if through else "no month of these books is closed yet"
        super().__init__(
            f"{period} is not closed ({known}): what is in the pack may still change before {last} is. Close it first "
            "(`revrec close`), or make the pack with --unclosed, which says so in its signed head"
        )


class NothingRecorded(RevrecError):
    """There is nothing to pack."""

    def __init__(self, period: str) -> None:
        super().__init__(f"nothing was recorded in {period}: there is nothing to hand over")


class Point(NamedTuple):
    """A place in the chain: after which event and entry, with the digest there and the tree over everything up to it."""

    seq: int
    entries: int
    chain: bytes
    tree: Frontier


@dataclass(frozen=True, slots=True)
class Scope:
    """The span of a pack: its days, from which point to which the chain holds them, and the heads up to there.

    `heads` are those of all closings up to the end, also of before the start: each leads to the next.
    """

    period: str
    first: date
    last: date
    start: Point
    end: Point
    closed: bool
    heads: tuple[TreeHead, ...]
    closings: tuple[Period, ...]
    closed_at: datetime | None = None

    @property
    def signed(self) -> Mapping[str, Any] | None:
        """What the head of the closing at the end says; None where it was closed without one, or is not closed."""
        if not self.closed or not self.heads or self.heads[-1].seq != self.end.seq:
            return None
        return note.read(self.heads[-1].note).content

    @property
    def months(self) -> list[date]:
        """The first days of its months."""
        count = (self.last.year - self.first.year) * 12 + self.last.month - self.first.month + 1
        return [
            date(self.first.year + at // 12, at % 12 + 1, 1) for at in range(self.first.month - 1, self.first.month - 1 + count)
        ]


def scope(ws: Workspace, period: str, *, unclosed: bool = False) -> Scope:
    """The scope of `2026-01`, `2026` or `all`; raises NoSpan, NotClosed or NothingRecorded."""
    store = ws.store
    first, last = _days(store, period, unclosed=unclosed)
    through = store.head().closed_through
    closed = through is not None and through >= last
    if not closed and not unclosed:
        raise NotClosed(period, last, through)
    until = _closing(store, last).seq if closed else store.head().seq
    after = 0 if period == ALL else _before(store, first, last, until)
    if until <= after:
        raise NothingRecorded(period)
    heads = tuple(head for head in Tree(store).heads() if head.seq <= until)
    closings = tuple(each for each in store.periods() if after < each.seq <= until)
    start = _point(store, heads, after)
    end = store.event(until) if closed else None
    return Scope(period, first, last, start, _point(store, heads, until), closed, heads, closings, end and end.recorded)


def _days(store: Store, period: str, *, unclosed: bool) -> tuple[date, date]:
    """The first and the last day that a name stands for."""
    if _MONTH.fullmatch(period):
        first = date.fromisoformat(f"{period}-01")
        return first, month_end(first)
    if _YEAR.fullmatch(period):
        return date(int(period), 1, 1), date(int(period), 12, 31)
    if period != ALL:
        raise NoSpan(period)
    days = [day.date for day in store.days() if day.entries]
    through = store.head().closed_through
    if not days:
        raise NothingRecorded(period)
    last = through if through and not unclosed else month_end(max(days[-1], through or days[-1]))
    return days[0].replace(day=1), max(last, days[0])


def _closing(store: Store, last: date) -> Period:
    """The closing after which nothing was posted any more up to a day: the first one that covers it and every entry of it."""
    row = store.row("last_entry_until", last.isoformat())
    seq = int(row[0]) if row else 0
    return next(each for each in store.periods() if month_end(each.period) >= last and each.seq >= seq)


def _before(store: Store, first: date, last: date, until: int) -> int:
    """The number of the event before the first one that a period needs: of its days, or with an entry of its days."""
    found = [store.row(name, first.isoformat(), last.isoformat()) for name in ("first_event_between", "first_entry_between")]
    return min((int(row[0]) for row in found if row), default=until + 1) - 1


def _point(store: Store, heads: tuple[TreeHead, ...], seq: int) -> Point:
    """The chain and the tree after an event, grown from the nearest head."""
    if not seq:
        return Point(0, 0, GENESIS, Frontier())
    before = next((head for head in reversed(heads) if head.seq <= seq), None)
    event = store.event(seq)
    assert event is not None
    return Point(seq, event.numbers.stop - 1, event.digest, grown(Tree(store), before, seq))
