"""R15, business with each customer in a year: by tax id and quarter, cash apart (Spain: modelo 347; RD 1065/2007 art. 31-35)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from revrec.core.bundle import Bundle
from revrec.core.dates import DAY
from revrec.core.journal import INCOME_ROLES, JournalEntry, Posting, Role
from revrec.core.money import text
from revrec.core.report import Cell, Column, Kind, Table, Tie
from revrec.core.reports.frame import Identity, Question, Records
from revrec.core.reports.payers import Divided, PaidBy
from revrec.core.reports.tax import tax_point


class Limits(NamedTuple):
    """Above which amounts of a year, tax included, a customer and the cash received must be declared, from a day on."""

    since: date
    operations: int
    cash: int


# RD 1065/2007: art. 33.1 (3,005.06 EUR, in force since 1 January 2008) and art. 34.1 h (cash above 6,000 EUR).
SPAIN = (Limits(date(2008, 1, 1), 300_506, 600_000),)

# The practice's side of a contract: what moves it is an operation, whatever settles it.
OPERATIONS = INCOME_ROLES | {Role.CONTRACT_LIABILITY, Role.REFUND_LIABILITY, Role.VAT_OUTPUT, Role.VAT_OUTPUT_PENDING}

# Moves between customers and balances of an earlier system are nobody's operation.
_NONE = ("transfer.", "opening.")
NOBODY = "no customer"
BELOW = "below the limit"
QUARTERS = ("q1", "q2", "q3", "q4")

COLUMNS = (
    Column("year", "Year", Kind.TEXT),
    Column("tax_id", "Tax id", Kind.TEXT),
    Column("name", "Name", Kind.TEXT),
    Column("customers", "Customers", Kind.TEXT),
    *(Column(quarter, quarter.upper()) for quarter in QUARTERS),
    Column("operations", "Year's operations"),
    Column("withheld", "Tax kept back", sparse=True),
    Column("cash", "Cash", sparse=True),
    Column("declare", "Declare", Kind.TEXT),
)


@dataclass(slots=True)
class Party:
    """One tax id (or one customer without) in one year: minor units, tax included."""

    identity: Identity | None = None
    customers: set[str] = field(default_factory=set)
    quarters: list[int] = field(default_factory=lambda: [0, 0, 0, 0])
    cash: int = 0
    withheld: int = 0

    @property
    def operations(self) -> int:
        """All four quarters."""
        return sum(self.quarters)

    def take(self, other: Party) -> None:
        """Another customer of the same tax id."""
        self.customers |= other.customers
        self.quarters = [mine + more for mine, more in zip(self.quarters, other.quarters, strict=True)]
        self.cash += other.cash
        self.withheld += other.withheld


def limits_of(day: date, versions: Iterable[Limits]) -> Limits | None:
    """The limits in force on a day."""
    return max((each for each in versions if each.since <= day), key=lambda each: each.since, default=None)


def report(books: Records, asked: Question, versions: Iterable[Limits] = ()) -> Table:
    """Who must be declared for each year; without limits of the country everybody is listed."""
    versions = tuple(versions)
    parties, left_out = _parties(books, asked)
    rows: list[tuple[Cell, ...]] = []
    findings: list[str] = []
    for year in sorted({year for year, _ in parties}):
        limits = limits_of(date(year, 12, 31), versions)
        small = Party()
        for party in _by_tax_id(books, [party for (when, _), party in parties.items() if when == year]):
            why = _why(party, limits)
            if limits is None or why:
                rows.append(_cells(year, party, why))
                findings.extend(_unknown(party, why, year, books.currency))
            else:
                small.take(party)
        if small.customers:
            rows.append(_cells(year, small, "", f"{len(small.customers)} {BELOW}"))
    shown = sum(party.operations for party in parties.values())
    moved = books.balance(OPERATIONS, asked.first - DAY, asked.branch) - books.balance(OPERATIONS, asked.last, asked.branch)
    tie = Tie("Ledger, practice's side of the contracts", moved - left_out, "operations shown", shown)
    places = range(4, len(COLUMNS) - 1)
    sums = (sum(cell for row in rows if isinstance(cell := row[place], int)) for place in places)
    total = ("Total", None, None, None, *sums, None)
    title = f"Business with third parties from {asked.first} to {asked.last}"
    return Table("third-parties", title, books.currency, COLUMNS, tuple(rows), total, (tie,), _NOTES, tuple(findings))


_NOTES = (
    "An operation counts when it is collected or delivered, whichever is first, tax included; refunds lower their own quarter.",
    "Of several payers of one bundle each stands with the part that he or she is bound to pay, and cash with whoever paid it.",
    "Left out: taxes without the duty to invoice, transfers between customers, balances of an earlier system.",
)


_Parties = dict[tuple[int, str], Party]


def _parties(books: Records, asked: Question) -> tuple[_Parties, int]:
    """Every customer's year, and the amount of the ledger's movement that is nobody's operation."""
    no_duty, shared = _apart(books)
    parties: _Parties = defaultdict(Party)
    payers, divided, left_out = PaidBy(books), Divided(shared), 0
    for entry in books.entries(asked.last, asked.first):
        for leg in entry.postings:
            here, bundle = asked.branch in (None, leg.branch or entry.branch), leg.bundle or entry.bundle
            if leg.role in OPERATIONS and (entry.rule.startswith(_NONE) or bundle in no_duty):
                left_out -= leg.amount if here else 0
            elif leg.role in OPERATIONS and bundle in shared:
                divided.take(entry, leg, _quarter(entry), here=here)
            elif here:
                _take(parties, entry, leg, payers)
    for customer, day, quarter, amount in divided.parts(books, asked):
        _party(parties, day.year, customer).quarters[quarter] += amount
    return parties, left_out


