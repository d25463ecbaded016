"""R9, sub-ledger to ledger: what the states of bundles, visits and customers add up to, against the accounts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from revrec.core import money
from revrec.core.bundle import Bundle, ClaimKind
from revrec.core.journal import JournalEntry, Role
from revrec.core.report import Cell, Column, Kind, Table, Tie
from revrec.core.reports.frame import UNNAMED, Question, Records

Place = tuple[Role, str | None]  # a role and a branch
ROLES = (
    Role.CONTRACT_LIABILITY,
    Role.REFUND_LIABILITY,
    Role.RECEIVABLE,
    Role.CONTRACT_ASSET,
    Role.CLIENT_MONEY,
    Role.CUSTOMER_CREDIT,
)
ADJUSTMENT = "adjustment"
COLUMNS = (
    Column("role", "Account", Kind.TEXT),
    Column("branch", "Branch", Kind.TEXT),
    Column("entry", "Manual entry", Kind.TEXT, sparse=True),
    Column("sub_ledger", "Sub-ledger"),
    Column("ledger", "Ledger"),
    Column("difference", "Difference"),
    Column("explained", "Explained by manual entries"),
    Column("unexplained", "Unexplained"),
)


class Beyond(NamedTuple):
    """What bundles do not hold, at the end of the latest day: open visits by branch, and the credit of all customers."""

    visits: Mapping[str | None, int]
    credit: int


class Manual(NamedTuple):
    """A leg of a manual entry that no bundle holds: debit positive."""

    place: Place
    entry: str
    amount: int


class Books(NamedTuple):
    """What the entries say of the reconciled roles, debit positive.

    `ledger` is the balance of each place on the day, `later` what moved after it on legs that no bundle holds.
    """

    ledger: Mapping[Place, int]
    later: Mapping[Place, int]
    manual: tuple[Manual, ...]


def standing(bundle: Bundle) -> Iterator[tuple[Role, int]]:
    """What one bundle stands at on the reconciled roles: debit positive."""
    stands = bundle.balances
    other = sum(claim.amount for claim in bundle.position.claims if claim.kind is not ClaimKind.PACKAGE)
    yield Role.CONTRACT_LIABILITY, -stands.contract_liability
    yield Role.REFUND_LIABILITY, -stands.refund_liability
    yield Role.RECEIVABLE, stands.receivable + other
    yield Role.CONTRACT_ASSET, stands.contract_asset
    yield Role.CLIENT_MONEY, -stands.client_money


def books_of(records: Records, asked: Question) -> Books:
    """One pass over every entry."""
    ledger, later, manual = defaultdict[Place, int](int), defaultdict[Place, int](int), list[Manual]()
    for entry in records.entries(max(records.latest, asked.last)):
        for role, branch, amount, held in _legs(entry):
            if asked.branch not in (None, branch):
                continue
            if entry.date <= asked.last:
                ledger[role, branch] += amount
                if entry.rule == ADJUSTMENT and not held:
                    manual.append(Manual((role, branch), f"E-{entry.number} of {entry.date}", amount))
            elif not held and entry.rule != ADJUSTMENT:
                later[role, branch] += amount
    return Books(ledger, later, tuple(manual))


def _legs(entry: JournalEntry) -> Iterator[tuple[Role, str | None, int, bool]]:
    """(role, branch, amount, whether a bundle holds it) of each leg on a reconciled role; credit is held by customers."""
    for leg in entry.postings:
        if leg.role is Role.CUSTOMER_CREDIT:
            yield leg.role, None, leg.amount, False
        elif leg.role in ROLES:
            yield leg.role, leg.branch or entry.branch, leg.amount, bool(leg.bundle or entry.bundle)


def sub_ledger(states: Iterable[Bundle], beyond: Beyond, books: Books, branch: str | None = None) -> dict[Place, int]:
    """The sum of the states by role and branch; what bundles do not hold is led back to the day by what moved since."""
    found = defaultdict[Place, int](int)
    for bundle in states:
        for role, amount in standing(bundle):
            found[role, bundle.branch] += amount
    for place, amount in beyond.visits.items():
        found[Role.RECEIVABLE, place] += amount
    found[Role.CUSTOMER_CREDIT, None] -= beyond.credit
    for where, amount in books.later.items():
        found[where] -= amount
    return {place: amount for place, amount in found.items() if branch in (None, place[1])}


def _with(books: Books, written: Iterable[Manual], branch: str | None) -> Books:
    """The books with the entries of the accountant's own files."""
    added = [manual for manual in written if branch in (None, manual.place[1])]
    ledger = defaultdict[Place, int](int, books.ledger)
    for manual in added:
        ledger[manual.place] += manual.amount
    return books._replace(ledger=ledger, manual=(*books.manual, *added))


