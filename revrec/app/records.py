"""The records that reports read, out of the store of an open workspace."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING

from revrec.app.aim import aimed
from revrec.app.bundles import UnknownBundle, life_of, state_on
from revrec.books.check import Handwritten, handwritten
from revrec.core import money
from revrec.core.book import Movement
from revrec.core.bundle import Bundle, Position, Status
from revrec.core.dates import DAY, month_end
from revrec.core.events import Event
from revrec.core.journal import JournalEntry, Role
from revrec.core.policy import Policy
from revrec.core.reports.frame import Identity
from revrec.core.reports.reconciliation import ROLES, Beyond, Manual
from revrec.store.errors import KeyMissing
from revrec.store.papers import Papers
from revrec.wire.stored import restore

if TYPE_CHECKING:
    from revrec.app.workspace import Workspace


class StoreRecords:
    """`core.reports.frame.Records` of a workspace."""

    def __init__(self, ws: Workspace) -> None:
        self.ws = ws
        self.currency = ws.settings.currency
        self.sealed = False  # whether somebody's details could not be opened for want of the workspace's key

    @cached_property
    def latest(self) -> date:
        """The last day with entries; `date.min` when there are none."""
        return max((day.date for day in self.ws.store.days() if day.entries), default=date.min)

    def entries(self, until: date, since: date | None = None) -> Iterator[JournalEntry]:
        """The entries from one day to another, both counted, by date and number."""
        return self.ws.store.entries(since, until)

    def balance(self, roles: Iterable[Role], on: date, branch: str | None = None) -> int:
        """The balance of some roles at the end of a day: whole months as the store keeps them, then the days."""
        wanted, first, whole = frozenset(roles), on.replace(day=1), on == month_end(on)
        months = (
            row.amount
            for row in self.ws.store.balances(on if whole else first - DAY)
            if row.role in wanted and (branch is None or row.branch == branch)
        )
        days = (
            leg.amount
            for entry in (() if whole else self.ws.store.entries(first, on))
            for leg in entry.postings
            if leg.role in wanted and (branch is None or (leg.branch or entry.branch) == branch)
        )
        return sum(months) + sum(days)

    def bundles(self) -> Iterator[Bundle]:
        """Every bundle as it is today, by id."""
        return self.ws.store.bundles()

    def life(self, bundle: Bundle, until: date) -> Sequence[tuple[date, Bundle]]:
        """The bundle at the end of each day up to `until` on which something happened to it: its history, posted again."""
        return life_of(self.ws, bundle.id, until)

    def bundle_on(self, bundle: Bundle, on: date) -> Bundle:
        """The bundle as it was at the end of a day not before its sale; of one that was taken over later, nothing."""
        if max(bundle.last_date, bundle.lapsed_on or bundle.last_date) <= on:
            return bundle
        try:
            return state_on(self.ws, bundle.id, on)
        except UnknownBundle:
            return bundle._replace(status=Status.VOIDED, units=0, used=0, price=0, layers=(), position=Position(), lapsed_on=None)

    def movements(self, bundle: str) -> Sequence[Movement]:
        """The movements of a bundle in order of arrival."""
        return self.ws.store.movements(bundle)

    def fact(self, entry: JournalEntry) -> Event | None:
        """The event that an entry follows from."""
        for stored in self.ws.store.events_by_id(entry.event):
            if stored.source == entry.source:
                event = aimed(restore(stored.event, self.ws.context), Papers(self.ws.store).invoice)
                return event if event.date == stored.date else replace(event, date=stored.date)
        return None

    def recorded(self, entries: Sequence[int]) -> Mapping[int, date]:
        """The day on which each of these entries, by number, was recorded: one pass over the events."""
        wanted, found = sorted(entries, reverse=True), dict[int, date]()
        for stored in self.ws.store.events() if wanted else ():
            while wanted and wanted[-1] in stored.numbers:
                found[wanted.pop()] = stored.recorded.astimezone(self.ws.settings.zone).date()
            if not wanted:
                break
        return found

    def identity(self, customer: str) -> Identity | None:
        """Who a customer is; None when nobody registered it, the person was erased, or the key of the details is gone."""
        event = self.ws.store.registration(customer)
        try:
            details = self.ws.store.unsealed(event) if event else None
        except KeyMissing:
            self.sealed = True
            return None
        if event is None or details is None:
            return None
        names = (details.get(part) for part in ("name", "first_surname", "second_surname"))
        return Identity(" ".join(name for name in names if name), details.get("tax_id"), event.event["data"]["country"])

    def policies(self) -> Iterator[Policy]:
        """The policy versions that the bundles were sold under."""
        pins = self.ws.store.pins
        for kind, name, since in pins.rows:
            if kind == "policy":
                version = pins.version(kind, name, since)
                assert isinstance(version, Policy)
                yield version


def beyond(ws: Workspace) -> Beyond:
    """What the store keeps beside the bundles: what is open of one-off visits by branch, and the customers' credit."""
    visits = defaultdict[str | None, int](int)
    for visit in ws.store.visits():
        visits[visit.branch] += 0 if visit.undone else visit.price - visit.paid - visit.lost
    return Beyond(visits, sum(customer.credit for customer in ws.store.customers()))


def written_by_hand(ws: Workspace, until: date) -> list[Manual] | None:
    """The legs of the accountant's own entries, up to a day, on accounts that have a sub-ledger; None: they are not readable."""
    found = handwritten(ws.root)
    return None if found is None else list(_reconciled(ws, found, until))


def _reconciled(ws: Workspace, legs: Iterable[Handwritten], until: date) -> Iterator[Manual]:
    accounts = {account.name: account for account in ws.chart.accounts if account.role in ROLES}
    for leg in legs:
        account = accounts.get(leg.account)
        if account is not None and account.role and leg.day <= until and leg.currency == ws.settings.currency:
            branch = None if account.role is Role.CUSTOMER_CREDIT else leg.branch or account.branch
            yield Manual((account.role, branch), leg.where, money.parse(leg.amount, leg.currency))
