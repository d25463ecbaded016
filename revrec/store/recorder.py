"""Rows in bulk: what recording an event changes becomes rows, chain record included, written a batch at a time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from typing import Any

from revrec.core.book import Changes, Kind, Movement
from revrec.core.events import Event
from revrec.core.journal import JournalEntry
from revrec.store.book import StoreBook
from revrec.store.format import NO_PINS, chain_digest, chain_record, encode_entry, pins_digest
from revrec.store.pins import Pin
from revrec.store.state import encode_bundle, encode_parts, glance
from revrec.store.store import Store

_Row = tuple[Any, ...]
_Balance = tuple[str, str, str, str, str]


class Recorder:
    """Collects rows inside a transaction of the store; `flush` writes a batch, `finish` the rest and the head."""

    def __init__(self, store: Store, book: StoreBook) -> None:
        self._store = store
        self._book = book
        self._taxpayer = store.taxpayer
        self._taxpayer_id = store.taxpayer_id
        self.digest = store.head().digest
        self.touched: set[str] = set()  # days that got entries in this transaction
        self._days: dict[str, int] = defaultdict(int)
        self._balances: dict[_Balance, int] = defaultdict(int)
        self._events: list[_Row] = []
        self._entries: list[_Row] = []
        self._movements: list[_Row] = []
        self._revised: list[_Row] = []
        self._pins: list[_Row] = []
        self._homonyms: list[_Row] = []
        self._periods: list[_Row] = []
        self._checklists: list[_Row] = []
        self._used: dict[str, str] = {}  # the last day on which a session of each bundle was recorded
        self._iso: dict[date, str] = {}

    def add(
        self,
        done: Sequence[Changes],
        event: Event,
        stored: bytes,
        content: bytes,
        customer: str,
        at: str,
        pinned: Sequence[Pin] = (),
        fresh: Sequence[Pin] = (),
    ) -> bytes:
        """The rows of an event that the book has taken in; `pinned` are the versions it relied on, `fresh` the new ones.

        Returns the chain record.
        """
        own, number = self._taxpayer, self._book.seq
        bodies = [self._entry(entry, number) for changes in done for entry in changes.entries]
        posted = len(bodies)
        moved = [movement for changes in done for movement in changes.movements]
        if moved:
            self._moves(moved, number)
        if done[-1].revised:
            self._revise(done[-1].revised)
        pins = pins_digest([pin.digest for pin in pinned]) if pinned else NO_PINS
        record = chain_record(number, at, stored, bodies, pins, self._taxpayer_id)
        self.digest = chain_digest(self.digest, record)
        first = self._book.entry_count - posted + 1
        day = self._iso_of(event.date)
        bundle = done[-1].bundle
        self._events.append(
            (own, number, event.source, event.id, event.type, day, bundle, customer, first, posted, content, record, self.digest),
        )
        for pin in fresh:
            self._pins.append((own, pin.kind, pin.id, pin.since, number, pin.digest, pin.content))
        return record

    def homonym(self, event: Event) -> None:
        """Note that another source used this event's id before."""
        self._homonyms.append((self._taxpayer, event.id, event.source))

    def closing(self, period: str, head: bytes, files: bytes) -> None:
        """Note what stood in the books of a month (`2026-01`) when the latest event closed it."""
        self._periods.append((self._taxpayer, self._book.seq, period, head, files))

    def checklist(self, period: str, content: bytes) -> None:
        """Note by which checklist the latest event closed a month."""
        self._checklists.append((self._taxpayer, self._book.seq, period, content))

    def _iso_of(self, day: date) -> str:
        text = self._iso.get(day)
        if text is None:
            text = self._iso[day] = day.isoformat()
        return text

    def _entry(self, entry: JournalEntry, number: int) -> bytes:
        body = encode_entry(entry)
        day = self._iso_of(entry.date)
        self._entries.append((self._taxpayer, entry.number, number, day, entry.bundle, entry.customer, body))
        self._days[day] += 1
        month, branch, service, balances = day[:7], entry.branch or "", entry.service or "", self._balances
        for role, amount, _, place, _, method in entry.postings:
            balances[month, role, place or branch, service, method or ""] += amount
        return body

    def _moves(self, movements: Sequence[Movement], number: int) -> None:
        add, own = self._movements.append, self._taxpayer
        for nth, (kind, ref, seq, day, bundle, customer, units, entry, parts) in enumerate(movements):
            assert seq == number
            text = encode_parts(parts) if parts else ""
            if kind is Kind.SESSION and bundle:
                self._use(bundle, self._iso_of(day))
            add((own, ref, kind, seq, nth, self._iso_of(day), bundle, customer, units, entry, text))

    def _use(self, bundle: str, day: str) -> None:
        if day > self._used.get(bundle, ""):
            self._used[bundle] = day

    def _revise(self, movements: Sequence[Movement]) -> None:
        """Earlier movements whose amounts a late event changed; written after the new ones, the latest wins."""
        own = self._taxpayer
        self._revised += [(m.customer, m.units, encode_parts(m.parts), own, m.ref, m.kind) for m in movements]

    # writing

    def flush(self) -> None:
        """Write the batch: facts first, then the states that they led to."""
        write = self._store.write
        for table, rows in (
            ("events", self._events),
            ("entries", self._entries),
            ("movements", self._movements),
            ("pins", self._pins),
            ("homonyms", self._homonyms),
            ("periods", self._periods),
            ("checklists", self._checklists),
        ):
            write(f"add_{table}", rows)
            rows.clear()
        write("put_movement", self._revised)
        self._revised.clear()
        self._store.keep_keys()
        self._flush_bundles()
        self._flush_customers()
        self._flush_visits()
        self._flush_holdings()
        self._book.flushed()

    def _flush_bundles(self) -> None:
        own, book = self._taxpayer, self._book
        new, old = [], []
        for name in book.dirty:
            bundle = book._bundles[name]  # noqa: SLF001  the recorder writes what the book holds
            due, used = bundle.due, self._used.get(name, "")
            row = (due.isoformat() if due else None, bundle.status)
            rest = (*glance(bundle), encode_bundle(bundle))
            if ("bundles", name) in book.stored:
                old.append((bundle.customer, *row, used, used, *rest, own, name))
            else:
                made = (own, name, bundle.customer, bundle.terms.policy.id, bundle.seq)
                new.append((*made, *row, bundle.branch or "", max(used, self._iso_of(bundle.sold_on)), *rest))
        self._store.write("add_bundles", new)
        self._store.write("put_bundle", old)
        self._used.clear()

    def _flush_customers(self) -> None:
        own, book = self._taxpayer, self._book
        new, old = [], []
        for name in book.dirty_customers:
            customer = book.customer(name)
            row = (customer.household, customer.credit, book.registered.get(name, 0))
            if ("customers", name) in book.stored:
                old.append((*row, own, name))
            else:
                new.append((own, name, *row))
        self._store.write("add_customers", new)
        self._store.write("put_customer", old)

    def _flush_visits(self) -> None:
        own, book = self._taxpayer, self._book
        new, old = [], []
        for name in book.dirty_visits:
            visit = book._visits[name]  # noqa: SLF001  the recorder writes what the book holds
            money = (visit.price, visit.paid, int(visit.undone), visit.vat, visit.pending, visit.tax, visit.lost)
            if ("visits", name) in book.stored:
                old.append((*money, own, name))
            else:
                new.append((own, name, visit.customer, visit.service, visit.branch, *money))
        self._store.write("add_visits", new)
        self._store.write("put_visit", old)

    def _flush_holdings(self) -> None:
        own, book = self._taxpayer, self._book
        new, old = [], []
        for role, currency in book.dirty_holdings:
            held = book.foreign(role, currency)
            if ("holdings", f"{role} {currency}") in book.stored:
                old.append((held.amount, held.carried, own, role, currency))
            else:
                new.append((own, role, currency, held.amount, held.carried))
        self._store.write("add_holdings", new)
        self._store.write("put_holding", old)

    def settle(self) -> None:
        """Write the batch, months and days, so that the books can be rendered as they stand."""
        self.flush()
        self._add_up("add_balance", "add_balances", [((amount,), key) for key, amount in self._balances.items()])
        self._add_up("add_day", "add_days", [((count, None), (day,)) for day, count in self._days.items()])
        self.touched.update(self._days)
        self._balances.clear()
        self._days.clear()

    def finish(self) -> None:
        """Write everything that is left, and the head row."""
        self.settle()
        book = self._book
        calendar = book.calendar.isoformat() if book.calendar else None
        closed = book.closed_through.isoformat() if book.closed_through else None
        self._store.write("move_head", [(book.seq, book.entry_count, self.digest, calendar, closed, self._taxpayer)])

    def _add_up(self, change: str, add: str, rows: list[tuple[_Row, _Row]]) -> None:
        """Change the rows that are there, insert the others."""
        own = self._taxpayer
        new = [(own, *key, *values) for values, key in rows if not self._store.write(change, [(*values, own, *key)])]
        self._store.write(add, new)
