"""Issuing: a document is numbered, frozen and chained in the transaction of the event that makes it due, or it waits.

What would surely be rejected never uses a number (spain.md 7.7): the event is booked, the document waits with its findings.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Any, NamedTuple

from einvoice.chain import Record
from einvoice.check import check
from einvoice.errors import EinvoiceError
from einvoice.findings import Finding
from einvoice.frozen import freeze
from einvoice.model import Invoice, Reference
from einvoice.regimes.verifactu import build, codes, rules
from revrec.app.accounts import Accounts
from revrec.app.chain import RecordChain, system_of
from revrec.app.paper import Case, Numbered, Original, Paper, missing_original, reference
from revrec.core import money
from revrec.core.billing import OUTSIDE_BOOKS, Account, Item, Subject
from revrec.core.book import Changes
from revrec.core.bundle import Bundle
from revrec.core.events import BundleOpened, CustomerRegistered, Event
from revrec.core.invoicing import Draft, Invoicer, Outcome, covered, heirs, reduced
from revrec.core.policy import OUTSIDE, Tax
from revrec.settings import Settings
from revrec.store.book import StoreBook
from revrec.store.format import instant
from revrec.store.papers import Issued, Papers, Waiting, chained, registered_details
from revrec.store.store import Store

SERIES = {"invoice": "F", "simplified": "S", "corrective": "R", "commission": "C"}
_REMEMBERED = 20_000  # recipients kept in memory between batches
_DIGITS = 6
TOGETHER = 64  # documents: each step is the faster, the more of them it is done for in a row


class Series(NamedTuple):
    """Where a series stands: the last place, and the day of its document."""

    place: int
    last: date | None


class Order(NamedTuple):
    """A document to be issued: its draft, the event that made it due, the entry that it is born with (0: with none).

    `case` is None where the `problems` found are such that nothing can be written at all.
    """

    draft: Draft
    seq: int
    entry: int
    case: Case | None
    problems: tuple[Finding, ...] = ()


class Written(NamedTuple):
    """A document under its number; `effect` is what it adds to what is invoiced, where that is not what it says."""

    draft: Draft
    seq: int
    entry: int
    customer: str
    invoice: Invoice
    place: int
    effect: tuple[int, int] | None = None

    @property
    def sealed_for(self) -> str:
        """Whose key seals it: a document that names nobody is not sealed for a person."""
        return self.customer if self.invoice.buyer else ""


@dataclass(slots=True)
class _Pending:
    """Rows of this batch that are still to be written."""

    invoices: list[Issued] = field(default_factory=list)
    waiting: dict[str, Waiting | None] = field(default_factory=dict)


class Issuer:
    """Issues for one run of a writing command; `flush` writes what it did, inside the run's transaction."""

    def __init__(self, settings: Settings, store: Store, book: StoreBook, since: date, now: datetime) -> None:
        self.settings = settings
        self.store = store
        self.book = book
        self.now = now.astimezone(settings.zone)
        self.today = self.now.date()
        self.at = instant(self.now)
        self.papers = Papers(store)
        self.paper = Paper(settings, store.pins)
        self.chain = RecordChain(settings, self.papers, self.now)
        self.accounts = Accounts(self.papers, store, book)
        self.invoicer = Invoicer(book, self.account, since)
        self.n, self.digest = self.papers.head()
        self.issued: list[Issued] = []  # of this run
        self.held: list[Waiting] = []
        self._content: set[str] = set()  # customers of this batch for whom nothing waits
        self._details: dict[str, Mapping[str, Any]] = {}
        self._series: dict[str, Series] = {}
        self._orders: list[Order] = []
        self._ordered: set[str] = set()  # the accounts that these orders cover, and their customers
        self._rows = _Pending()

    # what an event makes due

    def follow(self, event: Event, data: Mapping[str, Any], private: Mapping[str, Any] | None, done: Sequence[Changes]) -> None:
        """Issue what an event that was just posted makes due; `data` is its clear part, `private` what was sealed of it."""
        if isinstance(event.data, CustomerRegistered):
            self._details[event.data.customer] = {**((private or {}).get("data", {})), **data}
            self._retry(event.data.customer)
        outcome = self.invoicer.follow(event, self.book.seq, done)
        self._take(outcome, self.book.seq, data)

    def _take(self, outcome: Outcome, seq: int, data: Mapping[str, Any]) -> None:
        for account in outcome.accounts.values():
            self.accounts.put(account)
        for name, part in outcome.reduced:
            waits = self._waiting(name)
            if waits is not None:
                self._hold(waits._replace(draft=reduced(waits.draft, part)))
        for draft in outcome.drafts:
            self.order(draft, seq, data, draft.entry)

    def _retry(self, customer: str) -> None:
        """What waited for a person's details may have them now."""
        if customer in self._ordered:
            self.issue()
        if customer in self._content:
            return
        pending = {w.draft.id: w for w in self._rows.waiting.values() if w is not None and w.draft.recipient == customer}
        stored = {w.draft.id: w for w in self.papers.waiting_for(customer) if w.draft.id not in self._rows.waiting}
        for waits in sorted((stored | pending).values(), key=lambda w: (w.seq, w.draft.id)):
            self.order(waits.draft, waits.seq, self._data_of(waits.seq))

    def retry_all(self) -> None:
        """Issue everything that waits and may be issued now."""
        for waits in self.papers.waiting():
            self.order(waits.draft, waits.seq, self._data_of(waits.seq))
        self.issue()

    def _data_of(self, seq: int) -> Mapping[str, Any]:
        stored = self.store.event(seq)
        data: Mapping[str, Any] = stored.event["data"] if stored else {}
        return data

    # documents to be issued

    def order(self, draft: Draft, seq: int, data: Mapping[str, Any], entry: int = 0) -> None:
        """Have a draft issued as things stand now; `entry` where it is born in the transaction of the event that caused it.

        It has its number before anything asks for its contract, its recipient or a document, and when the batch ends.
        """
        try:
            case, problems = self._case(draft, data)
        except EinvoiceError as error:
            case, problems = None, (_unissuable(error),)
        asked = {draft.account, *covered(draft, self.account, self.book), draft.recipient or ""}
        self._orders.append(Order(draft, seq, entry, case, problems))
        self._ordered |= asked
        if len(self._orders) >= TOGETHER:
            self.issue()

    def issue(self) -> None:
        """Number, freeze and chain what was ordered, in its order; what would be rejected waits."""
        if not self._orders:
            return
        orders, self._orders = self._orders, []
        self._ordered.clear()
        try:
            self._issue(orders)
        except EinvoiceError:  # a document never holds up facts, nor other documents: what no rule foresaw waits, too
            for order in orders:
                self._issue_one(order)

    def _issue_one(self, order: Order) -> None:
        try:
            self._issue([order])
        except EinvoiceError as error:
            self._wait(order.draft, order.seq, (_unissuable(error),))

    def _issue(self, orders: Sequence[Order]) -> None:
        """All of them, or an error and nothing is done."""
        standing = dict(self._series)
        waiting: list[tuple[Order, tuple[Finding, ...]]] = []
        written: list[Written] = []
        try:
            for order in orders:
                document, problems = self._written(order)
                if document is None:
                    waiting.append((order, problems))
                else:
                    written.append(document)
            self.keep(written)
        except EinvoiceError:
            self._series = standing
            raise
        for order, problems in waiting:
            self._wait(order.draft, order.seq, problems)

    def _written(self, order: Order) -> tuple[Written | None, tuple[Finding, ...]]:
        """The document of an order under the next number of its series, or why it must wait."""
        draft, case = order.draft, order.case
        if case is None:
            return None, order.problems
        invoice = self.paper.invoice(case, self.number(case))
        problems = (*order.problems, *self.problems(invoice, money.decimal(self.limit(case), self.settings.currency)))
        if problems:
            return None, problems
        return self.take(draft, order.seq, order.entry, _recipient(draft, case.bundle), invoice), ()

    def take(self, draft: Draft, seq: int, entry: int, customer: str, invoice: Invoice) -> Written:
        """The next place of the series goes to a document that was found right."""
        place = self._standing(invoice.series).place + 1
        self._series[invoice.series] = Series(place, invoice.issued_on)
        return Written(draft, seq, entry, customer, invoice, place)

    def _case(self, draft: Draft, data: Mapping[str, Any]) -> tuple[Case | None, tuple[Finding, ...]]:
        bundle = self.book.bundle(draft.bundle) if draft.bundle else None
        recipient = _recipient(draft, bundle)
        if not recipient:
            what = "an agent's bundle names no provider, to whom the commission is invoiced"
            return None, (Finding("recipient", "buyer", what, "record bundle.provider_changed"),)
        original = self._original(draft, bundle, data)
        if draft.corrects is not None and original is None:
            return None, (missing_original(draft),)
        details = self.details(recipient)
        tax = {part.item.tax: self._tax(part.item, draft) for part in draft.parts}
        case = Case(draft, self.today, tax, details, bundle, original)
        return self._simplified(case), ()

    def _tax(self, item: Item, draft: Draft) -> Tax:
        """The tax at its tax point; a correction keeps that of the document (events.md 2, `[[tax]]`)."""
        if item.tax == OUTSIDE:
            return Tax(OUTSIDE, date.min, "O", "0")
        own = self.find(draft.corrects) if draft.corrects else None
        return self.book.catalogue.tax(item.tax, own.operated_on if own else draft.operated_on)

    def _original(self, draft: Draft, bundle: Bundle | None, data: Mapping[str, Any]) -> Original | None:
        """The document that a correction names: ours, the one that the event names, or that of an earlier system."""
        if draft.corrects is None:
            return None
        if draft.corrects != OUTSIDE_BOOKS:
            own = self.find(draft.corrects)
            return reference(own) if own else None
        named = data.get("original_invoice")
        if named:
            return Original(Reference(named["number"], date.fromisoformat(named["issued_on"])))
        for _, event in self.book.history(bundle.id) if bundle else ():
            if isinstance(event.data, BundleOpened) and event.data.original_invoice:
                return Original(Reference(event.data.original_invoice.number, event.data.original_invoice.issued_on))
        return None

    def _simplified(self, case: Case) -> Case:
        """Whether a simplified invoice does: no number of the recipient, and one day's for the contract within the limit."""
        if case.original is not None:
            simplified = case.original.simplified
        elif case.details.get("tax_id") or any(p.item.subject is Subject.COMMISSION for p in case.draft.parts):
            simplified = False
        else:
            simplified = case.draft.gross + self._same_day(case.draft) <= self.limit(case)
        return Case(case.draft, case.today, case.tax, case.details, case.bundle, case.original, simplified)

    def limit(self, case: Case) -> int:
        """What a simplified invoice may reach, VAT included, in minor units (RD 1619/2012 art. 4)."""
        general = self._minor(Decimal(codes.law("simplified_limit", self.today).value))
        return min(tax.simplified_limit if tax.simplified_limit is not None else general for tax in case.tax.values())

    def _same_day(self, draft: Draft) -> int:
        """What simplified invoices for the same contract and day say already: together they are one operation."""
        self.account(draft.account)  # issues what was ordered for it
        stored = self.papers.of_account(draft.account) if self.accounts.is_stored(draft.account) else ()
        fresh = [each for each in self._rows.invoices if each.account == draft.account]
        same = (each for each in (*stored, *fresh) if each.kind == "F2" and each.operated_on == draft.operated_on)
        return sum(each.gross for each in same)

    def number(self, case: Case) -> Numbered:
        """The next number of the series that a document belongs to."""
        if case.original is not None:
            kind = "corrective"
        elif any(part.item.subject is Subject.COMMISSION for part in case.draft.parts):
            kind = "commission"
        else:
            kind = "simplified" if case.simplified else "invoice"
        return self.next_of(kind)

    def next_of(self, kind: str) -> Numbered:
        """The next number of a kind of document in its series of this year."""
        series = f"{self.settings.series.get(kind, SERIES[kind])}{self.today.year}-"
        return Numbered(series, f"{series}{self._standing(series).place + 1:0{_DIGITS}}")

    def _standing(self, series: str) -> Series:
        if series not in self._series:
            self._series[series] = Series(*self.papers.last_in(series))
        return self._series[series]

    def problems(self, invoice: Invoice, limit: Decimal, *, again: bool = False) -> tuple[Finding, ...]:
        """Everything that would have the document rejected, or that the law does not allow; `limit` of a simplified one.

        `again`: it has its number and day, only its record is generated anew.
        """
        last = self._standing(invoice.series).last
        clock: tuple[Finding, ...] = ()
        if not again and last is not None and self.today < last:
            told = f"the clock says {self.today}, and the series has a document of {last}: numbers and dates rise together"
            clock = (Finding("ROF-6.1.a", "issued_on", told, "set the clock of this machine right"),)
        found = (*clock, *(() if again else self._certificate), *check(invoice))
        if invoice.buyer is not None and invoice.buyer.offices is not None:
            from einvoice.regimes.facturae import rules as facturae_rules  # brings the signer's libraries: rarely needed

            # An administration takes no other form (Ley 25/2013 art. 4), and a number once given is not taken back.
            found = (*found, *facturae_rules.check(invoice))
        if self.settings.country != "ES":
            return found
        sharp = (*rules.check(invoice, self.today, simplified_limit=limit), *self._system)
        said = {each.field for each in sharp}  # the tax authority's own rule says it best
        return (*(each for each in found if each.field not in said), *sharp)

    @cached_property
    def _certificate(self) -> tuple[Finding, ...]:
        """What is wrong with the taxpayer's certificate: said before a number is used, looked at once a run."""
        if self.settings.signer is None:
            return ()
        from revrec.app.signer import unfit  # brings the signer's libraries: only where there is a certificate

        return unfit(self.settings, self.now)

    @cached_property
    def _system(self) -> tuple[Finding, ...]:
        """What of this system's own description, of which the producer is a setting, would have every record rejected."""
        return rules.check_system(system_of(self.settings, "1"))

    def replace(self, draft: Draft, invoice: Invoice, before: Issued) -> Issued:
        """Number a document that takes the place of another with the same amounts: it covers what that one covered."""
        written = self.take(draft, before.seq, 0, draft.recipient or "", invoice)
        (issued,) = self.keep([written._replace(effect=(0, 0))])
        self._rename(heirs(draft.account, self.book), before.number, issued.number)
        return issued

    def keep(self, written: Sequence[Written]) -> list[Issued]:
        """Freeze and register documents that have their numbers, then take them in; an error leaves nothing but the numbers."""
        contents = [freeze(each.invoice) for each in written]
        registered = self.settings.country == "ES"
        records = self.chain.register(each.invoice for each in written) if registered else [None] * len(written)
        return [self._keep(*each) for each in zip(written, contents, records, strict=True)]

    def _keep(self, written: Written, content: bytes, record: Record | None) -> Issued:
        """Take a document in."""
        draft, invoice = written.draft, written.invoice
        gross, vat = written.effect or (self._minor(invoice.totals.gross), self._minor(invoice.totals.tax))
        self.n += 1
        issued = Issued(
            self.n,
            invoice.number,
            invoice.series,
            written.place,
            build.type_code(invoice),
            invoice.issued_on,
            invoice.operation_on or invoice.issued_on,
            self.at,
            written.seq,
            written.entry,
            draft.account,
            draft.bundle,
            written.sealed_for,
            draft.corrects,
            gross,
            vat,
            self.chain.keep(record, written.sealed_for) if record else 0,
            draft.parts,
            self.papers.seal(written.sealed_for, invoice.number, content),
            b"",
        )
        self.digest = chained(self.digest, issued, self.settings.taxpayer)
        issued = issued._replace(digest=self.digest)
        self._rows.invoices.append(issued)
        self.issued.append(issued)
        if draft.id:
            self._rename(covered(draft, self.account, self.book), draft.id, issued.number)
            self._rows.waiting[draft.id] = None
        return issued

    def _rename(self, accounts: Iterable[str], before: str, number: str) -> None:
        for account in map(self.account, accounts):
            if (renamed := account.renamed(before, number)) != account:
                self.accounts.put(renamed)

    def _minor(self, amount: Decimal) -> int:
        return int(amount.scaleb(money.exponent(self.settings.currency)))

    # what waits

    def _wait(self, draft: Draft, seq: int, problems: Iterable[Finding]) -> None:
        said = tuple((f.field, f.message, f.remedy, f.code) for f in dict.fromkeys(problems))
        waits = Waiting(draft, seq, said)
        self.held.append(waits)
        self._hold(waits)

    def _hold(self, waits: Waiting) -> None:
        self._rows.waiting[waits.draft.id] = waits if waits.draft.parts else None
        self._content.discard(waits.draft.recipient or "")

    def _waiting(self, draft: str) -> Waiting | None:
        if draft in self._rows.waiting:
            return self._rows.waiting[draft]
        return self.papers.waiting_one(draft)

    def still_waiting(self) -> tuple[Waiting, ...]:
        """What this run held back and nothing released since, each as it is now."""
        found = {waits.draft.id: self._waiting(waits.draft.id) for waits in self.held}
        return tuple(waits for waits in found.values() if waits is not None)

    # look-ups

    def prefetch(self, accounts: Iterable[str], registered: Iterable[str]) -> None:
        """Read at once the accounts of a batch, and for which of the customers that it registers something waits."""
        self.accounts.prefetch(accounts)
        pending = {waits.draft.recipient or "" for waits in self._rows.waiting.values() if waits is not None}
        self._content = set(registered) - pending
        self._content -= self.papers.awaited(self._content)

    def account(self, name: str) -> Account:
        """An account, once the documents that were ordered for it are issued."""
        if name in self._ordered:
            self.issue()
        return self.accounts.find(name)

    def details(self, customer: str) -> Mapping[str, Any]:
        """Who a recipient is, as registered latest; empty when nobody is, or the person is erased or blocked."""
        if customer not in self._details:
            self._details[customer] = registered_details(self.store, customer)
        return self._details[customer]

    def forget(self, customer: str) -> None:
        """Write what this batch did, and forget a person who is being erased."""
        self.flush()
        self._details.pop(customer, None)

    def find(self, number: str) -> Issued | None:
        """A document by its number, those of this batch included."""
        found = self._fresh(number) or self.papers.invoice(number)
        if found is None and self._orders:
            self.issue()
            found = self._fresh(number)
        return found

    def _fresh(self, number: str) -> Issued | None:
        return next((each for each in reversed(self._rows.invoices) if each.number == number), None)

    def flush(self) -> None:
        """Write what this batch did."""
        self.issue()
        rows, papers = self._rows, self.papers
        papers.add_invoices(rows.invoices)
        self.chain.flush()
        self.store.touch({each.issued_on for each in rows.invoices if not each.entry})
        self.accounts.flush()
        papers.drop_waiting(name for name, waits in rows.waiting.items() if waits is None)
        for waits in rows.waiting.values():
            if waits is not None:
                papers.put_waiting(waits)
        self._rows = _Pending()
        if len(self._details) > _REMEMBERED:
            self._details.clear()


def deadline(waits: Waiting, details: Mapping[str, Any]) -> date:
    """Until when a document must be issued: at once, for a business by the 15th of the next month (RD 1619/2012 art. 11)."""
    day = waits.draft.operated_on
    if not (details.get("business") or details.get("person") == "legal"):
        return day
    return (day.replace(day=1) + timedelta(days=32)).replace(day=15)


def _recipient(draft: Draft, bundle: Bundle | None) -> str:
    """To whom a document goes; "" where nobody is named: an agent's commission is never its customer's."""
    if draft.recipient:
        return draft.recipient
    commission = any(part.item.subject is Subject.COMMISSION for part in draft.parts)
    return bundle.customer if bundle and not commission else ""


def _unissuable(error: EinvoiceError) -> Finding:
    return Finding("unissuable", "document", str(error), "report this; the event is booked")
