"""R14, the migration: every bundle sold before these books began, as it was taken in, tied to the ledger."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date

from revrec.core import money
from revrec.core.events import BundleOpened
from revrec.core.journal import JournalEntry, Role
from revrec.core.report import Cell, Column, Kind, Table, Tie
from revrec.core.reports.frame import UNNAMED, Question, Records, legs_of

RULE = "opening.bundle"
COLUMNS = (
    Column("bundle", "Bundle", Kind.TEXT),
    Column("customer", "Customer", Kind.TEXT),
    Column("package", "Package", Kind.TEXT),
    Column("sold_on", "Sold", Kind.DATE),
    Column("expires_on", "Expires", Kind.DATE),
    Column("units_left", "Units left", Kind.UNITS),
    Column("deferred", "Deferred"),
    Column("tax_paid", "Tax paid", sparse=True),
    Column("invoice", "Invoice", Kind.TEXT, sparse=True),
    Column("policy", "Policy", Kind.TEXT),
    Column("entry", "Entry", Kind.TEXT),
)


def report(records: Records, asked: Question) -> Table:
    """The bundles taken in up to a day; their sum is what the old system owed in sessions on its last day."""
    rows, posted, transit = list[tuple[Cell, ...]](), 0, 0
    for entry in records.entries(asked.last):
        transit += _on(entry, asked.branch, (Role.OPENING,))
        if entry.rule != RULE or not any(legs_of(entry, asked.branch)):
            continue
        posted -= _on(entry, asked.branch, (Role.CONTRACT_LIABILITY, Role.CLIENT_MONEY))
        fact = records.fact(entry)
        if fact is not None and isinstance(fact.data, BundleOpened):
            rows.append(_row(entry, fact.data))
    units, deferred, tax = (sum(cell for row in rows if isinstance(cell := row[i], int)) for i in (5, 6, 7))
    tie = Tie("Deferred as taken in", deferred, "contract liability and client money opened in the ledger", posted)
    total = ("Total", None, None, None, None, units, deferred, tax, None, None, None)
    title = f"Bundles taken over from before these books, at the end of {asked.last}"
    notes = tuple(_notes(transit, records.currency)) if rows else ()
    return Table("opening", title, records.currency, COLUMNS, tuple(rows), total if rows else None, (tie,), notes)


def _on(entry: JournalEntry, branch: str | None, roles: Iterable[Role]) -> int:
    return sum(leg.amount for leg in legs_of(entry, branch) if leg.role in roles)


def _row(entry: JournalEntry, fact: BundleOpened) -> tuple[Cell, ...]:
    expires: date | None = fact.expires_on
    invoice = fact.original_invoice.number if fact.original_invoice else None
    place = (fact.bundle, fact.customer, fact.package, fact.sold_on, expires)
    return (*place, fact.units_left, fact.deferred, fact.tax_paid, invoice, entry.policy or UNNAMED, f"E-{entry.number}")


def _notes(transit: int, currency: str) -> Iterator[str]:
    if transit:
        stands = money.text(transit, currency)
        yield (
            f"The opening account stands at {stands} {currency}; it is 0.00 once the old balances (bank, receivables, equity) "
            "are entered, here or in manual/."
        )
