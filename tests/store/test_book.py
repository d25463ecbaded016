"""The book over the store answers as the book in memory does, wherever its batches end."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from revrec.core.book import Book, Changes, Holding, Kind
from revrec.core.events import TYPES, BreakageEstimated, BundleExtended, CalendarAdvanced, Event, PaymentReversed
from revrec.core.journal import JournalEntry, Role
from revrec.core.policy import Breakage, Recognition
from revrec.core.post import record
from revrec.store.book import StoreBook
from revrec.store.format import decode_entry
from revrec.store.recorder import Recorder
from revrec.store.store import Store, scratch
from tests.core.practice import BUNDLES, START, World, advance, days, histories, worlds
from tests.core.telling import Told, clock, house, on, paid, sold, tell, used

NAMES = {kind: name for name, kind in TYPES.items()}
ALL = 1_000  # a batch that never ends
BATCHES = (1, 3, ALL)


class Kept:
    """Events recorded into an empty store, a batch at a time."""

    def __init__(self, store: Store, world: World, batch: int) -> None:
        self.store = store
        self.batch = batch
        self.events: list[Event] = []
        shelf = world.practice().book.catalogue
        store.pins.remember(shelf.terms("P10", START))
        self.book = StoreBook(store, shelf, lambda stored: self.events[stored.seq - 1], world.currency, regime=world.regime)
        self.recorder = Recorder(store, self.book)

    def take(self, events: Sequence[Event]) -> None:
        """Record them; the batch ends after every so many."""
        for event in events:
            self.events.append(event)
            done = record(self.book, event)
            named = replace(event, type=NAMES[type(event.data)])  # the store finds estimates by their type
            self.recorder.add(done, named, b"{}", bytes(32), "", "2026-01-01T00:00:00Z")
            if len(self.events) % self.batch == 0:
                self.recorder.flush()

    @property
    def entries(self) -> list[JournalEntry]:
        """What stands in the store."""
        return [decode_entry(body) for (body,) in self.store.rows("entries_numbered", 1, self.book.entry_count + 1)]


@contextmanager
def kept(world: World, batch: int) -> Iterator[Kept]:
    """An empty store for the world."""
    with scratch("ES-B64717838", lambda *_: None) as store:
        yield Kept(store, world, batch)


def told(*facts: Told, **policy: Any) -> tuple[World, Sequence[Event], Book]:
    """A world, what was accepted in it, and its book in memory."""
    game = house(**policy)
    tell(game, *facts)
    shelf = game.book.catalogue
    return World(shelf.policy, shelf.package), game.accepted, game.book  # type: ignore[attr-defined]


def answers(book: Book, names: Sequence[str], events: Sequence[Event]) -> dict[str, Any]:
    """What a book says of everything that recording may ask for."""
    customers = sorted({bundle.customer for name in names if (bundle := book.bundle(name))})
    policies = sorted({bundle.terms.policy.id for name in names if (bundle := book.bundle(name))})
    ids = {value for event in events for value in (getattr(event.data, name, None) for name in ("session", "payment", "refund"))}
    refs = sorted(ref for ref in ids if isinstance(ref, str))
    return {
        "head": (book.seq, book.entry_count, book.calendar, book.closed_through, book.months),
        "to close": book.months_to_close(date(2040, 1, 1)),
        "bundles": [book.bundle(name) for name in names],
        "histories": [book.history(name) for name in names],
        "movements": [book.movements(name) for name in names],
        "by id": [book.movement(kind, ref) for kind in Kind for ref in refs],
        "visits": [book.visit(ref) for ref in refs],
        "customers": [book.customer(customer) for customer in customers],
        "holdings": [sorted(bundle.id for bundle in book.holdings(customer)) for customer in customers],
        "estimates": [book.estimates(policy) for policy in policies],
        "portfolios": [book.sold_under(policy) for policy in policies],
        "abroad": [book.foreign(role, currency) for role in (Role.BANK, Role.CASH) for currency in ("USD", "GBP")],
    }


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(worlds, histories, st.sampled_from(BATCHES))
def test_any_history_is_kept_as_it_was_told(world: World, history: Any, batch: int) -> None:
    game = world.played(history)
    advance(game, days(history))
    names = [name for name in BUNDLES if game.book.bundle(name)]
    with kept(world, batch) as books:
        books.take(game.accepted)
        assert answers(books.book, names, game.accepted) == answers(game.book, names, game.accepted)
        books.recorder.finish()
        assert books.entries == game.entries
        again = StoreBook(books.store, books.book.catalogue, books.book._decode, world.currency, regime=world.regime)
        assert answers(again, names, game.accepted) == answers(game.book, names, game.accepted)


MONTHLY = {"recognition": Recognition.STRAIGHT_LINE, "expiry_months": 6}


@pytest.mark.parametrize("batch", BATCHES)
def test_a_bundle_comes_due_every_month(batch: int) -> None:
    """The clock stops at each month end, be they all in one batch or each in a run of its own."""
    world, events, book = told(
        sold(), paid(), clock("02-28"), used("S-1", "03-02"), clock("03-31"), clock("05-15"), clock("07-31"), **MONTHLY
    )
    with kept(world, batch) as books:
        books.take(events)
        books.recorder.flush()
        accrued = [f"{entry.date:%m-%d}" for entry in books.entries if entry.rule == "accrual.straight-line"]
        assert accrued == ["01-31", "02-28", "03-31", "04-30", "05-31", "06-30", "07-05"]
        assert books.store.rows("due", "9999-12-31") == []
        assert books.book.bundle("B-1") == book.bundle("B-1")


@pytest.mark.parametrize("batch", BATCHES)
def test_the_next_day_of_the_clock_is_stored(batch: int) -> None:
    world, events, _ = told(sold(), paid(), clock("02-28"), **MONTHLY)
    with kept(world, batch) as books:
        books.take(events)
        books.recorder.flush()
        assert books.store.rows("due", "9999-12-31") == [("2026-03-31", "B-1")]
        assert books.book.months_to_close(date(2026, 12, 31)) == {date(2026, month, 1) for month in (1, 2, 3)}


@pytest.mark.parametrize("batch", BATCHES)
def test_a_late_event_brings_earlier_movements_up_to_date(batch: int) -> None:
    """Units used on credit become prepaid when a payment of an earlier day arrives: undoing them needs other amounts."""
    world, events, book = told(sold(), used("S-1", "01-20"), used("S-2", "01-21"), paid(day="01-10"))
    first = [movement for movement in book.movements("B-1") if movement.kind is Kind.SESSION]
    with kept(world, batch) as books:
        books.take(events[:-1])
        before = [movement for movement in books.book.movements("B-1") if movement.kind is Kind.SESSION]
        assert before != first
        books.take(events[-1:])
        assert [movement for movement in books.book.movements("B-1") if movement.kind is Kind.SESSION] == first
        assert books.book.movement(Kind.SESSION, "S-1") == first[0]
        books.recorder.flush()
        assert [movement for movement in books.store.movements("B-1") if movement.kind is Kind.SESSION] == first
        places = books.store.rows("movement_states", "", "")
        assert len(places) == len(book.movements("B-1"))


@pytest.mark.parametrize("batch", BATCHES)
def test_an_estimate_reaches_the_bundles_of_its_policy_in_order_of_sale(batch: int) -> None:
    estimate = BreakageEstimated("standard", 800_000, "controller")
    world, events, book = told(
        sold(bundle="B-2"),
        sold(bundle="B-1"),
        paid(),
        used("S-1", "01-10"),
        on("02-01", estimate),
        on("03-01", replace(estimate, expected_used=700_000)),
        breakage=Breakage.PROPORTIONAL,
        expected_used=900_000,
    )
    with kept(world, batch) as books:
        books.take(events)
        assert books.book.sold_under("standard") == ["B-2", "B-1"]
        assert books.book.sold_under("other") == []
        books.recorder.flush()
        assert books.book.sold_under("standard") == ["B-2", "B-1"]
        for each in (books.book, StoreBook(books.store, books.book.catalogue, books.book._decode)):
            assert [seq for seq, _ in each.estimates("standard")] == [5, 6]
            assert each.estimates("standard") == book.estimates("standard")
            assert each.estimates("other") == []


def test_an_event_taken_back_leaves_no_trace() -> None:
    """What a mark keeps: a late payment that moves earlier movements and the next day of the clock, then undone."""
    world, events, _ = told(
        sold(),
        used("S-1", "01-20"),
        on("01-25", BundleExtended("B-1", date(2026, 9, 1), "ill", "manager")),
        paid(day="01-10"),
        on("01-26", PaymentReversed("P-1", "mistake", "manager")),
        on("01-30", CalendarAdvanced(date(2026, 1, 30))),
        **MONTHLY,
    )
    names = ["B-1"]
    with kept(world, 2) as books:
        books.take(events[:3])
        before = answers(books.book, names, events)
        mark = books.book.mark()
        for event in events[3:]:
            record(books.book, event)
        assert answers(books.book, names, events) != before
        books.book.restore(mark)
        assert answers(books.book, names, events) == before


def test_money_abroad_has_a_row_an_account_and_currency() -> None:
    world = World()
    with kept(world, ALL) as books:
        held = Holding(Role.BANK, "USD", 60000, 55200)
        for amount in (60000, 45000):
            now = held._replace(amount=amount)
            books.book.apply(Changes(holdings={(now.role, now.currency): now}), None)
            books.recorder.flush()
        assert books.store.holdings_abroad() == [held._replace(amount=45000)]
        again = StoreBook(books.store, books.book.catalogue, books.book._decode)
        assert again.foreign(Role.BANK, "USD") == held._replace(amount=45000)
        assert again.foreign(Role.BANK, "GBP") == Holding(Role.BANK, "GBP")
