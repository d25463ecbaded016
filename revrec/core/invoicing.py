"""What an event makes due to be invoiced or corrected: from the entries that it posted to documents without a number yet.

An invoice is born at the earlier of collection and delivery (events.md 4a, Invoicing; LIVA 75; RD 1619/2012 art. 2 and 11).
What is billed is read off the entries (`core/accrual.py`); what of it the policy does not invoice yet, off the bundle.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from typing import NamedTuple

from revrec.core.accrual import Billing
from revrec.core.attribution import recipients
from revrec.core.billing import NIL, OUTSIDE_BOOKS, Account, Amount, Billed, Cover, Item, Subject, take
from revrec.core.book import Book, Changes
from revrec.core.bundle import Bundle
from revrec.core.events import (
    BundleTransferred,
    BundleUpgraded,
    CreditApplied,
    DepositApplied,
    Event,
    Method,
    PaymentReceived,
)
from revrec.core.journal import JournalEntry, Role
from revrec.core.money import allocate, share
from revrec.core.policy import OUTSIDE, Invoicing

OPENED = "opening.bundle"
WAITING = "draft:"  # no series can hold a colon
_MONEY = (PaymentReceived, CreditApplied, DepositApplied)
_MOVES = (BundleUpgraded, BundleTransferred)
_EARNED = frozenset({Role.CONTRACT_LIABILITY, Role.REVENUE_PACKAGE, Role.BREAKAGE})


class Part(NamedTuple):
    """What a document says of one item, tax included, and the tax in it; negative on a correction."""

    item: Item
    gross: int
    vat: int


class Draft(NamedTuple):
    """A document that is due: it gets its number when nothing stands in the way.

    `id` is `draft:SEQ-N`: the event's number and a count. `operated_on` is the day of collection or delivery. `corrects` names
    the document that it takes back part of (`OUTSIDE_BOOKS`: one that these books did not issue; None: an invoice).
    `paid` of it is settled; `method` is how, where money just came.
    """

    id: str
    event: str
    cause: str
    account: str
    recipient: str | None
    operated_on: date
    parts: tuple[Part, ...]
    corrects: str | None = None
    bundle: str | None = None
    paid: int = 0
    method: Method | None = None
    entry: int = 0

    @property
    def gross(self) -> int:
        """The document's total, tax included."""
        return sum(part.gross for part in self.parts)

    @property
    def vat(self) -> int:
        """The tax in it."""
        return sum(part.vat for part in self.parts)


@dataclass(slots=True)
class Outcome:
    """What an event makes of documents: accounts as they are now, documents due, waiting ones that became less."""

    accounts: dict[str, Account] = field(default_factory=dict)
    drafts: list[Draft] = field(default_factory=list)
    reduced: list[tuple[str, Part]] = field(default_factory=list)


class Invoicer:
    """Follows the entries of events into accounts and drafts; `account` finds an account, `since` begins the invoicing."""

    def __init__(self, book: Book, account: Callable[[str], Account], since: date) -> None:
        self.book = book
        self.account = account
        self.since = since

    def follow(self, event: Event, seq: int, done: Sequence[Changes]) -> Outcome:
        """The documents that an event makes due, those of the calendar that ran before it first."""
        outcome = Outcome()
        for place, changes in enumerate(done):
            own = place == len(done) - 1
            if _only_earns(event, changes):
                continue
            _Sheet(self, event, seq, changes, outcome, event.date if own else None).run()
        _settle(outcome)
        return outcome


def _standing(outcome: Outcome, find: Callable[[str], Account], name: str) -> Account:
    """An account as the step has left it so far."""
    return outcome.accounts.get(name) or find(name)


