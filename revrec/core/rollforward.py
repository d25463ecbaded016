"""R1, the roll-forward of the contract liability: how its opening balance became its closing one (IFRS 15.116-118).

One function for every door: entries of the store and transactions of a Beancount ledger both become `Line`s.
Amounts are minor units; a liability that grows is positive.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from revrec.core.dates import add_months, month_start, next_month
from revrec.core.errors import RevrecError
from revrec.core.journal import JournalEntry, Role
from revrec.core.report import Cell, Column, Kind, Table, Tie
from revrec.core.words import Word


class Flow(Word):
    """Why the contract liability moved: the columns between opening and closing."""

    ADDED = "additions"
    REINSTATED = "reinstated"
    MODIFIED = "modified"
    REVENUE_OPENING = "revenue_from_opening"
    REVENUE_ADDED = "revenue_from_additions"
    BREAKAGE = "breakage"
    BREAKAGE_ESTIMATE = "breakage_estimate"
    REFUNDED = "refunded"
    RELEASED = "released"
    CANCELLED = "cancelled"
    MOVED = "moved"
    REFUND_LIABILITY = "refund_liability"
    ADJUSTED = "adjusted"
    EXCHANGE = "exchange"


TITLES = {
    Flow.ADDED: "Additions",
    Flow.REINSTATED: "Reinstated",
    Flow.MODIFIED: "Modified",
    Flow.REVENUE_OPENING: "Revenue from opening",
    Flow.REVENUE_ADDED: "Revenue from additions",
    Flow.BREAKAGE: "Breakage",
    Flow.BREAKAGE_ESTIMATE: "Breakage estimate",
    Flow.REFUNDED: "Refunded",
    Flow.RELEASED: "Released",
    Flow.CANCELLED: "Charged back",
    Flow.MOVED: "Moved",
    Flow.REFUND_LIABILITY: "Refund liability",
    Flow.ADJUSTED: "Adjusted",
    Flow.EXCHANGE: "Exchange",
}

MEANINGS = {
    Flow.ADDED: "Money received or unconditionally due for bundles, net of VAT, up to their price; bundles taken over "
    "from an earlier system.",
    Flow.REINSTATED: "Rights that came back: sessions undone or waived, expired bundles extended, refunds reversed.",
    Flow.MODIFIED: "Rights added or exchanged by a change of the contract (IFRS 15.20-21).",
    Flow.REVENUE_OPENING: "Sessions earned out of the opening balance (IFRS 15.116(b)): for each bundle the first revenue of the "
    "period, until what it owed at the opening is used up.",
    Flow.REVENUE_ADDED: "Sessions earned out of the additions of the period.",
    Flow.BREAKAGE: "Rights that expired unused, on their last day of use with grace, or are not expected to be used "
    "(IFRS 15.B44-B46).",
    Flow.BREAKAGE_ESTIMATE: "Catch-up of a changed estimate of unused rights (IAS 8.36).",
    Flow.REFUNDED: "Paid back, or payable, to customers.",
    Flow.RELEASED: "What a refund below the value left, and rights that customers gave up.",
    Flow.CANCELLED: "Payments that were returned, charged back or booked by mistake; what was due and is cancelled unearned.",
    Flow.MOVED: "From one bundle or branch to another: adds up to 0.",
    Flow.REFUND_LIABILITY: "To and from the refund liability (IFRS 15.55).",
    Flow.ADJUSTED: "Manual entries.",
    Flow.EXCHANGE: "Exchange differences: always 0, the liability keeps its rates (IFRIC 22).",
}

# Columns that a reader expects even where nothing happened.
_ALWAYS = frozenset({Flow.ADDED, Flow.REVENUE_OPENING, Flow.REVENUE_ADDED, Flow.BREAKAGE, Flow.REFUNDED})
FLOWS = tuple(Flow)
_INDEX = {flow: i for i, flow in enumerate(FLOWS)}

# The one place that says what a posting rule means for the roll-forward. Revenue is split when it is rolled.
RULE_FLOWS: dict[str, Flow] = {
    "payment.bundle": Flow.ADDED,
    "payment.reversed": Flow.CANCELLED,
    "sale.voided": Flow.CANCELLED,
    "instalment.due": Flow.ADDED,
    "credit.applied": Flow.ADDED,
    "deposit.applied": Flow.ADDED,
    "opening.bundle": Flow.ADDED,
    "contract.reclassified": Flow.ADDED,
    "session.earned": Flow.REVENUE_ADDED,
    "session.no-show": Flow.REVENUE_ADDED,
    "accrual.straight-line": Flow.REVENUE_ADDED,
    "session.reversed": Flow.REINSTATED,
    "session.waived": Flow.REINSTATED,
    "breakage.expiry": Flow.BREAKAGE,
    "breakage.proportional": Flow.BREAKAGE,
    "breakage.remote": Flow.BREAKAGE,
    "breakage.correction": Flow.BREAKAGE,
    "breakage.estimated": Flow.BREAKAGE_ESTIMATE,
    "breakage.returned": Flow.REINSTATED,
    "breakage.reinstated": Flow.REINSTATED,
    "breakage.termination": Flow.RELEASED,
    "transfer.holder": Flow.MOVED,
    "transfer.units": Flow.MOVED,
    "modification.topped-up": Flow.MODIFIED,
    "modification.upgraded": Flow.MODIFIED,
    "modification.price-reduced": Flow.MODIFIED,
    "refund.issued": Flow.REFUNDED,
    "refund.reversed": Flow.REINSTATED,
    "refund-window.released": Flow.REFUND_LIABILITY,
    "default.cancelled": Flow.CANCELLED,
    "chargeback.lost": Flow.CANCELLED,
    "receivable.written-off": Flow.CANCELLED,
    "receivable.recovered": Flow.CANCELLED,
    "currency.revalued": Flow.EXCHANGE,
    "adjustment": Flow.ADJUSTED,
}

# Rules that leave the contract liability alone: with those above, all there are.
ELSEWHERE = frozenset(
    {
        "payment.at-purchase",
        "payment.visit",
        "payment.customer",
        "session.single",
        "session.fee",
        "session.cost",
        "fee.transfer",
        "fee.extension",
        "refund.at-purchase",
        "refund.settled",
        "receivable.vat-recovered",
        "credit.granted",
        "deposit.received",
        "deposit.returned",
        "deposit.forfeited",
        "chargeback.opened",
        "chargeback.won",
        "payout.settled",
        "branch.settled",
        "provider.invoiced",
        "provider.paid",
    }
)

# What a refund leaves with the practice: its part of the liability is released, not refunded (events.md 4a, Refunds).
_KEPT = frozenset({Role.BREAKAGE, Role.FEE_INCOME, Role.REVENUE_PACKAGE, Role.REVENUE_NO_SHOW, Role.COMMISSION_INCOME})

DIMENSIONS = ("branch", "service", "policy", "bundle")
MONTH = "month"


class UnknownRule(RevrecError):
    """A posting rule that the roll-forward has no column for."""

    def __init__(self, rule: str, where: str) -> None:
        super().__init__(
            f"{where}: rule `{rule}` moves the contract liability, but the roll-forward knows no column for it. "
            "The books were written by another version of revrec than this one."
        )
        self.rule = rule


class Leg(NamedTuple):
    """One leg of a transaction, debit positive; what is None is the transaction's own."""

    role: str
    amount: int
    bundle: str | None = None
    branch: str | None = None


