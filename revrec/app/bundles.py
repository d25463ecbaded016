"""One bundle: what is left, until when, for whom, how it is billed, what a refund would be; and its history."""

from __future__ import annotations

import sys
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from revrec.app.aim import aimed
from revrec.app.entries import EntryView, amount_of, find, of_bundle
from revrec.app.policies import digest_of
from revrec.core import money, units
from revrec.core.book import Book, Customer, Kind, Movement
from revrec.core.bundle import Bundle, Status
from revrec.core.dates import month_end
from revrec.core.errors import Refused, RevrecError
from revrec.core.events import (
    AdjustmentPosted,
    BreakageEstimated,
    BundleTransferred,
    BundleUpgraded,
    Event,
    Method,
    SessionCompleted,
)
from revrec.core.handlers import HANDLERS
from revrec.core.history import life
from revrec.core.journal import JournalEntry, Role
from revrec.core.payer import Share
from revrec.core.policy import (
    Breakage,
    ExpiryFrom,
    ExpiryKind,
    Invoicing,
    Owner,
    Sharing,
    Tax,
    Terms,
    Transfer,
)
from revrec.core.post import record, run_clock
from revrec.core.refund import Quote, pending, quoted
from revrec.core.refund import quote as core_quote
from revrec.core.units import Unit
from revrec.store.papers import Issued, Papers
from revrec.wire.stored import restore

if TYPE_CHECKING:
    from revrec.app.workspace import Workspace
    from revrec.store.pins import Pins
    from revrec.store.store import Store, StoredEvent

_UNITS = {Unit.SESSION: "sessions", Unit.HOUR: "hours", Unit.MINUTE: "minutes"}
_BILLED = {
    Invoicing.AT_PURCHASE: "one invoice, when the price is paid",
    Invoicing.PER_PAYMENT: "one invoice for each payment",
    Invoicing.PER_SESSION: "one invoice for each session",
    Invoicing.NONE: "no invoice",
}
_TRANSFER = {
    Transfer.NONE: "may not be transferred",
    Transfer.FAMILY: "may be transferred within the family",
    Transfer.ANY: "may be transferred to anybody",
}
_STARTS = {
    ExpiryFrom.FIRST_USE: "starts with the first session",
    ExpiryFrom.PAYMENT: "starts with the first payment",
}
_ENDED = {
    Status.VOIDED: "voided",
    Status.REFUNDED: "refunded",
    Status.TERMINATED: "given up by the customer",
}


class UnknownBundle(RevrecError):
    """No bundle of that id stands in these books on that day."""

    def __init__(self, bundle: str, on: date | None = None, sold_on: date | None = None) -> None:
        when = f"it was sold on {sold_on}, after {on}" if sold_on else "no sale of that id is recorded"
        super().__init__(f"bundle {bundle}: {when}. `revrec trace ID` finds an id of any kind")


@dataclass(frozen=True, slots=True)
class Requested:
    """A refund that was asked for on `asked_on` and is not answered: what `refund.issued` under its id would pay now."""

    refund: str
    asked_on: date
    quote: Quote
    currency: str

    def to_json(self) -> dict[str, Any]:
        """The request as JSON."""
        amount = money.text(self.quote.amount, self.currency)
        return {"refund": self.refund, "asked_on": self.asked_on.isoformat(), "amount": amount, "formula": self.quote.formula}

    def __str__(self) -> str:
        amount = money.text(self.quote.amount, self.currency)
        return f"refund {self.refund} is asked for and not answered: {amount} {self.currency}, {self.quote.formula}"