class _Sheet:
    """One step of the books: `day` is the event's, None where the calendar moved them."""

    def __init__(self, invoicer: Invoicer, event: Event, seq: int, changes: Changes, outcome: Outcome, day: date | None) -> None:
        self.since = invoicer.since
        self.event = event
        self.seq = seq
        self.changes = changes
        self.outcome = outcome
        self.day = day
        # No method of this object: it would hold itself, and a million of them wait for the collector.
        self._account = partial(_standing, outcome, invoicer.account)
        self.billing = Billing(invoicer.book, event, changes, self._account)
        self.touched: dict[str, JournalEntry | None] = {}  # account -> its first entry of this step

    def run(self) -> None:
        """Bill what was posted; then cover what is billed, or take back what is not any more."""
        for entry in self.changes.entries:
            for name, item, amount in self.billing.of(entry):
                self._put(self._account(name).bill(item, amount))
                self.touched.setdefault(name, entry)
        for bundle in self.changes.bundles.values():
            if _may_wait(bundle):
                self.touched.setdefault(f"bundle:{bundle.id}", None)
        if self.day is not None and isinstance(self.event.data, _MOVES):
            self._follow_value()
        for name, first in self.touched.items():
            self._cover(name, first)

    def _bundle(self, name: str) -> Bundle | None:
        """The bundle that an account is of; None of a visit's or an event's."""
        kind, _, ref = name.partition(":")
        return self.billing.bundle(ref) if kind == "bundle" else None

    def _put(self, account: Account) -> None:
        self.outcome.accounts[account.id] = account

    # what stands on documents

    def _follow_value(self) -> None:
        """Value that moves to another bundle stays on the documents that it was invoiced by."""
        owed = {name: self._owed(name) for name in self.touched if name.startswith("bundle:")}
        givers = [name for name, items in owed.items() if any(amount.gross < 0 for amount in items.values())]
        for giver in givers:
            for taker in (name for name in owed if name != giver):
                for item, amount in owed[giver].items():
                    room = owed[taker].get(item, NIL)
                    if amount.gross < 0 < room.gross:
                        self._move(giver, taker, item, Amount(min(-amount.gross, room.gross), min(-amount.vat, room.vat)))

    def _owed(self, name: str) -> dict[Item, Amount]:
        account = self._account(name)
        return {billed.item: self._due(name, billed) for billed in account.items if billed.item.subject is Subject.UNITS}

    def _move(self, giver: str, taker: str, item: Item, amount: Amount) -> None:
        account, into = self._account(giver), self._account(taker)
        left, taken = take(account.of(item), amount)
        self._put(account.put(left))
        for each in taken:
            into = into.cover(item, Cover(*each))
        self._put(into)

    def _due(self, name: str, billed: Billed) -> Amount:
        """What of an item is to be on documents and is not; negative: the other way round."""
        due = billed.uncovered
        bundle = self._bundle(name) if billed.item.subject in (Subject.UNITS, Subject.COMMISSION) else None
        return due.minus(not_yet(bundle)) if bundle is not None else due

    def _cover(self, name: str, entry: JournalEntry | None) -> None:
        """Draw up what is due on an account, or note that it is none of these books' invoicing."""
        for billed in self._account(name).items:
            due = self._due(name, billed)
            if not due.gross:
                continue  # nothing, or a cent of VAT that rounding moved inside the same total
            if due.gross < 0:
                self._take_back(name, billed.item, Amount(-due.gross, -due.vat), entry)
            elif due.gross == due.vat and billed.covers:
                self._restore(name, billed, due, entry)
            elif self._elsewhere(billed.item, entry):
                self._put(self._account(name).cover(billed.item, Cover(OUTSIDE_BOOKS, "", *due)))
            else:
                self._draw_up(name, billed, due, entry)

    def _elsewhere(self, item: Item, entry: JournalEntry | None) -> bool:
        """Whether these books issue no document for it: of before, of an earlier system, no supply at all."""
        opened = entry is not None and entry.rule == OPENED
        return self._happened(entry) < self.since or opened or item.tax == OUTSIDE

    def _happened(self, entry: JournalEntry | None) -> date:
        """The day of collection or delivery: the event's own, or that on which the calendar posted."""
        if self.day is not None or entry is None:
            return self.day or self.event.date
        return entry.effective or entry.date

    def _draw_up(self, name: str, billed: Billed, due: Amount, entry: JournalEntry | None) -> None:
        for recipient, amount in self._recipients(name, billed, due, entry):
            draft = self._draft_for(name, recipient, entry)
            place = self.outcome.drafts.index(draft) if draft in self.outcome.drafts else len(self.outcome.drafts)
            part = Part(billed.item, *amount)
            self.outcome.drafts[place : place + 1] = [
                draft._replace(parts=(*draft.parts, part), paid=draft.paid + self._paid(name, billed.item, amount))
            ]
            self._put(self._account(name).cover(billed.item, Cover(draft.id, recipient or "", *amount)))

    def _draft_for(self, name: str, recipient: str | None, entry: JournalEntry | None) -> Draft:
        """The invoice of this step to a recipient on an account: the one begun, or a new one."""
        happened = self._happened(entry)
        for draft in self.outcome.drafts:
            same = (draft.account, draft.recipient, draft.operated_on, draft.corrects) == (name, recipient, happened, None)
            if same:
                return draft
        fact = self.event.data
        method = fact.method if self.day and isinstance(fact, PaymentReceived) else None
        return self._new(name, recipient, happened, entry)._replace(method=method)

    def _new(self, name: str, recipient: str | None, happened: date, entry: JournalEntry | None) -> Draft:
        bundle = self._bundle(name)
        return Draft(
            id=f"{WAITING}{self.seq}-{len(self.outcome.drafts) + 1}",
            event=self.event.id,
            cause=self.event.type if self.day else "calendar",
            account=name,
            recipient=recipient,
            operated_on=happened,
            parts=(),
            bundle=bundle.id if bundle else None,
            entry=entry.number if entry else 0,
        )

    def _paid(self, name: str, item: Item, amount: Amount) -> int:
        """What of a new document is settled: all that money just came for; of a delivery, what was paid before."""
        if self.day and isinstance(self.event.data, _MONEY):
            return amount.gross
        bundle = self._bundle(name) if item.subject is Subject.UNITS else None
        return max(amount.gross - bundle.position.unpaid, 0) if bundle is not None else 0

    def _recipients(
        self, name: str, billed: Billed, due: Amount, entry: JournalEntry | None
    ) -> Iterator[tuple[str | None, Amount]]:
        """Who is bound to pay: the payers by their shares, the provider of an agent's bundle, else the customer."""
        bundle = self._bundle(name)
        if bundle is None:
            yield entry.customer if entry else None, due
        elif billed.item.subject is Subject.COMMISSION:
            yield bundle.provider, due
        elif not bundle.payers or billed.item.subject is not Subject.UNITS:
            yield bundle.customer, due
        else:
            yield from _by_payer(bundle, billed, due, self._payer(bundle))

    def _payer(self, bundle: Bundle) -> str | None:
        fact = self.event.data
        if not self.day or not isinstance(fact, PaymentReceived):
            return None
        who = fact.payer or bundle.customer
        return who if any(payer.customer == who for payer in bundle.payers) else None

    def _take_back(self, name: str, item: Item, amount: Amount, entry: JournalEntry | None) -> None:
        """A correction of each document that says too much; one that still waits becomes less."""
        account, bundle = self._account(name), self._bundle(name)
        left, taken = take(account.of(item), amount, evenly=bool(bundle and bundle.payers))
        self._put(account.put(left))
        for document, recipient, gross, vat in taken:
            self._change(name, document, recipient, Part(item, -gross, -vat), entry)

    def _restore(self, name: str, billed: Billed, due: Amount, entry: JournalEntry | None) -> None:
        """VAT that was taken back as uncollectable is owed again: the document that lost it says so (LIVA 80.Cuatro.C)."""
        latest, part = billed.covers[-1], Part(billed.item, *due)
        self._put(self._account(name).cover(billed.item, Cover(latest.document, latest.recipient, *due)))
        self._change(name, latest.document, latest.recipient, part, entry)

    def _change(self, name: str, document: str, recipient: str, part: Part, entry: JournalEntry | None) -> None:
        """A document that still waits is altered itself; one that has its number gets a correction."""
        if document.startswith(WAITING):
            self.outcome.reduced.append((document, part))
        else:
            self._correct(name, document, recipient, part, entry)

    def _correct(self, name: str, document: str, recipient: str, part: Part, entry: JournalEntry | None) -> None:
        for place, draft in enumerate(self.outcome.drafts):
            if (draft.account, draft.corrects) == (name, document):
                self.outcome.drafts[place] = draft._replace(parts=(*draft.parts, part))
                return
        draft = self._new(name, recipient, self._happened(entry), entry)
        self.outcome.drafts.append(draft._replace(parts=(part,), corrects=document))


