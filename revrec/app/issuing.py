"""Issuing: a document is numbered, frozen and chained in the transaction of the event that makes it due, or it waits.

What would surely be rejected never uses a number (spain.md 7.7): the event is booked, the document waits with its findings.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Any

from einvoice import xml, xsd
from einvoice.chain import Link, Record, text_of
from einvoice.check import check
from einvoice.errors import EinvoiceError
from einvoice.findings import Finding
from einvoice.frozen import freeze
from einvoice.model import Invoice, Reference
from einvoice.regimes.verifactu import build, codes, rules
from einvoice.regimes.verifactu.build import NotRecordable
from einvoice.schemas import SchemaMissing
from revrec import __version__
from revrec.app.paper import Case, Numbered, Original, Paper, missing_original, reference, tax_id_of
from revrec.core import money
from revrec.core.accrual import billed_on
from revrec.core.billing import NIL, OUTSIDE_BOOKS, Account, Amount, Cover, Item, Subject
from revrec.core.book import Changes
from revrec.core.bundle import Bundle
from revrec.core.events import BundleOpened, CustomerRegistered, Event
from revrec.core.invoicing import Draft, Invoicer, Outcome, not_yet, reduced
from revrec.core.policy import OUTSIDE, Tax
from revrec.settings import Settings
from revrec.store.book import StoreBook
from revrec.store.format import instant
from revrec.store.papers import Issued, Kept, Papers, Waiting, chained, registered_details
from revrec.store.store import Store

SYSTEM_NAME, SYSTEM_ID = "revrec", "RV"
SERIES = {"invoice": "F", "simplified": "S", "corrective": "R", "commission": "C"}
_REMEMBERED = 20_000  # recipients and accounts kept in memory between batches
_DIGITS = 6


@dataclass(slots=True)
class Series:
    """Where a series stands: the last place, and the day of its document."""

    place: int
    last: date | None


@dataclass(slots=True)
class Chain:
    """Where the tax authority's chain stands: the last place, and what the next record says of it."""

    place: int
    link: Link | None
    system: build.System


