"""One customer: what is owed, what is held, what is prepaid, and the statement that says so.

Every amount is a balance of the ledger: the entries of the customer up to the day, filtered by role.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from revrec.app import bundles
from revrec.app.entries import amount_of, of_bundle
from revrec.app.payers import Part, parts
from revrec.app.statement import Movements, Row, total, words
from revrec.core import money, units
from revrec.core.book import Kind, Movement
from revrec.core.errors import RevrecError
from revrec.core.journal import JournalEntry, Role

if TYPE_CHECKING:
    from revrec.app.workspace import Workspace

_SESSION_KINDS = (Kind.SESSION, Kind.VISIT, Kind.SESSION_UNDONE)
_WHAT = {Kind.SESSION: "session", Kind.VISIT: "one-off visit", Kind.SESSION_UNDONE: "session undone"}


class UnknownCustomer(RevrecError):
    """Nothing is recorded for a customer of that id."""

    def __init__(self, customer: str) -> None:
        super().__init__(f"customer {customer}: nothing is recorded under this id. `revrec trace ID` finds an id of any kind")


@dataclass(frozen=True, slots=True)
class Prepaid:
    """What a customer still has on one bundle: units (quanta) that may be used, and the liability kept for them."""

    bundle: str
    package: str
    unit: units.Unit
    left: int
    value: int
    expires_on: date | None

    def to_json(self, currency: str) -> dict[str, Any]:
        """The bundle as JSON; `value` is a decimal string."""
        return {
            "bundle": self.bundle,
            "package": self.package,
            "units": bundles.quantity(self.left, self.unit),
            "unit": self.unit.value,
            "value": money.text(self.value, currency),
            "expires_on": self.expires_on.isoformat() if self.expires_on else None,
        }


@dataclass(frozen=True, slots=True)
class Balance:
    """Where a customer stands at the end of the day `as_of`, in minor units.

    `amount_due` is what the customer owes (receivable and contract asset), `credit` what is held for the customer. `parts` are
    those of other payers in the customer's bundles, and the customer's in those of others: each owes his or her own.
    """

    customer: str
    as_of: date
    currency: str
    amount_due: int
    credit: int
    prepaid: tuple[Prepaid, ...]
    disputed: int = 0
    deposits: int = 0
    refunds: int = 0
    parts: tuple[Part, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The members of `customer balance --json`."""
        return {
            "customer": self.customer,
            "as_of": self.as_of.isoformat(),
            "currency": self.currency,
            "amount_due": money.text(self.amount_due, self.currency),
            "credit": money.text(self.credit, self.currency),
            "disputed": money.text(self.disputed, self.currency),
            "deposits": money.text(self.deposits, self.currency),
            "refunds_payable": money.text(self.refunds, self.currency),
            "prepaid_value": money.text(sum(each.value for each in self.prepaid), self.currency),
            "prepaid": [each.to_json(self.currency) for each in self.prepaid],
            "payers": [each.to_json(self.currency) for each in self.parts],
        }

    @property
    def net(self) -> int:
        """What the customer owes less what is the customer's."""
        return self.amount_due + self.disputed - self.credit - self.deposits - self.refunds

    @property
    def sentence(self) -> str:
        """`balance: 0.00 EUR, nothing is owed`."""
        due = f"{money.text(self.amount_due, self.currency)} {self.currency}"
        if self.amount_due > 0:
            return f"balance: {due}, owed by the customer"
        return f"balance: {due}, nothing is owed"

    def lines(self) -> Iterator[str]:
        """The balance for people."""
        yield f"Customer {self.customer} on {self.as_of}"
        yield f"  {self.sentence}"
        if self.credit:
            yield f"  credit: {money.text(self.credit, self.currency)} {self.currency} held for the customer"
        for name, amount in (("disputed", self.disputed), ("deposits", self.deposits), ("refunds to be paid", self.refunds)):
            if amount:
                yield f"  {name}: {money.text(amount, self.currency)} {self.currency}"
        for part in self.parts:
            yield f"  several payers: {part.line(self.currency)}"
        for each in self.prepaid:
            until = f", until {each.expires_on}" if each.expires_on else ""
            left = f"{units.text(each.left)} {bundles.unit_name(each.unit, self.currency)}"
            yield f"  prepaid: {each.bundle} ({each.package}), {left} left, worth {money.text(each.value, self.currency)}{until}"


@dataclass(frozen=True, slots=True)
class Statement:
    """The three lists of a customer up to a day, and the balance they lead to."""

    balance: Balance
    charges: tuple[Row, ...]
    payments: tuple[Row, ...]
    sessions: tuple[Row, ...]

    def to_json(self) -> dict[str, Any]:
        """The members of `customer statement --json`."""
        lists = {"bundles": self.charges, "payments": self.payments, "sessions": self.sessions}
        rows = {name: [row.to_json(self.balance.currency) for row in found] for name, found in lists.items()}
        return self.balance.to_json() | rows | self._totals() | {"statement": self.balance.sentence}

    def _totals(self) -> dict[str, str]:
        found = {"charged": total(self.charges), "paid": total(self.payments), "balance": self.balance.net}
        return {name: money.text(amount, self.balance.currency) for name, amount in found.items()}

    def lines(self) -> Iterator[str]:
        """The statement for people: three lists, then what is owed."""
        balance = self.balance
        yield f"Statement of customer {balance.customer} up to {balance.as_of}, amounts in {balance.currency}"
        lists = (("Bundles and charges", self.charges), ("Payments and refunds", self.payments), ("Sessions", self.sessions))
        for title, rows in lists:
            yield ""
            yield title
            yield from (row.line(balance.currency) for row in rows)
            if not rows:
                yield "  none"
        yield ""
        yield "  charges {charged} - payments {paid} = {balance}".format(**self._totals())
        yield from list(balance.lines())[1:]