class Source(NamedTuple):
    """A transaction as far as the roll-forward looks at it; `rule` is None on an entry made by hand."""

    date: date
    rule: str | None
    where: str
    bundle: str | None
    branch: str | None
    service: str | None
    policy: str | None
    legs: Sequence[Leg]


class Line(NamedTuple):
    """One movement of the contract liability of one bundle; more owed is positive."""

    date: date
    flow: Flow
    amount: int
    bundle: str | None = None
    branch: str | None = None
    service: str | None = None
    policy: str | None = None


class Row(NamedTuple):
    """One group: its opening balance, its flows in the order of `FLOWS`, its closing balance."""

    key: tuple[str | None, ...]
    opening: int
    flows: tuple[int, ...]
    closing: int


@dataclass(frozen=True, slots=True)
class Rollforward:
    """The roll-forward of a period, both days counted; `closings` are the closing balances of the bundles."""

    first: date
    last: date
    by: tuple[str, ...]
    rows: tuple[Row, ...]
    total: Row
    closings: Mapping[tuple[tuple[str | None, ...], str | None], int]


def source_of(entry: JournalEntry) -> Source:
    """A journal entry of the store as the roll-forward sees it."""
    legs = [Leg(posting.role, posting.amount, posting.bundle, posting.branch) for posting in entry.postings]
    where = f"entry E-{entry.number} of {entry.date}"
    return Source(entry.date, entry.rule, where, entry.bundle, entry.branch, entry.service, entry.policy, legs)


