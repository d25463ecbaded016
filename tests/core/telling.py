"""Facts in, entries out, as plain text: how the tests of the core read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any, NamedTuple

import pytest

from revrec.core.book import Book
from revrec.core.errors import Refused
from revrec.core.events import TYPES, BundleSold, CalendarAdvanced, Event, Fact, Method, PaymentReceived, SessionCompleted
from revrec.core.journal import JournalEntry, Posting
from revrec.core.money import text
from revrec.core.policy import Package
from revrec.core.post import record
from tests.core.practice import PACKAGE, STANDARD, Practice, Shelf, arrived


class Told(NamedTuple):
    """A fact and when and where it happened; its id is its own or its number."""

    day: date
    fact: Fact
    branch: str | None
    id: str | None


def on(day: str, fact: Fact, branch: str | None = "bcn", id: str | None = None) -> Told:  # noqa: A002
    """A fact on a day of 2026, `01-20`, or of another year, `2027-01-20`."""
    return Told(date.fromisoformat(day if len(day) == 10 else f"2026-{day}"), fact, branch, id)


def clock(day: str) -> Told:
    """The calendar is advanced to a day."""
    told = on(day, CalendarAdvanced(date(2026, 1, 1)))
    return told._replace(fact=CalendarAdvanced(told.day))


def sold(day: str = "01-05", bundle: str = "B-1", customer: str = "C-1", **facts: Any) -> Told:
    """Ten sessions for 500.00, sold at bcn."""
    return on(day, BundleSold(bundle, "P10", customer, **facts), id=f"sale-{bundle}")


def paid(
    amount: int = 50000, day: str = "01-05", bundle: str = "B-1", payment: str = "P-1", method: Method = Method.CARD
) -> Told:
    """A payment by card for the bundle."""
    return on(day, PaymentReceived(payment, amount, method, bundle=bundle), id=f"payment-{payment}")


def used(session: str, day: str, bundle: str | None = "B-1", branch: str | None = "bcn", **facts: Any) -> Told:
    """A session delivered on the bundle."""
    return on(day, SessionCompleted(session, bundle=bundle, **facts), branch, id=f"session-{session}")


def uses(count: int, day: str = "01-10", bundle: str = "B-1") -> tuple[Told, ...]:
    """Sessions S-1, S-2 … delivered on one day."""
    return tuple(used(f"S-{number}", day, bundle) for number in range(1, count + 1))


def house(package: Package = PACKAGE, currency: str = "EUR", **policy: Any) -> Practice:
    """A practice with the standard policy but for the clauses named."""
    return Practice(Book(Shelf(replace(STANDARD, **policy), package), currency))


def tell(game: Practice, *facts: Told) -> list[str]:
    """Record facts; the entries that they and the clock made, a line each."""
    seen = len(game.entries)
    for told in facts:
        event = game.event(told.fact, told.day, told.branch)
        kind = next(name for name, fact in TYPES.items() if fact is type(told.fact))
        event = arrived(Event(told.id or event.id, event.source, kind, event.date, event.data, event.branch))
        changes = record(game.book, event)
        game.accepted.append(event)
        game.entries += [entry for change in changes for entry in change.entries]
    return lines(game.entries[seen:], game.book.currency)


def books(
    *facts: Told, after: Sequence[Told] = (), package: Package = PACKAGE, currency: str = "EUR", **policy: Any
) -> list[str]:
    """The entries that facts lead to, those of what went before left out."""
    game = house(package, currency, **policy)
    tell(game, *after)
    return tell(game, *facts)


def refused(*facts: Told, package: Package = PACKAGE, **policy: Any) -> str:
    """Why the last of the facts is refused, with its rule and field; the others stand and nothing changes."""
    game = house(package, **policy)
    tell(game, *facts[:-1])
    before = dict(game.book._bundles), game.book.entry_count, game.book.seq, game.book.calendar
    with pytest.raises(Refused) as refusal:
        tell(game, facts[-1])
    assert (dict(game.book._bundles), game.book.entry_count, game.book.seq, game.book.calendar) == before
    return f"{refusal.value} [{refusal.value.rule}] {refusal.value.field}"


def lines(entries: Sequence[JournalEntry], currency: str = "EUR") -> list[str]:
    """`2026-01-20 session.earned  contract-liability 50.00  revenue-package -50.00`, with what stands beside it."""
    return ["  ".join((f"{e.date} {e.rule}", *(_leg(p, currency) for p in e.postings), *_beside(e))) for e in entries]


def _leg(posting: Posting, currency: str) -> str:
    of = [name for name in (posting.bundle, posting.branch, posting.customer) if name]
    return f"{posting.role}{'(' + ' '.join(of) + ')' if of else ''} {text(posting.amount, currency)}"


def _beside(entry: JournalEntry) -> list[str]:
    beside = [f"corrects E-{entry.corrects}"] if entry.corrects else []
    return beside + ([f"late for {entry.effective}"] if entry.late else [])