def report(records: Records, asked: Question, beyond: Beyond, written: Iterable[Manual] | None = ()) -> Table:
    """The reconciliation at the end of a day: per role and branch, manual entries one by one, nothing unexplained.

    `written` are the legs up to that day, on reconciled roles, of entries that stand in the ledger files by hand;
    None: they could not be read.
    """
    on = asked.last
    books = _with(books_of(records, asked), written or (), asked.branch)
    states = (records.bundle_on(bundle, on) for bundle in records.bundles() if bundle.sold_on <= on)
    stands = sub_ledger(states, beyond, books, asked.branch)
    places = sorted({place for place in (*stands, *books.ledger) if stands.get(place) or books.ledger.get(place)}, key=_order)
    rows = tuple(row for place in places for row in _rows(place, stands.get(place, 0), books))
    title = f"Sub-ledger and ledger at the end of {on}"
    ties = tuple(_ties(places, stands, books))
    findings = tuple(_findings(ties, records.currency))
    notes = _NOTES if written is not None else (*_NOTES, _UNREAD)
    return Table("reconciliation", title, records.currency, COLUMNS, rows, None, ties, notes, findings)


_NOTES = (
    "Sub-ledger: what each bundle, one-off visit and customer stands at. Liabilities are negative.",
    "A fee charged at one branch and paid at another stands with opposite signs in two rows; the account ties.",
)
_UNREAD = "The entries under manual/ are left out: Beancount, which reads them, is not installed or stopped."


def _order(place: Place) -> tuple[int, str]:
    return ROLES.index(place[0]), place[1] or ""


def _rows(place: Place, stands: int, books: Books) -> Iterator[tuple[Cell, ...]]:
    """The row of a place, and one for each manual entry that explains a part of its difference."""
    mine = [manual for manual in books.manual if manual.place == place]
    ledger, explained = books.ledger.get(place, 0), sum(manual.amount for manual in mine)
    difference = ledger - stands
    role, branch = place[0].value, place[1] or UNNAMED
    yield role, branch, None, stands, ledger, difference, explained, difference - explained
    for manual in mine:
        yield role, branch, manual.entry, None, None, None, manual.amount, None


def _ties(places: Iterable[Place], stands: Mapping[Place, int], books: Books) -> Iterator[Tie]:
    """Each account over all branches, manual entries set apart."""
    for role in dict.fromkeys(role for role, _ in places):
        explained = sum(manual.amount for manual in books.manual if manual.place[0] is role)
        ledger = sum(amount for place, amount in books.ledger.items() if place[0] is role) - explained
        label = f"{role} in the ledger" + (" without manual entries" if explained else "")
        yield Tie(label, ledger, "sub-ledger", sum(amount for place, amount in stands.items() if place[0] is role))


def _findings(ties: Iterable[Tie], currency: str) -> Iterator[str]:
    for tie in ties:
        if tie.difference:
            yield f"{tie.left_label}: {money.text(tie.difference, currency)} {currency} is unexplained. Hint: `revrec verify`"