def lines_of(source: Source) -> Iterator[Line]:
    """The movements of the contract liability in one transaction; UnknownRule when the table has no word for its rule."""
    for leg in source.legs:
        if leg.role == Role.CONTRACT_LIABILITY and leg.amount:
            yield from _split(source, leg)


def _split(source: Source, leg: Leg) -> Iterator[Line]:
    """The line of one leg; a refund that leaves something with the practice makes two."""
    flow = _flow(source)
    bundle, branch = leg.bundle or source.bundle, leg.branch or source.branch
    kept = _kept(source, leg) if flow is Flow.REFUNDED else 0
    for part, amount in ((flow, -leg.amount - kept), (Flow.RELEASED, kept)):
        if amount:
            yield Line(source.date, part, amount, bundle, branch, source.service, source.policy)


def _flow(source: Source) -> Flow:
    if source.rule is None:
        return Flow.ADJUSTED
    flow = RULE_FLOWS.get(source.rule)
    if flow is None:
        raise UnknownRule(source.rule, source.where)
    return flow


def _kept(source: Source, leg: Leg) -> int:
    """What the legs of income took out of this leg, at most all of it."""
    own = (None, leg.bundle or source.bundle)
    income = sum(other.amount for other in source.legs if other.role in _KEPT and other.bundle in own)
    return max(income, -leg.amount) if leg.amount > 0 else 0


class _Roll:
    """Adds up lines that come in order of date."""

    def __init__(self, first: date, by: tuple[str, ...]) -> None:
        self.first = first
        self.by = by
        self.unused: dict[str | None, int] = defaultdict(int)  # what is left of each bundle's opening balance
        self.openings: dict[tuple[str | None, ...], int] = defaultdict(int)
        self.flows: dict[tuple[str | None, ...], list[int]] = {}
        self.closings: dict[tuple[tuple[str | None, ...], str | None], int] = defaultdict(int)

    def take(self, line: Line) -> None:
        """One more line."""
        key = self._key(line)
        if self.by != (MONTH,):
            self.closings[key, line.bundle] += line.amount
        if line.date < self.first:
            self.unused[line.bundle] += line.amount
            self.openings[key] += line.amount
            return
        if line.flow is Flow.REVENUE_ADDED:
            earned = max(min(self.unused[line.bundle], -line.amount), 0)
            self.unused[line.bundle] -= earned
            self._add(key, Flow.REVENUE_OPENING, -earned)
            self._add(key, Flow.REVENUE_ADDED, line.amount + earned)
        else:
            self._add(key, line.flow, line.amount)

    def _key(self, line: Line) -> tuple[str | None, ...]:
        if self.by == (MONTH,):
            return (f"{line.date:%Y-%m}",)
        return tuple(getattr(line, dimension) for dimension in self.by)

    def _add(self, key: tuple[str | None, ...], flow: Flow, amount: int) -> None:
        row = self.flows.get(key)
        if row is None:
            row = self.flows[key] = [0] * len(FLOWS)
        row[_INDEX[flow]] += amount

    def rows(self) -> Iterator[Row]:
        """A row for each group in which anything stands."""
        for key in sorted({*self.openings, *self.flows}, key=lambda k: tuple(part or "" for part in k)):
            opening, flows = self.openings[key], tuple(self.flows.get(key, (0,) * len(FLOWS)))
            if opening or any(flows):
                yield Row(key, opening, flows, opening + sum(flows))

    def months(self, last: date) -> Iterator[Row]:
        """A row for each calendar month of the period, each opening with the closing of the one before."""
        balance, day = sum(self.openings.values()), month_start(self.first)
        while day <= last:
            key = (f"{day:%Y-%m}",)
            flows = tuple(self.flows.get(key, (0,) * len(FLOWS)))
            yield Row(key, balance, flows, balance + sum(flows))
            balance += sum(flows)
            day = next_month(day)