def _apart(books: Records) -> tuple[set[str], dict[str, Bundle]]:
    """The bundles whose tax asks for no invoice, and of the others those with several payers."""
    no_duty, shared = set[str](), dict[str, Bundle]()
    for bundle in books.bundles():
        if not bundle.terms.tax.invoice_duty:
            no_duty.add(bundle.id)
        elif bundle.payers:
            shared[bundle.id] = bundle
    return no_duty, shared


def _take(parties: _Parties, entry: JournalEntry, leg: Posting, payers: PaidBy) -> None:
    """One leg into the year of its customer; cash, and tax kept back, into that of the person who paid."""
    customer, year = leg.customer or entry.customer, entry.date.year
    if leg.role in OPERATIONS:
        _party(parties, year, customer).quarters[_quarter(entry)] -= leg.amount
    elif leg.role is Role.WITHHELD_TAX:
        _party(parties, year, payers.of(entry) or customer).withheld += leg.amount
    elif leg.role is Role.CASH:
        who = payers.of(entry) or customer
        _party(parties, year, who).cash += leg.amount if who else 0


def _party(parties: _Parties, year: int, customer: str | None) -> Party:
    party = parties[year, customer or NOBODY]
    party.customers.add(customer or NOBODY)
    return party


def _quarter(entry: JournalEntry) -> int:
    """The quarter, from 0, of the tax point; of the day of the books where that lies in another year."""
    counts = tax_point(entry)
    return (counts.month - 1) // 3 if counts.year == entry.date.year else (entry.date.month - 1) // 3


def _by_tax_id(books: Records, parties: list[Party]) -> Iterator[Party]:
    """The parties of a year, customers of one tax id together, largest first."""
    merged: dict[str, Party] = {}
    for party in parties:
        (customer,) = party.customers
        who = None if customer == NOBODY else books.identity(customer)
        key = f"{who.country} {who.tax_id}" if who and who.tax_id else f"customer {customer}"
        if key not in merged:
            merged[key] = Party(who)
        merged[key].take(party)
    yield from sorted(merged.values(), key=lambda party: (-abs(party.operations), sorted(party.customers)))


def _why(party: Party, limits: Limits | None) -> str:
    """What of a party must be declared: empty when nothing."""
    if limits is None or party.customers == {NOBODY}:
        return ""
    parts = [("operations", abs(party.operations) > limits.operations), ("cash", party.cash > limits.cash)]
    return ", ".join(word for word, above in parts if above)


def _unknown(party: Party, why: str, year: int, currency: str) -> Iterator[str]:
    """The finding that somebody must be declared whose tax id is not known."""
    if why and not (party.identity and party.identity.tax_id):
        amount = f"{text(party.operations, currency)} {currency}"
        yield (
            f"customer {', '.join(sorted(party.customers))}: {amount} of {year} must be declared and no tax id is known. "
            "Hint: record `customer.registered` with its `tax_id`; a blocked person's is behind `customer show --legal-role`"
        )


def _cells(year: int, party: Party, why: str, instead: str | None = None) -> tuple[Cell, ...]:
    who = party.identity
    names = instead or ", ".join(sorted(party.customers))
    amounts = (*party.quarters, party.operations, party.withheld, party.cash)
    return (str(year), who.tax_id if who else None, who.name if who else None, names, *amounts, why or "no")
