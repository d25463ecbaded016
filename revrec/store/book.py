"""The book that recording looks things up in, backed by the store: it holds what a batch touches, and little more."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from copy import copy
from datetime import date
from typing import Any

from revrec.core.book import METHODS, Book, Catalogue, Changes, Customer, Kind, Movement, Visit, owes
from revrec.core.bundle import Bundle
from revrec.core.events import AdjustmentPosted, BreakageEstimated, CustomerErased, CustomerRegistered, Event, Method
from revrec.core.journal import JournalEntry, Role
from revrec.core.policy import Regime
from revrec.store.state import decode_movement
from revrec.store.store import Store, StoredEvent, read_visit

KEPT = 20_000  # bundles, customers and visits each that stay in memory between batches
_MISSING: Any = object()

Decode = Callable[[StoredEvent], Event]


class StoreBook(Book):
    """What is pending lies over what is stored; `flushed` forgets what has been written.

    Everything pending is in the containers of `Book`; `dirty_*` name what is to be written, `stored` what has a row.
    """

    def __init__(
        self,
        store: Store,
        catalogue: Catalogue,
        decode: Decode,
        currency: str = "EUR",
        methods: Mapping[Method, Role] = METHODS,
        regime: Regime = Regime(),  # noqa: B008
    ) -> None:
        super().__init__(catalogue, currency, methods, regime)
        self._store = store
        self._decode = decode
        head = store.head()
        self.seq, self.entry_count = head.seq, head.entries
        self.calendar, self.closed_through = head.calendar, head.closed_through
        self.months = {day.date.replace(day=1) for day in store.days() if day.entries}
        self.stored: set[tuple[str, str]] = set()  # (table, id) of what has a row already
        self.registered: dict[str, int] = {}  # customer -> number of the latest registration or erasure
        self.dirty: dict[str, None] = {}  # bundles, in order of their first change
        self.dirty_customers: dict[str, None] = {}
        self.dirty_visits: dict[str, None] = {}
        self.dirty_holdings: dict[tuple[Role, str], None] = {}
        self._revised: dict[tuple[Kind, str], Movement] = {}  # stored movements that a late event changed
        self._armed: dict[str, date] = {}
        self._days: set[date] = set()  # whose month is in `months`
        self._absent: set[str] = set()  # bundles asked for in this batch that do not exist
        self._refs: set[str] = set()  # ids whose stored movements are all in memory
        self._held: dict[str, list[str]] = {}  # stored holdings read ahead
        self._estimates_read = False
        for held in store.holdings_abroad():
            self._foreign[held.role, held.currency] = held
            self.stored.add(("holdings", f"{held.role} {held.currency}"))

    # reading ahead

    def prefetch(
        self, *, refs: Iterable[str], bundles: Iterable[str], customers: Iterable[str], holders: Collection[str]
    ) -> None:
        """Read what a batch will ask for: movements by id, bundles, customers, and the bundles of `holders`."""
        self._refs = set(refs)
        for row in self._store.rows_of_list("movements_of_refs", self._refs):
            self._remember(decode_movement(row))
        wanted = {bundle for bundle in bundles if bundle not in self._bundles}
        for row in self._store.rows_of_list("bundles_of_list", wanted):
            self._keep(row)
        self._absent = {bundle for bundle in wanted if bundle not in self._bundles}
        self._prefetch_customers({customer for customer in customers if customer not in self._customers})
        self._held = {holder: [] for holder in holders}
        for row in self._store.rows_of_list("bundles_of_customers", holders):
            bundle = self._bundles.get(row[0]) or self._keep(row)
            held = self._held.get(bundle.customer)
            if held is not None:
                held.append(bundle.id)

    def _prefetch_customers(self, wanted: set[str]) -> None:
        for customer, household, credit, seq in self._store.rows_of_list("customers_of_list", wanted):
            self._customers[customer] = Customer(customer, household, credit)
            self.registered[customer] = seq
            self.stored.add(("customers", customer))
        for customer in wanted:
            self._customers.setdefault(customer, Customer(customer))

    def _keep(self, row: Any) -> Bundle:
        bundle = self._bundles.get(row[0])
        if bundle is None:
            bundle = self._bundles[row[0]] = self._store.read_bundle(row)
            self.stored.add(("bundles", bundle.id))
        return bundle

    def _remember(self, movement: Movement) -> None:
        self._movements.setdefault((movement.kind, movement.ref), movement)

    # look-ups

    def bundle(self, bundle: str) -> Bundle | None:
        """The bundle, or None."""
        found = self._bundles.get(bundle)
        if found is not None or bundle in self._absent:
            return found
        row = self._store.row("bundle", bundle)
        if row is None:
            self._absent.add(bundle)
            return None
        return self._keep(row)

    def movement(self, kind: Kind, ref: str) -> Movement | None:
        """The movement of that kind and id, or None."""
        found = self._movements.get((kind, ref))
        if found is None and ref not in self._refs:
            self._refs.add(ref)
            for movement in self._store.movements_of(ref):
                self._remember(movement)
            found = self._movements.get((kind, ref))
        return found

    def customer(self, customer: str) -> Customer:
        """The customer; one that was never registered has no household."""
        if customer not in self._customers:
            self._prefetch_customers({customer})
        return self._customers[customer]

    def registration(self, customer: str) -> int:
        """The number of the event that registered or erased the customer latest; 0 when there is none."""
        self.customer(customer)  # known by now whether it has a row
        return self.registered.get(customer) or 0

    def knows(self, customer: str) -> bool:
        """Whether the customer was registered, holds or held a bundle, had a visit, or left money."""
        pending = customer in self.dirty_customers or any(m.customer == customer for m in self._movements.values())
        return pending or self._store.heard_of(customer)

    def visit(self, session: str) -> Visit | None:
        """The one-off visit, or None."""
        found = self._visits.get(session)
        if found is None:
            row = self._store.row("visit", session)
            if row is not None:
                found = self._visits[session] = read_visit(row)
                self.stored.add(("visits", session))
        return found

    def visits(self, customer: str) -> list[Visit]:
        """The one-off visits of a customer."""
        stored = [visit.session for visit in self._store.visits(customer=customer)]
        pending = [visit.session for visit in self._visits.values() if visit.customer == customer]
        found = [self.visit(session) for session in dict.fromkeys([*stored, *pending])]
        return [visit for visit in found if visit is not None]

    def holdings(self, customer: str) -> list[Bundle]:
        """The bundles that the customer holds."""
        stored = self._held.get(customer)
        if stored is None:
            stored = self._held[customer] = [self._keep(row).id for row in self._store.rows("bundles_of_customer", customer)]
        ids = dict.fromkeys([*stored, *sorted(self._holdings.get(customer, ()))])
        found = [self.bundle(bundle) for bundle in ids]
        return [bundle for bundle in found if bundle is not None and bundle.customer == customer]

    def history(self, bundle: str) -> list[tuple[int, Event]]:
        """The events of a bundle with their numbers, in order of arrival, its sale first."""
        stored = [(seq, self._decode(event)) for seq, event in self._store.history(bundle)]
        return stored + self._events.get(bundle, [])

    def movements(self, bundle: str) -> list[Movement]:
        """The movements of a bundle, in order of arrival."""
        stored = self._store.movements(bundle)
        if self._revised:
            stored = [self._revised.get((movement.kind, movement.ref), movement) for movement in stored]
        return stored + self._by_bundle.get(bundle, [])

    def estimates(self, policy: str) -> list[tuple[int, Event]]:
        """The estimates of use recorded for a policy, with their numbers, in order of arrival; read once, for they are few."""
        if not self._estimates_read:
            self._estimates_read = True
            for seq, stored in self._store.estimates():
                event = self._decode(stored)
                assert isinstance(event.data, BreakageEstimated)
                self._estimates[event.data.policy].append((seq, event))
        return super().estimates(policy)

    def sold_under(self, policy: str) -> list[str]:
        """The bundles sold under any version of a policy, in order of sale."""
        stored = [self._keep(row).id for row in self._store.rows("bundles_of_policy", policy)]
        fresh = [
            bundle
            for name in self.dirty
            if ("bundles", name) not in self.stored and (bundle := self._bundles[name]).terms.policy.id == policy
        ]
        return stored + [bundle.id for bundle in sorted(fresh, key=lambda bundle: bundle.seq)]

    def entry(self, number: int) -> JournalEntry:
        """A posted entry by number."""
        found = self._entries.get(number) or self._store.entry(number)
        if found is None:
            raise LookupError(f"entry E-{number} is missing from the store; run `revrec verify`")
        return found

    def due(self, until: date) -> Iterator[str]:
        """Bundles that the clock must look at not after `until`, earliest first; one that it changes is armed anew."""
        for _, bundle in sorted(self._due_until(until)):
            yield bundle

    def _due_until(self, until: date) -> list[tuple[str, str]]:
        found = [(due, bundle) for due, bundle in self._store.rows("due", until.isoformat()) if bundle not in self.dirty]
        while self._due and self._due[0][0] <= until:
            due, bundle = heapq.heappop(self._due)
            if self._armed.get(bundle) == due:
                found.append((due.isoformat(), bundle))
        return found

    def months_to_close(self, until: date) -> set[date]:
        """First days of the months with entries, or in which the clock has something to release up to `until`."""
        pending = [bundle for bundle, due in self._armed.items() if due <= until]
        stored = [bundle for _, bundle in self._store.rows("due", until.isoformat()) if bundle not in self.dirty]
        found = [self.bundle(bundle) for bundle in (*pending, *stored)]
        return self.months | {b.due.replace(day=1) for b in found if b is not None and b.due and owes(b)}

    # changes

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
        if changes.customers or changes.visits or changes.holdings:
            self._take_states(changes)
        if changes.entries:
            self._take_entries(changes.entries)
        self._take_dates(changes)
        if event is not None:
            self.seq += 1
            self._file_event(changes, event)
            if isinstance(event.data, CustomerRegistered | CustomerErased):
                self.customer(event.data.customer)  # known by now whether it has a row
                self.registered[event.data.customer] = self.seq
                self.dirty_customers[event.data.customer] = None

    def _take_states(self, changes: Changes) -> None:
        self._customers.update(changes.customers)
        self.dirty_customers.update(dict.fromkeys(changes.customers))
        self._visits.update(changes.visits)
        self.dirty_visits.update(dict.fromkeys(changes.visits))
        self._foreign.update(changes.holdings)
        self.dirty_holdings.update(dict.fromkeys((held.role, held.currency) for held in changes.holdings.values()))

    def _revise(self, movement: Movement) -> None:
        key = movement.kind, movement.ref
        self._movements[key] = movement
        pending = self._by_bundle.get(movement.bundle or "", [])
        for place, known in enumerate(pending):
            if (known.kind, known.ref) == key:
                pending[place] = movement
                return
        self._revised[key] = movement

    def _take_entries(self, entries: list[JournalEntry]) -> None:
        for entry in entries:
            self._entries[entry.number] = entry
            day = entry.date
            if day not in self._days:
                self._days.add(day)
                self.months.add(day.replace(day=1))
        self.entry_count += len(entries)

    def _put_bundle(self, bundle: Bundle) -> None:
        name = bundle.id
        known = self._bundles.pop(name, _MISSING)  # set anew, so that the newest stand last
        self._bundles[name] = bundle
        if known is _MISSING or known.customer != bundle.customer:
            self._holdings[bundle.customer].add(name)
        if name in self.dirty and name in self._armed and _same_due(known, bundle):
            return
        self.dirty[name] = None
        due = bundle.due
        if due is None:
            self._armed.pop(name, None)
        elif self._armed.get(name) != due:
            self._armed[name] = due
            heapq.heappush(self._due, (due, name))

    def _file_event(self, changes: Changes, event: Event) -> None:
        if changes.estimate:
            self.estimates(changes.estimate)  # those before it are read by now
            self._estimates[changes.estimate].append((self.seq, event))
        if changes.bundle:
            self._events[changes.bundle].append((self.seq, event))
        for name, bundle in changes.bundles.items():
            born = bundle.seq == self.seq  # part of a bundle became one of its own
            if name != changes.bundle and (born or isinstance(event.data, AdjustmentPosted)):
                self._events[name].append((self.seq, event))

    def flushed(self) -> None:
        """Everything pending has been written: forget it, and keep the newest of what was read.

        What a batch was told is not there, and did not come since, need not be asked again for the rest of the batch.
        """
        self.stored.update(("bundles", name) for name in self.dirty)
        self.stored.update(("customers", name) for name in self.dirty_customers)
        self.stored.update(("visits", name) for name in self.dirty_visits)
        self.stored.update(("holdings", f"{role} {currency}") for role, currency in self.dirty_holdings)
        self._refs.difference_update(ref for _, ref in self._movements)
        self._absent.difference_update(self.dirty)
        for customer in self._holdings:
            self._held.pop(customer, None)
        for pending in (
            self._movements,
            self._by_bundle,
            self._events,
            self._entries,
            self._holdings,
            self._armed,
            self.dirty,
            self.dirty_customers,
            self.dirty_visits,
            self.dirty_holdings,
            self._revised,
        ):
            pending.clear()
        self._due.clear()
        for table, kept in (("bundles", self._bundles), ("customers", self._customers), ("visits", self._visits)):
            self._forget_oldest(table, kept)

    def _forget_oldest(self, table: str, kept: dict[str, Any]) -> None:
        over = len(kept) - KEPT
        if over <= 0:
            return
        for name in list(kept)[:over]:
            del kept[name]
            self.stored.discard((table, name))
            if table == "customers":
                self.registered.pop(name, None)

    # one event taken back

    _STATE = (
        "seq", "entry_count", "calendar", "closed_through", "months", "stored", "registered", "dirty", "dirty_customers",
        "dirty_visits", "dirty_holdings", "_revised", "_foreign", "_estimates_read", "_armed", "_absent", "_refs", "_held",
        "_bundles", "_movements", "_customers", "_visits", "_entries", "_due", "_days",
    )  # fmt: skip
    _LISTS = ("_by_bundle", "_events", "_holdings", "_estimates")

    def mark(self) -> dict[str, Any]:
        """The state to go back to; cheap while little is pending."""
        state = {name: copy(getattr(self, name)) for name in self._STATE}
        for name in self._LISTS:
            before = getattr(self, name)
            state[name] = type(before)(before.default_factory, {key: copy(value) for key, value in before.items()})
        return state

    def restore(self, state: dict[str, Any]) -> None:
        """Go back to a mark."""
        for name, value in state.items():
            setattr(self, name, value)


def _same_due(before: Bundle, after: Bundle) -> bool:
    """Whether nothing changed that the clock looks at; cheaper than to compute both days."""
    return (
        before.starts is after.starts
        and before.fixed_expiry is after.fixed_expiry
        and before.lapsed_on is after.lapsed_on
        and before.status is after.status
        and before.terms is after.terms
        and before.sold_on is after.sold_on
        and before.plan is after.plan
        and before.clock is after.clock
        and before.position.held == after.position.held
    )