def rollforward(
    lines: Iterable[Line], first: date, last: date, by: tuple[str, ...] = ("branch", "service", "policy")
) -> Rollforward:
    """The roll-forward from `first` to `last`, both counted; `lines` in order of date, from the beginning of the books.

    `by` is `("month",)` or any of branch, service, policy and bundle. Revenue is "from opening" until, for each bundle,
    the balance on the eve of `first` is used up (IFRS 15.116(b)), in whichever month of the period that is.
    """
    if by != (MONTH,) and not set(by) <= set(DIMENSIONS):
        raise ValueError(f"a roll-forward is by month alone, or by any of {', '.join(DIMENSIONS)}")
    roll = _Roll(first, by)
    for line in lines:
        if line.date <= last:
            roll.take(line)
    rows = tuple(roll.months(last) if by == (MONTH,) else roll.rows())
    return Rollforward(first, last, by, rows, _total(rows, by, sum(roll.openings.values())), roll.closings)


def _total(rows: Sequence[Row], by: tuple[str, ...], opening: int) -> Row:
    flows = tuple(sum(row.flows[i] for row in rows) for i in range(len(FLOWS)))
    return Row((None,) * len(by), opening, flows, opening + sum(flows))


def table(rolled: Rollforward, currency: str, ties: tuple[Tie, ...], ends: Mapping[str, date | None] | None = None) -> Table:
    """The report; `ends` are the last days of use of the bundles, for the part of the closing beyond twelve months."""
    split = _beyond(rolled, ends) if ends is not None and rolled.by != (MONTH,) else None
    columns = [Column(part, part.capitalize(), Kind.TEXT) for part in rolled.by]
    columns += [Column("opening", "Opening")]
    columns += [Column(flow, TITLES[flow], sparse=flow not in _ALWAYS) for flow in FLOWS]
    columns += [Column("closing", "Closing")]
    if split is not None:
        columns += [Column("within_12_months", "of which <=12 m", sparse=True, along="beyond_12_months")]
        columns += [Column("beyond_12_months", "of which >12 m", sparse=True)]
    rows = tuple(_cells(row, split) for row in rolled.rows)
    total = ("Total", *_cells(rolled.total, split)[1:]) if rolled.by else _cells(rolled.total, split)
    title = f"Contract liability from {rolled.first} to {rolled.last}"
    return Table("rollforward", title, currency, tuple(columns), rows, total, ties, ())


def _beyond(rolled: Rollforward, ends: Mapping[str, date | None]) -> dict[tuple[str | None, ...], int]:
    """What of each row's closing may be used more than twelve months after the period."""
    horizon, beyond = add_months(rolled.last, 12), dict[tuple[str | None, ...], int]()
    for (key, bundle), closing in rolled.closings.items():
        end = ends.get(bundle) if bundle else None
        if end and end > horizon:
            beyond[key] = beyond.get(key, 0) + closing
    total = (None,) * len(rolled.by)
    beyond[total] = sum(beyond.values())
    return beyond


def _cells(row: Row, split: Mapping[tuple[str | None, ...], int] | None) -> tuple[Cell, ...]:
    cells = (*row.key, row.opening, *row.flows, row.closing)
    if split is None:
        return cells
    beyond = split.get(row.key, 0)
    return (*cells, row.closing - beyond, beyond)
