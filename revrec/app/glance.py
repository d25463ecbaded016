"""All bundles at a glance: what is left, until when, what is deferred, what a refund would be, what is owed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from revrec.app.entries import of_bundle
from revrec.app.records import StoreRecords
from revrec.core.bundle import Bundle, Status
from revrec.core.journal import Role
from revrec.core.refund import Quote, quote
from revrec.core.reports.open_items import open_items
from revrec.core.words import Word
from revrec.store.lists import PAGE, Chosen, Lists, Totals, pages
from revrec.store.papers import Papers

if TYPE_CHECKING:
    from revrec.app.workspace import Workspace

SOON = 30  # days, unless others are asked for
_STOPPED = timedelta(days=31)  # books that are closed every month run their calendar at least so often


class Show(Word):
    """Which bundles a list is of."""

    OPEN = "open"
    EXPIRING = "expiring"
    UNPAID = "unpaid"
    INACTIVE = "inactive"
    ENDED = "ended"
    ALL = "all"


class Standing(Word):
    """Where a bundle stands in its life on a day."""

    OPEN = "open"
    EXPIRING = "expires soon"
    LAPSED = "expired, not booked"
    USED = "used up"
    EXPIRED = "expired"
    ENDED = "ended"


class Payment(Word):
    """Where the money of a bundle stands on a day."""

    PAID = "paid"
    PENDING = "pending"
    DUE = "due today"
    OVERDUE = "overdue"
    NOTHING = "nothing owed"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked for: `days` count for what expires and for what is inactive; `page` from 1."""

    show: Show = Show.OPEN
    days: int = SOON
    branch: str | None = None
    customer: str | None = None
    bundle: str | None = None
    page: int = 1

    def chosen(self, on: date) -> Chosen:
        """The selection on a day."""
        named = {"branch": self.branch, "customer": self.customer, "bundle": self.bundle}
        live = {Show.ENDED: False, Show.ALL: None, Show.UNPAID: None}.get(self.show, True)
        ends_by = on + timedelta(days=self.days) if self.show is Show.EXPIRING else None
        unused = on - timedelta(days=self.days) if self.show is Show.INACTIVE else None
        return Chosen(live, ends_by, self.show is Show.UNPAID, unused, **named)


@dataclass(frozen=True, slots=True)
class Line:
    """One bundle on the day `on`: its state, a refund of all that is unused, the last session and the oldest open claim."""

    on: date
    bundle: Bundle
    refund: Quote
    used_on: date
    owed_since: date | None

    @property
    def left(self) -> int:
        """Units that may still be used on the day, in quanta."""
        return 0 if self.bundle.ended or self.bundle.expired(self.on) else self.bundle.left

    @property
    def days(self) -> int | None:
        """Days to the last day of use, grace included; below 0 when it is over; None: it never ends, or has not begun to."""
        until = self.bundle.valid_until
        return (until - self.on).days if until else None

    @property
    def liability(self) -> int:
        """What is owed in sessions: the contract liability."""
        return self.bundle.balances.contract_liability

    @property
    def owed(self) -> int:
        """What the customer owes on it."""
        return self.bundle.claimed

    @property
    def standing(self) -> Standing:
        """Where it stands in its life."""
        if self.bundle.status is not Status.OPEN:
            return Standing.ENDED
        if self.bundle.lapsed_on is not None:
            return Standing.EXPIRED
        if self.bundle.left <= 0:
            return Standing.USED
        if self.days is not None and self.days < 0:
            return Standing.LAPSED
        return Standing.EXPIRING if self.days is not None and self.days <= SOON else Standing.OPEN

    @property
    def payment(self) -> Payment:
        """Where its money stands; without a term of payment a claim is due on the day on which it arose."""
        position = self.bundle.position
        if self.owed > 0:
            return Payment.OVERDUE if self.owed_since and self.owed_since < self.on else Payment.DUE
        if self.bundle.ended:
            return Payment.NOTHING
        return Payment.PAID if position.paid + position.lost >= self.bundle.price else Payment.PENDING

    @property
    def next_instalment(self) -> date | None:
        """The day of the next instalment that was agreed, if there is one."""
        return min((part.due_on for part in self.bundle.instalments if part.due_on >= self.on), default=None)


@dataclass(frozen=True, slots=True)
class Glance:
    """One page of bundles on the day `on`, the sums of all that were chosen, and of all that there are."""

    on: date
    wanted: Wanted
    lines: tuple[Line, ...]
    chosen: Totals
    every: Totals

    @property
    def pages(self) -> int:
        """How many pages there are."""
        return pages(self.chosen.bundles)


def glance(ws: Workspace, wanted: Wanted, on: date) -> Glance:
    """A page of the bundles that are asked for, as they stand now; days are counted from `on`."""
    lists, chosen = Lists(ws.store), wanted.chosen(on)
    found = lists.bundles(chosen, (wanted.page - 1) * PAGE, PAGE, most_owed=wanted.show is Show.UNPAID)
    currency = ws.settings.currency
    lines = tuple(
        Line(on, each.bundle, quote(each.bundle, on, currency), each.used_on, _owed_since(ws, each.bundle)) for each in found
    )
    return Glance(on, wanted, lines, lists.totals(chosen), lists.totals(Chosen()))


def day_of(ws: Workspace, today: date) -> date:
    """The day that lists count from: today, unless the calendar of the books stopped long before; then its day."""
    calendar = ws.store.head().calendar
    return calendar if calendar is not None and today - calendar > _STOPPED else today


def ledger_until(ws: Workspace, day: date) -> int | None:
    """The contract liability at the end of a day; None when no entry came after it: then it is what all bundles come to."""
    records = StoreRecords(ws)
    return None if records.latest <= day else -records.balance((Role.CONTRACT_LIABILITY,), day)


def _owed_since(ws: Workspace, bundle: Bundle) -> date | None:
    """The day of the oldest claim that is open (`report receivables` says the same)."""
    if bundle.claimed <= 0:
        return None
    items = open_items(of_bundle(ws.store, bundle.id))
    return min((item.since for debt, found in items.items() if debt.bundle == bundle.id for item in found), default=None)


def bundle_of(ws: Workspace, *, session: str = "", invoice: str = "") -> str | None:
    """The bundle that a session was used of, or that an invoice is for; None when there is none."""
    if session:
        return next((m.bundle for m in ws.store.movements_of(session) if m.bundle), None)
    issued = Papers(ws.store).invoice(invoice)
    return issued.bundle if issued else None