def _settle(outcome: Outcome) -> None:
    """What was drawn up and taken back in one go is taken off the draft itself; one of which nothing is left is none."""
    own = {draft.id for draft in outcome.drafts}
    for draft_id, part in outcome.reduced:
        if draft_id in own:
            outcome.drafts[:] = [reduced(draft, part) if draft.id == draft_id else draft for draft in outcome.drafts]
    outcome.drafts[:] = [draft for draft in outcome.drafts if draft.parts]
    outcome.reduced[:] = [(name, part) for name, part in outcome.reduced if name not in own]


def reduced(draft: Draft, part: Part) -> Draft:
    """A waiting document with less of an item; without parts when nothing is left of it."""
    parts = []
    for each in draft.parts:
        less = each._replace(gross=each.gross + part.gross, vat=each.vat + part.vat) if each.item == part.item else each
        if less.gross or less.vat:
            parts.append(less)
    return draft._replace(parts=tuple(parts), paid=max(min(draft.paid, sum(p.gross for p in parts)), 0))


def covered(draft: Draft, find: Callable[[str], Account], book: Book) -> Iterable[str]:
    """The accounts in which a draft covers something: its own, and more where value moved while it waited."""
    if draft.corrects is not None:
        return ()
    whole = find(draft.account).standing(draft.id) == draft.gross
    return (draft.account,) if whole else heirs(draft.account, book)


