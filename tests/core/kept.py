"""Books written by hand, for the tests of reports: entries a line each, bundles, who the customers are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from revrec.core.book import Book, Kind, Movement
from revrec.core.bundle import Bundle
from revrec.core.events import Event
from revrec.core.handlers import HANDLERS
from revrec.core.history import life
from revrec.core.journal import JournalEntry, Posting, Role, balanced
from revrec.core.policy import Terms
from revrec.core.reports.frame import Identity, Question
from tests.core.practice import PACKAGE, STANDARD, TAX, Practice


def day(text: str) -> date:
    """A day of 2026, `01-20`, or of another year, `2027-01-20`."""
    return date.fromisoformat(text if len(text) == 10 else f"2026-{text}")


def leg(role: str, amount: int, **own: Any) -> Posting:
    """One leg, debit positive."""
    return Posting(Role(role), amount, **own)


def asked(first: str = "01-01", last: str = "12-31", by: Sequence[str] = (), branch: str | None = None) -> Question:
    """What a report is asked."""
    return Question(day(first), day(last), tuple(by), branch)


@dataclass
class Kept:
    """`Records` in memory; every entry is recorded on the day on which it is posted unless told otherwise."""

    currency: str = "EUR"
    posted: list[JournalEntry] = field(default_factory=list)
    sold: dict[str, Bundle] = field(default_factory=dict)
    facts: dict[str, Event] = field(default_factory=dict)
    uses: dict[str, list[Movement]] = field(default_factory=lambda: defaultdict(list))
    arrivals: dict[int, date] = field(default_factory=dict)
    people: dict[str, Identity] = field(default_factory=dict)
    book: Book | None = None

    @property
    def latest(self) -> date:
        return max((entry.date for entry in self.posted), default=date.min)

    def entries(self, until: date, since: date | None = None):
        found = [e for e in self.posted if (since is None or since <= e.date) and e.date <= until]
        return iter(sorted(found, key=lambda e: (e.date, e.number)))

    def balance(self, roles: Iterable[Role], on: date, branch: str | None = None) -> int:
        wanted = set(roles)
        return sum(
            p.amount
            for e in self.posted
            for p in e.postings
            if e.date <= on and p.role in wanted and branch in (None, p.branch or e.branch)
        )

    def bundles(self):
        return iter([self.sold[name] for name in sorted(self.sold)])

    def bundle_on(self, bundle: Bundle, on: date) -> Bundle:
        return bundle

    def life(self, bundle: Bundle, until: date) -> list[tuple[date, Bundle]]:
        if self.book is None:
            return [(bundle.sold_on, bundle)]
        return [(day, state) for day, state in life(self.book, bundle, HANDLERS) if day <= until]

    def movements(self, bundle: str) -> list[Movement]:
        return self.uses[bundle]

    def fact(self, entry: JournalEntry) -> Event | None:
        return self.facts.get(entry.event)

    def recorded(self, entries: Sequence[int]) -> dict[int, date]:
        days = {entry.number: entry.date for entry in self.posted} | self.arrivals
        return {number: days[number] for number in entries}

    def identity(self, customer: str) -> Identity | None:
        return self.people.get(customer)

    def sell(self, name: str = "B-1", on: str = "01-05", customer: str = "C-1", branch: str = "bcn", **other: Any) -> None:
        """A bundle of ten sessions for 500.00; what is said otherwise of package, policy, tax (`rate`) and bundle."""
        package = replace(PACKAGE, **{key: other.pop(key) for key in ("id", "service") if key in other})
        policy = {key: other.pop(key) for key in list(other) if hasattr(STANDARD, key)}
        tax = {key: other.pop(key) for key in ("rate", "invoice_duty", "voucher") if key in other}
        terms = Terms(package, replace(STANDARD, **policy), replace(TAX, **tax))
        values = {"price": 50000, "list_price": 6000, "seq": 1, **other}
        self.sold[name] = Bundle(
            id=name, terms=terms, customer=customer, branch=branch, sold_on=day(on), units=package.units, bonus_units=0,
            expiry_event="e", expiry_source="tests", last_date=day(on), **values,
        )  # fmt: skip

    def post(self, on: str, rule: str, *legs: Posting, recorded: str | None = None, **of: Any) -> JournalEntry:
        """An entry of bundle B-1 of customer C-1 at bcn, unless told otherwise."""
        facts = {"bundle": "B-1", "customer": "C-1", "branch": "bcn", "service": "physiotherapy", "policy": "standard@2026-01-01"}
        number = len(self.posted) + 1
        values = {"event": f"e-{number}", "source": "desk", **facts, **of}
        made = balanced(JournalEntry(number=number, date=day(on), rule=rule, postings=legs, **values))
        self.posted.append(made)
        if recorded:
            self.arrivals[number] = day(recorded)
        return made

    def pay(self, on: str, amount: int = 50000, vat: int = 0, role: str = "psp-clearing", **of: Any) -> None:
        """Money for a bundle: the contract liability net of VAT."""
        legs = [leg(role, amount), leg("contract-liability", vat - amount), *([leg("vat-output", -vat)] if vat else [])]
        self.post(on, "payment.bundle", *legs, **of)

    def use(self, on: str, amount: int = 5000, **of: Any) -> None:
        """A session delivered out of the contract liability."""
        session = f"S-{len(self.posted)}"
        bundle = of.get("bundle", "B-1")
        self.post(on, "session.earned", leg("contract-liability", amount), leg("revenue-package", -amount), session=session, **of)
        if bundle in self.sold:
            state = self.sold[bundle]
            unit = state.units // 10
            self.sold[bundle] = state._replace(used=state.used + unit)
            self.uses[bundle].append(Movement(Kind.SESSION, session, 1, day(on), bundle, units=unit))


def kept(game: Practice) -> Kept:
    """The books of a practice; its bundles as they are today."""
    book = game.book
    facts = {event.id: event for event in game.accepted}
    made = Kept(book.currency, list(game.entries), dict(book._bundles), facts, book=book)
    for bundle in made.sold:
        made.uses[bundle] = book.movements(bundle)
    return made


def cells(table: Any, *keys: str) -> list[tuple[Any, ...]]:
    """Some columns of every row."""
    places = [[column.key for column in table.columns].index(key) for key in keys]
    return [tuple(row[place] for place in places) for row in table.rows]


def total(table: Any, key: str) -> Any:
    """One cell of the last line."""
    return table.total[[column.key for column in table.columns].index(key)]
