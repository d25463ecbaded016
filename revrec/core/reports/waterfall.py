"""R12, the waterfall: what was booked in each month and when it became revenue; the rest remains."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import date
from typing import NamedTuple

from revrec.core.bundle import Bundle
from revrec.core.dates import DAY, month_start, next_month
from revrec.core.journal import JournalEntry, Posting, Role
from revrec.core.report import Column, Kind, Table, Tie
from revrec.core.reports.frame import UNNAMED, Question, Records, legs_of
from revrec.core.reports.sums import Key, Sums, total_cells

BY = ("month", "package", "service", "branch", "policy", "bundle")
USUAL = ("month",)
EARLIER = "earlier"
RECOGNISED = frozenset(
    {Role.REVENUE_PACKAGE, Role.REVENUE_NO_SHOW, Role.BREAKAGE, Role.COMMISSION_INCOME, Role.REFUND_CONTRA},
)
REMAINING = frozenset({Role.CONTRACT_LIABILITY, Role.REFUND_LIABILITY})

# What takes a booking back.
_RETURNS = (
    "refund.",
    "payment.reversed",
    "sale.voided",
    "chargeback.",
    "default.",
    "receivable.",
    "modification.price-reduced",
    "credit.granted",
)


class Moved(NamedTuple):
    """What one entry did to one bundle, net of VAT: revenue, what remains owed, and both together."""

    recognised: int
    remaining: int

    @property
    def booked(self) -> int:
        """What came to the contract, or left it."""
        return self.recognised + self.remaining


def report(books: Records, asked: Question) -> Table:
    """Booked month by recognised month of a period: row by row, what is booked is recognised or remains."""
    keys = {bundle.id: key_of_bundle(bundle, asked.by) for bundle in books.bundles()}
    months = tuple(_months(asked.first, asked.last))
    sums = Sums(("booked", "returned", EARLIER, *months, "remaining"))
    for entry in books.entries(asked.last):
        for bundle, moved in _moves(entry, asked.branch).items():
            key = keys.get(bundle or "", (UNNAMED,) * len(asked.by))
            sums.add(key, "returned" if entry.rule.startswith(_RETURNS) else "booked", moved.booked)
            sums.add(key, f"{entry.date:%Y-%m}" if entry.date >= asked.first else EARLIER, moved.recognised)
            sums.add(key, "remaining", moved.remaining)
    columns = (
        *(Column(part, "Booked" if part == "month" else part.capitalize(), Kind.TEXT) for part in asked.by),
        Column("booked", "Booked amount"),
        Column("returned", "Taken back", sparse=True),
        Column(EARLIER, "Earned earlier", sparse=True),
        *(Column(month, month) for month in months),
        Column("remaining", "Remaining"),
    )
    total = total_cells(len(asked.by), sums.total())
    title = f"Booked and earned from {asked.first} to {asked.last}"
    return Table("waterfall", title, books.currency, columns, sums.cells(), total, _ties(books, asked, sums, months))


def _ties(books: Records, asked: Question, sums: Sums, months: tuple[str, ...]) -> tuple[Tie, ...]:
    remaining = -books.balance(REMAINING, asked.last, asked.branch)
    until, before = (books.balance(RECOGNISED, day, asked.branch) for day in (asked.last, asked.first - DAY))
    earned, booked = sums.sum(*months), sums.sum("booked", "returned")
    return (
        Tie("Ledger contract and refund liability", remaining, "remaining", sums.sum("remaining")),
        Tie("Ledger revenue of bundles in the period", before - until, "earned", earned),
        Tie("Booked", booked, "earned and remaining", sums.sum(EARLIER, *months, "remaining")),
    )


def key_of_bundle(bundle: Bundle, by: tuple[str, ...]) -> Key:
    """The cells of a bundle for the dimensions month and quarter (of its sale), package, service, branch, policy and bundle."""
    cells: Mapping[str, str | None] = {
        "month": f"{bundle.sold_on:%Y-%m}",
        "quarter": f"{bundle.sold_on.year}-Q{(bundle.sold_on.month + 2) // 3}",
        "package": bundle.terms.package.id,
        "service": bundle.terms.package.service,
        "branch": bundle.branch,
        "policy": bundle.terms.version,
        "bundle": bundle.id,
    }
    return tuple(cells[part] or UNNAMED for part in by)


def _moves(entry: JournalEntry, branch: str | None) -> dict[str | None, Moved]:
    """What an entry did to each bundle that it touches."""
    found: dict[str | None, list[int]] = defaultdict(lambda: [0, 0])
    for leg in legs_of(entry, branch):
        if leg.role in RECOGNISED or leg.role in REMAINING:
            found[_bundle(entry, leg)][leg.role in REMAINING] -= leg.amount
    return {bundle: Moved(*amounts) for bundle, amounts in found.items()}


def _bundle(entry: JournalEntry, leg: Posting) -> str | None:
    return leg.bundle or entry.bundle


def _months(first: date, last: date) -> Iterator[str]:
    day = month_start(first)
    while day <= last:
        yield f"{day:%Y-%m}"
        day = next_month(day)
