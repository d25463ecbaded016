"""What was collected and not invoiced, by bundle and payer; and the invoices, of which this release issues none."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection

from revrec.core.journal import MONEY_ROLES, JournalEntry, Posting, Role
from revrec.core.report import Column, Kind, Table, Tie
from revrec.core.reports.frame import UNNAMED, Question, Records, legs_of
from revrec.core.reports.payers import PaidBy

ON_ACCOUNT = "on account"  # held for a customer, named for no bundle yet
OTHER = "visits and fees"
GRANTED = "credit.granted"
_CREDIT = frozenset({Role.CUSTOMER_CREDIT})
_LEDGER = MONEY_ROLES | {Role.WITHHELD_TAX, Role.PSP_FEES, Role.CUSTOMER_DEPOSIT}
_NOT_COLLECTED = frozenset({"adjustment", "currency.revalued", GRANTED})
COLUMNS = (
    Column("bundle", "Bundle", Kind.TEXT),
    Column("payer", "Payer", Kind.TEXT),
    Column("collected", "Collected"),
    Column("invoiced", "Invoiced"),
    Column("uninvoiced", "Not invoiced"),
)
INVOICES = (
    Column("number", "Number", Kind.TEXT),
    Column("issued_on", "Issued", Kind.DATE),
    Column("customer", "Customer", Kind.TEXT),
    Column("bundle", "Bundle", Kind.TEXT),
    Column("amount", "Amount"),
)
NONE_ISSUED = "This release issues no invoices"
_Whose = tuple[str, str]


def report(records: Records, asked: Question) -> Table:
    """The money of customers at the end of a day, less what went back to them; deposits are returnable and need no invoice."""
    found, apart, payers = defaultdict[_Whose, int](int), 0, PaidBy(records)
    for entry in records.entries(asked.last):
        legs = list(legs_of(entry, asked.branch))
        if entry.rule in _NOT_COLLECTED:
            apart += _sum(legs, _LEDGER)
        else:
            apart -= _take(found, entry, legs, payers)
        if entry.rule == GRANTED:
            apart += _sum(legs, _CREDIT)
        _hold(found, entry, legs if entry.rule not in _NOT_COLLECTED or entry.rule == GRANTED else [])
    rows = tuple((bundle, payer, amount, 0, amount) for (bundle, payer), amount in sorted(found.items()) if amount)
    total = sum(amount for *_, amount in rows)
    ledger = records.balance(_LEDGER, asked.last, asked.branch)
    tie = Tie("Money in the ledger", ledger, "customers' and other money", total + apart)
    title = f"Collected and not invoiced at the end of {asked.last}"
    notes = (f"{NONE_ISSUED}: everything collected stands here.",)
    cells = ("Total", None, total, 0, total)
    return Table("uninvoiced", title, records.currency, COLUMNS, rows, cells if rows else None, (tie,), notes)


def _take(found: dict[_Whose, int], entry: JournalEntry, legs: list[Posting], payers: PaidBy) -> int:
    """Add what an entry collected for its bundle; returns what of its money is the staff's (tips, providers paid)."""
    money = [leg for leg in legs if leg.role in MONEY_ROLES]
    others = _sum(legs, {Role.PROVIDER_PAYABLE}) if money else 0
    collected = _sum(legs, _LEDGER | _CREDIT) + others
    payer = (payers.of(entry) if money else None) or next((leg.customer for leg in money if leg.customer), entry.customer)
    found[entry.bundle or OTHER, payer or UNNAMED] += collected
    return others


def _hold(found: dict[_Whose, int], entry: JournalEntry, legs: list[Posting]) -> None:
    """Add what is held for customers, or take off what was applied."""
    for leg in legs:
        if leg.role in _CREDIT:
            found[ON_ACCOUNT, leg.customer or entry.customer or UNNAMED] -= leg.amount


def _sum(legs: list[Posting], roles: Collection[Role]) -> int:
    return sum(leg.amount for leg in legs if leg.role in roles)


def invoices(records: Records, asked: Question) -> Table:
    """The invoices of a period: none."""
    title = f"Invoices from {asked.first} to {asked.last}"
    notes = (f"{NONE_ISSUED}; `revrec report uninvoiced` lists what was collected.",)
    return Table("invoices", title, records.currency, INVOICES, (), notes=notes)