def heirs(account: str, book: Book) -> Iterator[str]:
    """An account, and those of the bundles that came out of its bundle: value that moves takes its documents along."""
    yield account
    kind, _, ref = account.partition(":")
    for _, event in book.history(ref) if kind == "bundle" else ():
        moved = event.data
        if isinstance(moved, _MOVES) and moved.bundle == ref and moved.to_bundle:
            yield from heirs(f"bundle:{moved.to_bundle}", book)


def _only_earns(event: Event, changes: Changes) -> bool:
    """Whether a step earns what was billed before and nothing else, as most sessions do: no document follows from it."""
    if isinstance(event.data, _MOVES):
        return False
    for bundle in changes.bundles.values():
        if bundle.multi or _may_wait(bundle):
            return False
    for entry in changes.entries:
        own = entry.bundle
        if own not in changes.bundles:
            return False
        for leg in entry.postings:
            if leg.role not in _EARNED or leg.bundle not in (None, own):
                return False
    return True


def _may_wait(bundle: Bundle) -> bool:
    """Whether something billed may have waited for its collection or delivery, which an entry need not show."""
    policy = bundle.terms.policy
    return policy.invoicing in (Invoicing.PER_PAYMENT, Invoicing.PER_SESSION) or (
        policy.invoicing is not Invoicing.NONE and not policy.principal
    )


def invoiced_ahead(bundle: Bundle) -> bool:
    """Whether money of the price is invoiced to whoever paid it when it comes, before anything is delivered."""
    policy = bundle.terms.policy
    if bundle.multi or not policy.principal or policy.invoicing is Invoicing.NONE:
        return False
    return not _per_delivery(bundle)


def _per_delivery(bundle: Bundle) -> bool:
    """Whether only what was delivered is invoiced: the tax asks for no invoice of the money."""
    return bundle.terms.policy.invoicing is Invoicing.PER_SESSION and not bundle.terms.tax.invoice_duty


def not_yet(bundle: Bundle) -> Amount:
    """What of a bundle is billed and, by its policy, not invoiced before it is collected or delivered (events.md 4a)."""
    p, policy = bundle.position, bundle.terms.policy
    if bundle.multi:
        return NIL  # only what is redeemed is billed
    if not policy.principal:
        waiting = bundle.commission(p.billed) - bundle.commission(max(p.paid + p.lost, p.delivered))
        return Amount(waiting, 0)
    if _per_delivery(bundle):
        gross = p.billed - p.delivered
        return Amount(gross, share(p.vat, gross, p.billed)) if gross > 0 else NIL
    if policy.invoicing is Invoicing.AT_PURCHASE:
        return NIL
    gross = p.billed - max(p.paid + p.lost, p.delivered)
    return Amount(gross, bundle.unpaid_vat(gross)) if gross > 0 else NIL


def _by_payer(bundle: Bundle, billed: Billed, due: Amount, payer: str | None) -> Iterator[tuple[str, Amount]]:
    """Each payer's part: of a payment its payer's, else by what each was billed and stands on no document."""
    if payer is not None:
        yield payer, due
        return
    covered: dict[str, int] = defaultdict(int)
    for cover in billed.covers:
        covered[cover.recipient] += cover.gross
    parts = recipients(bundle, due.gross, covered)
    for (customer, gross), vat in zip(parts.items(), allocate(due.vat, tuple(parts.values())), strict=True):
        yield customer, Amount(gross, vat)
