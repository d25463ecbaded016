"""What every report is asked, what it may read, and what all of them say about the policies under them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import NamedTuple, Protocol

from revrec.core.book import Movement
from revrec.core.bundle import Bundle
from revrec.core.events import Event
from revrec.core.journal import JournalEntry, Posting, Role
from revrec.core.policy import Bonus, Policy, Recognition

UNNAMED = "-"  # the cell of a dimension that an entry does not have


class Question(NamedTuple):
    """The period asked for, both days counted (a report on a day: `last`), the rows wanted, and one branch or all."""

    first: date
    last: date
    by: tuple[str, ...] = ()
    branch: str | None = None


class Identity(NamedTuple):
    """Who a customer is to the tax office."""

    name: str
    tax_id: str | None
    country: str


class Records(Protocol):
    """What reports read: the posted entries and the bundles, in memory or in the store."""

    @property
    def currency(self) -> str:
        """The taxpayer's currency."""
        ...

    @property
    def latest(self) -> date:
        """The last day with entries; `date.min` when there are none."""
        ...

    def entries(self, until: date, since: date | None = None) -> Iterator[JournalEntry]:
        """The entries from one day to another, both counted, by date and number: to be read once, in a stream."""
        ...

    def balance(self, roles: Iterable[Role], on: date, branch: str | None = None) -> int:
        """What the ledger says that some roles stand at, at the end of a day: minor units, debit positive."""
        ...

    def bundles(self) -> Iterator[Bundle]:
        """Every bundle as it is today, by id."""
        ...

    def bundle_on(self, bundle: Bundle, on: date) -> Bundle:
        """The bundle as it was at the end of a day not before its sale."""
        ...

    def life(self, bundle: Bundle, until: date) -> Sequence[tuple[date, Bundle]]:
        """The bundle at the end of each day up to `until` on which something happened to it, from its birth, in order."""
        ...

    def movements(self, bundle: str) -> Sequence[Movement]:
        """The movements of a bundle in order of arrival."""
        ...

    def fact(self, entry: JournalEntry) -> Event | None:
        """The event that an entry follows from."""
        ...

    def recorded(self, entries: Sequence[int]) -> Mapping[int, date]:
        """The day on which each of these entries, by number, was recorded."""
        ...

    def identity(self, customer: str) -> Identity | None:
        """Who a customer is; None when nobody registered it, or the key of the details is gone."""
        ...


def legs_of(entry: JournalEntry, branch: str | None) -> Iterator[Posting]:
    """The legs of an entry that stand at a branch; all of them when none is asked for."""
    return (leg for leg in entry.postings if branch is None or (leg.branch or entry.branch) == branch)


def key_of(entry: JournalEntry, leg: Posting, by: Iterable[str]) -> tuple[str, ...]:
    """The cells of a leg for the dimensions branch, service, policy, bundle, customer and month."""
    return tuple(_dimension(entry, leg, each) or UNNAMED for each in by)


def _dimension(entry: JournalEntry, leg: Posting, name: str) -> str | None:
    if name == "month":
        return f"{entry.date:%Y-%m}"
    if name in ("branch", "bundle", "customer"):
        own: str | None = getattr(leg, name)
        return own or getattr(entry, name)
    found: str | None = getattr(entry, name)
    return found


def labels(policies: Iterable[Policy], *, statutory: bool) -> Iterator[str]:
    """The sentences that a report owes its reader where a policy departs from the standard (events.md 4a, At purchase).

    `statutory`: the books are the statutory ones of a legal person. Every package here counts its units.
    """
    known = {policy.version: policy for policy in policies}
    for method, words in ((Recognition.AT_PURCHASE, "at purchase"), (Recognition.STRAIGHT_LINE, "in a straight line")):
        found = sorted(version for version, policy in known.items() if policy.recognition is method)
        if found and statutory:
            yield f"Revenue {words} under {', '.join(found)}: not PGC NRV 14 / IFRS 15."
    free = sorted(version for version, policy in known.items() if policy.bonus is Bonus.LAST)
    if free:
        yield f"Free units earn nothing under {', '.join(free)}: not IFRS 15."
