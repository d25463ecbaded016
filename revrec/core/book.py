"""What recording needs to look up, and what recording one event changes.

`Book` holds everything in memory: tests and re-derivation use it as it is; the store-backed book of `app/`
overrides the look-ups and keeps only what a batch touches.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple, Protocol

from revrec.core.bundle import Bundle
from revrec.core.events import AdjustmentPosted, Event, Method
from revrec.core.journal import JournalEntry, Role
from revrec.core.policy import Regime, Tax, Terms
from revrec.core.words import Word

# Where money arrives, unless `[methods]` in revrec.toml says otherwise (accounting.md 2).
METHODS = {
    Method.CASH: Role.CASH,
    Method.TRANSFER: Role.BANK,
    Method.DIRECT_DEBIT: Role.BANK,
    Method.BIZUM: Role.BANK,
    Method.CARD: Role.PSP_CLEARING,
    Method.PAYPAL: Role.PSP_CLEARING,
    Method.OTHER: Role.PSP_CLEARING,
}


class Kind(Word):
    """What a movement is; (kind, ref) is unique per taxpayer, which makes a session consumed once."""

    __hash__ = str.__hash__  # Enum's own is a Python function, and every event looks several up

    SALE = "sale"  # ref: bundle
    SESSION = "session"  # ref: session that used units or cost a fee
    VISIT = "visit"  # ref: session of a one-off visit
    SESSION_UNDONE = "session-undone"
    PAYMENT = "payment"
    PAYMENT_UNDONE = "payment-undone"
    REFUND = "refund"
    REFUND_SETTLED = "refund-settled"
    REFUND_UNDONE = "refund-undone"
    LIABILITY = "liability"  # ref: E-N; any other entry of a bundle
    CLOCK = "clock"  # ref: E-N; what the calendar posted for a bundle
    REQUEST = "request"  # a refund that was asked for
    REJECTED = "rejected"
    CHARGEBACK = "chargeback"  # ref: payment
    CHARGEBACK_DONE = "chargeback-done"
    DEPOSIT = "deposit"
    DEPOSIT_DONE = "deposit-done"  # applied, returned or forfeited
    WRITE_OFF = "write-off"  # ref: the event
    COST = "cost"  # ref: session whose provider's invoice came


class Movement(NamedTuple):
    """What one event did to one bundle, visit or customer.

    `units` consumed in quanta; `entry` the journal entry (0: none); `parts` what undoing it needs (see `core/post.py`).
    """

    kind: Kind
    ref: str
    seq: int
    date: date
    bundle: str | None = None
    customer: str | None = None
    units: int = 0
    entry: int = 0
    parts: tuple[int, ...] = ()


class Customer(NamedTuple):
    """What rules need to know of a customer; `credit` is money held for the customer."""

    id: str
    household: str | None = None
    credit: int = 0


class Visit(NamedTuple):
    """A one-off visit: `price` charged, tax included, `paid` so far; `vat` in it, of which `pending` accrues when paid."""

    session: str
    customer: str
    service: str
    branch: str | None
    price: int
    paid: int
    undone: bool = False
    vat: int = 0
    pending: int = 0
    tax: str = ""
    lost: int = 0


class Holding(NamedTuple):
    """Money held in another currency on an account: minor units of it, and what they stand for in the books."""

    role: Role
    currency: str
    amount: int = 0
    carried: int = 0


@dataclass(slots=True)
class Changes:
    """What recording one event changes; `bundle` is the one that the event belongs to."""

    bundle: str | None = None
    customer: str | None = None
    entries: list[JournalEntry] = field(default_factory=list)
    bundles: dict[str, Bundle] = field(default_factory=dict)
    movements: list[Movement] = field(default_factory=list)
    revised: list[Movement] = field(default_factory=list)  # what a late fact made of earlier ones
    customers: dict[str, Customer] = field(default_factory=dict)
    visits: dict[str, Visit] = field(default_factory=dict)
    holdings: dict[tuple[str, str], Holding] = field(default_factory=dict)
    estimate: str | None = None
    calendar: date | None = None
    closed_through: date | None = None
    reopened: bool = False


class Catalogue(Protocol):
    """The versions on offer; raises `Refused` when a sale may not be made under them."""

    def terms(self, package: str, day: date) -> Terms:
        """What a sale of a package on a day pins."""
        ...

    def sellable(self, tax: str, day: date) -> str:
        """The category of the tax of a one-off visit on a day."""
        ...

    def tax(self, tax: str, day: date) -> Tax:
        """The version of a tax in force on a tax point."""
        ...

    def fee_tax(self, day: date) -> str | None:
        """The `fee_tax` on which the policies in force on a day agree, for a fee under none of them; None: none says one."""
        ...


def owes(bundle: Bundle) -> bool:
    """Whether the clock has something to post for a bundle: money to release, a price to fall due, a line to accrue."""
    return bool(bundle.balances.contract_liability or bundle.plan.instalments or bundle.plan.line_from or bundle.position.held)


class Book:
    """Everything recorded so far, in memory."""

    def __init__(
        self,
        catalogue: Catalogue,
        currency: str = "EUR",
        methods: Mapping[Method, Role] = METHODS,
        regime: Regime = Regime(),  # noqa: B008
    ) -> None:
        self.catalogue = catalogue
        self.currency = currency
        self.regime = regime
        self.methods = {**METHODS, **methods}
        self.seq = 0
        self.entry_count = 0
        self.calendar: date | None = None
        self.closed_through: date | None = None
        self.months: set[date] = set()  # first days of months with entries
        self._bundles: dict[str, Bundle] = {}
        self._movements: dict[tuple[Kind, str], Movement] = {}
        self._by_bundle: dict[str, list[Movement]] = defaultdict(list)
        self._customers: dict[str, Customer] = {}
        self._visits: dict[str, Visit] = {}
        self._holdings: dict[str, set[str]] = defaultdict(set)
        self._events: dict[str, list[tuple[int, Event]]] = defaultdict(list)
        self._estimates: dict[str, list[tuple[int, Event]]] = defaultdict(list)
        self._foreign: dict[tuple[str, str], Holding] = {}
        self._entries: dict[int, JournalEntry] = {}
        self._due: list[tuple[date, str]] = []

    def bundle(self, bundle: str) -> Bundle | None:
        """The bundle, or None."""
        return self._bundles.get(bundle)

    def movement(self, kind: Kind, ref: str) -> Movement | None:
        """The movement of that kind and id, or None."""
        return self._movements.get((kind, ref))

    def customer(self, customer: str) -> Customer:
        """The customer; one that was never registered has no household."""
        return self._customers.get(customer) or Customer(customer)

    def knows(self, customer: str) -> bool:
        """Whether the customer was registered, holds or held a bundle, had a visit, or left money."""
        return customer in self._customers or any(m.customer == customer for m in self._movements.values())

    def visit(self, session: str) -> Visit | None:
        """The one-off visit, or None."""
        return self._visits.get(session)

    def visits(self, customer: str) -> list[Visit]:
        """The one-off visits of a customer."""
        return [visit for visit in self._visits.values() if visit.customer == customer]

    def holdings(self, customer: str) -> list[Bundle]:
        """The bundles that the customer holds."""
        return [self._bundles[b] for b in self._holdings[customer]]

    def history(self, bundle: str) -> list[tuple[int, Event]]:
        """The events of a bundle with their numbers, in order of arrival, its sale first."""
        return self._events[bundle]

    def movements(self, bundle: str) -> list[Movement]:
        """The movements of a bundle, in order of arrival."""
        return self._by_bundle[bundle]

    def estimates(self, policy: str) -> list[tuple[int, Event]]:
        """The estimates of use recorded for a policy, with their numbers, in order of arrival."""
        return self._estimates.get(policy, [])

    def sold_under(self, policy: str) -> list[str]:
        """The bundles sold under any version of a policy, in order of sale."""
        return [b.id for b in self._bundles.values() if b.terms.policy.id == policy]

    def foreign(self, role: Role, currency: str) -> Holding:
        """Money held in another currency on the accounts of a role."""
        return self._foreign.get((role, currency)) or Holding(role, currency)

    def entry(self, number: int) -> JournalEntry:
        """A posted entry by number."""
        return self._entries[number]

    def due(self, until: date) -> Iterable[str]:
        """Bundles whose validity may end not after `until`, earliest first; each is named once and forgotten."""
        while self._due and self._due[0][0] <= until:
            day, bundle = heapq.heappop(self._due)
            if self._bundles[bundle].due == day:  # not a day that has moved since
                yield bundle

    def months_to_close(self, until: date) -> set[date]:
        """First days of the months with entries, or in which the clock has something to release up to `until`."""
        bundles = ((day, self._bundles[bundle]) for day, bundle in self._due if day <= until)
        return self.months | {day.replace(day=1) for day, bundle in bundles if bundle.due == day and owes(bundle)}

    def apply(self, changes: Changes, event: Event | None) -> None:
        """Take the changes in; `event` is None for a movement of the clock."""
        for bundle in changes.bundles.values():
            self._put_bundle(bundle)
        for movement in changes.movements:
            self._movements[movement.kind, movement.ref] = movement
            if movement.bundle:
                self._by_bundle[movement.bundle].append(movement)
        for movement in changes.revised:
            self._revise(movement)
        self._customers.update(changes.customers)
        self._visits.update(changes.visits)
        self._foreign.update(changes.holdings)
        self._take_entries(changes.entries)
        self._take_dates(changes)
        if event is not None:
            self.seq += 1
            self._file_event(changes, event)

    def _revise(self, movement: Movement) -> None:
        self._movements[movement.kind, movement.ref] = movement
        of_bundle = self._by_bundle[movement.bundle or ""]
        place = next(i for i, m in enumerate(of_bundle) if (m.kind, m.ref) == (movement.kind, movement.ref))
        of_bundle[place] = movement

    def _put_bundle(self, bundle: Bundle) -> None:
        before = self._bundles.get(bundle.id)
        if before is not None and before.customer != bundle.customer:
            self._holdings[before.customer].discard(bundle.id)
        self._holdings[bundle.customer].add(bundle.id)
        self._bundles[bundle.id] = bundle
        if bundle.due and (before is None or before.due != bundle.due):
            heapq.heappush(self._due, (bundle.due, bundle.id))

    def _take_entries(self, entries: list[JournalEntry]) -> None:
        for entry in entries:
            self._entries[entry.number] = entry
            self.months.add(entry.date.replace(day=1))
        self.entry_count += len(entries)

    def _take_dates(self, changes: Changes) -> None:
        if changes.calendar is not None:
            self.calendar = changes.calendar
        if changes.closed_through is not None or changes.reopened:
            self.closed_through = changes.closed_through

    def _file_event(self, changes: Changes, event: Event) -> None:
        if changes.estimate:
            self._estimates[changes.estimate].append((self.seq, event))
        if changes.bundle:
            self._events[changes.bundle].append((self.seq, event))
        for bundle in changes.bundles:
            of_both = isinstance(event.data, AdjustmentPosted)
            if bundle != changes.bundle and (of_both or not self._events[bundle]):
                self._events[bundle].append((self.seq, event))