@dataclass(frozen=True, slots=True)
class BundleCard:
    """The state of a bundle at the end of the day `on`; amounts in minor units of `currency`, units in quanta.

    `deferred` and `owed` are the balances of its accounts in the books on that day.
    """

    on: date
    currency: str
    state: Bundle
    deferred: int
    owed: int
    refund: Quote
    digest: str
    requests: tuple[Requested, ...] = ()
    documents: tuple[Issued, ...] = ()

    @property
    def left(self) -> int:
        """Units that may still be used on the day."""
        return 0 if self.state.expired(self.on) else self.state.left

    def to_json(self) -> dict[str, Any]:
        """The members of `bundle show --json` (events.md 5)."""
        bundle, policy = self.state, self.state.terms.policy
        return {
            "bundle": bundle.id,
            "package": bundle.terms.package.id,
            "customer": bundle.customer,
            "beneficiaries": list(bundle.beneficiaries),
            "provider": bundle.provider,
            "units_left": quantity(self.left, bundle.terms.package.unit),
            "units_used": quantity(bundle.used, bundle.terms.package.unit),
            "expires_on": bundle.expires_on.isoformat() if bundle.expires_on else None,
            "paid": self._text(bundle.position.paid),
            "deferred": self._text(self.deferred),
            "owed": self._text(self.owed),
            **({"payers": [share_json(share, self.currency) for share in bundle.shares]} if bundle.payers else {}),
            "invoicing": policy.invoicing.value,
            **({"invoices": [document_json(each, self.currency) for each in self.documents]} if self.documents else {}),
            "refund": {"amount": self._text(self.refund.amount), "formula": self.refund.formula},
            **({"requests": [request.to_json() for request in self.requests]} if self.requests else {}),
            "policy": {"id": policy.id, "since": policy.since.isoformat(), "digest": self.digest},
        }

    def lines(self) -> Iterator[str]:
        """The card for people: the five questions and where the money stands."""
        bundle, package, policy = self.state, self.state.terms.package, self.state.terms.policy
        yield f"Bundle {bundle.id} on {self.on}: {package.id}, {package.service}, sold on {bundle.sold_on}"
        yield f"  Left       {self._left()}"
        yield f"  Expires    {self._expires()}"
        yield f"  For        {self._holders()}"
        yield f"  Delivered  {self._delivery()}"
        yield f"  Billed     {_BILLED[policy.invoicing]} (invoicing = {policy.invoicing})"
        for each in self.documents:
            yield f"             {document_line(each, self.currency)}"
        yield f"  Refund     {self._text(self.refund.amount)} {self.currency}: {self.refund.formula}"
        for request in self.requests:
            yield f"             {request}"
        paid = f"{self._text(bundle.position.paid)} paid of {self._text(bundle.price)}"
        yield f"  Money      {paid}, {self._text(self.deferred)} deferred, {self._text(self.owed)} owed"
        for share in bundle.shares if bundle.payers else ():
            yield f"  Payer      {share_line(share, self.currency)}"
        yield f"  Rules      {policy.id} since {policy.since}, digest {self.digest}"

    def _text(self, minor: int) -> str:
        return money.text(minor, self.currency)

    def _left(self) -> str:
        bundle = self.state
        unit = bundle.terms.package.unit
        noun = _UNITS.get(unit, self.currency)
        free = f", {units.text(bundle.bonus_units)} of them free" if bundle.bonus_units else ""
        used = f"{units.text(bundle.used)} used of {units.text(bundle.units)}{free}"
        return f"{units.text(self.left)} {noun} ({used}){self._ended()}"

    def _ended(self) -> str:
        bundle = self.state
        if bundle.status in _ENDED:
            return f"; {_ENDED[bundle.status]}"
        if bundle.expired(self.on) and bundle.left:
            waits = f" (not booked yet: run `revrec advance --to {bundle.valid_until}`)" if bundle.lapsed_on is None else ""
            return f"; {units.text(bundle.left)} expired unused on {bundle.valid_until}{waits}"
        return ""

    def _expires(self) -> str:
        bundle, policy = self.state, self.state.terms.policy
        if bundle.expires_on is None:
            waiting = policy.expiry_from in _STARTS and not bundle.starts
            return f"not yet known: the validity {_STARTS[policy.expiry_from]}" if waiting and _months(bundle) else "never"
        if policy.expiry_kind is ExpiryKind.SOFT and policy.grace_days:
            return f"{bundle.expires_on}, then {policy.grace_days} days of grace, until {bundle.valid_until}"
        return f"{bundle.expires_on}, the last day of use"

    def _holders(self) -> str:
        bundle, policy = self.state, self.state.terms.policy
        who = ", ".join(dict.fromkeys((bundle.customer, *bundle.beneficiaries)))
        shared = "may be shared in the household" if policy.sharing is Sharing.HOUSEHOLD else "may not be shared"
        return f"{who}; {shared}; {_TRANSFER[policy.transfer]}"

    def _delivery(self) -> str:
        bundle, policy = self.state, self.state.terms.policy
        if policy.owner is Owner.PROVIDER:
            by = f"by {bundle.provider or 'the provider of the sale'} only"
        else:
            by = f"by any provider{f' (usually {bundle.provider})' if bundle.provider else ''}"
        where = bundle.terms.package.branches
        return f"{by}; {' or '.join(policy.modalities)}; {'at ' + ' or '.join(where) if where else 'at any branch'}"


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happened to a bundle: an event with the entries and documents that it made, or a movement of the clock.

    `seq`, `event` and `type` are None for the clock.
    """

    date: date
    seq: int | None
    event: str | None
    type: str | None
    entries: tuple[EntryView, ...]
    documents: tuple[Issued, ...] = ()
    currency: str = ""

    def to_json(self) -> dict[str, Any]:
        """The step as JSON, entries and documents included."""
        return {
            "date": self.date.isoformat(),
            "seq": self.seq,
            "event": self.event,
            "type": self.type,
            "entries": [entry.to_json() for entry in self.entries],
            "invoices": [document_json(each, self.currency) for each in self.documents],
        }

    def lines(self) -> Iterator[str]:
        """One line for the event, one for each entry and each document."""
        yield f"{self.date}  {f'{self.type}  event {self.event}' if self.type else 'the calendar'}"
        for entry in self.entries:
            yield f"            {entry.line()}"
        for each in self.documents:
            yield f"            {document_line(each, self.currency)}"


def show(ws: Workspace, bundle: str, on: date) -> BundleCard:
    """The card of a bundle at the end of a day; raises UnknownBundle."""
    state = state_on(ws, bundle, on)
    booked = [entry for entry in of_bundle(ws.store, bundle) if entry.date <= on]
    return BundleCard(
        on=on,
        currency=ws.settings.currency,
        state=state,
        deferred=-amount_of(booked, Role.CONTRACT_LIABILITY, bundle=bundle),
        owed=amount_of(booked, Role.RECEIVABLE, Role.CONTRACT_ASSET, bundle=bundle),
        refund=core_quote(state, on, ws.settings.currency),
        digest=digest_of(ws, state.terms.policy),
        requests=requests(ws, bundle, on),
        documents=tuple(each for each in Papers(ws.store).of_account(f"bundle:{bundle}") if each.issued_on <= on),
    )


def quote(ws: Workspace, bundle: str, on: date) -> Quote:
    """What a refund of everything unused would be on a day, and by which formula; raises UnknownBundle."""
    return core_quote(state_on(ws, bundle, on), on, ws.settings.currency)


def requests(ws: Workspace, bundle: str, on: date) -> tuple[Requested, ...]:
    """The refunds that are asked for and not answered at the end of a day; raises UnknownBundle."""
    state, currency = state_on(ws, bundle, on), ws.settings.currency
    asked = pending(ws.store.movements(bundle), on) if state.status is Status.OPEN else []
    return tuple(Requested(each.ref, each.date, quoted(state, each, currency), currency) for each in asked)


def state_on(ws: Workspace, bundle: str, on: date) -> Bundle:
    """The bundle at the end of a day: the state kept, or its history up to that accounting date posted again."""
    state = ws.store.bundle(bundle)
    if state is None:
        raise UnknownBundle(bundle)
    if state.sold_on > on:
        raise UnknownBundle(bundle, on, state.sold_on)
    latest = max(state.last_date, state.lapsed_on or state.last_date)
    if latest <= on:
        return state
    book = _replayed(ws, bundle, on)
    found = book.bundle(bundle)
    if found is None:
        raise UnknownBundle(bundle, on)
    return found


def history(ws: Workspace, bundle: str) -> list[Step]:
    """Every event, entry and document of a bundle, each once, in order of recording; raises UnknownBundle."""
    events = [stored for _, stored in ws.store.history(bundle)]
    if not events:
        raise UnknownBundle(bundle)
    entries = {entry.number: entry for entry in of_bundle(ws.store, bundle)}
    steps = []
    for stored in events:
        mine = [entries.pop(n) for n in stored.numbers if n in entries]
        # The clock ran inside the record of this event: its entries name another fact and stand on their own.
        caused = [entry for entry in mine if (entry.event, entry.source) == (stored.id, stored.source)]
        entries |= {entry.number: entry for entry in mine if entry not in caused}
        views = tuple(_view(ws, entry) for entry in caused)
        steps.append(((stored.first_entry, 1, stored.seq), Step(stored.date, stored.seq, stored.id, stored.type, views)))
    steps.extend(((e.number, 0, 0), Step(e.date, None, None, None, (_view(ws, e),))) for e in entries.values())
    return _with_documents(ws, bundle, [step for _, step in sorted(steps, key=itemgetter(0))])


def _with_documents(ws: Workspace, bundle: str, steps: list[Step]) -> list[Step]:
    """The steps with the documents that each made: by the entry that a number was born with, else by the event."""
    issued = Papers(ws.store).of_account(f"bundle:{bundle}")
    told, left = [], {each.number: each for each in issued}
    for step in steps:
        numbers = {view.entry.number for view in step.entries}
        mine = [each for each in left.values() if each.entry in numbers or (not each.entry and each.seq == step.seq)]
        for each in mine:
            del left[each.number]
        told.append(replace(step, documents=tuple(mine), currency=ws.settings.currency))
    rest = (Step(each.issued_on, None, None, None, (), (each,), ws.settings.currency) for each in left.values())
    return [*told, *rest]


def document_json(issued: Issued, currency: str) -> dict[str, Any]:
    """A document of a bundle in brief."""
    return {
        "number": issued.number,
        "kind": issued.kind,
        "issued_on": issued.issued_on.isoformat(),
        "corrects": issued.corrects,
        "total": money.text(issued.gross, currency),
    }


def document_line(issued: Issued, currency: str) -> str:
    """`F2026-000001 of 2026-03-20: 100.00 EUR`."""
    corrects = f", corrects {issued.corrects or 'an invoice issued elsewhere'}" if issued.corrects is not None else ""
    return f"{issued.number} of {issued.issued_on}: {money.text(issued.gross, currency)} {currency}{corrects}"


def _view(ws: Workspace, entry: JournalEntry) -> EntryView:
    """The entry with its place in the journal files."""
    return EntryView(entry, ws.settings.currency, find(ws.root, entry))


def quantity(amount: int, unit: Unit) -> int | str:
    """Units for JSON: an integer, or a decimal string for hours, money and parts of a session (events.md 4)."""
    text = units.text(amount)
    return int(text) if unit in (Unit.SESSION, Unit.MINUTE) and "." not in text else text


def share_json(share: Share, currency: str) -> dict[str, str]:
    """What a payer agreed to, paid and owes."""
    amounts = {"agreed": share.agreed, "paid": share.paid, "owed": share.owed}
    return {"customer": share.customer} | {name: money.text(amount, currency) for name, amount in amounts.items()}


def share_line(share: Share, currency: str) -> str:
    """`INS-1 400.00 agreed, 80.00 paid, 0.00 owed`."""
    agreed, paid, owed = (money.text(amount, currency) for amount in (share.agreed, share.paid, share.owed))
    return f"{share.customer} {agreed} agreed, {paid} paid, {owed} owed"


def unit_name(unit: Unit, currency: str) -> str:
    """What a bundle is counted in, for people: `sessions`, `EUR`."""
    return _UNITS.get(unit, currency)


class _Past(Book):
    """A book of facts that were accepted before: what was judged by books that are not here is not judged again.

    Every customer is of one household and has all the credit that was ever applied; deposits are those of the store,
    whose entries are numbered downwards from -1 to keep them apart.
    """

    deposits: Store | None = None

    def movement(self, kind: Kind, ref: str) -> Movement | None:
        """The movement of that kind and id; a deposit belongs to no bundle, so it was not taken in here."""
        found = super().movement(kind, ref)
        if found is None and kind is Kind.DEPOSIT and self.deposits is not None:
            stored = self.deposits.movement(kind, ref)
            return stored._replace(entry=-stored.entry) if stored else None
        return found

    def entry(self, number: int) -> JournalEntry:
        """A posted entry by number; below 0 one of the store."""
        stored = self.deposits.entry(-number) if number < 0 and self.deposits is not None else None
        return stored or super().entry(number)

    def customer(self, customer: str) -> Customer:
        """The customer, in the household of everybody."""
        return super().customer(customer)._replace(household="all", credit=_BOUNDLESS)

    def take(self, seq: int, event: Event) -> None:
        """Record the event under the number that it has in the store."""
        self.seq = seq - 1
        if isinstance(event.data, BreakageEstimated) and not self._proportional(event.data.policy):
            self._estimates[event.data.policy].append((seq, event))  # made for bundles sold before those that are here
            return
        record(self, event)

    def _proportional(self, policy: str) -> bool:
        bundles = (self._bundles[bundle] for bundle in self.sold_under(policy))
        return any(bundle.terms.policy.breakage is Breakage.PROPORTIONAL for bundle in bundles)


_BOUNDLESS = 1 << 60


@dataclass(frozen=True, slots=True)
class _Pinned:
    """A catalogue that offers only what was pinned: the terms of each sale, by package and day; `pins` for tax points."""

    pinned: Mapping[tuple[str, date], Terms]
    pins: Pins

    def terms(self, package: str, day: date) -> Terms:
        """The terms that the sale or the upgrade of that day pinned."""
        return self.pinned[package, day]

    def sellable(self, tax: str, day: date) -> str:
        """One-off visits are not replayed."""
        raise UnknownBundle(f"{tax} on {day}")

    def tax(self, tax: str, day: date) -> Tax:
        """The pinned version of a tax at a tax point."""
        for version in self.pins.candidates("tax", tax, day, sys.maxsize):
            assert isinstance(version, Tax)
            return version
        raise UnknownBundle(f"{tax} on {day}")

    def fee_tax(self, day: date) -> str | None:
        """Fees under no policy belong to no bundle: they are not replayed."""
        raise UnknownBundle(f"fee of {day}")


def _replayed(ws: Workspace, bundle: str, on: date) -> Book:
    """A book that holds only this bundle and those it was split from, as they stood at the end of a day."""
    facts, book = _lineage(ws, bundle)
    posted = _late(ws, facts)
    kept = [(seq, event) for seq, event in sorted(facts.items()) if posted.get(seq, event.date) <= on]
    for seq, event in kept:
        book.take(seq, event)
    if kept:
        run_clock(book, on, kept[-1][1])
    return book


def _late(ws: Workspace, facts: Mapping[int, Event]) -> dict[int, date]:
    """The events of months that were closed before they came, by number, each with the first open day, on which it was posted."""
    closings = [(seq, month_end(date.fromisoformat(f"{period}-01"))) for seq, period in ws.store.rows("closings")]
    found = dict[int, date]()
    for number, event in facts.items():
        if any(seq < number and event.date <= last for seq, last in closings):
            entries = ws.store.entries_of(seq=number)
            days = [entry.date for entry in entries if entry.late and (entry.event, entry.source) == (event.id, event.source)]
            if days:
                found[number] = days[-1]
    return found


def life_of(ws: Workspace, bundle: str, until: date) -> list[tuple[date, Bundle]]:
    """The bundle at the end of each day up to `until` on which something happened to it; nothing before its sale."""
    book = _replayed(ws, bundle, until)
    found = book.bundle(bundle)
    return life(book, found, HANDLERS) if found else []


def state_after(ws: Workspace, bundle: str, seq: int) -> Bundle | None:
    """The bundle once the event of a number was recorded; None before its sale, or where other books decided with it."""
    facts, book = _lineage(ws, bundle)
    try:
        for number, event in sorted(item for item in facts.items() if item[0] <= seq):
            book.take(number, event)
    except Refused:
        return None
    return book.bundle(bundle)


def _lineage(ws: Workspace, bundle: str) -> tuple[dict[int, Event], _Past]:
    """The events, by number, of a bundle, of those that it came from and of their portfolios; and a book to take them in."""
    facts: dict[int, Event] = {}
    pinned: dict[tuple[str, date], Terms] = {}
    waiting, seen = [bundle], set[str]()
    while waiting:
        current = waiting.pop()
        if current in seen or (state := ws.store.bundle(current)) is None:
            continue
        seen.add(current)
        pinned[state.terms.package.id, state.sold_on] = state.terms
        for seq, stored in ws.store.history(current):
            event = _named(aimed(restore(stored.event, ws.context), Papers(ws.store).invoice), stored)
            facts[seq] = event
            if isinstance(event.data, BundleTransferred | BundleUpgraded):
                waiting.append(event.data.bundle)
            if isinstance(event.data, AdjustmentPosted):
                waiting.extend(leg.bundle for leg in event.data.postings if leg.bundle)
            if isinstance(event.data, BundleUpgraded):
                pinned |= _upgraded_to(ws, event.data.to_package or state.terms.package.id, stored)
    facts |= _estimates(ws, {terms.policy.id for terms in pinned.values() if terms.policy.breakage is Breakage.PROPORTIONAL})
    methods = {Method(name): role for name, role in ws.settings.methods.items()}
    book = _Past(_Pinned(pinned, ws.store.pins), ws.settings.currency, methods, ws.settings.regime)
    book.deposits = ws.store
    return facts, book


def _upgraded_to(ws: Workspace, package: str, stored: StoredEvent) -> dict[tuple[str, date], Terms]:
    """The terms of the day of an upgrade, which its chain record names; none where it asked for none."""
    from revrec.app.replay import PinnedCatalogue  # which records, which asks about customers, who ask here

    pins = ws.store.pins
    catalogue = PinnedCatalogue(pins, {pin.seq: pin for pin in pins.rows.values() if pin.kind == "settings"})
    catalogue.begin(stored.seq, str(stored.fields["pins"]))
    try:
        return {(package, stored.date): catalogue.terms(package, stored.date)}
    except Refused:
        return {}


def _estimates(ws: Workspace, policies: Container[str]) -> dict[int, Event]:
    """The estimates of use recorded for some policies, by number."""
    known = ((seq, _named(restore(stored.event, ws.context), stored)) for seq, stored in ws.store.estimates())
    return {seq: e for seq, e in known if isinstance(e.data, BreakageEstimated) and e.data.policy in policies}


def _named(event: Event, stored: StoredEvent) -> Event:
    """The event on the day it was booked, with the bundle that a session was drawn from written into it."""
    event = replace(event, date=stored.date)
    if isinstance(event.data, SessionCompleted) and event.data.bundle is None:
        return replace(event, data=replace(event.data, bundle=stored.bundle))
    return event


def _months(bundle: Bundle) -> int:
    own = bundle.terms.package.expiry_months
    return bundle.terms.policy.expiry_months if own is None else own
