"""R2, the roll-forward of the refund liability: what was expected to be refunded, and what was (IFRS 15.55, B21-B27)."""

from __future__ import annotations

from revrec.core.journal import JournalEntry, Posting, Role
from revrec.core.money import share
from revrec.core.report import Cell, Column, Kind, Table, Tie
from revrec.core.reports.frame import Question, Records, key_of, legs_of
from revrec.core.reports.sums import Sums, total_cells

BY = ("branch", "service", "policy", "bundle", "month")
USUAL = ("branch", "service", "policy")
FLOWS = ("opening", "estimated", "refunded", "to_contract_liability", "to_revenue", "other", "closing")
TITLES = {
    "opening": "Opening",
    "estimated": "New estimates",
    "refunded": "Actual refunds",
    "to_contract_liability": "To contract liability",
    "to_revenue": "To revenue",
    "other": "Other",
    "closing": "Closing",
}

# What makes or takes back an estimate: money and dues, and what undoes them.
_ESTIMATES = ("payment.", "instalment.", "credit.", "deposit.", "modification.", "opening.", "contract.", "transfer.", "sale.")
_REFUNDS = ("refund.",)
_INCOME = frozenset({Role.REVENUE_PACKAGE, Role.REVENUE_NO_SHOW, Role.BREAKAGE, Role.COMMISSION_INCOME, Role.FEE_INCOME})


def report(books: Records, asked: Question) -> Table:
    """The refund liability from one day to another, tied to the ledger; what is owed is positive."""
    sums = Sums(FLOWS)
    for entry in books.entries(asked.last):
        for leg in legs_of(entry, asked.branch):
            if leg.role is Role.REFUND_LIABILITY:
                _take(sums, entry, leg, asked)
    total = _cells(sums.total())
    rows = tuple((*key, *_cells(amounts)) for key, amounts in sums.rows())
    columns = (
        *(Column(part, part.capitalize(), Kind.TEXT) for part in asked.by),
        *(Column(flow, TITLES[flow], sparse=flow in ("to_revenue", "other")) for flow in FLOWS),
        Column("hit_rate", "Refunded of estimate", Kind.PERCENT),
    )
    ledger = -books.balance((Role.REFUND_LIABILITY,), asked.last, asked.branch)
    tie = Tie("Ledger balance", ledger, "roll-forward closing", sums.sum("closing"))
    title = f"Refund liability from {asked.first} to {asked.last}"
    last = total_cells(len(asked.by), total)
    return Table("refund-liability", title, books.currency, columns, rows, last, (tie,))


def _take(sums: Sums, entry: JournalEntry, leg: Posting, asked: Question) -> None:
    """One leg of the refund liability into its columns."""
    key, amount = key_of(entry, leg, asked.by), -leg.amount
    sums.add(key, "closing", amount)
    if entry.date < asked.first:
        sums.add(key, "opening", amount)
        return
    for flow, part in _split(entry, leg):
        sums.add(key, flow, part)


def _split(entry: JournalEntry, leg: Posting) -> tuple[tuple[str, int], ...]:
    """The flows of a leg; what a release gives to revenue is what its entry earns, at most all of it."""
    amount = -leg.amount
    if entry.rule.startswith(_REFUNDS):
        return (("refunded", amount),)
    if entry.rule == "refund-window.released":
        earned = max(-sum(other.amount for other in entry.postings if other.role in _INCOME), 0)
        revenue = min(earned, -amount) if amount < 0 else 0
        return (("to_revenue", -revenue), ("to_contract_liability", amount + revenue))
    return (("estimated" if entry.rule.startswith(_ESTIMATES) else "other", amount),)


def _cells(amounts: tuple[int, ...]) -> tuple[Cell, ...]:
    """The amounts of a row, and what of the new estimates was refunded: None where nothing was estimated."""
    estimated, refunded = amounts[FLOWS.index("estimated")], -amounts[FLOWS.index("refunded")]
    rate = share(refunded, 10_000, estimated) if estimated > 0 and refunded >= 0 else None
    return (*amounts, rate)