@dataclass(slots=True)
class _Pending:
    """Rows of this batch that are still to be written."""

    invoices: list[Issued] = field(default_factory=list)
    records: list[Kept] = field(default_factory=list)
    accounts: dict[str, None] = field(default_factory=dict)
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
        self.invoicer = Invoicer(book, self.account, since)
        self.began = book.seq  # what is older was posted before this run
        self.n, self.digest = self.papers.head()
        self.issued: list[Issued] = []  # of this run
        self.held: list[Waiting] = []
        self._accounts: dict[str, Account] = {}
        self._stored: set[str] = set()  # accounts that have a row
        self._absent: set[str] = set()  # accounts that were looked for in this batch, and have none
        self._content: set[str] = set()  # customers of this batch for whom nothing waits
        self._details: dict[str, Mapping[str, Any]] = {}
        self._series: dict[str, Series] = {}
        self._rows = _Pending()
        self._chain: Chain | None = None

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
            self._put(account)
        for name, part in outcome.reduced:
            waits = self._waiting(name)
            if waits is not None:
                self._hold(waits._replace(draft=reduced(waits.draft, part)))
        for draft in outcome.drafts:
            self.issue(draft, seq, data, born=True)

    def _retry(self, customer: str) -> None:
        """What waited for a person's details may have them now."""
        if customer in self._content:
            return
        pending = {w.draft.id: w for w in self._rows.waiting.values() if w is not None and w.draft.recipient == customer}
        stored = {w.draft.id: w for w in self.papers.waiting_for(customer) if w.draft.id not in self._rows.waiting}
        for waits in sorted((stored | pending).values(), key=lambda w: (w.seq, w.draft.id)):
            self.issue(waits.draft, waits.seq, self._data_of(waits.seq), born=False)

    def retry_all(self) -> None:
        """Issue everything that waits and may be issued now."""
        for waits in self.papers.waiting():
            self.issue(waits.draft, waits.seq, self._data_of(waits.seq), born=False)

    def _data_of(self, seq: int) -> Mapping[str, Any]:
        stored = self.store.event(seq)
        data: Mapping[str, Any] = stored.event["data"] if stored else {}
        return data

    # one document

    def issue(self, draft: Draft, seq: int, data: Mapping[str, Any], *, born: bool) -> Issued | None:
        """Number, freeze and chain a draft; None when it waits. `born`: in the transaction of the event that caused it."""
        try:
            return self._issue(draft, seq, data, draft.entry if born else 0)
        except EinvoiceError as error:  # a document never holds up facts: what no rule foresaw waits, too
            self._wait(draft, seq, (Finding("unissuable", "document", str(error), "report this; the event is booked"),))
            return None

    def _issue(self, draft: Draft, seq: int, data: Mapping[str, Any], entry: int) -> Issued | None:
        case, problems = self._case(draft, data)
        if case is None:
            self._wait(draft, seq, problems)
            return None
        numbered = self.number(case)
        invoice = self.paper.invoice(case, numbered)
        problems = (*problems, *self.problems(invoice, money.decimal(self.limit(case), self.settings.currency)))
        if problems:
            self._wait(draft, seq, problems)
            return None
        return self._number(draft, _recipient(draft, case.bundle), invoice, seq, entry)

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
        known = self.account(draft.account).id in self._stored  # without a row it has no document of an earlier batch
        stored = self.papers.of_account(draft.account) if known else ()
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
        issued = self._number(draft, draft.recipient or "", invoice, before.seq, 0, effect=(0, 0))
        self._put(self.account(draft.account).renamed(before.number, issued.number))
        return issued

    def _number(
        self, draft: Draft, customer: str, invoice: Invoice, seq: int, entry: int, effect: tuple[int, int] | None = None
    ) -> Issued:
        """Number a document; `effect` is what it adds to what is invoiced, where that is not what it says."""
        place, sealed_for = self._standing(invoice.series), customer if invoice.buyer else ""
        record = self._register(invoice, sealed_for) if self.settings.country == "ES" else 0
        gross, vat = effect or (self._minor(invoice.totals.gross), self._minor(invoice.totals.tax))
        self.n += 1
        issued = Issued(
            self.n,
            invoice.number,
            invoice.series,
            place.place + 1,
            build.type_code(invoice),
            invoice.issued_on,
            invoice.operation_on or invoice.issued_on,
            self.at,
            seq,
            entry,
            draft.account,
            draft.bundle,
            sealed_for,
            draft.corrects,
            gross,
            vat,
            record,
            draft.parts,
            self.papers.seal(sealed_for, invoice.number, freeze(invoice)),
            b"",
        )
        self._series[invoice.series] = Series(place.place + 1, invoice.issued_on)
        return self._keep(issued._replace(digest=chained(self.digest, issued, self.settings.taxpayer)), draft)

    def _keep(self, issued: Issued, draft: Draft) -> Issued:
        self.digest = issued.digest
        self._rows.invoices.append(issued)
        self.issued.append(issued)
        if draft.id:
            self._put(self.account(draft.account).renamed(draft.id, issued.number))
            self._rows.waiting[draft.id] = None
        return issued

    def _minor(self, amount: Decimal) -> int:
        return int(amount.scaleb(money.exponent(self.settings.currency)))

    # the chain of the tax authority

    def _register(self, invoice: Invoice, customer: str) -> int:
        chain = self.chain()
        return self.append(build.register(invoice, chain.system, chain.link, self.now), customer, "")

    def append(self, record: Record, customer: str, amends: str) -> int:
        """Chain a record that was just generated; answers its place."""
        chain = self.chain()
        self._validate(record)
        chain.place, chain.link = chain.place + 1, record.link
        sealed = self.papers.seal(customer, f"record {chain.place}", record.xml)
        self._rows.records.append(
            Kept(
                chain.place,
                chain.system.installation,
                record.kind.value,
                amends,
                record.number,
                "-".join(reversed(record.issued_on.split("-"))),  # ISO 8601
                record.generated_at,
                text_of(record),
                record.huella,
                customer,
                sealed,
            )
        )
        return chain.place

    def _validate(self, record: Record) -> None:
        """The official schema, where it is at hand: what it refuses, our rules should have found before."""
        try:
            schema = xsd.schema("verifactu/SuministroInformacion")
        except SchemaMissing:
            return  # checked again before it is sent, which is not possible without
        found = schema.findings(xml.parse_own(record.xml))
        if found:
            raise NotRecordable(f"the record of {record.number} breaks the official schema: {found[0]}")

    def chain(self) -> Chain:
        """The chain of this installation and taxpayer; the first document makes the installation's number."""
        if self._chain is None:
            installation = self.papers.installation()
            if installation is None:
                installation = f"{self.settings.taxpayer[3:]}-{secrets.token_hex(4).upper()}"
                self.papers.add_installation(installation, self.at)
            last = self.papers.last_record()
            link = None
            if last is not None and last.installation == installation:
                link = Link(self.settings.taxpayer[3:], last.number, build.day(date.fromisoformat(last.issued_on)), last.huella)
            self._chain = Chain(last.place if last else 0, link, system_of(self.settings, installation))
        return self._chain

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
        names = [name for name in accounts if name not in self._accounts]
        for account in self.papers.accounts_of(names):
            self._accounts[account.id] = account
            self._stored.add(account.id)
        self._absent = {name for name in names if name not in self._accounts}
        pending = {waits.draft.recipient or "" for waits in self._rows.waiting.values() if waits is not None}
        self._content = set(registered) - pending
        self._content -= self.papers.awaited(self._content)

    def account(self, name: str) -> Account:
        """An account; that of a contract of before the invoicing began starts with what was billed then."""
        found = self._accounts.get(name)
        if found is None:
            found = None if name in self._absent else self.papers.account(name)
            if found is not None:
                self._stored.add(name)
            else:
                found = self._of_before(name)
            self._accounts[name] = found
        return found

    def _of_before(self, name: str) -> Account:
        """What was billed of a bundle before its account began: none of these books' invoicing."""
        kind, _, ref = name.partition(":")
        bundle = self.book.bundle(ref) if kind == "bundle" else None
        amount = self._billed_before(ref) if bundle is not None and bundle.seq <= self.began else NIL
        if bundle is None or bundle.multi or amount.gross <= 0:
            return Account(name)  # of a multi-purpose voucher only what is redeemed is billed
        stored = self.store.bundle(ref)  # as it was before this run
        item, covered = Item(Subject.UNITS, bundle.terms.tax.id), amount.minus(not_yet(stored) if stored else NIL)
        account = Account(name).bill(item, amount)
        return account.cover(item, Cover(OUTSIDE_BOOKS, "", *covered)) if covered.gross > 0 else account

    def _billed_before(self, bundle: str) -> Amount:
        amount, name = NIL, f"bundle:{bundle}"
        for entry in self.store.entries_of(bundle=bundle):
            for account, each in billed_on(entry):
                amount = amount.plus(each) if account == name else amount
        return amount

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
        fresh = (each for each in reversed(self._rows.invoices) if each.number == number)
        return next(fresh, None) or self.papers.invoice(number)

    def _put(self, account: Account) -> None:
        self._accounts[account.id] = account
        self._rows.accounts[account.id] = None

    def flush(self) -> None:
        """Write what this batch did."""
        rows, papers = self._rows, self.papers
        papers.add_invoices(rows.invoices)
        papers.add_records(rows.records)
        self.store.touch({each.issued_on for each in rows.invoices if not each.entry})
        papers.put_accounts([self._accounts[name] for name in rows.accounts], self._stored)
        self._stored |= rows.accounts.keys()
        papers.drop_waiting(name for name, waits in rows.waiting.items() if waits is None)
        for waits in rows.waiting.values():
            if waits is not None:
                papers.put_waiting(waits)
        self._rows = _Pending()
        if len(self._accounts) > _REMEMBERED or len(self._details) > _REMEMBERED:
            self._absent.clear()
            self._accounts.clear()
            self._stored.clear()
            self._details.clear()


def system_of(settings: Settings, installation: str) -> build.System:
    """This invoicing system as its records describe it; the producer is the taxpayer where the settings name none."""
    producer = settings.producer
    who = producer.tax_id or settings.taxpayer
    return build.System(
        producer=producer.name or settings.name,
        producer_id=tax_id_of(who[3:], who[:2], business=True),
        name=SYSTEM_NAME,
        id=SYSTEM_ID,
        version=__version__,
        installation=installation,
    )


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
