"""Re-derivation: the stored events through the core again, under the versions that were pinned, into scratch books."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import islice
from typing import NamedTuple

import orjson

from revrec.app.aim import aimed
from revrec.app.catalogue import regime_of
from revrec.app.record import customer_of, read_ahead
from revrec.app.refollow import Follower
from revrec.core.errors import Refused
from revrec.core.events import CustomerErased, Event, Method, PeriodClosed
from revrec.core.journal import Role
from revrec.core.policy import Package, Policy, Tax, Terms
from revrec.core.post import record as post
from revrec.store.book import StoreBook
from revrec.store.format import pins_digest, stored_event
from revrec.store.papers import Papers
from revrec.store.pins import Pin, Pins
from revrec.store.recorder import Recorder
from revrec.store.store import Store, StoredEvent
from revrec.wire.context import Context
from revrec.wire.stored import restore

BATCH = 1_000


@dataclass(slots=True)
class PinnedCatalogue:
    """Offers each sale exactly the versions whose digests stand in its chain record."""

    pins: Pins
    settings: dict[int, Pin]  # those that an event pinned, by its number
    seq: int = 0
    expected: str = ""
    _relied: dict[tuple[str, str, str], Pin] = field(default_factory=dict)

    def begin(self, seq: int, expected: str) -> None:
        """The next event: its number and the hex digest over what it pinned."""
        self.seq, self.expected = seq, expected
        self._relied.clear()

    def relied(self) -> list[Pin]:
        """What the event relied on, in the order of its digest."""
        return [*self._first(), *self._relied.values()]

    def terms(self, package: str, day: date) -> Terms:
        """The pinned terms of a sale; Refused when nothing was pinned for it.

        They are those whose digest the chain record names; where the event relied on more than them, the newest.
        """
        offers = list(self._offers(package, day))
        exact = (o for o in offers if pins_digest(pin.digest for pin in (*self._first(), *o[1])) == self.expected)
        for terms, pins in (*exact, *offers[:1]):
            self._rely(pins)
            return self.pins.remember(terms)
        raise Refused(
            f"no versions of package {package} were pinned for {day}",
            rule="events.md 2: pinned versions",
            field="package",
        )

    def sellable(self, tax: str, day: date) -> str:
        """The category of the pinned tax of a one-off visit."""
        versions = [self._pin("tax", version) for version in self.pins.candidates("tax", tax, day, self.seq)]
        exact = (pin for pin in versions if pins_digest(each.digest for each in (*self._first(), pin)) == self.expected)
        for pin in (*exact, *versions[:1]):
            self._rely([pin])
            return self._tax(pin).category
        raise self._unpinned(tax, day)

    def tax(self, tax: str, day: date) -> Tax:
        """The pinned version at a tax point: the newest, for recording takes no other; Refused when there is none."""
        for version in self.pins.candidates("tax", tax, day, self.seq):
            pin = self._pin("tax", version)
            self._rely([pin])
            return self._tax(pin)
        raise self._unpinned(tax, day)

    def fee_tax(self, day: date) -> str | None:
        """What the policy says whose digest the chain record names, beside that of the tax; None when none was pinned."""
        offers = list(self._naming(day))
        exact = (o for o in offers if pins_digest(pin.digest for pin in (*self._first(), *o[1])) == self.expected)
        for policy, pins in (*exact, *offers[:1]):
            self._rely(pins[:1])
            return policy.fee_tax
        return None

    def _naming(self, day: date) -> Iterator[tuple[Policy, list[Pin]]]:
        """The pinned policies that name a tax of fees, each with its pin and that of the tax."""
        known = dict.fromkeys(pin.id for pin in self.pins.rows.values() if pin.kind == "policy")
        for version in (v for name in known for v in self.pins.candidates("policy", name, day, self.seq)):
            assert isinstance(version, Policy)
            if version.fee_tax is not None:
                rates = self.pins.candidates("tax", version.fee_tax, day, self.seq)[:1]
                taxes = [self._pin("tax", rate) for rate in rates]
                yield version, [self._pin("policy", version), *taxes]

    def _tax(self, pin: Pin) -> Tax:
        version = self.pins.version("tax", pin.id, pin.since)
        assert isinstance(version, Tax)
        return version

    def _unpinned(self, tax: str, day: date) -> Refused:
        return Refused(f"no version of tax {tax} was pinned for {day}", rule="events.md 2: pinned versions", field="tax")

    def _rely(self, pins: list[Pin]) -> None:
        self._relied |= {(pin.kind, pin.id, pin.since): pin for pin in pins}

    def _first(self) -> list[Pin]:
        return [self.settings[self.seq]] if self.seq in self.settings else []

    def _offers(self, package: str, day: date) -> Iterator[tuple[Terms, list[Pin]]]:
        def versions(kind: str, name: str) -> list[Policy | Package | Tax]:
            return self.pins.candidates(kind, name, day, self.seq)

        for sold in versions("package", package):
            assert isinstance(sold, Package)
            for policy in versions("policy", sold.policy):
                for tax in versions("tax", sold.tax):
                    assert isinstance(policy, Policy)
                    assert isinstance(tax, Tax)
                    pins = [self._pin("package", sold), self._pin("policy", policy), self._pin("tax", tax)]
                    yield Terms(sold, policy, tax), pins

    def _pin(self, kind: str, version: Policy | Package | Tax) -> Pin:
        return self.pins.rows[kind, version.id, version.since.isoformat()]


class Derived(NamedTuple):
    """What came out for one event: chain record, bundle and customer as they should be, or why it could not be derived."""

    stored: StoredEvent
    event: Event | None
    record: bytes
    refusal: Refused | None = None
    bundle: str | None = None
    customer: str = ""


class Replay:
    """Scratch books that grow event by event as the real ones did."""

    def __init__(self, store: Store, scratch: Store, context: Context) -> None:
        self.store = store
        self.scratch = scratch
        self.papers = Papers(store)
        self.scratch.pins.rows.update(store.pins.rows)
        self.settings = {pin.seq: pin for pin in store.pins.rows.values() if pin.kind == "settings"}
        self.catalogue = PinnedCatalogue(self.scratch.pins, self.settings)
        self.book = StoreBook(scratch, self.catalogue, self.decode, context.currency)
        self.recorder = Recorder(scratch, self.book)
        self.taxpayer = context.taxpayer
        self.context = context
        self.closings: set[tuple[int, date]] = set()  # the events that closed a month, by number, and which
        self.follower: Follower | None = None  # derives documents too, where somebody asks
        self._used: dict[str, str] = {}  # event id -> a source that used it

    def decode(self, stored: StoredEvent) -> Event:
        """The core's event of a stored one, on the day on which it was booked."""
        event = aimed(restore(stored.event, self.context), self.papers.invoice)
        return event if event.date == stored.date else replace(event, date=stored.date)

    def run(self) -> Iterator[Derived]:
        """Derive every event again, in order of recording."""
        events = self.store.events()
        while batch := list(islice(events, BATCH)):
            parsed = [stored.fields for stored in batch]
            read_ahead(self.book, [fields["event"] for fields in parsed])
            self._used = {row[0]: row[1] for row in self.scratch.rows_of_list("known", {stored.id for stored in batch})}
            for stored, fields in zip(batch, parsed, strict=True):
                yield self._one(stored, fields)
            self.recorder.flush()
        self.recorder.settle()

    def _one(self, stored: StoredEvent, fields: dict[str, object]) -> Derived:
        self._set(stored.seq)
        raw = fields["event"]
        assert isinstance(raw, dict)
        event = aimed(restore(raw, self.context), self.papers.invoice)
        self.catalogue.begin(stored.seq, str(fields["pins"]))
        if isinstance(event.data, CustomerErased):
            self.recorder.flush()  # whether the person is known is asked of the store, as when it was recorded
        try:
            done = post(self.book, event)
        except Refused as refusal:
            return Derived(stored, None, b"", refusal)
        content = stored_event(stored.record)
        relied: Sequence[Pin] = self.catalogue.relied()
        customer = customer_of(self.book, event, done[-1])
        record = self.recorder.add(done, event, content, stored.content, customer, str(fields["at"]), relied)
        if self._used.setdefault(event.id, event.source) != event.source:
            self.recorder.homonym(event)
        if isinstance(event.data, PeriodClosed):
            self.closings.add((stored.seq, event.data.period))
        if self.follower is not None:
            self.follower.follow(event, stored.seq, done)
        return Derived(stored, event, record, None, done[-1].bundle, customer)

    def _set(self, seq: int) -> None:
        """Take over the settings that this event pinned."""
        pin = self.settings.get(seq)
        if pin is not None:
            values = orjson.loads(pin.content)
            self.context = Context(self.taxpayer, values["currency"], values["zone"])
            self.book.currency = values["currency"]
            self.book.methods = {Method(name): Role(role) for name, role in values["methods"].items()}
            self.book.regime = regime_of(values)
            if self.follower is not None:
                self.follower.begin(values.get("invoicing_from"))