def balance(ws: Workspace, customer: str, on: date) -> Balance:
    """What a customer owes, has in credit and has prepaid at the end of a day; raises UnknownCustomer."""
    entries = _entries(ws, customer, on)
    held = tuple(_prepaid(ws, customer, on))
    shared = parts(ws, customer, on, _bundle_ids(ws, customer, on))
    if not (entries or held or shared or ws.store.known_customer(customer)):
        raise UnknownCustomer(customer)
    due = amount_of(entries, Role.RECEIVABLE, Role.CONTRACT_ASSET, customer=customer)
    due += sum(part.share.owed if part.share.customer == customer else -part.share.owed for part in shared)
    credit = -amount_of(entries, Role.CUSTOMER_CREDIT, customer=customer)
    disputed = amount_of(entries, Role.RECEIVABLE_DISPUTED, customer=customer)
    deposits = -amount_of(entries, Role.CUSTOMER_DEPOSIT, customer=customer)
    refunds = -amount_of(entries, Role.REFUNDS_PAYABLE, customer=customer)
    return Balance(customer, on, ws.settings.currency, due, credit, held, disputed, deposits, refunds, tuple(shared))


def statement(ws: Workspace, customer: str, on: date) -> Statement:
    """The statement of a customer at the end of a day; raises UnknownCustomer."""
    found = balance(ws, customer, on)
    moves = Movements(ws, customer, on, _entries(ws, customer, on))
    rows = (*moves.charges(_bundle_ids(ws, customer, on)), *moves.shared(found.parts))
    charges = sorted(rows, key=_by_day)
    payments = sorted((*moves.payments(), *moves.paid_for(found.parts)), key=_by_day)
    return Statement(found, tuple(charges), tuple(payments), tuple(sorted(_sessions(ws, customer, on), key=_by_day)))


def _by_day(row: Row) -> date:
    return row.date


def _entries(ws: Workspace, customer: str, on: date) -> list[JournalEntry]:
    """The entries of a customer up to a day: those that name the customer, and those of bundles held now or before."""
    found = {entry.number: entry for entry in ws.store.entries_of(customer=customer)}
    held = [bundle.id for bundle in (*ws.store.bundles(customer=customer), *ws.store.bound(customer))]
    for bundle in dict.fromkeys((*held, *(entry.bundle for entry in found.values() if entry.bundle))):
        found |= {entry.number: entry for entry in of_bundle(ws.store, bundle)}
    mine = (entry for entry in found.values() if _names(entry, customer))
    return sorted((entry for entry in mine if entry.date <= on), key=lambda entry: (entry.date, entry.number))


def _names(entry: JournalEntry, customer: str) -> bool:
    return entry.customer == customer or any(leg.customer == customer for leg in entry.postings)


def _bundle_ids(ws: Workspace, customer: str, on: date) -> list[str]:
    """The bundles that the customer holds or has held, as far as anything was booked for them."""
    held = [bundle.id for bundle in ws.store.bundles(customer=customer)]
    mine = (e for e in _entries(ws, customer, on) if e.customer == customer or e.rule.startswith("transfer."))
    booked = [name for entry in mine for name in (entry.bundle, *(leg.bundle for leg in entry.postings)) if name]
    return list(dict.fromkeys((*held, *booked)))


def _prepaid(ws: Workspace, customer: str, on: date) -> Iterator[Prepaid]:
    for bundle in _bundle_ids(ws, customer, on):
        try:
            card = bundles.show(ws, bundle, on)
        except bundles.UnknownBundle:
            continue  # sold after the day
        package = card.state.terms.package
        if card.state.customer == customer and (card.left or card.deferred):
            yield Prepaid(bundle, package.id, package.unit, card.left, card.deferred, card.state.expires_on)


def _sessions(ws: Workspace, customer: str, on: date) -> Iterator[Row]:
    """Sessions of the customer's bundles, missed and undone ones too, and one-off visits; the amount is what each left due."""
    entries = {entry.number: entry for entry in _entries(ws, customer, on)}
    for bundle in _bundle_ids(ws, customer, on):
        for movement in ws.store.movements(bundle):
            if movement.kind in _SESSION_KINDS and movement.customer == customer and movement.date <= on:
                yield _session_row(movement, entries.get(movement.entry), ws.settings.currency)
    for visit in ws.store.visits(customer=customer):
        for movement in ws.store.movements_of(visit.session):
            if movement.kind in _SESSION_KINDS and movement.date <= on:
                yield _session_row(movement, entries.get(movement.entry), ws.settings.currency)


def _session_row(movement: Movement, entry: JournalEntry | None, currency: str) -> Row:
    due = amount_of([entry], Role.RECEIVABLE, Role.CONTRACT_ASSET) if entry else 0
    prepaid = amount_of([entry], Role.CONTRACT_LIABILITY) if entry else 0
    what = _WHAT[movement.kind]
    if movement.kind is Kind.SESSION:
        what = words(entry) if entry else what
    if movement.bundle:
        what = f"{what}, {units.text(abs(movement.units))} of {movement.bundle}"
    if prepaid:
        what = f"{what}, {money.text(prepaid, currency)} prepaid"
    return Row(movement.date, movement.ref, what, due)
