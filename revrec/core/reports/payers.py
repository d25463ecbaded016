"""What the entries of bundles with several payers mean for each of them: whose operation, whose money."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import NamedTuple

from revrec.core.book import Kind
from revrec.core.bundle import Bundle
from revrec.core.journal import JournalEntry, Posting
from revrec.core.reports.frame import UNNAMED, Question, Records

_MONEY = (Kind.PAYMENT, Kind.PAYMENT_UNDONE, Kind.CHARGEBACK, Kind.CHARGEBACK_DONE)


class PaidBy:
    """Who paid what an entry books, by the payments of its bundle."""

    def __init__(self, books: Records) -> None:
        self.books = books
        self.known: dict[str, dict[int, str | None]] = {}

    def of(self, entry: JournalEntry) -> str | None:
        """The payer of a payment of a bundle, or of one disputed or taken back; None of any other entry."""
        if entry.bundle is None:
            return None
        if entry.bundle not in self.known:
            moved = self.books.movements(entry.bundle)
            self.known[entry.bundle] = {m.entry: m.customer for m in moved if m.kind in _MONEY and m.entry}
        return self.known[entry.bundle].get(entry.number)


class _Day(NamedTuple):
    """The operations of one bundle on one day: all of them, and those asked for by quarter and customer of the entry."""

    every: list[int]
    asked: Counter[tuple[int, str]]


class Divided:
    """The operations of bundles with several payers, each day's divided as what each payer is to be invoiced moved that day.

    What is left (a fee, units beyond the bundle) is the customer's, so that the sum is that of the ledger.
    """

    def __init__(self, bundles: Mapping[str, Bundle]) -> None:
        self.bundles = bundles
        self.days: dict[str, dict[date, _Day]] = defaultdict(dict)

    def take(self, entry: JournalEntry, leg: Posting, quarter: int, *, here: bool) -> None:
        """One leg on the practice's side of a contract."""
        day = self.days[leg.bundle or entry.bundle or ""].setdefault(entry.date, _Day([], Counter()))
        day.every.append(-leg.amount)
        if here:
            day.asked[quarter, leg.customer or entry.customer or UNNAMED] -= leg.amount

    def parts(self, books: Records, asked: Question) -> Iterator[tuple[str, date, int, int]]:
        """(customer, day, quarter from 0, amount) of every bundle."""
        for name, bundle in self.bundles.items():
            booked, moves = self.days[name], dict(_moves(books.life(bundle, asked.last)))
            for day in sorted({*moves, *booked}):
                if day < asked.first:
                    continue
                if day in booked:
                    yield from _of_day(day, moves.get(day, {}), booked[day])
                elif asked.branch in (None, bundle.branch) and not sum(moves[day].values()):
                    # One payer's money took over what another one owed; units that went to another bundle are no operation.
                    yield from ((who, day, (day.month - 1) // 3, amount) for who, amount in moves[day].items() if amount)


def _moves(life: Iterable[tuple[date, Bundle]]) -> Iterator[tuple[date, dict[str, int]]]:
    """By how much what is to be invoiced to each payer moved on each day; a transfer is nobody's operation."""
    before, holder = dict[str, int](), ""
    for day, state in life:
        if holder and state.customer != holder:
            before[state.customer] = before.get(state.customer, 0) + before.pop(holder, 0)
        now = {each.customer: each.billed for each in state.shares}
        yield day, {who: now.get(who, 0) - before.get(who, 0) for who in {**before, **now}}
        before, holder = now, state.customer


def _of_day(day: date, moved: Mapping[str, int], booked: _Day) -> Iterator[tuple[str, date, int, int]]:
    """The moves of a day at the quarter of most of it; what the ledger has beyond them is of the customer of its entries."""
    if not booked.asked:
        return
    every, here = sum(booked.every), sum(booked.asked.values())
    if here != every:  # at one branch stands a part of it
        moved = {who: amount * here // every if every else 0 for who, amount in moved.items()}
    most = max(booked.asked, key=lambda each: abs(booked.asked[each]))
    for (quarter, customer), amount in booked.asked.items():
        yield customer, day, quarter, amount - (sum(moved.values()) if (quarter, customer) == most else 0)
    yield from ((who, day, most[0], amount) for who, amount in moved.items() if amount)
